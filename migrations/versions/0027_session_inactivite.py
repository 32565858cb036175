"""comptes: how long a session of the staff may stay idle, as its SPST's policy says (HAB-02, SESS-04)."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("session", sa.Column("inactivite_min", sa.Integer(), nullable=True))
