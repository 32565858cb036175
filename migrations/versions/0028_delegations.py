"""habilitations: acts of a delegation, replacements of absent médecins (HAB-05; R. 4624-45-5 al. 2, R. 4623-15)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0028"
down_revision = "0027"

WALL = Wall(
    Section.TECHNIQUE,
    readers=("sante", "direction", "travailleur"),
    writers=("sante", "direction"),
    update=True,
)


def upgrade() -> None:
    op.add_column("delegation", sa.Column("actes", postgresql.ARRAY(sa.Text()), nullable=True))
    op.create_check_constraint(
        op.f("delegation_actes_ck"),
        "delegation",
        "actes <@ ARRAY['lire', 'identite', 'enregistrement', 'parcours'] AND cardinality(actes) > 0",
    )
    op.create_table(
        "remplacement",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("medecin_id", sa.UUID(), nullable=False),
        sa.Column("remplacant_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("remplacement_periode_ck")),
        sa.CheckConstraint("medecin_id <> remplacant_id", name=op.f("remplacement_autrui_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "medecin_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("remplacement_tenant_id_medecin_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "remplacant_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("remplacement_tenant_id_remplacant_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("remplacement_pk")),
    )
    op.create_index("remplacement_remplacant_ix", "remplacement", ["tenant_id", "remplacant_id"])
    for statement in ddl("remplacement", WALL):
        op.execute(statement)
