"""Sectors: which establishments each one holds, and moving them from one to another."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.dmst import services as dmst
from spst.entreprises import services as entreprises
from spst.entreprises.errors import OwnPlacement, PlacementChanged
from spst.entreprises.services import MOST_FOUND, Deplacement, PageEtablissements
from spst.espace_pro import secteurs as vues
from spst.espace_pro.liens import page_asked
from spst.espace_pro.schemas_secteurs import ChoixSchema, RattachementSchema, RechercheSchema
from spst.espace_pro.secteurs import Choisis, Recherche
from spst.kernel.context import Context
from spst.web import recherches
from spst.web.fields import errors_by_field
from spst.web.frame import flash, local_path, toast
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("secteurs", __name__, url_prefix="/secteurs")

_LAST_MOVE = "secteurs.dernier"
_NOTHING = "Il n’y a plus rien à annuler\u00a0: ces établissements ont changé de secteur depuis."


@bp.get("")
@requires("registre.update")
def show() -> ResponseReturnValue:
    r = request.args.get("r", "")
    typed = recherches.recall(r)
    expired = recherches.EXPIRED if r and typed is None else None
    return _index(Recherche(typed["q"] if typed else "", r if typed else None, erreur=expired))


@bp.post("/recherche")
@requires("registre.update")
def search() -> ResponseReturnValue:
    """A company may bear somebody's name: what was typed stands in no address."""
    try:
        q = RechercheSchema().read(request.form)["q"]
    except ValidationError as error:
        said = " ".join(errors_by_field(error).values())
        return _index(Recherche(saisie=request.form.get("q", ""), erreur=said)), 422
    return redirect(url_for(".show", r=recherches.remember(q=q) if q else None), 303)


def _index(asked: Recherche) -> str:
    page = page_asked(request.args.get("page"))
    with unit_of_work() as ctx:
        every = entreprises.secteurs(ctx)
        counts = entreprises.count_by_secteur(ctx)
        found = _found(ctx, asked.q) if asked.q else entreprises.etablissements_of(ctx, None, page)
    if found is None:
        asked = Recherche(asked.q, asked.cle, erreur=vues.TOO_MANY.format(MOST_FOUND))
    model = vues.secteurs_model(every, counts, found or PageEtablissements((), 0), page, asked)
    return render_template("espace_pro/secteurs.html", secteurs=model)


def _found(ctx: Context, q: str) -> PageEtablissements | None:
    """None: too many for anybody to choose among."""
    found = entreprises.find_etablissements(ctx, q)
    if len(found) > MOST_FOUND:
        return None
    lines = entreprises.etablissements_by_id(ctx, [one.id for one in found])
    return PageEtablissements(lines, len(lines))


@bp.get("/<uuid:secteur_id>")
@requires("registre.update")
def secteur(secteur_id: UUID) -> str:
    page = page_asked(request.args.get("page"))
    with unit_of_work() as ctx:
        seen = entreprises.get_secteur(ctx, secteur_id)
        found = entreprises.etablissements_of(ctx, secteur_id, page)
    return render_template("espace_pro/secteur.html", secteur=vues.secteur_model(seen, found, page))


@bp.post("/choix")
@requires("registre.update")
def choose() -> ResponseReturnValue:
    """The establishments are chosen; the page that answers asks for their sector. Nothing moves yet."""
    try:
        form = ChoixSchema().read(request.form)
    except ValidationError as error:
        flash(_first(error), "warn")
        return redirect(_back(request.form.get("retour")), 303)
    return _choice(form)


@bp.post("/rattachement")
@requires("registre.update")
def place() -> ResponseReturnValue:
    try:
        form = RattachementSchema().read(request.form)
    except ValidationError as error:
        return _refused(error)
    try:
        with unit_of_work() as ctx:
            moves = entreprises.place_etablissements(ctx, form["secteur"], form["etablissement"])
            nom = entreprises.get_secteur(ctx, form["secteur"]).nom
    except PlacementChanged as error:
        return _choice(form, str(form["secteur"]), {"": str(error)}), 409
    except OwnPlacement as error:
        return _choice(form, str(form["secteur"]), {"": str(error)}), 422
    session[_LAST_MOVE] = {"retour": form["retour"], "lignes": [_kept(move) for move in moves]}
    toast(vues.done(moves, nom), url_for(".undo") if moves else None)
    return redirect(_back(form["retour"]), 303)


@bp.post("/annulation")
@requires("registre.update")
def undo() -> ResponseReturnValue:
    """Take back the last move of this session, once."""
    last = session.pop(_LAST_MOVE, None) or {"retour": "", "lignes": []}
    moves = [_move(one) for one in last["lignes"]]
    try:
        with unit_of_work() as ctx:
            number = entreprises.undo_placement(ctx, moves)
    except PlacementChanged:
        return _index(Recherche(erreur=_NOTHING)), 409
    left = len(moves) - number
    flash("Le rattachement est annulé." if not left else f"Annulé, sauf pour {left} qui ont changé de secteur depuis.")
    return redirect(_back(last["retour"]), 303)


def _choice(form: dict[str, Any], choisi: str = "", erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        every = entreprises.secteurs(ctx)
        lines = entreprises.etablissements_by_id(ctx, form["etablissement"])
        entrusted = dmst.confies_par_etablissement(ctx, form["etablissement"])
    seen = Choisis(lines, entrusted, _back(form["retour"]))
    return render_template("espace_pro/secteur_choix.html", choix=vues.choix_model(seen, every, choisi, erreurs))


def _refused(error: ValidationError) -> ResponseReturnValue:
    """The establishments stay chosen, unless it is they that cannot be read."""
    try:
        form = ChoixSchema(unknown="exclude").read(request.form)
    except ValidationError as worse:
        return _index(Recherche(erreur=_first(worse))), 422
    return _choice(form, request.form.get("secteur", ""), errors_by_field(error)), 422


def _first(error: ValidationError) -> str:
    return next(iter(errors_by_field(error).values()), "")


def _back(typed: str | None) -> str:
    """A page of the sectors, and none other."""
    path = local_path(typed)
    return path if path and path.partition("?")[0].startswith(url_for(".show")) else url_for(".show")


def _kept(move: Deplacement) -> list[str]:
    return [str(move.etablissement_id), str(move.secteur_id), str(move.ancien_id or "")]


def _move(kept: list[str]) -> Deplacement:
    return Deplacement(UUID(kept[0]), UUID(kept[1]), UUID(kept[2]) if kept[2] else None)
