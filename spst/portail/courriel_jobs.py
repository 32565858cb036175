"""Messages to travailleurs: who is to be told today, then what waits is handed to a mail server.

Nothing is sent inside a transaction: a message is taken for some minutes, handed over, and deleted with its trace once it was
accepted. A program killed in between leaves a message whose minutes end, and which is tried again under the same reference.
Who is to be told is found in the name of each travailleur, behind his own walls: no service reads everybody's accesses.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic
from uuid import UUID

from spst.dmst.errors import DossierErased
from spst.habilitations import services as habilitations
from spst.identite import services as identite
from spst.journal import services as journal
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.clock import midnight, today
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.errors import ServiceUnavailable
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.portail import courriel_queries as queries
from spst.portail import courriel_rules as rules
from spst.portail import courriels
from spst.portail.courriel_rules import Genre
from spst.portail.models import AbonnementCourriel, Courriel
from spst.portail.navigation import adresse
from spst.portail.ports_courriel import AdresseRefused, Message, MessageDelayed, Messagerie
from spst.tenants import services as tenants
from spst.tenants.queries import SpstPublic
from spst.traces import services as traces

_log = logging.getLogger("spst.courriels")
_SERVICE, _MOTIF = service("courriel"), Motif(CodeMotif.DROITS)
_TAKEN = timedelta(minutes=10)
"""Longer than any message takes to be handed over."""
_ROUND_S = 45.0
"""The queue has other work: what is left waits for the next minute."""

Until = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Pris:
    """A message that was taken for some minutes."""

    courriel_id: UUID
    abonnement_id: UUID
    dossier_id: UUID
    genre: Genre
    tentatives: int


def send_courriels(runtime: Runtime, messagerie: Messagerie, public_url: str) -> int:
    """Tell whoever is to be told, and hand over what waits; returns how many messages were accepted.

    A server that does not answer ends the round: the next message would fare no better.
    """
    end = monotonic() + _ROUND_S
    sent, spsts = 0, tenants.in_service(runtime)
    for spst in spsts:
        _tell_all(runtime, spst.id, lambda: monotonic() > end)
    try:
        for spst in spsts:
            while monotonic() < end and (pris := _take(runtime, spst.id)):
                sent += _hand_over(runtime, messagerie, spst, public_url, pris)
    except ServiceUnavailable:
        _log.warning("mail server unavailable")
    return sent


def forget_courriels(runtime: Runtime) -> int:
    """Erase addresses that nobody confirmed; returns how many."""
    erased = 0
    for spst in tenants.in_service(runtime):
        with _work(runtime, spst.id) as ctx:
            erased += queries.forget_unconfirmed(ctx, ctx.clock.now() - rules.FORGOTTEN)
    return erased


# ──── Who is to be told


def _tell_all(runtime: Runtime, tenant_id: UUID, is_over: Until) -> None:
    with _work(runtime, tenant_id) as ctx:
        day = today(ctx.clock)
        if not rules.is_hour(ctx.clock.now(), queries.heure(ctx, day)):
            return
        due = queries.to_look_at(ctx, day)
    for dossier_id, travailleur_id in due:
        if is_over():
            return
        _tell(runtime, tenant_id, dossier_id, travailleur_id, day)


def _tell(runtime: Runtime, tenant_id: UUID, dossier_id: UUID, travailleur_id: UUID, day: date) -> None:
    """In the name of who asked. That days were looked at, and the message that says so, are one transaction."""
    asker = Acteur(travailleur_id, Role.SAL)
    with unit_of_work(runtime, tenant_id, asker, _MOTIF, origin="job", dossier_id=dossier_id) as ctx:
        abonnement = queries.due_of(ctx, dossier_id, day)
        if abonnement is None or abonnement.resume_on is None:
            return
        since, until = midnight(abonnement.resume_on), midnight(day)
        abonnement.resume_on = day
        # One is not called to a closed door, nor after one's death.
        if identite.may_enter(ctx, travailleur_id) and journal.has_news(ctx, dossier_id, since, until):
            queries.add_courriel(ctx, abonnement, Genre.NOUVEAU)


# ──── What waits


def _take(runtime: Runtime, tenant_id: UUID) -> _Pris | None:
    """The next message, which nobody else takes for some minutes."""
    with _work(runtime, tenant_id) as ctx:
        row = queries.next_courriel(ctx)
        if row is None:
            return None
        row.tentatives += 1
        row.prochain_at = ctx.clock.now() + _TAKEN
        return _Pris(row.id, row.abonnement_id, row.dossier_id, Genre(row.genre), row.tentatives)


def _hand_over(runtime: Runtime, messagerie: Messagerie, spst: SpstPublic, public_url: str, pris: _Pris) -> bool:
    """Raises: ServiceUnavailable, once it is written that this message waits again."""
    if pris.tentatives > rules.MOST_TRIES:  # each of them ended with the program that tried
        _settle(runtime, spst.id, pris, _put_off)
        return False
    message = _message(runtime, spst, public_url, pris)
    if message is None:
        return False
    try:
        messagerie.send(message)
    except AdresseRefused as refusal:
        _settle(runtime, spst.id, pris, _refuse)
        _log.warning("address refused", extra={"courriel": str(pris.courriel_id), "code": refusal.code})
        return False
    except MessageDelayed as delay:
        _settle(runtime, spst.id, pris, _put_off)
        _log.warning("message delayed", extra={"courriel": str(pris.courriel_id), "code": delay.code})
        return False
    except ServiceUnavailable:
        _settle(runtime, spst.id, pris, _put_off)
        raise
    _settle(runtime, spst.id, pris, _accept)
    return True


def _message(runtime: Runtime, spst: SpstPublic, public_url: str, pris: _Pris) -> Message | None:
    """None, and nothing is kept of it, when he has stopped, or its code no longer serves; nor when the dossier was erased."""
    with _work(runtime, spst.id) as ctx:
        abonnement, row = queries.locked(ctx, pris.courriel_id, pris.abonnement_id)
        if abonnement is None or row is None:
            return None
        try:
            to, code = courriels.adresse_of(ctx, abonnement), courriels.code_of(ctx, abonnement)
        except DossierErased:
            queries.forget(ctx, pris.dossier_id)
            return None
        if pris.genre is Genre.CONFIRMATION and code is None:
            ctx.session.delete(row)
            return None
        espace, arret = (f"{public_url}{adresse(spst.slug, page)}" for page in ("", "courriel"))
        texte = rules.texte(pris.genre, espace, arret, code)
        return Message(str(pris.courriel_id), spst.nom, to, rules.sujet(pris.genre), texte, arret)


Issue = Callable[[Context, _Pris, AbonnementCourriel | None, Courriel | None], None]


def _settle(runtime: Runtime, tenant_id: UUID, pris: _Pris, issue: Issue) -> None:
    with _work(runtime, tenant_id) as ctx:
        issue(ctx, pris, *queries.locked(ctx, pris.courriel_id, pris.abonnement_id))


def _accept(ctx: Context, pris: _Pris, abonnement: AbonnementCourriel | None, row: Courriel | None) -> None:
    """It has left, and is traced, even when he stopped meanwhile."""
    habilitations.require(ctx, "courriel.send")
    traces.record(ctx, "courriel.send", pris.dossier_id, details={"genre": str(pris.genre)})
    if abonnement is not None:
        abonnement.envoye_at, abonnement.echec_at = ctx.clock.now(), None
        if pris.genre is Genre.NOUVEAU:
            abonnement.prevenu_on = today(ctx.clock)
    if row is not None:
        ctx.session.delete(row)


def _refuse(ctx: Context, pris: _Pris, abonnement: AbonnementCourriel | None, row: Courriel | None) -> None:
    if abonnement is not None:
        abonnement.refuse_at = ctx.clock.now()
    if row is not None:
        ctx.session.delete(row)


def _put_off(ctx: Context, pris: _Pris, abonnement: AbonnementCourriel | None, row: Courriel | None) -> None:
    """Unless whoever took it after its minutes had ended has already said what became of it."""
    if abonnement is None or row is None or row.tentatives != pris.tentatives:
        return
    again = rules.next_try(pris.tentatives, ctx.clock.now())
    if again is not None:
        row.prochain_at = again
        return
    abonnement.echec_at = ctx.clock.now()
    ctx.session.delete(row)


def _work(runtime: Runtime, tenant_id: UUID) -> AbstractContextManager[Context]:
    return unit_of_work(runtime, tenant_id, _SERVICE, _MOTIF, origin="job")
