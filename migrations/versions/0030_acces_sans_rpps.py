"""comptes: passkeys of the second path, each row under the seal of the program.

AUT-04: staff without RPPS may enter by a passkey (WebAuthn). The application adds and changes rows, and deletes none: a key that
its owner removes keeps its name taken, so that the same one is not registered again under somebody else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0026"


def upgrade() -> None:
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
