"""comptes: a session carries the seal of the program that opened it.

The sessions of before carry none and are deleted: people log in again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("DELETE FROM session")
    op.add_column("session", sa.Column("sceau", sa.LargeBinary(), nullable=False))
