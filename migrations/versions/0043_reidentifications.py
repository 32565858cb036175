"""journal: whose dossier a reference is, asked by the direction, told by a médecin du travail who agrees (TRA-05; derived)."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0043"
down_revision = "0042"

WALLS = {
    "reidentification": Wall(
        Section.TECHNIQUE, readers=("sante", "direction"), services=("reidentification",), update=True
    ),
    "reidentification_identite": Wall(
        Section.TECHNIQUE, readers=("sante", "direction"), services=("reidentification",), delete=True
    ),
}

# Only health professionals decide, only the direction asks, each once; whatever statement a session sends.
DECISION = """
CREATE FUNCTION hold_reidentification() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.acteur() IS NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF spst_ctx.famille() IS DISTINCT FROM 'direction' OR NEW.issue IS NOT NULL OR NEW.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'the direction asks, and somebody else decides' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.issue, NEW.decided_at, NEW.decided_by, NEW.reponse_sealed, NEW.expires_at)
       IS DISTINCT FROM (OLD.issue, OLD.decided_at, OLD.decided_by, OLD.reponse_sealed, OLD.expires_at)
       AND (OLD.issue IS NOT NULL OR OLD.closed_at IS NOT NULL OR spst_ctx.famille() IS DISTINCT FROM 'sante') THEN
        RAISE EXCEPTION 'a professional of health decides, once' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.closed_at IS DISTINCT FROM OLD.closed_at
       AND (OLD.closed_at IS NOT NULL OR spst_ctx.acteur() <> OLD.asked_by) THEN
        RAISE EXCEPTION 'whoever asked closes, once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

# The identity is handed over by the one who agreed, while it may be read.
IDENTITE = """
CREATE FUNCTION hold_reidentification_identite() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.acteur() IS NOT NULL AND NOT EXISTS (
        SELECT FROM reidentification r
        WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.id AND r.issue = 'accordee' AND r.closed_at IS NULL
          AND r.decided_by = spst_ctx.acteur()) THEN
        RAISE EXCEPTION 'an identity is handed over by whoever agreed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

CHANGING = "'decided_at', 'decided_by', 'issue', 'reponse_sealed', 'expires_at', 'closed_at'"
TRIGGERS = (
    ("hold_author", "INSERT", "reidentification", "'asked_by'"),
    ("hold_instant", "INSERT", "reidentification", "'asked_at'"),
    ("hold_signature", "INSERT OR UPDATE", "reidentification", "'decided_by'"),
    ("hold_fixed", "UPDATE", "reidentification", CHANGING),
    ("hold_reidentification", "INSERT OR UPDATE", "reidentification", ""),
    ("hold_reidentification_identite", "INSERT", "reidentification_identite", ""),
)


def upgrade() -> None:
    _requests()
    op.create_table(
        "reidentification_identite",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("identite_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"],
            ["reidentification.tenant_id", "reidentification.id"],
            name=op.f("reidentification_identite_tenant_id_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("reidentification_identite_pk")),
    )
    op.execute(DECISION)
    op.execute(IDENTITE)
    for function, acts, table, given in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {function} BEFORE {acts} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}({given})"
        )
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)


def _requests() -> None:
    op.create_table(
        "reidentification",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.UUID(), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raison", sa.Text(), nullable=False),
        sa.Column("texte_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("issue", sa.Text(), nullable=True),
        sa.Column("reponse_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "raison IN ('controle', 'demande', 'violation', 'autorite', 'autre')",
            name=op.f("reidentification_raison_ck"),
        ),
        sa.CheckConstraint(
            "lapses_at > asked_at AND expires_at > decided_at", name=op.f("reidentification_periode_ck")
        ),
        sa.CheckConstraint("issue IN ('accordee', 'refusee')", name=op.f("reidentification_issue_ck")),
        sa.CheckConstraint(
            "(issue IS NULL) = (decided_at IS NULL) AND (issue IS NULL) = (decided_by IS NULL)",
            name=op.f("reidentification_fin_ck"),
        ),
        sa.CheckConstraint(
            "(expires_at IS NOT NULL) = (issue IS NOT DISTINCT FROM 'accordee')", name=op.f("reidentification_duree_ck")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("reidentification_autrui_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asked_by"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("reidentification_tenant_id_asked_by_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"],
            ["dossier.tenant_id", "dossier.id"],
            name=op.f("reidentification_tenant_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("reidentification_pk")),
    )
    op.create_index(
        "reidentification_attente_ix",
        "reidentification",
        ["tenant_id"],
        postgresql_where=sa.text("issue IS NULL AND closed_at IS NULL"),
    )
    op.create_index("reidentification_asked_by_ix", "reidentification", ["tenant_id", "asked_by", "asked_at"])
