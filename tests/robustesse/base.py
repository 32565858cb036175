"""What the database holds, as one figure per table: whether a refused act left anything behind."""

from sqlalchemy import text

from spst.kernel.models import Base
from tests.factories.monde import Monde

MOVING = frozenset({"trace", "trace_reserve", "journal_technique", "session", "compteur"})
"""Written whatever becomes of an act: who tried, how often, under which session."""
REFERENCE = frozenset({"nomenclature_exposition", "type_visite", "section_dmst", "politique_version"})

_DIGEST = """
    SELECT '{0}' AS name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) AS digest
    FROM {0} t
"""


def content(monde: Monde, *tables: str) -> dict[str, str]:
    """Number of rows of each table, and a digest of them: an update is seen as well as an insertion."""
    names = tables or sorted(set(Base.metadata.tables) - MOVING - REFERENCE)
    query = " UNION ALL ".join(_DIGEST.format(name) for name in names)
    with monde.superuser.connect() as connection:
        return {row.name: row.digest for row in connection.execute(text(query))}
