"""comptes: an SPST alone writes who may enter it.

A link leads from an electronic identity to an account of an SPST. It is read before any tenant is known, so reading stays open;
written it is by the direction of its own SPST, or by the operator for that one.
"""

from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0019"
down_revision = "0018"

WALL = Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True, read_by_all=True)


def upgrade() -> None:
    op.execute("REVOKE ALL ON rattachement FROM spst_app, spst_ops")
    for statement in ddl("rattachement", WALL):
        op.execute(statement)
