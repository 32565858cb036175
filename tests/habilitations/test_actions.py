"""The action registry: complete, readable, closed."""

import pytest

from spst.habilitations import actions
from spst.habilitations.actions import DOMAINES, SECTIONS, Action, ActionUnknown, Mode

ALL = actions.all()


def test_unknown_action_raises() -> None:
    with pytest.raises(ActionUnknown):
        actions.get("dossier.destroy")


@pytest.mark.parametrize("action", ALL, ids=[a.name for a in ALL])
def test_action_touches_sections_or_one_domain_never_both(action: Action) -> None:
    assert bool(action.sections) is (action.domaine is None)
    assert set(action.sections) <= set(SECTIONS)
    assert action.domaine is None or action.domaine in DOMAINES


@pytest.mark.parametrize("action", ALL, ids=[a.name for a in ALL])
def test_action_is_named_noun_verb_and_speaks_french_on_screen(action: Action) -> None:
    noun, verb = action.name.split(".")
    assert noun.islower()
    assert verb.islower()
    assert action.label[0].isupper()
    assert action.sentence[0].islower()
    assert "'" not in action.label + action.sentence


def test_names_are_unique() -> None:
    assert len({a.name for a in ALL}) == len(ALL)


def test_traces_are_told_the_facts_of_each_action() -> None:
    facts = actions.traced_facts()
    assert set(facts) == {a.name for a in ALL}
    assert facts["dossier.search"] == {"filtres", "resultats"}
    assert facts["dossier.open"] == frozenset()


def test_nobody_fills_the_traces() -> None:
    assert not [a.name for a in ALL if "S8" in a.sections and a.mode is Mode.REMPLIR]
