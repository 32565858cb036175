"""SELECTs of the day: one statement for the register, whatever is added for a health professional."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, and_, or_, select, true

from spst.entreprises.models import Contrat, Etablissement
from spst.identite.models import Travailleur
from spst.kernel.context import Context
from spst.tenants.models import Centre
from spst.visites.queries import COMPTE, DOSSIER, REGIME, RENDEZ_VOUS, STAFF, VISITE, libelle_of, same_row

AGENDA_MAX = 1000

_TRAVAILLEUR = cast(Table, Travailleur.__table__)
_CONTRAT = cast(Table, Contrat.__table__)
_ETABLISSEMENT = cast(Table, Etablissement.__table__)
_CENTRE = cast(Table, Centre.__table__)
_TRAITS = (
    _TRAVAILLEUR.c.nom_naissance,
    _TRAVAILLEUR.c.premier_prenom,
    _TRAVAILLEUR.c.nom_utilise,
    _TRAVAILLEUR.c.prenom_utilise,
    _TRAVAILLEUR.c.sexe,
    _TRAVAILLEUR.c.date_naissance,
    _TRAVAILLEUR.c.statut_ins,
)


def agenda_of(
    ctx: Context, start: datetime, end: datetime, compte_id: UUID | None, *, with_health: bool
) -> list[Row[Any]]:
    """A day of the register, by hour; `with_health` adds what a health professional's page may show."""
    contrat = _main_contrat(start)
    columns: list[Any] = [RENDEZ_VOUS, *_TRAITS, contrat.c.poste, contrat.c.employeur, *STAFF]
    columns += [_CENTRE.c.nom.label("centre"), DOSSIER.c.id.label("dossier_id")]
    source = (
        RENDEZ_VOUS.join(_TRAVAILLEUR, same_row(RENDEZ_VOUS, _TRAVAILLEUR, RENDEZ_VOUS.c.travailleur_id))
        .join(COMPTE, same_row(RENDEZ_VOUS, COMPTE, RENDEZ_VOUS.c.compte_id))
        .join(_CENTRE, same_row(RENDEZ_VOUS, _CENTRE, RENDEZ_VOUS.c.centre_id))
        .outerjoin(
            DOSSIER,
            and_(
                DOSSIER.c.tenant_id == RENDEZ_VOUS.c.tenant_id,
                DOSSIER.c.travailleur_id == RENDEZ_VOUS.c.travailleur_id,
            ),
        )
        .outerjoin(contrat, true())
    )
    if with_health:
        regime, derniere = _regime_of_day(start), _last_visite()
        columns += [regime.c.regime, derniere.c.derniere_libelle, derniere.c.derniere_at]
        columns += [VISITE.c.id.label("visite_id"), VISITE.c.closed_at.label("visite_closed_at")]
        columns += [libelle_of(VISITE.c.type_code, VISITE.c.started_at).label("visite_libelle")]
        source = (
            source.outerjoin(
                VISITE, and_(VISITE.c.tenant_id == RENDEZ_VOUS.c.tenant_id, VISITE.c.rendez_vous_id == RENDEZ_VOUS.c.id)
            )
            .outerjoin(regime, true())
            .outerjoin(derniere, true())
        )
    query = (
        select(*columns)
        .select_from(source)
        .where(
            RENDEZ_VOUS.c.tenant_id == ctx.tenant_id, RENDEZ_VOUS.c.starts_at >= start, RENDEZ_VOUS.c.starts_at < end
        )
        .order_by(RENDEZ_VOUS.c.starts_at, RENDEZ_VOUS.c.id)
        .limit(AGENDA_MAX)
    )
    if compte_id is not None:
        query = query.where(RENDEZ_VOUS.c.compte_id == compte_id)
    return list(ctx.session.execute(query))


def _main_contrat(day: datetime) -> Any:
    """The oldest contract that runs: its employer is the main one (D. 4624-59)."""
    on = day.date()
    return (
        select(_CONTRAT.c.poste, _ETABLISSEMENT.c.nom.label("employeur"))
        .select_from(_CONTRAT.join(_ETABLISSEMENT, same_row(_CONTRAT, _ETABLISSEMENT, _CONTRAT.c.etablissement_id)))
        .where(
            _CONTRAT.c.tenant_id == RENDEZ_VOUS.c.tenant_id,
            _CONTRAT.c.travailleur_id == RENDEZ_VOUS.c.travailleur_id,
            _CONTRAT.c.starts_on <= on,
            or_(_CONTRAT.c.ends_on.is_(None), _CONTRAT.c.ends_on >= on),
        )
        .order_by(_CONTRAT.c.starts_on, _CONTRAT.c.id)
        .limit(1)
        .lateral("contrat_principal")
    )


def _regime_of_day(day: datetime) -> Any:
    on = day.date()
    return (
        select(REGIME.c.regime)
        .where(
            REGIME.c.tenant_id == RENDEZ_VOUS.c.tenant_id,
            REGIME.c.dossier_id == DOSSIER.c.id,
            REGIME.c.effective_from <= on,
            or_(REGIME.c.effective_to.is_(None), REGIME.c.effective_to >= on),
        )
        .order_by(REGIME.c.effective_from.desc())
        .limit(1)
        .lateral("regime_du_jour")
    )


def _last_visite() -> Any:
    """The last closed visit before the appointment."""
    last = VISITE.alias("derniere_visite")
    return (
        select(
            libelle_of(last.c.type_code, last.c.started_at).label("derniere_libelle"),
            last.c.started_at.label("derniere_at"),
        )
        .where(
            last.c.tenant_id == RENDEZ_VOUS.c.tenant_id,
            last.c.dossier_id == DOSSIER.c.id,
            last.c.started_at < RENDEZ_VOUS.c.starts_at,
            last.c.closed_at.is_not(None),
        )
        .order_by(last.c.started_at.desc())
        .limit(1)
        .lateral("derniere")
    )


def open_visites(ctx: Context) -> list[Row[Any]]:
    """The actor's own open visits, oldest first, by the names of the register."""
    query = (
        select(VISITE.c.id, VISITE.c.dossier_id, VISITE.c.started_at, *_TRAITS)
        .select_from(
            VISITE.join(DOSSIER, same_row(VISITE, DOSSIER, VISITE.c.dossier_id)).join(
                _TRAVAILLEUR, same_row(DOSSIER, _TRAVAILLEUR, DOSSIER.c.travailleur_id)
            )
        )
        .where(
            VISITE.c.tenant_id == ctx.tenant_id,
            VISITE.c.professionnel_id == ctx.acteur.id,
            VISITE.c.closed_at.is_(None),
        )
        .order_by(VISITE.c.started_at)
        .limit(AGENDA_MAX)
    )
    return list(ctx.session.execute(query))
