"""traces: how long things are kept, as dated data; the technical journal is purged by one function, and by no other statement.

The application loses DELETE on `journal_technique`: what may leave follows from the rule in force and the database's clock, so
that nobody who speaks as the application takes away the lines about himself. CNIL, délibération 2021-122; LOG-09, TRA-06.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"

DATA = Path(__file__).parent.parent / "data" / "0044_regle_conservation.csv"
TABLE = "regle_conservation"

IN_FORCE = """
CREATE FUNCTION regles_en_vigueur() RETURNS SETOF regle_conservation
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.* FROM regle_conservation r, LATERAL (SELECT (now() AT TIME ZONE 'Europe/Paris')::date AS jour) j
    WHERE r.effective_from <= j.jour AND (r.effective_to IS NULL OR r.effective_to > j.jour)
$$
"""

PURGE = """
CREATE FUNCTION purge_journal_technique(
    OUT lignes bigint, OUT avant timestamptz, OUT plus_ancienne timestamptz, OUT plus_recente timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT now() - make_interval(months => r.duree_mois) INTO STRICT avant
    FROM regles_en_vigueur() r WHERE r.code = 'JOURNAL_TECHNIQUE';
    WITH parties AS (DELETE FROM journal_technique j WHERE j.at < avant RETURNING j.at)
    SELECT count(*), min(p.at), max(p.at) INTO lignes, plus_ancienne, plus_recente FROM parties p;
END $$
"""


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("libelle", sa.Text(), nullable=False),
        sa.Column("depuis", sa.Text(), nullable=False),
        sa.Column("duree_mois", sa.SmallInteger(), nullable=False),
        sa.Column("familles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "depuis IN ('derniere_visite', 'deces', 'fin_exposition', 'naissance', 'evenement')",
            name=op.f("regle_conservation_depuis_ck"),
        ),
        sa.CheckConstraint("duree_mois > 0", name=op.f("regle_conservation_duree_mois_ck")),
        sa.PrimaryKeyConstraint("code", "effective_from", name=op.f("regle_conservation_pk")),
    )
    rows = list(_rows())
    op.bulk_insert(sa.table(TABLE, *(sa.column(name) for name in rows[0])), rows)
    op.execute(f"GRANT SELECT ON {TABLE} TO spst_app, spst_ops")
    op.execute(IN_FORCE)
    op.execute(PURGE)
    op.execute("REVOKE ALL ON FUNCTION regles_en_vigueur, purge_journal_technique FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION purge_journal_technique TO spst_app")
    op.execute("REVOKE DELETE ON journal_technique FROM spst_app")


def _rows() -> Iterator[dict[str, Any]]:
    with DATA.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield {
                **row,
                "duree_mois": int(row["duree_mois"]),
                "familles": _listed(row["familles"]),
                "codes": _listed(row["codes"]),
                "effective_from": date.fromisoformat(row["effective_from"]),
                "effective_to": date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
            }


def _listed(value: str) -> list[str]:
    return value.split(";") if value else []
