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

from spst.journal.errors import CasClosed, CasNotClosed, CasTaken, OwnCas
from spst.journal.models import Instruction
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time

_INSTRUCTION = cast(Table, Instruction.__table__)


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
class Suite:
    """One act. `reponse_sealed`: what the worker is answered, still sealed."""

    id: UUID
    compte_id: UUID
    at: datetime
    geste: Geste
    issue: Issue | None
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
    for cas_id, row_id, compte_id, at, geste, issue, sealed in ctx.session.execute(query):
        found[cas_id].append(Suite(row_id, compte_id, at, Geste(geste), Issue(issue) if issue else None, sealed))
    return {cas_id: tuple(suites) for cas_id, suites in found.items()}


def take(ctx: Context, cas_id: UUID, dossier_id: UUID, en_cause: UUID | None) -> None:
    """Raises: CasTaken, OwnCas."""
    if _etat(ctx, cas_id, en_cause) is not Etat.NOUVEAU:
        raise CasTaken
    _add(ctx, cas_id, dossier_id, Geste.PRISE)


def close(ctx: Context, cas_id: UUID, dossier_id: UUID, en_cause: UUID | None, issue: Issue, reponse: str) -> None:
    """Raises: CasClosed, OwnCas."""
    if _etat(ctx, cas_id, en_cause) is Etat.CLOS:
        raise CasClosed
    _add(ctx, cas_id, dossier_id, Geste.CLOTURE, issue, reponse)


def reopen(ctx: Context, cas_id: UUID, dossier_id: UUID, en_cause: UUID | None) -> None:
    """Raises: CasNotClosed, OwnCas."""
    if _etat(ctx, cas_id, en_cause) is not Etat.CLOS:
        raise CasNotClosed
    _add(ctx, cas_id, dossier_id, Geste.REOUVERTURE)


def reponse_of(ctx: Context, dossier_id: UUID, suite: Suite) -> str | None:
    """What the worker is answered. Raises: KeyUnavailable, once his dossier is erased."""
    if suite.reponse_sealed is None:
        return None
    keyring = ctx.runtime.keyring
    return keyring.open(ctx.tenant_id, dossier_id, "instruction", "reponse_sealed", suite.id, suite.reponse_sealed)


def _etat(ctx: Context, cas_id: UUID, en_cause: UUID | None) -> Etat:
    """Where the case stands, while nobody else acts on it. `en_cause`: the account whose access is examined."""
    if en_cause == ctx.acteur.id:
        raise OwnCas(action="alerte.decide")
    one_at_a_time(ctx, "instruction", cas_id)
    return etat_of(of_cas(ctx, [cas_id]).get(cas_id, ()))


def _add(
    ctx: Context, cas_id: UUID, dossier_id: UUID, geste: Geste, issue: Issue | None = None, reponse: str | None = None
) -> None:
    row_id = new_id(ctx.clock.now())
    keyring = ctx.runtime.keyring
    sealed = reponse and keyring.seal(ctx.tenant_id, dossier_id, "instruction", "reponse_sealed", row_id, reponse)
    ctx.session.execute(
        insert(_INSTRUCTION).values(
            tenant_id=ctx.tenant_id,
            id=row_id,
            cas_id=cas_id,
            dossier_id=dossier_id,
            compte_id=ctx.acteur.id,
            at=ctx.clock.now(),
            geste=str(geste),
            issue=issue and str(issue),
            reponse_sealed=sealed,
        )
    )
