"""habilitations: exceptional accesses, their reasons, their review by another médecin (HAB-06; derived, no text)."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0029"
down_revision = "0028"

WALLS = {
    "acces_exceptionnel": Wall(
        Section.TECHNIQUE, readers=("sante", "direction"), writers=("sante",), own="dossier_id", update=True
    ),
    "acces_exceptionnel_motif": Wall(
        Section.TECHNIQUE, readers=("sante",), writers=("sante",), own="dossier_id", update=True
    ),
}


def upgrade() -> None:
    op.create_table(
        "acces_exceptionnel",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("relu_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("relu_by", sa.UUID(), nullable=True),
        sa.Column("avis", sa.Text(), nullable=True),
        sa.CheckConstraint("expires_at > opened_at", name=op.f("acces_exceptionnel_periode_ck")),
        sa.CheckConstraint("(relu_at IS NULL) = (relu_by IS NULL)", name=op.f("acces_exceptionnel_relecture_ck")),
        sa.CheckConstraint("relu_by <> compte_id", name=op.f("acces_exceptionnel_autrui_ck")),
        sa.CheckConstraint("avis IN ('justifie', 'injustifie')", name=op.f("acces_exceptionnel_avis_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("acces_exceptionnel_tenant_id_compte_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("acces_exceptionnel_pk")),
    )
    op.create_index("acces_exceptionnel_compte_ix", "acces_exceptionnel", ["tenant_id", "compte_id", "dossier_id"])
    op.create_index(
        "acces_exceptionnel_relecture_ix",
        "acces_exceptionnel",
        ["tenant_id"],
        postgresql_where=sa.text("relu_at IS NULL"),
    )
    op.create_table(
        "acces_exceptionnel_motif",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("texte_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reponse_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "code IN ('urgence', 'continuite', 'demande', 'autre')", name=op.f("acces_exceptionnel_motif_code_ck")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"],
            ["acces_exceptionnel.tenant_id", "acces_exceptionnel.id"],
            name=op.f("acces_exceptionnel_motif_tenant_id_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("acces_exceptionnel_motif_pk")),
    )
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
