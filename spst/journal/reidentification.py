"""Whose dossier a reference of the journal is: the direction asks, a médecin du travail agrees, each leaves a trace on it.

The direction reads no register, and the database shows it none: the médecin who agrees hands name, first name and date of birth
over, sealed, for a day. Whoever asked reads them, nobody else; the worker finds each reading in his list, with who agreed and
why. No text of law: derived from RGPD art. 5-1 c and 32, R. 4624-45-5 al. 4; TRA-05.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from spst.comptes import exercice
from spst.dmst.models import Dossier
from spst.habilitations import services as habilitations
from spst.identite import services as identite
from spst.journal import queries
from spst.journal.errors import (
    AccordEnded,
    NotHisReidentification,
    OwnReidentification,
    ReferenceAmbiguous,
    ReferenceUnknown,
    ReidentificationNotFound,
    ReidentificationRefused,
)
from spst.journal.models_reidentification import PURGE, Reidentification, ReidentificationIdentite
from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants.models import Tenant
from spst.traces import services as traces

# TO CONFIRM (no text): how long a demand waits, and how long its answer is read.
CADUCITE = timedelta(days=7)
LECTURE = timedelta(hours=24)
ACCORDEE, REFUSEE = "accordee", "refusee"
MEMOIRE = timedelta(days=365)


class Raison(StrEnum):
    CONTROLE = "controle"
    DEMANDE = "demande"
    VIOLATION = "violation"
    AUTORITE = "autorite"
    AUTRE = "autre"


RAISONS = {
    Raison.CONTROLE: "Vérifier un accès inhabituel",
    Raison.DEMANDE: "Répondre à la demande d’un salarié",
    Raison.VIOLATION: "Prévenir d’une violation de données",
    Raison.AUTORITE: "Répondre à une autorité",
    Raison.AUTRE: "Autre raison",
}
_POUR = {
    Raison.CONTROLE: "pour vérifier un accès inhabituel",
    Raison.DEMANDE: "pour répondre à la demande d’un salarié",
    Raison.VIOLATION: "pour prévenir d’une violation de données",
    Raison.AUTORITE: "pour répondre à une autorité",
    Raison.AUTRE: "pour une raison dite au médecin",
}


class Etat(StrEnum):
    ATTENTE = "attente"
    ACCORDEE = "accordee"
    REFUSEE = "refusee"
    CADUQUE = "caduque"
    RETIREE = "retiree"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class DemandeVue:
    """A demand, for whoever made it and for the médecins who answer. Instants in UTC; `reference`: opaque."""

    id: UUID
    reference: str
    asked_by: UUID
    asked_at: datetime
    lapses_at: datetime
    raison: Raison
    texte: str
    etat: Etat
    decided_at: datetime | None
    decided_by: UUID | None
    reponse: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Identite:
    """All that the médecin hands over."""

    nom: str
    prenom: str
    date_naissance: date


def ask(ctx: Context, reference: str, raison: Raison, texte: str) -> UUID:
    """Ask whose dossier a reference is. Raises: AccessDenied, ReferenceUnknown, ReferenceAmbiguous, ReidentificationRefused."""
    habilitations.require(ctx, "reidentification.ask")
    dossier_id = _dossier_behind(ctx, reference)
    one_at_a_time(ctx, "réidentification", dossier_id)
    if any(etat_of(row, ctx.clock.now()) in _RUNNING for row in _rows(ctx, *_own(ctx, dossier_id))):
        raise ReidentificationRefused("Vous avez déjà une demande en cours pour cette référence.")
    now, demande_id = ctx.clock.now(), new_id()
    ctx.session.execute(
        insert(Reidentification).values(
            tenant_id=ctx.tenant_id,
            id=demande_id,
            dossier_id=dossier_id,
            asked_at=now,
            asked_by=ctx.acteur.id,
            lapses_at=now + CADUCITE,
            raison=str(raison),
            texte_sealed=_sealed(ctx, dossier_id, demande_id, "texte_sealed", texte),
        )
    )
    _trace(ctx, "reidentification.ask", dossier_id, _POUR[raison])
    return demande_id


def mine(ctx: Context) -> tuple[DemandeVue, ...]:
    """What the actor asked this last year, the latest first. Raises: AccessDenied."""
    habilitations.require(ctx, "reidentification.ask")
    found = _rows(ctx, *_own(ctx), Reidentification.asked_at > ctx.clock.now() - MEMOIRE)
    traces.record(ctx, "journal.consult", details={"lignes": len(found)})
    return tuple(_vue(ctx, row) for row in reversed(found))


def close(ctx: Context, demande_id: UUID) -> None:
    """Withdraw one's own demand, or close what was agreed: the identity is taken away at once.

    Raises: ReidentificationNotFound, AccessDenied, NotHisReidentification, ReidentificationRefused.
    """
    row = _authorised(ctx, demande_id, "reidentification.ask")
    _check_own(ctx, row, "reidentification.ask")
    if etat_of(row, ctx.clock.now()) not in _RUNNING:
        raise ReidentificationRefused
    _change(ctx, demande_id, closed_at=ctx.clock.now())
    ctx.session.execute(delete(ReidentificationIdentite).where(*_key(ctx, ReidentificationIdentite, demande_id)))
    _trace(ctx, "reidentification.ask", row.dossier_id, "demande close", geste="reidentification_close")


def look(ctx: Context, demande_id: UUID) -> tuple[DemandeVue, Identite]:
    """Read what a médecin agreed to tell, as long as it may be read; each reading stands on the dossier.

    Raises: ReidentificationNotFound, AccessDenied, NotHisReidentification, AccordEnded.
    """
    row = _authorised(ctx, demande_id, "reidentification.read")
    _check_own(ctx, row, "reidentification.read")
    if etat_of(row, ctx.clock.now()) is not Etat.ACCORDEE:
        raise AccordEnded(action="reidentification.read")
    sealed = ctx.session.scalar(
        select(ReidentificationIdentite.identite_sealed).where(*_key(ctx, ReidentificationIdentite, demande_id))
    )
    told = _opened(ctx, row, "identite_sealed", sealed, table="reidentification_identite")
    if told is None:
        raise AccordEnded(action="reidentification.read")
    _trace(ctx, "reidentification.read", row.dossier_id, f"{_accord(ctx, row)}, {_POUR[Raison(row.raison)]}")
    nom, prenom, naissance = json.loads(told)
    return _vue(ctx, row), Identite(nom, prenom, date.fromisoformat(naissance))


def to_decide(ctx: Context) -> tuple[DemandeVue, ...]:
    """What waits for the answer of a médecin who did not ask it himself, the oldest first. Raises: AccessDenied."""
    habilitations.require(ctx, "reidentification.decide")
    found = _rows(ctx, *_waiting(ctx))
    traces.record(ctx, "reidentification.decide")
    return tuple(_vue(ctx, row) for row in found)


def waiting(ctx: Context) -> int:
    """How many wait for the actor's answer, for the page of his day; none for who answers none. No act, no trace."""
    if not habilitations.may(ctx, "reidentification.decide"):
        return 0
    return int(ctx.session.scalar(select(func.count()).select_from(Reidentification).where(*_waiting(ctx))) or 0)


