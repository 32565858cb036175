"""Delegations, protocols and replacements: who may do what in whose name, until when, and taking it back."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import exercice
from spst.comptes.exercice import Collegue
from spst.espace_pro import schemas_delegations as schemas
from spst.habilitations import protocoles
from spst.habilitations import services as habilitations
from spst.habilitations.protocoles import DELEGATES, NATURES, EcritVu, Genre
from spst.habilitations.rules import ACTES, REPLACING
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.errors import NotFound, RuleViolation
from spst.web.fields import CSRF_FIELD, Form, errors_by_field
from spst.web.frame import flash, toast
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("delegations", __name__, url_prefix="/delegations")

_SECTIONS = (("S1", "Identité (S1)"), ("S2", "Emplois et expositions (S2)"))


@bp.get("")
@requires("protocole.consult")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("/delegation")
@requires("protocole.give")
def give() -> ResponseReturnValue:
    def act(ctx: Context, form: dict[str, Any]) -> None:
        protocoles.give_delegation(
            ctx,
            form["personne"],
            schemas.sections(form),
            schemas.periode(form, today(ctx.clock)),
            reference=form["reference"],
            actes=schemas.actes(form),
            dossier_id=schemas.dossier(form),
        )

    return _act(schemas.DelegationForm(), "deleguer", act, "La délégation est donnée.")


@bp.post("/protocole")
@requires("protocole.give")
def sign() -> ResponseReturnValue:
    def act(ctx: Context, form: dict[str, Any]) -> None:
        periode = schemas.periode(form, today(ctx.clock))
        protocoles.sign_protocole(
            ctx, form["personne"], periode, reference=form["reference"], delegue_avis=bool(form["avis"])
        )

    return _act(schemas.ProtocoleForm(), "protocole", act, "Le protocole est noté.")


@bp.post("/remplacement")
@requires("remplacement.set")
def replace() -> ResponseReturnValue:
    def act(ctx: Context, form: dict[str, Any]) -> None:
        medecin = form["medecin"] or ctx.acteur.id
        protocoles.set_remplacant(ctx, medecin, form["personne"], schemas.periode(form, today(ctx.clock)))

    return _act(schemas.RemplacementForm(), "remplacer", act, "Le remplacement est noté.")


@bp.post("/delegation/<uuid:ecrit_id>/retrait")
@requires("protocole.revoke")
def revoke_delegation(ecrit_id: UUID) -> ResponseReturnValue:
    return _revoke(Genre.DELEGATION, ecrit_id, "Délégation retirée. Elle n’ouvre plus rien.")


@bp.post("/protocole/<uuid:ecrit_id>/retrait")
@requires("protocole.revoke")
def revoke_protocole(ecrit_id: UUID) -> ResponseReturnValue:
    done = "Protocole retiré. Cette personne n’ouvre plus de dossier sous votre autorité."
    return _revoke(Genre.PROTOCOLE, ecrit_id, done)


@bp.post("/remplacement/<uuid:ecrit_id>/retrait")
@requires("remplacement.end")
def end_remplacement(ecrit_id: UUID) -> ResponseReturnValue:
    return _revoke(Genre.REMPLACEMENT, ecrit_id, "Remplacement terminé.")


@bp.post("/delegation/<uuid:ecrit_id>/retablissement")
@requires("protocole.give")
def give_again(ecrit_id: UUID) -> ResponseReturnValue:
    return _change(lambda ctx: protocoles.give_again(ctx, Genre.DELEGATION, ecrit_id), "Délégation rétablie.")


@bp.post("/protocole/<uuid:ecrit_id>/retablissement")
@requires("protocole.give")
def sign_again(ecrit_id: UUID) -> ResponseReturnValue:
    return _change(lambda ctx: protocoles.give_again(ctx, Genre.PROTOCOLE, ecrit_id), "Protocole rétabli.")


@bp.post("/remplacement/<uuid:ecrit_id>/retablissement")
@requires("remplacement.set")
def replace_again(ecrit_id: UUID) -> ResponseReturnValue:
    return _change(lambda ctx: protocoles.give_again(ctx, Genre.REMPLACEMENT, ecrit_id), "Remplacement rétabli.")


def _act(schema: Form, form: str, act: Callable[[Context, dict[str, Any]], None], done: str) -> ResponseReturnValue:
    try:
        read = schema.read(request.form)
        with unit_of_work() as ctx:
            act(ctx, read)
    except ValidationError as error:
        return _page(form, errors_by_field(error)), 422
    except RuleViolation as refusal:
        return _page(form, {"": str(refusal)}), 422
    flash(done)
    return redirect(url_for(".show"), 303)


def _revoke(genre: Genre, ecrit_id: UUID, done: str) -> ResponseReturnValue:
    undo = f"{url_for('.show')}/{genre}/{ecrit_id}/retablissement"
    return _change(lambda ctx: protocoles.revoke(ctx, genre, ecrit_id), done, undo)


def _change(act: Callable[[Context], object], done: str, undo: str | None = None) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            act(ctx)
    except RuleViolation as refusal:
        flash(str(refusal), "warn")
    else:
        toast(done, undo, "Rétablir")
    return redirect(url_for(".show"), 303)


def _page(form: str = "", erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        found, people = protocoles.ecrits(ctx), exercice.collegues(ctx)
        gives = habilitations.may(ctx, "protocole.give")
        replaces = habilitations.may(ctx, "remplacement.set")
        reviews = habilitations.may(ctx, "exceptionnel.review")
        dossier_id, day = _dossier_asked(ctx), today(ctx.clock)
    names = {one.id: one.nom for one in people}
    lines = [_ligne(one, names, day) for one in found]
    view = {
        "en_cours": [line for line in lines if line["etat"] in ("en_cours", "suspendu", "a_venir")],
        "passes": [line for line in lines if line["etat"] in ("retire", "termine")],
        "delegues": _choices(people, DELEGATES) if gives else None,
        "supervises": _choices(people, NATURES) if gives else None,
        "remplacants": _choices(people, REPLACING) if replaces else None,
        "medecins": _choices(people, {Role.MDT}) if replaces and not gives else None,
        "sections": _SECTIONS,
        "actes": [(code, groupe.label) for code, groupe in ACTES.items()],
        "exceptionnels_url": url_for("exceptionnel.queue") if reviews else None,
        "dossier": None if dossier_id is None else str(dossier_id),
        "reprise": {"form": form, "valeurs": _typed() if form else {}, "erreurs": erreurs or {}},
    }
    return render_template("espace_pro/delegations.html", delegations=view)


def _dossier_asked(ctx: Context) -> UUID | None:
    """The dossier from whose page one comes, when it is one's to delegate."""
    typed = request.values.get("dossier", "")
    try:
        asked = UUID(typed) if typed else None
        return asked if asked and habilitations.permitted(ctx, asked).opens else None
    except (ValueError, NotFound):
        return None


