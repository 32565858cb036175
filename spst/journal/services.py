"""The door: lines without content for the direction, accesses to a dossier for its professionals and its worker.

Each reading is itself authorised and traced, with kinds of filter and counts, never what was looked for.
Serves C. trav. art. R. 4624-45-5 al. 4; RGPD art. 15; TRA-04, TRA-05.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO
from uuid import UUID

from spst.habilitations import services as habilitations
from spst.habilitations.simulation import Groupe
from spst.journal import preuves, queries, rules
from spst.journal.errors import PreuveUnavailable
from spst.journal.preuves import PreuveLue
from spst.journal.rules import REFUSE, Acces, Filtres, Ligne
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.notes import text_of
from spst.kernel.unit_of_work import bind_context
from spst.traces import services as traces
from spst.traces import tetes
from spst.traces.arbre import NodesMissing
from spst.traces.sceau import Tete

PAGE = 50
DAYS = 7
YEAR = 365
MOST_ON_PAPER = 600
"""Lines of a sheet: some fifteen pages."""


@dataclass(frozen=True, slots=True)
class PageJournal:
    """A page of lines, newest first. `newer`, `older`: where the neighbouring pages begin, None at an end."""

    lignes: tuple[Ligne, ...]
    total: int
    newer: UUID | None
    older: UUID | None


@dataclass(frozen=True, slots=True)
class AccesDossier:
    """Accesses to one dossier, newest first. `refus`: how many of `total` were refused. `older`: where the next page begins."""

    lignes: tuple[Acces, ...]
    total: int
    refus: int
    older: UUID | None


@dataclass(frozen=True, slots=True)
class SceauVu:
    """The last seal of the journal. `at`: UTC, of its head; `note`: the signed head itself. `cle`: id of the first key of the
    journal, which names those after it: what a verifier prints, to be compared."""

    at: datetime
    taille: int
    racine: str
    note: str
    cle: str


@dataclass(frozen=True, slots=True)
class FeuilleAcces:
    """Accesses since `since` (UTC), newest first; `total` and `refus` are those of the whole list."""

    lignes: tuple[Acces, ...]
    total: int
    refus: int
    since: datetime
    sceau: SceauVu | None


@dataclass(frozen=True, slots=True)
class Chiffres:
    """Counts of a period, without content. `par_heure`: 24 counts."""

    start: date
    end: date
    acces: int
    refus: int
    par_heure: tuple[int, ...]


def last_days(ctx: Context, days: int = DAYS) -> Filtres:
    """The last days, today included."""
    end = today(ctx.clock)
    return Filtres(end - timedelta(days=days - 1), end)


def lines(ctx: Context, filtres: Filtres, *, before: UUID | None = None, after: UUID | None = None) -> PageJournal:
    """One page of the journal of the SPST. `before`, `after`: the line at which a neighbouring page ended."""
    habilitations.require(ctx, "journal.consult")
    dossiers = _dossiers(ctx, filtres)
    total = queries.count(ctx, filtres, dossiers)
    found = queries.page(ctx, filtres, dossiers, PAGE + 1, before, after)
    page = _page(found, total, before, after)
    traces.record(ctx, "journal.consult", details={"filtres": filtres.kinds, "lignes": len(page.lignes)})
    return page


def start_export(ctx: Context, filtres: Filtres) -> tuple[int, UUID]:
    """Authorise and trace an export, in a transaction that commits before its first byte leaves.

    Returns the number of lines, and the mark before which they are: the line of the export itself comes after it.
    """
    habilitations.require(ctx, "journal.export")
    mark = new_id(ctx.clock.now())
    total = queries.count(ctx, filtres, _dossiers(ctx, filtres), mark)
    traces.record(ctx, "journal.export", details={"filtres": filtres.kinds, "lignes": total})
    return total, mark


def export(ctx: Context, filtres: Filtres, mark: UUID) -> Iterator[Ligne]:
    """The lines of an export that `start_export` traced. The signed context is renewed as long as it lasts."""
    habilitations.require(ctx, "journal.export")
    for batch in queries.every(ctx, filtres, _dossiers(ctx, filtres), mark):
        yield from batch
        bind_context(ctx)


def alike(ctx: Context, days: int) -> list[Groupe]:
    """Accesses of the staff to dossiers over the last days, counted by kind, to be asked again of a draft (HAB-04).

    Raises: AccessDenied.
    """
    habilitations.require(ctx, "journal.consult")
    found = queries.alike(ctx, last_days(ctx, days))
    traces.record(ctx, "journal.consult", details={"lignes": sum(one.nombre for one in found)})
    return found


def figures(ctx: Context, filtres: Filtres) -> Chiffres:
    """Counts of the lines that `filtres` leave."""
    habilitations.require(ctx, "journal.consult")
    dossiers = _dossiers(ctx, filtres)
    decided = queries.decisions(ctx, filtres, dossiers)
    par_heure = tuple(queries.by_hour(ctx, filtres, dossiers))
    traces.record(ctx, "journal.consult")
    return Chiffres(filtres.start, filtres.end, sum(decided.values()), decided.get(REFUSE, 0), par_heure)


def accounts(ctx: Context) -> list[tuple[UUID, str]]:
    """Who can be chosen in the filter."""
    habilitations.require(ctx, "journal.consult")
    return queries.accounts(ctx)


def sheet_of(ctx: Context, dossier_id: UUID) -> FeuilleAcces:
    """The accesses of the last year in the worker's words, with the day's seal, to be handed to him on paper.

    Whoever hands it over may be one of those whom he reported: what he reports stands in his portal alone.

    Raises: AccessDenied. Serves R. 4624-45-8 for whoever has no computer; TRA-04.
    """
    habilitations.require(ctx, "acces.consult", dossier_id)
    since = ctx.clock.now() - timedelta(days=YEAR)
    lines = queries.accesses(ctx, dossier_id, MOST_ON_PAPER, None, hidden=rules.DISCREETS)
    found = [one for one in lines if one.at >= since]
    total, refused = queries.count_accesses(ctx, dossier_id, rules.DISCREETS)
    traces.record(ctx, "acces.consult", dossier_id, ("S8",), {"lignes": len(found)})
    return FeuilleAcces(tuple(found), total, refused, since, seal(ctx))


def accesses_of(
    ctx: Context, dossier_id: UUID, *, before: UUID | None = None, decision: str | None = None, limit: int = PAGE
) -> AccesDossier:
    """Who opened a dossier, when, which parts and why, refusals included: for the worker; for a health professional, but what the
    worker reported and what became of it.

    `decision`: the lines of that decision alone; the counts are those of the whole list.
    """
    action = "portail.acces" if ctx.acteur.role is Role.SAL else "acces.consult"
    habilitations.require(ctx, action, dossier_id)
    hidden = () if ctx.acteur.role is Role.SAL else rules.DISCREETS
    found = queries.accesses(ctx, dossier_id, limit + 1, before, decision, hidden=hidden)
    shown = tuple(found[:limit])
    total, refused = queries.count_accesses(ctx, dossier_id, hidden)
    traces.record(ctx, action, dossier_id, ("S8",), {"lignes": len(shown)})
    return AccesDossier(shown, total, refused, shown[-1].id if len(found) > limit else None)


def has_news(ctx: Context, dossier_id: UUID, since: datetime, until: datetime) -> bool:
    """Whether somebody else opened a dossier, or was refused, from `since` to before `until` (UTC).

    For the message that its worker asked for, behind his own walls: nobody reads the answer, and the message is traced.
    """
    return queries.has_others(ctx, dossier_id, since, until)


def seal(ctx: Context) -> SceauVu | None:
    """The last seal of the SPST's journal, None when nothing is sealed yet: it tells nothing of anybody."""
    row = tetes.last(ctx)
    if row is None:
        return None
    racine = base64.b64encode(Tete.parse(text_of(row.note)).racine).decode()
    cle = tetes.public_keys(tetes.keys(ctx)[0]).journal.id.hex()
    return SceauVu(row.at, row.taille, racine, row.note, cle)


