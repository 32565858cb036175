"""What a travailleur asks to be told by e-mail: off until he gives an address and confirms it, and off again in one gesture.

The address is his own datum: sealed under his dossier's key, erased when he stops. RGPD art. 6, 1, a, and 7, 3.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table

from spst.dmst import textes
from spst.habilitations import services as habilitations
from spst.kernel import jobs
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.portail import courriel_queries as queries
from spst.portail import courriel_rules as rules
from spst.portail.courriel_rules import Genre
from spst.portail.errors import AbonnementMissing
from spst.portail.models import AbonnementCourriel
from spst.traces import services as traces

ACTION, TASK = "portail.courriel", "portail.send_courriels"

_ABONNEMENT = cast(Table, AbonnementCourriel.__table__)


@dataclass(frozen=True, slots=True)
class ReglageVu:
    """`adresse`: None when he asked for nothing. `is_leaving`: a message waits to be taken; `heure`: of Paris.

    `refuse_at`, `echec_at`: since when his server refuses the address, or has not answered for a message.
    """

    heure: int
    adresse: str | None = None
    is_confirmed: bool = False
    is_leaving: bool = False
    is_expired: bool = False
    refuse_at: datetime | None = None
    echec_at: datetime | None = None


def state(ctx: Context, dossier_id: UUID) -> ReglageVu:
    """For the page of whoever owns the dossier, which authorises and traces its own reading."""
    heure, abonnement = queries.heure(ctx, today(ctx.clock)), queries.abonnement_of(ctx, dossier_id)
    if abonnement is None:
        return ReglageVu(heure)
    return ReglageVu(
        heure=heure,
        adresse=adresse_of(ctx, abonnement),
        is_confirmed=abonnement.confirmed_at is not None,
        is_leaving=queries.is_waiting(ctx, abonnement),
        is_expired=abonnement.confirmed_at is None and not _takes_code(ctx, abonnement),
        refuse_at=abonnement.refuse_at,
        echec_at=abonnement.echec_at,
    )


def ask(ctx: Context, dossier_id: UUID, adresse: str) -> None:
    """Have a code sent to an address; whatever was asked before is forgotten. Raises: DossierErased."""
    _authorise(ctx, dossier_id, "demande")
    one_at_a_time(ctx, "abonnement_courriel", dossier_id)
    queries.forget(ctx, dossier_id)
    row_id = new_id()
    abonnement = AbonnementCourriel(
        tenant_id=ctx.tenant_id,
        id=row_id,
        dossier_id=dossier_id,
        travailleur_id=ctx.acteur.id,
        adresse_sealed=textes.seal(ctx, dossier_id, _ABONNEMENT, "adresse_sealed", row_id, adresse),
    )
    _send_code(ctx, abonnement)


def ask_again(ctx: Context, dossier_id: UUID) -> None:
    """Have another code sent to the same address; the one before no longer serves. Raises: AbonnementMissing, DossierErased."""
    abonnement = queries.abonnement_of(ctx, dossier_id, lock=True)
    if abonnement is None or abonnement.confirmed_at is not None:
        raise AbonnementMissing
    _authorise(ctx, dossier_id, "demande")
    queries.drop_courriel(ctx, abonnement)
    _send_code(ctx, abonnement)


def confirm(ctx: Context, dossier_id: UUID, code: str) -> bool:
    """Take a code; a wrong one spends one of its tries. From the day of today on, he is told. Raises: AbonnementMissing."""
    habilitations.require(ctx, ACTION, dossier_id)
    abonnement = queries.abonnement_of(ctx, dossier_id, lock=True)
    if abonnement is None:
        raise AbonnementMissing
    if abonnement.confirmed_at is not None:
        return True
    if not _takes_code(ctx, abonnement) or not _is_code(ctx, abonnement, code):
        abonnement.tries_left = max(0, abonnement.tries_left - 1)
        return False
    traces.record(ctx, ACTION, dossier_id, details={"geste": "confirmation"})
    queries.drop_courriel(ctx, abonnement)
    abonnement.code_sealed, abonnement.confirmed_at = None, ctx.clock.now()
    abonnement.resume_on = today(ctx.clock)
    abonnement.refuse_at = abonnement.echec_at = None
    return True


def stop(ctx: Context, dossier_id: UUID) -> None:
    """Nothing more is sent, and the address is erased."""
    _authorise(ctx, dossier_id, "arret")
    queries.forget(ctx, dossier_id)


def awaited(ctx: Context, dossier_id: UUID) -> str | None:
    """The address that waits for its code."""
    abonnement = queries.abonnement_of(ctx, dossier_id)
    if abonnement is None or abonnement.confirmed_at is not None:
        return None
    return adresse_of(ctx, abonnement)


def adresse_of(ctx: Context, abonnement: AbonnementCourriel) -> str:
    """Raises: DossierErased."""
    return textes.read(
        ctx, abonnement.dossier_id, _ABONNEMENT, "adresse_sealed", abonnement.id, abonnement.adresse_sealed
    )


def code_of(ctx: Context, abonnement: AbonnementCourriel) -> str | None:
    """The code that waits to be given, None when it was, or no longer serves. Raises: DossierErased."""
    if not _takes_code(ctx, abonnement):
        return None
    return textes.read_optional(
        ctx, abonnement.dossier_id, _ABONNEMENT, "code_sealed", abonnement.id, abonnement.code_sealed
    )


def _authorise(ctx: Context, dossier_id: UUID, geste: str) -> None:
    habilitations.require(ctx, ACTION, dossier_id)
    traces.record(ctx, ACTION, dossier_id, details={"geste": geste})


def _send_code(ctx: Context, abonnement: AbonnementCourriel) -> None:
    """The message and its cause are one transaction; the worker is woken by its commit."""
    code = rules.new_code()
    abonnement.code_sealed = textes.seal(ctx, abonnement.dossier_id, _ABONNEMENT, "code_sealed", abonnement.id, code)
    abonnement.expires_at = ctx.clock.now() + timedelta(hours=rules.CODE_HOURS)
    abonnement.tries_left = rules.TRIES
    abonnement.refuse_at = abonnement.echec_at = None
    ctx.session.add(abonnement)
    ctx.session.flush()
    queries.add_courriel(ctx, abonnement, Genre.CONFIRMATION)
    jobs.wake(ctx, TASK)


def _takes_code(ctx: Context, abonnement: AbonnementCourriel) -> bool:
    return abonnement.code_sealed is not None and abonnement.tries_left > 0 and ctx.clock.now() < abonnement.expires_at


def _is_code(ctx: Context, abonnement: AbonnementCourriel, typed: str) -> bool:
    known = code_of(ctx, abonnement) or ""
    return hmac.compare_digest(known.encode(), rules.digits(typed).encode())
