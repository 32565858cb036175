"""Until when the traces of a dossier are kept: as long as the dossier (R. 4624-45-9 and the articles it yields to)."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text

from spst.traces import destruction
from tests.factories.monde import Personne
from tests.factories.terme import Terme

pytestmark = pytest.mark.exigence("TRA-06", partielle="la conservation ; la suspension par un litige reste")


@pytest.fixture
def zoe(terme: Terme) -> Personne:
    """Born on 31 December 1975."""
    return terme.scelle.monde.a.zoe


def test_forty_years_after_the_last_visit_in_this_service(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2019, 1, 1))
    terme.visit(zoe, date(2024, 6, 30))
    assert terme.of(zoe) == ("2064-06-30", "ORDINAIRE")


def test_ten_years_after_death_at_most_and_never_later_than_forty_years_after_the_visit(
    terme: Terme, zoe: Personne
) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    terme.person(zoe, decede_on=date(2030, 3, 15))
    assert terme.of(zoe) == ("2040-03-15", "DECES")
    terme.person(zoe, decede_on=date(2060, 3, 15))
    assert terme.of(zoe) == ("2064-06-30", "ORDINAIRE")


@pytest.mark.parametrize("decede_on", [None, date(2030, 3, 15)])
def test_fifty_years_after_a_chemical_exposure_prevail_over_both(
    terme: Terme, zoe: Personne, decede_on: date | None
) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    terme.person(zoe, decede_on=decede_on)
    terme.exposed(zoe, "AMIANTE", date(2020, 12, 31))
    assert terme.of(zoe) == ("2070-12-31", "CHIMIQUE")


def test_a_special_term_that_ends_sooner_takes_nothing_away(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    terme.exposed(zoe, "AMIANTE", date(1990, 12, 31))
    assert terme.of(zoe) == ("2064-06-30", "ORDINAIRE")


def test_ionising_radiation_fifty_years_and_the_seventy_fifth_birthday(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2023, 1, 10))
    terme.exposed(zoe, "RI_A", date(2022, 12, 31))
    assert terme.of(zoe) == ("2072-12-31", "IONISANT")
    terme.person(zoe, date_naissance=date(2000, 5, 10))
    assert terme.of(zoe) == ("2075-05-10", "IONISANT_AGE")
    terme.person(zoe, date_naissance=date(1975, 12, 31))


def test_biological_agents_forty_years_after_the_exposure(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2010, 1, 1))
    terme.exposed(zoe, "BIO3", date(2022, 1, 1))
    assert terme.of(zoe) == ("2062-01-01", "BIOLOGIQUE")


def test_an_exposure_that_goes_on_has_no_term_until_death_ends_it(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    terme.exposed(zoe, "CMR", None)
    assert terme.of(zoe) == (None, "CHIMIQUE")
    terme.person(zoe, decede_on=date(2030, 3, 15))
    assert terme.of(zoe) == ("2080-03-15", "CHIMIQUE")


def test_other_exposures_change_nothing_and_one_that_nobody_knows_leaves_no_term(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    terme.exposed(zoe, "BRUIT", None)
    assert terme.of(zoe) == ("2064-06-30", "ORDINAIRE")
    terme.exposed(zoe, "INCONNUE", date(1990, 1, 1))
    assert terme.of(zoe) == (None, None)


def test_an_exposure_that_was_corrected_counts_as_it_was_corrected(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    mistaken = terme.exposed(zoe, "AMIANTE", None)
    terme.exposed(zoe, "AMIANTE", date(2021, 1, 1), replaces=mistaken)
    assert terme.of(zoe) == ("2071-01-01", "CHIMIQUE")


def test_a_visit_that_was_abandoned_was_not_held(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    terme.visit(zoe, date(2025, 6, 30), abandoned=True)
    assert terme.of(zoe) == ("2064-06-30", "ORDINAIRE")


def test_without_any_visit_the_day_the_dossier_was_made_stands_for_it(terme: Terme, zoe: Personne) -> None:
    assert terme.of(zoe) == ("2060-01-06", "ORDINAIRE")


def test_the_rule_of_the_day_holds_and_not_one_of_before(terme: Terme, zoe: Personne) -> None:
    terme.visit(zoe, date(2024, 6, 30))
    scelle = terme.scelle
    scelle.sql(
        """INSERT INTO regle_conservation SELECT code, '2024-01-01', NULL, libelle, depuis, 600, familles, codes, article, source
           FROM regle_conservation WHERE code = 'ORDINAIRE'"""
    )
    scelle.sql(
        "UPDATE regle_conservation SET effective_to = '2024-01-01' WHERE code = 'ORDINAIRE' AND effective_from < '2024-01-01'"
    )
    try:
        assert terme.of(zoe) == ("2074-06-30", "ORDINAIRE")
    finally:
        scelle.sql("DELETE FROM regle_conservation WHERE code = 'ORDINAIRE' AND effective_from = '2024-01-01'")
        scelle.sql("UPDATE regle_conservation SET effective_to = NULL WHERE code = 'ORDINAIRE'")


DOSSIERS, VISITS = 300, 3


def test_the_terms_of_many_dossiers_read_each_of_their_facts_once(terme: Terme, zoe: Personne) -> None:
    """Whatever the server knows of its tables: one that it did not count yet makes it choose any index of the SPST."""
    crowd(terme, zoe)
    with terme.work() as ctx:
        page = ctx.session.execute(destruction._TERMS, {"after": UUID(int=0), "at_most": 100}).all()
        read = ctx.session.execute(
            text("""SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
                    FROM pg_stat_xact_user_tables WHERE relname IN ('visite', 'exposition')""")
        )
        rows = {name: int(count) for name, count in read}
    assert len(page) == 100
    assert all(row.terme for row in page)
    assert 0 < rows["visite"] <= VISITS * 100
    assert 0 < rows["exposition"] <= 3 * 100


def crowd(terme: Terme, like: Personne) -> None:
    """As many dossiers, each with visits and an exposure."""
    scelle, a = terme.scelle, terme.scelle.monde.a
    scelle.sql(
        """WITH made AS (INSERT INTO dossier SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(),
             'travailleur_id', gen_random_uuid()))).* FROM dossier d, generate_series(1, %s) WHERE d.id = %s RETURNING *),
           people AS (INSERT INTO travailleur SELECT (jsonb_populate_record(t, jsonb_build_object('id', m.travailleur_id))).*
             FROM travailleur t, made m WHERE t.id = %s RETURNING id),
           visits AS (INSERT INTO visite (tenant_id, id, dossier_id, type_code, professionnel_id, started_at, closed_at)
             SELECT tenant_id, gen_random_uuid(), id, 'VIPI', %s, now(), now() FROM made, generate_series(1, %s) RETURNING id),
           met AS (INSERT INTO exposition (tenant_id, id, dossier_id, code, starts_on, ends_on, source, created_at, created_by)
             SELECT tenant_id, gen_random_uuid(), id, 'AMIANTE', '2000-01-01', '2001-01-01', 'declare', now(), %s FROM made
             RETURNING id)
           SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM visits) + (SELECT count(*) FROM met)""",
        DOSSIERS,
        like.dossier_id,
        like.travailleur_id,
        a.medecin.id,
        VISITS,
        a.medecin.id,
    )
