"""Starting a visit, and writing in it: the draft protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from spst.dmst import services as dmst
from spst.habilitations import services as habilitations
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces
from spst.visites import queries, rules, textes
from spst.visites.errors import (
    DateNotAllowed,
    NoteConflict,
    RendezVousNotAllowed,
    RendezVousNotFound,
    TypeNotInForce,
    VisiteAbandoned,
    VisiteAlreadyClosed,
    VisiteAlreadyOpen,
)
from spst.visites.queries import NOTE, RENDEZ_VOUS, VISITE
from spst.visites.rules import NoteStored, StatutRdv, Suite
from spst.visites.vues import NoteSaved

_CHECK_VIOLATION = "23514"
_FORM_SERVED = "Ce formulaire a servi à une visite que vous avez abandonnée. Vérifiez-le, puis ouvrez la visite."


def start_visite(
    ctx: Context,
    dossier_id: UUID,
    type_code: str,
    *,
    on: date | None = None,
    rendez_vous_id: UUID | None = None,
    visite_id: UUID | None = None,
) -> UUID:
    """Open a visit of the actor with a worker, and return its id; one that he has open already is the answer to a second demand.

    `on`: its day when it is written afterwards. `visite_id`: an id made with the form, so that two clicks open one visit.
    Raises: NotFound, AccessDenied, TypeNotInForce, TypeNotAllowed, DateNotAllowed, VisiteAlreadyOpen, VisiteAbandoned (its form
    served already), RendezVousNotFound, RendezVousNotAllowed.
    Source: C. trav. art. L. 4624-1 and following; who conducts: `type_visite.praticiens`.
    """
    habilitations.require(ctx, "visite.start", dossier_id)
    day = on or today(ctx.clock)
    type_ = queries.type_in_force(ctx, type_code, day)
    if type_ is None:
        raise TypeNotInForce
    rules.check_may_conduct(type_, ctx.acteur.role)
    values = {
        "dossier_id": dossier_id,
        "type_code": type_code,
        "professionnel_id": ctx.acteur.id,
        "started_at": rules.started_at(day, ctx.clock.now()),
        "rendez_vous_id": rendez_vous_id,
    }
    known = _already_open(ctx, values, visite_id)
    traces.record(ctx, "visite.consult" if known else "visite.start", dossier_id, ["S3"])
    return known or _open(ctx, values, visite_id)


def _already_open(ctx: Context, values: dict[str, Any], visite_id: UUID | None) -> UUID | None:
    """The visit that this demand opened before, or the one that is open.

    Raises: VisiteAlreadyOpen, when the id is taken; VisiteAbandoned.
    """
    known = queries.visite_by_id(ctx, visite_id) if visite_id else None
    if known is not None:
        if known.dossier_id == values["dossier_id"] and known.professionnel_id == ctx.acteur.id:
            if known.abandoned_at is not None:
                raise VisiteAbandoned(_FORM_SERVED)
            return UUID(str(known.id))
        raise VisiteAlreadyOpen
    current = queries.open_visite(ctx, values["dossier_id"])
    return None if current is None else UUID(str(current.id))


def _open(ctx: Context, values: dict[str, Any], visite_id: UUID | None) -> UUID:
    """Under a savepoint: a second demand that runs at the same time finds what the first one opened."""
    try:
        with ctx.session.begin_nested():
            if values["rendez_vous_id"]:
                _begin_rendez_vous(ctx, values["rendez_vous_id"], values["dossier_id"])
            opened = dmst.add_header(ctx, values["dossier_id"], "S3", visite_id)
            ctx.session.execute(insert(VISITE).values(tenant_id=ctx.tenant_id, id=opened, **values))
            return opened
    except RendezVousNotAllowed:
        found = _already_open(ctx, values, visite_id)
        if found is None:
            raise
    except IntegrityError as error:
        found = _already_open(ctx, values, visite_id)
        if found is None:
            raise VisiteAlreadyOpen from error
    return found


def _begin_rendez_vous(ctx: Context, rendez_vous_id: UUID, dossier_id: UUID) -> None:
    rdv = queries.locked_rendez_vous(ctx, rendez_vous_id)
    if rdv is None or rdv.dossier_id != dossier_id:
        raise RendezVousNotFound
    if StatutRdv(rdv.statut) not in rules.OPEN_TO_A_VISITE:
        raise RendezVousNotAllowed("Une visite a déjà été ouverte pour ce rendez-vous.", statut=rdv.statut)
    now = ctx.clock.now()
    if rdv.starts_at > rules.bounds_of(today(ctx.clock))[1]:
        raise DateNotAllowed("Ce rendez-vous est à venir. Une visite s’ouvre le jour où elle a lieu.")
    # One instant for both: an abandoned visit knows by it that nobody had noted the arrival (rules.statut_before_visite).
    set_rendez_vous(ctx, rendez_vous_id, statut=StatutRdv.EN_COURS, arrived_at=rdv.arrived_at or now, updated_at=now)


def set_rendez_vous(ctx: Context, rendez_vous_id: UUID, **values: Any) -> None:
    ctx.session.execute(
        update(RENDEZ_VOUS)
        .where(RENDEZ_VOUS.c.tenant_id == ctx.tenant_id, RENDEZ_VOUS.c.id == rendez_vous_id)
        .values({"updated_at": ctx.clock.now(), **values})
    )


def save_note(ctx: Context, visite_id: UUID, rubrique: str, texte: str, revision: int, operation_id: UUID) -> NoteSaved:
    """Keep the actor's own note in a rubrique of an open visit, typed over `revision` (0 for the first save).

    A replayed operation answers as the first time. What is acknowledged is never overwritten unseen: a save over a revision
    that is no longer the last one raises NoteConflict, with the text that is there.
    The first save of an editing period leaves the trace (architecture: drafts).
    Raises: NotFound, AccessDenied, RubriqueUnknown, TexteRefused, TexteTooLong, NoteConflict, VisiteAlreadyClosed,
    VisiteAbandoned.
    """
    dossier_id = dmst.header(ctx, visite_id, "S3").dossier_id
    habilitations.require(ctx, "visite.note", dossier_id)
    rules.check_rubrique(rubrique)
    kept = rules.clean_texte(texte)
    while True:
        row = queries.note_to_save(ctx, visite_id, rubrique)
        rules.check_is_open(row.closed_at, row.abandoned_at)
        stored = _stored(ctx, dossier_id, row)
        suite = rules.outcome(stored, kept, revision, operation_id)
        if suite is Suite.KEPT:
            return NoteSaved(row.revision, row.saved_at)
        if suite is Suite.CONFLICT and stored is not None:
            raise _conflict(stored, row)
        saved = _write_note(ctx, dossier_id, visite_id, rubrique, kept, operation_id, row)
        if saved is not None:
            return saved


def _stored(ctx: Context, dossier_id: UUID, row: Row[Any]) -> NoteStored | None:
    if row.id is None:
        return None
    texte = textes.read(ctx, dossier_id, textes.NOTE, row.id, row.texte_sealed)
    return NoteStored(row.revision, row.operation_id, texte)


def _write_note(
    ctx: Context, dossier_id: UUID, visite_id: UUID, rubrique: str, texte: str, operation_id: UUID, row: Row[Any]
) -> NoteSaved | None:
    """Write over what was read; None when another window wrote meanwhile, and the question is to be asked again."""
    now = ctx.clock.now()
    note_id = row.id or new_id(now)
    values = {
        "texte_sealed": textes.seal(ctx, dossier_id, textes.NOTE, note_id, texte),
        "revision": (row.revision or 0) + 1,
        "operation_id": operation_id,
        "saved_at": now,
        "traced_at": row.traced_at,
        "traced_session": row.traced_session,
    }
    traced = rules.leaves_trace(row.traced_at, row.traced_session, ctx.acteur.session_hash, now)
    if traced:
        values |= {"traced_at": now, "traced_session": ctx.acteur.session_hash}
    key = {"tenant_id": ctx.tenant_id, "id": note_id, "dossier_id": dossier_id, "visite_id": visite_id}
    with refusing_closed():
        written = _insert_note(ctx, key, rubrique, values) if row.id is None else _update_note(ctx, row, values)
    if not written:
        return None
    if traced:
        traces.record(ctx, "visite.note", dossier_id, ["S3"])
    return NoteSaved(values["revision"], now)


def _insert_note(ctx: Context, key: dict[str, Any], rubrique: str, values: dict[str, Any]) -> bool:
    statement = upsert(NOTE).values(rubrique=rubrique, auteur_id=ctx.acteur.id, **key, **values)
    statement = statement.on_conflict_do_nothing(index_elements=["tenant_id", "visite_id", "rubrique", "auteur_id"])
    return ctx.session.execute(statement.returning(NOTE.c.id)).first() is not None


def _update_note(ctx: Context, row: Row[Any], values: dict[str, Any]) -> bool:
    statement = (
        update(NOTE)
        .where(NOTE.c.tenant_id == ctx.tenant_id, NOTE.c.id == row.id, NOTE.c.revision == row.revision)
        .values(**values)
    )
    return ctx.session.execute(statement.returning(NOTE.c.id)).first() is not None


@contextmanager
def refusing_closed() -> Iterator[None]:
    """The database refuses what the end of a visit made impossible meanwhile. Raises: VisiteAlreadyClosed, VisiteAbandoned."""
    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == _CHECK_VIOLATION:
            if "abandoned" in str(error.orig):
                raise VisiteAbandoned from error
            raise VisiteAlreadyClosed from error
        raise


def _conflict(stored: NoteStored, row: Row[Any]) -> NoteConflict:
    """Notes conflict between two windows of one author: the other text is his own too."""
    return NoteConflict(revision=stored.revision, texte=stored.texte, saved_at=row.saved_at, auteur=None)
