"""How the service is organised: secteurs, centres and équipes, named by the direction."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import organisation
from spst.comptes.errors import OrganisationRefused
from spst.comptes.organisation import Partie
from spst.kernel.context import Context
from spst.pilotage import schemas
from spst.web.fields import CSRF_FIELD, Form, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("equipes", __name__, url_prefix="/direction/equipes")

_PATH = "/direction/equipes"


@bp.get("")
@requires("compte.list")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("/secteur")
@requires("organisation.update")
def add_secteur() -> ResponseReturnValue:
    def act(ctx: Context, values: dict[str, Any]) -> None:
        organisation.add_secteur(ctx, values["nom"])

    return _act("secteur", schemas.SecteurForm, act, "Secteur ouvert. Créez une équipe qui le suivra.")


@bp.post("/centre")
@requires("organisation.update")
def add_centre() -> ResponseReturnValue:
    def act(ctx: Context, values: dict[str, Any]) -> None:
        organisation.add_centre(ctx, values["nom"], values["commune"], values["structure"])

    return _act("centre", schemas.CentreForm, act, "Centre ajouté.")


@bp.post("/equipe")
@requires("organisation.update")
def add_equipe() -> ResponseReturnValue:
    def act(ctx: Context, values: dict[str, Any]) -> None:
        organisation.add_equipe(ctx, values["nom"], values["secteur"], values["centre"])

    return _act("equipe", schemas.NouvelleEquipeForm, act, "Équipe créée. Placez-y des personnes depuis leur compte.")


@bp.post("/secteur/<uuid:secteur_id>/nom")
@requires("organisation.update")
def rename_secteur(secteur_id: UUID) -> ResponseReturnValue:
    return _rename(Partie.SECTEUR, secteur_id)


@bp.post("/centre/<uuid:centre_id>/nom")
@requires("organisation.update")
def rename_centre(centre_id: UUID) -> ResponseReturnValue:
    return _rename(Partie.CENTRE, centre_id)


@bp.post("/equipe/<uuid:equipe_id>/nom")
@requires("organisation.update")
def rename_equipe(equipe_id: UUID) -> ResponseReturnValue:
    return _rename(Partie.EQUIPE, equipe_id)


def _rename(partie: Partie, partie_id: UUID) -> ResponseReturnValue:
    def act(ctx: Context, values: dict[str, Any]) -> None:
        organisation.rename(ctx, partie, partie_id, values["nom"])

    return _act(f"nom-{partie_id}", schemas.SecteurForm, act, "Nom changé.")


def _act(
    form: str, schema: type[Form], act: Callable[[Context, dict[str, Any]], None], done: str
) -> ResponseReturnValue:
    try:
        values = schema().read(request.form)
        with unit_of_work() as ctx:
            act(ctx, values)
    except ValidationError as error:
        return _page(form, errors_by_field(error)), 422
    except OrganisationRefused as refusal:
        return _page(form, {"nom": str(refusal)}), 422
    flash(done)
    return redirect(_PATH, 303)


def _page(form: str = "", erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        found = organisation.organisation(ctx)
    typed = {name: value for name, value in request.form.items() if name != CSRF_FIELD} if form else {}
    view = {
        "vue": found,
        "secteurs": [(str(one.id), one.nom) for one in found.secteurs],
        "centres": [(str(one.id), f"{one.nom}, {one.commune}") for one in found.centres],
        "structures": [(str(one), nom) for one, nom in found.structures],
        "reprise": {"form": form, "valeurs": typed, "erreurs": erreurs or {}},
    }
    return render_template("pilotage/equipes.html", organisation=view)
