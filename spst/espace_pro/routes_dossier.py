"""The dossier, on one page, and who opened it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for

from spst.dmst import services as dmst
from spst.espace_pro.dossier import Contenu, Saisie, dossier_model
from spst.espace_pro.liens import dossier_url
from spst.expositions import services as expositions
from spst.expositions.rules import SOURCES
from spst.journal import services as journal
from spst.journal.rules import Acces
from spst.kernel.context import Context
from spst.kernel.errors import NotFound
from spst.visites import services as visites
from spst.visites.pages import bandeau_model
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("dossier", __name__)

NOTHING_TYPED = Saisie()


@bp.get("/dossiers/<uuid:dossier_id>")
@requires("dossier.open")
def show(dossier_id: UUID) -> str:
    return page(dossier_id)


def page(dossier_id: UUID, saisie: Saisie = NOTHING_TYPED) -> str:
    """The whole page in one transaction, after the act that leads to it has committed or was refused."""
    with unit_of_work() as ctx:
        seen = _contenu(ctx, dossier_id)
        bandeau = visites.bandeau(ctx, dossier_id)
        model = dossier_model(seen, ctx.clock.now(), saisie)
    return render_template("espace_pro/dossier.html", bandeau=bandeau_model(bandeau), dossier=model)


def _contenu(ctx: Context, dossier_id: UUID) -> Contenu:
    """Sections that are closed to the actor are not asked for."""
    dossier = dmst.open_dossier(ctx, dossier_id)
    s2, s3 = dossier.droit("S2"), dossier.droit("S3")
    return Contenu(
        dossier=dossier,
        curriculum=expositions.curriculum(ctx, dossier_id) if s2.consulter.allowed else None,
        agents=expositions.nomenclature(ctx) if s2.remplir.allowed else (),
        sources=SOURCES,
        visites=visites.historique(ctx, dossier_id) if s3.consulter.allowed else None,
        rendez_vous_id=_uuid_asked("rendez_vous"),
    )


def _uuid_asked(name: str) -> UUID | None:
    typed = request.args.get(name, "")
    try:
        return UUID(typed) if typed else None
    except ValueError as error:
        raise NotFound from error


@bp.get("/dossiers/<uuid:dossier_id>/acces")
@requires("acces.consult")
def acces(dossier_id: UUID) -> str:
    with unit_of_work() as ctx:
        found = journal.accesses_of(ctx, dossier_id, before=_uuid_asked("avant"))
        bandeau = visites.bandeau(ctx, dossier_id)
    model = {
        "depuis": bandeau.depuis,
        "total": found.total,
        "pages": _pages(dossier_id, found.older),
        "dossier_url": dossier_url(dossier_id),
        "lignes": [_ligne(line) for line in found.lignes],
    }
    return render_template("espace_pro/acces.html", bandeau=bandeau_model(bandeau), acces=model)


def _pages(dossier_id: UUID, older: UUID | None) -> dict[str, Any]:
    """Pages of a list that grows at its head: each begins where the one before ended."""
    first = "avant" not in request.args
    return {
        "page": 1 if first else 2,
        "nombre": 1 if first and older is None else 2,
        "precedente": None if first else url_for(".acces", dossier_id=dossier_id),
        "suivante": url_for(".acces", dossier_id=dossier_id, avant=older) if older else None,
    }


def _ligne(line: Acces) -> dict[str, Any]:
    return {
        "le": line.at,
        "personne": line.qui,
        "role": line.profession,
        "acte": line.acte,
        "volets": list(line.sections),
        "decision": line.decision,
        "regle": None,
        "motif": line.motif,
    }
