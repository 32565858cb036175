"""habilitations: delegations and policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0004"
down_revision = "0003"

WALLS = {
    "delegation": Wall(Section.TECHNIQUE, readers=("sante", "delegue", "direction"), writers=("sante",), update=True),
    "politique_version": Wall(
        Section.TECHNIQUE,
        readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
        writers=("direction",),
        services=("connexion", "portail"),
    ),
}


def upgrade() -> None:

    op.create_table(
        "delegation",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("delegant_id", sa.UUID(), nullable=False),
        sa.Column("delegue_id", sa.UUID(), nullable=False),
        sa.Column("sections", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=True),
        sa.Column("starts_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("protocole", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "sections <@ ARRAY['S1', 'S2'] AND cardinality(sections) > 0", name=op.f("delegation_sections_ck")
        ),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("delegation_periode_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delegant_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("delegation_tenant_id_delegant_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delegue_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("delegation_tenant_id_delegue_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("delegation_pk")),
    )

    op.create_index("delegation_delegue_ix", "delegation", ["tenant_id", "delegue_id"], unique=False)

    op.create_table(
        "politique_version",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("numero", sa.Integer(), nullable=False),
        sa.Column("texte", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.UUID(), nullable=False),
        sa.CheckConstraint("numero > 0", name=op.f("politique_version_numero_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("politique_version_pk")),
    )

    op.create_index("politique_version_numero_uq", "politique_version", ["tenant_id", "numero"], unique=True)
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
