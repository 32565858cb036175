"""What a proof supports, as tables; and what must hold whatever a proof says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.adapters.psc.wire import attestation_of, rpps_of
from spst.comptes.rules import (
    LIMITES,
    Activite,
    Attestation,
    Exercice,
    Octroi,
    Structures,
    ends_at,
    is_in_force,
    situations,
)
from spst.kernel.acteur import Famille, Role

HERE = Activite(siret="90000011800019", siren="900000118", secteur="SA66", libelle="SPSTI TEST DES COTEAUX")
ELSEWHERE = Activite(siret="90000033200016", siren="900000332", secteur="SA07")
SPST = Structures("900000118", frozenset({"90000011800019"}), frozenset({"690000096"}))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def proof(profession: str, savoir_faire: str = "", categorie: str = "C", *activites: Activite) -> Attestation:
    return Attestation((Exercice(profession, categorie, savoir_faire, activites or (HERE,)),))


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize(
    ("attestation", "role", "opens"),
    [
        (proof("10", "SM25"), Role.MDT, True),
        (proof("10", "SCH35"), Role.MDT, True),
        (proof("10", "C41"), Role.MDT, True),
        (proof("10", "CAPA11"), Role.MDT, True),
        (proof("10", "SM26"), Role.MDT, False),
        (proof("10", ""), Role.MDT, False),
        (proof("10", "", "C", Activite(siret=HERE.siret, fonction="FON-29")), Role.MDT, True),
        (proof("10", "SM25", "E"), Role.MDT, False),
        (proof("10", "SM26"), Role.COLL, True),
        (proof("10", "SM26"), Role.MPC, True),
        (proof("10", "SM25", "E"), Role.INT, True),
        (proof("10", "", "C", Activite(siret=HERE.siret, fonction="FON-48")), Role.INT, True),
        (proof("10", "SM25"), Role.INT, False),
        (proof("60"), Role.INF, True),
        (proof("60"), Role.IPA, True),
        (proof("60"), Role.MDT, False),
        (proof("10", "SM25"), Role.INF, False),
        (proof("99"), Role.ASST, True),
        (proof("99"), Role.IPRP, True),
        (proof("99"), Role.ADM, True),
        (proof("99"), Role.INF, False),
        (proof("94"), Role.IPRP, False),
        (proof("41"), Role.ASS, True),
        (proof("93"), Role.PRO, True),
        (proof("41"), Role.DIR, True),
        (proof("10", "SM25"), Role.TECH, False),
        (proof("10", "SM25"), Role.SAL, False),
    ],
)
def test_profession_and_savoir_faire_support_a_role_or_do_not(
    attestation: Attestation, role: Role, opens: bool
) -> None:
    assert bool(situations(attestation, Octroi(role), SPST)) is opens


@pytest.mark.exigence("AUT-01")
def test_attested_legal_route_stands_for_the_speciality_and_for_nothing_else() -> None:
    attested = Octroi(Role.MDT, atteste=True)
    assert situations(proof("10", "SM26"), attested, SPST)
    assert not situations(proof("10", "", "E"), attested, SPST)
    assert not situations(proof("60"), attested, SPST)
    assert not situations(proof("10", "SM25", "C", ELSEWHERE), attested, SPST)
    assert situations(proof("94"), Octroi(Role.IPRP, atteste=True), SPST)


@pytest.mark.parametrize(
    ("activite", "inside"),
    [
        (HERE, True),
        (Activite(siret="90000011800027", siren="900000118"), True),
        (Activite(siret="90000011800027"), True),
        (Activite(finess="690000096"), True),
        (Activite(finess="690000104"), False),
        (ELSEWHERE, False),
        (Activite(), False),
    ],
)
def test_activity_is_in_the_spst_by_siret_siren_or_finess(activite: Activite, inside: bool) -> None:
    assert SPST.include(activite) is inside


def test_exception_recorded_by_the_spst_stands_for_the_place_alone() -> None:
    vouched = Octroi(Role.MDT, hors_structure=True)
    assert situations(proof("10", "SM25", "C", ELSEWHERE), vouched, SPST) == (None,)
    assert situations(proof("10", "SM25"), vouched, SPST) == (HERE,)
    assert situations(proof("60", "", "C", ELSEWHERE), vouched, SPST) == ()


def test_activity_repeated_under_two_exercices_is_offered_once() -> None:
    twice = Attestation((Exercice("10", "C", "SM25", (HERE, HERE)), Exercice("10", "C", "C41", (HERE,))))
    assert situations(twice, Octroi(Role.MDT), SPST) == (HERE,)
    assert twice.activites == (HERE,)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["SubjectRefPro", "exercices", "activities", "codeProfession", "numeroSiretSite", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["SubjectRefPro", "SubjectNameID", "sub"]), ANYTHING))
def test_userinfo_of_any_shape_is_read_without_error(userinfo: dict[str, Any]) -> None:
    rpps = rpps_of(userinfo)
    assert rpps is None or (len(rpps) == 11 and rpps.isdigit())
    assert isinstance(attestation_of(userinfo), Attestation)


@pytest.mark.exigence("AUT-01")
@given(st.builds(Exercice, st.sampled_from(["10", "60", "99", "41", "94", ""]), st.sampled_from(["C", "E", ""]),
                 st.sampled_from(["SM25", "SM26", ""]), st.just((ELSEWHERE,))), st.sampled_from(Role))  # fmt: skip
def test_nobody_enters_by_an_activity_elsewhere_without_the_exception(exercice: Exercice, role: Role) -> None:
    assert situations(Attestation((exercice,)), Octroi(role, atteste=True), SPST) == ()


@given(st.sampled_from(["60", "99", "41", "93", "72", "94", ""]), st.sampled_from(["SM25", "FON-29", ""]))
def test_no_profession_but_medecin_supports_a_role_of_medecin(profession: str, code: str) -> None:
    here = Activite(siret=HERE.siret, fonction=code)
    for role in (Role.MDT, Role.COLL, Role.INT, Role.MPC):
        assert not situations(proof(profession, code, "C", here), Octroi(role, atteste=True), SPST)
        assert role.famille is Famille.SANTE


def test_grant_stands_from_its_start_included_to_its_end_excluded() -> None:
    hour = timedelta(hours=1)
    assert is_in_force(NOW, None, None, NOW)
    assert not is_in_force(NOW + hour, None, None, NOW)
    assert not is_in_force(NOW - hour, NOW, None, NOW)
    assert not is_in_force(NOW - hour, None, NOW, NOW)
    assert is_in_force(NOW - hour, NOW + hour, NOW + hour, NOW)


@pytest.mark.exigence("AUT-02")
def test_limits_are_those_of_the_law_and_the_earlier_one_ends_the_session() -> None:
    assert LIMITES["pro"].inactivite <= timedelta(minutes=15)
    assert LIMITES["pro"].absolue <= timedelta(hours=4)
    assert LIMITES["portail"].inactivite <= timedelta(minutes=10)
    assert LIMITES["portail"].absolue <= timedelta(hours=1)
    assert ends_at("pro", NOW, NOW + timedelta(minutes=3)) == NOW + timedelta(minutes=3)
    assert ends_at("portail", NOW, NOW + timedelta(hours=1)) == NOW + timedelta(minutes=10)
