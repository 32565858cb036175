"""Walls of the database: each tenant table declares its section, and this module alone writes the policies that follow.

A policy knows the signed context only (`spst_ctx`): tenant, family of the actor, his dossier, his delegation. What a role may
do inside its family is the business of `habilitations`; these walls hold when that business is wrong.
Source: C. trav. art. R. 4624-45-4 (sections), R. 4624-45-5 (who).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Parts of the DMST (R. 4624-45-4 1° to 7°, R. 4624-45-5 al. 4), and the two kinds of table outside it."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    S5 = "S5"
    S6 = "S6"
    S7 = "S7"
    S8 = "S8"
    REGISTRE = "registre"
    TECHNIQUE = "technique"


DOSSIER_SECTIONS = tuple(Section(f"S{n}") for n in range(1, 9))
DELEGABLE = (Section.S1, Section.S2)

_EVERYBODY = ("sante", "delegue", "administratif", "direction", "equipe")
_READERS: dict[Section, tuple[str, ...]] = {
    Section.S8: ("sante", "direction"),
    Section.REGISTRE: ("sante", "delegue", "administratif"),
    Section.TECHNIQUE: _EVERYBODY,
}
APP_ROLES = "spst_app, spst_ops"

_TENANT = "tenant_id = (SELECT spst_ctx.tenant())"
_FAMILY = "(SELECT spst_ctx.famille())"


@dataclass(frozen=True, slots=True)
class Wall:
    """What a table opens, and to whom.

    `readers`, `writers`: families, instead of what the section gives. A writer of S8 only appends, in his own name.
    `own`: the column by which a travailleur's rows are known: "dossier_id", or a column that holds his own id, as
    "travailleur_id"; None closes the table to him whatever the section. `own_claim`: "dossier" or "acteur" when the
    column's name does not tell which of them it is compared with.
    `own_write`: he may also add rows (S7, and what he says of himself).
    `services`: purposes of the jobs that may read and write here; `watchers`: of those that may only read.
    `update`, `delete`: verbs that the application is granted beside SELECT and INSERT.
    `read_by_all`: rows that are read before any tenant is known, as a log-in does; the wall holds their writing alone.
    """

    section: Section
    readers: tuple[str, ...] | None = None
    writers: tuple[str, ...] | None = None
    own: str | None = None
    own_claim: str | None = None
    own_write: bool = False
    services: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()
    update: bool = False
    delete: bool = False
    read_by_all: bool = False

    @property
    def read_families(self) -> tuple[str, ...]:
        families = self.readers if self.readers is not None else _READERS.get(self.section, ("sante",))
        return families + _jobs(self.services) + _jobs(self.watchers)

    @property
    def write_families(self) -> tuple[str, ...]:
        return (self.writers if self.writers is not None else self._default_writers) + _jobs(self.services)

    @property
    def _default_writers(self) -> tuple[str, ...]:
        return self.readers if self.readers is not None else _READERS.get(self.section, ("sante",))


def _jobs(purposes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"service:{purpose}" for purpose in purposes)


def ddl(table: str, wall: Wall) -> Iterator[str]:
    """Statements that put `table` behind its wall: row security forced, policies, grants."""
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield from _policies(table, wall)
    verbs = ["SELECT", "INSERT", *(["UPDATE"] if wall.update else []), *(["DELETE"] if wall.delete else [])]
    yield f"GRANT {', '.join(verbs)} ON {table} TO {APP_ROLES}"


def _policies(table: str, wall: Wall) -> Iterator[str]:
    read, write = read_condition(table, wall), write_condition(table, wall)
    yield f"CREATE POLICY lire ON {table} FOR SELECT TO {APP_ROLES} USING ({read})"
    yield f"CREATE POLICY ajouter ON {table} FOR INSERT TO {APP_ROLES} WITH CHECK ({write})"
    if wall.update:
        yield f"CREATE POLICY modifier ON {table} FOR UPDATE TO {APP_ROLES} USING ({write}) WITH CHECK ({write})"
    if wall.delete:
        yield f"CREATE POLICY retirer ON {table} FOR DELETE TO {APP_ROLES} USING ({write})"


def read_condition(table: str, wall: Wall) -> str:
    if wall.read_by_all:
        return "true"
    return _within_tenant(_families(wall.read_families), *_delegation(table, wall), *_own(wall, wall.own is not None))


def write_condition(table: str, wall: Wall) -> str:
    if wall.section is Section.S8:
        return f"{_TENANT} AND acteur_id = (SELECT spst_ctx.acteur())"
    return _within_tenant(_families(wall.write_families), *_delegation(table, wall), *_own(wall, wall.own_write))


def _within_tenant(*doors: str) -> str:
    return f"{_TENANT} AND ({' OR '.join(doors)})"


def _families(families: tuple[str, ...]) -> str:
    if not families:
        return "false"
    return f"{_FAMILY} IN ({', '.join(repr(family) for family in families)})"


def _own(wall: Wall, is_open: bool) -> Iterator[str]:
    if is_open and wall.own:
        claim = wall.own_claim or ("dossier" if wall.own == "dossier_id" else "acteur")
        yield f"{_FAMILY} = 'travailleur' AND {wall.own} = (SELECT spst_ctx.{claim}())"


def _delegation(table: str, wall: Wall) -> Iterator[str]:
    """A member of the team who is no health professional: the row's section must be delegated to him, now, by name."""
    if wall.section in DELEGABLE:
        yield (
            f"{_FAMILY} = 'delegue' AND EXISTS (SELECT FROM delegation d"
            f" WHERE d.tenant_id = {table}.tenant_id AND d.id = (SELECT spst_ctx.delegation())"
            f" AND d.delegue_id = (SELECT spst_ctx.acteur()) AND d.revoked_at IS NULL"
            f" AND now() >= d.starts_on AND now() < d.ends_on AND '{wall.section}' = ANY (d.sections)"
            f" AND (d.dossier_id IS NULL OR d.dossier_id = {table}.dossier_id))"
        )
