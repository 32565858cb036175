"""Every table has the wall that its section asks: the catalogue of the database is compared with the law of the house."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from spst.kernel.models import wall_of
from spst.kernel.row_security import DELEGABLE, DOSSIER_SECTIONS, Section
from spst.wiring.models import is_ours, load_models
from tests.database import Database

pytestmark = pytest.mark.exigence("TEN-01")

METADATA = load_models().metadata
WALLED_TABLES = sorted(t.name for t in METADATA.tables.values() if wall_of(t))
TENANT_TABLES = sorted(t.name for t in METADATA.tables.values() if "global" not in t.info)
HEALTH = [s for s in DOSSIER_SECTIONS if s is not Section.S8]

GLOBAL_TABLES = {
    "authentificateur",
    "cle_acces",
    "compteur",
    "identite_electronique",
    "journal_technique",
    "nomenclature_exposition",
    "rattachement",
    "reglage_courriel",
    "regle_conservation",
    "section_dmst",
    "session",
    "tenant",
    "type_visite",
}
"""The written list: a table without tenant is added here with open eyes, and says why in its class."""

WRITTEN_BEHIND_A_WALL = {"rattachement"}
"""Those of them whose rows are each of one tenant: read by all, written inside it alone."""

OF_DESTRUCTION = {
    "dossier": {"conservation"},
    "exposition": {"conservation"},
    "travailleur": {"conservation"},
    "visite": {"conservation"},
    "trace": {"conservation", "detruire"},
    "trace_reserve": {"conservation", "detruire"},
    "trace_feuille": {"conservation"},
    "trace_destruction": {"inscrire"},
}
"""What the one function that destroys traces at their term reads, takes away and adds, under a role that nobody can become."""

NOT_OURS = ("procrastinate_%", "alembic_version")


@pytest.fixture(scope="module")
def catalogue(database: Database) -> Iterator[Connection]:
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_every_table_has_a_tenant_or_stands_in_the_written_list(catalogue: Connection) -> None:
    rows = catalogue.execute(
        text("""
            SELECT c.relname, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                                        AND a.attnotnull)
            FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND c.relname NOT LIKE ALL (:not_ours)
        """),
        {"not_ours": list(NOT_OURS)},
    ).all()
    without = {name for name, has_tenant in rows if not has_tenant}
    assert without | {"session", "rattachement"} == GLOBAL_TABLES
    declared = {t.name: t.info["global"] for t in METADATA.tables.values() if "global" in t.info}
    assert set(declared) == GLOBAL_TABLES
    assert set(WALLED_TABLES) == set(TENANT_TABLES) | WRITTEN_BEHIND_A_WALL
    assert all(len(reason) > 20 for reason in declared.values())


def test_row_security_is_on_and_forced_on_every_tenant_table_and_partition(catalogue: Connection) -> None:
    bare = catalogue.execute(
        text("""
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
              AND c.relname <> ALL (:global) AND c.relname NOT LIKE ALL (:not_ours)
        """),
        {"global": sorted(GLOBAL_TABLES - WRITTEN_BEHIND_A_WALL), "not_ours": list(NOT_OURS)},
    ).scalars()
    assert list(bare) == []


@pytest.mark.parametrize("table", WALLED_TABLES)
def test_the_policies_of_a_table_are_those_of_its_section(catalogue: Connection, table: str) -> None:
    policies = {
        row.policyname: row
        for row in catalogue.execute(
            text("SELECT * FROM pg_policies WHERE schemaname = 'public' AND tablename = :t"), {"t": table}
        )
    }
    of_destruction = OF_DESTRUCTION.get(table, set())
    assert {name for name, row in policies.items() if "spst_destruction" in row.roles} == of_destruction
    wall = wall_of(METADATA.tables[table])
    assert wall is not None
    expected = {"lire", "ajouter"} | ({"modifier"} if wall.update else set()) | ({"retirer"} if wall.delete else set())
    assert set(policies) == expected | of_destruction
    assert {row.permissive for row in policies.values()} == {"PERMISSIVE"}
    if wall.read_by_all:
        assert table in WRITTEN_BEHIND_A_WALL
        assert policies.pop("lire").qual == "true"
    for row in policies.values():
        for condition in filter(None, (row.qual, row.with_check)):
            assert "spst_ctx.tenant()" in condition
            assert "current_setting" not in condition


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_health_section_opens_to_no_family_but_health_delegates_and_the_person(
    catalogue: Connection, table: str
) -> None:
    """Derived from the section alone, and not from what the table's own wall says."""
    wall = wall_of(METADATA.tables[table])
    assert wall is not None
    if wall.section not in HEALTH:
        return
    quals = catalogue.execute(
        text("""SELECT string_agg(coalesce(qual, '') || coalesce(with_check, ''), ' ')
                FROM pg_policies WHERE tablename = :t"""),
        {"t": table},
    ).scalar_one()
    for family in ("administratif", "direction", "equipe", "service"):
        assert family not in quals
    assert ("'delegue'" in quals) == (wall.section in DELEGABLE)


