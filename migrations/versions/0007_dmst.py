"""dmst: the dossier and its parts."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0007"
down_revision = "0006"

WALLS = {
    "dossier": Wall(
        Section.TECHNIQUE,
        readers=("sante", "delegue", "administratif", "direction", "equipe"),
        writers=("sante",),
        own="id",
        own_claim="dossier",
        services=("portail",),
    ),
    "entete": Wall(
        Section.TECHNIQUE,
        readers=("sante", "delegue", "administratif", "direction", "equipe"),
        writers=("sante", "delegue"),
        own="dossier_id",
        own_write=True,
    ),
    "suivi": Wall(Section.REGISTRE, own="dossier_id", update=True),
    "regime": Wall(Section.S2, own="dossier_id", update=True),
    "medecin_traitant": Wall(Section.S1, own="dossier_id"),
    "courrier": Wall(Section.S4, own="dossier_id"),
    "information": Wall(Section.S6, own="dossier_id"),
    "opposition": Wall(Section.S7, own="dossier_id", own_write=True, update=True),
}


def upgrade() -> None:

    op.create_table(
        "section_dmst",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("rang", sa.SmallInteger(), nullable=False),
        sa.Column("titre", sa.Text(), nullable=False),
        sa.Column("contenu", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "effective_from", name=op.f("section_dmst_pk")),
    )

    op.create_table(
        "dossier",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("dossier_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("dossier_pk")),
    )

    op.create_index("dossier_travailleur_uq", "dossier", ["tenant_id", "travailleur_id"], unique=True)

    op.create_table(
        "entete",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.CheckConstraint("section IN ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7')", name=op.f("entete_section_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"],
            ["dossier.tenant_id", "dossier.id"],
            name=op.f("entete_tenant_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("entete_pk")),
        sa.UniqueConstraint("tenant_id", "id", "dossier_id", name=op.f("entete_tenant_id_id_dossier_id_uq")),
    )

    op.create_table(
        "suivi",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("equipe_id", sa.UUID(), nullable=True),
        sa.Column("compte_id", sa.UUID(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("suivi_periode_ck")),
        sa.CheckConstraint("num_nonnulls(equipe_id, compte_id) = 1", name=op.f("suivi_qui_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"], ["compte.tenant_id", "compte.id"], name=op.f("suivi_tenant_id_compte_id_fk")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"], ["dossier.tenant_id", "dossier.id"], name=op.f("suivi_tenant_id_dossier_id_fk")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "equipe_id"], ["equipe.tenant_id", "equipe.id"], name=op.f("suivi_tenant_id_equipe_id_fk")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("suivi_pk")),
    )

    op.create_index("suivi_dossier_ix", "suivi", ["tenant_id", "dossier_id"], unique=False)

    op.create_index("suivi_equipe_ix", "suivi", ["tenant_id", "equipe_id"], unique=False)

    op.create_table(
        "regime",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("article", sa.Text(), nullable=False),
        sa.CheckConstraint("regime IN ('SIS', 'SIA', 'SIR')", name=op.f("regime_regime_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"],
            ["dossier.tenant_id", "dossier.id"],
            name=op.f("regime_tenant_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("regime_pk")),
    )

    op.create_index(
        "regime_dossier_ix",
        "regime",
        ["tenant_id", "dossier_id", sa.literal_column("effective_from DESC")],
        unique=False,
    )

    op.create_table(
        "medecin_traitant",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("nom_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("medecin_traitant_tenant_id_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("medecin_traitant_pk")),
    )

    op.create_index("medecin_traitant_dossier_ix", "medecin_traitant", ["tenant_id", "dossier_id"], unique=False)

    op.create_table(
        "courrier",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("sens", sa.Text(), nullable=False),
        sa.Column("date_courrier", sa.Date(), nullable=False),
        sa.Column("correspondant_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("objet_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("texte_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint("sens IN ('recu', 'envoye')", name=op.f("courrier_sens_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("courrier_tenant_id_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("courrier_pk")),
    )

    op.create_index("courrier_dossier_ix", "courrier", ["tenant_id", "dossier_id"], unique=False)

    op.create_table(
        "information",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=False),
        sa.Column("canal", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("precision_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint("canal IN ('remise', 'courrier', 'portail')", name=op.f("information_canal_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("information_tenant_id_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("information_pk")),
    )

    op.create_index("information_dossier_ix", "information", ["tenant_id", "dossier_id"], unique=False)

    op.create_table(
        "opposition",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("portee", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("precision_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint("portee IN ('mpc', 'professionnels', 'transfert')", name=op.f("opposition_portee_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("opposition_tenant_id_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("opposition_pk")),
    )

    op.create_index("opposition_dossier_ix", "opposition", ["tenant_id", "dossier_id"], unique=False)
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)

    op.execute("GRANT SELECT ON section_dmst TO spst_app, spst_ops")
