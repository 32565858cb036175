"""Roles as they are said of a person."""

import pytest

from spst.kernel.acteur import Role

SAID_OF_BOTH = {Role.MDT, Role.INT, Role.MPC, Role.DIR, Role.TECH, Role.SAL, Role.SRV}


@pytest.mark.parametrize("role", Role, ids=str)
def test_a_role_agrees_with_the_person(role: Role) -> None:
    masculine, feminine = role.label_of("M. Malo Le Roux"), role.label_of("Mme Claire Vasseur")
    assert masculine == role.label
    assert (feminine == masculine) == (role in SAID_OF_BOTH)


@pytest.mark.parametrize("role", Role, ids=str)
def test_a_role_in_a_narrow_column_is_a_word_or_two_that_agree(role: Role) -> None:
    assert len(role.bref_of("Mme Claire Vasseur")) <= 22
    assert Role.ASST.bref_of("Mme\u00a0Maëlle Le Goff") == "Assistante"
    assert Role.INF.bref_of("M.\u00a0Yanis Delmas") == "Infirmier"


@pytest.mark.parametrize("nom", [None, "", "Dr Claire Vasseur", "Mmeline Vasseur", "M. Mme"])
def test_a_name_that_does_not_tell_leaves_the_role_as_it_is_written(nom: str | None) -> None:
    assert Role.COLL.label_of(nom) == "Collaborateur médecin"
