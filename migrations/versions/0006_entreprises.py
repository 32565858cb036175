"""entreprises: companies and contracts."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0006"
down_revision = "0005"

WALLS = {
    "adherent": Wall(Section.REGISTRE, update=True),
    "etablissement": Wall(
        Section.REGISTRE,
        readers=("sante", "delegue", "administratif", "travailleur"),
        writers=("sante", "delegue", "administratif"),
        update=True,
    ),
    "contrat": Wall(Section.REGISTRE, own="travailleur_id", update=True),
}


def upgrade() -> None:

    op.create_table(
        "adherent",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("raison_sociale", sa.Text(), nullable=False),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name=op.f("adherent_siren_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("adherent_pk")),
    )

    op.create_index("adherent_siren_uq", "adherent", ["tenant_id", "siren"], unique=True)

    op.create_table(
        "etablissement",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("adherent_id", sa.UUID(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("naf", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("etablissement_siret_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "adherent_id"],
            ["adherent.tenant_id", "adherent.id"],
            name=op.f("etablissement_tenant_id_adherent_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("etablissement_pk")),
    )

    op.create_index("etablissement_siret_uq", "etablissement", ["tenant_id", "siret"], unique=True)

    op.create_table(
        "contrat",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.Column("etablissement_id", sa.UUID(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("poste", sa.Text(), nullable=False),
        sa.Column("pcs", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "type IN ('CDI', 'CDD', 'interim', 'saisonnier', 'apprenti', 'independant', 'particulier')",
            name=op.f("contrat_type_ck"),
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("contrat_periode_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "etablissement_id"],
            ["etablissement.tenant_id", "etablissement.id"],
            name=op.f("contrat_tenant_id_etablissement_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("contrat_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("contrat_pk")),
    )

    op.create_index("contrat_etablissement_ix", "contrat", ["tenant_id", "etablissement_id"], unique=False)

    op.create_index("contrat_travailleur_ix", "contrat", ["tenant_id", "travailleur_id"], unique=False)
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
