"""Acts on the sections of a dossier. Each commits, says what was done, and comes back to the dossier."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from spst.dmst import services as dmst
from spst.dmst.errors import ObjetNotFound
from spst.espace_pro.dossier import Saisie
from spst.espace_pro.liens import dossier_url
from spst.espace_pro.routes_dossier import page
from spst.espace_pro.schemas import (
    CourrierSchema,
    ExpositionSchema,
    FinSchema,
    InformationSchema,
    MedecinTraitantSchema,
    OppositionSchema,
    RienSchema,
)
from spst.expositions import services as expositions
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.visites import services as visites
from spst.visites.pages import bandeau_model
from spst.web.fields import Form, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("actes", __name__)

Answer = AnyResponse | tuple[str, int]
NOTICE = "2026-11"
"""Version of the information notice that this release carries."""


def _act(
    dossier_id: UUID, schema: Form, act: Callable[[Context, dict[str, Any]], object], done: str, part: str
) -> Answer:
    """A refused form or rule is said over the page, which stays open and holds what was typed."""
    try:
        form = schema.read(request.form)
        with unit_of_work() as ctx:
            act(ctx, form)
    except (ValidationError, RuleViolation) as error:
        return _again(dossier_id, error)
    flash(done)
    return redirect(dossier_url(dossier_id, _anchor=part), 303)


def _again(dossier_id: UUID, error: ValidationError | RuleViolation, field: str | None = None) -> Answer:
    """`field`: where a broken rule is shown, beside being said over the page."""
    flash(_reason(error), "stop")
    broken = {field: str(error)} if field else {}
    erreurs = errors_by_field(error) if isinstance(error, ValidationError) else broken
    return page(dossier_id, Saisie(request.path, request.form.to_dict(), erreurs)), 422


def _inside(ctx: Context, dossier_id: UUID, objet_id: UUID, section: str) -> UUID:
    """An object, when it stands in the dossier that the address names. Raises: ObjetNotFound."""
    if dmst.header(ctx, objet_id, section).dossier_id != dossier_id:
        raise ObjetNotFound
    return objet_id


def _reason(error: ValidationError | RuleViolation) -> str:
    if isinstance(error, ValidationError):
        return next(iter(errors_by_field(error).values()), "Une valeur n’a pas la forme attendue.")
    return str(error)


@bp.post("/dossiers/<uuid:dossier_id>/medecin-traitant")
@requires("identite.update")
def medecin_traitant(dossier_id: UUID) -> Answer:
    return _act(
        dossier_id,
        MedecinTraitantSchema(),
        lambda ctx, form: dmst.set_medecin_traitant(ctx, dossier_id, **form),
        "Le médecin traitant est noté.",
        "identite",
    )


@bp.post("/dossiers/<uuid:dossier_id>/courriers")
@requires("courrier.add")
def add_courrier(dossier_id: UUID) -> Answer:
    return _act(
        dossier_id,
        CourrierSchema(),
        lambda ctx, form: dmst.add_courrier(ctx, dossier_id, **form),
        "Le courrier est classé.",
        "courriers",
    )


@bp.post("/dossiers/<uuid:dossier_id>/informations")
@requires("information.give")
def inform(dossier_id: UUID) -> Answer:
    return _act(
        dossier_id,
        InformationSchema(),
        lambda ctx, form: dmst.give_information(ctx, dossier_id, notice_version=NOTICE, canal=form["support"]),
        "L’information donnée est notée.",
        "informations",
    )


@bp.post("/dossiers/<uuid:dossier_id>/oppositions")
@requires("opposition.record")
def oppose(dossier_id: UUID) -> Answer:
    return _act(
        dossier_id,
        OppositionSchema(),
        lambda ctx, form: dmst.record_opposition(ctx, dossier_id, portee=form["objet"]),
        "L’opposition est enregistrée, elle s’applique dès maintenant.",
        "oppositions",
    )


@bp.post("/dossiers/<uuid:dossier_id>/oppositions/<uuid:opposition_id>/levee")
@requires("opposition.record")
def lift_opposition(dossier_id: UUID, opposition_id: UUID) -> Answer:
    return _act(
        dossier_id,
        RienSchema(),
        lambda ctx, _form: dmst.withdraw_opposition(ctx, _inside(ctx, dossier_id, opposition_id, "S7")),
        "L’opposition est levée.",
        "oppositions",
    )


@bp.post("/dossiers/<uuid:dossier_id>/expositions")
@requires("exposition.add")
def add_exposition(dossier_id: UUID) -> Answer:
    try:
        form = ExpositionSchema().read(request.form)
        with unit_of_work() as ctx:
            expositions.add_exposition(
                ctx,
                dossier_id,
                code=form["agent"],
                starts_on=form["debut"],
                ends_on=form["fin"],
                source=form["source"],
                commentaire=form["precision"] or None,
            )
    except (ValidationError, RuleViolation) as error:
        return _again(dossier_id, error, "debut")
    flash("L’exposition est ajoutée.")
    return redirect(dossier_url(dossier_id, _anchor="parcours"), 303)


@bp.post("/dossiers/<uuid:dossier_id>/expositions/<uuid:exposition_id>/fin")
@requires("exposition.close")
def end_exposition(dossier_id: UUID, exposition_id: UUID) -> Answer:
    return _act(
        dossier_id,
        FinSchema(),
        lambda ctx, form: expositions.close_exposition(ctx, _inside(ctx, dossier_id, exposition_id, "S2"), form["fin"]),
        "La fin de l’exposition est notée.",
        "parcours",
    )


@bp.post("/dossiers/<uuid:dossier_id>/activation")
@requires("code_activation.issue")
def activation(dossier_id: UUID) -> Answer:
    """The code stands on this answer alone: neither session nor address ever holds it."""
    try:
        with unit_of_work() as ctx:
            given = dmst.issue_code(ctx, dossier_id)
            bandeau = visites.bandeau(ctx, dossier_id)
    except RuleViolation as error:
        flash(_reason(error), "stop")
        return page(dossier_id), 422
    view = {"given": given, "dossier_url": dossier_url(dossier_id, _anchor="identite")}
    return render_template("espace_pro/activation.html", bandeau=bandeau_model(bandeau), activation=view), 200
