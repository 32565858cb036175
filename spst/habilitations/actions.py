"""The action registry: the one list that routes, policies, traces and screens share.

An action touches sections of the DMST, or one domain outside of it, and either consults or fills.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SECTIONS = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8")
"""Sections of the DMST: R. 4624-45-4 1° to 7°, then its traces (R. 4624-45-5 al. 4)."""

TITRES = {
    "S1": "Identité",
    "S2": "Emplois et expositions",
    "S3": "Visites et santé",
    "S4": "Courriers",
    "S5": "Remis au salarié",
    "S6": "Information sur les droits",
    "S7": "Oppositions et consentements",
    "S8": "Journal des accès",
}
"""Names of the sections on every screen: the dossier, the policy, the journal, the worker's list."""

INSPECTION = SECTIONS[:5]
"""What the médecin inspecteur du travail may be sent (L. 4624-8 al. 1)."""

DOMAINES = ("registre", "comptes", "journal", "pilotage", "protocoles", "portail", "systeme")
"""What lies outside of the DMST."""


class Mode(StrEnum):
    CONSULTER = "consulter"
    REMPLIR = "remplir"


class ActionUnknown(LookupError):
    """A name that is not in the registry: a mistake of the caller, never of a user."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody may do.

    `label`: as the journal writes it. `sentence`: as the worker reads it, after the name of whoever did it (for the acts of
    the portal, after "Vous"); `attempt`: after "a voulu", when it was refused. `each`: sections are decided one by one, and
    the act is open as soon as one of them is.
    `facts`: names of the counts and kinds that its trace may carry beside ids.
    """

    name: str
    mode: Mode
    label: str
    sentence: str
    attempt: str = ""
    sections: tuple[str, ...] = ()
    domaine: str | None = None
    each: bool = False
    facts: frozenset[str] = frozenset()

    @property
    def targets(self) -> tuple[str, ...]:
        """What the policies are asked about: sections of the dossier, or the one domain."""
        return self.sections if self.domaine is None else (self.domaine,)


def get(name: str) -> Action:
    """Raises: ActionUnknown."""
    try:
        return _REGISTRY[name]
    except KeyError:
        raise ActionUnknown(name) from None


def all() -> tuple[Action, ...]:
    return tuple(_REGISTRY.values())


def traced_facts() -> Mapping[str, frozenset[str]]:
    """For `traces`: what the line of each action may carry."""
    return {action.name: action.facts for action in all()}


_C, _R = Mode.CONSULTER, Mode.REMPLIR
_COMPTE = frozenset({"compte"})
"""The account that was acted upon, by its id."""
_CONTENT = SECTIONS[:7]

