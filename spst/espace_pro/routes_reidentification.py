"""What the direction asks about a reference of the journal, and a médecin du travail answers: he reads the reference alone."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import exercice
from spst.espace_pro.schemas import AccordSchema
from spst.journal import reidentification
from spst.journal.reidentification import RAISONS
from spst.kernel.errors import RuleViolation
from spst.web.fields import errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("accords", __name__, url_prefix="/reidentifications")


@bp.get("")
@requires("reidentification.decide")
def queue() -> ResponseReturnValue:
    return _queue()


@bp.post("/<uuid:reidentification_id>/reponse")
@requires("reidentification.decide")
def decide(reidentification_id: UUID) -> ResponseReturnValue:
    try:
        form = AccordSchema().read(request.form)
        accord = form["accord"] == "oui"
        with unit_of_work() as ctx:
            reidentification.decide(ctx, reidentification_id, accord=accord, reponse=form["reponse"] or None)
    except ValidationError as error:
        return _queue(reidentification_id, errors_by_field(error)), 422
    except RuleViolation as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for(".queue"), 303)
    flash("Accord donné pour 24 heures. Le salarié lira chaque lecture dans son espace." if accord else "Refus noté.")
    return redirect(url_for(".queue"), 303)


def _queue(refused: UUID | None = None, erreurs: dict[str, str] | None = None) -> str:
    """`refused`: the demand whose form came back, with what was typed in it."""
    with unit_of_work() as ctx:
        found = reidentification.to_decide(ctx)
        names = exercice.names_of(ctx, {one.asked_by for one in found})
    lines = [
        {
            "vue": one,
            "qui": names.get(one.asked_by, "Compte fermé"),
            "raison": RAISONS[one.raison],
            "action": url_for(".decide", reidentification_id=one.id),
        }
        for one in found
    ]
    reprise = {"id": refused, "valeurs": request.form.to_dict() if refused else {}, "erreurs": erreurs or {}}
    return render_template("espace_pro/reidentifications.html", demandes={"lignes": lines, "reprise": reprise})
