"""The policy: what is in force, the draft of the next one, its trial, its publication by two people, and every version."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import services_comptes as comptes
from spst.dmst import services as dmst
from spst.habilitations import cas, deux_personnes, publication, simulation
from spst.habilitations import choix as choices
from spst.habilitations import services as habilitations
from spst.habilitations.actions import TITRES
from spst.habilitations.choix import INACTIVITES_MIN, ROLES, Niveau
from spst.habilitations.errors import BrouillonChanged, BrouillonNotFound
from spst.habilitations.publication import AvisCmt, BrouillonVu, VersionVue
from spst.journal import services as journal
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.pilotage import politique, schemas
from spst.traces import services as traces
from spst.web.fields import CSRF_FIELD, errors_by_field
from spst.web.frame import flash, toast
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user

bp = Blueprint("politique", __name__, url_prefix="/direction/politique")

JOURS = 90
AVIS = {
    AvisCmt.FAVORABLE: "Favorable",
    AvisCmt.RESERVE: "Favorable avec réserves",
    AvisCmt.DEFAVORABLE: "Défavorable",
}
_DRAFT = "/direction/politique/brouillon"

Names = dict[UUID, str]


# ──── In force, and the versions


@bp.get("")
@requires("politique.consult")
def show() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        in_force, draft = publication.versions(ctx)[0], publication.brouillon(ctx)
        view = _text(ctx, in_force) | {
            "brouillon": draft,
            "prepare": habilitations.may(ctx, "politique.draft"),
        }
        traces.record(ctx, "politique.consult")
    return render_template("pilotage/politique.html", politique=view)


@bp.get("/versions")
@requires("politique.consult")
def list_versions() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        found, names = publication.versions(ctx), _names(ctx)
        traces.record(ctx, "politique.consult")
    lines = [
        {"vue": one, "changements": choices.ecarts(before.choix, one.choix), **_people(one, names)}
        for one, before in zip(found, (*found[1:], found[-1]), strict=True)
    ]
    return render_template("pilotage/politique_versions.html", versions={"lignes": lines, "avis": AVIS})


@bp.get("/versions/<int:numero>")
@requires("politique.consult")
def show_version(numero: int) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        one, names = publication.version(ctx, numero), _names(ctx)
        view = _text(ctx, one) | _people(one, names) | {"avis": AVIS}
        traces.record(ctx, "politique.consult")
    return render_template("pilotage/politique_version.html", politique=view)


@bp.get("/comparaison")
@requires("politique.consult")
def compare() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        found = publication.versions(ctx)
        asked = schemas.versions_asked(request.args, [one.numero for one in found])
        chosen = {one.numero: one for one in found}
        before, after = (chosen[numero] for numero in asked)
        traces.record(ctx, "politique.consult")
    view = {
        "versions": [(str(one.numero), _named(one)) for one in found],
        "avant": before,
        "apres": after,
        "ecarts": choices.ecarts(before.choix, after.choix),
        "lignes": politique.matrice(after.politique, avant=before.choix),
        "colonnes": politique.COLONNES,
    }
    return render_template("pilotage/politique_comparaison.html", comparaison=view)


def _text(ctx: Context, one: VersionVue) -> dict[str, Any]:
    return {
        "version": one.politique.version,
        "numero": one.numero,
        "publiee_le": one.published_at,
        "colonnes": politique.COLONNES,
        "lignes": politique.matrice(one.politique),
        "legales": dmst.sections(ctx),
        "regles": politique.regles(one.politique),
        "reglages": _reglages(one.choix),
    }


def _reglages(chosen: choices.Choix) -> dict[str, Any]:
    return {
        "inactivite_min": chosen.inactivite_min,
        "motifs": [role.label for role in ROLES if role in chosen.motifs],
    }


def _people(one: VersionVue, names: Names) -> dict[str, Any]:
    return {
        "vue": one,
        "proposee_par": _of(names, one.proposed_by),
        "confirmee_par": _of(names, one.published_by),
    }


def _named(one: VersionVue) -> str:
    return f"Version {one.numero}" if one.numero else "Version livrée avec l’application"


# ──── The draft


@bp.post("/brouillon")
@requires("politique.draft")
def start() -> ResponseReturnValue:
    return _act(publication.start)


@bp.get("/brouillon")
@requires("politique.consult")
def show_draft() -> ResponseReturnValue:
    return _page()


def _page(form: str = "", erreurs: dict[str, str] | None = None) -> ResponseReturnValue:
    """`form`: the one that was refused, shown again with what was typed and what to correct."""
    with unit_of_work() as ctx:
        draft = publication.brouillon(ctx)
        view = None if draft is None else _draft(ctx, draft)
        traces.record(ctx, "politique.consult")
    if view is None:
        return redirect("/direction/politique", 303)
    typed = {name: value for name, value in request.form.items() if name != CSRF_FIELD}
    view["reprise"] = {"form": form, "valeurs": typed if form else {}, "erreurs": erreurs or {}}
    return render_template("pilotage/politique_brouillon.html", brouillon=view), 422 if form else 200


def _draft(ctx: Context, draft: BrouillonVu) -> dict[str, Any]:
    names, in_force = _names(ctx), publication.version(ctx, draft.base)
    checked, opened = cas.check_closed(draft.politique)
    accounts = _accounts(ctx)
    compared = simulation.compare(in_force.politique, draft.politique, accounts)
    return {
        "vu": draft,
        "prochaine": draft.base + 1,
        "en_vigueur": in_force,
        "colonnes": politique.COLONNES,
        "lignes": politique.matrice(draft.politique, avant=draft.avant),
        "enregistre_par": _of(names, draft.saved_by),
        "propose_par": _of(names, draft.proposed_by),
        "roles": [(str(role), role.label, role in draft.choix.motifs) for role in ROLES],
        "inactivites": [(str(minutes), f"{minutes} minutes") for minutes in INACTIVITES_MIN],
        "avis": AVIS,
        "cas_verifies": checked,
        "cas_ouverts": opened,
        "comptes": [
            {
                "nom": names.get(one.compte_id, "Compte inconnu"),
                "role": one.role.label_of(names.get(one.compte_id)),
                "gagne": politique.gains(one.gagne),
                "perd": politique.gains(one.perd),
            }
            for one in compared
        ],
        "essai_url": f"{_DRAFT}/essai",
        "prepare": habilitations.may(ctx, "politique.draft"),
        "est_a_moi": draft.proposed_by == user().acteur.id,
        "obstacle": _obstacle(ctx, draft),
    }


def _obstacle(ctx: Context, draft: BrouillonVu) -> str | None:
    """Why whoever reads cannot yet be the second person."""
    asker = draft.proposed_by
    return None if asker is None else deux_personnes.obstacles(ctx, [asker]).get(asker)


@bp.post("/brouillon/cellule")
@requires("politique.draft")
def set_cell() -> ResponseReturnValue:
    """One cell of the matrix, to the level that its button says."""
    try:
        role, section, niveau = schemas.cellule(request.form)
    except ValidationError:
        return _page("matrice", {"": "Cette case n’est pas de la grille. Rechargez la page, puis recommencez."})
    return _act(lambda ctx: publication.set_niveau(ctx, Role(role), section, Niveau(niveau)), "matrice")


@bp.post("/brouillon/annulation")
@requires("politique.draft")
def undo() -> ResponseReturnValue:
    return _act(publication.undo, "matrice")


@bp.post("/brouillon/reglages")
@requires("politique.draft")
def set_reglages() -> ResponseReturnValue:
    try:
        form = schemas.ReglagesForm().read(request.form)
    except ValidationError as error:
        return _page("reglages", errors_by_field(error))
    motifs = frozenset(role for role in ROLES if form.get(f"motif_{role}"))
    return _act(lambda ctx: publication.set_reglages(ctx, motifs, form["inactivite"]), "reglages")


@bp.post("/brouillon/avis")
@requires("politique.draft")
def note_avis() -> ResponseReturnValue:
    try:
        form = schemas.AvisForm().read(request.form)
    except ValidationError as error:
        return _page("avis", errors_by_field(error))
    avis, motif = schemas.avis(form), form["motif"] or None
    done = "L’avis de la commission est noté."
    return _act(lambda ctx: publication.note_avis(ctx, avis, motif), "avis", done=done)


@bp.post("/brouillon/proposition")
@requires("politique.propose")
def propose() -> ResponseReturnValue:
    try:
        form = schemas.PropositionForm().read(request.form)
    except ValidationError as error:
        return _page("proposition", errors_by_field(error))
    done = "La politique est proposée. Une autre personne de la direction doit la confirmer."
    avis, motif, revision = schemas.avis(form), form["motif"], form["revision"]
    return _act(lambda ctx: publication.propose(ctx, revision, motif, avis), "proposition", done=done)


@bp.post("/brouillon/reprise")
@requires("politique.propose")
def take_back() -> ResponseReturnValue:
    return _act(publication.take_back, "publication", done="Le brouillon est repris. Vous pouvez le modifier.")


@bp.post("/brouillon/renvoi")
@requires("politique.propose")
def send_back() -> ResponseReturnValue:
    try:
        why = schemas.RenvoiForm().read(request.form)["pourquoi"]
    except ValidationError as error:
        return _page("renvoi", errors_by_field(error))
    return _act(lambda ctx: publication.take_back(ctx, why), "renvoi", done="Le brouillon est renvoyé à son auteur.")


@bp.post("/brouillon/confirmation")
@requires("politique.confirm")
def confirm() -> ResponseReturnValue:
    try:
        revision = schemas.ConfirmationForm().read(request.form)["revision"]
        with unit_of_work() as ctx:
            numero = publication.confirm(ctx, revision)
    except ValidationError as error:
        return _page("publication", errors_by_field(error))
    except BrouillonNotFound:
        return _gone()
    except (RuleViolation, BrouillonChanged) as refusal:
        return _page("publication", {"": str(refusal)})
    flash(f"La version {numero} s’applique dès maintenant.")
    return redirect(f"/direction/politique/versions/{numero}", 303)


@bp.post("/brouillon/abandon")
@requires("politique.draft")
def abandon() -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            publication.abandon(ctx)
    except BrouillonNotFound:
        return _gone()
    except RuleViolation as refusal:
        return _page("publication", {"": str(refusal)})
    toast("Brouillon abandonné. La politique en vigueur n’a pas changé.")
    return redirect("/direction/politique", 303)


def _act(act: Callable[[Context], object], form: str = "", done: str | None = None) -> ResponseReturnValue:
    """An act on the draft, and back to it; a refusal is said on the page, which keeps what was typed."""
    try:
        with unit_of_work() as ctx:
            act(ctx)
    except BrouillonNotFound:
        return _gone()
    except (RuleViolation, BrouillonChanged) as refusal:
        return _page(form or "matrice", {"": str(refusal)})
    if done:
        flash(done)
    return redirect(f"{_DRAFT}#{form}" if form and not request.headers.get("HX-Request") else _DRAFT, 303)


def _gone() -> ResponseReturnValue:
    """The draft was published or put away since the page was shown, perhaps by a second press."""
    flash("Ce brouillon n’est plus ouvert\u00a0: voici la politique en vigueur.", "warn")
    return redirect("/direction/politique", 303)


# ──── The trial, and the free question


@bp.get("/brouillon/essai")
@requires("politique.consult")
def trial() -> ResponseReturnValue:
    """The last ninety days asked again of the draft: counts and names of the staff, no worker."""
    with unit_of_work() as ctx:
        draft, in_force = publication.brouillon(ctx), habilitations.read_politique(ctx)
        past = journal.alike(ctx, JOURS)
        names = _names(ctx)
    if draft is None:
        return redirect("/direction/politique", 303)
    essai = simulation.replay(draft.politique, in_force, past)
    view = {
        "essai": essai,
        "jours": JOURS,
        "lignes": [
            {
                "nom": names.get(one.compte_id, "Compte inconnu"),
                "role": one.role.label_of(names.get(one.compte_id)),
                "effet": politique.effet(one),
                "nombre": one.nombre,
            }
            for one in essai.touches
        ],
    }
    return render_template("pilotage/politique_essai.html", essai=view)


@bp.route("/question", methods=["GET", "POST"])
@requires("compte.list")
def question() -> ResponseReturnValue:
    """May this account open that section today, by which rule? No dossier is opened, and none is named."""
    view: dict[str, Any] = {"valeurs": {}, "erreurs": {}, "reponses": [], "essaye": False}
    with unit_of_work() as ctx:
        habilitations.require(ctx, "compte.list")
        view["comptes"] = [(str(one), name) for one, name in journal.accounts(ctx)]
        draft = publication.brouillon(ctx)
        if request.method == "POST":
            view |= _answered(ctx, draft)
        traces.record(ctx, "politique.consult")
    view["brouillon"] = draft is not None
    view["sections"] = [(code, f"{code}, {titre.lower()}") for code, titre in TITRES.items()]
    return render_template("pilotage/politique_question.html", question=view), 422 if view["erreurs"] else 200


def _answered(ctx: Context, draft: BrouillonVu | None) -> dict[str, Any]:
    typed = {name: value for name, value in request.form.items() if name != CSRF_FIELD}
    try:
        form = schemas.QuestionForm().read(request.form)
        compte = comptes.get_compte(ctx, form["compte"])
    except ValidationError as error:
        return {"valeurs": typed, "erreurs": errors_by_field(error)}
    tried = draft.politique if draft is not None and form["brouillon"] else None
    found = [habilitations.answer(ctx, compte.id, role, form["volet"], tried) for role in compte.roles]
    return {
        "valeurs": typed,
        "essaye": tried is not None,
        "reponses": [politique.reponse(one, compte) for one in found],
    }


def _accounts(ctx: Context) -> list[tuple[UUID, Role]]:
    """Accounts that could act today, in each of their roles."""
    found = comptes.list_comptes(ctx) if habilitations.may(ctx, "compte.list") else []
    return [(one.id, role) for one in found if one.suspended_at is None for role in one.roles]


def _names(ctx: Context) -> Names:
    return dict(journal.accounts(ctx))


def _of(names: Names, compte_id: UUID | None) -> str | None:
    return None if compte_id is None else names.get(compte_id, "Compte inconnu")
