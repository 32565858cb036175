"""comptes: staff without RPPS enters by a passkey, or by the provider of its own SPST (AUT-04).

Passkeys stand outside tenants, each row under the seal of the program. The application adds and changes rows, and deletes none: a
key that its owner removes keeps its name taken, so that the same one is not registered again under somebody else.
A provider and its links are rows of their SPST, read and written by the log-in and the operator alone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0030"
down_revision = "0029"

WALL = Wall(Section.TECHNIQUE, readers=(), writers=(), services=("exploitation", "connexion"), update=True)


def upgrade() -> None:
    _cles()
    _fournisseurs()
    for table in ("fournisseur_spst", "lien_fournisseur"):
        for statement in ddl(table, WALL):
            op.execute(statement)
    op.execute("GRANT INSERT ON journal_technique TO spst_ops")  # the operator's acts on a provider are noted with it


def _cles() -> None:
    op.create_table(
        "cle_acces",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("identite_id", sa.UUID(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("enrolement_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sceau", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sign_count >= 0", name=op.f("cle_acces_sign_count_ck")),
        sa.ForeignKeyConstraint(["identite_id"], ["identite_electronique.id"], name=op.f("cle_acces_identite_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("cle_acces_pk")),
    )
    op.create_index("cle_acces_credential_uq", "cle_acces", ["credential_id"], unique=True)
    op.create_index("cle_acces_identite_ix", "cle_acces", ["identite_id"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE ON cle_acces TO spst_app, spst_ops")


def _fournisseurs() -> None:
    op.create_table(
        "fournisseur_spst",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("acr", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("amr", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cardinality(acr) + cardinality(amr) > 0", name=op.f("fournisseur_spst_deux_facteurs_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("fournisseur_spst_pk")),
    )
    op.create_index(
        "fournisseur_spst_un_seul_uq",
        "fournisseur_spst",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "lien_fournisseur",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("identite_id", sa.UUID(), nullable=False),
        sa.Column("iss", sa.Text(), nullable=False),
        sa.Column("sub", sa.Text(), nullable=False),
        sa.Column("enrolement", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("lien_fournisseur_pk")),
    )
    op.create_index("lien_fournisseur_sub_uq", "lien_fournisseur", ["tenant_id", "iss", "sub"], unique=True)
