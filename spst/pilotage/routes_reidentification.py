"""Whose dossier a reference of the journal is: the direction asks, and reads what a médecin agreed to tell (TRA-05)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import exercice
from spst.journal import reidentification, rules
from spst.journal.errors import ReferenceAmbiguous, ReferenceUnknown, ReidentificationRefused
from spst.journal.reidentification import RAISONS, DemandeVue, Etat
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.pilotage import schemas
from spst.web.fields import CSRF_FIELD, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("reidentification", __name__, url_prefix="/direction/reidentifications")


@bp.get("")
@requires("reidentification.ask")
def show() -> ResponseReturnValue:
    return _page({"dossier": rules.normalise_reference(request.args.get("dossier", "")) or ""})


@bp.post("")
@requires("reidentification.ask")
def ask() -> ResponseReturnValue:
    typed = {name: value for name, value in request.form.items() if name != CSRF_FIELD}
    try:
        reference, raison, texte = schemas.reidentification(request.form)
        with unit_of_work() as ctx:
            reidentification.ask(ctx, reference, raison, texte)
    except ValidationError as error:
        return _page(typed, errors_by_field(error)), 422
    except (ReferenceUnknown, ReferenceAmbiguous, ReidentificationRefused) as refusal:
        return _page(typed, {"dossier": str(refusal)}), 422
    flash("Demande faite. Un médecin du travail la lit dans sa journée.")
    return redirect(url_for(".show"), 303)


@bp.get("/<uuid:reidentification_id>")
@requires("reidentification.read")
def look(reidentification_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            demande, identite = reidentification.look(ctx, reidentification_id)
            view = {**_ligne(demande, _names(ctx, [demande])), "identite": identite}
    except RuleViolation as refusal:
        return _back(refusal)
    return render_template("pilotage/reidentification.html", demande=view)


@bp.post("/<uuid:reidentification_id>/cloture")
@requires("reidentification.ask")
def close(reidentification_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            reidentification.close(ctx, reidentification_id)
    except RuleViolation as refusal:
        return _back(refusal)
    flash("Demande close. L’identité n’est plus lue de personne ici.")
    return redirect(url_for(".show"), 303)


def _back(refusal: RuleViolation) -> ResponseReturnValue:
    """Told over the list, which says where each demand stands."""
    flash(str(refusal), "warn")
    return redirect(url_for(".show"), 303)


def _page(valeurs: dict[str, str], erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        found = reidentification.mine(ctx)
        names = _names(ctx, found)
    view = {
        "lignes": [_ligne(one, names) for one in found],
        "raisons": [("", "Choisir"), *((str(code), label) for code, label in RAISONS.items())],
        "valeurs": valeurs,
        "erreurs": erreurs or {},
    }
    return render_template("pilotage/reidentifications.html", demandes=view)


def _names(ctx: Context, demandes: Collection[DemandeVue]) -> dict[UUID, str]:
    return exercice.names_of(ctx, {one.decided_by for one in demandes if one.decided_by})


def _ligne(one: DemandeVue, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "vue": one,
        "raison": RAISONS[one.raison],
        "medecin": names.get(one.decided_by) if one.decided_by else None,
        "lire_url": url_for(".look", reidentification_id=one.id) if one.etat is Etat.ACCORDEE else None,
        "clore_url": url_for(".close", reidentification_id=one.id)
        if one.etat in {Etat.ATTENTE, Etat.ACCORDEE}
        else None,
    }
