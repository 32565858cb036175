"""The day: who comes when, how far each appointment is, and what is still to be closed."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from spst.dmst import services as dmst
from spst.habilitations import services as habilitations
from spst.habilitations.services import Droits
from spst.identite import services as identite
from spst.kernel.acteur import Famille
from spst.kernel.clock import PARIS, today
from spst.kernel.context import Context
from spst.traces import services as traces
from spst.visites import agenda_queries, queries, rules
from spst.visites.errors import RendezVousNotFound
from spst.visites.rules import StatutRdv
from spst.visites.saisie import set_rendez_vous
from spst.visites.vues import Agenda, EtatChange, RendezVousVu, Salarie, VisiteOuverte, VoletSante, personne


def agenda(ctx: Context, jour: date, compte_id: UUID | None = None) -> Agenda:
    """The appointments of a day, of one professional or of the whole SPST.

    It is the administrative register: a slot, a person, a scheduling label, a state. Health professionals also get the regime and
    the types of visit of the dossiers that they may read; nobody else ever does, whatever the page asks (dmst.md 1.4).
    Raises: AccessDenied.
    """
    habilitations.require(ctx, "agenda.consult")
    is_health = ctx.acteur.famille is Famille.SANTE
    rows = agenda_queries.agenda_of(ctx, *rules.bounds_of(jour), compte_id, with_health=is_health)
    ouvertes = agenda_queries.open_visites(ctx) if is_health else []
    droits = _droits(ctx, rows, ouvertes)
    # TO CONFIRM (R. 4624-45-5 al. 4): a regime seen in a list of the day leaves one trace for the list, none in each dossier.
    traces.record(ctx, "agenda.consult", None, _read(droits) if is_health else [])
    return Agenda(
        jour=jour,
        rendez_vous=tuple(_rendez_vous(row, droits.get(row.dossier_id), is_health) for row in rows),
        ouvertes=tuple(
            VisiteOuverte(row.id, row.dossier_id, row.started_at, row.nom_naissance, row.premier_prenom)
            for row in ouvertes
            if droits[row.dossier_id].can_consult("S3")
        ),
    )


def _droits(ctx: Context, *lists: list[Row[Any]]) -> dict[UUID, Droits]:
    """What the actor may do now in every dossier of the page, in one statement."""
    return dmst.droits_of(ctx, {row.dossier_id for rows in lists for row in rows if row.dossier_id is not None})


def _read(droits: dict[UUID, Droits]) -> list[str]:
    return [section for section in ("S2", "S3") if any(one.can_consult(section) for one in droits.values())]


def _rendez_vous(row: Row[Any], droits: Droits | None, is_health: bool) -> RendezVousVu:
    return RendezVousVu(
        id=row.id,
        starts_at=row.starts_at,
        duree_min=row.duree_min,
        libelle=row.libelle,
        statut=StatutRdv(row.statut),
        arrived_at=row.arrived_at,
        salarie=Salarie(
            id=row.travailleur_id,
            nom_naissance=row.nom_naissance,
            prenom=row.prenom_utilise or row.premier_prenom,
            nom_utilise=row.nom_utilise,
            sexe=row.sexe,
            naissance=row.date_naissance,
            poste=row.poste,
            employeur=row.employeur,
        ),
        praticien=personne(row),
        centre=row.centre,
        dossier=dmst.entete(row.dossier_id, droits) if row.dossier_id is not None else None,
        sante=_sante(row, droits) if is_health and droits is not None else None,
    )


def _sante(row: Row[Any], droits: Droits) -> VoletSante | None:
    """Regime with S2, visits with S3; nothing for who may read neither."""
    regime, visites = droits.can_consult("S2"), droits.can_consult("S3")
    if not (regime or visites):
        return None
    return VoletSante(
        statut_ins=row.statut_ins,
        regime=row.regime if regime else None,
        visite_id=row.visite_id if visites else None,
        visite_type=row.visite_libelle if visites and row.visite_id else None,
        visite_ouverte=visites and row.visite_id is not None and row.visite_closed_at is None,
        derniere_type=row.derniere_libelle if visites else None,
        derniere_on=row.derniere_at.astimezone(PARIS).date() if visites and row.derniere_at else None,
    )


def dossier_of_rendez_vous(ctx: Context, rendez_vous_id: UUID) -> UUID | None:
    """The dossier of whoever is expected, for the trace of an act that its caller authorised or refused."""
    return queries.dossier_of_rendez_vous(ctx, rendez_vous_id)


def is_expected(ctx: Context, dossier_id: UUID) -> bool:
    """Whether the worker has an appointment today: it says by itself why his dossier is opened. Nothing of it is read."""
    return queries.is_expected(ctx, dossier_id, *rules.bounds_of(today(ctx.clock)))


def update_rendez_vous(ctx: Context, rendez_vous_id: UUID, statut: StatutRdv) -> EtatChange:
    """Note an arrival, an absence, an excuse, or take one of them back.

    The same state again changes nothing.
    Raises: RendezVousNotFound, AccessDenied, RendezVousNotAllowed.
    """
    habilitations.require(ctx, "rendez_vous.update")
    rdv = queries.locked_rendez_vous(ctx, rendez_vous_id)
    if rdv is None:
        raise RendezVousNotFound
    identite.check_perimetre(ctx, rdv.travailleur_id)
    before, now = StatutRdv(rdv.statut), ctx.clock.now()
    if before is not statut:
        rules.check_statut(before, statut, rdv.starts_at, now)
        arrived = {"arrived_at": now if statut is StatutRdv.ARRIVE else None}
        set_rendez_vous(ctx, rendez_vous_id, statut=statut, **arrived)
    traces.record(ctx, "rendez_vous.update", rdv.dossier_id)
    return EtatChange(before, rdv.starts_at.astimezone(PARIS).date())
