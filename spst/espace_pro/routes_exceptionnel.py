"""Exceptional access: a médecin opens one dossier past the policy of his SPST, and other médecins read why (HAB-06)."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import exercice
from spst.espace_pro.liens import dossier_url, titulaire
from spst.espace_pro.schemas import ExceptionnelSchema, RelectureSchema
from spst.habilitations import exceptionnel
from spst.habilitations.actions import TITRES
from spst.habilitations.exceptionnel import AVIS, RAISONS, AccesVu, Avis, Raison
from spst.journal import services as journal
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.web import fresh
from spst.web.fields import CSRF_FIELD, errors_by_field
from spst.web.filters import enumeration
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("exceptionnel", __name__)


@bp.get("/dossiers/<uuid:dossier_id>/acces-exceptionnel")
@requires("exceptionnel.open")
def ask(dossier_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        exceptionnel.check(ctx, dossier_id)
        why = exceptionnel.obstacle(ctx, dossier_id)
    return _form(dossier_id, {"": why} if why else None)


@bp.post("/dossiers/<uuid:dossier_id>/acces-exceptionnel")
@requires("exceptionnel.open")
def start(dossier_id: UUID) -> ResponseReturnValue:
    if not fresh.is_fresh(sent=True):
        return _form(
            dossier_id, {"": "Trop de temps a passé depuis votre connexion. Reconnectez-vous, puis recommencez."}
        ), 422
    try:
        form = ExceptionnelSchema().read(request.form)
        with unit_of_work() as ctx:
            exceptionnel.start(ctx, dossier_id, Raison(form["raison"]), form["texte"])
    except ValidationError as error:
        return _form(dossier_id, errors_by_field(error)), 422
    except RuleViolation as refusal:
        return _form(dossier_id, {"": str(refusal)}), 422
    flash(
        "Accès exceptionnel ouvert pour 60 minutes. Le salarié le lit dans son espace, un autre médecin relira votre motif."
    )
    return redirect(dossier_url(dossier_id), 303)


@bp.post("/dossiers/<uuid:dossier_id>/acces-exceptionnel/fin")
@requires("exceptionnel.open")
def end(dossier_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        exceptionnel.end(ctx, dossier_id)
    flash("Accès exceptionnel terminé.")
    return redirect(dossier_url(dossier_id), 303)


def _form(dossier_id: UUID, erreurs: dict[str, str] | None = None) -> str:
    """Nothing of the dossier is read on this page but whose it is."""
    here = url_for(".ask", dossier_id=dossier_id)
    with unit_of_work() as ctx:
        closed, qui = exceptionnel.closed_by_spst(ctx, dossier_id), titulaire(ctx, dossier_id)
    view = {
        "qui": qui,
        "volets": enumeration([TITRES[section].lower() for section in closed]),
        "action": here,
        "raisons": [(str(code), label) for code, label in RAISONS.items()],
        "valeurs": {name: value for name, value in request.form.items() if name != CSRF_FIELD},
        "erreurs": erreurs or {},
        "reconnexion_url": None if fresh.is_fresh(sent=bool(request.form)) else fresh.login_again_url(here),
        "retour_url": dossier_url(dossier_id),
    }
    return render_template("espace_pro/acces_exceptionnel.html", demande=view)


@bp.get("/acces-exceptionnels")
@requires("exceptionnel.review")
def queue() -> ResponseReturnValue:
    return _queue()


@bp.post("/acces-exceptionnels/<uuid:acces_id>/relecture")
@requires("exceptionnel.review")
def review(acces_id: UUID) -> ResponseReturnValue:
    try:
        form = RelectureSchema().read(request.form)
        with unit_of_work() as ctx:
            exceptionnel.review(ctx, acces_id, Avis(form["avis"]), form["reponse"] or None)
    except ValidationError as error:
        return _queue(acces_id, errors_by_field(error)), 422
    except RuleViolation as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for(".queue"), 303)
    flash("Votre relecture est notée. Le salarié la lit dans son espace.")
    return redirect(url_for(".queue"), 303)


def _queue(refused: UUID | None = None, erreurs: dict[str, str] | None = None) -> str:
    """`refused`: the access whose form came back, with what was typed in it."""
    with unit_of_work() as ctx:
        found, past = exceptionnel.to_review(ctx), exceptionnel.lately(ctx)
        names = {one.id: one.nom for one in exercice.collegues(ctx)}
        lines = [_ligne(ctx, one, names) for one in found]
        passes = [_passe(ctx, one, names) for one in past]
        now = ctx.clock.now()
    view = {
        "lignes": lines,
        "passes": passes,
        "maintenant": now,
        "reprise": {"id": refused, "valeurs": request.form.to_dict() if refused else {}, "erreurs": erreurs or {}},
    }
    return render_template("espace_pro/acces_exceptionnels.html", relectures=view)


def _passe(ctx: Context, one: AccesVu, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        **_acces(ctx, one, names),
        "est_a_moi": one.compte_id == user().acteur.id,
        "avis": None if one.avis is None else AVIS[one.avis],
        "relu_at": one.relu_at,
        "relu_par": names.get(one.relu_by, "Compte fermé") if one.relu_by else None,
        "reponse": one.reponse,
    }


def _acces(ctx: Context, one: AccesVu, names: dict[UUID, str]) -> dict[str, Any]:
    """The dossier by its opaque reference: whoever reads a reason again need not know whose it is."""
    return {
        "qui": names.get(one.compte_id, "Compte fermé"),
        "reference": journal.reference_of(ctx, one.dossier_id),
        "le": one.opened_at,
    }


def _ligne(ctx: Context, one: AccesVu, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        **_acces(ctx, one, names),
        "id": one.id,
        "raison": RAISONS[one.raison],
        "texte": one.texte,
        "due": one.due_at,
        "action": url_for(".review", acces_id=one.id),
    }
