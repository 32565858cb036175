"""comptes: an electronic identity stays whose it is.

Links and authenticators hang on its id. The first log-in by Pro Santé Connect writes down under which `sub` somebody came;
nothing else ever changes, nor is deleted.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

IMMUTABLE = """
CREATE FUNCTION refuse_other_identite() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.id, NEW.iss, NEW.rpps) IS DISTINCT FROM (OLD.id, OLD.iss, OLD.rpps)
       OR OLD.sub IS NOT NULL AND NEW.sub IS DISTINCT FROM OLD.sub THEN
        RAISE EXCEPTION 'an electronic identity stays whose it is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute("REVOKE DELETE ON identite_electronique FROM spst_app, spst_ops")
    op.execute(IMMUTABLE)
    op.execute(
        "CREATE TRIGGER refuse_other BEFORE UPDATE ON identite_electronique"
        " FOR EACH ROW EXECUTE FUNCTION refuse_other_identite()"
    )