_ON_THE_DOSSIER = (
    Action(
        "dossier.open", _C, "Ouvrir le dossier", "a ouvert votre dossier", "ouvrir votre dossier", SECTIONS, each=True
    ),
    Action(
        "dossier.create", _R, "Constituer le dossier", "a constitué votre dossier", "constituer votre dossier", ("S1",)
    ),
    Action("identite.consult", _C, "Lire l’identité", "a lu votre identité", "lire votre identité", ("S1",)),
    Action(
        "identite.update", _R, "Modifier l’identité", "a modifié votre identité", "modifier votre identité", ("S1",)
    ),
    Action(
        "code_activation.issue",
        _R,
        "Remettre un code d’activation",
        "vous a remis le code de votre espace personnel",
        "vous remettre le code de votre espace personnel",
        ("S1",),
    ),
    Action(
        "exposition.consult",
        _C,
        "Lire les expositions",
        "a lu vos emplois et vos expositions",
        "lire vos emplois et vos expositions",
        ("S2",),
    ),
    Action(
        "exposition.add",
        _R,
        "Ajouter une exposition",
        "a ajouté une exposition",
        "ajouter une exposition à votre dossier",
        ("S2",),
    ),
    Action(
        "emploi.add",
        _R,
        "Ajouter un emploi",
        "a ajouté un emploi à votre parcours",
        "ajouter un emploi à votre parcours",
        ("S2",),
    ),
    Action(
        "exposition.close",
        _R,
        "Terminer une exposition",
        "a noté la fin d’une exposition",
        "noter la fin d’une de vos expositions",
        ("S2",),
    ),
    Action("visite.consult", _C, "Lire une visite", "a lu une de vos visites", "lire une de vos visites", ("S3",)),
    Action(
        "visite.start",
        _R,
        "Commencer une visite",
        "a commencé une visite avec vous",
        "commencer une visite avec vous",
        ("S3",),
    ),
    Action(
        "visite.note",
        _R,
        "Écrire dans une visite",
        "a écrit dans le compte rendu d’une visite",
        "écrire dans le compte rendu d’une de vos visites",
        ("S3",),
    ),
    Action(
        "visite.close",
        _R,
        "Clôturer une visite",
        "a clôturé une de vos visites",
        "clôturer une de vos visites",
        ("S3", "S5"),
    ),
    Action(
        "visite.abandon",
        _R,
        "Abandonner une visite",
        "a annulé une visite ouverte par erreur dans votre dossier",
        "annuler une visite ouverte par erreur dans votre dossier",
        ("S3",),
    ),
    Action(
        "visite.complete",
        _R,
        "Compléter une visite clôturée",
        "a complété une de vos visites",
        "compléter une de vos visites",
        ("S3",),
    ),
    Action(
        "courrier.add",
        _R,
        "Verser un courrier",
        "a versé un courrier à votre dossier",
        "verser un courrier à votre dossier",
        ("S4",),
    ),
    Action(
        "information.give",
        _R,
        "Noter l’information donnée",
        "a noté vous avoir informé de vos droits",
        "noter vous avoir informé de vos droits",
        ("S6",),
    ),
    Action(
        "opposition.record",
        _R,
        "Enregistrer une opposition ou un consentement",
        "a enregistré votre choix sur l’accès à votre dossier",
        "enregistrer un choix sur l’accès à votre dossier",
        ("S7",),
    ),
    Action(
        "identite.verify",
        _R,
        "Vérifier une pièce d’identité",
        "a vérifié votre pièce d’identité",
        "vérifier votre pièce d’identité",
        ("S1",),
    ),
    Action(
        "insi.call",
        _R,
        "Appeler le téléservice INSi",
        "a demandé votre identité nationale de santé",
        "demander votre identité nationale de santé",
        ("S1",),
    ),
    Action(
        "attestation.issue",
        _R,
        "Délivrer une attestation de suivi",
        "vous a délivré une attestation de suivi",
        "vous délivrer une attestation de suivi",
        ("S5",),
    ),
    Action(
        "avis.issue",
        _R,
        "Rendre un avis",
        "a rendu un avis ou une proposition vous concernant",
        "rendre un avis ou une proposition vous concernant",
        ("S5",),
    ),
    Action(
        "transfert.request",
        _C,
        "Demander un dossier à un autre SPST",
        "a demandé à un autre service le dossier qu’il tient sur vous",
        "demander à un autre service le dossier qu’il tient sur vous",
        ("S1",),
    ),
    Action(
        "transfert.send",
        _C,
        "Envoyer le dossier à un autre SPST",
        "a envoyé une copie de votre dossier au service qui vous suit désormais",
        "envoyer une copie de votre dossier à un autre service",
        _CONTENT,
    ),
    Action(
        "inspection.transmit",
        _C,
        "Transmettre au médecin inspecteur",
        "a transmis votre dossier au médecin inspecteur du travail",
        "transmettre votre dossier au médecin inspecteur du travail",
        INSPECTION,
    ),
    Action(
        "exceptionnel.open",
        _C,
        "Ouvrir par accès exceptionnel",
        "a ouvert votre dossier par accès exceptionnel",
        "ouvrir votre dossier par accès exceptionnel",
        SECTIONS,
        each=True,
    ),
    Action(
        "acces.consult",
        _C,
        "Lire le journal du dossier",
        "a lu la liste des accès à votre dossier",
        "lire la liste des accès à votre dossier",
        ("S8",),
        facts=frozenset({"lignes"}),
    ),
    Action(
        "portail.dossier", _C, "Lire son dossier", "avez lu votre dossier", "lire votre dossier", _CONTENT, each=True
    ),
    Action(
        "portail.visites",
        _C,
        "Lire ses visites",
        "avez lu la liste de vos visites",
        "lire la liste de vos visites",
        ("S3", "S5"),
        each=True,
    ),
    Action(
        "portail.acces",
        _C,
        "Lire qui a ouvert son dossier",
        "avez lu la liste des accès à votre dossier",
        "lire la liste des accès à votre dossier",
        ("S8",),
        facts=frozenset({"lignes"}),
    ),
)

