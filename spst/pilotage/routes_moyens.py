"""The inventory of cards, certificates and mailboxes; who may do what by name; what an SPST states to call INSi."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import moyens, nominatives
from spst.comptes.errors import MoyenRefused
from spst.habilitations import services as habilitations
from spst.journal.rules import csv_row
from spst.kernel.clock import PARIS, today
from spst.kernel.errors import NotFound
from spst.pilotage import schemas
from spst.web.fields import errors_by_field
from spst.web.filters import NO_BREAK
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("moyens", __name__, url_prefix="/direction/moyens")

ETATS = {"expire": "Expiré", "proche": "Expire bientôt", "valable": "Valable", "retire": "Retiré"}
COLUMNS = ("Nature", "Référence", "Porteur", "Responsable", "Échéance", "État", "Retiré le", "Motif du retrait")


@bp.get("")
@requires("moyen.consult")
def inventory() -> ResponseReturnValue:
    return _page()


@bp.post("")
@requires("compte.update")
def add() -> ResponseReturnValue:
    try:
        demande = schemas.moyen(request.form)
        with unit_of_work() as ctx:
            moyens.add(ctx, demande)
    except ValidationError as error:
        return _page(errors_by_field(error)), 422
    except MoyenRefused as refusal:
        return _page({"": str(refusal)}), 422
    flash("Moyen inscrit à l’inventaire.")
    return redirect("/direction/moyens", 303)


@bp.get("/<uuid:moyen_id>")
@requires("moyen.consult")
def show(moyen_id: UUID) -> ResponseReturnValue:
    return _one_page(moyen_id)


@bp.post("/<uuid:moyen_id>")
@requires("compte.update")
def change(moyen_id: UUID) -> ResponseReturnValue:
    try:
        demande = schemas.moyen(request.form)
        with unit_of_work() as ctx:
            moyens.change(ctx, moyen_id, demande)
    except ValidationError as error:
        return _one_page(moyen_id, errors_by_field(error)), 422
    except MoyenRefused as refusal:
        return _one_page(moyen_id, {"": str(refusal)}), 422
    flash("Correction enregistrée.")
    return redirect("/direction/moyens", 303)


@bp.post("/<uuid:moyen_id>/retrait")
@requires("compte.update")
def withdraw(moyen_id: UUID) -> ResponseReturnValue:
    try:
        why = schemas.RetraitMoyenForm().read(request.form)["pourquoi"]
        with unit_of_work() as ctx:
            moyens.withdraw(ctx, moyen_id, why)
    except ValidationError as error:
        return _one_page(moyen_id, errors_by_field(error)), 422
    except MoyenRefused as refusal:
        return _one_page(moyen_id, {"": str(refusal)}), 422
    flash("Moyen retiré. Il reste écrit dans l’inventaire.")
    return redirect("/direction/moyens", 303)


@bp.get("/export.csv")
@requires("moyen.consult")
def export() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        found, day = moyens.inventory(ctx), today(ctx.clock)
    rows = [("Inventaire des moyens d’identification", user().spst), ("Établi le", f"{day:%d/%m/%Y}"), (), COLUMNS]
    rows += [_row(one) for one in found]
    response = Response("\ufeff" + "".join(map(csv_row, rows)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="moyens-{day:%Y%m%d}.csv"'
    return response


@bp.get("/insi")
@requires("moyen.consult")
def insi() -> ResponseReturnValue:
    """What the SPST states of its calls to INSi, from what is written here."""
    # TO CONFIRM (ANS, GIE SESAM-Vitale): the official model of this file is not known; these are its likely heads.
    with unit_of_work() as ctx:
        found = [one for one in moyens.inventory(ctx) if one.etat != "retire"]
        holders = nominatives.holders(ctx)
    view = {
        "habilites": holders["insi"],
        "certificats": [one for one in found if one.nature in moyens.CERTIFICATS],
        "cartes": [one for one in found if one.nature in {"cps", "cpf", "cpe", "ecps"}],
        "etats": ETATS,
    }
    return render_template("pilotage/moyens_insi.html", dossier=view)


def _page(erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        view: dict[str, Any] = {
            "moyens": moyens.inventory(ctx),
            "habilites": nominatives.holders(ctx),
            "agit": habilitations.may(ctx, "compte.update"),
            "personnes": _people(moyens.people(ctx, standing=True)),
        }
    view |= _form(erreurs or {}, request.form.to_dict()) | {"codes": nominatives.CODES, "etats": ETATS}
    return render_template("pilotage/moyens.html", inventaire=view)


def _one_page(moyen_id: UUID, erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        one = next((one for one in moyens.inventory(ctx) if one.id == moyen_id), None)
        if one is None:
            raise NotFound
        agit = habilitations.may(ctx, "compte.update") and one.withdrawn_at is None
        people = moyens.people(ctx)
    written = {
        "nature": one.nature,
        "reference": one.reference,
        "porteur": str(one.compte_id or ""),
        "service": one.service or "",
        "responsable": str(one.responsable_id),
        "echeance": f"{one.expires_on:%d/%m/%Y}" if one.expires_on else "",
    }
    view = {"moyen": one, "agit": agit, "personnes": _people(people), "etats": ETATS}
    view |= _form(erreurs or {}, {**written, **request.form.to_dict()})
    return render_template("pilotage/moyen.html", inventaire=view)


def _form(erreurs: dict[str, str], valeurs: dict[str, str]) -> dict[str, Any]:
    return {"erreurs": erreurs, "valeurs": valeurs, "natures": [("", "Choisir"), *moyens.NATURES.items()]}


def _people(found: dict[UUID, str]) -> list[tuple[str, str]]:
    return [(str(compte_id), name) for compte_id, name in found.items()]


def _row(one: moyens.MoyenVu) -> tuple[str, ...]:
    return (
        one.libelle,
        one.reference,
        one.porteur.replace(NO_BREAK, " "),
        one.responsable.replace(NO_BREAK, " "),
        f"{one.expires_on:%d/%m/%Y}" if one.expires_on else "",
        ETATS[one.etat],
        f"{one.withdrawn_at.astimezone(PARIS):%d/%m/%Y}" if one.withdrawn_at else "",
        one.withdrawn_why or "",
    )
