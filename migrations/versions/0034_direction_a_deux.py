"""comptes, habilitations: the role of direction takes two people while somebody else has it, or had it these last seven days;
nobody of the direction names himself the replacement of a médecin.

PGSSI-S (habilitations), AUTZ-06; R. 4623-15. `least` passes over what is absent.
"""

from alembic import op

revision = "0034"
down_revision = "0033"

DEUX_PERSONNES = """
CREATE OR REPLACE FUNCTION hold_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.tenant_id, NEW.id, NEW.compte_id, NEW.role, NEW.starts_at, NEW.ends_at, NEW.granted_by, NEW.granted_at,
            NEW.demande_id, NEW.confirmed_at, NEW.confirmed_by)
           IS DISTINCT FROM
           (OLD.tenant_id, OLD.id, OLD.compte_id, OLD.role, OLD.starts_at, OLD.ends_at, OLD.granted_by, OLD.granted_at,
            OLD.demande_id, OLD.confirmed_at, OLD.confirmed_by)
           OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
            RAISE EXCEPTION 'a role is taken back, and is not rewritten' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.role IN ('MDT', 'COLL', 'INT', 'INF', 'IPA', 'MPC')
        OR NEW.role = 'DIR' AND EXISTS (
            SELECT FROM habilitation h JOIN compte c ON c.tenant_id = h.tenant_id AND c.id = h.compte_id
            WHERE h.tenant_id = NEW.tenant_id AND h.role = 'DIR' AND h.compte_id <> spst_ctx.acteur()
              AND least(h.revoked_at, h.ends_at, c.suspended_at, c.departs_at, 'infinity')
                  > least(NEW.granted_at, now()) - interval '7 days')) AND (
        NEW.confirmed_by IS DISTINCT FROM spst_ctx.acteur()
        OR NOT EXISTS (SELECT FROM role_demande d
                       WHERE d.tenant_id = NEW.tenant_id AND d.id = NEW.demande_id AND d.compte_id = NEW.compte_id
                         AND d.role = NEW.role AND d.asked_by = NEW.granted_by AND d.issue = 'accordee'
                         AND NOT EXISTS (SELECT FROM habilitation h
                                         WHERE h.tenant_id = d.tenant_id AND h.demande_id = d.id))) THEN
        RAISE EXCEPTION 'this role takes two people' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

# Whatever was written before stays as it was.
NOMME_PAR_AUTRUI = """
CREATE FUNCTION hold_remplacement() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.created_by = NEW.remplacant_id THEN
        RAISE EXCEPTION 'nobody names himself in the place of a colleague' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(DEUX_PERSONNES)
    op.execute(NOMME_PAR_AUTRUI)
    op.execute(
        "CREATE TRIGGER hold_remplacement BEFORE INSERT ON remplacement"
        " FOR EACH ROW EXECUTE FUNCTION hold_remplacement()"
    )
