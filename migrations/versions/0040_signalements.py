"""journal: a worker reports an access, the DPO examines and answers (TRA-04; RGPD art. 12, 38 and 39)."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0040"
down_revision = "0039"

WALLS = {
    "signalement": Wall(Section.TECHNIQUE, readers=("direction",), writers=(), own="dossier_id", own_write=True),
    "instruction": Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",), own="dossier_id"),
}


def upgrade() -> None:
    op.create_table(
        "signalement",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("trace_id", sa.UUID(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raison", sa.Text(), nullable=False),
        sa.Column("texte_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "raison IN ('inconnu', 'sans_rapport', 'proche', 'moment', 'manque', 'autre')",
            name=op.f("signalement_raison_ck"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"],
            ["dossier.tenant_id", "dossier.id"],
            name=op.f("signalement_tenant_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("signalement_pk")),
    )
    op.create_index("signalement_dossier_ix", "signalement", ["tenant_id", "dossier_id"])
    op.create_table(
        "instruction",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("cas_id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("geste", sa.Text(), nullable=False),
        sa.Column("issue", sa.Text(), nullable=True),
        sa.Column("reponse_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("geste IN ('prise', 'cloture', 'reouverture')", name=op.f("instruction_geste_ck")),
        sa.CheckConstraint(
            "issue IN ('justifie', 'erreur', 'injustifie', 'sans_objet')", name=op.f("instruction_issue_ck")
        ),
        sa.CheckConstraint("(geste = 'cloture') = (issue IS NOT NULL)", name=op.f("instruction_issue_de_cloture_ck")),
        sa.CheckConstraint("(geste = 'cloture') = (reponse_sealed IS NOT NULL)", name=op.f("instruction_reponse_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("instruction_tenant_id_compte_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("instruction_pk")),
    )
    op.create_index("instruction_cas_ix", "instruction", ["tenant_id", "cas_id"])
    for table, wall in WALLS.items():
        op.execute(
            f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        for statement in ddl(table, wall):
            op.execute(statement)