def _choices(people: tuple[Collegue, ...], roles: Any) -> list[tuple[str, str]]:
    mine = user().acteur.id
    return [
        (str(one.id), f"{one.nom}, {role.label_of(one.nom).lower()}")
        for one in people
        for role in sorted(one.roles.intersection(roles))
        if one.id != mine
    ]


def _ligne(one: EcritVu, names: dict[UUID, str], day: date) -> dict[str, Any]:
    mine = user().acteur.id
    return {
        "genre": one.genre,
        "donneur": "Vous" if one.donneur == mine else names.get(one.donneur, "Compte fermé"),
        "beneficiaire": "vous" if one.beneficiaire == mine else names.get(one.beneficiaire, "compte fermé"),
        "quoi": _quoi(one),
        "reference": one.reference,
        "debut": one.debut,
        "fin": one.fin,
        "etat": one.etat,
        "reste": one.jours_restants,
        "dossier_url": url_for("dossier.show", dossier_id=one.dossier_id) if one.dossier_id else None,
        "retrait_url": _acte(one, mine, "retrait") if one.etat in ("en_cours", "suspendu", "a_venir") else None,
        "retablir_url": _acte(one, mine, "retablissement") if _can_stand(one, day) else None,
    }


def _quoi(one: EcritVu) -> str:
    if one.genre is Genre.REMPLACEMENT:
        return "Suivi des salariés que le médecin suit"
    if one.genre is Genre.PROTOCOLE:
        return "Exercice sous l’autorité du médecin" + (", avis rendus en son nom compris" if one.delegue_avis else "")
    titles = dict(_SECTIONS)
    what = ", ".join(titles[section] for section in one.sections)
    if one.actes is not None:
        what += "\u00a0: " + ", ".join(ACTES[code].label.lower() for code in one.actes)
    return what + (", pour un dossier" if one.un_dossier else "")


def _can_stand(one: EcritVu, day: date) -> bool:
    """Taken back or hung in the air, with days left."""
    return one.etat == "suspendu" or (one.etat == "retire" and one.fin >= day)


def _acte(one: EcritVu, mine: UUID, acte: str) -> str | None:
    """Where who gave it comes back on it; the direction does on replacements."""
    is_direction = user().acteur.role is Role.DIR
    if one.donneur == mine or (is_direction and one.genre is Genre.REMPLACEMENT):
        return f"{url_for('.show')}/{one.genre}/{one.id}/{acte}"
    return None


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != CSRF_FIELD}
