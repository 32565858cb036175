"""The door of the log-in by e-CPS without leaving the workstation: ask, and ask what became of it (CIBA).

Nothing here opens a session: what comes out is the same proof as by the provider's own page, and goes the same way.
Source: doctrine du numérique en santé 2.2.1.3; identity_security 1.7.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from spst.comptes import cadence
from spst.comptes.cadence import Frequence
from spst.comptes.errors import PosteUnknown, RppsRefused
from spst.comptes.octroi_rules import is_rpps
from spst.comptes.ports import Preuve, PreuveRefused
from spst.comptes.ports_ecps import ConfirmationLost, DemandeEcps, FournisseurEcps, ReponseEcps
from spst.comptes.postes import Poste
from spst.kernel.crypto.aead import CiphertextRefused
from spst.kernel.errors import ServiceUnavailable
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces import services as traces

PAR_ADRESSE = Frequence("ecps.adresse", 60)
PAR_NAVIGATEUR = Frequence("ecps.navigateur", 12)
"""A workstation that a whole team shares."""
PAR_RPPS = Frequence("ecps.rpps", 3)
_LONGEST = timedelta(minutes=10)
"""No request outlives this, whatever the provider says."""
_RPPS_DIGITS = 11


class Fin(StrEnum):
    """How a request ended without opening anything."""

    REFUSEE = "refusee"
    EXPIREE = "expiree"
    PERDUE = "perdue"
    FERMEE = "fermee"


@dataclass(frozen=True, slots=True)
class Attente:
    """A request that waits for its professional: what the session of nobody keeps of it, sealed."""

    id: UUID
    rpps: str = field(repr=False)
    nombre: str
    """Two digits, shown here and in the application: who sees two different ones refuses."""
    auth_req_id: str = field(repr=False)
    ends_at: datetime
    suite: str

    def to_data(self, runtime: Runtime) -> dict[str, str]:
        """As JSON, for the session. The number of somebody is a trait, and `auth_req_id` a secret."""
        inside = {"rpps": self.rpps, "nombre": self.nombre, "auth_req_id": self.auth_req_id, "suite": self.suite}
        text = json.dumps({**inside, "ends_at": self.ends_at.isoformat()})
        sealed = runtime.keyring.seal_outside("session", "ecps", self.id, text)
        return {"id": str(self.id), "sealed": base64.b64encode(sealed).decode()}

    @classmethod
    def from_data(cls, runtime: Runtime, data: Mapping[str, str] | None) -> "Attente | None":
        """None when there is none, or when it was sealed under another key."""
        if data is None:
            return None
        own = UUID(data["id"])
        try:
            text = runtime.keyring.open_outside("session", "ecps", own, base64.b64decode(data["sealed"]))
        except CiphertextRefused:
            return None
        inside: dict[str, Any] = json.loads(text)
        return cls(own, **{**inside, "ends_at": datetime.fromisoformat(inside["ends_at"])})

    def left_s(self, now: datetime) -> int:
        return max(0, int((self.ends_at - now).total_seconds()))


@dataclass(frozen=True, slots=True)
class EnAttente:
    """Not answered yet. `next_s`: when to ask again; `is_silent`: the provider does not answer, which refuses nothing."""

    next_s: int
    is_silent: bool = False


def start(
    runtime: Runtime, fournisseur: FournisseurEcps, typed: str, *, poste: Poste, reseau: str, suite: str
) -> Attente:
    """Make the telephone of a professional ask, when he entered from this browser before.

    Each start is counted before the provider is asked. Raises: RppsRefused, PosteUnknown, TooManyAttempts, PreuveRefused,
    ServiceUnavailable.
    """
    cadence.take_start(runtime, PAR_ADRESSE, reseau)
    rpps = _checked_rpps(typed)
    if not poste.knows(runtime.keyring, rpps, runtime.clock.now()):
        raise PosteUnknown
    cadence.take_start(runtime, PAR_NAVIGATEUR, poste.navigateur)
    cadence.take_start(runtime, PAR_RPPS, rpps)
    nombre = f"{secrets.randbelow(100):02}"
    return _attente(runtime, fournisseur.ask(rpps, nombre), rpps, nombre, suite)


def advance(
    runtime: Runtime, fournisseur: FournisseurEcps, attente: Attente, correlation_id: UUID
) -> Preuve | Fin | EnAttente:
    """What became of a request. The provider is asked at its own pace, whoever asks us and how often."""
    if runtime.clock.now() >= attente.ends_at:
        return _ended(runtime, attente, Fin.EXPIREE)
    if wait_s := cadence.take_turn(runtime, _turns(attente.id)):
        return EnAttente(wait_s)
    try:
        answer = fournisseur.poll(attente.auth_req_id, attente.rpps)
    except PreuveRefused as refusal:
        journal(runtime, refusal.motif, correlation_id)
        return _ended(runtime, attente, Fin.FERMEE)
    except ConfirmationLost:
        return _ended(runtime, attente, Fin.PERDUE)
    except ServiceUnavailable:
        return EnAttente(cadence.give_back(runtime, _turns(attente.id)), is_silent=True)
    return _settled(runtime, attente, answer, correlation_id)


def stop(runtime: Runtime, attente: Attente) -> None:
    """Nothing is asked any more. The provider has no way to be told: what stays on the telephone opens nothing."""
    cadence.close_turns(runtime, _turns(attente.id))


def end_at_provider(runtime: Runtime, fournisseur: FournisseurEcps, id_token: str, correlation_id: UUID) -> None:
    """End what a confirmation opened there. Ours is gone already: a provider that does not answer changes nothing to it."""
    try:
        fournisseur.end_session(id_token)
    except ServiceUnavailable:
        facts = {"motif": "fournisseur_muet"}
        traces.record_technical(runtime.engine, runtime.clock, "deconnexion_psc.echec", 2, facts, correlation_id)


def journal(runtime: Runtime, motif: str, correlation_id: UUID) -> None:
    """Why a request opened nothing. A proof that does not hold is an attack until somebody has looked."""
    level = 2 if motif in _ORDINARY else 3
    traces.record_technical(
        runtime.engine, runtime.clock, "connexion_ecps.refusee", level, {"motif": motif}, correlation_id
    )


_ORDINARY = {"ciba.refus", "ciba.invalid_grant", "ciba.unknown_user_id", "ciba.access_denied"}


def _checked_rpps(typed: str) -> str:
    rpps = "".join(typed.split())
    if not (rpps.isascii() and rpps.isdigit() and len(rpps) == _RPPS_DIGITS):
        raise RppsRefused
    if not is_rpps(rpps):
        raise RppsRefused(
            "Un chiffre de ce numéro RPPS est faux. Relisez-le sur votre carte ou dans l’application e-CPS."
        )
    return rpps


def _attente(runtime: Runtime, demande: DemandeEcps, rpps: str, nombre: str, suite: str) -> Attente:
    life = min(timedelta(seconds=demande.expires_in), _LONGEST)
    attente = Attente(new_id(), rpps, nombre, demande.auth_req_id, runtime.clock.now() + life, suite)
    cadence.open_turns(runtime, _turns(attente.id), demande.interval)
    return attente


def _settled(
    runtime: Runtime, attente: Attente, answer: Preuve | ReponseEcps, correlation_id: UUID
) -> Preuve | Fin | EnAttente:
    if isinstance(answer, Preuve):
        stop(runtime, attente)
        return answer
    if answer is ReponseEcps.EXPIREE:
        return _ended(runtime, attente, Fin.EXPIREE)
    if answer is ReponseEcps.REFUSEE:
        journal(runtime, "ciba.refus", correlation_id)
        return _ended(runtime, attente, Fin.REFUSEE)
    slower = answer is ReponseEcps.TROP_SOUVENT
    return EnAttente(cadence.give_back(runtime, _turns(attente.id), slower=slower))


def _ended(runtime: Runtime, attente: Attente, fin: Fin) -> Fin:
    stop(runtime, attente)
    return fin


def _turns(attente_id: UUID) -> str:
    return f"ecps|{attente_id}"
