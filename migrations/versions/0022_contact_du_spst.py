"""tenants: where workers reach their SPST."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("tenant", sa.Column("telephone", sa.Text(), nullable=True))
    op.add_column("tenant", sa.Column("courriel", sa.Text(), nullable=True))
    condition = "telephone IS NULL OR telephone ~ '^[+]?[0-9]{10,15}$'"
    op.create_check_constraint(op.f("tenant_telephone_ck"), "tenant", condition)
