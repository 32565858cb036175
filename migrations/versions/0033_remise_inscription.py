"""comptes: who was shown a code of enrolment, written once (AUT-06; PGSSI-S, habilitations)."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0033"
down_revision = "0032"

TABLE = "remise_inscription"
WALL = Wall(
    Section.TECHNIQUE,
    readers=("sante", "delegue", "direction"),
    writers=("direction",),
    services=("exploitation",),
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("remise_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remise_par", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("remise_inscription_tenant_id_compte_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("remise_inscription_pk")),
    )
    op.create_index("remise_inscription_compte_ix", TABLE, ["tenant_id", "compte_id", "remise_at"])
    for statement in ddl(TABLE, WALL):
        op.execute(statement)
