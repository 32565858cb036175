"""Routes of one visit and of one appointment."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from spst.kernel.clock import today
from spst.kernel.context import CodeMotif
from spst.kernel.errors import AccessDenied, Conflict, NotFound, RuleViolation, SpstError
from spst.kernel.ids import new_id
from spst.visites import pages, rules, services
from spst.visites.errors import (
    AbandonNotAllowed,
    DateNotAllowed,
    InformationRequired,
    NoteConflict,
    OrientationNotAllowed,
    VisiteAbandoned,
    VisiteAlreadyClosed,
)
from spst.visites.pages import Saisie
from spst.visites.rules import RUBRIQUES, Conclusion, StatutRdv
from spst.visites.schemas import ClotureSchema, ComplementSchema, NoteSchema, OuvertureSchema, StatutSchema
from spst.visites.vues import NoteSaved
from spst.web.errors import status_of, wants_json
from spst.web.fields import CSRF_FIELD, errors_by_field
from spst.web.filters import date_courte
from spst.web.frame import flash, toast
from spst.web.guards import requires
from spst.web.ports import LoginRequired
from spst.web.requests import unit_of_work
from spst.web.state import web

bp = Blueprint("visites", __name__)

_SAVED = "Les notes sont enregistrées."
_OTHER = "Vous avez déjà cette visite en cours avec ce salarié. Terminez-la avant d’en ouvrir une autre."
_ABANDONED = "La visite est abandonnée. Rien n’y était écrit\u00a0: elle n’apparaît plus."
_ABANDONED_KEPT = "La visite est abandonnée. Ce qui y était écrit reste lisible des professionnels de santé."
_SIGNED = "Le complément est signé."
_SIGNED_BEFORE = "Ce complément était déjà signé. Rien n’est ajouté."
_STATUTS = {
    StatutRdv.ARRIVE: "Arrivée notée.",
    StatutRdv.ABSENT: "Absence notée.",
    StatutRdv.EXCUSE: "Excuse notée.",
    StatutRdv.CONVOQUE: "Remis en attente.",
}


# ──── Start


@bp.get("/dossiers/<uuid:dossier_id>/visites/nouvelle")
@requires("visite.start")
def choose(dossier_id: UUID) -> str:
    return _choice(dossier_id, {}, {})


@bp.post("/dossiers/<uuid:dossier_id>/visites")
@requires("visite.start")
def start(dossier_id: UUID) -> AnyResponse | tuple[str, int]:
    try:
        form = OuvertureSchema().read(request.form)
        with unit_of_work(CodeMotif.VISITE) as ctx:
            opened = services.start_visite(
                ctx,
                dossier_id,
                form["type"],
                on=form["date"],
                rendez_vous_id=_rendez_vous_asked(),
                visite_id=_made_with_page(form["operation_id"]),
            )
    except ValidationError as error:
        return _choice(dossier_id, request.form.to_dict(), errors_by_field(error)), 422
    except VisiteAbandoned as error:
        typed = request.form.to_dict() | {"operation_id": ""}
        return _choice(dossier_id, typed, {"type": str(error)}), 409
    except Conflict:
        raise
    except RuleViolation as error:
        field = "date" if isinstance(error, DateNotAllowed) else "type"
        return _choice(dossier_id, request.form.to_dict(), {field: str(error)}), 422
    if opened != (_made_with_page(form["operation_id"]) or opened):
        flash(_OTHER, "warn")
    return redirect(url_for(".show", visite_id=opened), 303)


def _made_with_page(operation_id: UUID) -> UUID | None:
    """The id that a visit takes is one that the page made; any other only names a demand."""
    return operation_id if operation_id.version == 7 else None


def _rendez_vous_asked() -> UUID | None:
    asked = request.args.get("rendez_vous", "")
    try:
        return UUID(asked) if asked else None
    except ValueError as error:
        raise NotFound from error


def _choice(dossier_id: UUID, posted: dict[str, str], erreurs: dict[str, str]) -> str:
    rendez_vous_id = _rendez_vous_asked()
    with unit_of_work(CodeMotif.VISITE) as ctx:
        choix = services.types_open_to(ctx, dossier_id, rendez_vous_id)
        bandeau = services.bandeau(ctx, dossier_id)
    nouvelle = pages.nouvelle_model(
        choix,
        url_for(".start", dossier_id=dossier_id, rendez_vous=rendez_vous_id),
        url_for(".choose", dossier_id=dossier_id, rendez_vous=rendez_vous_id),
        pages.dossier_url(dossier_id),
        posted=posted,
        erreurs=erreurs,
        today=date_courte(today(web().runtime.clock)),
    )
    return render_template("espace_pro/visite_nouvelle.html", bandeau=pages.bandeau_model(bandeau), nouvelle=nouvelle)


# ──── Read


@bp.get("/visites/<uuid:visite_id>")
@requires("visite.consult")
def show(visite_id: UUID) -> str:
    asked = request.args
    return _page(
        visite_id,
        Saisie(
            cloture_demandee="terminer" in asked,
            abandon_demande="abandonner" in asked,
            erreurs={rules.INFORMATION: str(InformationRequired())} if "a_ecrire" in asked else {},
        ),
    )


def _page(visite_id: UUID, saisie: Saisie) -> str:
    with unit_of_work(CodeMotif.VISITE) as ctx:
        seen = services.visite(ctx, visite_id)
        bandeau = services.bandeau(ctx, seen.dossier_id)
    suivi = pages.REGIMES.get(bandeau.regime or "")
    return render_template(
        "espace_pro/visite.html",
        bandeau=pages.bandeau_model(bandeau),
        visite=pages.visite_model(seen, suivi, saisie),
    )


# ──── Notes


@bp.post("/visites/<uuid:visite_id>/notes")
@requires("visite.note")
def save_note(visite_id: UUID) -> Any:
    """As it is typed: one note, answered in JSON. Without script: the whole form, answered by the page."""
    if wants_json():
        return _save_one(visite_id)
    saisie, saved = _save_form(visite_id)
    if saisie.is_refused:
        return _page(visite_id, saisie), 409
    if saved:
        flash(_SAVED)
    else:
        _find(visite_id)
    return redirect(url_for(".show", visite_id=visite_id), 303)


def _save_one(visite_id: UUID) -> tuple[Response, int]:
    try:
        saved = _save(visite_id, NoteSchema().read(request.form))
    except ValidationError:
        return jsonify(message="Cet enregistrement est incomplet. Copiez votre texte, puis rechargez la page."), 422
    except NoteConflict as conflict:
        return jsonify(
            revision=conflict.revision,
            texte=conflict.texte,
            saved_at=conflict.saved_at.isoformat(),
            auteur=conflict.auteur,
        ), 409
    except LoginRequired:
        raise
    except SpstError as error:
        return jsonify(message=str(error)), status_of(error)
    return jsonify(revision=saved.revision, saved_at=saved.saved_at.isoformat()), 200


def _find(visite_id: UUID) -> None:
    """Raises: NotFound, AccessDenied, as a note would have."""
    with unit_of_work(CodeMotif.VISITE) as ctx:
        services.visite(ctx, visite_id)


def _save(visite_id: UUID, note: dict[str, Any]) -> NoteSaved:
    with unit_of_work(CodeMotif.VISITE) as ctx:
        return services.save_note(ctx, visite_id, **note)


def _save_form(visite_id: UUID) -> tuple[Saisie, int]:
    """Each note in its own transaction: a conflict in one does not lose the others. Also: how many are kept.

    Raises: NotFound, AccessDenied.
    """
    saisie, saved = Saisie(), 0
    for code in (rubrique.code for rubrique in RUBRIQUES):
        texte, revision = request.form.get(f"texte.{code}"), _revision(request.form.get(f"revision.{code}", ""))
        if texte is None or (revision == 0 and not texte.strip()):
            continue
        try:
            _save(visite_id, {"rubrique": code, "texte": texte, "revision": revision, "operation_id": new_id()})
        except VisiteAlreadyClosed as error:
            return Saisie(complement=_typed(), erreur_complement=str(error)), saved
        except VisiteAbandoned:
            return Saisie(perdu=_typed()), saved
        except RuleViolation as error:
            saisie.textes[code], saisie.erreurs[code] = texte, str(error)
        else:
            saved += 1
    return saisie, saved


def _revision(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _typed() -> str:
    """The visit ended meanwhile: what was typed waits in the field of the addendum, or is shown to be copied."""
    return rules.joined([texte for name, texte in request.form.items() if name.startswith("texte.")])


# ──── The end, and after it


@bp.post("/visites/<uuid:visite_id>/cloture")
@requires("visite.close")
def close(visite_id: UUID) -> AnyResponse | tuple[str, int]:
    posted = {name: value for name, value in request.form.items() if "." not in name and name != CSRF_FIELD}
    if posted.get("confirme") != "oui":
        return _ask_to_close(visite_id)
    try:
        form = ClotureSchema().load(posted)
        conclusion = Conclusion(
            orientation_medecin=form["orientation_medecin"], prochaine_visite_on=form["prochaine_visite_on"]
        )
        with unit_of_work(CodeMotif.VISITE) as ctx:
            dossier_id = services.close_visite(ctx, visite_id, conclusion)
    except (VisiteAlreadyClosed, VisiteAbandoned) as error:
        flash(str(error), "warn")
        return redirect(url_for(".show", visite_id=visite_id), 303)
    except InformationRequired:
        return redirect(url_for(".show", visite_id=visite_id, a_ecrire="", _anchor=rules.INFORMATION), 303)
    except ValidationError as error:
        return _end_refused(visite_id, posted, errors_by_field(error))
    except (DateNotAllowed, OrientationNotAllowed) as error:
        field = "prochaine_visite_on" if isinstance(error, DateNotAllowed) else "orientation_medecin"
        return _end_refused(visite_id, posted, {field: str(error)})
    except RuleViolation as error:
        flash(str(error), "stop")
        return redirect(url_for(".show", visite_id=visite_id), 303)
    flash("La visite est terminée. Elle se complète, mais ne change plus.")
    return redirect(pages.dossier_url(dossier_id), 303)


def _end_refused(visite_id: UUID, posted: dict[str, str], erreurs: dict[str, str]) -> tuple[str, int]:
    return _page(visite_id, Saisie(cloture_demandee=True, cloture=posted, erreurs_cloture=erreurs)), 422


def _ask_to_close(visite_id: UUID) -> AnyResponse | tuple[str, int]:
    """Without script: the notes of the form are kept, then the page asks."""
    saisie, _ = _save_form(visite_id)
    if saisie.is_refused:
        return _page(visite_id, saisie), 409
    return redirect(url_for(".show", visite_id=visite_id, terminer=""), 303)


@bp.post("/visites/<uuid:visite_id>/abandon")
@requires("visite.abandon")
def abandon(visite_id: UUID) -> AnyResponse:
    """The page asks before (`?abandonner` without script)."""
    try:
        with unit_of_work(CodeMotif.VISITE) as ctx:
            abandoned = services.abandon_visite(ctx, visite_id)
    except (VisiteAlreadyClosed, VisiteAbandoned, AbandonNotAllowed) as error:
        flash(str(error), "warn")
        return redirect(url_for(".show", visite_id=visite_id), 303)
    flash(_ABANDONED_KEPT if abandoned.gardee else _ABANDONED)
    return redirect(pages.dossier_url(abandoned.dossier_id), 303)


def _first(error: ValidationError | RuleViolation) -> str:
    if isinstance(error, ValidationError):
        return next(iter(errors_by_field(error).values()), "Une valeur n’a pas la forme attendue.")
    return str(error)


@bp.post("/visites/<uuid:visite_id>/complements")
@requires("visite.complete")
def complete(visite_id: UUID) -> AnyResponse | tuple[str, int]:
    try:
        form = ComplementSchema().read(request.form)
        with unit_of_work(CodeMotif.VISITE) as ctx:
            is_new = services.add_addendum(ctx, visite_id, form["texte"])
    except (ValidationError, RuleViolation) as error:
        typed = request.form.get("texte", "")
        return _page(visite_id, Saisie(complement=typed, erreur_complement=_first(error))), 422
    toast(_SIGNED if is_new else _SIGNED_BEFORE)
    return redirect(url_for(".show", visite_id=visite_id, _anchor="complements"), 303)


# ──── Appointments


@bp.post("/rendez-vous/<uuid:rendez_vous_id>/statut")
@requires("rendez_vous.update")
def set_statut(rendez_vous_id: UUID) -> AnyResponse:
    """The state comes in the form or, for a page with one button per state, in the address."""
    try:
        form = StatutSchema().load({"statut": request.form.get("statut") or request.args.get("statut", "")})
        statut = StatutRdv(form["statut"])
        with unit_of_work() as ctx:
            changed = services.update_rendez_vous(ctx, rendez_vous_id, statut)
    except (AccessDenied, NotFound):
        raise
    except RuleViolation as error:
        flash(str(error), "warn")
        return redirect(url_for("journee.show"), 303)
    if changed.avant is not statut:
        undo = url_for(".set_statut", rendez_vous_id=rendez_vous_id, statut=str(changed.avant))
        toast(_STATUTS[statut], undo)
    return redirect(url_for("journee.show", jour=changed.jour.isoformat()), 303)
