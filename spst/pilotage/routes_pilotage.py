"""First page of the direction, with counts alone."""

from collections import Counter
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from spst.comptes import demandes, exercice, inusage, revues
from spst.comptes import services_comptes as comptes
from spst.comptes.comptes_queries import CompteVu
from spst.habilitations import exceptionnel, publication
from spst.habilitations import services as habilitations
from spst.journal import alertes, signalements
from spst.journal import services as journal
from spst.kernel.context import Context
from spst.web.guards import requires
from spst.web.requests import unit_of_work

bp = Blueprint("pilotage", __name__, url_prefix="/direction")


@bp.get("/accueil")
@requires("journal.consult")
def home() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        chiffres = journal.figures(ctx, journal.last_days(ctx))
        sees_accounts = habilitations.may(ctx, "compte.list")
        found = comptes.list_comptes(ctx) if sees_accounts else None
        waiting = demandes.waiting(ctx) if sees_accounts else ()
        sleeping = inusage.unused(ctx, found or [])
        echeance = revues.echeance(ctx)
        exceptionnels, told = exceptionnel.count(ctx), _told(ctx)
        proposed_at = _to_confirm(ctx)
        to_examine = signalements.waiting(ctx) + alertes.waiting(ctx)
    view: dict[str, Any] = {
        "echeance": echeance,
        "inusites": sleeping,
        "chiffres": chiffres,
        "a_examiner": to_examine,
        "pic": max(chiffres.par_heure),
        "exceptionnels": exceptionnels,
        "avertissements": told,
        "demandes": waiting,
        "politique_proposee_le": proposed_at,
        "comptes": None if found is None else _counts(found),
    }
    return render_template("pilotage/accueil.html", accueil=view)


def _told(ctx: Context) -> list[dict[str, Any]]:
    """Exceptional accesses as the DPO is told of them, the dossier under its opaque reference."""
    found = exceptionnel.avertissements(ctx)
    names = exercice.names_of(ctx, {one.compte_id for one in found}) if found else {}
    return [
        {
            "qui": names.get(one.compte_id, "Compte inconnu"),
            "reference": journal.reference_of(ctx, one.dossier_id),
            "le": one.opened_at,
            "fin": one.ended_at,
            "avis": None if one.avis is None else str(one.avis),
        }
        for one in found
    ]


def _to_confirm(ctx: Context) -> datetime | None:
    """Since when a policy waits for the reader to confirm it; None for who proposed it, or confirms none."""
    if not habilitations.may(ctx, "politique.confirm"):
        return None
    draft = publication.brouillon(ctx)
    return None if draft is None or draft.proposed_by == ctx.acteur.id else draft.proposed_at


def _counts(found: list[CompteVu]) -> dict[str, Any]:
    active = [compte for compte in found if compte.suspended_at is None and not compte.has_left]
    roles = Counter(role.label for compte in active for role in compte.roles)
    return {
        "actifs": len(active),
        "sans_role": sum(not compte.roles for compte in active),
        "suspendus": len(found) - len(active),
        "inscriptions": sum(compte.inscription == "a_faire" for compte in active),
        "sessions": sum(compte.sessions for compte in active),
        "roles": sorted(roles.items(), key=lambda pair: (-pair[1], pair[0])),
    }
