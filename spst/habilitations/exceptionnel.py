"""Exceptional access: a médecin du travail gets past the policy of his SPST for one dossier and one hour, and another reads why.

Never past the law: the ceiling decides whether it may begin, and each act under it. The worker reads it in his list with its
reason; the DPO and the direction read how many; the queue keeps what nobody has read yet. Derived, no text: HAB-06.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, or_, select, update

from spst.habilitations import actions, moteur, politique, services, situations
from spst.habilitations.actions import SECTIONS
from spst.habilitations.errors import (
    AccesExceptionnelAlreadyRuns,
    AccesExceptionnelNotFound,
    AccesExceptionnelRefused,
    OwnAccesExceptionnel,
)
from spst.habilitations.models import AccesExceptionnel, AccesExceptionnelMotif
from spst.kernel.acteur import Role
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.traces import services as traces

DUREE = timedelta(minutes=60)
RELECTURE = timedelta(hours=72)
INJUSTIFIE = timedelta(days=30)
MEMOIRE = timedelta(days=90)
_MOTIF = cast(Table, AccesExceptionnelMotif.__table__)


class Raison(StrEnum):
    URGENCE = "urgence"
    CONTINUITE = "continuite"
    DEMANDE = "demande"
    AUTRE = "autre"


RAISONS = {
    Raison.URGENCE: "Urgence pour la santé du salarié",
    Raison.CONTINUITE: "Continuité du suivi, le professionnel habilité est absent",
    Raison.DEMANDE: "Demande du salarié",
    Raison.AUTRE: "Autre raison",
}


class Avis(StrEnum):
    JUSTIFIE = "justifie"
    INJUSTIFIE = "injustifie"


AVIS = {Avis.JUSTIFIE: "justifié", Avis.INJUSTIFIE: "injustifié"}


@dataclass(frozen=True, slots=True)
class AccesVu:
    """One exceptional access with its reason, for the médecins who read it again, and for the worker himself.

    `dossier_id`: whose; a page that is not the worker's shows its opaque reference only. `due_at`: when it is to be read again.
    """

    id: UUID
    dossier_id: UUID
    compte_id: UUID
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    raison: Raison
    texte: str
    relu_at: datetime | None
    relu_by: UUID | None
    avis: Avis | None
    reponse: str | None

    @property
    def due_at(self) -> datetime:
        return self.opened_at + RELECTURE


@dataclass(frozen=True, slots=True)
class Compte:
    """What the direction and the DPO read: how many, and whether they were read again in time."""

    total: int
    a_relire: int
    en_retard: int
    injustifies: int


@dataclass(frozen=True, slots=True)
class Avertissement:
    """What the DPO is told of one access: who, on which dossier, when, until when, what the other médecin thought; never why."""

    compte_id: UUID
    dossier_id: UUID
    opened_at: datetime
    ended_at: datetime
    avis: Avis | None


def is_offered(ctx: Context, dossier_id: UUID) -> bool:
    """Whether the policy of the SPST closes to this médecin what the law opens, so that a page may offer the way."""
    return ctx.acteur.role is Role.MDT and bool(closed_by_spst(ctx, dossier_id)) and _by_law(ctx, dossier_id).allowed


def closed_by_spst(ctx: Context, dossier_id: UUID) -> tuple[str, ...]:
    """Sections that the SPST alone closes to the actor, to read or to fill: what an exceptional access opens."""
    droits = services.permitted(ctx, dossier_id).sections
    return tuple(section for section, one in droits.items() if one.is_closed_by_spst)


def check(ctx: Context, dossier_id: UUID) -> moteur.Decision:
    """Whether the law lets the actor open this dossier so. Raises: NotFound, AccessDenied."""
    decision = _by_law(ctx, dossier_id)
    ctx.decisions.append(decision)
    if not decision.allowed:
        raise services.refusal(decision)
    return decision


def start(ctx: Context, dossier_id: UUID, raison: Raison, texte: str) -> UUID:
    """Open one dossier for an hour.

    Raises: NotFound, AccessDenied (the law, which nothing lifts), AccesExceptionnelRefused, AccesExceptionnelAlreadyRuns.
    """
    _one_at_a_time(ctx, ctx.acteur.id, dossier_id)
    decision = check(ctx, dossier_id)
    why = obstacle(ctx, dossier_id)
    if why is not None:
        raise AccesExceptionnelRefused(why)
    if situations.runs_exceptionally(ctx, dossier_id):
        raise AccesExceptionnelAlreadyRuns
    if not is_offered(ctx, dossier_id):
        raise AccesExceptionnelRefused(
            "Votre service ne vous ferme rien de ce dossier\u00a0: ouvrez-le comme d’habitude."
        )
    now, acces_id = ctx.clock.now(), new_id()
    ctx.session.add(
        AccesExceptionnel(
            tenant_id=ctx.tenant_id,
            id=acces_id,
            dossier_id=dossier_id,
            compte_id=ctx.acteur.id,
            opened_at=now,
            expires_at=now + DUREE,
        )
    )
    ctx.session.flush()
    ctx.session.add(
        AccesExceptionnelMotif(
            tenant_id=ctx.tenant_id,
            id=acces_id,
            dossier_id=dossier_id,
            code=str(raison),
            texte_sealed=_sealed(ctx, dossier_id, acces_id, "texte_sealed", texte),
        )
    )
    situations.forget_exceptionnel(ctx)
    ctx.motif = Motif(CodeMotif.EXCEPTIONNEL)
    traces.record(ctx, "exceptionnel.open", dossier_id, decision.open_sections)
    return acces_id


def obstacle(ctx: Context, dossier_id: UUID) -> str | None:
    """Why another médecin's verdict keeps the actor from asking again, in a sentence."""
    if not _was_unjustified(ctx, dossier_id):
        return None
    return "Un autre médecin a jugé injustifié votre accès exceptionnel à ce dossier. Adressez-vous à la direction."


