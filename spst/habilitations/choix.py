"""What a direction chooses within the ceiling, without writing a rule: cell by cell, and the Cedar text that follows from it.

A cell is a role and a section. The law gives the most; the SPST may close it, or leave it readable only. A rule that closes a
cell has the same number in every version for ever, so that two versions are compared and a trace is explained without them.
Source: C. trav. art. L. 4624-8, R. 4624-45-5 (the ceiling).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any

from spst.habilitations import moteur, politique
from spst.habilitations.actions import SECTIONS, TITRES, Action, Mode
from spst.habilitations.errors import ChoixRefused
from spst.habilitations.moteur import Situation
from spst.habilitations.politique import Politique
from spst.habilitations.ports import Faits
from spst.habilitations.rules import DELEGABLE
from spst.kernel.acteur import Famille, Role

ROLES = (Role.MDT, Role.COLL, Role.INT, Role.INF, Role.IPA, Role.MPC, Role.IPRP, Role.ASST)
"""Those to which the law opens something of the dossier. The worker's own access is not the SPST's to restrict (R. 4624-45-8)."""

INACTIVITES_MIN = (5, 10, 15, 20, 30)
"""Minutes without an act after which a session closes: thirty at most (SESS-04)."""
INACTIVITE_MIN = 15

_FIRST_CELL, _FIRST_MOTIF = 101, 301

Cellule = tuple[Role, str]


class Niveau(StrEnum):
    """What a role may do with a section, from the most to the least."""

    REMPLIR = "remplir"
    LIRE = "lire"
    FERME = "ferme"


NIVEAUX = tuple(Niveau)


@dataclass(frozen=True, slots=True)
class Choix:
    """`niveaux`: the cells that the SPST keeps below the law, and no other. `motifs`: roles that give a reason before they open a
    dossier outside of an appointment. `inactivite_min`: minutes without an act before a session of the staff closes."""

    niveaux: Mapping[Cellule, Niveau] = field(default_factory=dict)
    motifs: frozenset[Role] = frozenset()
    inactivite_min: int = INACTIVITE_MIN

    def niveau(self, role: Role, section: str) -> Niveau:
        return self.niveaux.get((role, section), plafond()[role, section])


@dataclass(frozen=True, slots=True)
class Ecart:
    """One thing that differs between two policies, as the direction reads it. `elargit`: the second opens more.

    `cellule`: the role and section, when the difference is one of the matrix.
    """

    sujet: str
    avant: str
    apres: str
    elargit: bool
    cellule: Cellule | None = None


def at_best(role: Role) -> Situation:
    """The situation in which a role may do most: it follows the worker, is delegated and supervised, nobody is opposed."""
    faits = Faits(du_spst=True, suivi=True, confie_mpc=role is Role.MPC, dossier_of_actor=role is Role.SAL)
    delegation = DELEGABLE if role.famille is Famille.DELEGUE else frozenset()
    return Situation(
        faits=faits,
        delegation=delegation,
        supervision=True,
        avis_delegue=True,
        motif_donne=True,
        deux_facteurs=True,
    )


def opens_at_best(policy: Politique, role: Role, action: Action) -> bool:
    """Whether some situation lets a role do an act."""
    return moteur.decide(policy, role, action, at_best(role)).allowed


@cache
def plafond() -> Mapping[Cellule, Niveau]:
    """The most that the law gives, cell by cell."""
    return niveaux_of(politique.ceiling_alone())


def niveaux_of(policy: Politique) -> dict[Cellule, Niveau]:
    """What a policy gives, cell by cell, as the engine answers it."""
    return {
        (role, section): _niveau(consulter=cells[section, Mode.CONSULTER], remplir=cells[section, Mode.REMPLIR])
        for role in ROLES
        for cells in [moteur.decide_matrix(policy, role, at_best(role))]
        for section in SECTIONS
    }


def _niveau(*, consulter: moteur.Verdict, remplir: moteur.Verdict) -> Niveau:
    if remplir.allowed:
        return Niveau.REMPLIR
    return Niveau.LIRE if consulter.allowed else Niveau.FERME


def choix_of(policy: Politique) -> Choix:
    """The choices of a policy that was not made by choices, as the one that ships with the product."""
    return Choix(niveaux={cell: niveau for cell, niveau in niveaux_of(policy).items() if niveau is not plafond()[cell]})


# ──── Changing


def offered(role: Role, section: str) -> tuple[Niveau, ...]:
    """The levels among which an SPST chooses, from the most to the least; one alone where the law closes."""
    return NIVEAUX[NIVEAUX.index(plafond()[role, section]) :]


def with_niveau(choix: Choix, role: Role, section: str, niveau: Niveau) -> Choix:
    """Raises: ChoixRefused, when the law closes more than that."""
    if (role, section) not in plafond() or niveau not in offered(role, section):
        raise ChoixRefused("La loi ne permet pas d’ouvrir davantage ce volet à cette fonction.")
    kept = {cell: one for cell, one in choix.niveaux.items() if cell != (role, section)}
    if niveau is not plafond()[role, section]:
        kept[role, section] = niveau
    return replace(choix, niveaux=kept)


def with_reglages(choix: Choix, motifs: Iterable[Role], inactivite_min: int) -> Choix:
    """Raises: ChoixRefused."""
    asked = frozenset(motifs)
    if not asked <= set(ROLES) or inactivite_min not in INACTIVITES_MIN:
        raise ChoixRefused("Choisissez une fonction et une durée de la liste.")
    return replace(choix, motifs=asked, inactivite_min=inactivite_min)


# ──── Comparing


def ecarts(avant: Choix, apres: Choix) -> tuple[Ecart, ...]:
    """What differs, role by role and section by section, then the settings."""
    cells = tuple(
        Ecart(
            sujet=f"{role.label}, {TITRES[section].lower()}",
            avant=str(before),
            apres=str(after),
            elargit=NIVEAUX.index(after) < NIVEAUX.index(before),
            cellule=(role, section),
        )
        for role in ROLES
        for section in SECTIONS
        if (before := avant.niveau(role, section)) is not (after := apres.niveau(role, section))
    )
    return cells + tuple(_motifs_changed(avant, apres)) + tuple(_inactivite_changed(avant, apres))


def _motifs_changed(avant: Choix, apres: Choix) -> Iterable[Ecart]:
    for role in ROLES:
        before, after = role in avant.motifs, role in apres.motifs
        if before is not after:
            said = {True: "demandé", False: "non demandé"}
            yield Ecart(f"{role.label}, motif hors rendez-vous", said[before], said[after], elargit=before)


def _inactivite_changed(avant: Choix, apres: Choix) -> Iterable[Ecart]:
    if avant.inactivite_min != apres.inactivite_min:
        yield Ecart(
            "Fermeture d’une session sans activité",
            f"{avant.inactivite_min} minutes",
            f"{apres.inactivite_min} minutes",
            elargit=apres.inactivite_min > avant.inactivite_min,
        )


# ──── Writing


def texte_of(choix: Choix) -> str:
    """The policy as Cedar, in the order of the matrix: forbids alone, each with its number, its article and its sentence."""
    rules = [
        _rule_of_cell(role, section, niveau)
        for role in ROLES
        for section in SECTIONS
        if (niveau := choix.niveaux.get((role, section))) is not None
    ]
    rules += [_rule_of_motif(role) for role in ROLES if role in choix.motifs]
    return "\n".join(rules)


def _rule_of_cell(role: Role, section: str, niveau: Niveau) -> str:
    rank = ROLES.index(role) * len(SECTIONS) + SECTIONS.index(section)
    closes = niveau is Niveau.FERME
    what = f"Votre service {'ferme' if closes else 'ouvre en lecture seule'} le volet {section} ({TITRES[section]})"
    return _forbid(
        _FIRST_CELL + 2 * rank + closes,
        f"{what} à cette fonction\u00a0: {role.label}.",
        f'principal in Role::"{role}", {"action" if closes else f"""action in Action::"{Mode.REMPLIR}" """.strip()}, '
        f'resource == Volet::"{section}"',
    )


def rule_of_motif(role: Role) -> str:
    """The number of the rule by which an SPST asks this role why."""
    return f"R-{_FIRST_MOTIF + ROLES.index(role)}"


def _rule_of_motif(role: Role) -> str:
    return _forbid(
        _FIRST_MOTIF + ROLES.index(role),
        f"Votre service demande un motif avant d’ouvrir un dossier hors rendez-vous, à cette fonction\u00a0: {role.label}.",
        f'principal in Role::"{role}", action, resource is Volet',
        "unless { context.motif_donne }",
    )


def _forbid(number: int, explication: str, scope: str, condition: str = "") -> str:
    return (
        f'@id("R-{number:03d}")\n@article("R. 4624-45-5")\n@explication("{explication}")\n'
        f"forbid ({scope}){' ' if condition else ''}{condition};\n"
    )


# ──── Keeping


def to_json(choix: Choix) -> dict[str, Any]:
    return {
        "niveaux": {f"{role}:{section}": str(niveau) for (role, section), niveau in choix.niveaux.items()},
        "motifs": sorted(map(str, choix.motifs)),
        "inactivite_min": choix.inactivite_min,
    }


def from_json(kept: Mapping[str, Any]) -> Choix:
    niveaux: dict[Cellule, Niveau] = {}
    for cell, niveau in kept["niveaux"].items():
        role, section = cell.split(":")
        niveaux[Role(role), section] = Niveau(niveau)
    return Choix(niveaux, frozenset(map(Role, kept["motifs"])), kept["inactivite_min"])
