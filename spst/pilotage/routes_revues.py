"""The review of the accounts: when it is due, its lines, its signature; every signed one stays readable."""

from collections.abc import Callable
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import nominatives, revue_rules, revues
from spst.comptes.errors import OwnLigneRefused
from spst.comptes.revues import LigneVue, RevueVue
from spst.habilitations import services as habilitations
from spst.journal.rules import csv_row
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS
from spst.kernel.errors import RuleViolation
from spst.pilotage import schemas
from spst.web import fresh
from spst.web.fields import errors_by_field
from spst.web.filters import NO_BREAK
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("revues", __name__, url_prefix="/direction/revues")

DECISIONS = {revue_rules.GARDER: "Garder", revue_rules.RETIRER: "Retirer"}
NATURES = {"role": "Rôle", "nominative": "Habilitation nominative", "equipe": "Équipe", "compte": "Compte"}
COLUMNS = ("N°", "Personne", "Nature", "Droit", "Depuis", "Jusqu’au", "Dernière entrée", "Décision", "Commentaire",
           "Décidé le", "Décidé par")  # fmt: skip


@bp.get("")
@requires("revue.consult")
def list_revues() -> ResponseReturnValue:
    return _list_page()


@bp.post("")
@requires("compte.update")
def open_revue() -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            revue_id = revues.open_revue(ctx)
    except RuleViolation as refusal:
        return _list_page(str(refusal)), 422
    flash("La revue est ouverte. La liste est figée à cet instant.")
    return _to(revue_id)


@bp.post("/reglages")
@requires("compte.update")
def change_reglages() -> ResponseReturnValue:
    try:
        chosen = revue_rules.Reglages(**schemas.ReglagesComptesForm().read(request.form))
        with unit_of_work() as ctx:
            revues.change_reglages(ctx, chosen)
    except ValidationError as error:
        return _list_page(erreurs=errors_by_field(error)), 422
    flash("Réglages enregistrés.")
    return redirect("/direction/revues", 303)


@bp.get("/<uuid:revue_id>")
@requires("revue.consult")
def show(revue_id: UUID) -> ResponseReturnValue:
    return _page(revue_id)


@bp.post("/lignes/<uuid:ligne_id>")
@requires("compte.update")
def decide(ligne_id: UUID) -> ResponseReturnValue:
    try:
        values = schemas.DecisionForm().read(request.form)
    except ValidationError as error:
        return _again(ligne_id, " ".join(errors_by_field(error).values()))
    try:
        with unit_of_work() as ctx:
            revue_id = revues.decide(ctx, ligne_id, values["decision"], values["commentaire"] or None)
    except (RuleViolation, OwnLigneRefused) as refusal:
        return _again(ligne_id, str(refusal))
    return redirect(f"/direction/revues/{revue_id}#l-{ligne_id}", 303)


@bp.post("/<uuid:revue_id>/comptes/<uuid:compte_id>")
@requires("compte.update")
def keep_all(revue_id: UUID, compte_id: UUID) -> ResponseReturnValue:
    def act() -> None:
        with unit_of_work() as ctx:
            revues.keep_all(ctx, revue_id, compte_id)

    return _act(revue_id, act, f"#c-{compte_id}")


@bp.post("/<uuid:revue_id>/signature")
@requires("habilitation.revoke")
def sign(revue_id: UUID) -> ResponseReturnValue:
    def act() -> None:
        with unit_of_work() as ctx:
            revues.sign(ctx, revue_id, user().auth_at)
        flash("La revue est signée. Ce qui était à retirer l’est.")

    return _act(revue_id, act)


@bp.get("/<uuid:revue_id>/export.csv")
@requires("revue.consult")
def export(revue_id: UUID) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        vue, lignes, _ = revues.get_revue(ctx, revue_id)
    response = Response("".join(_csv(vue, lignes)), content_type="text/csv; charset=utf-8")
    name = f"revue-habilitations-{vue.opened_at.astimezone(PARIS):%Y%m%d}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def droit_of(ligne: LigneVue) -> str:
    """What the line is about, as people read it."""
    if ligne.nature == "role":
        return Role(ligne.objet).label_of(ligne.personne)
    if ligne.nature == "nominative":
        return nominatives.CODES[ligne.objet].titre
    return ligne.objet or "Compte sans aucun droit"


def _act(revue_id: UUID, act: Callable[[], None], fragment: str = "") -> ResponseReturnValue:
    try:
        act()
    except RuleViolation as refusal:
        return _page(revue_id, str(refusal)), 422
    return redirect(f"/direction/revues/{revue_id}{fragment}", 303)


def _again(ligne_id: UUID, refusal: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        revue_id = revues.revue_of(ctx, ligne_id)
    return _page(revue_id, refusal, {str(ligne_id): request.form.get("commentaire", "")}), 422


def _list_page(refus: str | None = None, erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        view: dict[str, Any] = {
            "revues": revues.list_revues(ctx),
            "echeance": revues.echeance(ctx),
            "reglages": revues.reglages(ctx),
            "agit": habilitations.may(ctx, "compte.update"),
        }
    view |= {"refus": refus, "erreurs": erreurs or {}}
    view["intervalles"] = [(str(n), f"{n} mois") for n in revue_rules.INTERVALLES]
    view["inusages"] = [(str(n), f"{n} jours") for n in revue_rules.INUSAGES]
    return render_template("pilotage/revues.html", liste=view)


def _page(revue_id: UUID, refus: str | None = None, saisies: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        vue, lignes, agrees = revues.get_revue(ctx, revue_id)
        agit = habilitations.may(ctx, "compte.update")
    view = {
        "vue": vue,
        "comptes": [(compte_id, list(of_him)) for compte_id, of_him in groupby(lignes, lambda one: one.compte_id)],
        "concorde": agrees,
        "agit": agit and vue.signed_at is None,
        "a_decider": sum(one.decision is None and not one.is_own for one in lignes),
        "recente": fresh.is_fresh(),
        "par_psc": user().situation is not None,
        "psc_url": fresh.login_again_url(url_for(".show", revue_id=revue_id)),
        "refus": refus,
        "saisies": saisies or {},
        "natures": NATURES,
        "decisions": DECISIONS,
        "droit": droit_of,
    }
    return render_template("pilotage/revue.html", revue=view)


def _to(revue_id: UUID) -> ResponseReturnValue:
    return redirect(f"/direction/revues/{revue_id}", 303)


def _csv(vue: RevueVue, lignes: list[LigneVue]) -> list[str]:
    head = [
        ("Revue des habilitations", user().spst),
        ("Ouverte le", _at(vue.opened_at), vue.opened_by.replace(NO_BREAK, " ")),
        ("Signée le", _at(vue.signed_at) or "Non signée", (vue.signed_by or "").replace(NO_BREAK, " ")),
        ("Empreinte SHA-256", vue.empreinte or ""),
        ("Lignes", str(vue.lignes)),
    ]
    rows = [
        (
            str(one.rang),
            one.personne.replace(NO_BREAK, " "),
            NATURES[one.nature],
            droit_of(one),
            _at(one.since),
            _at(one.until),
            _at(one.last_login_at),
            DECISIONS.get(one.decision or "", ""),
            one.commentaire or "",
            _at(one.decided_at),
            (one.decided_by or "").replace(NO_BREAK, " "),
        )
        for one in lignes
    ]
    return ["\ufeff", *(csv_row(row) for row in head), csv_row(()), csv_row(COLUMNS), *(csv_row(row) for row in rows)]


def _at(instant: Any) -> str:
    return instant.astimezone(PARIS).strftime("%d/%m/%Y %H:%M") if instant else ""