_OUTSIDE = (
    Action(
        "dossier.search",
        _C,
        "Rechercher un dossier",
        "a cherché un dossier",
        domaine="registre",
        facts=frozenset({"filtres", "resultats"}),
    ),
    Action("agenda.consult", _C, "Lire l’agenda", "a lu l’agenda", domaine="registre"),
    Action(
        "registre.update",
        _R,
        "Tenir le registre",
        "a mis à jour vos informations administratives",
        domaine="registre",
        facts=frozenset({"secteur", "etablissements"}),
    ),
    Action("identite.register", _R, "Enregistrer une identité", "vous a inscrit au registre", domaine="registre"),
    Action(
        "rendez_vous.update",
        _R,
        "Modifier un rendez-vous",
        "a modifié un rendez-vous",
        "modifier un de vos rendez-vous",
        domaine="registre",
    ),
    Action(
        "journal.consult",
        _C,
        "Lire le journal",
        "a lu le journal des accès, sans contenu",
        domaine="journal",
        facts=frozenset({"filtres", "lignes"}),
    ),
    Action(
        "journal.export",
        _C,
        "Exporter le journal",
        "a exporté le journal des accès, sans contenu",
        domaine="journal",
        facts=frozenset({"filtres", "lignes"}),
    ),
    Action(
        "alerte.consult",
        _C,
        "Lire les accès à examiner",
        "a lu l’accès que vous avez signalé",
        domaine="journal",
        facts=frozenset({"lignes"}),
    ),
    Action(
        "alerte.decide",
        _R,
        "Traiter un accès à examiner",
        "a traité un accès que vous avez signalé",
        "traiter un accès que vous avez signalé",
        domaine="journal",
        facts=frozenset({"geste"}),
    ),
    Action(
        "reidentification.ask",
        _R,
        "Demander de qui est un dossier",
        "a demandé à un médecin de qui est votre dossier",
        "demander de qui est votre dossier",
        domaine="journal",
        facts=frozenset({"geste"}),
    ),
    Action(
        "reidentification.read",
        _C,
        "Lire de qui est un dossier",
        "a su que ce dossier est le vôtre",
        "savoir de qui est votre dossier",
        domaine="journal",
    ),
    Action(
        "reidentification.decide",
        _R,
        "Répondre à une demande de ré-identification",
        "a répondu à une personne qui demandait de qui est votre dossier",
        "répondre à une personne qui demandait de qui est votre dossier",
        domaine="protocoles",
    ),
    Action("politique.consult", _C, "Lire la politique", "a lu la politique d’habilitation", domaine="pilotage"),
    Action(
        "politique.draft",
        _R,
        "Préparer la politique",
        "a préparé la politique d’habilitation",
        domaine="pilotage",
        facts=frozenset({"geste", "role", "volet", "niveau"}),
    ),
    Action(
        "politique.propose",
        _R,
        "Proposer la politique",
        "a proposé une politique d’habilitation",
        domaine="pilotage",
    ),
    Action(
        "politique.confirm",
        _R,
        "Publier la politique",
        "a publié une politique d’habilitation",
        domaine="pilotage",
        facts=frozenset({"version"}),
    ),
    Action(
        "exceptionnel.review",
        _R,
        "Relire un accès exceptionnel",
        "a relu un accès exceptionnel",
        domaine="protocoles",
    ),
    Action(
        "exceptionnel.count",
        _C,
        "Compter les accès exceptionnels",
        "a lu le nombre d’accès exceptionnels",
        domaine="journal",
    ),
    Action("protocole.consult", _C, "Lire les délégations", "a lu les délégations", domaine="protocoles"),
    Action(
        "protocole.give",
        _R,
        "Donner une délégation ou un protocole",
        "a donné une délégation ou un protocole",
        domaine="protocoles",
        facts=_COMPTE | {"geste"},
    ),
    Action(
        "protocole.revoke",
        _R,
        "Retirer une délégation ou un protocole",
        "a retiré une délégation ou un protocole",
        domaine="protocoles",
        facts=_COMPTE | {"geste"},
    ),
    Action(
        "remplacement.set",
        _R,
        "Désigner un remplaçant",
        "a désigné un remplaçant",
        domaine="protocoles",
        facts=_COMPTE,
    ),
    Action(
        "remplacement.end",
        _R,
        "Mettre fin à un remplacement",
        "a mis fin à un remplacement",
        domaine="protocoles",
        facts=_COMPTE,
    ),
    Action("revue.consult", _C, "Lire les revues", "a lu les revues des habilitations", domaine="pilotage"),
    Action("moyen.consult", _C, "Lire les moyens", "a lu les moyens d’identification du service", domaine="pilotage"),
    Action("compte.list", _C, "Lire les comptes", "a lu la liste des comptes", domaine="comptes"),
    Action("compte.create", _R, "Créer un compte", "a créé un compte", domaine="comptes", facts=_COMPTE),
    Action(
        "compte.update",
        _R,
        "Modifier un compte",
        "a modifié un compte",
        domaine="comptes",
        facts=_COMPTE | {"geste"},
    ),
    Action(
        "organisation.update",
        _R,
        "Organiser les équipes",
        "a modifié les équipes et les secteurs du service",
        domaine="comptes",
        facts=frozenset({"geste", "partie"}),
    ),
    Action(
        "habilitation.grant",
        _R,
        "Accorder une habilitation",
        "a accordé une habilitation",
        domaine="comptes",
        facts=_COMPTE | {"role", "geste"},
    ),
    Action(
        "habilitation.revoke",
        _R,
        "Retirer une habilitation",
        "a retiré une habilitation",
        domaine="comptes",
        facts=_COMPTE | {"role", "geste"},
    ),
    Action(
        "session.revoke",
        _R,
        "Fermer la session d’un compte",
        "a fermé la session d’un compte",
        domaine="comptes",
        facts=_COMPTE,
    ),
    Action("portail.activate", _R, "Activer son espace", "avez activé votre espace personnel", domaine="portail"),
    Action(
        "portail.report",
        _R,
        "Signaler un accès",
        "avez signalé un accès qui vous étonne",
        "signaler un accès qui vous étonne",
        domaine="portail",
    ),
    Action("alerte.open", _R, "Repérer un accès à examiner", "a repéré un accès à examiner", domaine="systeme"),
    Action(
        "portail.courriel",
        _R,
        "Régler ses e-mails",
        "avez réglé les e-mails qui vous préviennent",
        "régler les e-mails qui vous préviennent",
        domaine="portail",
        facts=frozenset({"geste"}),
    ),
    Action(
        "courriel.send",
        _R,
        "Prévenir le salarié par e-mail",
        "vous a envoyé un e-mail sans contenu",
        domaine="systeme",
        facts=frozenset({"genre"}),
    ),
    Action("tenant.create", _R, "Créer un SPST", "a créé un service", domaine="systeme"),
    Action(
        "session.open",
        _R,
        "Ouvrir une session",
        "a ouvert une session",
        domaine="systeme",
        facts=frozenset({"moyen", "situation"}),
    ),
    Action(
        "session.close",
        _R,
        "Fermer une session",
        "a fermé une session",
        domaine="systeme",
        facts=frozenset({"cause"}),
    ),
    Action(
        "menage.run", _R, "Faire le ménage technique", "a effacé des données techniques périmées", domaine="systeme"
    ),
    Action(
        "traces.destroy",
        _R,
        "Détruire les traces d’un dossier au terme de sa conservation",
        "a détruit les traces d’un dossier au terme de sa conservation",
        domaine="systeme",
        facts=frozenset({"lignes", "registre"}),
    ),
)

_REGISTRY = {action.name: action for action in (*_ON_THE_DOSSIER, *_OUTSIDE)}
