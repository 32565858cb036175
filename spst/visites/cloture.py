"""The end of a visit, and what is added to it afterwards."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, update

from spst.dmst import services as dmst
from spst.habilitations import services as habilitations
from spst.kernel.clock import PARIS, today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces
from spst.visites import queries, rules, textes
from spst.visites.errors import AbandonNotAllowed, TexteRequired, TypeNotInForce, VisiteAbandoned, VisiteStillOpen
from spst.visites.queries import ADDENDUM, CONCLUSION, VISITE
from spst.visites.rules import Conclusion, StatutRdv, TypeLegal
from spst.visites.saisie import refusing_closed, set_rendez_vous
from spst.visites.vues import VisiteAbandonnee


def close_visite(ctx: Context, visite_id: UUID, conclusion: Conclusion = Conclusion()) -> UUID:  # noqa: B008 - frozen
    """Fix a visit and what it tells the worker; return its dossier. Nothing of it changes afterwards.

    The information handed over is what stands in its rubrique, from whoever wrote there, unless `conclusion` gives it.
    Raises: NotFound, AccessDenied, VisiteAlreadyClosed, VisiteAbandoned, ClotureNotAllowed, TypeNotAllowed, InformationRequired,
    OrientationNotAllowed, DateNotAllowed.
    Source: C. trav. art. R. 4624-45-4 3° and 5°, R. 4624-13 (orientation).
    """
    dossier_id = dmst.header(ctx, visite_id, "S3").dossier_id
    habilitations.require(ctx, "visite.close", dossier_id)
    visite = queries.locked_visite(ctx, visite_id)
    rules.check_is_open(visite.closed_at, visite.abandoned_at)
    type_ = _type_of(ctx, visite)
    rules.check_may_close(type_, ctx.acteur.role, is_conductor=visite.professionnel_id == ctx.acteur.id)
    information = _information(ctx, visite, conclusion)
    rules.check_conclusion(type_, ctx.acteur.role, conclusion, information, today(ctx.clock))
    _write_conclusion(ctx, visite, conclusion, information)
    _fix(ctx, visite)
    traces.record(ctx, "visite.close", dossier_id, ["S3", "S5"])
    return dossier_id


def _type_of(ctx: Context, visite: Row[Any]) -> TypeLegal:
    """The type as the law knew it on the day of the visit."""
    on: date = visite.started_at.astimezone(PARIS).date()
    type_ = queries.type_in_force(ctx, visite.type_code, on)
    if type_ is None:
        raise TypeNotInForce
    return type_


def _information(ctx: Context, visite: Row[Any], conclusion: Conclusion) -> str:
    if conclusion.information is not None:
        return rules.clean_texte(conclusion.information)
    notes = queries.texts_for_worker(ctx, visite.id, rules.INFORMATION)
    return rules.joined(
        [textes.read(ctx, visite.dossier_id, textes.NOTE, note.id, note.texte_sealed) for note in notes]
    )


def _write_conclusion(ctx: Context, visite: Row[Any], conclusion: Conclusion, information: str) -> None:
    conclusion_id = dmst.add_header(ctx, visite.dossier_id, "S5")
    ctx.session.execute(
        insert(CONCLUSION).values(
            tenant_id=ctx.tenant_id,
            id=conclusion_id,
            dossier_id=visite.dossier_id,
            visite_id=visite.id,
            information_sealed=textes.seal(ctx, visite.dossier_id, textes.CONCLUSION, conclusion_id, information),
            orientation_medecin=conclusion.orientation_medecin,
            prochaine_visite_on=conclusion.prochaine_visite_on,
            created_at=ctx.clock.now(),
            created_by=ctx.acteur.id,
        )
    )


def _fix(ctx: Context, visite: Row[Any]) -> None:
    _end(ctx, visite, closed_at=ctx.clock.now())
    if visite.rendez_vous_id is not None:
        set_rendez_vous(ctx, visite.rendez_vous_id, statut=StatutRdv.RECU)


def _end(ctx: Context, visite: Row[Any], **ended: datetime) -> None:
    with refusing_closed():
        ctx.session.execute(
            update(VISITE).where(VISITE.c.tenant_id == ctx.tenant_id, VISITE.c.id == visite.id).values(**ended)
        )


def abandon_visite(ctx: Context, visite_id: UUID) -> VisiteAbandonnee:
    """End a visit that its own author opened by mistake. It was not held, and concludes nothing.

    What is written in it stays, for health professionals alone; the travailleur is never shown it (POR-05). Its appointment is
    again where it was before.
    Raises: NotFound, AccessDenied, AbandonNotAllowed, VisiteAlreadyClosed, VisiteAbandoned.
    """
    dossier_id = dmst.header(ctx, visite_id, "S3").dossier_id
    habilitations.require(ctx, "visite.abandon", dossier_id)
    visite = queries.locked_visite(ctx, visite_id)
    if visite.professionnel_id != ctx.acteur.id:
        raise AbandonNotAllowed
    rules.check_is_open(visite.closed_at, visite.abandoned_at)
    _end(ctx, visite, abandoned_at=ctx.clock.now())
    if visite.rendez_vous_id is not None:
        _give_back(ctx, visite.rendez_vous_id)
    traces.record(ctx, "visite.abandon", dossier_id, ["S3"])
    return VisiteAbandonnee(dossier_id, bool(queries.notes_of(ctx, visite_id)))


def _give_back(ctx: Context, rendez_vous_id: UUID) -> None:
    rdv = queries.locked_rendez_vous(ctx, rendez_vous_id)
    if rdv is None or rdv.statut != StatutRdv.EN_COURS:
        return
    before = rules.statut_before_visite(rdv.arrived_at, rdv.updated_at)
    set_rendez_vous(
        ctx, rendez_vous_id, statut=before, arrived_at=rdv.arrived_at if before is StatutRdv.ARRIVE else None
    )


def add_addendum(ctx: Context, visite_id: UUID, texte: str) -> bool:
    """Complete a closed visit by a dated text in the actor's name, for good; False when it stands there already.

    The same text again from the same author is the same click: nothing is added, and the trace says that the visit was read.
    Raises: NotFound, AccessDenied, TexteRequired, TexteRefused, TexteTooLong, VisiteStillOpen, VisiteAbandoned.
    """
    dossier_id = dmst.header(ctx, visite_id, "S3").dossier_id
    habilitations.require(ctx, "visite.complete", dossier_id)
    kept = rules.clean_texte(texte).strip()
    if not kept:
        raise TexteRequired
    visite = queries.locked_visite(ctx, visite_id)
    if visite.abandoned_at is not None:
        raise VisiteAbandoned
    if visite.closed_at is None:
        raise VisiteStillOpen
    is_new = not _is_already_there(ctx, dossier_id, visite_id, kept)
    if is_new:
        _write_addendum(ctx, dossier_id, visite_id, kept)
    traces.record(ctx, "visite.complete" if is_new else "visite.consult", dossier_id, ["S3"])
    return is_new


def _is_already_there(ctx: Context, dossier_id: UUID, visite_id: UUID, texte: str) -> bool:
    return any(
        addendum.auteur_id == ctx.acteur.id
        and textes.read(ctx, dossier_id, textes.ADDENDUM, addendum.id, addendum.texte_sealed) == texte
        for addendum in queries.addenda_of(ctx, visite_id)
    )


def _write_addendum(ctx: Context, dossier_id: UUID, visite_id: UUID, texte: str) -> None:
    addendum_id = new_id(ctx.clock.now())
    ctx.session.execute(
        insert(ADDENDUM).values(
            tenant_id=ctx.tenant_id,
            id=addendum_id,
            dossier_id=dossier_id,
            visite_id=visite_id,
            texte_sealed=textes.seal(ctx, dossier_id, textes.ADDENDUM, addendum_id, texte),
            auteur_id=ctx.acteur.id,
            added_at=ctx.clock.now(),
        )
    )
