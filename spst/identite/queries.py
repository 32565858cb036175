"""What is read of identities, as read models; every statement names the tenant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Table,
    Uuid,
    any_,
    bindparam,
    exists,
    func,
    intersect,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from spst.identite.models import MatriculeIns, NomToken, Travailleur
from spst.identite.rules import Recherche, Traits, prefix_range
from spst.kernel.context import Context

TRAVAILLEUR = cast(Table, Travailleur.__table__)
TOKEN = cast(Table, NomToken.__table__)
MATRICULE = cast(Table, MatriculeIns.__table__)

_TENANT: BindParameter[UUID] = bindparam("tenant")

CAP = 200
"""Nobody reads further: past it, a search says that there are more and asks for a name or a date."""


@dataclass(frozen=True, slots=True)
class Ligne:
    """Somebody in a list of results: enough to tell homonyms apart, and no more."""

    travailleur_id: UUID
    nom_naissance: str
    premier_prenom: str
    nom_utilise: str | None
    prenom_utilise: str | None
    date_naissance: date
    sexe: str
    statut_ins: str
    decede_on: date | None


@dataclass(frozen=True, slots=True)
class TravailleurVu:
    """Civil identity and contact, as the register keeps them."""

    id: UUID
    nom_naissance: str
    prenoms: str
    premier_prenom: str
    nom_utilise: str | None
    prenom_utilise: str | None
    date_naissance: date
    sexe: str
    lieu_naissance: str | None
    statut_ins: str
    decede_on: date | None
    telephone: str | None
    email: str | None
    adresse: str | None

    @property
    def traits(self) -> Traits:
        return Traits(self.nom_naissance, self.prenoms, self.date_naissance, self.sexe, self.lieu_naissance)


_SEEN = [TRAVAILLEUR.c[name] for name in TravailleurVu.__slots__]
_LISTED = [TRAVAILLEUR.c.id, *(TRAVAILLEUR.c[name] for name in Ligne.__slots__ if name != "travailleur_id")]


def find_travailleur(ctx: Context, travailleur_id: UUID) -> TravailleurVu | None:
    query = select(*_SEEN).where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id, TRAVAILLEUR.c.id == travailleur_id)
    row = ctx.session.execute(query).one_or_none()
    return None if row is None else TravailleurVu(*row)


def born_on(ctx: Context, day: date, within: Collection[UUID] | None = None) -> list[TravailleurVu]:
    """Everybody of the SPST who was born that day: those whom an electronic identity may be. `within`: among these alone."""
    born = select(*_SEEN).where(TRAVAILLEUR.c.tenant_id == _TENANT, TRAVAILLEUR.c.date_naissance == day)
    query = born.where(*_among(TRAVAILLEUR.c.id, within is not None))
    return [TravailleurVu(*row) for row in ctx.session.execute(query, {"tenant": ctx.tenant_id, **_within(within)})]


def search(
    ctx: Context, asked: Recherche, limit: int, offset: int, within: Collection[UUID] | None = None
) -> tuple[int, list[Ligne]]:
    """A page of results and their number (at most CAP + 1), in one statement. `within`: among these people alone.

    Names that begin with what was typed come first, then words inside names and first names; both in the order of names.
    """
    long, short = _split(asked.mots)
    values: dict[str, object] = {
        "tenant": ctx.tenant_id,
        "naissance": asked.naissance,
        "limit": limit,
        "offset": offset,
        **_within(within),
    }
    for name, prefix in (("nom", asked.debut_du_nom), *_numbered("long", long), *_numbered("short", short)):
        if prefix:
            values[f"{name}_low"], values[f"{name}_high"] = prefix_range(prefix)
    statement = _statement(len(long), len(short), asked.naissance is not None, within is not None)
    rows = ctx.session.execute(statement, values).all()
    return (rows[0].total if rows else 0), [Ligne(*row[1:]) for row in rows]


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words that may be rare, the longest among them whatever its length, and the others of one or two letters."""
    ordered = sorted(words, key=len, reverse=True)
    rare = [word for rank, word in enumerate(ordered) if rank == 0 or len(word) > 2]
    return rare, ordered[len(rare) :]


def _numbered(kind: str, words: list[str]) -> list[tuple[str, str]]:
    return [(f"{kind}_{rank}", word) for rank, word in enumerate(words)]


