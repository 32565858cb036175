"""View-model of the open dossier (templates/espace_pro/dossier.html)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import url_for

from spst.dmst.services import DossierVu
from spst.dmst.vues import InformationVue, Membre, OppositionVue
from spst.expositions.services import Agent, Curriculum, ExpositionVue
from spst.habilitations.actions import TITRES
from spst.habilitations.politique import Recours
from spst.habilitations.services import Droit
from spst.kernel.clock import PARIS
from spst.visites.rules import has_hour
from spst.visites.vues import LigneHistorique
from spst.web.filters import date_courte, date_longue, enumeration, heure, telephone

RESUME = 160
"""Signs of a visit's line on the timeline; the visit itself says the rest."""

SUPPORTS = (
    ("remise", "Notice remise en main propre"),
    ("courrier", "Notice envoyée par courrier"),
    ("portail", "Notice lue dans l’espace du salarié"),
)
OPPOSITIONS = {
    "mpc": ("À l’accès du médecin praticien correspondant", "Son accès se ferme aussitôt (R. 4624-45-6)."),
    "professionnels": (
        "À l’accès des professionnels placés sous l’autorité du médecin du travail",
        "Collaborateur, interne et infirmiers ne lisent plus le dossier, le médecin du travail seul (R. 4624-45-6).",
    ),
    "transfert": (
        "À la consultation de son dossier dans un autre service",
        "Ni demande ni envoi du dossier d’un service à l’autre (R. 4624-45-7).",
    ),
}
_SENS = {"recu": "Reçu de", "envoye": "Envoyé à"}
_SEXE = {"F": "Féminin", "M": "Masculin", "I": "Indéterminé"}


@dataclass(frozen=True, slots=True)
class Saisie:
    """What was typed in one form of the page and refused; `url` is where that form goes."""

    url: str | None = None
    valeurs: dict[str, str] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)

    def de(self, url: str | None) -> "Saisie":
        """What the form that goes to `url` shows again: nothing, unless it is the one that was refused."""
        return self if url is not None and url == self.url else Saisie()


@dataclass(frozen=True, slots=True)
class Contenu:
    """What the rooms gave for one page; None where the section is closed."""

    dossier: DossierVu
    curriculum: Curriculum | None
    agents: Sequence[Agent]
    sources: dict[str, str]
    visites: Sequence[LigneHistorique] | None
    rendez_vous_id: UUID | None = None
    delegue: bool = False


def dossier_model(seen: Contenu, now: datetime, saisie: Saisie) -> dict[str, Any]:
    dossier = seen.dossier
    return {
        "saisie_url": saisie.url,
        "saisie_de": saisie.de,
        "note": f"Dossier ouvert à {heure(now)}. Cet accès est inscrit au journal, que le salarié peut lire.",
        "titres": TITRES,
        "volets": {vue.legale.code: _volet(vue.droit, dossier) for vue in dossier.sections},
        "identite": _identite(dossier) if dossier.s1 else None,
        "parcours": _parcours(seen) if seen.curriculum is not None else None,
        "visites": _visites(seen) if seen.visites is not None else None,
        "courriers": _courriers(dossier),
        "courrier_url": _act(dossier, "S4", "actes.add_courrier"),
        "remises": _remises(seen) if dossier.droit("S5").consulter.allowed else None,
        "informations": _informations(dossier) if dossier.s6 is not None else None,
        "oppositions": _oppositions(dossier) if dossier.s7 is not None else None,
        "acces_url": url_for("dossier.acces", dossier_id=dossier.id) if _reads(dossier, "S8") else None,
        "equipe": [(_fonction(membre), membre.nom) for membre in sorted(dossier.equipe, key=lambda one: one.rang)],
        "equipe_note": _equipe_note(dossier),
        "deleguer_url": url_for("delegations.show", dossier=dossier.id, _anchor="deleguer") if seen.delegue else None,
        "a_savoir": _a_savoir(dossier),
    }


def _equipe_note(dossier: DossierVu) -> dict[str, str] | None:
    """By which way the équipe follows, when nobody chose it for this dossier."""
    names = sorted({membre.equipe for membre in dossier.equipe if membre.par_secteur and membre.equipe})
    if not names:
        return None
    follows = "suit" if len(names) == 1 else "suivent"
    phrase = f"{enumeration(names)} {follows} ce dossier par le secteur de l’établissement."
    return {"phrase": phrase, "url": url_for("secteurs.show")}


def _reads(dossier: DossierVu, section: str) -> bool:
    return dossier.droit(section).consulter.allowed