def _one_at_a_time(ctx: Context, compte_id: UUID, dossier_id: UUID) -> None:
    """Whoever opens and whoever judges see what the other did."""
    one_at_a_time(ctx, f"exceptionnel de {compte_id}", dossier_id)


def _was_unjustified(ctx: Context, dossier_id: UUID) -> bool:
    """Whether an access of the actor to this dossier was judged unjustified these last thirty days."""
    # TO CONFIRM (HAB-06): no text says for how long; thirty days leave the direction the time to decide.
    query = select(AccesExceptionnel.id).where(
        AccesExceptionnel.tenant_id == ctx.tenant_id,
        AccesExceptionnel.compte_id == ctx.acteur.id,
        AccesExceptionnel.dossier_id == dossier_id,
        AccesExceptionnel.avis == str(Avis.INJUSTIFIE),
        AccesExceptionnel.relu_at > ctx.clock.now() - INJUSTIFIE,
    )
    return ctx.session.scalars(query).first() is not None


def running_until(ctx: Context, dossier_id: UUID) -> datetime | None:
    """When the access under which the actor reads this dossier ends; None when he reads it as usual."""
    if ctx.motif.code is not CodeMotif.EXCEPTIONNEL:
        return None
    query = select(func.max(AccesExceptionnel.expires_at)).where(
        AccesExceptionnel.tenant_id == ctx.tenant_id,
        AccesExceptionnel.compte_id == ctx.acteur.id,
        AccesExceptionnel.dossier_id == dossier_id,
        AccesExceptionnel.ended_at.is_(None),
    )
    return ctx.session.scalar(query)


def end(ctx: Context, dossier_id: UUID) -> None:
    """Close one's own access before its hour. Raises: AccessDenied, NotFound."""
    services.require(ctx, "exceptionnel.open", dossier_id)
    _close(ctx, ctx.acteur.id, dossier_id)
    situations.forget_exceptionnel(ctx)
    traces.record(ctx, "exceptionnel.open", dossier_id)


