"""Pieces of statements that say who a worker is: traits, main employer, regime of a day."""

from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, or_, select, true

from spst.entreprises.models import Contrat, Etablissement
from spst.identite.models import Travailleur
from spst.kernel.context import Context
from spst.visites.queries import DOSSIER, REGIME, same_row

TRAVAILLEUR = cast(Table, Travailleur.__table__)
_CONTRAT = cast(Table, Contrat.__table__)
_ETABLISSEMENT = cast(Table, Etablissement.__table__)

TRAITS = (
    TRAVAILLEUR.c.nom_naissance,
    TRAVAILLEUR.c.premier_prenom,
    TRAVAILLEUR.c.nom_utilise,
    TRAVAILLEUR.c.prenom_utilise,
    TRAVAILLEUR.c.sexe,
    TRAVAILLEUR.c.date_naissance,
    TRAVAILLEUR.c.statut_ins,
)


def main_contrat(travailleur_id: Any, on: date) -> Any:
    """The oldest contract that runs: its employer is the main one (D. 4624-59)."""
    return (
        select(_CONTRAT.c.poste, _ETABLISSEMENT.c.nom.label("employeur"))
        .select_from(_CONTRAT.join(_ETABLISSEMENT, same_row(_CONTRAT, _ETABLISSEMENT, _CONTRAT.c.etablissement_id)))
        .where(
            _CONTRAT.c.tenant_id == travailleur_id.table.c.tenant_id,
            _CONTRAT.c.travailleur_id == travailleur_id,
            _CONTRAT.c.starts_on <= on,
            or_(_CONTRAT.c.ends_on.is_(None), _CONTRAT.c.ends_on >= on),
        )
        .order_by(_CONTRAT.c.starts_on, _CONTRAT.c.id)
        .limit(1)
        .lateral("contrat_principal")
    )


def regime_of(dossier_id: Any, on: date) -> Any:
    return (
        select(REGIME.c.regime)
        .where(
            REGIME.c.tenant_id == dossier_id.table.c.tenant_id,
            REGIME.c.dossier_id == dossier_id,
            REGIME.c.effective_from <= on,
            or_(REGIME.c.effective_to.is_(None), REGIME.c.effective_to >= on),
        )
        .order_by(REGIME.c.effective_from.desc())
        .limit(1)
        .lateral("regime_du_jour")
    )


def bandeau(ctx: Context, dossier_id: UUID, on: date) -> Row[Any]:
    contrat, regime = main_contrat(TRAVAILLEUR.c.id, on), regime_of(DOSSIER.c.id, on)
    query = (
        select(
            DOSSIER.c.created_at,
            *TRAITS,
            TRAVAILLEUR.c.lieu_naissance,
            contrat.c.poste,
            contrat.c.employeur,
            regime.c.regime,
        )
        .select_from(
            DOSSIER.join(TRAVAILLEUR, same_row(DOSSIER, TRAVAILLEUR, DOSSIER.c.travailleur_id))
            .outerjoin(contrat, true())
            .outerjoin(regime, true())
        )
        .where(DOSSIER.c.tenant_id == ctx.tenant_id, DOSSIER.c.id == dossier_id)
    )
    return cast("Row[Any]", ctx.session.execute(query).one())