def _fills(dossier: DossierVu, section: str) -> bool:
    return dossier.droit(section).remplir.allowed


def _fonction(membre: Membre) -> str:
    return ", ".join(role.bref_of(membre.nom) for role in membre.roles) or "Équipe"


def _volet(droit: Droit, dossier: DossierVu) -> dict[str, Any]:
    if not droit.consulter.allowed:
        motif = {
            "phrase": droit.consulter.explication,
            "article": None,
            "contact": _contact(droit.consulter.recours, dossier),
            "pourquoi_url": url_for("dossier.why_section", dossier_id=dossier.id, volet=droit.section),
        }
        return {"mode": "ferme", "motif": motif, "lecteurs": None}
    mode = "remplir" if droit.remplir.allowed else "lire"
    return {"mode": mode, "motif": None, "lecteurs": droit.remplir.explication if droit.is_closed_by_spst else None}


def _contact(recours: Recours, dossier: DossierVu) -> str | None:
    """Whom to ask, in the place of what is closed; the page that says why says the rest."""
    if recours is Recours.DIRECTION:
        return "Demandez à la direction."
    medecins = enumeration([membre.nom for membre in dossier.medecins])
    return f"Demandez au médecin du travail\u00a0: {medecins}." if medecins and recours is Recours.MEDECIN else None


def _identite(dossier: DossierVu) -> dict[str, Any]:
    who, s1 = dossier.identite, dossier.s1
    treating = s1.medecin_traitant if s1 else None
    return {
        "lignes": [
            ("Nom de naissance", who.nom_naissance),
            ("Prénoms de naissance", who.prenoms),
            ("Sexe", _SEXE[who.sexe]),
            ("Date de naissance", date_longue(who.date_naissance)),
            ("Lieu de naissance (code Insee)", who.lieu_naissance),
            ("Nom utilisé", who.nom_utilise),
            ("Prénom utilisé", who.prenom_utilise),
            ("Matricule INS", _matricule(s1.matricule.valeur) if s1 and s1.matricule else None),
            ("Téléphone", telephone(who.telephone) if who.telephone else None),
            ("Courriel", who.email),
            ("Adresse", who.adresse),
        ],
        "medecin_traitant": f"{treating.nom}, {treating.contact}" if treating else None,
        "medecin_traitant_url": _act(dossier, "S1", "actes.medecin_traitant"),
        "modifier_url": url_for("identites.edit", travailleur_id=who.id),
        "historique": [],
        "activation_url": _act(dossier, "S1", "actes.activation"),
    }


def _act(dossier: DossierVu, section: str, endpoint: str) -> str | None:
    return url_for(endpoint, dossier_id=dossier.id) if _fills(dossier, section) else None


def _matricule(valeur: str) -> str:
    """2 75 12 63 220 749 74, as on a card."""
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return "\u00a0".join(valeur[start:end] for start, end in pairwise(cuts))


def _parcours(seen: Contenu) -> dict[str, Any]:
    known, may_fill = seen.curriculum, _fills(seen.dossier, "S2")
    assert known is not None
    return {
        "emplois": [
            {"poste": job.intitule, "employeur": job.employeur, "debut": job.starts_on, "fin": job.ends_on}
            for job in known.emplois
        ],
        "expositions": [_exposition(each, seen.dossier.id, may_fill) for each in known.expositions],
        "ajouter": {
            "url": url_for("actes.add_exposition", dossier_id=seen.dossier.id),
            "agents": [(agent.code, agent.libelle) for agent in seen.agents],
            "sources": list(seen.sources.items()),
        }
        if may_fill
        else None,
    }


def _exposition(each: ExpositionVue, dossier_id: UUID, may_fill: bool) -> dict[str, Any]:
    is_open = each.ends_on is None
    return {
        "libelle": each.libelle,
        "precision": each.commentaire,
        "source": each.source,
        "debut": each.starts_on,
        "fin": each.ends_on,
        "cloturer_url": url_for("actes.end_exposition", dossier_id=dossier_id, exposition_id=each.id)
        if may_fill and is_open
        else None,
    }


