"""Finding a dossier: the page, its fragment, and the type-ahead list."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for

from spst.dmst import services as dmst
from spst.dmst.services import EnTete
from spst.entreprises import services as entreprises
from spst.entreprises.services import ContratVu
from spst.espace_pro.liens import dossier_url, page_asked, pages_model
from spst.identite import services as identite
from spst.identite.services import Ligne, ResultatRecherche
from spst.kernel.acteur import Famille
from spst.kernel.context import Context
from spst.web.errors import is_fragment
from spst.web.fields import parse_date
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("recherche", __name__)

PAGE = 50
SUGGESTIONS = 8
_LONGEST = 100
_CAPPED = "Plus de {0} personnes portent ce nom. Précisez le prénom ou la date de naissance."


@bp.get("/recherche")
@requires("dossier.search")
def show() -> str:
    q, naissance = _typed("q"), _typed("naissance")
    page, erreur = page_asked(request.args.get("page")), _date_refused(naissance)
    model: dict[str, Any] = {
        "action": url_for(".show"),
        "q": q,
        "naissance": naissance,
        "cherche": bool(q or naissance),
        "erreur": erreur,
        "total": 0,
        "resultats": [],
        "pages": pages_model(1, 0, PAGE, ".show"),
        "creer_url": None,
    }
    if (q or naissance) and not erreur:
        model |= _found(f"{q} {naissance}".strip(), page, q=q, naissance=naissance)
    template = "espace_pro/_resultats.html" if is_fragment() else "espace_pro/recherche.html"
    return render_template(template, recherche=model)


@bp.get("/recherche/suggestions")
@requires("dossier.search")
def suggest() -> str:
    q = _typed("q")
    found, lines = _search(q, SUGGESTIONS, 0)
    suggestions = {"q": q, "total": found.total, "tout_url": url_for(".show", q=q), "resultats": lines}
    return render_template("espace_pro/_suggestions.html", suggestions=suggestions)


def _typed(name: str) -> str:
    return request.args.get(name, "").strip()[:_LONGEST]


def _date_refused(typed: str) -> str | None:
    try:
        if typed:
            parse_date(typed)
    except ValueError as error:
        return str(error)
    return None


def _found(query: str, page: int, **typed: str) -> dict[str, Any]:
    found, lines = _search(query, PAGE, PAGE * (page - 1))
    return {
        "total": found.total,
        "resultats": lines,
        "pages": pages_model(page, found.total, PAGE, ".show", **{k: v for k, v in typed.items() if v}),
        "erreur": _CAPPED.format(found.total) if found.is_capped and not lines else None,
    }


def _search(query: str, limit: int, offset: int) -> tuple[ResultatRecherche, list[dict[str, Any]]]:
    """Three statements, whatever the number of results."""
    with unit_of_work() as ctx:
        found = identite.search(ctx, query, limit=limit, offset=offset)
        ids = [ligne.travailleur_id for ligne in found.lignes]
        emplois = entreprises.emploi_actuel(ctx, ids)
        dossiers = _dossiers(ctx, ids)
    return found, [
        _ligne(ligne, emplois.get(ligne.travailleur_id, ()), dossiers.get(ligne.travailleur_id))
        for ligne in found.lignes
    ]


def _dossiers(ctx: Context, ids: list[UUID]) -> dict[UUID, EnTete]:
    """The register's roles open no dossier, and are given no address of one."""
    return {} if user().acteur.famille is Famille.ADMINISTRATIF else dmst.dossiers_of(ctx, ids)


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
        "suivi": None,
        "statut_ins": ligne.statut_ins,
        "attributs": [],
        "url": dossier_url(entete.dossier_id) if entete else None,
    }
