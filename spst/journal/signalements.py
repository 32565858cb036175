"""A worker reports an access that surprises him; the DPO reads it under an opaque reference, and answers him in his portal.

Nobody learns whose dossier it is, unless the worker writes it. Serves RGPD art. 12, 15, 38 and 39; TRA-04.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select

from spst.dmst import textes
from spst.dmst.errors import DossierErased
from spst.habilitations import services as habilitations
from spst.journal import instructions, queries
from spst.journal.errors import AccesNotFound, AlreadyReported, CasNotFound, SignalementRefused
from spst.journal.instructions import MOST_CLOSED, Cas, Etat, Issue, Suite
from spst.journal.models import Signalement
from spst.journal.rules import Acces, Ligne
from spst.kernel.clock import PARIS, add_months
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.traces import services as traces

_SIGNALEMENT = cast(Table, Signalement.__table__)
MOST_OPEN = 10
"""Of one worker at once: whoever wants to say more writes it in one of them."""
MONTHS_TO_ANSWER = 1
"""RGPD art. 12-3."""


class Raison(StrEnum):
    INCONNU = "inconnu"
    SANS_RAPPORT = "sans_rapport"
    PROCHE = "proche"
    MOMENT = "moment"
    MANQUE = "manque"
    AUTRE = "autre"


RAISONS = {
    Raison.INCONNU: "Je ne connais pas cette personne",
    Raison.SANS_RAPPORT: "Je n’ai eu ni visite ni échange à ce moment-là",
    Raison.PROCHE: "C’est quelqu’un de mon entourage",
    Raison.MOMENT: "Le jour ou l’heure m’étonne",
    Raison.MANQUE: "Un accès dont j’ai connaissance n’est pas dans la liste",
    Raison.AUTRE: "Autre chose",
}
ON_A_LINE = tuple(one for one in Raison if one is not Raison.MANQUE)
ON_THE_LIST = (Raison.MANQUE, Raison.AUTRE)


@dataclass(frozen=True, slots=True)
class Reponse:
    at: datetime
    issue: Issue
    texte: str | None


@dataclass(frozen=True, slots=True)
class SignalementVu:
    """As its worker reads it. `acces`: what he reported, None when it was the list itself. `reponses`: all his
    answers, the first one first; of an open one, they were taken back."""

    id: UUID
    at: datetime
    raison: str
    texte: str | None
    acces: Acces | None
    etat: Etat
    reponses: tuple[Reponse, ...]


@dataclass(frozen=True, slots=True)
class CasVu:
    """As the DPO reads it, the dossier under its opaque reference. `ligne`: as the journal says it; `en_cause`: the account whose
    access it is; `due_on`: the day by which the worker is answered. `texte`: None in a list. `efface`: his dossier was erased,
    and with it what was said."""

    id: UUID
    reference: str
    at: datetime
    due_on: date
    raison: str
    texte: str | None
    ligne: Ligne | None
    en_cause: UUID | None
    etat: Etat
    suites: tuple[Suite, ...]
    reponses: tuple[str | None, ...]
    """What each of `suites` answered."""
    efface: bool


def make(ctx: Context, dossier_id: UUID, trace_id: UUID | None, raison: Raison, texte: str | None) -> UUID:
    """Report an access to one's own dossier, or the whole list.

    Raises: AccessDenied, AccesNotFound, SignalementRefused, AlreadyReported.
    """
    habilitations.require(ctx, "portail.report", dossier_id)
    if trace_id is not None:
        _reported(ctx, dossier_id, trace_id)
    if raison not in (ON_THE_LIST if trace_id is None else ON_A_LINE):
        raise SignalementRefused("Choisissez une raison de la liste.")
    one_at_a_time(ctx, "signalement", dossier_id)
    _check_open(_mine(ctx, dossier_id), trace_id)
    row_id = new_id(ctx.clock.now())
    sealed = textes.seal_optional(ctx, dossier_id, _SIGNALEMENT, "texte_sealed", row_id, texte)
    ctx.session.execute(
        insert(_SIGNALEMENT).values(
            tenant_id=ctx.tenant_id,
            id=row_id,
            dossier_id=dossier_id,
            trace_id=trace_id,
            at=ctx.clock.now(),
            raison=str(raison),
            texte_sealed=sealed,
        )
    )
    traces.record(ctx, "portail.report", dossier_id, ("S8",))
    return row_id


def for_report(ctx: Context, dossier_id: UUID, trace_id: UUID | None) -> Acces | None:
    """The access that the worker is about to report, None for the whole list. Raises: AccessDenied, AccesNotFound."""
    habilitations.require(ctx, "portail.acces", dossier_id)
    traces.record(ctx, "portail.acces", dossier_id, ("S8",))
    return None if trace_id is None else _reported(ctx, dossier_id, trace_id)


def _reported(ctx: Context, dossier_id: UUID, trace_id: UUID) -> Acces:
    """An access of the staff to this dossier. Raises: AccesNotFound."""
    found = queries.accesses(ctx, dossier_id, None, None, only=(trace_id,))
    if not found or not found[0].is_reportable:
        raise AccesNotFound
    return found[0]


def _check_open(mine: Iterable[tuple[Any, tuple[Suite, ...]]], trace_id: UUID | None) -> None:
    still_open = [row.trace_id for row, suites in mine if instructions.etat_of(suites) is not Etat.CLOS]
    if trace_id is not None and trace_id in still_open:
        raise AlreadyReported
    if len(still_open) >= MOST_OPEN:
        raise SignalementRefused(
            f"{MOST_OPEN}\u00a0de vos signalements attendent déjà une réponse. Attendez-en une, puis recommencez."
        )


def of_dossier(ctx: Context, dossier_id: UUID) -> tuple[SignalementVu, ...]:
    """Those of one dossier, the latest first, for the worker's own page, which authorised it."""
    mine = _mine(ctx, dossier_id)
    reported = [row.trace_id for row, _ in mine if row.trace_id]
    by_id = {one.id: one for one in queries.accesses(ctx, dossier_id, None, None, only=reported)}
    return tuple(_told(ctx, row, suites, by_id.get(row.trace_id)) for row, suites in reversed(mine))