def _close(ctx: Context, compte_id: UUID, dossier_id: UUID) -> None:
    running = (
        AccesExceptionnel.tenant_id == ctx.tenant_id,
        AccesExceptionnel.compte_id == compte_id,
        AccesExceptionnel.dossier_id == dossier_id,
        AccesExceptionnel.ended_at.is_(None),
        AccesExceptionnel.expires_at > ctx.clock.now(),
    )
    ctx.session.execute(update(AccesExceptionnel).where(*running).values(ended_at=ctx.clock.now()))


def to_review(ctx: Context) -> tuple[AccesVu, ...]:
    """What other médecins opened and nobody has read again, the oldest first, however old. Raises: AccessDenied."""
    services.require(ctx, "exceptionnel.review")
    found = _read(ctx, AccesExceptionnel.relu_at.is_(None), AccesExceptionnel.compte_id != ctx.acteur.id)
    traces.record(ctx, "exceptionnel.review")
    return found


def lately(ctx: Context) -> tuple[AccesVu, ...]:
    """What the actor opened, or read again, these last ninety days, the latest first. Raises: AccessDenied."""
    services.require(ctx, "exceptionnel.review")
    mine = or_(AccesExceptionnel.compte_id == ctx.acteur.id, AccesExceptionnel.relu_by == ctx.acteur.id)
    found = _read(ctx, mine, AccesExceptionnel.opened_at > ctx.clock.now() - MEMOIRE)
    traces.record(ctx, "exceptionnel.review")
    return found[::-1]


def waiting(ctx: Context) -> int:
    """How many wait for the actor's reading, for the page of his day; none for who reads none. No act, no trace."""
    if not services.may(ctx, "exceptionnel.review"):
        return 0
    query = select(func.count()).where(
        AccesExceptionnel.tenant_id == ctx.tenant_id,
        AccesExceptionnel.relu_at.is_(None),
        AccesExceptionnel.compte_id != ctx.acteur.id,
    )
    return int(ctx.session.scalar(query) or 0)


def review(ctx: Context, acces_id: UUID, avis: Avis, reponse: str | None = None) -> None:
    """Read an access again and say whether its reason holds; never one's own. When it does not, what still runs of
    this person on this dossier ends.

    Raises: AccessDenied, AccesExceptionnelNotFound, AccesExceptionnelRefused, OwnAccesExceptionnel.
    """
    services.require(ctx, "exceptionnel.review")
    query = select(AccesExceptionnel).where(
        AccesExceptionnel.tenant_id == ctx.tenant_id, AccesExceptionnel.id == acces_id
    )
    row = ctx.session.scalar(query)
    if row is None:
        raise AccesExceptionnelNotFound
    _one_at_a_time(ctx, row.compte_id, row.dossier_id)
    ctx.session.refresh(row, with_for_update=True)
    if row.compte_id == ctx.acteur.id:
        raise OwnAccesExceptionnel(action="exceptionnel.review")
    if row.relu_at is not None:
        raise AccesExceptionnelRefused("Cet accès est déjà relu.")
    row.relu_at, row.relu_by, row.avis = ctx.clock.now(), ctx.acteur.id, str(avis)
    if avis is Avis.INJUSTIFIE:
        _close(ctx, row.compte_id, row.dossier_id)
    if reponse:
        kept = ctx.session.get_one(AccesExceptionnelMotif, (ctx.tenant_id, acces_id))
        kept.reponse_sealed = _sealed(ctx, row.dossier_id, acces_id, "reponse_sealed", reponse)
    traces.record(ctx, "exceptionnel.review", row.dossier_id)


def of_dossier(ctx: Context, dossier_id: UUID) -> tuple[AccesVu, ...]:
    """Those of one dossier, the latest first, for the worker's own page, which authorised it."""
    return _read(ctx, AccesExceptionnel.dossier_id == dossier_id)[::-1]


