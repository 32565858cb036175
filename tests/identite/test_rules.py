"""Traits, keys and matches, on values alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.identite import rules
from spst.identite.errors import (
    DateNaissanceRefused,
    LieuNaissanceRefused,
    MatriculeRefused,
    NomRefused,
    PremierPrenomInconsistent,
)
from spst.identite.rules import IdentitePivot, Recherche, Traits

NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyzàâäéèêëïîôöùûüÿçñœæßøłÉÀŒ '’-", min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Jean-Philippe", "JEAN-PHILIPPE"),
        ("D’Æion", "D'AEION"),
        ("Cœur", "COEUR"),
        ("d'Artagnan  de l'Hérault", "D'ARTAGNAN DE L'HERAULT"),
        ("Müller - Lüdenscheidt", "MULLER-LUDENSCHEIDT"),
        ("Łukasz", "LUKASZ"),
        ("Ñúñez", "NUNEZ"),
        ("Strauß", "STRAUSS"),
        ("DAMPI--ERRE", "DAMPI--ERRE"),
        ("'T HOOFT", "'T HOOFT"),
        ("\u00a0Le\u202fGoff ", "LE GOFF"),
    ],
)
def test_a_name_is_written_as_the_rniv_writes_it(typed: str, stored: str) -> None:
    assert rules.normalise_nom(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["Dupont2", "DAMPI_ERRE", "Dupont (Martin)", "-DUPONT", "D''A", "", " ", "A\x00B", "\u202eDUPONT", "Ω", "A" * 101],
)
def test_a_sign_without_equivalent_is_refused_and_never_dropped(typed: str) -> None:
    with pytest.raises(NomRefused):
        rules.normalise_nom(typed)


@given(NAMES)
def test_normalising_twice_changes_nothing(typed: str) -> None:
    try:
        once = rules.normalise_nom(typed)
    except NomRefused:
        return
    assert rules.normalise_nom(once) == once


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_name_of_permitted_signs_or_a_refusal(typed: str) -> None:
    try:
        stored = rules.normalise_nom(typed)
    except NomRefused:
        return
    assert set(stored) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")
    assert len(stored) <= rules.LONGEST_NAME


@pytest.mark.parametrize("typed", ["DAMPI--ERRE", "JEAN-", "ANNE'"])
def test_a_given_name_is_stricter_than_a_family_name(typed: str) -> None:
    with pytest.raises(NomRefused):
        rules.normalise_prenoms(typed)


def test_commas_separate_given_names() -> None:
    assert rules.normalise_prenoms("Pierre, Alain") == "PIERRE ALAIN"


@pytest.mark.parametrize(
    ("prenoms", "stated", "kept"),
    [
        ("PIERRE-ALAIN MURIEL", None, "PIERRE-ALAIN"),
        ("JEAN CHRISTOPHE PIERRE", "Jean-Christophe", "JEAN-CHRISTOPHE"),
        ("JEAN CHRISTOPHE PIERRE", "JEAN", "JEAN"),
    ],
)
def test_the_first_given_name_begins_the_list(prenoms: str, stated: str | None, kept: str) -> None:
    assert rules.premier_prenom(prenoms, stated) == kept


def test_a_later_given_name_is_not_the_first() -> None:
    with pytest.raises(PremierPrenomInconsistent):
        rules.premier_prenom("JEAN CHRISTOPHE PIERRE", "CHRISTOPHE")


@pytest.mark.parametrize("code", ["63220", "2a004", "99350", "2B033"])
def test_a_birthplace_is_a_code_of_commune_or_country(code: str) -> None:
    assert rules.check_lieu_naissance(code) == code.upper()


@pytest.mark.parametrize("code", ["6322", "2C004", "Nice", ""])
def test_another_birthplace_is_refused(code: str) -> None:
    with pytest.raises(LieuNaissanceRefused):
        rules.check_lieu_naissance(code)


@pytest.mark.parametrize("birth", [date(1879, 12, 31), date(2026, 11, 24)])
def test_an_impossible_birth_date_is_refused(birth: date) -> None:
    with pytest.raises(DateNaissanceRefused):
        rules.check_date_naissance(birth, date(2026, 11, 23))


# ──── Matricule


@pytest.mark.parametrize(
    "typed",
    [
        "275126322074974",
        "297022A02077878",
        "160012B02077713",
        "180032B02040123",
        "2 80 01 75 056 016 35",
        "109076322083489",
        "209076322083439",
        "109076322088835",
        "101066322075460",
    ],
)
def test_a_right_matricule_is_kept_without_spaces(typed: str) -> None:
    assert rules.parse_matricule(typed) == typed.replace(" ", "")


@pytest.mark.parametrize("typed", ["280017505601618", "27512632207497", "297022C02077878", "", "27512632207497a"])
def test_a_matricule_of_wrong_key_or_form_is_refused(typed: str) -> None:
    with pytest.raises(MatriculeRefused):
        rules.parse_matricule(typed)


# ──── Search


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("dupont", Recherche(("DUPONT",))),
        ("  Élodie   d’Artagnan ", Recherche(("ELODIE", "DARTAGNAN"))),
        ("31121980", Recherche((), date(1980, 12, 31))),
        ("31/12/1980", Recherche((), date(1980, 12, 31))),
        ("1980-12-31", Recherche((), date(1980, 12, 31))),
        ("martin 31.12.1980", Recherche(("MARTIN",), date(1980, 12, 31))),
        ("1/2/1980 le goff", Recherche(("LE", "GOFF"), date(1980, 2, 1))),
        ("", Recherche()),
        ("%_'", Recherche()),
        ("31/02/1980", Recherche(is_impossible=True)),
        ("275126322074974", Recherche(is_impossible=True)),
    ],
)
def test_a_search_is_words_and_a_birth_date_in_any_order(typed: str, asked: Recherche) -> None:
    assert rules.parse_search(typed) == asked


def test_the_kinds_of_filter_never_say_what_was_typed() -> None:
    assert [rules.parse_search(q).filtres for q in ("dupont 31121980", "dupont", "31121980", "?")] == [
        "nom+naissance",
        "nom",
        "naissance",
        "aucun",
    ]


@given(st.text(max_size=300))
def test_any_text_can_be_searched(typed: str) -> None:
    asked = rules.parse_search(typed)
    assert all(mot.isascii() and mot.isupper() for mot in asked.mots)


def found_by(stored: str, typed: str) -> bool:
    tokens = rules.name_tokens(stored)
    return all(any(token.startswith(mot) for token in tokens) for mot in rules.parse_search(typed).mots)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("DUPONT-MARTIN", "martin"),
        ("DUPONT-MARTIN", "dupont mar"),
        ("DUPONT-MARTIN", "Dupont–Martin"),
        ("DUPONT MARTIN", "dupont-martin"),
        ("D'ARTAGNAN DE L'HERAULT", "dartagnan"),
        ("D'ARTAGNAN DE L'HERAULT", "d artagnan"),
        ("D'ARTAGNAN DE L'HERAULT", "l’hérault"),
        ("D'ARTAGNAN DE L'HERAULT", "herault d'art"),
        ("COEUR", "cœur"),
        ("DE VINCI", "devinci"),
        ("PIERRE JEAN PHILIPPE", "Jean-Philippe"),
    ],
)
def test_a_name_is_found_whatever_the_accents_hyphens_and_apostrophes(stored: str, typed: str) -> None:
    assert found_by(stored, typed)


@given(NAMES)
def test_a_stored_name_is_found_as_it_was_typed_and_without_its_accents(typed: str) -> None:
    try:
        stored = rules.normalise_nom(typed)
    except NomRefused:
        return
    assert found_by(stored, typed)
    assert found_by(stored, stored.lower())
    assert found_by(stored, stored.replace("-", " ").replace("'", " "))


@given(st.text(alphabet="ABCZ", min_size=1, max_size=6), st.text(alphabet="ABCZ ", max_size=6))
def test_the_range_of_a_prefix_holds_what_begins_with_it_and_nothing_else(prefix: str, other: str) -> None:
    low, high = rules.prefix_range(prefix)
    for value in (prefix + other, other):
        assert (low <= value < high) is value.startswith(prefix)


# ──── Match of an electronic identity

ZOE = Traits("ADRUN", "ZOE", date(1975, 12, 31), "F", "63220")
PIVOT = IdentitePivot("Adrun", "Zoé", "1975-12-31", "female", "63220", "99100")


def pivot(**changes: str | None) -> IdentitePivot:
    values: dict[str, str | None] = {name: getattr(PIVOT, name) for name in IdentitePivot.__slots__}
    return IdentitePivot(**{**values, **changes})  # type: ignore[arg-type]


def matches(stated: IdentitePivot, known: Traits = ZOE) -> bool:
    traits = rules.pivot_traits(stated)
    return traits is not None and rules.same_traits(known, traits)


@pytest.mark.exigence("AUT-05", partielle="règle seule")
def test_all_five_traits_make_a_match() -> None:
    assert matches(PIVOT)


@pytest.mark.exigence("AUT-05", partielle="règle seule")
@pytest.mark.parametrize(
    "changes",
    [
        {"family_name": "Adrum"},
        {"given_name": "Zoé Marie"},
        {"given_name": "Zo"},
        {"birthdate": "1975-12-30"},
        {"gender": "male"},
        {"birthplace": "63221"},
        {"birthcountry": "99350"},
        {"birthplace": None},
        {"gender": "unspecified"},
        {"birthdate": "1975-00-00"},
        {"birthdate": ""},
        {"family_name": ""},
    ],
)
def test_one_trait_that_differs_or_is_missing_makes_none(changes: dict[str, str | None]) -> None:
    assert not matches(pivot(**changes))


def test_the_whole_list_of_given_names_is_compared() -> None:
    known = Traits("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN MURIEL FLORIANT", date(2001, 6, 17), "M", "63220")
    stated = IdentitePivot(
        "d’Artagnan de l’Hérault", "Pierre-Alain Muriel Floriant", "2001-06-17", "male", "63220", "99100"
    )
    assert matches(stated, known)
    assert not matches(
        IdentitePivot("d’Artagnan de l’Hérault", "Pierre-Alain", "2001-06-17", "male", "63220", "99100"), known
    )


def test_born_abroad_the_place_is_the_country() -> None:
    known = Traits("ADRUN", "ZOE", date(1975, 12, 31), "F", "99350")
    assert matches(pivot(birthplace=None, birthcountry="99350"), known)
    assert matches(pivot(birthplace="", birthcountry="99350"), known)


def test_an_identity_without_birthplace_matches_nobody() -> None:
    assert not matches(pivot(birthplace=None, birthcountry=None), Traits("ADRUN", "ZOE", ZOE.date_naissance, "F", None))


@pytest.mark.parametrize(
    ("birth", "age"), [(date(2010, 11, 23), 16), (date(2010, 11, 24), 15), (date(2008, 2, 29), 18)]
)
def test_age_counts_whole_years(birth: date, age: int) -> None:
    assert rules.age_on(birth, date(2026, 11, 23)) == age
