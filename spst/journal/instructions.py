"""What is done with an access under examination: taken, closed with an issue, opened again. The last act says where it stands.

Each act is a row that never changes; who opened what is in question does not judge it. RGPD art. 38 and 39.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import Table, insert, select

from spst.dmst import textes
from spst.dmst.errors import DossierErased
from spst.journal.errors import CasClosed, CasNotClosed, CasTaken, OwnCas
from spst.journal.models import Instruction
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time

_INSTRUCTION = cast(Table, Instruction.__table__)
MOST_CLOSED = 50
"""What a queue shows of those that are closed: the latest."""


class Etat(StrEnum):
    NOUVEAU = "nouveau"
    EN_COURS = "en_cours"
    CLOS = "clos"


class Geste(StrEnum):
    PRISE = "prise"
    CLOTURE = "cloture"
    REOUVERTURE = "reouverture"


class Issue(StrEnum):
    JUSTIFIE = "justifie"
    ERREUR = "erreur"
    INJUSTIFIE = "injustifie"
    SANS_OBJET = "sans_objet"


ISSUES = {
    Issue.JUSTIFIE: "Accès justifié",
    Issue.ERREUR: "Erreur sans intention",
    Issue.INJUSTIFIE: "Accès injustifié",
    Issue.SANS_OBJET: "Sans objet",
}
_AFTER = {Geste.PRISE: Etat.EN_COURS, Geste.CLOTURE: Etat.CLOS, Geste.REOUVERTURE: Etat.EN_COURS}


@dataclass(frozen=True, slots=True)
class Cas:
    """What is examined. `dossier_id`: of a signalement, whose worker is answered; None for an alerte. `en_cause`: the account
    whose accesses are in question, None when it is nobody's."""

    id: UUID
    dossier_id: UUID | None
    en_cause: UUID | None


@dataclass(frozen=True, slots=True)
class Suite:
    """One act. `motif`: why an alerte was closed so; `reponse_sealed`: what the worker is answered, still sealed."""

    id: UUID
    compte_id: UUID
    at: datetime
    geste: Geste
    issue: Issue | None
    motif: str | None
    reponse_sealed: bytes | None


def etat_of(suites: Sequence[Suite]) -> Etat:
    return _AFTER[suites[-1].geste] if suites else Etat.NOUVEAU


def of_cas(ctx: Context, cas_ids: Collection[UUID]) -> Mapping[UUID, tuple[Suite, ...]]:
    """What was done with each, the first act first; a case of which nothing was done is not in the answer."""
    columns = (_INSTRUCTION.c[name] for name in ("cas_id", *Suite.__slots__))
    query = (
        select(*columns)
        .where(_INSTRUCTION.c.tenant_id == ctx.tenant_id, _INSTRUCTION.c.cas_id.in_(cas_ids))
        .order_by(_INSTRUCTION.c.id)
    )
    found = defaultdict[UUID, list[Suite]](list)
    for cas_id, row_id, compte_id, at, geste, issue, *said in ctx.session.execute(query) if cas_ids else ():
        found[cas_id].append(Suite(row_id, compte_id, at, Geste(geste), Issue(issue) if issue else None, *said))
    return {cas_id: tuple(suites) for cas_id, suites in found.items()}


def take(ctx: Context, cas: Cas) -> None:
    """Raises: CasTaken, OwnCas."""
    if _etat(ctx, cas) is not Etat.NOUVEAU:
        raise CasTaken
    _add(ctx, cas, Geste.PRISE)


def close(ctx: Context, cas: Cas, issue: Issue, texte: str) -> None:
    """`texte`: the answer to the worker, or why an alerte is closed so. Raises: CasClosed, OwnCas."""
    if _etat(ctx, cas) is Etat.CLOS:
        raise CasClosed
    _add(ctx, cas, Geste.CLOTURE, issue, texte)


def reopen(ctx: Context, cas: Cas) -> None:
    """Raises: CasNotClosed, OwnCas."""
    if _etat(ctx, cas) is not Etat.CLOS:
        raise CasNotClosed
    _add(ctx, cas, Geste.REOUVERTURE)


def reponse_of(ctx: Context, dossier_id: UUID, suite: Suite) -> str | None:
    """What the worker was answered. Raises: DossierErased."""
    return textes.read_optional(ctx, dossier_id, _INSTRUCTION, "reponse_sealed", suite.id, suite.reponse_sealed)


def hold(ctx: Context, cas_id: UUID) -> None:
    """Wait until nobody else acts on this case, nor adds to it; held until this transaction ends."""
    one_at_a_time(ctx, "instruction", cas_id)


def _etat(ctx: Context, cas: Cas) -> Etat:
    """Where the case stands, while nobody else acts on it."""
    if cas.en_cause == ctx.acteur.id:
        raise OwnCas(action="alerte.decide")
    hold(ctx, cas.id)
    return etat_of(of_cas(ctx, [cas.id]).get(cas.id, ()))


def _add(ctx: Context, cas: Cas, geste: Geste, issue: Issue | None = None, texte: str | None = None) -> None:
    row_id, sealed = new_id(ctx.clock.now()), None
    if cas.dossier_id is not None:
        sealed = _sealed(ctx, cas.dossier_id, row_id, texte)
    ctx.session.execute(
        insert(_INSTRUCTION).values(
            tenant_id=ctx.tenant_id,
            id=row_id,
            cas_id=cas.id,
            dossier_id=cas.dossier_id,
            compte_id=ctx.acteur.id,
            at=ctx.clock.now(),
            geste=str(geste),
            issue=issue and str(issue),
            motif=texte if cas.dossier_id is None else None,
            reponse_sealed=sealed,
        )
    )


def _sealed(ctx: Context, dossier_id: UUID, row_id: UUID, texte: str | None) -> bytes | None:
    """Once his dossier is erased there is nobody to answer: the case is closed, and no word of it is kept."""
    try:
        return textes.seal_optional(ctx, dossier_id, _INSTRUCTION, "reponse_sealed", row_id, texte)
    except DossierErased:
        return b""
