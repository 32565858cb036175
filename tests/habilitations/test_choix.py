"""What a direction may choose: never above the law, written as forbids alone, compared cell by cell."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spst.habilitations import choix as choices
from spst.habilitations import moteur, politique
from spst.habilitations.actions import SECTIONS, Mode
from spst.habilitations.choix import INACTIVITES_MIN, ROLES, Choix, Niveau
from spst.habilitations.errors import ChoixRefused
from spst.kernel.acteur import Role
from tests.scale import SCALE

CELLS = tuple(product(ROLES, SECTIONS))


@st.composite
def choix(draw: st.DrawFn) -> Choix:
    """Any choices that the page can lead to."""
    made = Choix(inactivite_min=draw(st.sampled_from(INACTIVITES_MIN)))
    for role, section in draw(st.lists(st.sampled_from(CELLS), unique=True, max_size=24)):
        made = choices.with_niveau(made, role, section, draw(st.sampled_from(choices.offered(role, section))))
    return choices.with_reglages(made, draw(st.frozensets(st.sampled_from(ROLES))), made.inactivite_min)


@pytest.mark.exigence("HAB-02", partielle="les écrans")
@settings(max_examples=60 * SCALE, deadline=None)
@given(made=choix())
def test_what_the_director_chose_is_what_the_engine_answers(made: Choix) -> None:
    compiled = politique.compile_politique(choices.texte_of(made), 1)
    found = choices.niveaux_of(compiled)
    assert found == {cell: made.niveau(*cell) for cell in CELLS}


@pytest.mark.exigence("HAB-03")
@settings(max_examples=60 * SCALE, deadline=None)
@given(made=choix())
def test_no_choice_opens_what_the_law_closes(made: Choix) -> None:
    assert all(rule.startswith("R-") for rule in politique.read_regles(choices.texte_of(made)))
    for (role, section), niveau in choices.niveaux_of(politique.compile_politique(choices.texte_of(made), 1)).items():
        assert niveau in choices.offered(role, section)


@settings(max_examples=60 * SCALE, deadline=None)
@given(made=choix())
def test_choices_are_kept_as_they_were_made(made: Choix) -> None:
    assert choices.from_json(choices.to_json(made)) == made


@settings(max_examples=60 * SCALE, deadline=None)
@given(avant=choix(), apres=choix())
def test_difference_names_every_cell_that_changed_and_no_other(avant: Choix, apres: Choix) -> None:
    found = {one.cellule for one in choices.ecarts(avant, apres) if one.cellule}
    assert found == {cell for cell in CELLS if avant.niveau(*cell) != apres.niveau(*cell)}
    back = choices.ecarts(apres, avant)
    assert [(one.sujet, one.avant, one.apres) for one in back] == [
        (one.sujet, one.apres, one.avant) for one in choices.ecarts(avant, apres)
    ]
    assert {one.sujet: one.elargit for one in back} == {
        one.sujet: not one.elargit for one in choices.ecarts(avant, apres)
    }


@pytest.mark.exigence("HAB-03")
@pytest.mark.parametrize(
    ("role", "section", "niveau"),
    [
        (Role.ASST, "S3", Niveau.LIRE),
        (Role.IPRP, "S6", Niveau.REMPLIR),
        (Role.MPC, "S8", Niveau.LIRE),
        (Role.MDT, "S8", Niveau.REMPLIR),
        (Role.ADM, "S1", Niveau.LIRE),
        (Role.DIR, "S3", Niveau.LIRE),
        (Role.SAL, "S1", Niveau.FERME),
        (Role.INF, "S9", Niveau.FERME),
    ],
)
def test_cell_above_the_ceiling_is_refused(role: Role, section: str, niveau: Niveau) -> None:
    with pytest.raises(ChoixRefused):
        choices.with_niveau(Choix(), role, section, niveau)


def test_rule_of_a_cell_has_the_same_number_in_every_policy() -> None:
    alone = choices.with_niveau(Choix(), Role.INF, "S4", Niveau.LIRE)
    among = choices.with_niveau(alone, Role.MDT, "S8", Niveau.FERME)
    number = set(politique.read_regles(choices.texte_of(alone)))
    assert number == {"R-155"}
    assert number < set(politique.read_regles(choices.texte_of(among)))


def test_every_cell_and_level_has_a_number_of_its_own_and_a_french_sentence() -> None:
    numbers = []
    for role, section in CELLS:
        for niveau in choices.offered(role, section)[1:]:
            regles = politique.read_regles(choices.texte_of(choices.with_niveau(Choix(), role, section, niveau)))
            numbers += list(regles)
            (regle,) = regles.values()
            assert role.label in regle.explication
            assert section in regle.explication
    numbers += list(politique.read_regles(choices.texte_of(Choix(motifs=frozenset(ROLES)))))
    assert len(numbers) == len(set(numbers)) > 100


def test_levels_close_filling_before_reading() -> None:
    made = choices.with_niveau(Choix(), Role.INF, "S4", Niveau.LIRE)
    policy = politique.compile_politique(choices.texte_of(made), 1)
    cells = moteur.decide_matrix(policy, Role.INF, choices.at_best(Role.INF))
    assert cells["S4", Mode.CONSULTER].allowed
    assert cells["S4", Mode.REMPLIR].rules == ("R-155",)
    assert "en lecture seule" in cells["S4", Mode.REMPLIR].explication


def test_choices_of_the_policy_that_ships_with_the_product_are_what_it_closes() -> None:
    shipped = choices.choix_of(politique.compile_politique(politique.default_text(), 0))
    assert shipped.niveaux == dict.fromkeys(
        [(role, "S8") for role in (Role.COLL, Role.INT, Role.INF, Role.IPA)], Niveau.FERME
    )


@pytest.mark.parametrize("minutes", [0, 4, 31, 600])
def test_session_never_stays_open_longer_than_thirty_minutes_without_an_act(minutes: int) -> None:
    with pytest.raises(ChoixRefused):
        choices.with_reglages(Choix(), frozenset(), minutes)
