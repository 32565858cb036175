"""Policies that an SPST could write, each as a text and as what it says: who, which act, on what, in which situation.

A text alone would tell that nothing more opens; with what it says, a test also tells that nothing else closes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from hypothesis import strategies as st

from spst.habilitations import choix as choices
from spst.habilitations.actions import DOMAINES
from spst.habilitations.choix import Choix, Niveau
from spst.habilitations.moteur import FLAGS, Situation
from spst.habilitations.ports import Faits
from spst.kernel.acteur import Famille, Role
from tests.habilitations import loi
from tests.habilitations.test_choix import choix

FAITS = tuple(one.name for one in fields(Faits))
MODES = ("consulter", "remplir")
NOTES = '@article("R. 4624-45-5") @explication("Votre service le réserve.")'

ALL_OPENS = Situation(
    faits=Faits(du_spst=True, suivi=True, confie_mpc=True, dossier_of_actor=True),
    delegation=frozenset({"S1", "S2"}),
    **{flag: flag != "acces_exceptionnel" for flag in FLAGS},
)
"""In which every role may do most."""
FACTS = (*FAITS, *FLAGS, "S1", "S2", "S3")
"""Whatever a situation may have or lack, sections delegated included."""


def changed(names: Iterable[str]) -> Situation:
    """The situation in which all opens, with these facts the other way round."""
    found = ALL_OPENS
    for name in names:
        found = _change(found, name)
    return found


def _change(situation: Situation, name: str) -> Situation:
    if name in FAITS:
        return replace(situation, faits=replace(situation.faits, **{name: not getattr(situation.faits, name)}))
    if name in FLAGS:
        flag: dict[str, Any] = {name: not getattr(situation, name)}
        return replace(situation, **flag)
    return replace(situation, delegation=situation.delegation ^ {name})


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Mostly at the edge of what opens, where one fact decides; sometimes anything."""
    most = draw(st.sampled_from([3, 3, 3, len(FACTS)]))
    return changed(draw(st.lists(st.sampled_from(FACTS), unique=True, max_size=most)))


@dataclass(frozen=True, slots=True)
class Interdit:
    """One forbid, written by hand: the four parts of a Cedar rule."""

    qui: str
    quoi: str
    sur: str
    quand: str

    def closes(self, role: Role, question: str, cible: str, situation: Situation) -> bool:
        named = role in _QUI[self.qui] and question in _QUOI[self.quoi] and cible in _SUR[self.sur]
        return named and _QUAND[self.quand](situation)

    def texte(self, number: int, effet: str = "forbid") -> str:
        return f'@id("R-{number:03d}") {NOTES} {effet} ({self.qui}, {self.quoi}, {self.sur}) {self.quand};'


@dataclass(frozen=True, slots=True)
class Locale:
    """The policy of one SPST: the choices of its page, then rules of its own."""

    choix: Choix
    interdits: tuple[Interdit, ...]

    def texte(self) -> str:
        own = [one.texte(number) for number, one in enumerate(self.interdits, 1)]
        return "\n".join([choices.texte_of(self.choix), *own])

    def closes(self, role: Role, question: str, cible: str, situation: Situation) -> bool:
        """Whether it refuses, to somebody whom no exceptional access lets past."""
        if situation.acces_exceptionnel:
            return False
        asked = (role, question, cible, situation)
        return self._closes_by_choice(*asked) or any(one.closes(*asked) for one in self.interdits)

    def _closes_by_choice(self, role: Role, question: str, cible: str, situation: Situation) -> bool:
        niveau = self.choix.niveaux.get((role, cible))
        silent = cible in loi.VOLETS and role in self.choix.motifs and not situation.motif_donne
        return silent or niveau is Niveau.FERME or (niveau is Niveau.LIRE and mode_of(question) == "remplir")


def mode_of(question: str) -> str:
    return loi.ACTES[question].mode if question in loi.ACTES else question


_QUESTIONS = frozenset({*MODES, *loi.ACTES})
_QUI = {
    "principal": frozenset(Role),
    **{f'principal in Famille::"{one}"': frozenset(role for role in Role if role.famille is one) for one in Famille},
    **{f'principal in Role::"{one}"': frozenset({one}) for one in Role},
}
_QUOI = {
    "action": _QUESTIONS,
    **{f'action in Action::"{mode}"': frozenset(q for q in _QUESTIONS if mode_of(q) == mode) for mode in MODES},
    **{f'action == Action::"{acte}"': frozenset({acte}) for acte in loi.ACTES},
}
_SUR = {
    "resource": frozenset({*loi.VOLETS, *DOMAINES}),
    "resource is Volet": frozenset(loi.VOLETS),
    'resource in Partie::"sante"': frozenset(loi.VOLETS[2:7]),
    **{f'resource == Volet::"{one}"': frozenset({one}) for one in loi.VOLETS},
    **{f'resource == Domaine::"{one}"': frozenset({one}) for one in DOMAINES},
}


def _flag(name: str, expected: bool) -> Callable[[Situation], bool]:
    return lambda situation: getattr(situation.faits if name in FAITS else situation, name) is expected


_QUAND: dict[str, Callable[[Situation], bool]] = {
    "": lambda _: True,
    **{f"when {{ context.{name} }}": _flag(name, True) for name in (*FAITS, *FLAGS)},
    **{f"unless {{ context.{name} }}": _flag(name, False) for name in (*FAITS, *FLAGS)},
    'unless { context.delegation.contains(Volet::"S1") }': lambda situation: "S1" not in situation.delegation,
    "when { context.suivi && !context.regime_sir }": lambda s: s.faits.suivi and not s.faits.regime_sir,
}


@st.composite
def interdits(draw: st.DrawFn) -> Interdit:
    """Any forbid that the schema accepts: an act is never put to what it cannot touch."""
    quoi = draw(st.one_of(st.sampled_from(list(_QUOI)[:3]), st.sampled_from(list(_QUOI))))
    touched = {cible for question in _QUOI[quoi] for cible in _touched(question)}
    sur = draw(st.sampled_from([one for one, cibles in _SUR.items() if touched & cibles]))
    return Interdit(draw(st.sampled_from(list(_QUI))), quoi, sur, draw(st.sampled_from(list(_QUAND))))


def _touched(question: str) -> tuple[str, ...]:
    return loi.ACTES[question].cibles if question in loi.ACTES else (*loi.VOLETS, *DOMAINES)


locales = st.builds(Locale, choix=choix(), interdits=st.lists(interdits(), max_size=4).map(tuple))