def _mine(ctx: Context, dossier_id: UUID) -> list[tuple[Any, tuple[Suite, ...]]]:
    return _with_suites(ctx, _rows(ctx, _SIGNALEMENT.c.dossier_id == dossier_id))


def _told(ctx: Context, row: Any, suites: tuple[Suite, ...], acces: Acces | None) -> SignalementVu:
    return SignalementVu(
        id=row.id,
        at=row.at,
        raison=RAISONS[Raison(row.raison)],
        texte=_texte(ctx, row),
        acces=acces,
        etat=instructions.etat_of(suites),
        reponses=tuple(
            Reponse(one.at, one.issue, instructions.reponse_of(ctx, row.dossier_id, one)) for one in suites if one.issue
        ),
    )


def queue(ctx: Context) -> tuple[CasVu, ...]:
    """Those that wait, the oldest first, then the latest that are closed; without what the workers wrote.

    Raises: AccessDenied.
    """
    habilitations.require(ctx, "alerte.consult")
    rows = _with_suites(ctx, _rows(ctx))
    closed = [one for one in reversed(rows) if instructions.etat_of(one[1]) is Etat.CLOS][:MOST_CLOSED]
    still_open = [one for one in rows if instructions.etat_of(one[1]) is not Etat.CLOS]
    traces.record(ctx, "alerte.consult", details={"lignes": len(still_open) + len(closed)})
    return tuple(_cas(ctx, [*still_open, *closed], with_texts=False))


def waiting(ctx: Context) -> int:
    """How many wait for the actor, for the first page of the direction; none for who examines none. No act, no trace."""
    if not habilitations.may(ctx, "alerte.consult"):
        return 0
    return sum(instructions.etat_of(suites) is not Etat.CLOS for _, suites in _with_suites(ctx, _rows(ctx)))


