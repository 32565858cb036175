"""visites: agenda, visits, notes, conclusions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0009"
down_revision = "0008"

WALLS = {
    "rendez_vous": Wall(Section.REGISTRE, own="travailleur_id", update=True),
    "visite": Wall(Section.S3, own="dossier_id", update=True),
    "visite_note": Wall(Section.S3, update=True),
    "conclusion": Wall(Section.S5, own="dossier_id"),
    "addendum": Wall(Section.S3),
}


# A closed visit is completed, never changed (DMS-06): the database refuses what a mistaken screen would ask.
CLOSED_VISITE = """
CREATE FUNCTION refuse_closed_visite() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'visite' THEN
        IF OLD.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'a closed visite does not change' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF EXISTS (SELECT FROM visite v WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.visite_id
                  AND v.closed_at IS NOT NULL FOR SHARE) THEN
        RAISE EXCEPTION 'a note of a closed visite does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:

    op.create_table(
        "type_visite",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("libelle_agenda", sa.Text(), nullable=False),
        sa.Column("regimes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("praticiens", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("interval_max_mois", sa.SmallInteger(), nullable=True),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "effective_from", name=op.f("type_visite_pk")),
    )

    op.create_table(
        "rendez_vous",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("centre_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duree_min", sa.SmallInteger(), nullable=False),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "statut IN ('convoque', 'arrive', 'en_cours', 'recu', 'absent', 'excuse')",
            name=op.f("rendez_vous_statut_ck"),
        ),
        sa.CheckConstraint("duree_min BETWEEN 5 AND 480", name=op.f("rendez_vous_duree_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "centre_id"],
            ["centre.tenant_id", "centre.id"],
            name=op.f("rendez_vous_tenant_id_centre_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("rendez_vous_tenant_id_compte_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("rendez_vous_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("rendez_vous_pk")),
    )

    op.create_index("rendez_vous_agenda_ix", "rendez_vous", ["tenant_id", "compte_id", "starts_at"], unique=False)

    op.create_index("rendez_vous_travailleur_ix", "rendez_vous", ["tenant_id", "travailleur_id"], unique=False)

    op.create_table(
        "visite",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("professionnel_id", sa.UUID(), nullable=False),
        sa.Column("rendez_vous_id", sa.UUID(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("visite_tenant_id_id_dossier_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "professionnel_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("visite_tenant_id_professionnel_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rendez_vous_id"],
            ["rendez_vous.tenant_id", "rendez_vous.id"],
            name=op.f("visite_tenant_id_rendez_vous_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("visite_pk")),
        sa.UniqueConstraint("tenant_id", "id", "dossier_id", name=op.f("visite_tenant_id_id_dossier_id_uq")),
    )

    op.create_index(
        "visite_dossier_ix", "visite", ["tenant_id", "dossier_id", sa.literal_column("started_at DESC")], unique=False
    )

    op.create_index(
        "visite_ouverte_ix",
        "visite",
        ["tenant_id", "professionnel_id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )

    op.create_index("visite_rendez_vous_uq", "visite", ["tenant_id", "rendez_vous_id"], unique=True)

    op.create_table(
        "visite_note",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("visite_id", sa.UUID(), nullable=False),
        sa.Column("rubrique", sa.Text(), nullable=False),
        sa.Column("auteur_id", sa.UUID(), nullable=False),
        sa.Column("texte_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("operation_id", sa.UUID(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traced_session", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visite_id", "dossier_id"],
            ["visite.tenant_id", "visite.id", "visite.dossier_id"],
            name=op.f("visite_note_tenant_id_visite_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("visite_note_pk")),
    )

    op.create_index("visite_note_uq", "visite_note", ["tenant_id", "visite_id", "rubrique", "auteur_id"], unique=True)

    op.create_table(
        "conclusion",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("visite_id", sa.UUID(), nullable=False),
        sa.Column("information_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("orientation_medecin", sa.Boolean(), nullable=False),
        sa.Column("prochaine_visite_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id", "dossier_id"],
            ["entete.tenant_id", "entete.id", "entete.dossier_id"],
            name=op.f("conclusion_tenant_id_id_dossier_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visite_id", "dossier_id"],
            ["visite.tenant_id", "visite.id", "visite.dossier_id"],
            name=op.f("conclusion_tenant_id_visite_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("conclusion_pk")),
    )

    op.create_index("conclusion_dossier_ix", "conclusion", ["tenant_id", "dossier_id"], unique=False)

    op.create_index("conclusion_visite_uq", "conclusion", ["tenant_id", "visite_id"], unique=True)

    op.create_table(
        "addendum",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("visite_id", sa.UUID(), nullable=False),
        sa.Column("texte_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("auteur_id", sa.UUID(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "visite_id", "dossier_id"],
            ["visite.tenant_id", "visite.id", "visite.dossier_id"],
            name=op.f("addendum_tenant_id_visite_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("addendum_pk")),
    )

    op.create_index("addendum_visite_ix", "addendum", ["tenant_id", "visite_id"], unique=False)
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)

    op.execute("GRANT SELECT ON type_visite TO spst_app, spst_ops")
    op.execute(CLOSED_VISITE)
    op.execute(
        "CREATE TRIGGER refuse_closed BEFORE UPDATE ON visite FOR EACH ROW EXECUTE FUNCTION refuse_closed_visite()"
    )
    op.execute(
        "CREATE TRIGGER refuse_closed BEFORE INSERT OR UPDATE ON visite_note"
        " FOR EACH ROW EXECUTE FUNCTION refuse_closed_visite()"
    )
