"""Connections. A process refuses to start under a role that could get round row security."""

from sqlalchemy import Engine, create_engine, text

_PRIVILEGES = text("""
    SELECT r.rolsuper, r.rolbypassrls,
           EXISTS (SELECT FROM pg_roles p WHERE (p.rolsuper OR p.rolbypassrls) AND pg_has_role(r.oid, p.oid, 'MEMBER')),
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
                     AND pg_has_role(r.oid, c.relowner, 'MEMBER')),
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND has_table_privilege(r.oid, c.oid, 'TRUNCATE'))
    FROM pg_roles r WHERE r.rolname = current_user
""")
_REASONS = (
    "superutilisateur",
    "BYPASSRLS",
    "membre d’un rôle qui contourne",
    "propriétaire de tables",
    "TRUNCATE permis",
)


class RoleTooPowerful(Exception):
    """The database role could read past row security; the message says how."""


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine whose role was checked.

    Raises: RoleTooPowerful. Autocommit is never used: a context lives in its transaction alone.
    """
    engine = create_engine(url, pool_size=pool_size, max_overflow=0, pool_pre_ping=False)
    try:
        check_role(engine)
    except RoleTooPowerful:
        engine.dispose()
        raise
    return engine


def check_role(engine: Engine) -> None:
    with engine.connect() as connection:
        flags = connection.execute(_PRIVILEGES).one()
    found = [reason for flag, reason in zip(flags, _REASONS, strict=True) if flag]
    if found:
        raise RoleTooPowerful(f"le rôle de la base pourrait contourner le cloisonnement : {', '.join(found)}")
