"""What is read of identities, as read models; every statement names the tenant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, Table, exists, func, intersect, literal, select, union_all

from spst.identite.models import MatriculeIns, NomToken, Travailleur
from spst.identite.rules import Recherche, Traits, prefix_range
from spst.kernel.context import Context

TRAVAILLEUR = cast(Table, Travailleur.__table__)
TOKEN = cast(Table, NomToken.__table__)
MATRICULE = cast(Table, MatriculeIns.__table__)

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
    return next(iter(_people(ctx, TRAVAILLEUR.c.id == travailleur_id)), None)


def born_on(ctx: Context, day: date) -> list[TravailleurVu]:
    """Everybody of the SPST who was born that day: those whom an electronic identity may be."""
    return _people(ctx, TRAVAILLEUR.c.date_naissance == day)


def _people(ctx: Context, *conditions: ColumnElement[bool]) -> list[TravailleurVu]:
    query = select(*_SEEN).where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id, *conditions)
    return [TravailleurVu(*row) for row in ctx.session.execute(query)]


def search(ctx: Context, asked: Recherche, limit: int, offset: int) -> tuple[int, list[Ligne]]:
    """A page of results and their number (at most CAP + 1), in one statement.

    Every condition is an equality or a range on a `COLLATE "C"` column: the operators that row security leaves to indexes.
    Names that begin with what was typed come first, then words inside names and first names; both in the order of names.
    """
    found = _found(ctx, asked)
    kept = select(found.c.id, func.min(found.c.rang).label("rang")).group_by(found.c.id).cte("uniques")
    query = (
        select(func.count().over().label("total"), *_LISTED)
        .select_from(kept.join(TRAVAILLEUR, TRAVAILLEUR.c.id == kept.c.id))
        .where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id)
        .order_by(kept.c.rang, TRAVAILLEUR.c.nom_cle, TRAVAILLEUR.c.id)
        .limit(limit)
        .offset(offset)
    )
    rows = ctx.session.execute(query).all()
    return (rows[0].total if rows else 0), [Ligne(*row[1:]) for row in rows]


def _found(ctx: Context, asked: Recherche) -> CTE:
    if asked.naissance is not None:
        return _born(ctx, asked).cte("trouves")
    return union_all(_by_name(ctx, asked), _by_word(ctx, asked)).cte("trouves")


def _born(ctx: Context, asked: Recherche) -> Select[Any]:
    return (
        select(TRAVAILLEUR.c.id, literal(0).label("rang"))
        .where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id, TRAVAILLEUR.c.date_naissance == asked.naissance)
        .where(*(_has_word(ctx, mot, TRAVAILLEUR.c.id) for mot in asked.mots))
        .limit(CAP + 1)
    )


def _by_name(ctx: Context, asked: Recherche) -> Select[Any]:
    """Birth names that begin with the words joined: "DE VIN" finds DE VINCI."""
    return (
        select(TRAVAILLEUR.c.id, literal(0).label("rang"))
        .where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id, *_between(TRAVAILLEUR.c.nom_cle, asked.debut_du_nom))
        .order_by(TRAVAILLEUR.c.nom_cle)
        .limit(CAP + 1)
    )


def _by_word(ctx: Context, asked: Recherche) -> Select[Any]:
    """Whoever has, for each word typed, a word that begins so.

    Row security makes the planner expect far fewer rows than there are, and a semi-join of two common words then costs seconds.
    Long words are therefore intersected, which takes the time of reading each of them once; short ones, as an initial, are
    looked up among the words of whoever is left.
    """
    longest, *others = sorted(asked.mots, key=len, reverse=True)
    long, short = _split(others)
    found = intersect(*(_with_word(ctx, mot) for mot in (longest, *long))).subquery() if long else None
    people = _with_word(ctx, longest).subquery() if found is None else found
    return (
        select(people.c.travailleur_id, literal(1).label("rang"))
        .where(*(_has_word(ctx, mot, people.c.travailleur_id) for mot in short))
        .limit(CAP + 1)
    )


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Words long enough to be rare, and the others."""
    return [word for word in words if len(word) > 2], [word for word in words if len(word) <= 2]


def _with_word(ctx: Context, mot: str) -> Select[Any]:
    return select(TOKEN.c.travailleur_id).where(TOKEN.c.tenant_id == ctx.tenant_id, *_between(TOKEN.c.token, mot))


def _has_word(ctx: Context, mot: str, travailleur_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    other = TOKEN.alias()
    return exists().where(
        other.c.tenant_id == ctx.tenant_id, other.c.travailleur_id == travailleur_id, *_between(other.c.token, mot)
    )


def _between(column: ColumnElement[str], prefix: str) -> Iterable[ColumnElement[bool]]:
    low, high = prefix_range(prefix)
    return column >= low, column < high


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
