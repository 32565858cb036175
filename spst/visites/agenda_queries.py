"""SELECTs of the day: one statement for the register, whatever is added for a health professional."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, and_, select, true

from spst.dmst import services as dmst
from spst.kernel.context import Context
from spst.tenants.models import Centre
from spst.visites.queries import COMPTE, DOSSIER, IS_OPEN, RENDEZ_VOUS, STAFF, VISITE, libelle_of, same_row
from spst.visites.registre_queries import TRAITS, TRAVAILLEUR, main_contrat, regime_of

AGENDA_MAX = 1000

_CENTRE = cast(Table, Centre.__table__)


def agenda_of(
    ctx: Context, start: datetime, end: datetime, compte_id: UUID | None, *, with_health: bool
) -> list[Row[Any]]:
    """A day of the register, by hour; `with_health` adds what a health professional's page may show.

    A médecin praticien correspondant finds in it those who are entrusted to him, and nobody else, in his own agenda too.
    """
    contrat = main_contrat(RENDEZ_VOUS.c.travailleur_id, start.date())
    columns: list[Any] = [RENDEZ_VOUS, *TRAITS, contrat.c.poste, contrat.c.employeur, *STAFF]
    columns += [_CENTRE.c.nom.label("centre"), DOSSIER.c.id.label("dossier_id")]
    source = (
        RENDEZ_VOUS.join(TRAVAILLEUR, same_row(RENDEZ_VOUS, TRAVAILLEUR, RENDEZ_VOUS.c.travailleur_id))
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
        regime, derniere = regime_of(DOSSIER.c.id, start.date()), _last_visite()
        columns += [regime.c.regime, derniere.c.derniere_libelle, derniere.c.derniere_at]
        columns += [VISITE.c.id.label("visite_id"), VISITE.c.closed_at.label("visite_closed_at")]
        columns += [libelle_of(VISITE.c.type_code, VISITE.c.started_at).label("visite_libelle")]
        source = (
            source.outerjoin(
                VISITE,
                and_(
                    VISITE.c.tenant_id == RENDEZ_VOUS.c.tenant_id,
                    VISITE.c.rendez_vous_id == RENDEZ_VOUS.c.id,
                    VISITE.c.abandoned_at.is_(None),
                ),
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
    confies = dmst.travailleurs_confies(ctx)
    if confies is not None:
        query = query.where(RENDEZ_VOUS.c.travailleur_id.in_(confies))
    return list(ctx.session.execute(query))


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
        select(VISITE.c.id, VISITE.c.dossier_id, VISITE.c.started_at, *TRAITS)
        .select_from(
            VISITE.join(DOSSIER, same_row(VISITE, DOSSIER, VISITE.c.dossier_id)).join(
                TRAVAILLEUR, same_row(DOSSIER, TRAVAILLEUR, DOSSIER.c.travailleur_id)
            )
        )
        .where(
            VISITE.c.tenant_id == ctx.tenant_id,
            VISITE.c.professionnel_id == ctx.acteur.id,
            IS_OPEN,
        )
        .order_by(VISITE.c.started_at)
        .limit(AGENDA_MAX)
    )
    return list(ctx.session.execute(query))
