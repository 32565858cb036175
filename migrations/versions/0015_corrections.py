"""expositions: a corrected row is replaced by a new one that points back to it, never overwritten."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for table in ("emploi", "exposition"):
        op.add_column(table, sa.Column("corrige_id", sa.UUID(), nullable=True))
        op.create_unique_constraint(
            op.f(f"{table}_tenant_id_id_dossier_id_uq"), table, ["tenant_id", "id", "dossier_id"]
        )
        op.create_foreign_key(
            op.f(f"{table}_tenant_id_corrige_id_dossier_id_fk"),
            table,
            table,
            ["tenant_id", "corrige_id", "dossier_id"],
            ["tenant_id", "id", "dossier_id"],
        )
        op.create_index(f"{table}_corrige_uq", table, ["tenant_id", "corrige_id"], unique=True)