@pytest.mark.parametrize("table", WALLED_TABLES)
def test_the_application_holds_no_more_than_its_verbs(catalogue: Connection, table: str) -> None:
    wall = wall_of(METADATA.tables[table])
    assert wall is not None
    held = set(
        catalogue.execute(
            text("""SELECT privilege_type FROM information_schema.role_table_grants
                    WHERE table_name = :t AND grantee = 'spst_app'"""),
            {"t": table},
        ).scalars()
    )
    expected = {"SELECT", "INSERT"} | ({"UPDATE"} if wall.update else set()) | ({"DELETE"} if wall.delete else set())
    assert held == expected


def test_uniques_primary_and_foreign_keys_of_tenant_tables_begin_with_the_tenant(catalogue: Connection) -> None:
    rows = catalogue.execute(
        text("""
            SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            WHERE i.indisunique AND c.relname = ANY (:tables)
              AND i.indkey[0] <> (SELECT attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
        """),
        {"tables": TENANT_TABLES},
    ).all()
    assert rows == []
    keys = catalogue.execute(
        text("""
            SELECT conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            WHERE k.contype = 'f' AND c.relname = ANY (:tables)
              AND k.conkey[1] <> (SELECT attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
        """),
        {"tables": TENANT_TABLES},
    ).all()
    assert keys == []


def test_no_view_nor_privileged_function_opens_a_way_round(catalogue: Connection) -> None:
    """No materialised view, no view without security_invoker, no SECURITY DEFINER beside the ones written here."""
    views = catalogue.execute(
        text("""SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm'
                OR relkind = 'v' AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false))""")
    ).all()
    assert views == []
    definers = set(
        catalogue.execute(
            text("""SELECT p.proname || ' of ' || r.rolname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
                    JOIN pg_namespace n ON n.oid = p.pronamespace
                    WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')""")
        ).scalars()
    )
    assert definers == {
        "claims of spst_ctx",
        "destroy_traces of spst_destruction",
        "make_trace_partitions of spst_owner",
        "purge_journal_technique of spst_owner",
        "terms of spst_destruction",
    }


@pytest.mark.exigence("TRA-06")
def test_nobody_can_become_the_role_that_destroys_traces_and_it_reads_no_trait_nor_text(catalogue: Connection) -> None:
    members = catalogue.execute(
        text("""SELECT r.rolname FROM pg_roles r
                WHERE NOT r.rolsuper AND r.rolname <> 'spst_destruction'
                  AND pg_has_role(r.oid, 'spst_destruction', 'MEMBER')""")
    ).scalars()
    assert list(members) == []
    role = catalogue.execute(text("SELECT * FROM pg_roles WHERE rolname = 'spst_destruction'")).one()
    assert (role.rolcanlogin, role.rolsuper, role.rolbypassrls) == (False, False, False)
    columns = catalogue.execute(
        text("""SELECT table_name || '.' || column_name FROM information_schema.column_privileges
                WHERE grantee = 'spst_destruction' AND privilege_type = 'SELECT'
                  AND table_name NOT IN ('nomenclature_exposition', 'regle_conservation') AND column_name <> 'tenant_id'""")
    ).scalars()
    assert set(columns) == {
        *(f"dossier.{name}" for name in ("id", "travailleur_id", "created_at")),
        *(f"travailleur.{name}" for name in ("id", "date_naissance", "decede_on")),
        *(f"visite.{name}" for name in ("dossier_id", "started_at", "closed_at", "abandoned_at")),
        *(f"exposition.{name}" for name in ("id", "dossier_id", "code", "ends_on", "corrige_id")),
        *(f"trace.{name}" for name in ("id", "dossier_id")),
        "trace_reserve.trace_id",
        *(f"trace_feuille.{name}" for name in ("rang", "trace_id")),
    }


def test_no_function_of_ours_is_leakproof(catalogue: Connection) -> None:
    found = catalogue.execute(
        text("""SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE proleakproof AND nspname NOT IN ('pg_catalog', 'information_schema')""")
    ).all()
    assert found == []


def test_models_and_migrations_agree(database: Database) -> None:
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "target_metadata": METADATA})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()