def decide(ctx: Context, demande_id: UUID, *, accord: bool, reponse: str | None = None) -> None:
    """Agree, and hand the identity over for a day; or refuse, and say why. Never of one's own demand.

    Raises: ReidentificationNotFound, AccessDenied, OwnReidentification, ReidentificationRefused.
    """
    row = _authorised(ctx, demande_id, "reidentification.decide")
    if row.asked_by == ctx.acteur.id:
        raise OwnReidentification(action="reidentification.decide")
    now = ctx.clock.now()
    if etat_of(row, now) is not Etat.ATTENTE:
        raise ReidentificationRefused("Cette demande n’attend plus de réponse.")
    _change(
        ctx,
        demande_id,
        decided_at=now,
        decided_by=ctx.acteur.id,
        issue=ACCORDEE if accord else REFUSEE,
        reponse_sealed=_sealed(ctx, row.dossier_id, demande_id, "reponse_sealed", reponse) if reponse else None,
        expires_at=now + LECTURE if accord else None,
    )
    if accord:
        _hand_over(ctx, row)
    _trace(ctx, "reidentification.decide", row.dossier_id, "accord donné" if accord else "refusé")


def purge(runtime: Runtime) -> int:
    """Take away the identities that may be read no more, SPST by SPST; returns how many."""
    with runtime.engine.connect() as connection:
        tenants = list(connection.scalars(select(Tenant.id).order_by(Tenant.id)))
    return sum(_purge(runtime, tenant_id) for tenant_id in tenants)


def etat_of(row: Any, now: datetime) -> Etat:
    """Where a demand stands at an instant."""
    if row.issue == REFUSEE:
        return Etat.REFUSEE
    if row.issue == ACCORDEE:
        return Etat.ACCORDEE if row.closed_at is None and now < row.expires_at else Etat.CLOSE
    if row.closed_at is not None:
        return Etat.RETIREE
    return Etat.ATTENTE if now < row.lapses_at else Etat.CADUQUE


_RUNNING = {Etat.ATTENTE, Etat.ACCORDEE}


def _dossier_behind(ctx: Context, reference: str) -> UUID:
    found = queries.dossiers_behind(ctx, reference)
    if not found:
        raise ReferenceUnknown
    if len(found) > 1:
        raise ReferenceAmbiguous
    return found[0]


def _authorised(ctx: Context, demande_id: UUID, action: str) -> Reidentification:
    """The demand, locked; a refusal of the policy is traced on its dossier."""
    query = select(Reidentification).where(*_key(ctx, Reidentification, demande_id))
    row = ctx.session.scalar(query.execution_options(populate_existing=True))
    habilitations.require(ctx, action, row.dossier_id if row else None)
    if row is None:
        raise ReidentificationNotFound(action=action)
    one_at_a_time(ctx, "réidentification", row.dossier_id)
    ctx.session.refresh(row)
    return row


