"""entreprises: the sector of an establishment, dated, whose équipes follow who works there (L. 1110-4 I CSP)."""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0025"
down_revision = "0024"

WALL = Wall(
    Section.REGISTRE,
    readers=("sante", "delegue", "administratif", "travailleur"),
    writers=("sante", "delegue", "administratif"),
    update=True,
)

ENDED_ONCE = """
CREATE FUNCTION refuse_rewritten_secteur() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.ends_on IS NOT NULL
       OR (NEW.tenant_id, NEW.id, NEW.secteur_id, NEW.etablissement_id, NEW.starts_on, NEW.created_at, NEW.created_by)
          IS DISTINCT FROM
          (OLD.tenant_id, OLD.id, OLD.secteur_id, OLD.etablissement_id, OLD.starts_on, OLD.created_at, OLD.created_by) THEN
        RAISE EXCEPTION 'the sector of an establishment ends, and is not rewritten' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "secteur_etablissement",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("secteur_id", sa.UUID(), nullable=False),
        sa.Column("etablissement_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on - 1", name=op.f("secteur_etablissement_periode_ck")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "etablissement_id"],
            ["etablissement.tenant_id", "etablissement.id"],
            name=op.f("secteur_etablissement_tenant_id_etablissement_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "secteur_id"],
            ["secteur.tenant_id", "secteur.id"],
            name=op.f("secteur_etablissement_tenant_id_secteur_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("secteur_etablissement_pk")),
    )
    op.create_index(
        "secteur_etablissement_en_cours_uq",
        "secteur_etablissement",
        ["tenant_id", "etablissement_id"],
        unique=True,
        postgresql_where=sa.text("ends_on IS NULL"),
    )
    op.create_index(
        "secteur_etablissement_etablissement_ix", "secteur_etablissement", ["tenant_id", "etablissement_id"]
    )
    op.create_index("secteur_etablissement_secteur_ix", "secteur_etablissement", ["tenant_id", "secteur_id"])
    for statement in ddl("secteur_etablissement", WALL):
        op.execute(statement)
    op.execute(ENDED_ONCE)
    op.execute(
        "CREATE TRIGGER refuse_rewritten BEFORE UPDATE ON secteur_etablissement"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewritten_secteur()"
    )
