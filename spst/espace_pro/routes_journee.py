"""Ma journée."""

from datetime import date

from flask import Blueprint, render_template, request, url_for

from spst.espace_pro.journee import journee_model
from spst.habilitations import exceptionnel
from spst.journal import reidentification
from spst.kernel.acteur import Famille, Role
from spst.kernel.clock import today
from spst.kernel.errors import NotFound
from spst.visites import services as visites
from spst.web.filters import accord
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("journee", __name__)

_FIRST, _LAST = date(1990, 1, 1), date(2100, 1, 1)


@bp.get("/journee")
@requires("agenda.consult")
def show() -> str:
    """Health professionals read their own day; the register's roles read the day of the whole SPST."""
    acteur, clock = user().acteur, web().runtime.clock
    own = acteur.id if acteur.famille is Famille.SANTE else None
    with unit_of_work() as ctx:
        seen = visites.agenda(ctx, _day_asked(today(clock)), own)
        waiting = exceptionnel.waiting(ctx) if acteur.role is Role.MDT else 0
        asked = reidentification.waiting(ctx) if acteur.role is Role.MDT else 0
    model = journee_model(seen, clock.now())
    if waiting:
        model["a_traiter"].append(
            {
                "nombre": waiting,
                "titre": accord(waiting, "Accès exceptionnel à relire", "Accès exceptionnels à relire"),
                "precision": "Ouverts par d’autres médecins, à relire sous 72 h",
                "url": url_for("exceptionnel.queue"),
            }
        )
    if asked:
        model["a_traiter"].append(
            {
                "nombre": asked,
                "titre": accord(asked, "Demande de ré-identification", "Demandes de ré-identification"),
                "precision": "La direction demande de qui est un dossier",
                "url": url_for("accords.queue"),
            }
        )
    return render_template("espace_pro/journee.html", journee=model)


def _day_asked(default: date) -> date:
    asked = request.args.get("jour")
    if not asked:
        return default
    try:
        day = date.fromisoformat(asked)
    except ValueError as error:
        raise NotFound from error
    if not _FIRST <= day <= _LAST:
        raise NotFound
    return day
