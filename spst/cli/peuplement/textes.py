"""What is written in the dossiers of the demonstration: short, plausible, about nobody."""

from random import Random

from spst.cli.peuplement.metiers import Metier

_ENTRETIEN = (
    "Se sent bien à son poste. Sommeil correct, pas de traitement en cours.",
    "Lombalgies en fin de semaine, sans irradiation, sans arrêt. Connaît les gestes de manutention.",
    "Fatigue depuis le changement d’horaires. Pas de retentissement sur la conduite.",
    "Gêne de l’épaule droite bras levé, apparue il y a deux mois. Kinésithérapie en cours.",
    "Bon moral, entente correcte dans l’équipe. Charge de travail jugée élevée en fin d’année.",
    "Tabagisme réduit à cinq cigarettes par jour, souhaite arrêter. Adresse de consultation remise.",
    "Acouphènes passagers après les journées bruyantes. Port des protections irrégulier.",
    "Irritation des mains l’hiver, calmée par les congés.",
    "Retour d’arrêt sans difficulté, reprise progressive des tâches.",
    "Aucune plainte. Activité physique régulière.",
)
_EXAMEN = (
    "TA 128/76. Auscultation sans particularité. Rachis souple.",
    "TA 134/82. Acuité corrigée correcte de loin et de près. Audiogramme sans encoche.",
    "Mobilités d’épaule complètes, douleur en fin d’abduction à droite. Pas de déficit.",
    "Examen cutané des mains\u00a0: sécheresse sans fissure. Fonction respiratoire normale.",
    "Poids stable. Examen cardio-vasculaire sans particularité.",
)
_INFORMATION = (
    "Vous travaillez à un poste de {titre}. Risques vus ensemble\u00a0: {risques}. Protections rappelées\u00a0: {protection}.",
    "Nous avons parlé de votre poste de {titre} et de ses risques ({risques}). Ce qui vous protège\u00a0: {protection}.",
)
_SANS_RISQUE = "Vous travaillez à un poste de {titre}. Nous avons vu comment l’aménager\u00a0: {protection}."
_DROITS = " Vous pouvez demander une visite à tout moment, sans passer par votre employeur."
_OBJETS = (
    (
        "Avis spécialisé avant reprise",
        "Merci de votre avis sur la reprise de ce patient, en arrêt depuis plusieurs semaines.",
    ),
    ("Dermatose des mains", "Une dermatose des mains évolue avec l’activité. Merci de votre bilan allergologique."),
    ("Bilan respiratoire", "Rhinite et toux au travail. Pouvez-vous envisager une exploration fonctionnelle\u00a0?"),
    ("Sommeil et travail posté", "Somnolence en fin de nuit. Votre avis sur un trouble du sommeil serait utile."),
)


def entretien(source: Random, metier: Metier) -> str:
    return f"{source.choice(_ENTRETIEN)} Poste\u00a0: {metier.gestes}."


def examen(source: Random) -> str:
    return source.choice(_EXAMEN)


def information(source: Random, metier: Metier, sexe: str, risques: list[str]) -> str:
    """What the worker reads. `risques`: labels of his exposures."""
    text = source.choice(_INFORMATION) if risques else _SANS_RISQUE
    titre = metier.titre(sexe)
    named = ", ".join(risque[:1].lower() + risque[1:] for risque in risques[:3])
    return text.format(titre=titre[:1].lower() + titre[1:], risques=named, protection=metier.protection) + _DROITS


def courrier(source: Random) -> tuple[str, str]:
    return source.choice(_OBJETS)


def commentaire(metier: Metier) -> str:
    return f"{metier.gestes[:1].upper()}{metier.gestes[1:]}. Protections\u00a0: {metier.protection}."