def get(ctx: Context, cas_id: UUID) -> CasVu:
    """One with what the worker wrote, unless the reader is whom he wrote about. He reads in his list that it was read.

    Raises: AccessDenied, CasNotFound.
    """
    habilitations.require(ctx, "alerte.consult")
    row = _row(ctx, cas_id)
    ctx.motif = Motif(CodeMotif.DROITS)
    traces.record(ctx, "alerte.consult", row.dossier_id, ("S8",))
    (cas,) = _cas(ctx, _with_suites(ctx, [row]), with_texts=True)
    return replace(cas, texte=None) if cas.en_cause == ctx.acteur.id else cas


def take(ctx: Context, cas_id: UUID) -> None:
    """Raises: AccessDenied, CasNotFound, CasTaken, OwnCas."""
    instructions.take(ctx, _decided(ctx, cas_id, "cas_pris"))


def close(ctx: Context, cas_id: UUID, issue: Issue, reponse: str) -> None:
    """Answer the worker. Raises: AccessDenied, CasNotFound, CasClosed, OwnCas."""
    instructions.close(ctx, _decided(ctx, cas_id, "cas_clos"), issue, reponse)


def reopen(ctx: Context, cas_id: UUID) -> None:
    """Take an answer back. Raises: AccessDenied, CasNotFound, CasNotClosed, OwnCas."""
    instructions.reopen(ctx, _decided(ctx, cas_id, "cas_rouvert"))


def _decided(ctx: Context, cas_id: UUID, geste: str) -> Cas:
    habilitations.require(ctx, "alerte.decide")
    row = _row(ctx, cas_id)
    ctx.motif = Motif(CodeMotif.DROITS)
    traces.record(ctx, "alerte.decide", row.dossier_id, ("S8",), {"geste": geste})
    return Cas(cas_id, row.dossier_id, queries.actors(ctx, [row.trace_id]).get(row.trace_id) if row.trace_id else None)


def _rows(ctx: Context, *conditions: Any) -> Sequence[Any]:
    query = select(_SIGNALEMENT).where(_SIGNALEMENT.c.tenant_id == ctx.tenant_id, *conditions)
    return ctx.session.execute(query.order_by(_SIGNALEMENT.c.id)).all()


def _row(ctx: Context, cas_id: UUID) -> Any:
    found = _rows(ctx, _SIGNALEMENT.c.id == cas_id)
    if not found:
        raise CasNotFound
    return found[0]


def _with_suites(ctx: Context, rows: Sequence[Any]) -> list[tuple[Any, tuple[Suite, ...]]]:
    known = instructions.of_cas(ctx, [row.id for row in rows])
    return [(row, known.get(row.id, ())) for row in rows]


def _cas(ctx: Context, rows: Sequence[tuple[Any, tuple[Suite, ...]]], *, with_texts: bool) -> list[CasVu]:
    trace_ids = [row.trace_id for row, _ in rows if row.trace_id]
    lines, actors = queries.lines_of(ctx, trace_ids), queries.actors(ctx, trace_ids)
    return [
        CasVu(
            id=row.id,
            reference=queries.reference_of(ctx, row.dossier_id),
            at=row.at,
            due_on=add_months(row.at.astimezone(PARIS).date(), MONTHS_TO_ANSWER),
            raison=RAISONS[Raison(row.raison)],
            ligne=lines.get(row.trace_id),
            en_cause=actors.get(row.trace_id),
            etat=instructions.etat_of(suites),
            suites=suites,
            **(_said(ctx, row, suites) if with_texts else {"texte": None, "reponses": (), "efface": False}),
        )
        for row, suites in rows
    ]


def _said(ctx: Context, row: Any, suites: tuple[Suite, ...]) -> dict[str, Any]:
    """Texts of a dossier that was erased since left with it; what was done stays told."""
    try:
        answers = tuple(instructions.reponse_of(ctx, row.dossier_id, one) for one in suites)
        return {"texte": _texte(ctx, row), "reponses": answers, "efface": False}
    except DossierErased:
        return {"texte": None, "reponses": (None,) * len(suites), "efface": True}


def _texte(ctx: Context, row: Any) -> str | None:
    """Raises: DossierErased."""
    return textes.read_optional(ctx, row.dossier_id, _SIGNALEMENT, "texte_sealed", row.id, row.texte_sealed)
