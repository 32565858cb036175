"""The policy as a table and as sentences: what the engine answers for each role and part of the dossier, at best."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from spst.comptes.comptes_queries import CompteVu
from spst.comptes.octroi_rules import BY_EVIDENCE
from spst.habilitations import choix as choices
from spst.habilitations import moteur, politique
from spst.habilitations.actions import SECTIONS, TITRES, Mode
from spst.habilitations.choix import Choix, Niveau
from spst.habilitations.moteur import Verdict
from spst.habilitations.politique import Politique, Regle, numero_of
from spst.habilitations.services import Reponse
from spst.habilitations.simulation import Touche
from spst.kernel.acteur import Famille, Role
from spst.web.filters import date_courte

COLONNES: tuple[tuple[Role, str, str], ...] = (
    (Role.MDT, "Médecin", "du travail"),
    (Role.COLL, "Collaborateur", "médecin"),
    (Role.INT, "Interne", ""),
    (Role.INF, "Infirmier", ""),
    (Role.IPA, "Infirmier", "pratique avancée"),
    (Role.MPC, "Médecin", "correspondant"),
    (Role.IPRP, "IPRP", "délégation"),
    (Role.ASST, "Assistant", "délégation"),
    (Role.PRO, "Équipe", "hors délégation"),
    (Role.ADM, "Administratif", ""),
    (Role.DIR, "Direction", "DPO, audit"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One cell. `etat`: "remplir", "lire", "ferme" (by the SPST) or "loi".

    In a draft: `cellule` names it, `suivant` is the level that the next press gives, `etait` what is in force when it differs.
    """

    etat: str
    article: str = ""
    precision: str = ""
    role: str = ""
    cellule: str = ""
    suivant: str = ""
    etait: str = ""


@dataclass(frozen=True, slots=True)
class LigneMatrice:
    """One part of the dossier, for every role."""

    section: str
    titre: str
    cases: tuple[Case, ...]


def matrice(policy: Politique, *, avant: Choix | None = None) -> tuple[LigneMatrice, ...]:
    """What each role may do at best: it follows the worker, is delegated and supervised, nobody is opposed.

    `avant`: what is in force, when `policy` is a draft whose cells can be changed.
    """
    columns = {role: _column(role, policy, avant) for role, _, _ in COLONNES}
    return tuple(
        LigneMatrice(section, TITRES[section], tuple(columns[role][section] for role, _, _ in COLONNES))
        for section in SECTIONS
    )


def _column(role: Role, policy: Politique, avant: Choix | None) -> dict[str, Case]:
    situation = choices.at_best(role)
    allowed = moteur.decide_matrix(policy, role, situation)
    most = moteur.decide_matrix(politique.ceiling_alone(), role, situation)
    cells = {
        section: _case(
            role,
            allowed[section, Mode.CONSULTER],
            allowed[section, Mode.REMPLIR],
            most[section, Mode.CONSULTER],
        )
        for section in SECTIONS
    }
    if moteur.decide_one(policy, role, "journal.consult", "journal", situation).allowed:
        cells["S8"] = Case("lire", precision="sans contenu", role=role.label)
    if avant is not None and role in choices.ROLES:
        return {section: _editable(case, role, section, avant) for section, case in cells.items()}
    return cells


def _editable(case: Case, role: Role, section: str, avant: Choix) -> Case:
    """A cell of the draft: pressed, it goes to the next level that the law allows, and round."""
    levels = choices.offered(role, section)
    if len(levels) == 1:
        return case
    before = str(avant.niveau(role, section))
    following = levels[(levels.index(Niveau(case.etat)) + 1) % len(levels)]
    return replace(
        case,
        cellule=f"{role}:{section}",
        suivant=str(following),
        etait=before if before != case.etat else "",
    )


def _case(role: Role, read: Verdict, fill: Verdict, most: Verdict) -> Case:
    if fill.allowed:
        return Case("remplir", role=role.label)
    if read.allowed:
        return Case("lire", role=role.label)
    if most.allowed:
        return Case("ferme", article=read.article, role=role.label)
    return Case("loi", article=_short(most.article), role=role.label)


def _short(article: str) -> str:
    """The first article of the reason: a cell has room for one."""
    return article.split(",")[0].split(" al.")[0].strip()


