"""identite: civil identity, matricule, links of the portal."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0005"
down_revision = "0004"

WALLS = {
    "travailleur": Wall(Section.REGISTRE, own="id", services=("portail",), update=True),
    "nom_token": Wall(Section.REGISTRE, delete=True),
    "matricule_ins": Wall(Section.S1, own="dossier_id", update=True),
    "code_activation": Wall(Section.TECHNIQUE, readers=("sante", "delegue"), services=("portail",), update=True),
    "lien_portail": Wall(
        Section.TECHNIQUE, readers=("sante",), own="travailleur_id", services=("portail",), update=True
    ),
    "evenement_identite": Wall(Section.TECHNIQUE, readers=("sante",), services=("portail",), update=True),
}


def upgrade() -> None:

    op.create_table(
        "travailleur",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("nom_naissance", sa.Text(), nullable=False),
        sa.Column("prenoms", sa.Text(), nullable=False),
        sa.Column("premier_prenom", sa.Text(), nullable=False),
        sa.Column("nom_utilise", sa.Text(), nullable=True),
        sa.Column("prenom_utilise", sa.Text(), nullable=True),
        sa.Column("date_naissance", sa.Date(), nullable=False),
        sa.Column("sexe", sa.Text(), nullable=False),
        sa.Column("lieu_naissance", sa.Text(), nullable=True),
        sa.Column("statut_ins", sa.Text(), nullable=False),
        sa.Column("decede_on", sa.Date(), nullable=True),
        sa.Column("telephone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("adresse", sa.Text(), nullable=True),
        sa.Column("nom_cle", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sexe IN ('F', 'M', 'I')", name=op.f("travailleur_sexe_ck")),
        sa.CheckConstraint(
            "statut_ins IN ('provisoire', 'recuperee', 'validee', 'qualifiee')", name=op.f("travailleur_statut_ins_ck")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("travailleur_pk")),
    )

    op.create_index("travailleur_naissance_ix", "travailleur", ["tenant_id", "date_naissance", "nom_cle"], unique=False)

    op.create_index("travailleur_nom_ix", "travailleur", ["tenant_id", "nom_cle"], unique=False)

    op.create_table(
        "nom_token",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("token", sa.Text(collation="C"), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("nom_token_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "token", "travailleur_id", name=op.f("nom_token_pk")),
    )

    op.create_table(
        "matricule_ins",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("matricule_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("oid", sa.Text(), nullable=False),
        sa.Column("index_aveugle", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("matricule_ins_pk")),
    )

    op.create_index("matricule_ins_dossier_uq", "matricule_ins", ["tenant_id", "dossier_id"], unique=True)

    op.create_index("matricule_ins_index_uq", "matricule_ins", ["tenant_id", "index_aveugle"], unique=True)

    op.create_table(
        "code_activation",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.UUID(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("code_activation_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("code_activation_pk")),
    )

    op.create_index("code_activation_travailleur_ix", "code_activation", ["tenant_id", "travailleur_id"], unique=False)

    op.create_table(
        "lien_portail",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=False),
        sa.Column("identite_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "travailleur_id"],
            ["travailleur.tenant_id", "travailleur.id"],
            name=op.f("lien_portail_tenant_id_travailleur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("lien_portail_pk")),
    )

    op.create_index("lien_portail_identite_uq", "lien_portail", ["tenant_id", "identite_id"], unique=True)

    op.create_table(
        "evenement_identite",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("travailleur_id", sa.UUID(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.UUID(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("evenement_identite_pk")),
    )
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
