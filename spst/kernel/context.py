"""What a use case is given: its transaction, in whose name it runs, why, and what it has gathered so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from spst.kernel.acteur import Acteur
from spst.kernel.clock import Clock
from spst.kernel.runtime import Runtime


class CodeMotif(StrEnum):
    """Why a dossier is opened. The code and its precision are for health professionals and the worker, nobody else."""

    VISITE = "visite"
    SUIVI = "suivi"
    DELEGATION = "delegation"
    DROITS = "droits"
    ADMINISTRATION = "administration"
    TECHNIQUE = "technique"
    EXCEPTIONNEL = "exceptionnel"
    REIDENTIFICATION = "reidentification"


@dataclass(frozen=True, slots=True)
class Motif:
    code: CodeMotif
    precision: str | None = None


@dataclass(slots=True)
class Context:
    """One transaction of one actor in one tenant. Services take it first; it does not outlive its `with`.

    `origin`: where the request came from ("web", "cli", "job"), `correlation_id`: the request's reference, shown on error pages.
    """

    session: Session
    runtime: Runtime
    tenant_id: UUID
    acteur: Acteur
    motif: Motif
    correlation_id: UUID
    origin: str
    dossier_id: UUID | None = None
    delegation_id: UUID | None = None
    protocole_id: UUID | None = None
    """The written protocol under which a supervised professional acts; the trace names it, as it names a delegation."""
    motifs: dict[UUID, CodeMotif] = field(default_factory=dict)
    """Why each dossier was opened, as the actor said it or an appointment does; in the web, for as long as his session."""
    decisions: list[Any] = field(default_factory=list)
    """Decisions of `habilitations`, in order; traces take their rules and version."""
    cache: dict[str, Any] = field(default_factory=dict)
    """Facts read once per transaction, by the room that owns the key."""
    before_commit: list[Callable[["Context"], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    after_rollback: list[Callable[[], None]] = field(default_factory=list)
    """Run when nothing can have been committed; a commit that failed on its way runs neither these nor those."""

    @property
    def clock(self) -> Clock:
        return self.runtime.clock
