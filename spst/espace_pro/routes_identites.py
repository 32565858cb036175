"""The register of people: who enters it, what changes there, and the dossier of somebody who has none yet."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from spst.dmst import services as dmst
from spst.dmst.errors import DossierAlreadyExists, SecteurWithoutEquipe
from spst.entreprises import services as entreprises
from spst.entreprises.services import EtablissementVu
from spst.espace_pro import identites as vues
from spst.espace_pro.identites import EmployeurNotOne, Fiche, Saisie
from spst.espace_pro.liens import dossier_url
from spst.espace_pro.schemas_identites import (
    ContactSchema,
    DossierSchema,
    EmploiSchema,
    FinEmploiSchema,
    IdentiteSchema,
)
from spst.identite import services as identite
from spst.identite.errors import (
    AlreadyEntered,
    DateNaissanceRefused,
    PremierPrenomInconsistent,
    ProchesNotSeen,
)
from spst.kernel.acteur import Famille
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.web.fields import CSRF_FIELD, Form, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("identites", __name__)

Answer = AnyResponse | tuple[str, int]
NOTHING_TYPED = Saisie()
_SHAPE = "Ce formulaire n’a pas la forme attendue. Rechargez la page, puis recommencez."
_OF_FIELD: dict[type[RuleViolation], str] = {
    DateNaissanceRefused: "naissance",
    PremierPrenomInconsistent: "premier_prenom",
    SecteurWithoutEquipe: "equipe",
}


# ──── Creation


@bp.get("/salaries/nouveau")
@requires("identite.register")
def new() -> str:
    return _form(NOTHING_TYPED)


@bp.post("/salaries/nouveau")
@requires("identite.register")
def create() -> Answer:
    """Three demands of one form: compare with the register, come back to the form, create."""
    typed = _typed()
    try:
        form = IdentiteSchema().read(request.form)
        if form["etape"] == "corriger":
            return _form(Saisie(typed)), 200
        with unit_of_work() as ctx:
            if form["etape"] == "creer":
                return _created(ctx, form)
            return _compared(ctx, form, typed), 200
    except ProchesNotSeen as error:
        flash(str(error), "warn")
        with unit_of_work() as ctx:
            return _compared(ctx, form, typed), 422
    except AlreadyEntered as error:
        flash(str(error), "warn")
        return _form(Saisie({**typed, "operation_id": ""})), 409
    except (ValidationError, RuleViolation, EmployeurNotOne) as error:
        return _form(_refused(error)), 422


def _form(saisie: Saisie) -> str:
    return render_template("espace_pro/salarie_nouveau.html", nouveau=vues.nouveau_model(saisie, _famille()))


def _compared(ctx: Context, form: Mapping[str, Any], typed: Mapping[str, str]) -> str:
    employeur = _employeur(ctx, form) if form["employeur"] else None
    examen = identite.examine(ctx, **_traits(form))
    emplois = entreprises.emploi_actuel(ctx, [other.id for other in examen.proches])
    model = vues.verifier_model(typed, examen, employeur, emplois)
    return render_template("espace_pro/salarie_verifier.html", verifier=model)


def _created(ctx: Context, form: Mapping[str, Any]) -> AnyResponse:
    employeur = _employeur(ctx, form) if form["employeur"] else None
    travailleur_id = identite.create_travailleur(
        ctx,
        **_traits(form),
        **_contact(form),
        travailleur_id=_made_with_page(form),
        proches_vus=_seen(form["vus"]),
    )
    if employeur is not None:
        _engage(ctx, travailleur_id, employeur, form)
    return redirect(url_for(".show", travailleur_id=travailleur_id), 303)


def _traits(form: Mapping[str, Any]) -> dict[str, Any]:
    names = ("nom_naissance", "prenoms", "premier_prenom", "sexe", "nom_utilise", "prenom_utilise")
    return {
        **{name: form[name] for name in names},
        "date_naissance": form["naissance"],
        "lieu_naissance": form["lieu"],
    }


def _contact(form: Mapping[str, Any]) -> dict[str, Any]:
    return {name: form[name] for name in ("telephone", "email", "adresse")}


def _made_with_page(form: Mapping[str, Any]) -> UUID | None:
    """The id that somebody takes is one that the page made; any other only names a demand."""
    operation_id: UUID = form["operation_id"]
    return operation_id if operation_id.version == 7 else None


def _seen(typed: str) -> set[UUID]:
    """Raises: ValidationError."""
    try:
        return {UUID(one) for one in typed.split(",") if one}
    except ValueError as error:
        raise ValidationError(_SHAPE, "vus") from error


def _employeur(ctx: Context, form: Mapping[str, Any]) -> EtablissementVu:
    """Raises: EmployeurNotOne."""
    return vues.chosen(entreprises.find_etablissements(ctx, form["employeur"]), form["etablissement"])


def _engage(ctx: Context, travailleur_id: UUID, employeur: EtablissementVu, form: Mapping[str, Any]) -> None:
    entreprises.create_contrat(
        ctx,
        travailleur_id,
        employeur.id,
        type=form["type"],
        poste=form["poste"],
        starts_on=form["debut"],
        contrat_id=_made_with_page(form),
    )


# ──── Somebody's sheet


@bp.get("/salaries/<uuid:travailleur_id>")
@requires("dossier.search")
def show(travailleur_id: UUID) -> str:
    return _sheet(travailleur_id, NOTHING_TYPED)


def _sheet(travailleur_id: UUID, saisie: Saisie) -> str:
    with unit_of_work() as ctx:
        seen = _fiche(ctx, travailleur_id)
        model = vues.fiche_model(seen, _famille(), today(ctx.clock), saisie)
    return render_template("espace_pro/salarie.html", fiche=model)


def _fiche(ctx: Context, travailleur_id: UUID) -> Fiche:
    seen = identite.get_travailleur(ctx, travailleur_id)
    return Fiche(
        seen,
        entreprises.contrats(ctx, travailleur_id),
        dmst.dossiers_of(ctx, [travailleur_id]).get(travailleur_id),
        dmst.equipes(ctx) if _famille() is Famille.SANTE else (),
        dmst.equipes_du_secteur(ctx, travailleur_id) if _famille() is Famille.SANTE else (),
    )


@bp.post("/salaries/<uuid:travailleur_id>/dossier")
@requires("dossier.create")
def constitute(travailleur_id: UUID) -> Answer:
    """Somebody who has a dossier already, as after two clicks, is led to it."""
    try:
        form = DossierSchema().read(request.form)
        with unit_of_work() as ctx:
            dossier_id = dmst.create_dossier(
                ctx, travailleur_id, equipe_id=form["equipe"], par_secteur=form["equipe"] is None
            )
    except DossierAlreadyExists as error:
        flash(str(error), "warn")
        return _sheet(travailleur_id, NOTHING_TYPED), 409
    except (ValidationError, SecteurWithoutEquipe) as error:
        return _sheet(travailleur_id, _refused(error)), 422
    flash("Le dossier est constitué.")
    return redirect(dossier_url(dossier_id), 303)


# ──── Changes


@bp.get("/salaries/<uuid:travailleur_id>/modifier")
@requires("registre.update")
def edit(travailleur_id: UUID) -> str:
    return _changes(travailleur_id, NOTHING_TYPED)


def _changes(travailleur_id: UUID, saisie: Saisie) -> str:
    with unit_of_work() as ctx:
        seen = _fiche(ctx, travailleur_id)
    model = vues.modifier_model(seen, _famille(), today(web().runtime.clock), request.path, saisie)
    return render_template("espace_pro/salarie_modifier.html", fiche=model)


@bp.post("/salaries/<uuid:travailleur_id>/modifier")
@requires("registre.update")
def update(travailleur_id: UUID) -> Answer:
    def act(ctx: Context, form: dict[str, Any]) -> None:
        identite.update_contact(ctx, travailleur_id, **_contact(form))
        identite.set_used_names(
            ctx, travailleur_id, nom_utilise=form["nom_utilise"], prenom_utilise=form["prenom_utilise"]
        )

    return _act(travailleur_id, ContactSchema(), act, "Les noms utilisés et les coordonnées sont enregistrés.")


@bp.post("/salaries/<uuid:travailleur_id>/emplois")
@requires("registre.update")
def add_emploi(travailleur_id: UUID) -> Answer:
    def act(ctx: Context, form: dict[str, Any]) -> None:
        _engage(ctx, travailleur_id, _employeur(ctx, form), form)

    return _act(travailleur_id, EmploiSchema(), act, "L’emploi est ajouté.")


@bp.post("/salaries/<uuid:travailleur_id>/emplois/<uuid:contrat_id>/fin")
@requires("registre.update")
def end_emploi(travailleur_id: UUID, contrat_id: UUID) -> Answer:
    return _act(
        travailleur_id,
        FinEmploiSchema(),
        lambda ctx, form: entreprises.end_contrat(ctx, contrat_id, form["fin"], travailleur_id=travailleur_id),
        "La fin de l’emploi est notée.",
    )


def _act(travailleur_id: UUID, schema: Form, act: Callable[[Context, dict[str, Any]], object], done: str) -> Answer:
    try:
        form = schema.read(request.form)
        with unit_of_work() as ctx:
            act(ctx, form)
    except (ValidationError, RuleViolation, EmployeurNotOne) as error:
        return _changes(travailleur_id, _refused(error)), 422
    flash(done)
    return redirect(url_for(".edit", travailleur_id=travailleur_id), 303)


def _refused(error: ValidationError | RuleViolation | EmployeurNotOne) -> Saisie:
    """What was typed, and what is said of it; a refusal that concerns no field alone is said over the page."""
    if isinstance(error, ValidationError):
        return Saisie(_typed(), errors_by_field(error) or {"": _SHAPE})
    if isinstance(error, EmployeurNotOne):
        return Saisie(_typed(), {"employeur": str(error)}, error.choix)
    return Saisie(_typed(), {_OF_FIELD.get(type(error), ""): str(error)})


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != CSRF_FIELD}


def _famille() -> Famille:
    return user().acteur.famille
