"""comptes: accounts, roles, identities and sessions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0003"
down_revision = "0002"

WALLS = {
    "compte": Wall(
        Section.TECHNIQUE,
        readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
        writers=("direction",),
        services=("exploitation", "connexion"),
        update=True,
    ),
    "habilitation": Wall(
        Section.TECHNIQUE, writers=("direction",), services=("exploitation", "connexion"), update=True
    ),
    "equipe_membre": Wall(
        Section.TECHNIQUE, writers=("direction",), services=("exploitation", "connexion"), update=True
    ),
}


def upgrade() -> None:

    op.create_table(
        "compte",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("civilite", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("prenom", sa.Text(), nullable=False),
        sa.Column("rpps", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_why", sa.Text(), nullable=True),
        sa.CheckConstraint("rpps IS NULL OR rpps ~ '^[0-9]{11}$'", name=op.f("compte_rpps_ck")),
        sa.CheckConstraint("rpps IS NOT NULL OR email IS NOT NULL", name=op.f("compte_identifiant_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("compte_pk")),
    )

    op.create_index("compte_email_uq", "compte", ["tenant_id", sa.literal_column("lower(email)")], unique=True)

    op.create_index("compte_rpps_uq", "compte", ["tenant_id", "rpps"], unique=True)

    op.create_table(
        "habilitation",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.UUID(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.UUID(), nullable=True),
        sa.Column("hors_structure", sa.Boolean(), nullable=False),
        sa.Column("attestation", sa.Text(), nullable=True),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name=op.f("habilitation_periode_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("habilitation_tenant_id_compte_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("habilitation_pk")),
    )

    op.create_index("habilitation_compte_ix", "habilitation", ["tenant_id", "compte_id"], unique=False)

    op.create_table(
        "equipe_membre",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("equipe_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("equipe_membre_tenant_id_compte_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "equipe_id"],
            ["equipe.tenant_id", "equipe.id"],
            name=op.f("equipe_membre_tenant_id_equipe_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("equipe_membre_pk")),
    )

    op.create_index("equipe_membre_compte_ix", "equipe_membre", ["tenant_id", "compte_id"], unique=False)

    op.create_table(
        "identite_electronique",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("iss", sa.Text(), nullable=False),
        sa.Column("sub", sa.Text(), nullable=True),
        sa.Column("rpps", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("identite_electronique_pk")),
    )

    op.create_index("identite_electronique_rpps_uq", "identite_electronique", ["iss", "rpps"], unique=True)

    op.create_index("identite_electronique_sub_uq", "identite_electronique", ["iss", "sub"], unique=True)

    op.create_table(
        "authentificateur",
        sa.Column("identite_id", sa.UUID(), nullable=False),
        sa.Column("mot_de_passe", sa.Text(), nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("codes_secours", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("inscription_hash", sa.Text(), nullable=True),
        sa.Column("inscription_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["identite_id"], ["identite_electronique.id"], name=op.f("authentificateur_identite_id_fk")
        ),
        sa.PrimaryKeyConstraint("identite_id", name=op.f("authentificateur_pk")),
    )

    op.create_table(
        "rattachement",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("identite_id", sa.UUID(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["identite_id"], ["identite_electronique.id"], name=op.f("rattachement_identite_id_fk")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("rattachement_tenant_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("rattachement_pk")),
    )

    op.create_index("rattachement_identite_uq", "rattachement", ["identite_id", "tenant_id"], unique=True)

    op.create_table(
        "session",
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("espace", sa.Text(), nullable=False),
        sa.Column("identite_id", sa.UUID(), nullable=True),
        sa.Column("tenant_id", sa.UUID(), nullable=True),
        sa.Column("acteur_id", sa.UUID(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("dossier_id", sa.UUID(), nullable=True),
        sa.Column("facteurs", sa.Integer(), nullable=False),
        sa.Column("auth_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idp_sid", sa.Text(), nullable=True),
        sa.Column("idp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("situation", sa.Text(), nullable=True),
        sa.Column("agent_hash", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("espace IN ('pro', 'portail')", name=op.f("session_espace_ck")),
        sa.ForeignKeyConstraint(["identite_id"], ["identite_electronique.id"], name=op.f("session_identite_id_fk")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("session_tenant_id_fk")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("session_pk")),
    )

    op.create_index("session_acteur_ix", "session", ["tenant_id", "acteur_id"], unique=False)

    op.create_index("session_idp_ix", "session", ["idp_sid"], unique=False)

    op.create_table(
        "compteur",
        sa.Column("cle", sa.Text(), nullable=False),
        sa.Column("window_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cle", "window_at", name=op.f("compteur_pk")),
    )
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)

    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON identite_electronique TO spst_app, spst_ops")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON authentificateur TO spst_app, spst_ops")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON rattachement TO spst_app, spst_ops")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON session TO spst_app, spst_ops")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON compteur TO spst_app, spst_ops")
