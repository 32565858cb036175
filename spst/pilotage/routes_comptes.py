"""Pages of the accounts: list, creation, one account with its roles, équipes and sessions."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import demandes, departs, nominatives, noms
from spst.comptes import services_comptes as comptes
from spst.comptes.comptes_queries import CompteVu
from spst.comptes.errors import (
    CompteAlreadyExists,
    CompteRefused,
    HabilitationRefused,
    LastDirection,
)
from spst.comptes.local import Inscription
from spst.comptes.octroi_rules import BY_EVIDENCE
from spst.habilitations import services as habilitations
from spst.habilitations.errors import NotYetTwoPeople
from spst.kernel.acteur import Role
from spst.kernel.errors import SpstError
from spst.pilotage import schemas
from spst.pilotage.fiche import CIVILITES_A_CHOISIR, Reprise, fiche
from spst.web import recherches
from spst.web.fields import errors_by_field
from spst.web.frame import flash, toast
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("comptes", __name__, url_prefix="/direction")

_REFUSALS = (CompteRefused, CompteAlreadyExists, HabilitationRefused, LastDirection, NotYetTwoPeople)


@bp.get("/comptes")
@requires("compte.list")
def list_comptes() -> ResponseReturnValue:
    r = request.args.get("r", "")
    typed = recherches.recall(r)
    q = typed["q"] if typed else ""
    return _list_page(q, q, recherches.EXPIRED if r and typed is None else None)


@bp.post("/comptes/recherche")
@requires("compte.list")
def search_comptes() -> ResponseReturnValue:
    """What was typed is a colleague's name or number: it stands in no address. The list that this leads to is traced."""
    try:
        q = schemas.RechercheForm().read(request.form)["q"]
    except ValidationError as error:
        return _list_page("", request.form.get("q", ""), " ".join(errors_by_field(error).values())), 422
    return redirect(url_for(".list_comptes", r=recherches.remember(q=q) if q else None), 303)


@bp.get("/comptes/nouveau")
@requires("compte.create")
def new_compte() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        habilitations.require(ctx, "compte.create")
    return _new_page({}, {})


@bp.post("/comptes")
@requires("compte.create")
def create_compte() -> ResponseReturnValue:
    try:
        demande = schemas.demande_compte(schemas.CompteForm().read(request.form))
        with unit_of_work() as ctx:
            created = comptes.create_compte(ctx, demande, web().config.psc.issuer)
            compte = comptes.get_compte(ctx, created.compte_id)
    except ValidationError as error:
        return _new_page(request.form.to_dict(), errors_by_field(error)), 422
    except _REFUSALS as refusal:
        return _new_page(request.form.to_dict(), {}, str(refusal)), 422
    if created.inscription is not None:
        return _code_page(compte, created.inscription)
    flash("Le compte est créé. Accordez-lui maintenant un rôle.")
    return _to(created.compte_id)


@bp.get("/comptes/<uuid:compte_id>")
@requires("compte.list")
def show_compte(compte_id: UUID) -> ResponseReturnValue:
    return _compte_page(compte_id)


@bp.post("/comptes/<uuid:compte_id>/roles")
@requires("habilitation.grant")
def grant(compte_id: UUID) -> ResponseReturnValue:
    try:
        demande = schemas.demande_role(schemas.RoleForm().read(request.form), web().runtime.clock.now())
        with unit_of_work() as ctx:
            comptes.grant_habilitation(ctx, compte_id, demande)
            asked = demandes.is_asked(ctx, compte_id, demande.role)
            nom = comptes.get_compte(ctx, compte_id).nom_complet
    except ValidationError as error:
        return _again(compte_id, "accorder", errors_by_field(error))
    except _REFUSALS as refusal:
        return _again(compte_id, "accorder", str(refusal))
    flash(_granted(demande.role, nom, "accordé", asked=asked))
    return _to(compte_id)


def _granted(role: Role, nom: str, done: str, *, asked: bool) -> str:
    """What is said of a role that was given, or `asked` for: a second person has still to confirm it."""
    if asked:
        return (
            f"Rôle demandé\u00a0: {role.label_of(nom)}. Il n’ouvre rien tant qu’une autre personne ne l’a pas confirmé."
        )
    return f"Rôle {done}\u00a0: {role.label_of(nom)}."


