"""tenants: the SPST and how it is organised."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0002"
down_revision = "0001"

WALLS = {
    "structure": Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True),
    "centre": Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True),
    "secteur": Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True),
    "equipe": Wall(Section.TECHNIQUE, writers=("direction",), services=("exploitation",), update=True),
}


def upgrade() -> None:

    op.create_table(
        "tenant",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("finess", sa.Text(), nullable=True),
        sa.Column("agrement", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("finess IS NULL OR finess ~ '^[0-9A-Z]{9}$'", name=op.f("tenant_finess_ck")),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("tenant_siren_ck")),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,40}$'", name=op.f("tenant_slug_ck")),
        sa.CheckConstraint("type IN ('SPSTI', 'SPSTA', 'SPSTN')", name=op.f("tenant_type_ck")),
        sa.PrimaryKeyConstraint("id", name=op.f("tenant_pk")),
        sa.UniqueConstraint("siren", name=op.f("tenant_siren_uq")),
        sa.UniqueConstraint("slug", name=op.f("tenant_slug_uq")),
    )

    op.create_table(
        "structure",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("finess", sa.Text(), nullable=True),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("structure_siret_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("structure_pk")),
    )

    op.create_index("structure_siret_uq", "structure", ["tenant_id", "siret"], unique=True)

    op.create_table(
        "centre",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("structure_id", sa.UUID(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "structure_id"],
            ["structure.tenant_id", "structure.id"],
            name=op.f("centre_tenant_id_structure_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("centre_pk")),
    )

    op.create_table(
        "secteur",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("secteur_pk")),
    )

    op.create_table(
        "equipe",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("secteur_id", sa.UUID(), nullable=False),
        sa.Column("centre_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "centre_id"], ["centre.tenant_id", "centre.id"], name=op.f("equipe_tenant_id_centre_id_fk")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "secteur_id"],
            ["secteur.tenant_id", "secteur.id"],
            name=op.f("equipe_tenant_id_secteur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("equipe_pk")),
    )
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)

    op.execute("GRANT SELECT ON tenant TO spst_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON tenant TO spst_ops")
