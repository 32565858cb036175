"""The page of one account, as its template reads it: what the account has, and what may still be given to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from spst.comptes import demandes, nominatives, noms, remises
from spst.comptes import services_comptes as comptes
from spst.comptes.comptes_queries import CompteVu
from spst.comptes.octroi_rules import CIVILITES
from spst.kernel.context import Context
from spst.pilotage import schemas
from spst.tenants import queries as tenants

CIVILITES_A_CHOISIR = [(one, one) for one in CIVILITES]
_BY_PSC = (
    "À chaque entrée, Pro Santé Connect doit attester la profession du rôle\u00a0: sans cette preuve, la personne n’y entre pas. "
    "Direction, délégué à la protection des données et auditeur n’en demandent pas."
)
_BY_CODE = (
    "Ce compte n’a pas de numéro RPPS\u00a0: il entre par mot de passe et code, sans preuve de Pro Santé Connect. "
    "Les rôles de santé lui sont fermés (R.\u00a04624-45-5)."
)


@dataclass(frozen=True, slots=True)
class Reprise:
    """A form of the account's page that was refused. `form`: id of its sheet; `refused`: a sentence, or sentences by field."""

    form: str
    valeurs: dict[str, str]
    refused: str | dict[str, str]

    @property
    def phrase(self) -> str | None:
        return self.refused if isinstance(self.refused, str) else None

    @property
    def erreurs(self) -> dict[str, str]:
        return self.refused if isinstance(self.refused, dict) else {}


def fiche(ctx: Context, compte_id: UUID, reprise: Reprise | None = None) -> dict[str, Any]:
    """`reprise`: a form of this page that was refused. Raises: CompteNotFound, AccessDenied."""
    compte = comptes.get_compte(ctx, compte_id)
    sessions = comptes.list_sessions(ctx, compte_id)
    equipes = tenants.equipes(ctx)
    is_last = comptes.is_last_direction(ctx, compte_id)
    held = nominatives.nominatives(ctx, compte_id)
    waiting = demandes.waiting(ctx, compte_id)
    remise = remises.last(ctx, compte_id)
    former = noms.former(ctx, compte_id)
    is_alone = comptes.is_alone_in_direction(ctx)
    mine = {equipe.equipe_id for equipe in compte.equipes}
    is_own = compte_id == ctx.acteur.id
    roles, closed = schemas.role_options(has_rpps=compte.rpps is not None)
    return {
        "compte": compte,
        "sessions": sessions,
        "equipes": [(str(one), nom) for one, nom in equipes if one not in mine],
        "demandes": waiting,
        "remise": remise,
        "anciens_noms": former,
        "civilites": CIVILITES_A_CHOISIR,
        "seule_direction": is_alone,
        "roles": roles,
        "roles_fermes": closed,
        "preuve": _BY_CODE if compte.rpps is None else _BY_PSC,
        "retablir": set() if is_own or compte.suspended_at or compte.has_left else _restorable(compte, ctx.clock.now()),
        "nominatives": held,
        "codes": nominatives.CODES,
        "a_donner": [
            code
            for code in nominatives.CODES
            if nominatives.may_hold(code, compte.roles) and code not in {one.code for one in held}
        ],
        "is_own": is_own,
        "derniere_direction": is_last,
        "reprise": reprise,
    }


def _restorable(compte: CompteVu, now: datetime) -> set[UUID]:
    """Roles taken back that would still run, the last of each, unless the account has it again."""
    held = {role.role for role in compte.habilitations if role.is_open}
    last = {role.role: role for role in compte.habilitations if role.etat == "retiree"}
    return {one.id for kind, one in last.items() if kind not in held and (one.ends_at is None or one.ends_at > now)}