def _visites(seen: Contenu) -> dict[str, Any]:
    lines = seen.visites or ()
    ask = {"dossier_id": seen.dossier.id, "rendez_vous": seen.rendez_vous_id}
    return {
        "lignes": [
            {
                "le": line.started_at.astimezone(PARIS).date(),
                "type": f"{line.type}, visite abandonnée" if line.abandoned_at else line.type,
                "auteur": line.professionnel.affiche,
                "resume": _resume(line),
                "ouverte": line.is_open,
                "depuis": line.started_at if line.is_open and has_hour(line.started_at) else None,
                "url": url_for("visites.show", visite_id=line.id),
            }
            for line in lines
        ],
        "total": sum(line.abandoned_at is None for line in lines),
        "abandonnees": sum(line.abandoned_at is not None for line in lines),
        "toutes_url": None,
        "nouvelle_url": url_for("visites.choose", **ask) if _fills(seen.dossier, "S3") else None,  # type: ignore[arg-type]
    }


def _resume(line: LigneHistorique) -> str | None:
    if line.conclusion is None:
        return None
    told = " ".join(line.conclusion.information.split())
    return told if len(told) <= RESUME else f"{told[:RESUME].rsplit(' ', 1)[0]}…"


def _courriers(dossier: DossierVu) -> list[dict[str, Any]] | None:
    if dossier.s4 is None:
        return None
    return [
        {
            "le": letter.date_courrier,
            "titre": f"{letter.objet or 'Courrier'}. {_SENS[letter.sens]} {letter.correspondant}",
            "texte": letter.texte,
            "auteur": letter.auteur,
        }
        for letter in dossier.s4
    ]


def _remises(seen: Contenu) -> list[dict[str, Any]]:
    return [
        {
            "le": line.started_at.astimezone(PARIS).date(),
            "auteur": line.professionnel.affiche,
            "texte": line.conclusion.information,
        }
        for line in seen.visites or ()
        if line.conclusion is not None
    ]


def _informations(dossier: DossierVu) -> dict[str, Any]:
    return {
        "lignes": [_information(each) for each in dossier.s6 or ()],
        "noter": {"url": url_for("actes.inform", dossier_id=dossier.id), "supports": list(SUPPORTS)}
        if _fills(dossier, "S6")
        else None,
    }


def _information(each: InformationVue) -> dict[str, Any]:
    support = dict(SUPPORTS)[each.canal]
    phrase = f"{support} (version {each.notice_version})"
    return {
        "le": each.given_on,
        "auteur": each.auteur,
        "phrase": f"{phrase}. {each.precision}" if each.precision else f"{phrase}.",
    }


def _oppositions(dossier: DossierVu) -> dict[str, Any]:
    may_fill = _fills(dossier, "S7")
    standing = {each.portee for each in dossier.s7 or () if each.is_in_force}
    choices = [
        {
            "code": code,
            "titre": titre,
            "consequence": consequence,
            "ferme": "Déjà enregistrée." if code in standing else None,
        }
        for code, (titre, consequence) in OPPOSITIONS.items()
    ]
    return {
        "lignes": [_opposition(each, dossier.id, may_fill) for each in dossier.s7 or ()],
        "noter": {"url": url_for("actes.oppose", dossier_id=dossier.id), "objets": choices} if may_fill else None,
    }


def _opposition(each: OppositionVue, dossier_id: UUID, may_fill: bool) -> dict[str, Any]:
    titre = OPPOSITIONS[each.portee][0]
    lift = url_for("actes.lift_opposition", dossier_id=dossier_id, opposition_id=each.id)
    return {
        "le": each.declared_at.astimezone(PARIS).date(),
        "phrase": f"Opposition {titre[0].lower()}{titre[1:]}",
        "auteur": each.auteur or "Le salarié, dans son espace",
        "en_cours": each.is_in_force,
        "fin": each.withdrawn_at.astimezone(PARIS).date() if each.withdrawn_at else None,
        "lever_url": lift if may_fill and each.is_in_force else None,
    }


def _a_savoir(dossier: DossierVu) -> list[dict[str, str]]:
    told = [
        {
            "ton": "warn",
            "icone": "lock",
            "titre": "Opposition.",
            "phrase": f"{OPPOSITIONS[each.portee][0]}, depuis le {date_courte(each.declared_at)}.",
        }
        for each in dossier.s7 or ()
        if each.is_in_force
    ]
    if dossier.identite.decede_on is not None:
        phrase = f"Le {date_longue(dossier.identite.decede_on)}."
        told.insert(0, {"ton": "stop", "icone": "alert", "titre": "Décès connu.", "phrase": phrase})
    if dossier.identite.statut_ins == "provisoire":
        phrase = "Vérifiez une pièce d’identité, puis interrogez INSi."
        told.append({"ton": "warn", "icone": "ask", "titre": "Identité provisoire.", "phrase": phrase})
    return told
