"""Roles, context function, function that destroys traces at their term: the one step that needs a superuser, apart from Alembic.

Run it again after a change of password or context key: it brings the database to what it is told.
"""

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from spst.kernel.signing import LIFETIME_S, hmac_pads


@dataclass(frozen=True, slots=True)
class Passwords:
    owner: str = field(repr=False)
    app: str = field(repr=False)
    ops: str = field(repr=False)


LOGIN_ROLES = ("owner", "app", "ops")
_NOBODY = {"spst_ctx", "spst_destruction"}
"""Roles that own functions and that nobody can become."""
_LARGE_OBJECTS = ("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)", "lo_open(oid, integer)")

_CONTEXT = """
CREATE SCHEMA IF NOT EXISTS spst_ctx AUTHORIZATION spst_ctx;
SET LOCAL ROLE spst_ctx;
CREATE TABLE IF NOT EXISTS spst_ctx.cle (
    id smallint PRIMARY KEY, ipad bytea NOT NULL CHECK (length(ipad) = 64), opad bytea NOT NULL CHECK (length(opad) = 64));

-- The claims of the current transaction, or NULL when there are none, they are expired, or nobody who holds the key signed
-- them. Never an error: a transaction without context sees no row.
CREATE OR REPLACE FUNCTION spst_ctx.claims() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- After a transaction-local setting the value is '' and not NULL for the rest of the connection.
    raw text := nullif(current_setting('spst.ctx', true), '');
    parts text[] := string_to_array(raw, '|');
    payload bytea;
BEGIN
    IF raw IS NULL OR cardinality(parts) <> 7 OR parts[6] !~ '^[0-9]{1,12}$'
       OR parts[6]::bigint < extract(epoch FROM clock_timestamp()) THEN
        RETURN NULL;
    END IF;
    payload := convert_to(left(raw, -(length(parts[7]) + 1)), 'UTF8');
    IF EXISTS (SELECT FROM spst_ctx.cle k WHERE encode(sha256(k.opad || sha256(k.ipad || payload)), 'hex') = parts[7]) THEN
        RETURN parts;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION spst_ctx.tenant() RETURNS uuid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (spst_ctx.claims())[1]::uuid; END $$;
CREATE OR REPLACE FUNCTION spst_ctx.acteur() RETURNS uuid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (spst_ctx.claims())[2]::uuid; END $$;
CREATE OR REPLACE FUNCTION spst_ctx.famille() RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (spst_ctx.claims())[3]; END $$;
CREATE OR REPLACE FUNCTION spst_ctx.dossier() RETURNS uuid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN nullif((spst_ctx.claims())[4], '')::uuid; END $$;
CREATE OR REPLACE FUNCTION spst_ctx.delegation() RETURNS uuid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN nullif((spst_ctx.claims())[5], '')::uuid; END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA spst_ctx FROM PUBLIC;
GRANT USAGE ON SCHEMA spst_ctx TO spst_app, spst_ops, spst_owner, spst_destruction;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA spst_ctx TO spst_app, spst_ops, spst_owner, spst_destruction;
RESET ROLE;
"""

