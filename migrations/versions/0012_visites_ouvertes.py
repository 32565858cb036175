"""visites: one open visit per dossier and professional, and the agenda of a whole SPST by day."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index(
        "visite_ouverte_uq",
        "visite",
        ["tenant_id", "dossier_id", "professionnel_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("rendez_vous_jour_ix", "rendez_vous", ["tenant_id", "starts_at"], unique=False)