@bp.post("/demandes/<uuid:demande_id>/confirmation")
@requires("habilitation.grant")
def confirm_demande(demande_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            compte_id, role = demandes.confirm(ctx, demande_id)
            nom = comptes.get_compte(ctx, compte_id).nom_complet
    except _REFUSALS as refusal:
        return _about_demande(demande_id, refusal)
    by_evidence = " La personne y entrera quand Pro Santé Connect attestera cette profession."
    flash(f"Rôle confirmé\u00a0: {role.label_of(nom)}.{by_evidence if role in BY_EVIDENCE else ''}")
    return _to(compte_id)


@bp.post("/demandes/<uuid:demande_id>/ecart")
@requires("habilitation.revoke")
def dismiss_demande(demande_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            compte_id = demandes.dismiss(ctx, demande_id)
    except _REFUSALS as refusal:
        return _about_demande(demande_id, refusal)
    flash("Demande écartée. Ce rôle n’ouvre rien.")
    return _to(compte_id)


@bp.get("/roles/<uuid:habilitation_id>/retrait")
@requires("compte.list")
def confirm_revoke(habilitation_id: UUID) -> ResponseReturnValue:
    """The question that the dialog of the account's page asks, for who has no script."""
    with unit_of_work() as ctx:
        compte, role = comptes.get_habilitation(ctx, habilitation_id)
    if not role.is_open:
        return _to(compte.id)
    view = {"compte": compte, "role": role, "is_own": compte.id == user().acteur.id}
    return render_template("pilotage/role_retrait.html", retrait=view)


@bp.post("/roles/<uuid:habilitation_id>/retrait")
@requires("habilitation.revoke")
def revoke(habilitation_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            compte_id = comptes.revoke_habilitation(ctx, habilitation_id)
    except _REFUSALS as refusal:
        return _about_role(habilitation_id, refusal)
    undo = f"/direction/roles/{habilitation_id}/retablissement"
    toast("Rôle retiré. Les sessions de ce compte sont fermées.", undo, "Rétablir ce rôle")
    return _to(compte_id)


@bp.post("/roles/<uuid:habilitation_id>/retablissement")
@requires("habilitation.grant")
def restore(habilitation_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            compte_id, role = comptes.restore_habilitation(ctx, habilitation_id)
            asked = demandes.is_asked(ctx, compte_id, role)
            nom = comptes.get_compte(ctx, compte_id).nom_complet
    except _REFUSALS as refusal:
        return _about_role(habilitation_id, refusal)
    flash(_granted(role, nom, "rétabli", asked=asked))
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/nom")
@requires("compte.update")
def rename(compte_id: UUID) -> ResponseReturnValue:
    try:
        values = schemas.NomForm().read(request.form)
        with unit_of_work() as ctx:
            noms.correct(ctx, compte_id, values["civilite"], values["prenom"], values["nom"])
    except ValidationError as error:
        return _again(compte_id, "nom", errors_by_field(error))
    except _REFUSALS as refusal:
        return _again(compte_id, "nom", str(refusal))
    flash("Nom corrigé. L’ancien reste écrit sur cette page.")
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/suspension")
@requires("compte.update")
def suspend(compte_id: UUID) -> ResponseReturnValue:
    try:
        motif = schemas.SuspensionForm().read(request.form)["motif"]
        with unit_of_work() as ctx:
            comptes.suspend_compte(ctx, compte_id, motif)
    except ValidationError as error:
        return _again(compte_id, "suspension", errors_by_field(error))
    except _REFUSALS as refusal:
        return _again(compte_id, "suspension", str(refusal))
    flash("Compte suspendu. Ses sessions sont fermées.")
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/reprise")
@requires("compte.update")
def resume(compte_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        comptes.resume_compte(ctx, compte_id)
        roles = comptes.get_compte(ctx, compte_id).roles
    flash("Compte rouvert, avec les rôles qu’il avait." if roles else "Compte rouvert, sans rôle\u00a0: accordez-les.")
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/depart")
@requires("compte.update")
def plan_departure(compte_id: UUID) -> ResponseReturnValue:
    try:
        at = schemas.depart(schemas.DepartForm().read(request.form))
        with unit_of_work() as ctx:
            departs.plan(ctx, compte_id, at)
    except ValidationError as error:
        return _again(compte_id, "depart", errors_by_field(error))
    except _REFUSALS as refusal:
        return _again(compte_id, "depart", str(refusal))
    toast("Départ noté.", f"/direction/comptes/{compte_id}/reintegration", "Réintégrer")
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/reintegration")
@requires("compte.update")
def cancel_departure(compte_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            departs.cancel(ctx, compte_id)
    except _REFUSALS as refusal:
        return _again(compte_id, "depart", str(refusal))
    flash("Départ annulé\u00a0: ce compte garde tout ce qu’il avait.")
    return _to(compte_id)


@bp.get("/comptes/<uuid:compte_id>/inscription")
@requires("compte.list")
def confirm_inscription(compte_id: UUID) -> ResponseReturnValue:
    """The question that the dialog of the account's page asks, for who has no script."""
    with unit_of_work() as ctx:
        compte = comptes.get_compte(ctx, compte_id)
    if compte.inscription is None or compte.id == user().acteur.id:
        return _to(compte_id)
    return render_template("pilotage/compte_inscription.html", compte=compte)


@bp.post("/comptes/<uuid:compte_id>/inscription")
@requires("compte.update")
def renew_inscription(compte_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            inscription = comptes.renew_inscription(ctx, compte_id)
            compte = comptes.get_compte(ctx, compte_id)
    except _REFUSALS as refusal:
        return _again(compte_id, "compte", str(refusal))
    return _code_page(compte, inscription)


@bp.post("/comptes/<uuid:compte_id>/sessions/fermer")
@requires("session.revoke")
def revoke_sessions(compte_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        ended = comptes.revoke_sessions(ctx, compte_id)
    flash("Les sessions de ce compte sont fermées." if ended else "Aucune session n’était ouverte.")
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/nominatives")
@requires("habilitation.grant")
def grant_nominative(compte_id: UUID) -> ResponseReturnValue:
    try:
        code = schemas.NominativeForm().read(request.form)["code"]
        with unit_of_work() as ctx:
            nominatives.grant(ctx, compte_id, code)
    except ValidationError as error:
        return _again(compte_id, "nominatives", " ".join(errors_by_field(error).values()))
    except _REFUSALS as refusal:
        return _again(compte_id, "nominatives", str(refusal))
    flash(f"Habilitation donnée\u00a0: {nominatives.CODES[code].titre.lower()}.")
    return _to(compte_id)


@bp.post("/nominatives/<uuid:nominative_id>/retrait")
@requires("habilitation.revoke")
def revoke_nominative(nominative_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        compte_id = nominatives.revoke_nominative(ctx, nominative_id)
    toast("Habilitation retirée.", f"/direction/nominatives/{nominative_id}/retablissement", "La rendre")
    return _to(compte_id)


@bp.post("/nominatives/<uuid:nominative_id>/retablissement")
@requires("habilitation.grant")
def restore_nominative(nominative_id: UUID) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            compte_id = nominatives.restore(ctx, nominative_id)
    except _REFUSALS as refusal:
        flash(str(refusal), "stop")
        return redirect("/direction/comptes", 303)
    flash("Habilitation rendue.")
    return _to(compte_id)


@bp.post("/comptes/<uuid:compte_id>/equipes")
@requires("compte.update")
def join_equipe(compte_id: UUID) -> ResponseReturnValue:
    try:
        equipe_id = schemas.EquipeForm().read(request.form)["equipe"]
        with unit_of_work() as ctx:
            comptes.join_equipe(ctx, compte_id, equipe_id)
    except ValidationError as error:
        return _again(compte_id, "equipes", errors_by_field(error))
    except _REFUSALS as refusal:
        return _again(compte_id, "equipes", str(refusal))
    flash("Compte placé dans l’équipe.")
    return _to(compte_id)


@bp.post("/equipes/membres/<uuid:membre_id>/retrait")
@requires("compte.update")
def leave_equipe(membre_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        compte_id = comptes.leave_equipe(ctx, membre_id)
    flash("Compte retiré de l’équipe.")
    return _to(compte_id)


def _list_page(q: str, typed: str, erreur: str | None) -> str:
    with unit_of_work() as ctx:
        found = comptes.list_comptes(ctx, q)
        view = {
            "q": q,
            "saisie": typed,
            "comptes": found,
            "erreur": erreur,
            "demandes": demandes.waiting(ctx),
        }
    return render_template("pilotage/comptes.html", liste=view)


def _again(compte_id: UUID, form: str, refused: str | dict[str, str]) -> ResponseReturnValue:
    """The account's page, with what was typed and what to correct beside the form that it came from."""
    return _compte_page(compte_id, Reprise(form, request.form.to_dict(), refused)), 422


def _about_role(habilitation_id: UUID, refusal: SpstError) -> ResponseReturnValue:
    """A role that changed since its page was shown, or that cannot change: said on the page of its account."""
    with unit_of_work() as ctx:
        compte_id = comptes.compte_of(ctx, habilitation_id)
    return _again(compte_id, "roles", str(refusal))


def _about_demande(demande_id: UUID, refusal: SpstError) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        compte_id = demandes.compte_of(ctx, demande_id)
    return _again(compte_id, "roles", str(refusal))


def _to(compte_id: UUID) -> ResponseReturnValue:
    return redirect(f"/direction/comptes/{compte_id}", 303)


def _new_page(valeurs: dict[str, str], erreurs: dict[str, str], refus: str | None = None) -> str:
    view = {
        "valeurs": valeurs,
        "erreurs": erreurs,
        "refus": refus,
        "civilites": [("", "Choisir"), *CIVILITES_A_CHOISIR],
    }
    return render_template("pilotage/compte_nouveau.html", nouveau=view)


def _compte_page(compte_id: UUID, reprise: Reprise | None = None) -> str:
    with unit_of_work() as ctx:
        view = fiche(ctx, compte_id, reprise)
    return render_template("pilotage/compte.html", fiche=view)


def _code_page(compte: CompteVu, inscription: Inscription) -> str:
    """The answer of the act itself: the code stands in no other page."""
    view = {"compte": compte, "inscription": inscription, "adresse": f"{web().config.public_url}/inscription"}
    return render_template("pilotage/compte_code.html", remise=view)
