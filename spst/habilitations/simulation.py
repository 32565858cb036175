"""What a draft would have changed: past accesses asked again of it, accounts compared, free questions. It changes nothing.

A traced access says who asked for what and how it ended, not every fact of that day. What was allowed is asked again in the
situation in which it was allowed: the policy of an SPST only forbids, by role and section, so that the answer is the draft's.
What was refused by the law stays refused; what only the SPST refused is asked again. What the policy in force changed since then
is not the draft's doing. A reason that would be demanded is not replayed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from spst.habilitations import actions, moteur
from spst.habilitations.actions import SECTIONS, Mode
from spst.habilitations.choix import at_best
from spst.habilitations.moteur import Situation, Verdict
from spst.habilitations.politique import Politique
from spst.kernel.acteur import Role


class Issue(StrEnum):
    """What becomes of an access under the draft. REDUIT: it opens, and shows fewer sections than it did."""

    INCHANGE = "inchange"
    REFUSE = "refuse"
    REDUIT = "reduit"
    OUVERT = "ouvert"


@dataclass(frozen=True, slots=True)
class Acces:
    """A kind of past access on the dossier, as the traces tell it. `sections`: those that it opened, or that it asked for and
    was refused. `regles`: that decided. `exceptionnel`: it was one that gets past the policy of the SPST."""

    role: Role
    action: str
    sections: tuple[str, ...]
    allowed: bool
    regles: tuple[str, ...] = ()
    exceptionnel: bool = False


@dataclass(frozen=True, slots=True)
class Groupe:
    """Accesses of one account that are alike, and how many."""

    compte_id: UUID
    acces: Acces
    nombre: int


@dataclass(frozen=True, slots=True)
class Touche:
    """What a draft does to one account over the period. `sections`: those that its accesses would lose, or win."""

    compte_id: UUID
    role: Role
    refuses: int = 0
    reduits: int = 0
    ouverts: int = 0
    sections: frozenset[str] = frozenset()

    @property
    def nombre(self) -> int:
        return self.refuses + self.reduits + self.ouverts


@dataclass(frozen=True, slots=True)
class Essai:
    """A replay: how many accesses, what would become of them, and whose. No worker is in it."""

    rejoues: int
    refuses: int
    reduits: int
    ouverts: int
    touches: tuple[Touche, ...]
    """The most touched first."""


@dataclass(frozen=True, slots=True)
class Compare:
    """What one account, in one role, would gain or lose. Each: (section, mode)."""

    compte_id: UUID
    role: Role
    gagne: tuple[tuple[str, Mode], ...]
    perd: tuple[tuple[str, Mode], ...]


def replay(draft: Politique, in_force: Politique, groupes: Iterable[Groupe]) -> Essai:
    """Ask each kind of access again, once, and count what the draft would change."""
    total, found = 0, dict[tuple[UUID, Role], Touche]()
    for groupe in groupes:
        total += groupe.nombre
        issue, lost = changed(draft, in_force, groupe.acces)
        if issue is Issue.INCHANGE:
            continue
        key = groupe.compte_id, groupe.acces.role
        found[key] = _more(found.get(key) or Touche(*key), issue, lost, groupe.nombre)
    touches = tuple(sorted(found.values(), key=lambda one: (-one.nombre, one.compte_id)))
    return Essai(
        rejoues=total,
        refuses=sum(one.refuses for one in touches),
        reduits=sum(one.reduits for one in touches),
        ouverts=sum(one.ouverts for one in touches),
        touches=touches,
    )


def changed(draft: Politique, in_force: Politique, acces: Acces) -> tuple[Issue, frozenset[str]]:
    """What becomes of one access by the draft, and not already by the policy in force; the sections that make the difference."""
    issue, sections = outcome(draft, acces)
    today, already = outcome(in_force, acces)
    if issue is not today:
        return issue, sections
    return (issue, sections - already) if sections - already else (Issue.INCHANGE, frozenset())


@lru_cache(maxsize=4096)
def outcome(draft: Politique, acces: Acces) -> tuple[Issue, frozenset[str]]:
    """What becomes of one access, and the sections that make the difference."""
    if not acces.allowed and not _by_the_spst_alone(acces):
        return Issue.INCHANGE, frozenset()
    asked = actions.get(acces.action)
    targets = tuple(section for section in acces.sections if section in asked.sections)
    if not targets:
        return Issue.INCHANGE, frozenset()
    decision = moteur.decide(draft, acces.role, asked, _situation(acces), targets=targets)
    closed = frozenset(section for section, verdict in decision.sections.items() if not verdict.allowed)
    if not acces.allowed:
        return (Issue.OUVERT, frozenset(decision.open_sections)) if decision.allowed else (Issue.INCHANGE, frozenset())
    if not decision.allowed:
        return Issue.REFUSE, closed
    return (Issue.REDUIT, closed) if closed else (Issue.INCHANGE, frozenset())


def compare(avant: Politique, apres: Politique, accounts: Iterable[tuple[UUID, Role]]) -> tuple[Compare, ...]:
    """Which accounts gain or lose which sections; those that nothing happens to are left out."""
    gained = {role: _gained(avant, apres, role) for role in Role}
    lost = {role: _gained(apres, avant, role) for role in Role}
    return tuple(
        Compare(compte_id, role, gained[role], lost[role]) for compte_id, role in accounts if gained[role] or lost[role]
    )


def ask(policy: Politique, role: Role, situation: Situation) -> Mapping[tuple[str, Mode], Verdict]:
    """The free question: what somebody in this situation may do with each section, and by which rule."""
    return moteur.decide_matrix(policy, role, situation)


def _gained(avant: Politique, apres: Politique, role: Role) -> tuple[tuple[str, Mode], ...]:
    before, after = (ask(policy, role, at_best(role)) for policy in (avant, apres))
    return tuple(
        (section, mode)
        for section in SECTIONS
        for mode in Mode
        if after[section, mode].allowed and not before[section, mode].allowed
    )


def _situation(acces: Acces) -> Situation:
    best = at_best(acces.role)
    delegated = best.delegation.intersection(acces.sections)
    return replace(best, delegation=delegated, acces_exceptionnel=acces.exceptionnel and acces.role is Role.MDT)


def _by_the_spst_alone(acces: Acces) -> bool:
    return bool(acces.regles) and all(rule.startswith("R-") for rule in acces.regles)


def _more(one: Touche, issue: Issue, sections: frozenset[str], nombre: int) -> Touche:
    return replace(
        one,
        refuses=one.refuses + nombre * (issue is Issue.REFUSE),
        reduits=one.reduits + nombre * (issue is Issue.REDUIT),
        ouverts=one.ouverts + nombre * (issue is Issue.OUVERT),
        sections=one.sections | sections,
    )
