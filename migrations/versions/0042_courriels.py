"""portail: where a worker asked to be told by e-mail, and the messages still to leave (TRA-04; RGPD art. 6, 1, a)."""

from datetime import date

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0042"
down_revision = "0041"

WALL = Wall(
    Section.TECHNIQUE,
    readers=(),
    own="dossier_id",
    own_write=True,
    services=("courriel",),
    update=True,
    delete=True,
)


def upgrade() -> None:
    op.create_table(
        "abonnement_courriel",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.Column("adresse_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_left", sa.SmallInteger(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resume_on", sa.Date(), nullable=True),
        sa.Column("envoye_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prevenu_on", sa.Date(), nullable=True),
        sa.Column("refuse_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("echec_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (code_sealed IS NOT NULL)", name=op.f("abonnement_courriel_code_ck")
        ),
        sa.CheckConstraint("(confirmed_at IS NULL) = (resume_on IS NULL)", name=op.f("abonnement_courriel_resume_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"],
            ["dossier.tenant_id", "dossier.id"],
            name=op.f("abonnement_courriel_tenant_id_dossier_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("abonnement_courriel_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("abonnement_courriel_pk")),
        sa.UniqueConstraint(
            "tenant_id", "id", "dossier_id", name=op.f("abonnement_courriel_tenant_id_id_dossier_id_uq")
        ),
    )
    op.create_index("abonnement_courriel_dossier_uq", "abonnement_courriel", ["tenant_id", "dossier_id"], unique=True)
    op.create_index("abonnement_courriel_resume_ix", "abonnement_courriel", ["tenant_id", "resume_on"])
    op.create_table(
        "courriel",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("abonnement_id", sa.UUID(), nullable=False),
        sa.Column("genre", sa.Text(), nullable=False),
        sa.Column("tentatives", sa.SmallInteger(), nullable=False),
        sa.Column("prochain_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("genre IN ('confirmation', 'nouveau')", name=op.f("courriel_genre_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "abonnement_id", "dossier_id"],
            ["abonnement_courriel.tenant_id", "abonnement_courriel.id", "abonnement_courriel.dossier_id"],
            name=op.f("courriel_tenant_id_abonnement_id_dossier_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("courriel_pk")),
    )
    op.create_index("courriel_abonnement_uq", "courriel", ["tenant_id", "abonnement_id"], unique=True)
    op.create_index("courriel_prochain_ix", "courriel", ["tenant_id", "prochain_at"])
    for table in ("abonnement_courriel", "courriel"):
        for statement in ddl(table, WALL):
            op.execute(statement)
    _keep_hours()


def _keep_hours() -> None:
    table = op.create_table(
        "reglage_courriel",
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("heure", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("heure BETWEEN 0 AND 23", name=op.f("reglage_courriel_heure_ck")),
        sa.PrimaryKeyConstraint("effective_from", name=op.f("reglage_courriel_pk")),
    )
    # Early enough to be read before work, on a telephone of one's own.
    op.bulk_insert(table, [{"effective_from": date(2026, 1, 1), "heure": 7}])
    op.execute("GRANT SELECT ON reglage_courriel TO spst_app, spst_ops")
