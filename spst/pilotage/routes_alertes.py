"""Accesses under examination: the queue of the DPO, one case with what was done about it, his acts."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.comptes import exercice
from spst.journal import signalements
from spst.journal.instructions import ISSUES, Etat, Geste
from spst.journal.signalements import CasVu
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.errors import RuleViolation
from spst.pilotage import schemas
from spst.web.fields import CSRF_FIELD, errors_by_field
from spst.web.frame import flash
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("alertes", __name__, url_prefix="/direction/acces-a-examiner")

GESTES = {Geste.PRISE: "Pris en charge", Geste.CLOTURE: "Clos", Geste.REOUVERTURE: "Rouvert"}


@bp.get("")
@requires("alerte.consult")
def queue() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        found = signalements.queue(ctx)
        day = today(ctx.clock)
    view = {
        "ouverts": [_ligne(one) for one in found if one.etat is not Etat.CLOS],
        "clos": [_ligne(one) for one in found if one.etat is Etat.CLOS],
        "aujourd_hui": day,
    }
    return render_template("pilotage/alertes.html", alertes=view)


@bp.get("/signalements/<uuid:cas_id>")
@requires("alerte.consult")
def show(cas_id: UUID) -> ResponseReturnValue:
    return _page(cas_id)


@bp.post("/signalements/<uuid:cas_id>/prise")
@requires("alerte.decide")
def take(cas_id: UUID) -> ResponseReturnValue:
    return _act(cas_id, signalements.take, "Pris en charge. Le salarié le lit dans son espace.")


@bp.post("/signalements/<uuid:cas_id>/cloture")
@requires("alerte.decide")
def close(cas_id: UUID) -> ResponseReturnValue:
    try:
        values = schemas.ClotureForm().read(request.form)
    except ValidationError as error:
        return _page(cas_id, errors_by_field(error)), 422
    return _act(
        cas_id,
        lambda ctx, cas: signalements.close(ctx, cas, values["issue"], values["reponse"]),
        "Clos. Le salarié lit votre réponse dans son espace.",
    )


@bp.post("/signalements/<uuid:cas_id>/reouverture")
@requires("alerte.decide")
def reopen(cas_id: UUID) -> ResponseReturnValue:
    return _act(cas_id, signalements.reopen, "Rouvert. Votre réponse n’est plus montrée au salarié.")


def _act(cas_id: UUID, act: Callable[[Context, UUID], None], said: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as ctx:
            act(ctx, cas_id)
    except RuleViolation as refusal:
        return _page(cas_id, {"": str(refusal)}), 422
    flash(said)
    return redirect(url_for(".show", cas_id=cas_id), 303)


def _page(cas_id: UUID, erreurs: dict[str, str] | None = None) -> str:
    with unit_of_work() as ctx:
        cas = signalements.get(ctx, cas_id)
        names = exercice.names_of(ctx, {suite.compte_id for suite in cas.suites})
        is_own = cas.en_cause == ctx.acteur.id
    view: dict[str, Any] = {
        **_ligne(cas),
        "texte": cas.texte,
        "est_a_moi": is_own,
        "suites": [
            {"le": one.at, "qui": names.get(one.compte_id, "Compte inconnu"), "geste": GESTES[one.geste],
             "issue": one.issue and ISSUES[one.issue], "reponse": reponse}
            for one, reponse in zip(cas.suites, cas.reponses, strict=True)
        ],
        "issues": [(str(one), label) for one, label in ISSUES.items()],
        "journal_url": _journal_url(cas),
        "valeurs": {name: value for name, value in request.form.items() if name != CSRF_FIELD},
        "erreurs": erreurs or {},
    }  # fmt: skip
    return render_template("pilotage/alerte.html", cas=view)


def _ligne(cas: CasVu) -> dict[str, Any]:
    return {
        "url": url_for(".show", cas_id=cas.id),
        "ligne": cas.ligne,
        "reference": cas.reference,
        "le": cas.at,
        "due": cas.due_on,
        "raison": cas.raison,
        "etat": str(cas.etat),
        "issue": next((str(one.issue) for one in reversed(cas.suites) if one.issue), None),
        "issue_libelle": next((ISSUES[one.issue] for one in reversed(cas.suites) if one.issue), None),
    }


def _journal_url(cas: CasVu) -> str:
    """The journal where the reported line stands: of that dossier, on that day; or of the dossier, lately."""
    if cas.ligne is None:
        return url_for("journal.lines", periode="90", dossier=cas.reference)
    day = cas.ligne.at.astimezone(schemas.PARIS).strftime("%d/%m/%Y")
    return url_for("journal.lines", periode=schemas.DATES, du=day, au=day, dossier=cas.reference)
