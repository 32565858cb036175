"""comptes, habilitations: what the direction writes is signed by who writes it, at the time when he does.

When two accounts are two people is reckoned from these columns (0033, 0034): none is written for the past, or in the name of
a colleague. A clock may be five minutes late. A departure that passed ended the roles on its day: they are written so when
the account opens again, and that counts as one colleague opening it. PGSSI-S (habilitations), AUTZ-06.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

TABLE = "remise_inscription"

AUTEUR = """
CREATE FUNCTION hold_author() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.acteur() IS NOT NULL AND (to_jsonb(NEW) ->> TG_ARGV[0])::uuid IS DISTINCT FROM spst_ctx.acteur() THEN
        RAISE EXCEPTION 'written in the name of somebody else' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

INSTANT = """
CREATE FUNCTION hold_instant() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    written text;
BEGIN
    IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
        RETURN NEW;
    END IF;
    FOREACH written IN ARRAY TG_ARGV LOOP
        IF (to_jsonb(NEW) ->> written)::timestamptz < now() - interval '5 minutes'
           AND (TG_OP = 'INSERT' OR to_jsonb(NEW) -> written IS DISTINCT FROM to_jsonb(OLD) -> written) THEN
            RAISE EXCEPTION 'written for the past' USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$
"""

OCTROI = """
CREATE FUNCTION hold_octroi() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_by IS NULL AND NEW.granted_by IS DISTINCT FROM spst_ctx.acteur() THEN
            RAISE EXCEPTION 'written in the name of somebody else' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.granted_at < now() - interval '5 minutes' AND NEW.confirmed_by IS NULL THEN
            RAISE EXCEPTION 'written for the past' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.revoked_at IS DISTINCT FROM OLD.revoked_at AND NEW.revoked_at < now() - interval '5 minutes'
          AND NOT EXISTS (SELECT FROM compte c
                          WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.compte_id AND c.departs_at = NEW.revoked_at) THEN
        RAISE EXCEPTION 'written for the past' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER hold_author BEFORE INSERT ON remplacement FOR EACH ROW EXECUTE FUNCTION hold_author('created_by')",
    f"CREATE TRIGGER hold_author BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION hold_author('remise_par')",
    f"CREATE TRIGGER hold_instant BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION hold_instant('remise_at')",
    "CREATE TRIGGER hold_instant BEFORE UPDATE ON compte"
    " FOR EACH ROW EXECUTE FUNCTION hold_instant('suspended_at', 'departs_at')",
    "CREATE TRIGGER hold_octroi BEFORE INSERT OR UPDATE ON habilitation FOR EACH ROW EXECUTE FUNCTION hold_octroi()",
)


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("nature", sa.Text(), nullable=False, server_default="code"))
    op.alter_column(TABLE, "nature", server_default=None)
    op.create_check_constraint(op.f(f"{TABLE}_nature_ck"), TABLE, "nature IN ('code', 'reouverture')")
    for statement in (AUTEUR, INSTANT, OCTROI, *TRIGGERS):
        op.execute(statement)
