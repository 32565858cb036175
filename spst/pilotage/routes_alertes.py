"""Accesses under examination: the queue of the DPO, one case with what was done about it, his acts."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import exercice
from spst.journal import alertes, signalements
from spst.journal.alertes import AlerteVue
from spst.journal.instructions import ISSUES, Etat, Geste, Suite
from spst.journal.signalements import CasVu
from spst.kernel.clock import PARIS, today
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.pilotage import schemas
from spst.web.fields import CSRF_FIELD, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("alertes", __name__, url_prefix="/direction/acces-a-examiner")

GESTES = {Geste.PRISE: "Pris en charge", Geste.CLOTURE: "Clos", Geste.REOUVERTURE: "Rouvert"}
UNKNOWN = "Compte inconnu"
_One = TypeVar("_One", CasVu, AlerteVue)


@bp.get("")
@requires("alerte.consult")
def queue() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        reported, found = signalements.queue(ctx), alertes.queue(ctx)
        names = exercice.names_of(ctx, {one.compte_id for one in found})
        day = today(ctx.clock)
    ouverts, clos = _parted(reported)
    regles, regles_closes = _parted(found)
    view = {
        "ouverts": [_signalement(one) for one in ouverts],
        "clos": [_signalement(one) for one in clos],
        "regles": [_alerte(one, names) for one in regles],
        "regles_closes": [_alerte(one, names) for one in regles_closes],
        "aujourd_hui": day,
    }
    return render_template("pilotage/alertes.html", alertes=view)


def _parted(found: Iterable[_One]) -> tuple[list[_One], list[_One]]:
    """Those that wait, those that are closed."""
    every = list(found)
    return [one for one in every if one.etat is not Etat.CLOS], [one for one in every if one.etat is Etat.CLOS]


# ──── Reported by workers


@bp.get("/signalements/<uuid:cas_id>")
@requires("alerte.consult")
def show(cas_id: UUID) -> ResponseReturnValue:
    return _page_signalement(cas_id)


@bp.post("/signalements/<uuid:cas_id>/prise")
@requires("alerte.decide")
def take(cas_id: UUID) -> ResponseReturnValue:
    return _act(cas_id, signalements.take, _page_signalement, "Pris en charge. Le salarié le lit dans son espace.")


@bp.post("/signalements/<uuid:cas_id>/cloture")
@requires("alerte.decide")
def close(cas_id: UUID) -> ResponseReturnValue:
    try:
        values = schemas.ReponseForm().read(request.form)
    except ValidationError as error:
        return _page_signalement(cas_id, errors_by_field(error)), 422

    def act(ctx: Context, cas: UUID) -> None:
        signalements.close(ctx, cas, values["issue"], values["reponse"])

    return _act(cas_id, act, _page_signalement, "Clos. Le salarié lit votre réponse dans son espace.")


@bp.post("/signalements/<uuid:cas_id>/reouverture")
@requires("alerte.decide")
def reopen(cas_id: UUID) -> ResponseReturnValue:
    said = "Rouvert. Votre réponse n’est plus montrée au salarié."
    return _act(cas_id, signalements.reopen, _page_signalement, said)


def _page_signalement(cas_id: UUID, erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        cas = signalements.get(ctx, cas_id)
        view: dict[str, Any] = {
            **_signalement(cas),
            **_treated(ctx, cas.suites, cas.reponses, cas.en_cause, erreurs),
            "texte": cas.texte,
            "efface": cas.efface,
            "vu": None,
            "journal_url": _journal_of(cas),
        }
    return render_template("pilotage/alerte.html", cas=view)


def _signalement(cas: CasVu) -> dict[str, Any]:
    return {
        **_stands(cas),
        "url": url_for(".show", cas_id=cas.id),
        "ligne": cas.ligne,
        "reference": cas.reference,
        "le": cas.at,
        "due": cas.due_on,
        "raison": cas.raison,
    }


def _journal_of(cas: CasVu) -> str:
    """Where the reported line stands: that dossier, on that day; or lately."""
    if cas.ligne is None:
        return url_for("journal.lines", periode="90", dossier=cas.reference)
    return _journal_on(cas.ligne.at.astimezone(PARIS).date(), dossier=cas.reference)


# ──── Found by rules


@bp.get("/inhabituels/<uuid:alerte_id>")
@requires("alerte.consult")
def show_alerte(alerte_id: UUID) -> ResponseReturnValue:
    return _page_alerte(alerte_id)


@bp.post("/inhabituels/<uuid:alerte_id>/prise")
@requires("alerte.decide")
def take_alerte(alerte_id: UUID) -> ResponseReturnValue:
    return _act(alerte_id, alertes.take, _page_alerte, "Pris en charge.")


@bp.post("/inhabituels/<uuid:alerte_id>/cloture")
@requires("alerte.decide")
def close_alerte(alerte_id: UUID) -> ResponseReturnValue:
    try:
        values = schemas.MotifForm().read(request.form)
    except ValidationError as error:
        return _page_alerte(alerte_id, errors_by_field(error)), 422

    def act(ctx: Context, cas: UUID) -> None:
        alertes.close(ctx, cas, values["issue"], values["motif"], values["vu"])

    return _act(alerte_id, act, _page_alerte, "Clos.")


@bp.post("/inhabituels/<uuid:alerte_id>/reouverture")
@requires("alerte.decide")
def reopen_alerte(alerte_id: UUID) -> ResponseReturnValue:
    return _act(alerte_id, alertes.reopen, _page_alerte, "Rouvert.")


def _page_alerte(alerte_id: UUID, erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        one = alertes.get(ctx, alerte_id)
        names = exercice.names_of(ctx, {one.compte_id})
        view: dict[str, Any] = {
            **_alerte(one, names),
            **_treated(ctx, one.suites, [suite.motif for suite in one.suites], one.compte_id, erreurs),
            "signaux": [{"phrase": signal.phrase, "points": signal.points} for signal in one.signaux],
            "le": one.at,
            "maj": one.updated_at,
            "vu": one.version,
            "journal_url": _journal_on(one.jour, qui=f"compte:{one.compte_id}"),
        }
    return render_template("pilotage/alerte_regles.html", cas=view)


def _alerte(one: AlerteVue, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        **_stands(one),
        "url": url_for(".show_alerte", alerte_id=one.id),
        "qui": names.get(one.compte_id, UNKNOWN),
        "jour": one.jour,
        "score": one.score,
        "phrases": [signal.phrase for signal in one.signaux],
    }


# ──── Both


def _act(
    cas_id: UUID, act: Callable[[Context, UUID], None], page: Callable[[UUID, dict[str, str]], str], said: str
) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            act(ctx, cas_id)
    except RuleViolation as refusal:
        return page(cas_id, {"": str(refusal)}), 422
    flash(said)
    return redirect(request.path.rpartition("/")[0], 303)


def _stands(cas: CasVu | AlerteVue) -> dict[str, Any]:
    issue = next((one.issue for one in reversed(cas.suites) if one.issue), None)
    return {"etat": str(cas.etat), "issue": issue and str(issue), "issue_libelle": issue and ISSUES[issue]}


def _treated(
    ctx: Context,
    suites: Sequence[Suite],
    textes: Sequence[str | None],
    en_cause: UUID | None,
    erreurs: dict[str, str] | None,
) -> dict[str, Any]:
    """What was done, and the form by which more is done."""
    names = exercice.names_of(ctx, {one.compte_id for one in suites})
    return {
        "suites": [
            {
                "le": one.at,
                "qui": names.get(one.compte_id, UNKNOWN),
                "geste": GESTES[one.geste],
                "issue": one.issue and ISSUES[one.issue],
                "texte": texte,
            }
            for one, texte in zip(suites, textes, strict=True)
        ],
        "est_a_moi": en_cause == ctx.acteur.id,
        "issues": [(str(one), label) for one, label in ISSUES.items()],
        "valeurs": {name: value for name, value in request.form.items() if name != CSRF_FIELD},
        "erreurs": erreurs or {},
    }


def _journal_on(jour: date, *, dossier: str | None = None, qui: str | None = None) -> str:
    day = jour.strftime("%d/%m/%Y")
    return url_for("journal.lines", periode=schemas.DATES, du=day, au=day, dossier=dossier, qui=qui)
