"""expositions: jobs held and exposures."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0008"
down_revision = "0007"

WALLS = {
    "emploi": Wall(Section.S2, own="dossier_id", update=True),
    "exposition": Wall(Section.S2, own="dossier_id", update=True),
}


def upgrade() -> None:

    op.create_table(
        "nomenclature_exposition",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("famille", sa.Text(), nullable=False),
        sa.Column("sir", sa.Text(), nullable=False),
        sa.Column("facteur_l4161", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "effective_from", name=op.f("nomenclature_exposition_pk")),
    )

    op.create_table(
        "emploi",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("intitule", sa.Text(), nullable=False),
        sa.Column("employeur", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("emploi_periode_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("emploi_tenant_id_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("emploi_pk")),
    )

    op.create_index("emploi_dossier_ix", "emploi", ["tenant_id", "dossier_id"], unique=False)

    op.create_table(
        "exposition",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("commentaire_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "source IN ('declare', 'etude_poste', 'fds', 'duerp', 'fiche_entreprise', 'mesure', 'liste_employeur')",
            name=op.f("exposition_source_ck"),
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("exposition_periode_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("exposition_tenant_id_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("exposition_pk")),
    )

    op.create_index("exposition_dossier_ix", "exposition", ["tenant_id", "dossier_id"], unique=False)
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)

    op.execute("GRANT SELECT ON nomenclature_exposition TO spst_app, spst_ops")
