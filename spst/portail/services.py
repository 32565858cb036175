"""The way into the portal: from a proof of FranceConnect+ to a session, once by the activation code, then by the link alone.

Nobody is known before the end: the door works as the service "portail", then hands the transaction over to the travailleur, in
whose name everything is traced. Whoever does not get in is told the same whatever the reason.
Source: référentiel d'identification électronique des usagers (two factors); RNIV; C. trav. art. R. 4624-45-8.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from spst.comptes import sessions
from spst.habilitations import services as habilitations
from spst.identite import services as identite
from spst.identite.rules import IdentitePivot
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import bind_context, unit_of_work
from spst.portail import queries, rules
from spst.portail.errors import EntreeRefused
from spst.portail.ports import PreuveTravailleur
from spst.traces import services as traces
from spst.web.cookies import hash_of, new_cookie_value
from spst.web.ports import Espace

_SERVICE = service("portail")
_NOBODY = UUID(int=0)
_PLACE = ("session", "data")


@dataclass(frozen=True, slots=True)
class Attente:
    """Somebody who proved who he is and has still to type his code: kept sealed on the server, half an hour at most."""

    slug: str
    iss: str
    sub: str
    auth_time: datetime
    pivot: IdentitePivot = field(repr=False)
    id_token: str = field(repr=False)

    @classmethod
    def of(cls, slug: str, preuve: PreuveTravailleur) -> "Attente":
        return cls(slug, preuve.iss, preuve.sub, preuve.auth_time, preuve.pivot, preuve.id_token)

    def to_data(self, runtime: Runtime) -> dict[str, str]:
        """As JSON for the session, the whole of it sealed: a session row holds no trait."""
        text = json.dumps(
            {
                "iss": self.iss,
                "sub": self.sub,
                "auth_time": self.auth_time.isoformat(),
                "pivot": rules.pack(self.pivot),
                "id_token": self.id_token,
            }
        )
        row_id = new_id()
        sealed = runtime.keyring.seal_outside(*_PLACE, row_id, text)
        return {"slug": self.slug, "cle": str(row_id), "scelle": base64.b64encode(sealed).decode()}

    @classmethod
    def from_data(cls, runtime: Runtime, data: Mapping[str, str]) -> "Attente":
        sealed = base64.b64decode(data["scelle"])
        known: dict[str, Any] = json.loads(runtime.keyring.open_outside(*_PLACE, UUID(data["cle"]), sealed))
        auth_time = datetime.fromisoformat(known.pop("auth_time"))
        return cls(slug=data["slug"], auth_time=auth_time, pivot=rules.unpack(known.pop("pivot")), **known)


@dataclass(frozen=True, slots=True)
class Porte:
    """One request at the door of one SPST. `replaces`: the session that this browser had, dead when another opens."""

    runtime: Runtime
    tenant_id: UUID
    agent_hash: str
    replaces: str | None
    correlation_id: UUID

    @contextmanager
    def work(self) -> Iterator[Context]:
        motif = Motif(CodeMotif.DROITS)
        with unit_of_work(
            self.runtime, self.tenant_id, _SERVICE, motif, origin="web", correlation_id=self.correlation_id
        ) as ctx:
            yield ctx


def enter(porte: Porte, attente: Attente) -> str | None:
    """Open the session of an identity whose link stands; the value of its cookie, None when a code is needed first.

    The five traits are compared anew each time: any difference suspends the link and ends its sessions (RNIV).
    """
    with porte.work() as ctx:
        identite_id = queries.find_identite(ctx, attente.iss, attente.sub)
        travailleur_id = identite.linked_travailleur(ctx, identite_id or _NOBODY, attente.pivot)
        if identite_id is None or travailleur_id is None:
            queries.end_sessions(ctx, identite_id or _NOBODY)
            return None
        return _open(ctx, porte, attente, identite_id, travailleur_id)


def activate(porte: Porte, attente: Attente, code: str) -> str:
    """First entrance: the five strict traits of a qualified identity and the code that the SPST handed over.

    Returns the value of the session's cookie. Raises: EntreeRefused, whatever failed.
    """
    with porte.work() as ctx:
        identite_id = queries.known_identite(ctx, attente.iss, attente.sub)
        travailleur_id = identite.activate(ctx, identite_id, attente.pivot, code)
        value = _open(ctx, porte, attente, identite_id, travailleur_id, first=True) if travailleur_id else None
    if value is None:
        raise EntreeRefused("activation", identite=str(identite_id))
    return value


def journal_refusal(porte: Porte, refusal: EntreeRefused) -> None:
    """Codes and ids, never a trait; the reason stands in the identity event alone."""
    facts = {"spst": str(porte.tenant_id), **refusal.facts}
    runtime = porte.runtime
    traces.record_technical(runtime.engine, runtime.clock, "portail.entree_refusee", 2, facts, porte.correlation_id)


def _open(
    ctx: Context, porte: Porte, attente: Attente, identite_id: UUID, travailleur_id: UUID, *, first: bool = False
) -> str:
    """Raises: EntreeRefused, which undoes the link, when nothing was ever written about him."""
    dossier_id = queries.dossier_of(ctx, travailleur_id)
    if dossier_id is None:
        raise EntreeRefused("sans_dossier")
    value = new_cookie_value()
    _become(ctx, Acteur(travailleur_id, Role.SAL, hash_of(value), rules.FACTORS), dossier_id)
    if first:
        habilitations.require(ctx, "portail.activate")
        traces.record(ctx, "portail.activate", dossier_id)
    habilitations.require(ctx, "session.open")
    if porte.replaces is not None:
        sessions.remove(ctx.session, porte.replaces)
    sealed = ctx.runtime.keyring.seal_outside("session", "idp_sealed", identite_id, attente.id_token)
    sessions.add(
        ctx,
        Espace.PORTAIL,
        id_hash=ctx.acteur.session_hash,
        identite_id=identite_id,
        acteur_id=travailleur_id,
        role=str(Role.SAL),
        dossier_id=dossier_id,
        facteurs=rules.FACTORS,
        auth_at=attente.auth_time,
        idp_sealed=sealed,
        agent_hash=porte.agent_hash,
    )
    traces.record(ctx, "session.open", details={"moyen": "franceconnect"})
    return value


def _become(ctx: Context, acteur: Acteur, dossier_id: UUID) -> None:
    """From here on the transaction is the travailleur's: walls, decisions and traces know him alone."""
    ctx.session.flush()
    ctx.acteur, ctx.dossier_id = acteur, dossier_id
    bind_context(ctx)
