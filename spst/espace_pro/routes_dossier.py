"""The dossier, on one page, and who opened it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.dmst import services as dmst
from spst.espace_pro.dossier import Contenu, Saisie, dossier_model
from spst.espace_pro.liens import dossier_url, titulaire
from spst.espace_pro.schemas import MotifSchema
from spst.expositions import services as expositions
from spst.expositions.rules import SOURCES
from spst.habilitations import exceptionnel
from spst.habilitations import services as habilitations
from spst.habilitations.actions import SECTIONS
from spst.journal import services as journal
from spst.journal.rules import Acces
from spst.kernel.context import CodeMotif, Context
from spst.kernel.errors import NotFound
from spst.visites import services as visites
from spst.visites.pages import bandeau_model
from spst.web import errors, motifs, qr
from spst.web.fields import errors_by_field
from spst.web.frame import home_url
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("dossier", __name__)

NOTHING_TYPED = Saisie()
MOTIFS = (
    (CodeMotif.SUIVI, "Suivi du salarié", "Lire ou compléter le dossier de quelqu’un que vous suivez."),
    (CodeMotif.VISITE, "Préparer ou terminer une visite", "Hors de la journée du rendez-vous."),
    (CodeMotif.DROITS, "Demande du salarié", "Une copie, une correction, une opposition, une question."),
    (CodeMotif.ADMINISTRATION, "Tenue du dossier", "Ranger un courrier, corriger l’identité ou le parcours."),
)


@bp.get("/dossiers/<uuid:dossier_id>")
@requires("dossier.open")
def show(dossier_id: UUID) -> str:
    """The reason is asked first, where the SPST wants one: an appointment of the day is one."""
    with unit_of_work() as ctx:
        if _wants_motif(ctx, dossier_id):
            return _ask(ctx, dossier_id)
        return _page(ctx, dossier_id, NOTHING_TYPED)


def _wants_motif(ctx: Context, dossier_id: UUID) -> bool:
    if not habilitations.asks_motif(ctx, dossier_id) or not habilitations.permitted(ctx, dossier_id).opens:
        return False
    if not visites.is_expected(ctx, dossier_id):
        return True
    ctx.motifs[dossier_id] = CodeMotif.VISITE
    motifs.remember(dossier_id, CodeMotif.VISITE)
    return False


@bp.post("/dossiers/<uuid:dossier_id>/motif")
@requires("dossier.open")
def say(dossier_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        habilitations.permitted(ctx, dossier_id)
    try:
        motif = MotifSchema().read(request.form)["motif"]
    except ValidationError as error:
        with unit_of_work() as ctx:
            return _ask(ctx, dossier_id, errors_by_field(error).get("motif")), 422
    motifs.remember(dossier_id, motif)
    return redirect(dossier_url(dossier_id), 303)


def _ask(ctx: Context, dossier_id: UUID, erreur: str | None = None) -> str:
    """Nothing of the dossier is read yet; whose it is stands in the lists that lead here."""
    view = {
        "qui": titulaire(ctx, dossier_id),
        "action": url_for(".say", dossier_id=dossier_id),
        "motifs": MOTIFS,
        "erreur": erreur,
    }
    return render_template("espace_pro/motif.html", demande=view)


def page(dossier_id: UUID, saisie: Saisie = NOTHING_TYPED) -> str:
    """The whole page in one transaction, after the act that leads to it has committed or was refused."""
    with unit_of_work() as ctx:
        return _page(ctx, dossier_id, saisie)


def _page(ctx: Context, dossier_id: UUID, saisie: Saisie) -> str:
    seen = _contenu(ctx, dossier_id)
    bandeau = visites.bandeau(ctx, dossier_id)
    model = dossier_model(seen, ctx.clock.now(), saisie) | {"exceptionnel": _exceptionnel(ctx, dossier_id)}
    return render_template("espace_pro/dossier.html", bandeau=bandeau_model(bandeau), dossier=model)


def _exceptionnel(ctx: Context, dossier_id: UUID) -> dict[str, Any] | None:
    """The way past the policy of the SPST where it closes what the law opens, or the one that runs."""
    until = exceptionnel.running_until(ctx, dossier_id)
    if until is not None:
        return {"jusqu_a": until, "url": url_for("exceptionnel.end", dossier_id=dossier_id)}
    if exceptionnel.is_offered(ctx, dossier_id):
        return {"jusqu_a": None, "url": url_for("exceptionnel.ask", dossier_id=dossier_id)}
    return None


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
        delegue=habilitations.may(ctx, "protocole.give"),
    )


def _uuid_asked(name: str) -> UUID | None:
    typed = request.args.get(name, "")
    try:
        return UUID(typed) if typed else None
    except ValueError as error:
        raise NotFound from error


@bp.get("/dossiers/<uuid:dossier_id>/pourquoi")
@bp.get("/dossiers/<uuid:dossier_id>/volets/<volet>/pourquoi", endpoint="why_section")
@requires("dossier.open")
def why(dossier_id: UUID, volet: str | None = None) -> ResponseReturnValue:
    """Why the dossier, or a section of it, is closed to who asks; a section that opens is shown in its place."""
    if volet is not None and volet not in SECTIONS:
        raise NotFound
    with unit_of_work() as ctx:
        refus = web().refusals.explain_section(ctx, dossier_id, volet)
        opens = habilitations.permitted(ctx, dossier_id).opens
    if refus is None:
        return redirect(dossier_url(dossier_id), 303)
    retour = (dossier_url(dossier_id), "Revenir au dossier") if opens else (home_url(), "Revenir à l’accueil")
    return render_template("errors/403.html", refus=errors.refusal_model(refus, refus.phrase, retour, question=True))


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
        "feuille_url": url_for(".feuille", dossier_id=dossier_id),
        "lignes": [_ligne(line) for line in found.lignes],
    }
    return render_template("espace_pro/acces.html", bandeau=bandeau_model(bandeau), acces=model)


@bp.get("/dossiers/<uuid:dossier_id>/acces/feuille")
@requires("acces.consult")
def feuille(dossier_id: UUID) -> str:
    """To print and hand over, at the visit, to a worker who has no computer."""
    with unit_of_work() as ctx:
        found = journal.sheet_of(ctx, dossier_id)
        bandeau = visites.bandeau(ctx, dossier_id)
    sceau = found.sceau
    model = {
        "feuille": found,
        "qr": qr.svg(sceau.note) if sceau else None,
        "acces_url": url_for(".acces", dossier_id=dossier_id),
        "service": user().spst,
    }
    return render_template("espace_pro/acces_feuille.html", bandeau=bandeau_model(bandeau), acces=model)


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