_DESTRUCTION = """
CREATE SCHEMA IF NOT EXISTS spst_destruction AUTHORIZATION spst_destruction;
GRANT USAGE ON SCHEMA public TO spst_destruction;
SET LOCAL ROLE spst_destruction;

-- Raises unless this transaction speaks for an SPST as its service of conservation. Called last too: a context that ended on the
-- way showed fewer rows, and with them another term.
CREATE OR REPLACE FUNCTION spst_destruction.check_context() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF spst_ctx.tenant() IS NULL OR spst_ctx.famille() IS DISTINCT FROM 'service:conservation' THEN
        RAISE EXCEPTION 'no context of conservation' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- Until when dossiers are kept, a page of them by their ids; the term is NULL while none can be told.
CREATE OR REPLACE FUNCTION spst_destruction.terms(after uuid, at_most int)
RETURNS TABLE (dossier_id uuid, terme date, regle text, en_vigueur_le date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM spst_destruction.check_context();
    RETURN QUERY SELECT d.id, t.terme, t.regle, t.en_vigueur_le
        FROM (SELECT o.id FROM public.dossier o WHERE o.tenant_id = spst_ctx.tenant() AND o.id > after
              ORDER BY o.id LIMIT at_most) d, LATERAL public.terme_conservation(d.id) t ORDER BY d.id;
    PERFORM spst_destruction.check_context();
END $$;

-- Destroys the lines of one dossier and what stands beside them, and adds the entry that says so to the ledger: all or nothing.
-- `ranks`: the places of these lines, every one of them, in their order. Leaves stay. The only way past the triggers.
CREATE OR REPLACE FUNCTION spst_destruction.destroy_traces(of_dossier uuid, ranks bigint[], number bigint, entry text)
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    spst uuid := spst_ctx.tenant();
    last_day date := (SELECT t.terme FROM public.terme_conservation(of_dossier) t);
    ids uuid[] := (SELECT array_agg(t.id) FROM public.trace t WHERE t.tenant_id = spst AND t.dossier_id = of_dossier);
    placed bigint[] := (SELECT array_agg(f.rang ORDER BY f.rang) FROM public.trace_feuille f
                        WHERE f.tenant_id = spst AND f.trace_id = ANY (ids));
BEGIN
    IF last_day IS NULL OR last_day >= (now() AT TIME ZONE 'Europe/Paris')::date THEN
        RAISE EXCEPTION 'these traces are kept until %', coalesce(last_day::text, 'a day that nobody knows yet')
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF ids IS NULL OR cardinality(ids) IS DISTINCT FROM cardinality(placed) OR placed IS DISTINCT FROM ranks THEN
        RAISE EXCEPTION 'other lines than those named, or without seal' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM public.trace_reserve r WHERE r.tenant_id = spst AND r.trace_id = ANY (ids);
    DELETE FROM public.trace t WHERE t.tenant_id = spst AND t.id = ANY (ids);
    INSERT INTO public.trace_destruction (tenant_id, numero, note) VALUES (spst, number, entry);
    PERFORM spst_destruction.check_context();
    RETURN cardinality(ids);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA spst_destruction FROM PUBLIC;
GRANT USAGE ON SCHEMA spst_destruction TO spst_app, spst_ops;
GRANT EXECUTE ON FUNCTION spst_destruction.terms TO spst_app, spst_ops;
GRANT EXECUTE ON FUNCTION spst_destruction.destroy_traces TO spst_ops;
RESET ROLE;
"""
"""What destroys the traces of a dossier at the end of its retention. Its role is nobody's: neither the owner of the tables nor
who operates can be it, so that triggers let it pass and nothing else. The law stands in `terme_conservation` (migrations).
"""


def bootstrap(superuser_conninfo: str, database: str, passwords: Passwords, context_key: bytes) -> None:
    """Make roles and database, then the context function in it. `superuser_conninfo`: libpq, any database of the cluster."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as server:
        _make_roles(server, passwords)
        _limit(server)
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
            server.execute(sql.SQL("CREATE DATABASE {} OWNER spst_owner").format(sql.Identifier(database)))
    with psycopg.connect(superuser_conninfo, dbname=database) as connection:
        _lock_down(connection, database)
        connection.execute(_CONTEXT)
        connection.execute(_DESTRUCTION)
        set_context_key(connection, context_key)


def _make_roles(server: psycopg.Connection, passwords: Passwords) -> None:
    known = {name for (name,) in server.execute("SELECT rolname FROM pg_roles").fetchall()}
    for nobody in sorted(_NOBODY - known):
        server.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(nobody)))
    for short in LOGIN_ROLES:
        name = sql.Identifier(f"spst_{short}")
        verb = sql.SQL("ALTER" if f"spst_{short}" in known else "CREATE")
        server.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, name, sql.Literal(getattr(passwords, short))
            )
        )


def _limit(server: psycopg.Connection) -> None:
    """A transaction of the application that is left open stops the seal of every journal, and its context is over anyway."""
    limit = sql.Literal(f"{LIFETIME_S}s")
    server.execute(sql.SQL("ALTER ROLE spst_app SET idle_in_transaction_session_timeout = {}").format(limit))


def _lock_down(connection: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO spst_owner, spst_app, spst_ops").format(name))
    # Loads by batches copy into temporary tables first, then pass every wall like any other row.
    connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO spst_ops").format(name))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    connection.execute("GRANT USAGE ON SCHEMA public TO spst_app, spst_ops")
    connection.execute("GRANT USAGE, CREATE ON SCHEMA public TO spst_owner")
    connection.execute("GRANT spst_ctx, spst_destruction TO CURRENT_USER")
    # Large objects have an owner but no wall: what a statement of one SPST put there, one of another would read.
    for function in _LARGE_OBJECTS:
        connection.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION pg_catalog.{} FROM PUBLIC").format(sql.SQL(function)))


def set_context_key(connection: psycopg.Connection, key: bytes) -> None:
    """Make `key` the one that contexts are checked with, and keep the one before it until its contexts have expired."""
    ipad, opad = hmac_pads(key)
    current = connection.execute("SELECT ipad FROM spst_ctx.cle WHERE id = 0").fetchone()
    if current is not None and bytes(current[0]) == ipad:
        return
    connection.execute("DELETE FROM spst_ctx.cle WHERE id = 1")
    connection.execute("UPDATE spst_ctx.cle SET id = 1 WHERE id = 0")
    connection.execute("INSERT INTO spst_ctx.cle VALUES (0, %s, %s)", [ipad, opad])
