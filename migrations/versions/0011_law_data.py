"""Law as dated data: sections of the DMST, types of visit, exposures that the code names.

The files of `migrations/data` hold one release; a later text is a new row with its own `effective_from`, in a later migration.
Sources: Code du travail, text of 2026-03-29; ministère du Travail, questions-réponses du 8 octobre 2024.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

DATA = Path(__file__).parent.parent / "data"
LISTS = {"regimes", "praticiens"}
NUMBERS = {"rang", "interval_max_mois"}
DATES = {"effective_from", "effective_to"}


def upgrade() -> None:
    for table in ("section_dmst", "type_visite", "nomenclature_exposition"):
        rows = list(_rows(table))
        op.bulk_insert(sa.table(table, *(sa.column(name) for name in rows[0])), rows)


def _rows(table: str) -> Iterator[dict[str, Any]]:
    with (DATA / f"{revision}_{table}.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield {name: _typed(name, value) for name, value in row.items()}


def _typed(name: str, value: str) -> Any:
    if name in LISTS:
        return value.split(";")
    if not value:
        return None
    if name in NUMBERS:
        return int(value)
    return date.fromisoformat(value) if name in DATES else value