def start_proof(ctx: Context, dossier_id: UUID) -> None:
    """Authorise and trace that the worker takes his accesses away with their proof: commits before anything is written.

    Raises: AccessDenied.
    """
    habilitations.require(ctx, "portail.acces", dossier_id)
    traces.record(ctx, "portail.acces", dossier_id, ("S8",), {"lignes": queries.count_accesses(ctx, dossier_id)[0]})


def write_proof(ctx: Context, dossier_id: UUID, out: IO[bytes], page: Callable[[PreuveLue], str]) -> None:
    """Write the file that `start_proof` traced; `page` makes its page to read.

    Raises: AccessDenied; PreuveUnavailable. Serves RGPD art. 15 and 20; TRA-04.
    """
    habilitations.require(ctx, "portail.acces", dossier_id)
    try:
        preuves.write(ctx, dossier_id, tuple(queries.accesses(ctx, dossier_id, None, None)), out, page)
    except NodesMissing as error:
        raise PreuveUnavailable from error


def reference_of(ctx: Context, dossier_id: UUID) -> str:
    """The opaque reference of a dossier, for a page whose reader need not know whose it is."""
    return queries.reference_of(ctx, dossier_id)


def who(ctx: Context, filtres: Filtres) -> str | None:
    """The person or role of a filter, in words."""
    if filtres.compte_id is not None:
        return next((name for one, name in queries.accounts(ctx) if one == filtres.compte_id), "Compte inconnu")
    return rules.role_label(filtres.role) if filtres.role else None


def _dossiers(ctx: Context, filtres: Filtres) -> Sequence[UUID] | None:
    return None if filtres.reference is None else queries.dossiers_behind(ctx, filtres.reference)


def _page(found: list[Ligne], total: int, before: UUID | None, after: UUID | None) -> PageJournal:
    """`found` holds one line more than a page when there is another page that way."""
    is_cut = len(found) > PAGE
    if after is not None:
        shown = found[-PAGE:]
        newer, older = (shown[0].id if is_cut else None), (shown[-1].id if shown else None)
    else:
        shown = found[:PAGE]
        newer = shown[0].id if shown and before is not None else None
        older = shown[-1].id if is_cut else None
    return PageJournal(tuple(shown), total, newer, older)
