"""Why dossiers are opened, as long as a session lasts: the SPST may ask it, the trace says it, the worker reads it.

A code of a short list, never a text: what a session keeps holds no health word.
"""

from uuid import UUID

from flask import session

from spst.kernel.context import CodeMotif

_KEY = "motifs"
_MOST = 300
"""More dossiers than anybody opens in four hours; the oldest is asked again."""


def given() -> dict[UUID, CodeMotif]:
    return {UUID(dossier_id): CodeMotif(code) for dossier_id, code in session.get(_KEY, {}).items()}


def remember(dossier_id: UUID, motif: CodeMotif) -> None:
    kept = {**session.get(_KEY, {}), str(dossier_id): str(motif)}
    session[_KEY] = dict(list(kept.items())[-_MOST:])
