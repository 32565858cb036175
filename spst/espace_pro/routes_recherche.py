"""Finding a dossier: the page, its fragment, and the type-ahead list. What is typed is posted, and stands in no address."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from spst.dmst import services as dmst
from spst.dmst.services import EnTete
from spst.entreprises import services as entreprises
from spst.entreprises.services import ContratVu
from spst.espace_pro.liens import dossier_url, ferme_model, page_asked, pages_model
from spst.espace_pro.schemas import RechercheSchema, SuggestionSchema
from spst.habilitations import services as habilitations
from spst.identite import services as identite
from spst.identite.services import Ligne, ResultatRecherche
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import Context
from spst.web import recherches
from spst.web.errors import is_fragment
from spst.web.fields import parse_date
from spst.web.filters import articles_lies
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("recherche", __name__)

PAGE = 50
SUGGESTIONS = 8
_CONFIES = "Seuls les salariés qui vous sont confiés sont cherchés, hors suivi renforcé (L. 4624-8 al. 3, R. 4623-43)."
_CAPPED = "Plus de {0} personnes portent ce nom. Précisez le prénom ou la date de naissance."


@bp.get("/recherche")
@requires("dossier.search")
def show() -> str:
    r = request.args.get("r", "")
    typed = recherches.recall(r)
    q, naissance = (typed["q"], typed["naissance"]) if typed else ("", "")
    page = page_asked(request.args.get("page"))
    erreur = recherches.EXPIRED if r and typed is None else _date_refused(naissance)
    model: dict[str, Any] = {
        "action": url_for(".keep"),
        "q": q,
        "naissance": naissance,
        "cherche": bool(q or naissance),
        "erreur": erreur,
        "total": 0,
        "resultats": [],
        "pages": pages_model(1, 0, PAGE, ".show"),
        "portee": _portee(),
    }
    with unit_of_work() as ctx:
        model["creer_url"] = url_for("identites.new") if habilitations.may(ctx, "identite.register") else None
        if (q or naissance) and not erreur:
            model |= _found(ctx, f"{q} {naissance}".strip(), page, r)
    template = "espace_pro/_resultats.html" if is_fragment() else "espace_pro/recherche.html"
    return render_template(template, recherche=model)


@bp.post("/recherche")
@requires("dossier.search")
def keep() -> ResponseReturnValue:
    """Nothing is searched yet, and nothing traced: the page that this leads to does both."""
    typed = RechercheSchema().read(request.form)
    r = recherches.remember(**typed) if any(typed.values()) else None
    return redirect(url_for(".show", r=r), 303)


@bp.post("/recherche/suggestions")
@requires("dossier.search")
def suggest() -> str:
    q = SuggestionSchema().read(request.form)["q"]
    with unit_of_work() as ctx:
        found, lines = _search(ctx, q, SUGGESTIONS, 0)
    suggestions = {"q": q, "total": found.total, "portee": _portee(), "resultats": lines}
    return render_template("espace_pro/_suggestions.html", suggestions=suggestions)


def _portee() -> str | None:
    return articles_lies(_CONFIES) if user().acteur.role is Role.MPC else None


def _date_refused(typed: str) -> str | None:
    try:
        if typed:
            parse_date(typed)
    except ValueError as error:
        return str(error)
    return None


def _found(ctx: Context, query: str, page: int, r: str) -> dict[str, Any]:
    found, lines = _search(ctx, query, PAGE, PAGE * (page - 1))
    return {
        "total": found.total,
        "resultats": lines,
        "pages": pages_model(page, found.total, PAGE, ".show", r=r),
        "erreur": _CAPPED.format(found.total) if found.is_capped and not lines else None,
    }


def _search(ctx: Context, query: str, limit: int, offset: int) -> tuple[ResultatRecherche, list[dict[str, Any]]]:
    """Four statements, whatever the number of results."""
    found = identite.search(ctx, query, limit=limit, offset=offset)
    ids = [ligne.travailleur_id for ligne in found.lignes]
    emplois = entreprises.emploi_actuel(ctx, ids)
    dossiers = dmst.dossiers_of(ctx, ids)
    return found, [
        _ligne(ligne, emplois.get(ligne.travailleur_id, ()), dossiers.get(ligne.travailleur_id))
        for ligne in found.lignes
    ]


def _url(ligne: Ligne, entete: EnTete | None) -> str:
    """Whoever may not open the dossier is given no address of it: his is the sheet of the register."""
    if entete is None or not entete.opens:
        return url_for("identites.show", travailleur_id=ligne.travailleur_id)
    return dossier_url(entete.dossier_id)


def _ligne(ligne: Ligne, emplois: tuple[ContratVu, ...], entete: EnTete | None) -> dict[str, Any]:
    emploi = emplois[0] if emplois else None
    return {
        "nom_naissance": ligne.nom_naissance,
        "prenom": ligne.prenom_utilise or ligne.premier_prenom,
        "nom_utilise": ligne.nom_utilise,
        "sexe": ligne.sexe,
        "naissance": ligne.date_naissance,
        "employeur": emploi.etablissement if emploi else None,
        "poste": emploi.poste if emploi else None,
        "statut_ins": ligne.statut_ins,
        "attributs": [],
        "url": _url(ligne, entete),
        "a_un_dossier": entete is not None,
        "ferme": ferme_model(entete),
        "constituer_url": url_for("identites.show", travailleur_id=ligne.travailleur_id, _anchor="dossier")
        if entete is None and user().acteur.famille is Famille.SANTE
        else None,
    }
