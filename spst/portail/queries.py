"""Statements of the portal: who an electronic identity is, its sessions, whose dossier; the next appointment."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from spst.comptes.models import Compte
from spst.comptes.models_connexion import IdentiteElectronique, SessionOuverte
from spst.dmst.models import Dossier
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.portail.vues import RendezVousVu
from spst.tenants.models import Centre
from spst.visites.models import RendezVous
from spst.web.filters import avec_article, personnel
from spst.web.ports import Espace

_IDENTITE = cast(Table, IdentiteElectronique.__table__)
_SESSION = cast(Table, SessionOuverte.__table__)
_DOSSIER = cast(Table, Dossier.__table__)
_RENDEZ_VOUS = cast(Table, RendezVous.__table__)
_COMPTE = cast(Table, Compte.__table__)
_CENTRE = cast(Table, Centre.__table__)
_WAITING = timedelta(hours=12)
"""Somebody who arrived waits for the appointment of that day, however late it is."""


def find_identite(ctx: Context, iss: str, sub: str) -> UUID | None:
    """By issuer and subject together: the same subject from another issuer is somebody else (ASVS 6.8.1)."""
    query = select(_IDENTITE.c.id).where(_IDENTITE.c.iss == iss, _IDENTITE.c.sub == sub)
    return ctx.session.scalars(query).one_or_none()


def known_identite(ctx: Context, iss: str, sub: str) -> UUID:
    """The same, written down when it is new; two windows at once write it once."""
    row = upsert(_IDENTITE).values(id=new_id(), iss=iss, sub=sub)
    ctx.session.execute(row.on_conflict_do_nothing(index_elements=["iss", "sub"]))
    query = select(_IDENTITE.c.id).where(_IDENTITE.c.iss == iss, _IDENTITE.c.sub == sub)
    return ctx.session.scalars(query).one()


def dossier_of(ctx: Context, travailleur_id: UUID) -> UUID | None:
    query = select(_DOSSIER.c.id).where(
        _DOSSIER.c.tenant_id == ctx.tenant_id, _DOSSIER.c.travailleur_id == travailleur_id
    )
    return ctx.session.scalars(query).one_or_none()


def end_sessions(ctx: Context, identite_id: UUID) -> None:
    """The sessions of an identity in this SPST's portal: its link no longer stands."""
    ctx.session.execute(
        delete(_SESSION).where(
            _SESSION.c.tenant_id == ctx.tenant_id,
            _SESSION.c.identite_id == identite_id,
            _SESSION.c.espace == str(Espace.PORTAIL),
        )
    )


def next_rendez_vous(ctx: Context, travailleur_id: UUID) -> RendezVousVu | None:
    """The first appointment still to come, or for which he waits, with whom and where; register data, of the reader himself."""
    now = ctx.clock.now()
    query = (
        select(
            _RENDEZ_VOUS.c.starts_at,
            _RENDEZ_VOUS.c.duree_min,
            _COMPTE.c.civilite,
            _COMPTE.c.prenom,
            _COMPTE.c.nom,
            _CENTRE.c.nom.label("centre"),
            _CENTRE.c.commune,
        )
        .join(_COMPTE, and_(_COMPTE.c.tenant_id == _RENDEZ_VOUS.c.tenant_id, _COMPTE.c.id == _RENDEZ_VOUS.c.compte_id))
        .join(_CENTRE, and_(_CENTRE.c.tenant_id == _RENDEZ_VOUS.c.tenant_id, _CENTRE.c.id == _RENDEZ_VOUS.c.centre_id))
        .where(
            _RENDEZ_VOUS.c.tenant_id == ctx.tenant_id,
            _RENDEZ_VOUS.c.travailleur_id == travailleur_id,
            or_(
                and_(_RENDEZ_VOUS.c.statut == "convoque", _RENDEZ_VOUS.c.starts_at > now),
                and_(_RENDEZ_VOUS.c.statut == "arrive", _RENDEZ_VOUS.c.starts_at > now - _WAITING),
            ),
        )
        .order_by(_RENDEZ_VOUS.c.starts_at)
        .limit(1)
    )
    row = ctx.session.execute(query).one_or_none()
    if row is None:
        return None
    avec = avec_article(personnel(row.civilite, row.prenom, row.nom))
    return RendezVousVu(row.starts_at, row.duree_min, avec, row.centre, row.commune)
