"""The worker reports an access that surprises him, or the whole list; the answer comes in the same list."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError, fields

from spst.journal import signalements
from spst.journal.signalements import ON_A_LINE, ON_THE_LIST, RAISONS, Raison
from spst.kernel.errors import NotFound, RuleViolation
from spst.portail.navigation import adresse
from spst.portail.routes import contact, line_id, not_found, own_dossier
from spst.web.fields import CSRF_FIELD, Form, Ligne, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("portail_signalement", __name__)
bp.context_processor(contact)
bp.errorhandler(NotFound)(not_found)

_CHOOSE = "Choisissez une raison."


class SignalementForm(Form):
    ligne = fields.String(load_default="")
    raison = fields.Enum(Raison, by_value=True, required=True, error_messages={"required": _CHOOSE, "unknown": _CHOOSE})
    texte = Ligne(load_default="", maximum=1000)


@bp.get("/p/<slug>/acces/signaler")
@requires("portail.acces")
def ask(slug: str) -> ResponseReturnValue:
    return _form(slug, line_id(request.args.get("ligne")))


@bp.post("/p/<slug>/acces/signaler")
@requires("portail.report")
def make(slug: str) -> ResponseReturnValue:
    ligne = line_id(request.form.get("ligne") or None)
    try:
        values = SignalementForm().read(request.form)
        with unit_of_work() as ctx:
            signalements.make(ctx, own_dossier(), ligne, values["raison"], values["texte"] or None)
    except ValidationError as error:
        return _form(slug, ligne, errors_by_field(error)), 422
    except RuleViolation as refusal:
        return _form(slug, ligne, {"": str(refusal)}), 422
    flash("Votre signalement est envoyé. La réponse s’inscrira ici, sous un mois au plus.")
    return redirect(f"{adresse(slug, 'acces')}#signalements", 303)


def _form(slug: str, ligne: UUID | None, erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        acces = signalements.for_report(ctx, own_dossier(), ligne)
    view: dict[str, Any] = {
        "acces": acces,
        "ligne": ligne,
        "raisons": [(str(one), RAISONS[one]) for one in (ON_A_LINE if ligne else ON_THE_LIST)],
        "valeurs": {name: value for name, value in request.form.items() if name != CSRF_FIELD},
        "erreurs": erreurs or {},
        "action": adresse(slug, "acces/signaler"),
        "retour_url": adresse(slug, "acces"),
    }
    return render_template("portail/signaler.html", signalement=view, racine=adresse(slug))
