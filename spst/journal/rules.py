"""How a line of the journal is written for each of its readers: pure functions."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from uuid import UUID

from spst.habilitations import actions
from spst.journal.genres import Choix
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS
from spst.web.filters import NO_BREAK

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 of Crockford: no letter is taken for a figure."""
_LOOKALIKES = str.maketrans("OIL", "011")
_REFERENCE_BYTES = 5

_POURQUOI = {
    "visite": "pour votre visite",
    "suivi": "pour votre suivi",
    "delegation": "par délégation du médecin du travail",
    "droits": "pour répondre à votre demande",
    "administration": "pour la tenue de votre dossier",
    "technique": "pour une opération technique",
    "exceptionnel": "par accès exceptionnel",
    "reidentification": "pour savoir de qui est un dossier",
}
_MOTIFS = {
    "visite": "Visite",
    "suivi": "Suivi du salarié",
    "delegation": "Délégation du médecin du travail",
    "droits": "Demande du salarié",
    "administration": "Tenue du dossier",
    "technique": "Opération technique",
    "exceptionnel": "Accès exceptionnel",
    "reidentification": "Ré-identification",
}
GESTES = {
    "suspension": "Suspendre un compte",
    "reouverture": "Rouvrir un compte",
    "reinscription": "Inscrire un compte à nouveau",
    "nom_corrige": "Corriger le nom d’un compte",
    "secteur_cree": "Ouvrir un secteur",
    "secteur_renomme": "Renommer un secteur",
    "centre_cree": "Ajouter un centre",
    "centre_renomme": "Renommer un centre",
    "equipe_cree": "Créer une équipe",
    "equipe_renomme": "Renommer une équipe",
    "equipe_entree": "Ajouter à une équipe",
    "equipe_sortie": "Retirer d’une équipe",
    "role_demande": "Demander un rôle de santé",
    "role_confirme": "Confirmer un rôle de santé",
    "role_ecarte": "Écarter la demande d’un rôle",
    "depart": "Prévoir un départ",
    "reintegration": "Réintégrer un compte",
    "inusage": "Suspendre un compte non utilisé",
    "reglages": "Régler la revue et l’inusage",
    "revue_ouverte": "Ouvrir une revue des habilitations",
    "revue_decision": "Décider d’une ligne de la revue",
    "revue_signee": "Signer la revue des habilitations",
    "enregistrement_accorde": "Habiliter à enregistrer des identités",
    "enregistrement_retire": "Retirer l’habilitation à enregistrer",
    "insi_accorde": "Habiliter à appeler INSi",
    "insi_retire": "Retirer l’habilitation à appeler INSi",
    "dmp_consulter_accorde": "Habiliter à consulter le DMP",
    "dmp_consulter_retire": "Retirer l’habilitation à consulter le DMP",
    "dmp_alimenter_accorde": "Habiliter à alimenter le DMP",
    "dmp_alimenter_retire": "Retirer l’habilitation à alimenter le DMP",
    "mssante_accorde": "Habiliter à utiliser MSSanté",
    "mssante_retire": "Retirer l’habilitation à utiliser MSSanté",
    "moyen_ajoute": "Inscrire un moyen d’identification",
    "moyen_corrige": "Corriger un moyen d’identification",
    "moyen_retire": "Retirer un moyen d’identification",
    "reidentification_close": "Clore une demande de ré-identification",
    "brouillon_ouvert": "Ouvrir un brouillon de la politique",
    "brouillon_case": "Changer une case du brouillon",
    "brouillon_reglages": "Changer les réglages du brouillon",
    "brouillon_annulation": "Annuler un changement du brouillon",
    "brouillon_avis": "Noter l’avis de la commission",
    "brouillon_abandon": "Abandonner le brouillon",
    "brouillon_renvoye": "Renvoyer le brouillon à son auteur",
    "brouillon_repris": "Reprendre le brouillon proposé",
    "cas_pris": "Prendre en charge un accès à examiner",
    "cas_clos": "Clore un accès à examiner",
    "cas_rouvert": "Rouvrir un accès à examiner",
}
"""What an act did, when its action says too little: to an account, to a draft."""
NIVEAUX = {"remplir": "remplir", "lire": "lire", "ferme": "fermé"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

DISCREETS = ("portail.report", "alerte.consult", "alerte.decide")
"""What a worker reports and what becomes of it: between him and the DPO. Who opened the dossier does not read it there, and the
direction reads no reference beside it."""

PERMIS, REFUSE = "permis", "refuse"
DECISIONS = {PERMIS: "Permis", REFUSE: "Refusé"}


@dataclass(frozen=True, slots=True)
class Filtres:
    """What the direction looks for. `start`, `end`: days of the SPST, both included; None in the others: whatever."""

    start: date
    end: date
    compte_id: UUID | None = None
    role: str | None = None
    acte: Choix | None = None
    section: str | None = None
    decision: str | None = None
    reference: str | None = None
    """Opaque reference of a dossier."""
    demande: str | None = None
    """Reference of one request, as a page of refusal gives it: its last twelve hexadecimal signs."""
    on_dossier: bool | None = None
    """True: only what touches a dossier, neither sessions nor accounts nor the reading of this journal."""

    @property
    def kinds(self) -> str:
        """For the trace of the search: which filters were set, not to what."""
        set_ = (f.name for f in fields(self) if getattr(self, f.name) is not None)
        return ",".join(name for name in set_ if name not in {"start", "end"}) or "periode"


@dataclass(frozen=True, slots=True)
class Ligne:
    """One line as the direction reads it: no purpose, no type of visit, no name of a worker, no content."""

    id: UUID
    at: datetime
    personne: str
    role: str
    acte: str
    sections: tuple[str, ...]
    reference: str | None
    decision: str
    regles: tuple[str, ...]
    version: str
    action: str
    code_role: str
    compte_id: UUID | None
    """Of the staff; None for the worker and for the program."""
    demande: UUID
    filtres: str
    """Kinds of filter of a search, as it was traced."""


@dataclass(frozen=True, slots=True)
class Acces:
    """One access to a dossier as its professionals (`acte`, `motif`) and its worker (`phrase`, a sentence) read it.

    `sujet`: the first words of the sentence, those that say who. `is_reportable`: somebody of the staff did it, and not
    to answer a report.
    """

    id: UUID
    at: datetime
    qui: str
    profession: str
    acte: str
    phrase: str
    motif: str
    sections: tuple[str, ...]
    decision: str
    is_own: bool
    volets: str = field(default="")
    sujet: str = field(default="")
    is_reportable: bool = False


def reference(keyed: bytes) -> str:
    """Opaque reference of a dossier, from its keyed pseudonym: 40 bits, the same line after line in one SPST.

    >>> reference(bytes(32))
    'D-0000-0000'
    """
    number = int.from_bytes(keyed[:_REFERENCE_BYTES])
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"D-{letters[:4]}-{letters[4:]}"


def normalise_demande(typed: str) -> str | None:
    """The reference of a request as somebody types it; None when it cannot be one.

    >>> normalise_demande("2337 BBDD-31f4")
    '2337bbdd31f4'
    """
    signs = re.sub(r"[\s-]", "", typed.lower())
    return signs if re.fullmatch(r"[0-9a-f]{12}", signs) else None


def normalise_reference(typed: str) -> str | None:
    """A reference as somebody types it; None when it cannot be one.

    >>> normalise_reference("d 7f2k 9olm")
    'D-7F2K-901M'
    """
    letters = re.sub(r"[\s-]", "", typed.upper()).removeprefix("D").translate(_LOOKALIKES)
    if len(letters) != 8 or not set(letters) <= set(_ALPHABET):
        return None
    return f"D-{letters[:4]}-{letters[4:]}"


def essai_of(action: str, decision: str) -> str:
    """An act on a dossier as its professionals read it, the refused one as an attempt."""
    return f"A voulu {_lower(acte_of(action))}" if decision == REFUSE else acte_of(action)


@dataclass(frozen=True, slots=True)
class Objet:
    """On what an act of the direction bears: an account and a role, or a cell of a draft."""

    compte: str | None = None
    role: str | None = None
    volet: str | None = None
    niveau: str | None = None


def acte_on(action: str, geste: str | None, objet: Objet) -> str:
    """An act as the direction reads it: on an account, which one, what was done to it, and in which role.

    >>> acte_on("compte.update", "suspension", Objet("Mme Anne Durand")).replace(NO_BREAK, " ")
    'Suspendre un compte : Mme Anne Durand'
    >>> acte_on("habilitation.grant", None, Objet("Mme Anne Durand", "ADM")).replace(NO_BREAK, " ")
    'Accorder une habilitation : Mme Anne Durand, Administrative'
    >>> acte_on("politique.draft", "brouillon_case", Objet(None, "INF", "S2", "lire")).replace(NO_BREAK, " ")
    'Changer une case du brouillon : Infirmier en santé au travail, emplois et expositions, lire'
    """
    label = GESTES.get(geste or "", acte_of(action))
    said = [
        objet.compte,
        role_label(objet.role, objet.compte) if objet.role else None,
        volets([objet.volet]) if objet.volet else None,
        NIVEAUX.get(objet.niveau or ""),
    ]
    words = ", ".join(filter(None, said))
    return f"{label}{NO_BREAK}: {words}" if words else label


def acte_of(action: str) -> str:
    """Label of an action; a name that the registry no longer holds is shown as it was written."""
    try:
        return actions.get(action).label
    except actions.ActionUnknown:
        return "Acte inconnu" if action == "inconnue" else action


def personne_of(role: str, name: str | None) -> tuple[str, str]:
    """Who and as what. The worker is never named here."""
    if role == Role.SAL:
        return "Le salarié", "Depuis son espace"
    if role == Role.SRV:
        return "Traitement automatique", "Service technique"
    return name or "Compte inconnu", role_label(role, name)


def role_label(role: str, name: str | None = None) -> str:
    return Role(role).label_of(name) if role in set(Role) else role


def profession_of(role: str, name: str | None) -> str:
    """Function of a person inside a sentence."""
    return _lower(role_label(role, name))


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def pourquoi(motif: str | None, precision: str | None) -> str:
    said = _POURQUOI.get(motif or "", "")
    return f"{said} ({precision})" if said and precision else said


def motif_of(motif: str | None, precision: str | None) -> str:
    """Why, as a professional reads it."""
    said = _MOTIFS.get(motif or "", "")
    return f"{said} ({precision})" if said and precision else said


def volets(sections: Iterable[str]) -> str:
    """The parts of a dossier, named.

    >>> volets(["S2", "S1"])
    'identité, emplois et expositions'
    """
    return ", ".join(_lower(actions.TITRES.get(section, section)) for section in sorted(sections))


def phrase(action: str, role: str, name: str | None, decision: str, why: str) -> str:
    """What the worker is told, in one sentence or two; a refusal is said too."""
    if decision == REFUSE:
        return f"{_subject(role, name)} {_tried(action, role)}. L’accès a été refusé."
    reason = _reason(action, why) if role != Role.SAL else ""
    return f"{_subject(role, name)} {_done(action)}{reason}."


def _reason(action: str, why: str) -> str:
    """An act that names its reason itself, as a visit does: only the precision of the reason is said after it."""
    named = _POURQUOI.get(action.partition(".")[0])
    rest = why.removeprefix(named).strip() if named else why
    return f" {rest}" if rest else ""


def sujet(role: str, name: str | None) -> str:
    """Who, at the beginning of a sentence to the worker."""
    if role == Role.SAL:
        return "Vous"
    if role == Role.SRV:
        return "Un traitement automatique"
    return name or "Une personne de votre service"


def _subject(role: str, name: str | None) -> str:
    who = sujet(role, name)
    return who if role in {Role.SAL, Role.SRV} else f"{who}, {profession_of(role, name)},"


def _done(action: str) -> str:
    try:
        return actions.get(action).sentence
    except actions.ActionUnknown:
        return "a fait un acte sur votre dossier"


def _tried(action: str, role: str) -> str:
    verb = "avez voulu" if role == Role.SAL else "a voulu"
    try:
        asked = actions.get(action)
    except actions.ActionUnknown:
        return f"{verb} faire un acte sur votre dossier"
    return f"{verb} {asked.attempt or _lower(asked.label)}"


COLUMNS = ("Date", "Heure", "Personne", "Rôle", "Acte", "Volets", "Dossier", "Décision", "Règles", "Politique")


def csv_head(spst: str, filtres: Filtres, made_at: datetime, count: int, qui: str | None) -> str:
    """First rows of an export: what it is, when, by which filters."""
    asked = [
        ("Journal des accès", spst),
        ("Exporté le", made_at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")),
        ("Période", f"du {filtres.start:%d/%m/%Y} au {filtres.end:%d/%m/%Y}"),
        ("Personne ou rôle", (qui or "Toutes").replace(NO_BREAK, " ")),
        ("Acte", filtres.acte.label if filtres.acte else "Tous"),
        ("Volet", filtres.section or ("Dossiers seuls" if filtres.on_dossier else "Tous")),
        ("Décision", DECISIONS.get(filtres.decision or "", "Toutes")),
        ("Dossier", filtres.reference or "Tous"),
        *([("Demande", filtres.demande)] if filtres.demande else []),
        ("Lignes", str(count)),
    ]
    return "\ufeff" + "".join(csv_row(row) for row in asked) + csv_row(()) + csv_row(COLUMNS)


def csv_line(line: Ligne) -> str:
    at = line.at.astimezone(PARIS)
    return csv_row(
        (
            at.strftime("%d/%m/%Y"),
            at.strftime("%H:%M:%S"),
            line.personne.replace(NO_BREAK, " "),
            line.role,
            line.acte,
            " ".join(line.sections),
            line.reference or "",
            DECISIONS[line.decision],
            " ".join(line.regles),
            line.version,
        )
    )


def csv_row(values: Sequence[str]) -> str:
    """One row for a French spreadsheet: semicolons, CR LF, and nothing that it would take for a formula.

    >>> csv_row(("=1+1", "a;b"))
    '\\'=1+1;"a;b"\\r\\n'
    """
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow([neutral(value) for value in values])
    return out.getvalue()


def neutral(value: str) -> str:
    """A text that begins like a formula, full-width signs among them, gets an apostrophe (OWASP, CSV injection)."""
    return f"'{value}" if unicodedata.normalize("NFKC", value).startswith(_FORMULA) else value