def regles(in_force: Politique) -> dict[str, list[Regle]]:
    """Numbered rules by what they do: what the law opens, what it closes, what the SPST closes."""
    grouped: dict[str, list[Regle]] = {"ouvre": [], "ferme": [], "service": []}
    for regle in sorted(in_force.regles.values(), key=lambda one: one.id):
        kind = "service" if regle.id.startswith("R-") else ("ouvre" if regle.is_permit else "ferme")
        grouped[kind].append(regle)
    return grouped


def adresse_politique(version: str, regle: str | None = None) -> str:
    """Where a version is read, or a rule as it decided: the SPST's in its version, which never changes; the law's in force."""
    if regle is not None and not regle.startswith("R-"):
        return url_for("politique.show", _anchor=regle)
    return url_for("politique.show_version", numero=numero_of(version), _anchor=regle)


def effet(touche: Touche) -> str:
    """What a draft would have done to one account, in a sentence of the table."""
    titres = _listed([TITRES[section].lower() for section in SECTIONS if section in touche.sections])
    if touche.refuses:
        return f"Ne pourrait plus\u00a0: {titres}"
    return f"Ne lirait plus\u00a0: {titres}" if touche.reduits else f"Pourrait\u00a0: {titres}"


def gains(pairs: Iterable[tuple[str, Mode]]) -> str:
    """Sections with what is gained or lost in each, in words."""
    by_section: dict[str, list[str]] = {}
    for section, mode in pairs:
        by_section.setdefault(section, []).append("lire" if mode is Mode.CONSULTER else "remplir")
    return _listed([f"{' et '.join(modes)} {TITRES[section].lower()}" for section, modes in by_section.items()])


def _listed(words: list[str]) -> str:
    return ", ".join(words)


def reponse(one: Reponse, compte: CompteVu) -> dict[str, Any]:
    """The answer to a free question, for the page."""
    section = one.droit.section
    return {
        "qui": compte.nom_complet,
        "role": one.role.label_of(compte.nom_complet),
        "volet": f"{section}, {TITRES[section].lower()}",
        "acces": [
            {
                "mode": mode,
                "allowed": verdict.allowed,
                "explication": verdict.explication,
                "regle": _first(verdict.rules),
            }
            for mode, verdict in (("Lire", one.droit.consulter), ("Remplir", one.droit.remplir))
        ],
        "conditions": list(_conditions(one, compte)),
    }


_NEVER = "Aucune entrée notée."
_BY_EVIDENCE = " Ce rôle n’ouvre une session que si Pro Santé Connect atteste la profession."


def _conditions(one: Reponse, compte: CompteVu) -> Iterator[dict[str, Any]]:
    """What the answer rests on, as it stands for this account today."""
    if compte.suspended_at is not None:
        yield {"oui": False, "phrase": "Compte suspendu\u00a0: personne n’y entre."}
    if compte.last_login_at is not None:
        yield {"oui": True, "phrase": f"Dernière entrée le {date_courte(compte.last_login_at)}."}
    else:
        yield {"oui": False, "phrase": _NEVER + (_BY_EVIDENCE if one.role in BY_EVIDENCE else "")}
    teams = [equipe.nom for equipe in compte.equipes]
    if one.role in choices.ROLES and one.role is not Role.MPC:
        said = (
            f"Suit les salariés de {_listed(teams)}." if teams else "Dans aucune équipe\u00a0: ne suit aucun salarié."
        )
        yield {"oui": bool(teams), "phrase": said}
    if one.par_protocole is not None:
        said = (
            "Un protocole avec un médecin du travail est en cours."
            if one.par_protocole
            else "Aucun protocole en cours."
        )
        yield {"oui": one.par_protocole, "phrase": said}
    if one.par_delegation is not None:
        given = "Une délégation sur ce volet est en cours" + (
            ", pour des dossiers désignés." if one.dossiers_designes else "."
        )
        yield {"oui": one.par_delegation, "phrase": given if one.par_delegation else "Aucune délégation sur ce volet."}
    if one.motif:
        yield {"oui": True, "phrase": "Dit pourquoi avant d’ouvrir un dossier hors rendez-vous."}
    if one.role.famille is Famille.DIRECTION and one.droit.section == "S8":
        yield {"oui": True, "phrase": "Lit le journal des accès du service, sans contenu ni nom de salarié."}
    if one.role not in choices.ROLES:
        yield {"oui": False, "phrase": "Aucun texte n’ouvre le dossier à cette fonction."}


def _first(rules: tuple[str, ...]) -> str | None:
    return rules[0] if rules else None
