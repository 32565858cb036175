"""traces: time stamps of an authority over signed heads (RFC 3161). TRA-03."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0039"
down_revision = "0038"

TABLE = "trace_horodatage"
WALL = Wall(
    Section.TECHNIQUE,
    readers=("sante", "direction", "travailleur", "service:verification"),
    writers=(),
    services=("scellement",),
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jeton", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "taille", name=op.f("trace_horodatage_pk")),
    )
    op.execute(
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {TABLE} EXECUTE FUNCTION refuse_change()")
    for statement in ddl(TABLE, WALL):
        op.execute(statement)
