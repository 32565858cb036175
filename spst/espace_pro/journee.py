"""View-model of the day (templates/espace_pro/journee.html)."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for

from spst.espace_pro.liens import dossier_url, ferme_model
from spst.kernel.clock import PARIS
from spst.visites.rules import StatutRdv
from spst.visites.vues import Agenda, RendezVousVu, VisiteOuverte
from spst.web.filters import age, date_courte, heure, nom, pluriel

_ETATS = {StatutRdv.EN_COURS: "en_examen"}
_WAITING = (StatutRdv.CONVOQUE, StatutRdv.ABSENT, StatutRdv.EXCUSE)
_WITHOUT_DOCUMENT = ("provisoire", "recuperee")
_OTHER_STATES = {
    StatutRdv.CONVOQUE: ((StatutRdv.ABSENT, "Absent"), (StatutRdv.EXCUSE, "Excusé")),
    StatutRdv.ABSENT: ((StatutRdv.EXCUSE, "Excusé"), (StatutRdv.CONVOQUE, "Remettre en attente")),
    StatutRdv.EXCUSE: ((StatutRdv.ABSENT, "Absent"), (StatutRdv.CONVOQUE, "Remettre en attente")),
    StatutRdv.ARRIVE: ((StatutRdv.CONVOQUE, "Remettre en attente"),),
}


def journee_model(seen: Agenda, now: datetime) -> dict[str, Any]:
    today = now.astimezone(PARIS).date()
    several = len({rdv.praticien.id for rdv in seen.rendez_vous}) > 1
    return {
        "jour": seen.jour,
        "est_aujourd_hui": seen.jour == today,
        "lieu": _lieu(seen),
        "resume": _resume(seen, today),
        "precedent": _day(_weekday(seen.jour, -1)),
        "suivant": _day(_weekday(seen.jour, 1)),
        "aujourd_hui_url": url_for("journee.show"),
        "rendez_vous": [
            _rendez_vous(rdv, seen.jour, today) | {"avec": _avec(rdv) if several else None} for rdv in seen.rendez_vous
        ],
        "a_traiter": [_a_terminer(visite) for visite in seen.ouvertes],
    }


def _weekday(day: date, step: int) -> date:
    """The next working day that way: an SPST receives from Monday to Friday, and a Saturday is reached by its address."""
    other = day + timedelta(days=step)
    while other.weekday() >= 5:
        other += timedelta(days=step)
    return other


def _day(day: date) -> dict[str, Any]:
    return {"url": url_for("journee.show", jour=day.isoformat()), "jour": day}


def _lieu(seen: Agenda) -> str | None:
    places = list(dict.fromkeys(rdv.centre for rdv in seen.rendez_vous))
    return ", ".join(places) or None


def _resume(seen: Agenda, today: date) -> str | None:
    counts = Counter(rdv.statut for rdv in seen.rendez_vous)
    if not counts:
        return None
    parts = [f"{pluriel(len(seen.rendez_vous), 'rendez-vous', 'rendez-vous')}"]
    if counts[StatutRdv.RECU]:
        parts.append(pluriel(counts[StatutRdv.RECU], "reçu"))
    waiting = [rdv.arrived_at for rdv in seen.rendez_vous if rdv.statut is StatutRdv.ARRIVE and rdv.arrived_at]
    if waiting and seen.jour == today:
        since = "attend" if len(waiting) == 1 else "attendent, la première"
        parts.append(f"{pluriel(len(waiting), 'personne')} {since} depuis {heure(min(waiting))}")
    return ", ".join(parts) + "."


def _rendez_vous(rdv: RendezVousVu, jour: date, today: date) -> dict[str, Any]:
    salarie, sante = rdv.salarie, rdv.sante
    opened = rdv.dossier.dossier_id if rdv.dossier is not None and rdv.dossier.opens else None
    return {
        "debut": rdv.starts_at,
        "duree_min": rdv.duree_min,
        "etat": _ETATS.get(rdv.statut, str(rdv.statut)),
        "heure_etat": rdv.arrived_at if rdv.statut is StatutRdv.ARRIVE else None,
        "maintenant": rdv.statut is StatutRdv.EN_COURS,
        "nom_naissance": salarie.nom_naissance,
        "prenom": salarie.prenom,
        "nom_utilise": salarie.nom_utilise,
        "sexe": salarie.sexe,
        "age": age(salarie.naissance, jour),
        "poste": salarie.poste,
        "employeur": salarie.employeur,
        "libelle": (sante and sante.visite_type) or rdv.libelle,
        "suivi": sante.regime if sante else None,
        "alertes": _alertes(rdv),
        "dossier_url": dossier_url(opened, rendez_vous=rdv.id) if opened else None,
        "ferme": ferme_model(rdv.dossier),
        "visite_url": url_for("visites.show", visite_id=sante.visite_id) if sante and sante.visite_id else None,
        "arrivee_url": _statut_url(rdv, StatutRdv.ARRIVE) if rdv.statut in _WAITING and jour == today else None,
        "etats": [
            {"libelle": libelle, "url": _statut_url(rdv, statut)}
            for statut, libelle in _OTHER_STATES.get(rdv.statut, ())
        ],
    }


def _avec(rdv: RendezVousVu) -> str:
    """Whose agenda and where, on a page that holds several: a front desk tells people where to go."""
    return f"{rdv.praticien.affiche}, {rdv.centre}"


def _alertes(rdv: RendezVousVu) -> list[dict[str, str]]:
    """A document is asked of whom nobody has seen one: once `validee`, what is left is done without the worker."""
    if rdv.sante is None or rdv.sante.statut_ins not in _WITHOUT_DOCUMENT:
        return []
    return [{"texte": "Identité à vérifier", "icone": "ask"}]


def _statut_url(rdv: RendezVousVu, statut: StatutRdv) -> str:
    return url_for("visites.set_statut", rendez_vous_id=rdv.id, statut=str(statut))


def _a_terminer(visite: VisiteOuverte) -> dict[str, Any]:
    return {
        "nombre": 1,
        "titre": "Visite à terminer",
        "precision": f"{nom(visite.nom_naissance, visite.prenom)}, {date_courte(visite.started_at)}",
        "url": url_for("visites.show", visite_id=visite.id),
    }
