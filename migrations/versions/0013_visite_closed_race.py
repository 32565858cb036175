"""visites: a note that races with the closing of its visit waits for it, then is refused.

The first form of the trigger looked for a closed row under its own snapshot: it neither saw nor awaited a closing that had
not committed yet, so a note could enter a visit just closed. It now locks the visit first, and reads it after the wait.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

CLOSED_VISITE = """
CREATE OR REPLACE FUNCTION refuse_closed_visite() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    closing timestamptz;
BEGIN
    IF TG_TABLE_NAME = 'visite' THEN
        IF OLD.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'a closed visite does not change' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT v.closed_at INTO closing FROM visite v
        WHERE v.tenant_id = NEW.tenant_id AND v.id = NEW.visite_id FOR SHARE;
    IF closing IS NOT NULL AND TG_TABLE_NAME = 'visite_note' THEN
        RAISE EXCEPTION 'a note of a closed visite does not change' USING ERRCODE = 'check_violation';
    END IF;
    IF closing IS NULL AND TG_TABLE_NAME = 'addendum' THEN
        RAISE EXCEPTION 'an open visite takes no addendum' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(CLOSED_VISITE)
    op.execute(
        "CREATE TRIGGER refuse_open BEFORE INSERT ON addendum FOR EACH ROW EXECUTE FUNCTION refuse_closed_visite()"
    )
