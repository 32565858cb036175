"""A unit of work for routes: tenant, actor, own dossier and reference come from the log-in and the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import g

from spst.kernel import unit_of_work as kernel
from spst.kernel.acteur import Famille
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.errors import NotFound
from spst.kernel.ids import new_id
from spst.web import motifs
from spst.web.ports import LoginRequired, Utilisateur
from spst.web.sessions import current
from spst.web.state import web

_USUAL_MOTIF = {
    Famille.SANTE: CodeMotif.SUIVI,
    Famille.DELEGUE: CodeMotif.DELEGATION,
    Famille.TRAVAILLEUR: CodeMotif.DROITS,
}


def correlation_id() -> UUID:
    """The reference of this request, in its traces, in the log and on an error page."""
    if "correlation_id" not in g:
        g.correlation_id = new_id()
    known: UUID = g.correlation_id
    return known


def reference() -> str:
    """The reference as somebody reads it out: the last twelve signs of the correlation id."""
    tail = correlation_id().hex[-12:]
    return f"{tail[:4]}-{tail[4:8]}-{tail[8:]}"


def user() -> Utilisateur:
    """Who is logged in. Raises: LoginRequired."""
    known = current().user
    if known is None:
        raise LoginRequired
    return known


@contextmanager
def unit_of_work(
    motif: Motif | CodeMotif | None = None,
    dossier_id: UUID | None = None,
    delegation_id: UUID | None = None,
) -> Iterator[Context]:
    """The transaction of this request, in the name of the user logged in.

    `motif`: why; by default what the family of the actor usually comes for. A travailleur's own dossier is always in it.
    """
    who = user()
    with kernel.unit_of_work(
        web().runtime,
        who.tenant_id,
        who.acteur,
        _motif(motif, who),
        origin="web",
        dossier_id=who.dossier_id or dossier_id,
        delegation_id=delegation_id,
        correlation_id=correlation_id(),
    ) as context:
        context.motifs.update(motifs.given())
        try:
            yield context
        except NotFound as missing:
            missing.facts.setdefault("action", g.get("action"))  # nothing was decided: its trace names what was asked
            raise


def _motif(motif: Motif | CodeMotif | None, who: Utilisateur) -> Motif:
    if isinstance(motif, Motif):
        return motif
    return Motif(motif or _USUAL_MOTIF.get(who.acteur.famille, CodeMotif.ADMINISTRATION))
