"""The simulator: what a draft would have changed, said without a worker's name, and always what the engine then does."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spst.habilitations import actions, moteur, politique, simulation
from spst.habilitations import choix as choices
from spst.habilitations.actions import SECTIONS, Mode
from spst.habilitations.choix import ROLES, Choix, Niveau, at_best
from spst.habilitations.politique import Politique
from spst.habilitations.simulation import Acces, Groupe, Issue
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from tests.habilitations.test_choix import choix
from tests.scale import SCALE

NURSE, OTHER = new_id(), new_id()
ON_DOSSIER = [action for action in actions.all() if action.sections and not action.name.startswith("portail.")]


def draft(*cells: tuple[Role, str, Niveau]) -> Politique:
    made = Choix()
    for cell in cells:
        made = choices.with_niveau(made, *cell)
    return politique.compile_politique(choices.texte_of(made), 1)


LETTERS_READ_ONLY = draft((Role.INF, "S4", Niveau.LIRE))
LETTERS_CLOSED = draft((Role.INF, "S4", Niveau.FERME))


@pytest.mark.exigence("HAB-04", partielle="l’écran")
def test_past_access_that_the_draft_closes_is_counted_as_refused_and_whose_it_is() -> None:
    filing = Acces(Role.INF, "courrier.add", ("S4",), allowed=True, regles=("P-008",))
    reading = Acces(Role.INF, "visite.consult", ("S3",), allowed=True, regles=("P-007",))
    found = simulation.replay(
        LETTERS_READ_ONLY, draft(), [Groupe(NURSE, filing, 118), Groupe(OTHER, filing, 4), Groupe(NURSE, reading, 500)]
    )
    assert (found.rejoues, found.refuses, found.reduits, found.ouverts) == (622, 122, 0, 0)
    assert [(one.compte_id, one.refuses, one.sections) for one in found.touches] == [
        (NURSE, 118, {"S4"}),
        (OTHER, 4, {"S4"}),
    ]


def test_dossier_that_still_opens_with_one_section_less_is_counted_apart() -> None:
    opening = Acces(Role.INF, "dossier.open", SECTIONS[:7], allowed=True, regles=("P-007",))
    assert simulation.outcome(LETTERS_CLOSED, opening) == (Issue.REDUIT, frozenset({"S4"}))
    assert simulation.outcome(LETTERS_READ_ONLY, opening) == (Issue.INCHANGE, frozenset())
    all_closed = draft(*((Role.INF, section, Niveau.FERME) for section in SECTIONS))
    assert simulation.outcome(all_closed, opening)[0] is Issue.REFUSE


def test_what_only_the_spst_refused_would_pass_and_what_the_law_refused_stays_refused() -> None:
    by_spst = Acces(Role.INF, "courrier.add", ("S4",), allowed=False, regles=("R-155",))
    assert simulation.outcome(draft(), by_spst) == (Issue.OUVERT, frozenset({"S4"}))
    assert simulation.outcome(LETTERS_READ_ONLY, by_spst)[0] is Issue.INCHANGE
    for regles in (("P-110",), ("P-115", "R-155"), ()):
        by_law = replace(by_spst, regles=regles)
        assert simulation.outcome(draft(), by_law)[0] is Issue.INCHANGE


def test_draft_is_not_blamed_for_what_the_policy_in_force_closed_or_opened_since() -> None:
    filing = Acces(Role.INF, "courrier.add", ("S4",), allowed=True, regles=("P-008",))
    opening = Acces(Role.INF, "dossier.open", SECTIONS[:7], allowed=True, regles=("P-007",))
    refused = replace(filing, allowed=False, regles=("R-155",))
    more = draft((Role.INF, "S4", Niveau.FERME), (Role.INF, "S5", Niveau.FERME))
    assert simulation.changed(LETTERS_CLOSED, LETTERS_READ_ONLY, filing) == (Issue.INCHANGE, frozenset())
    assert simulation.changed(more, LETTERS_CLOSED, opening) == (Issue.REDUIT, frozenset({"S5"}))
    assert simulation.changed(draft(), draft(), refused) == (Issue.INCHANGE, frozenset())
    assert simulation.changed(draft(), LETTERS_CLOSED, refused) == (Issue.OUVERT, frozenset({"S4"}))


def test_delegate_is_asked_again_with_the_sections_that_were_delegated() -> None:
    closed = draft((Role.ASST, "S2", Niveau.FERME))
    opened = Acces(Role.ASST, "dossier.open", ("S1", "S2"), allowed=True)
    assert simulation.outcome(closed, opened) == (Issue.REDUIT, frozenset({"S2"}))


@pytest.mark.exigence("HAB-04", partielle="l’écran")
def test_accounts_that_gain_or_lose_sections_are_named_with_them_and_no_other() -> None:
    accounts = [(NURSE, Role.INF), (OTHER, Role.MDT)]
    (found,) = simulation.compare(LETTERS_CLOSED, LETTERS_READ_ONLY, accounts)
    assert found.compte_id == NURSE
    assert found.gagne == (("S4", Mode.CONSULTER),)
    assert found.perd == ()


def request(chance: random.Random) -> tuple[Role, str, tuple[str, ...]]:
    action = chance.choice(ON_DOSSIER)
    sections = chance.sample(action.sections, chance.randint(1, len(action.sections)))
    return chance.choice(list(ROLES)), action.name, tuple(sorted(sections))


@pytest.mark.exigence("HAB-04", partielle="l’écran")
def test_engine_and_simulator_agree_on_ten_thousand_requests() -> None:
    chance, agreed = random.Random(4624), 0
    for number in range(40):
        made = Choix()
        for _ in range(chance.randint(0, 20)):
            role, section = chance.choice(ROLES), chance.choice(SECTIONS)
            made = choices.with_niveau(made, role, section, chance.choice(choices.offered(role, section)))
        text = choices.texte_of(made)
        before, after = politique.ceiling_alone(), politique.compile_politique(text, number + 1)
        for _ in range(250):
            role, name, sections = request(chance)
            agreed += check_agreement(before, after, role, name, sections)
    assert agreed == 10_000


def check_agreement(before: Politique, after: Politique, role: Role, name: str, sections: tuple[str, ...]) -> bool:
    """What was done yesterday under the ceiling: the engine answers under the new policy what the simulator said."""
    action = actions.get(name)
    situation = replace(at_best(role), delegation=at_best(role).delegation.intersection(sections))
    yesterday = moteur.decide(before, role, action, situation, targets=sections)
    shown = yesterday.open_sections if yesterday.allowed else sections
    past = Acces(role, name, shown, yesterday.allowed, yesterday.rules)
    issue, difference = simulation.outcome(after, past)
    today = moteur.decide(after, role, action, situation, targets=shown)
    if not yesterday.allowed:
        assert issue is Issue.INCHANGE
        assert not today.allowed
    elif not today.allowed:
        assert issue is Issue.REFUSE
    else:
        assert issue is (Issue.INCHANGE if set(today.open_sections) == set(shown) else Issue.REDUIT)
    if today.allowed and yesterday.allowed:
        assert difference == set(shown) - set(today.open_sections)
    return True


@settings(max_examples=20 * SCALE, deadline=None)
@given(avant=choix(), apres=choix(), role=st.sampled_from(ROLES))
def test_gains_and_losses_are_those_of_the_matrix(avant: Choix, apres: Choix, role: Role) -> None:
    before, after = (politique.compile_politique(choices.texte_of(one), 1) for one in (avant, apres))
    found = simulation.compare(before, after, [(NURSE, role)])
    won = {section for one in found for section, _ in one.gagne}
    lost = {section for one in found for section, _ in one.perd}
    for section in SECTIONS:
        rank = choices.NIVEAUX.index
        assert (section in won) is (rank(apres.niveau(role, section)) < rank(avant.niveau(role, section)))
        assert (section in lost) is (rank(apres.niveau(role, section)) > rank(avant.niveau(role, section)))
