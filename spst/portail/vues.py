"""What the pages of the portal show: values in plain words, for the person whom they are about."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from uuid import UUID

from spst.dmst.vues import InformationVue, MedecinTraitantVu, Membre, OppositionVue
from spst.expositions import rules as expositions
from spst.expositions.services import Curriculum
from spst.identite.services import TravailleurVu
from spst.journal.instructions import Etat
from spst.journal.rules import REFUSE, Acces
from spst.journal.services import AccesDossier, SceauVu
from spst.journal.signalements import SignalementVu
from spst.kernel.clock import PARIS
from spst.visites.vues import LigneHistorique
from spst.web.filters import NO_BREAK, avec_article


@dataclass(frozen=True, slots=True)
class MembreVu:
    """Somebody who follows: "Dr Claire Vasseur", "médecin du travail"."""

    nom: str
    fonction: str


@dataclass(frozen=True, slots=True)
class EquipeVue:
    """`nom`: None for somebody who follows by name alone. `par_secteur`: it follows everybody of the establishment."""

    nom: str | None
    membres: tuple[MembreVu, ...]
    par_secteur: bool = False


@dataclass(frozen=True, slots=True)
class RendezVousVu:
    """The next appointment, as the register holds it."""

    starts_at: datetime
    duree_min: int
    avec: str
    centre: str
    commune: str


@dataclass(frozen=True, slots=True)
class VisiteLue:
    """A closed visit: what was said to the worker, never a note nor an addendum."""

    on: datetime
    type: str
    avec: str
    information: str
    vers_le_medecin: bool
    prochaine_on: date | None


@dataclass(frozen=True, slots=True)
class Accueil:
    prenom: str
    equipes: tuple[EquipeVue, ...]
    emplois: tuple[str, ...]
    rendez_vous: RendezVousVu | None
    derniere: VisiteLue | None
    exceptionnels: tuple["Exceptionnel", ...] = ()


@dataclass(frozen=True, slots=True)
class Exceptionnel:
    """A médecin opened the dossier past the policy of his SPST: told to the worker, with its reason and who read it again."""

    le: datetime
    qui: str
    raison: str
    texte: str
    avis: str | None
    reponse: str | None


@dataclass(frozen=True, slots=True)
class Etape:
    """A job or an exposure in a period. `source`: a sentence that says how it is known."""

    titre: str
    employeur: str | None
    starts_on: date
    ends_on: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Parcours:
    """The latest first."""

    emplois: tuple[Etape, ...]
    expositions: tuple[Etape, ...]


@dataclass(frozen=True, slots=True)
class Identite:
    """S1 as it is held. `matricule`: in groups, as on a carte Vitale."""

    personne: TravailleurVu
    lieu: str | None
    statut: str
    statut_phrase: str
    matricule: str | None
    medecin_traitant: MedecinTraitantVu | None


@dataclass(frozen=True, slots=True)
class Droits:
    medecins: tuple[str, ...]
    oppositions: tuple[OppositionVue, ...]
    informations: tuple[InformationVue, ...]


@dataclass(frozen=True, slots=True)
class LigneAcces:
    """One line of the list, or several of one day that follow one another and say the same. `suite`: the sentence after `qui`.

    `id`, `at`: of the last, `depuis`: the first. `is_signale`: the worker reported one of them and waits for an answer.
    """

    id: UUID
    at: datetime
    jour: str
    qui: str
    suite: str
    volets: str
    is_refus: bool
    is_own: bool
    fois: int
    depuis: datetime
    is_signale: bool
    is_reportable: bool


@dataclass(frozen=True, slots=True)
class MoisAcces:
    premier: datetime
    lignes: tuple[LigneAcces, ...]


@dataclass(frozen=True, slots=True)
class ListeAcces:
    """A page of the list by month. `plus_ancien`: where the next one begins; `is_suite`: it is not the first. `sceau`: the
    last one of the journal, None when nothing is sealed yet. `exceptionnels`, `signalements`: on its first page alone."""

    mois: tuple[MoisAcces, ...]
    montrees: int
    total: int
    refus: int
    refus_seuls: bool
    plus_ancien: str | None
    is_suite: bool
    sceau: SceauVu | None
    exceptionnels: tuple[Exceptionnel, ...]
    signalements: tuple[SignalementVu, ...]


_JOURS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_STATUTS = {
    "provisoire": (
        "Provisoire",
        "Vos traits ont été saisis par votre service. Ils n’ont pas encore été vérifiés, ni avec une pièce d’identité, "
        "ni auprès de l’Assurance Maladie.",
    ),
    "recuperee": (
        "Récupérée",
        "L’Assurance Maladie a donné votre identité nationale de santé. Il reste à montrer une pièce d’identité à votre "
        "service.",
    ),
    "validee": (
        "Validée",
        "Votre service a vu une pièce d’identité. L’Assurance Maladie n’a pas encore donné votre identité nationale de "
        "santé.",
    ),
    "qualifiee": (
        "Vérifiée",
        "L’Assurance Maladie a donné votre identité nationale de santé, et votre service a vu une pièce d’identité. "
        "C’est le plus haut niveau de vérification.",
    ),
}


def equipes(membres: tuple[Membre, ...]) -> tuple[EquipeVue, ...]:
    """Those who follow, by équipe; the médecin du travail first, then the doctors who help him."""
    ordered = sorted(membres, key=lambda membre: (membre.equipe is None, membre.equipe or "", membre.rang))
    teams = ((nom, list(group)) for nom, group in groupby(ordered, key=lambda membre: membre.equipe))
    return tuple(
        EquipeVue(nom, tuple(MembreVu(one.nom, _fonction(one)) for one in group), group[0].par_secteur)
        for nom, group in teams
    )


def _fonction(membre: Membre) -> str:
    labels = (role.label_of(membre.nom) for role in membre.roles)
    return ", ".join(label[:1].lower() + label[1:] for label in labels)


def visite(ligne: LigneHistorique) -> VisiteLue:
    told = ligne.conclusion
    return VisiteLue(
        on=ligne.started_at,
        type=ligne.type.replace("VIP ", "Visite d’information et de prévention ", 1),
        avec=avec_article(ligne.professionnel.affiche),
        information=told.information.strip() if told else "",
        vers_le_medecin=told.orientation_medecin if told else False,
        prochaine_on=told.prochaine_visite_on if told else None,
    )


def parcours(known: Curriculum) -> Parcours:
    return Parcours(
        tuple(
            Etape(emploi.intitule, emploi.employeur, emploi.starts_on, emploi.ends_on, _source(emploi.source))
            for emploi in reversed(known.emplois)
        ),
        tuple(
            Etape(exposition.libelle, None, exposition.starts_on, exposition.ends_on, _source(exposition.source))
            for exposition in reversed(known.expositions)
        ),
    )


def _source(label: str) -> str:
    if label == expositions.SOURCES["declare"]:
        return "Vous l’avez dit"
    return f"Source{NO_BREAK}: {label[:1].lower()}{label[1:]}"


def identite(personne: TravailleurVu, matricule: str | None, medecin: MedecinTraitantVu | None) -> Identite:
    statut, phrase = _STATUTS[personne.statut_ins]
    return Identite(
        personne=personne,
        lieu=_lieu(personne.lieu_naissance),
        statut=statut,
        statut_phrase=phrase,
        matricule=grouped(matricule) if matricule else None,
        medecin_traitant=medecin,
    )


def _lieu(code: str | None) -> str | None:
    """Codes of communes and countries, as INSEE numbers them: 99 begins those of other countries."""
    if code is None:
        return None
    return f"{'pays' if code.startswith('99') else 'commune'} de code INSEE {code}"


def grouped(matricule: str) -> str:
    """
    >>> grouped("275126322074974").replace(NO_BREAK, " ")
    '2 75 12 63 220 749 74'
    """
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return NO_BREAK.join(matricule[a:b] for a, b in pairwise(cuts))


def liste(
    page: AccesDossier,
    refus_seuls: bool,
    is_suite: bool,
    sceau: SceauVu | None,
    exceptionnels: tuple[Exceptionnel, ...],
    signalements: tuple[SignalementVu, ...],
) -> ListeAcces:
    """`signalements`: all those of the worker; the page shows them at the head of the whole list."""
    waiting = {one.acces.id for one in signalements if one.acces and one.etat is not Etat.CLOS}
    by_month = groupby(_merged(page.lignes, waiting), key=lambda ligne: (_day(ligne.at).year, _day(ligne.at).month))
    months = [tuple(group) for _, group in by_month]
    return ListeAcces(
        mois=tuple(MoisAcces(lines[0].at, lines) for lines in months),
        montrees=len(page.lignes),
        total=page.total,
        refus=page.refus,
        refus_seuls=refus_seuls,
        plus_ancien=str(page.older) if page.older else None,
        is_suite=is_suite,
        sceau=sceau,
        exceptionnels=exceptionnels,
        signalements=() if is_suite or refus_seuls else signalements,
    )


def _merged(lignes: tuple[Acces, ...], waiting: Collection[UUID]) -> Iterator[LigneAcces]:
    """The same act of the same person several times running on one day is one line, and so are the worker's own acts: what
    somebody else did is not lost among them. The count and both hours are said.
    """
    for _, group in groupby(lignes, key=_same):
        lines = list(group)
        last = lines[0]
        yield LigneAcces(
            id=last.id,
            at=last.at,
            jour=_jour(last.at),
            qui=last.sujet,
            suite=_own(lines) if last.is_own else _suite(last),
            volets=last.volets,
            is_refus=last.decision == REFUSE,
            is_own=last.is_own,
            fois=len(lines),
            depuis=lines[-1].at,
            is_signale=any(one.id in waiting for one in lines),
            is_reportable=last.is_reportable,
        )


def _same(one: Acces) -> tuple[object, ...]:
    what = (one.is_own, one.decision, _day(one.at))
    return what if one.is_own else (*what, one.phrase, one.volets)


def _own(lines: list[Acces]) -> str:
    """What the worker did in a day, each act once: "avez activé votre espace, lu votre dossier et lu vos visites"."""
    acts = list(dict.fromkeys(_suite(one).strip().rstrip(".") for one in reversed(lines)))
    first, *others = [acts[0], *(act.removeprefix("avez ") for act in acts[1:])]
    said = ", ".join([first, *others[:-1]]) + (f" et {others[-1]}" if others else "")
    return f" {said}."


def _suite(one: Acces) -> str:
    """The sentence without its first words, which the page sets in bold."""
    return one.phrase.removeprefix(one.sujet)


def _day(at: datetime) -> date:
    return at.astimezone(PARIS).date()


def _jour(at: datetime) -> str:
    """Day of the week and of the month, for the margin: "lun. 23"."""
    day = _day(at)
    return f"{_JOURS[day.weekday()]}{NO_BREAK}{day.day}"
