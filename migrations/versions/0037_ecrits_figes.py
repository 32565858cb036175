"""comptes, habilitations: what was written in somebody's name stays as he wrote it, whatever statement a session sends.

Services refuse all of this; here the database does too, for people (families of health and direction). Commands of the
exploitation and log-in write in nobody's name. PGSSI-S (habilitations), AUTZ-06; R. 4624-45-5 al. 2; HAB-06.
"""

from alembic import op

revision = "0037"
down_revision = "0036"

FUNCTIONS = (
    # Of a row, only the columns named may change.
    """
    CREATE FUNCTION hold_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.acteur() IS NOT NULL AND to_jsonb(NEW) - TG_ARGV IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV THEN
            RAISE EXCEPTION 'what is written stays written' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # The column says who is writing, on a row that begins.
    """
    CREATE OR REPLACE FUNCTION hold_author() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.famille() IN ('sante', 'direction')
           AND (to_jsonb(NEW) ->> TG_ARGV[0])::uuid IS DISTINCT FROM spst_ctx.acteur() THEN
            RAISE EXCEPTION 'written in the name of somebody else' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # The column is empty on a row that begins; whoever fills it later puts his own name.
    """
    CREATE FUNCTION hold_signature() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        signed uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
    BEGIN
        IF spst_ctx.famille() NOT IN ('sante', 'direction') OR signed IS NULL
           OR TG_OP = 'UPDATE' AND to_jsonb(NEW) -> TG_ARGV[0] = to_jsonb(OLD) -> TG_ARGV[0] THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'INSERT' OR signed <> spst_ctx.acteur() THEN
            RAISE EXCEPTION 'signed in the name of somebody else' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # Nobody of the direction gives himself anything, nor decides of his own rights.
    """
    CREATE FUNCTION hold_autrui() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.famille() = 'direction' AND NEW.compte_id = spst_ctx.acteur() THEN
            RAISE EXCEPTION 'nobody gives himself a right' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # What was taken back stays so.
    """
    CREATE FUNCTION hold_revoked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.acteur() IS NOT NULL AND OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
            RAISE EXCEPTION 'what was taken back stays so' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # Who left comes back without any right. Nobody changes his own name.
    """
    CREATE FUNCTION hold_compte() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
            RETURN NEW;
        END IF;
        IF OLD.departs_at <= now() AND NEW.departs_at IS DISTINCT FROM OLD.departs_at AND EXISTS (
            SELECT FROM habilitation h
            WHERE h.tenant_id = OLD.tenant_id AND h.compte_id = OLD.id AND h.revoked_at IS NULL) THEN
            RAISE EXCEPTION 'who left comes back without any right' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.id = spst_ctx.acteur() AND (NEW.civilite, NEW.prenom, NEW.nom) IS DISTINCT FROM (OLD.civilite, OLD.prenom, OLD.nom)
        THEN
            RAISE EXCEPTION 'nobody changes his own name' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # An identity enters the account of the number, or of the address, that it bears. Letters beyond ASCII are folded by the
    # product alone.
    """
    CREATE FUNCTION hold_rattachement() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.famille() = 'direction' AND NOT EXISTS (
            SELECT FROM compte c, identite_electronique i
            WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.compte_id AND i.id = NEW.identite_id
              AND (i.rpps = c.rpps OR i.rpps IS NULL AND c.rpps IS NULL
                   AND (i.sub = lower(c.email) OR octet_length(c.email) > char_length(c.email)))) THEN
            RAISE EXCEPTION 'this account is somebody else''s' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # A policy is published by somebody else than who proposed it, as it was proposed.
    """
    CREATE FUNCTION hold_politique_version() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.famille() = 'direction' AND NOT EXISTS (
            SELECT FROM politique_brouillon b
            WHERE b.tenant_id = NEW.tenant_id AND b.choix = NEW.choix AND b.proposed_by = NEW.proposed_by
              AND b.proposed_by <> spst_ctx.acteur()) THEN
            RAISE EXCEPTION 'a policy takes two people' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    # A role that is confirmed is the one that was asked for, by two accounts that are two people.
    """
    CREATE OR REPLACE FUNCTION hold_octroi() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' THEN
            IF NEW.revoked_at IS DISTINCT FROM OLD.revoked_at AND NEW.revoked_at < now() - interval '5 minutes'
               AND NOT EXISTS (SELECT FROM compte c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.compte_id
                                 AND c.departs_at = NEW.revoked_at) THEN
                RAISE EXCEPTION 'written for the past' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.granted_at < now() - interval '5 minutes' THEN
            RAISE EXCEPTION 'written for the past' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.confirmed_by IS NULL THEN
            IF NEW.granted_by IS DISTINCT FROM spst_ctx.acteur() THEN
                RAISE EXCEPTION 'written in the name of somebody else' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.confirmed_by <> spst_ctx.acteur() OR NOT EXISTS (
            SELECT FROM role_demande d
            WHERE d.tenant_id = NEW.tenant_id AND d.id = NEW.demande_id AND d.compte_id = NEW.compte_id AND d.role = NEW.role
              AND d.asked_by = NEW.granted_by AND d.issue = 'accordee' AND d.starts_at <= NEW.starts_at
              AND (d.ends_at, d.hors_structure, d.attestation)
                  IS NOT DISTINCT FROM (NEW.ends_at, NEW.hors_structure, NEW.attestation)) THEN
            RAISE EXCEPTION 'this role takes two people' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM remise_inscription r JOIN compte c ON c.tenant_id = r.tenant_id AND c.id = r.remise_par
                   WHERE r.tenant_id = NEW.tenant_id AND r.compte_id IN (NEW.granted_by, NEW.confirmed_by)
                     AND r.remise_at > now() - interval '7 days')
           OR EXISTS (SELECT FROM habilitation h JOIN compte c ON c.tenant_id = h.tenant_id AND c.id = h.granted_by
                      WHERE h.tenant_id = NEW.tenant_id AND h.compte_id IN (NEW.granted_by, NEW.confirmed_by)
                        AND h.role = 'DIR' AND h.confirmed_by IS NULL
                        AND greatest(h.granted_at, h.starts_at) > now() - interval '7 days') THEN
            RAISE EXCEPTION 'these are not yet two people' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
)

# By table, the columns that may change.
CHANGING = {
    "rattachement": ("revoked_at",),
    "habilitation": ("revoked_at", "revoked_by"),
    "habilitation_nominative": ("revoked_at", "revoked_by"),
    "delegation": ("revoked_at",),
    "supervision": ("revoked_at",),
    "remplacement": ("revoked_at",),
    "acces_exceptionnel": ("ended_at", "relu_at", "relu_by", "avis"),
    "equipe_membre": ("ends_at",),
    "equipe": ("nom",),
    "secteur": ("nom",),
    "centre": ("nom",),
    "compte": (
        "civilite",
        "prenom",
        "nom",
        "suspended_at",
        "suspended_why",
        "departs_at",
        "last_login_at",
        "counted_from",
        "inusite",
    ),
}
AUTHORS = {
    "delegation": "delegant_id",
    "supervision": "medecin_id",
    "acces_exceptionnel": "compte_id",
    "habilitation_nominative": "granted_by",
    "revue": "opened_by",
    "politique_version": "published_by",
}
SIGNATURES = {
    "revue": "signed_by",
    "revue_ligne": "decided_by",
    "politique_brouillon": "proposed_by",
    "acces_exceptionnel": "relu_by",
    "habilitation": "revoked_by",
    "habilitation_nominative": "revoked_by",
}
TAKEN_BACK = ("habilitation_nominative", "delegation", "supervision", "remplacement")
OF_OTHERS = {
    "habilitation": "INSERT",
    "habilitation_nominative": "INSERT",
    "equipe_membre": "INSERT",
    "revue_ligne": "UPDATE",
}


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    for table, columns in CHANGING.items():
        _trigger("hold_fixed", "UPDATE", table, *columns)
    for table, column in AUTHORS.items():
        _trigger("hold_author", "INSERT", table, column)
    for table, column in SIGNATURES.items():
        _trigger("hold_signature", "INSERT OR UPDATE", table, column)
    for table in TAKEN_BACK:
        _trigger("hold_revoked", "UPDATE", table)
    for table, acts in OF_OTHERS.items():
        _trigger("hold_autrui", acts, table)
    _trigger("hold_rattachement", "INSERT", "rattachement")
    _trigger("hold_compte", "UPDATE", "compte")
    _trigger("hold_instant", "INSERT", "equipe_membre", "starts_at")
    _trigger("hold_politique_version", "INSERT", "politique_version")
    op.execute(
        "CREATE TRIGGER refuse_change BEFORE INSERT ON compte_nom FOR EACH ROW"
        " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_change()"
    )


def _trigger(function: str, acts: str, table: str, *arguments: str) -> None:
    given = ", ".join(f"'{one}'" for one in arguments)
    op.execute(f"CREATE TRIGGER {function} BEFORE {acts} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}({given})")
