"""traces: the ledger of destructions, and the one way by which the traces of a dossier leave at the end of its retention.

`spst_destruction` (bootstrap) owns the function; here it is given what that function needs, no more: columns that tell a term,
lines to take away, a ledger to add to. `terme_conservation` is the law (C. trav. art. R. 4624-45-9): it may change with a
migration, the function that destroys does not. TRA-06.
"""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl, read_condition

revision = "0045"
down_revision = "0044"

TABLE = "trace_destruction"
WALL = Wall(
    Section.TECHNIQUE,
    readers=("sante", "direction", "travailleur", "service:verification", "service:conservation"),
    writers=(),
)
PUBLIC = Wall(
    Section.TECHNIQUE,
    readers=("sante", "direction", "travailleur", "service:verification", "service:conservation"),
    writers=(),
    services=("scellement",),
)
WIDENED = {
    "trace": Wall(
        Section.S8,
        own="dossier_id",
        services=("scellement", "verification", "conservation"),
        watchers=("surveillance",),
    ),
    "trace_reserve": Wall(Section.S8, readers=("sante",), own="dossier_id", services=("verification", "conservation")),
    **{f"trace_{name}": PUBLIC for name in ("feuille", "noeud", "tete", "cle", "horodatage")},
}

FACTS = {
    "dossier": "tenant_id, id, travailleur_id, created_at",
    "travailleur": "tenant_id, id, date_naissance, decede_on",
    "visite": "tenant_id, dossier_id, started_at, closed_at, abandoned_at",
    "exposition": "tenant_id, id, dossier_id, code, ends_on, corrige_id",
    "trace": "tenant_id, id, dossier_id",
    "trace_reserve": "tenant_id, trace_id",
    "trace_feuille": "tenant_id, rang, trace_id",
}
"""Columns that tell a term or name a line: no trait, no text."""
DESTROYED = ("trace", "trace_reserve")
OF_TENANT = "tenant_id = (SELECT spst_ctx.tenant())"

CHECK_ROLE = """
DO $$ BEGIN
    IF to_regrole('spst_destruction') IS NULL THEN
        RAISE EXCEPTION 'le rôle spst_destruction manque : relancez d''abord « spst db bootstrap »';
    END IF;
END $$
"""

# Suspension by a claim (R. 4624-45-9) is a fact that no dossier holds yet: who decides a destruction answers for it.
TERM = """
CREATE FUNCTION terme_conservation(le_dossier uuid, OUT terme date, OUT regle text, OUT en_vigueur_le date)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    le_spst uuid := spst_ctx.tenant();
    le_travailleur uuid;
    ne_le date;
    decede_le date;
    derniere date;
BEGIN
    SELECT d.travailleur_id, (d.created_at AT TIME ZONE 'Europe/Paris')::date INTO le_travailleur, derniere
    FROM dossier d WHERE d.tenant_id = le_spst AND d.id = le_dossier;
    SELECT t.date_naissance, t.decede_on INTO ne_le, decede_le
    FROM travailleur t WHERE t.tenant_id = le_spst AND t.id = le_travailleur;
    -- No other condition on visits than their dossier: a partial index would be walked for the whole SPST.
    SELECT coalesce(max((greatest(v.started_at, v.closed_at) AT TIME ZONE 'Europe/Paris')::date)
                    FILTER (WHERE v.abandoned_at IS NULL), derniere) INTO derniere
    FROM visite v WHERE v.tenant_id = le_spst AND v.dossier_id = le_dossier;

    WITH regles AS MATERIALIZED (SELECT * FROM regles_en_vigueur()),
    expositions AS MATERIALIZED (
        SELECT e.code, coalesce(e.ends_on, decede_le) AS fin,
               (SELECT n.famille FROM nomenclature_exposition n WHERE n.code = e.code
                ORDER BY n.effective_from DESC LIMIT 1) AS famille
        FROM exposition e WHERE e.tenant_id = le_spst AND e.dossier_id = le_dossier
          AND NOT EXISTS (SELECT FROM exposition c
                          WHERE c.tenant_id = le_spst AND c.dossier_id = le_dossier AND c.corrige_id = e.id)),
    ordinaire AS (
        SELECT (CASE r.depuis WHEN 'deces' THEN decede_le ELSE derniere END
                + make_interval(months => r.duree_mois))::date AS jour, r.code, r.effective_from
        FROM regles r WHERE r.depuis = 'derniere_visite' OR r.depuis = 'deces' AND decede_le IS NOT NULL
        ORDER BY jour LIMIT 1),
    speciales AS (
        SELECT (CASE r.depuis WHEN 'naissance' THEN ne_le ELSE e.fin END
                + make_interval(months => r.duree_mois))::date AS jour, r.code, r.effective_from
        FROM expositions e, regles r WHERE r.depuis IN ('naissance', 'fin_exposition')
          AND (e.code = ANY (r.codes) OR e.famille = ANY (r.familles))),
    toutes AS (
        SELECT * FROM ordinaire UNION ALL SELECT * FROM speciales
        -- An exposure that the nomenclature does not know may be any of them: no term is told.
        UNION ALL SELECT NULL, NULL, NULL FROM expositions e WHERE e.famille IS NULL)
    SELECT t.jour, t.code, t.effective_from INTO terme, regle, en_vigueur_le
    FROM toutes t ORDER BY t.jour DESC NULLS FIRST LIMIT 1;
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change_but_destruction() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user = 'spst_destruction' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.execute(CHECK_ROLE)
    for table, wall in WIDENED.items():
        op.execute(f"ALTER POLICY lire ON {table} USING ({read_condition(table, wall)})")
    _create_ledger()
    op.execute(TERM)
    op.execute("REVOKE ALL ON FUNCTION terme_conservation FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION terme_conservation, regles_en_vigueur TO spst_destruction")
    op.execute("GRANT SELECT ON regle_conservation, nomenclature_exposition TO spst_destruction")
    for table, columns in FACTS.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO spst_destruction")
        op.execute(f"CREATE POLICY conservation ON {table} FOR SELECT TO spst_destruction USING ({OF_TENANT})")
    op.execute(REFUSE_CHANGE)
    for table in DESTROYED:
        _let_leave(table)


def _create_ledger() -> None:
    op.create_table(
        TABLE,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("numero", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("numero > 0", name=op.f("trace_destruction_numero_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "numero", name=op.f("trace_destruction_pk")),
    )
    op.execute(
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {TABLE} EXECUTE FUNCTION refuse_change()")
    for statement in ddl(TABLE, WALL):
        op.execute(statement)
    op.execute(f"GRANT INSERT ON {TABLE} TO spst_destruction")
    op.execute(f"CREATE POLICY inscrire ON {TABLE} FOR INSERT TO spst_destruction WITH CHECK ({OF_TENANT})")


def _let_leave(table: str) -> None:
    """By the role of the one function; the trigger stands on every partition, and on those to come."""
    op.execute(f"GRANT DELETE ON {table} TO spst_destruction")
    op.execute(f"CREATE POLICY detruire ON {table} FOR DELETE TO spst_destruction USING ({OF_TENANT})")
    op.execute(f"DROP TRIGGER refuse_change ON {table}")
    op.execute(
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_but_destruction()"
    )