def _check_own(ctx: Context, row: Reidentification, action: str) -> None:
    if row.asked_by != ctx.acteur.id:
        raise NotHisReidentification(action=action)


def _hand_over(ctx: Context, row: Reidentification) -> None:
    whose = select(Dossier.travailleur_id).where(Dossier.tenant_id == ctx.tenant_id, Dossier.id == row.dossier_id)
    one = identite.identite(ctx, ctx.session.scalars(whose).one())
    told = json.dumps([one.nom_naissance, one.prenom_utilise or one.premier_prenom, one.date_naissance.isoformat()])
    sealed = _sealed(ctx, row.dossier_id, row.id, "identite_sealed", told, table="reidentification_identite")
    ctx.session.execute(
        insert(ReidentificationIdentite).values(tenant_id=ctx.tenant_id, id=row.id, identite_sealed=sealed)
    )


def _purge(runtime: Runtime, tenant_id: UUID) -> int:
    with unit_of_work(runtime, tenant_id, service(PURGE), Motif(CodeMotif.TECHNIQUE), origin="job") as ctx:
        ended = select(Reidentification.id).where(
            Reidentification.tenant_id == tenant_id,
            or_(Reidentification.closed_at.is_not(None), Reidentification.expires_at <= ctx.clock.now()),
        )
        gone = delete(ReidentificationIdentite).where(
            ReidentificationIdentite.tenant_id == tenant_id, ReidentificationIdentite.id.in_(ended)
        )
        count = len(ctx.session.scalars(gone.returning(ReidentificationIdentite.id)).all())
        if count:
            habilitations.require(ctx, "menage.run")
            traces.record(ctx, "menage.run")
        return count


def _waiting(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    return (
        Reidentification.tenant_id == ctx.tenant_id,
        Reidentification.issue.is_(None),
        Reidentification.closed_at.is_(None),
        Reidentification.lapses_at > ctx.clock.now(),
        Reidentification.asked_by != ctx.acteur.id,
    )


def _own(ctx: Context, dossier_id: UUID | None = None) -> tuple[ColumnElement[bool], ...]:
    own = (Reidentification.tenant_id == ctx.tenant_id, Reidentification.asked_by == ctx.acteur.id)
    return own if dossier_id is None else (*own, Reidentification.dossier_id == dossier_id)


def _rows(ctx: Context, *conditions: ColumnElement[bool]) -> Sequence[Reidentification]:
    return ctx.session.scalars(select(Reidentification).where(*conditions).order_by(Reidentification.asked_at)).all()


def _key(ctx: Context, table: type[Any], demande_id: UUID) -> tuple[Any, Any]:
    return table.tenant_id == ctx.tenant_id, table.id == demande_id


def _change(ctx: Context, demande_id: UUID, **values: object) -> None:
    ctx.session.execute(update(Reidentification).where(*_key(ctx, Reidentification, demande_id)).values(**values))


def _trace(ctx: Context, action: str, dossier_id: UUID, said: str, **details: str) -> None:
    """`said`: what the worker reads in brackets; the direction does not."""
    ctx.motif = Motif(CodeMotif.REIDENTIFICATION, said)
    traces.record(ctx, action, dossier_id, details=details)


def _accord(ctx: Context, row: Reidentification) -> str:
    """Who agreed, in the worker's list: « avec l’accord du Dr Claire Vasseur », « avec l’accord de Mme Anne Roy »."""
    name = "".join(exercice.names_of(ctx, [row.decided_by] if row.decided_by else []).values())
    return f"avec l’accord {'du' if name.startswith('Dr') else 'de'} {name}"


def _vue(ctx: Context, row: Reidentification) -> DemandeVue:
    return DemandeVue(
        id=row.id,
        reference=queries.reference_of(ctx, row.dossier_id),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        lapses_at=row.lapses_at,
        raison=Raison(row.raison),
        texte=_opened(ctx, row, "texte_sealed", row.texte_sealed) or "",
        etat=etat_of(row, ctx.clock.now()),
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reponse=_opened(ctx, row, "reponse_sealed", row.reponse_sealed),
        expires_at=row.expires_at,
    )


def _sealed(
    ctx: Context, dossier_id: UUID, row_id: UUID, column: str, texte: str, table: str = "reidentification"
) -> bytes:
    return ctx.runtime.keyring.seal(ctx.tenant_id, dossier_id, table, column, row_id, texte)


def _opened(
    ctx: Context, row: Reidentification, column: str, sealed: bytes | None, table: str = "reidentification"
) -> str | None:
    if sealed is None:
        return None
    return ctx.runtime.keyring.open(ctx.tenant_id, row.dossier_id, table, column, row.id, sealed)