def count(ctx: Context) -> Compte:
    """For the direction and the DPO: counts alone. Raises: AccessDenied."""
    services.require(ctx, "exceptionnel.count")
    late = AccesExceptionnel.relu_at.is_(None) & (AccesExceptionnel.opened_at <= ctx.clock.now() - RELECTURE)
    query = select(
        func.count(),
        func.count().filter(AccesExceptionnel.relu_at.is_(None)),
        func.count().filter(late),
        func.count().filter(AccesExceptionnel.avis == str(Avis.INJUSTIFIE)),
    ).where(AccesExceptionnel.tenant_id == ctx.tenant_id)
    found = Compte(*map(int, ctx.session.execute(query).one()))
    traces.record(ctx, "exceptionnel.count")
    return found


def avertissements(ctx: Context, most: int = 20) -> tuple[Avertissement, ...]:
    """The latest accesses, one by one, for the DPO; nothing for the rest of the direction, which reads how many (HAB-06).

    Raises: AccessDenied.
    """
    services.require(ctx, "exceptionnel.count")
    if ctx.acteur.role is not Role.DPO:
        return ()
    acces = cast(Table, AccesExceptionnel.__table__).c
    query = (
        select(
            acces.compte_id,
            acces.dossier_id,
            acces.opened_at,
            func.coalesce(acces.ended_at, acces.expires_at).label("ended_at"),
            acces.avis,
        )
        .where(acces.tenant_id == ctx.tenant_id)
        .order_by(acces.opened_at.desc())
        .limit(most)
    )
    traces.record(ctx, "exceptionnel.count")
    return tuple(
        Avertissement(row.compte_id, row.dossier_id, row.opened_at, row.ended_at, Avis(row.avis) if row.avis else None)
        for row in ctx.session.execute(query)
    )


def _by_law(ctx: Context, dossier_id: UUID) -> moteur.Decision:
    """What the ceiling alone answers; the version told is that of the policy in force."""
    situation = situations.of_dossier(ctx, dossier_id, SECTIONS, "exceptionnel.open")
    asked = actions.get("exceptionnel.open")
    return moteur.decide(politique.ceiling_alone(), ctx.acteur.role, asked, situation, dossier_id=dossier_id)


def _read(ctx: Context, *conditions: Any) -> tuple[AccesVu, ...]:
    acces = cast(Table, AccesExceptionnel.__table__)
    query = (
        select(acces, _MOTIF.c.code, _MOTIF.c.texte_sealed, _MOTIF.c.reponse_sealed)
        .join(_MOTIF, (_MOTIF.c.tenant_id == acces.c.tenant_id) & (_MOTIF.c.id == acces.c.id))
        .where(acces.c.tenant_id == ctx.tenant_id, *conditions)
        .order_by(acces.c.opened_at)
    )
    return tuple(_vu(ctx, row) for row in ctx.session.execute(query))


def _vu(ctx: Context, row: Any) -> AccesVu:
    return AccesVu(
        id=row.id,
        dossier_id=row.dossier_id,
        compte_id=row.compte_id,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        raison=Raison(row.code),
        texte=_opened(ctx, row.dossier_id, row.id, "texte_sealed", row.texte_sealed) or "",
        relu_at=row.relu_at,
        relu_by=row.relu_by,
        avis=None if row.avis is None else Avis(row.avis),
        reponse=_opened(ctx, row.dossier_id, row.id, "reponse_sealed", row.reponse_sealed),
    )


def _sealed(ctx: Context, dossier_id: UUID, row_id: UUID, column: str, texte: str) -> bytes:
    return ctx.runtime.keyring.seal(ctx.tenant_id, dossier_id, "acces_exceptionnel_motif", column, row_id, texte)


def _opened(ctx: Context, dossier_id: UUID, row_id: UUID, column: str, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    return ctx.runtime.keyring.open(ctx.tenant_id, dossier_id, "acces_exceptionnel_motif", column, row_id, sealed)
