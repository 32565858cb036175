"""visites: a visit opened by mistake is abandoned: it keeps what was written in it, and changes no more.

An open visit is one that is neither closed nor abandoned. The appointment of an abandoned one may open another.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

OPEN = sa.text("closed_at IS NULL AND abandoned_at IS NULL")

ENDED_VISITE = """
CREATE OR REPLACE FUNCTION refuse_closed_visite() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    closing timestamptz;
    abandoning timestamptz;
BEGIN
    IF TG_TABLE_NAME = 'visite' THEN
        closing := OLD.closed_at;
        abandoning := OLD.abandoned_at;
    ELSE
        SELECT v.closed_at, v.abandoned_at INTO closing, abandoning FROM visite v
            WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.visite_id FOR SHARE;
    END IF;
    IF abandoning IS NOT NULL THEN
        RAISE EXCEPTION 'an abandoned visite does not change' USING ERRCODE = 'check_violation';
    END IF;
    IF closing IS NOT NULL AND TG_TABLE_NAME IN ('visite', 'visite_note') THEN
        RAISE EXCEPTION 'a closed visite does not change, nor its notes' USING ERRCODE = 'check_violation';
    END IF;
    IF closing IS NULL AND TG_TABLE_NAME = 'addendum' THEN
        RAISE EXCEPTION 'an open visite takes no addendum' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.add_column("visite", sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("visite_fin_ck"), "visite", "closed_at IS NULL OR abandoned_at IS NULL")
    for name in ("visite_ouverte_ix", "visite_ouverte_uq", "visite_rendez_vous_uq"):
        op.drop_index(name, "visite")
    op.create_index("visite_ouverte_ix", "visite", ["tenant_id", "professionnel_id"], postgresql_where=OPEN)
    op.create_index(
        "visite_ouverte_uq",
        "visite",
        ["tenant_id", "dossier_id", "professionnel_id"],
        unique=True,
        postgresql_where=OPEN,
    )
    op.create_index(
        "visite_rendez_vous_uq",
        "visite",
        ["tenant_id", "rendez_vous_id"],
        unique=True,
        postgresql_where=sa.text("abandoned_at IS NULL"),
    )
    op.execute(ENDED_VISITE)
    op.execute(
        "CREATE TRIGGER refuse_abandoned BEFORE INSERT ON conclusion"
        " FOR EACH ROW EXECUTE FUNCTION refuse_closed_visite()"
    )
