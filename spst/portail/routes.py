"""The pages of the travailleur. No address names a person or a dossier: each page is about whoever is logged in."""

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from spst.journal import services as journal
from spst.journal.preuves import PreuveLue
from spst.kernel.clock import today
from spst.kernel.errors import NotFound
from spst.portail import courriels, pages
from spst.portail.errors import EspaceNotFound
from spst.portail.navigation import adresse
from spst.portail.routes_connexion import bp as _door
from spst.tenants import services as tenants
from spst.web.guards import public, requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("portail", __name__)


@bp.context_processor
def contact() -> dict[str, Any]:
    """How to reach the SPST: a function, so that the pages which tell an error do not ask for it."""
    return {"contact": lambda: tenants.get_public(web().runtime, str((request.view_args or {})["slug"]))}


@bp.get("/p/<slug>/accueil")
@requires("portail.dossier")
def accueil(slug: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        seen = pages.accueil(ctx, own_dossier())
    return render_template("portail/accueil.html", accueil=seen, racine=adresse(slug))


@bp.get("/p/<slug>/visites")
@requires("portail.visites")
def visites(slug: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        seen = pages.mes_visites(ctx, own_dossier())
    return render_template("portail/visites.html", visites=seen, racine=adresse(slug))


@bp.get("/p/<slug>/emplois")
@requires("portail.dossier")
def emplois(slug: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        seen = pages.parcours(ctx, own_dossier())
    return render_template("portail/emplois.html", parcours=seen, racine=adresse(slug))


@bp.get("/p/<slug>/identite")
@requires("portail.dossier")
def identite(slug: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        seen = pages.mon_identite(ctx, own_dossier())
    return render_template("portail/identite.html", identite=seen, racine=adresse(slug))


@bp.get("/p/<slug>/acces")
@requires("portail.acces")
def acces(slug: str) -> ResponseReturnValue:
    refus_seuls, avant = request.args.get("filtre") == "refus", line_id(request.args.get("avant"))
    with unit_of_work() as ctx:
        seen = pages.qui_a_ouvert(ctx, own_dossier(), refus_seuls=refus_seuls, avant=avant)
        courriel = courriels.state(ctx, own_dossier()) if web().config.smtp else None
        lue_at = ctx.clock.now()
    url = adresse(slug, "acces")
    return render_template(
        "portail/acces.html", acces=seen, racine=adresse(slug), url=url, lue_at=lue_at, courriel=courriel
    )


@bp.get("/p/<slug>/acces/preuve")
@requires("portail.acces")
def preuve(slug: str) -> ResponseReturnValue:
    """Its trace commits before anything is written; the file, of some megabytes at most, follows in a second transaction."""
    with unit_of_work() as ctx:
        journal.start_proof(ctx, own_dossier())
    file = BytesIO()
    with unit_of_work() as ctx:
        name = f"preuve-acces-{today(ctx.clock):%Y-%m-%d}.zip"
        journal.write_proof(ctx, own_dossier(), file, lambda lue: _page_of_proof(slug, name, lue))
    file.seek(0)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)


def _page_of_proof(slug: str, name: str, lue: PreuveLue) -> str:
    spst = tenants.get_public(web().runtime, slug)
    return render_template("portail/preuve.html", preuve=lue, spst=spst.nom, fichier=name)


@bp.get("/p/<slug>/droits")
@requires("portail.dossier")
def droits(slug: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        seen = pages.mes_droits(ctx, own_dossier())
    return render_template("portail/droits.html", droits=seen, racine=adresse(slug))


@bp.get("/p/<slug>/<path:reste>")
@public
def nowhere(slug: str, reste: str) -> ResponseReturnValue:
    """Every other address under a portal, of this SPST or of none, by anybody: the same page."""
    raise EspaceNotFound


@bp.errorhandler(NotFound)
@_door.errorhandler(NotFound)
def not_found(error: NotFound) -> ResponseReturnValue:
    response = make_response(render_template("errors/portail/404.html"))
    response.status_code = 404
    return response


def own_dossier() -> UUID:
    """Raises: EspaceNotFound; a session of the portal always holds one."""
    found = user().dossier_id
    if found is None:
        raise EspaceNotFound
    return found


def line_id(text: str | None) -> UUID | None:
    """Raises: EspaceNotFound, for what is no id."""
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise EspaceNotFound from error