@lru_cache(maxsize=64)
def _statement(long: int, short: int, is_dated: bool, is_bounded: bool) -> Select[Any]:
    """The statement for so many words, made once: only its values change.

    Every condition is an equality or a range on a `COLLATE "C"` column, the operators that row security leaves to indexes. Where
    the actor finds some people only, each part looks among them before it is cut at CAP: others neither count nor push them out.
    """
    found = _born(long, short, is_bounded) if is_dated else _named(long, short, is_bounded)
    everybody = found.cte("trouves")
    kept = select(everybody.c.id, func.min(everybody.c.rang).label("rang")).group_by(everybody.c.id).cte("uniques")
    return (
        select(func.count().over().label("total"), *_LISTED)
        .select_from(kept.join(TRAVAILLEUR, TRAVAILLEUR.c.id == kept.c.id))
        .where(TRAVAILLEUR.c.tenant_id == _TENANT)
        .order_by(kept.c.rang, TRAVAILLEUR.c.nom_cle, TRAVAILLEUR.c.id)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )


def _within(people: Collection[UUID] | None) -> dict[str, object]:
    return {} if people is None else {"within": list(people)}


def _among(travailleur_id: ColumnElement[UUID], is_bounded: bool) -> tuple[ColumnElement[bool], ...]:
    return (travailleur_id == any_(bindparam("within", type_=ARRAY(Uuid))),) if is_bounded else ()


def _born(long: int, short: int, is_bounded: bool) -> Select[Any]:
    words = (*_names("long", long), *_names("short", short))
    return (
        select(TRAVAILLEUR.c.id, literal(0).label("rang"))
        .where(TRAVAILLEUR.c.tenant_id == _TENANT, TRAVAILLEUR.c.date_naissance == bindparam("naissance"))
        .where(*(_has_word(name, TRAVAILLEUR.c.id) for name in words))
        .where(*_among(TRAVAILLEUR.c.id, is_bounded))
        .limit(CAP + 1)
    )


def _named(long: int, short: int, is_bounded: bool) -> CompoundSelect[Any]:
    return union_all(_by_name(is_bounded), _by_word(long, short, is_bounded))


def _by_name(is_bounded: bool) -> Select[Any]:
    """Birth names that begin with the words joined: "DE VIN" finds DE VINCI."""
    return (
        select(TRAVAILLEUR.c.id, literal(0).label("rang"))
        .where(TRAVAILLEUR.c.tenant_id == _TENANT, *_between(TRAVAILLEUR.c.nom_cle, "nom"))
        .where(*_among(TRAVAILLEUR.c.id, is_bounded))
        .order_by(TRAVAILLEUR.c.nom_cle)
        .limit(CAP + 1)
    )


def _by_word(long: int, short: int, is_bounded: bool) -> Select[Any]:
    """Whoever has, for each word typed, a word that begins so.

    Row security makes the planner expect far fewer rows than there are, and a semi-join of two common words then costs seconds.
    Long words are therefore intersected, which takes the time of reading each of them once; short ones, as an initial, are
    looked up among the words of whoever is left.
    """
    each = [_with_word(name) for name in _names("long", long)]
    people = (intersect(*each) if len(each) > 1 else each[0]).subquery()
    return (
        select(people.c.travailleur_id, literal(1).label("rang"))
        .where(*(_has_word(name, people.c.travailleur_id) for name in _names("short", short)))
        .where(*_among(people.c.travailleur_id, is_bounded))
        .limit(CAP + 1)
    )


def _names(kind: str, number: int) -> list[str]:
    return [f"{kind}_{rank}" for rank in range(number)]


def _with_word(name: str) -> Select[Any]:
    return select(TOKEN.c.travailleur_id).where(TOKEN.c.tenant_id == _TENANT, *_between(TOKEN.c.token, name))


def _has_word(name: str, travailleur_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    other = TOKEN.alias()
    return exists().where(
        other.c.tenant_id == _TENANT, other.c.travailleur_id == travailleur_id, *_between(other.c.token, name)
    )


def _between(column: ColumnElement[str], name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= bindparam(f"{name}_low"), column < bindparam(f"{name}_high")


@dataclass(frozen=True, slots=True)
class MatriculeRow:
    id: UUID
    matricule_sealed: bytes
    oid: str


def find_matricule(ctx: Context, dossier_id: UUID) -> MatriculeRow | None:
    query = select(MATRICULE.c.id, MATRICULE.c.matricule_sealed, MATRICULE.c.oid).where(
        MATRICULE.c.tenant_id == ctx.tenant_id, MATRICULE.c.dossier_id == dossier_id
    )
    row = ctx.session.execute(query).one_or_none()
    return None if row is None else MatriculeRow(*row)
