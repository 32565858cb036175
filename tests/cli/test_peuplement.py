"""The demonstration's people and work, filled small and looked at by the superuser, whom no wall hides anything from."""

import csv
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import Engine, create_engine, text

from spst.cli.demo.accounts import CompteDemonstration
from spst.cli.peuplement import libpq
from spst.cli.peuplement.insi import PERSONNES_INSI
from spst.cli.peuplement.organisation import PROFESSIONNELS
from spst.cli.peuplement.personnes import invented
from spst.cli.peuplement.remplissage import Peuplement
from spst.comptes import local
from spst.comptes.local import Tentative
from spst.identite.rules import name_tokens, search_key
from spst.kernel.acteur import service
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from tests.database import Database, Databases
from tests.factories.monde import make_runtime
from tests.scale import SCALE

ISSUER = "http://psc.test"
WORKERS = 12
ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 18, 11, 5, tzinfo=UTC)


@dataclass(slots=True)
class At:
    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(slots=True)
class Demo:
    runtime: Runtime
    peuplement: Peuplement
    superuser: Engine
    accounts: list[CompteDemonstration]

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.superuser.connect() as connection:
            return list(connection.execute(text(query), values))

    def value(self, query: str, **values: Any) -> Any:
        return self.rows(query, **values)[0][0]


@contextmanager
def filled(database: Database, keystore: Path, now: datetime = NOON) -> Iterator[Demo]:
    runtime = make_runtime(database, secrets.token_bytes(32), keystore)
    runtime.clock = At(now)
    peuplement = Peuplement(runtime, libpq(database.ops_url), libpq(database.owner_url), ISSUER)
    superuser = create_engine(database.superuser_url)
    try:
        yield Demo(runtime, peuplement, superuser, peuplement.fill(WORKERS))
    finally:
        runtime.engine.dispose()
        superuser.dispose()


@pytest.fixture(scope="module")
def demo(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with filled(database, tmp_path_factory.mktemp("cles") / "cles.sqlite") as made:
        yield made


# ──── Who


@pytest.mark.exigence("OPS-01", partielle="le lancement complet est montré par le parcours de démonstration")
def test_each_spst_has_its_invented_workers_and_its_part_of_the_test_series(demo: Demo) -> None:
    expected = {slug: WORKERS + sum(slug in one.spsts for one in PERSONNES_INSI) for slug in ("coteaux", "metallurgie")}
    for table in ("travailleur", "dossier"):
        found = demo.rows(
            f"SELECT slug, count(*) FROM {table} x JOIN tenant t ON t.id = x.tenant_id GROUP BY slug ORDER BY slug"
        )
        assert dict(map(tuple, found)) == expected


@pytest.mark.exigence("TEN-04", partielle="les deux dossiers existent, sans vue l’un de l’autre")
def test_one_person_is_followed_by_two_spsts_under_two_dossiers(demo: Demo) -> None:
    found = demo.rows(
        "SELECT t.tenant_id, d.id, m.index_aveugle FROM travailleur t JOIN dossier d ON d.travailleur_id = t.id"
        " JOIN matricule_ins m ON m.dossier_id = d.id WHERE nom_naissance = 'ADRUN'"
    )
    assert [len(set(column)) for column in zip(*found, strict=True)] == [2, 2, 2]


def test_identities_of_the_series_are_those_of_the_stand_in_and_qualified_when_published(demo: Demo) -> None:
    people = json.loads((ROOT / "simulators/franceconnect/personnes.json").read_text(encoding="utf-8"))["personnes"]
    known = {(one["family_name"], one["birthdate"], one["birthplace"]) for one in people}
    found = demo.rows(
        "SELECT nom_naissance, date_naissance, lieu_naissance, statut_ins, m.id FROM travailleur t"
        " JOIN dossier d ON d.travailleur_id = t.id LEFT JOIN matricule_ins m ON m.dossier_id = d.id"
        " WHERE lieu_naissance IN ('63220', '2B020', '2A020')"
    )
    for nom, born, place, statut, matricule in found:
        assert (nom, born.isoformat(), place) in known
        assert (statut == "qualifiee") is (matricule is not None)
    assert {nom for nom, *_ in found} == {one.nom for one in PERSONNES_INSI}


@pytest.mark.exigence("INS-02", partielle="l’état de départ de la démonstration")
def test_most_documents_were_seen_and_no_status_claims_an_ins_that_is_not_there(demo: Demo) -> None:
    found = Counter(invented("coteaux", rank).statut for rank in range(1000))
    assert 650 < found["validee"] < 850
    assert found["validee"] + found["provisoire"] == 1000
    without = demo.rows(
        "SELECT DISTINCT statut_ins FROM travailleur t JOIN dossier d ON d.travailleur_id = t.id"
        " WHERE NOT EXISTS (SELECT FROM matricule_ins m WHERE m.dossier_id = d.id)"
    )
    assert {row.statut_ins for row in without} <= {"validee", "provisoire"}


def test_staff_is_that_of_the_stand_in_of_pro_sante_connect(demo: Demo) -> None:
    people = json.loads((ROOT / "simulators/psc/personnes.json").read_text(encoding="utf-8"))["personnes"]
    by_id = {one["id"]: one for one in people}
    for one in PROFESSIONNELS:
        claims = by_id[one.psc]
        assert (one.rpps, one.nom) == (claims["rpps"], claims["nom"])
        assert claims["role"] in (str(one.role), None)
    linked = demo.rows(
        "SELECT i.rpps, count(*) FROM rattachement r JOIN identite_electronique i ON i.id = r.identite_id"
        " JOIN compte c ON c.tenant_id = r.tenant_id AND c.id = r.compte_id AND c.rpps = i.rpps"
        " WHERE i.iss = :iss GROUP BY i.rpps",
        iss=ISSUER,
    )
    assert dict(map(tuple, linked)) == {one.rpps: 1 + (one.psc == "PSC-01") for one in PROFESSIONNELS}


def test_nobody_granted_himself_a_role(demo: Demo) -> None:
    """The operator granted those of the first administrators, with whom an SPST begins."""
    assert demo.value("SELECT count(*) FROM habilitation WHERE granted_by = compte_id") == 0
    by_operator = demo.rows("SELECT role FROM habilitation WHERE granted_by = :one", one=service("exploitation").id)
    assert sorted(row.role for row in by_operator) == ["DIR"] * 4 + ["DPO"] * 2


def test_names_are_found_as_the_register_would_write_their_keys(demo: Demo) -> None:
    columns = "nom_naissance, prenoms, premier_prenom, nom_utilise, prenom_utilise"
    for person in demo.rows(f"SELECT id, nom_cle, {columns} FROM travailleur"):
        assert person.nom_cle == search_key(person.nom_naissance, person.premier_prenom)
        tokens = {
            row.token for row in demo.rows("SELECT token FROM nom_token WHERE travailleur_id = :id", id=person.id)
        }
        assert tokens == name_tokens(*person[2:])


# ──── What the law allows


def test_every_visit_was_conducted_by_a_role_that_the_law_of_that_day_allows(demo: Demo) -> None:
    assert demo.value("SELECT count(*) FROM visite") > 4 * WORKERS
    refused = demo.rows(
        "SELECT v.type_code, h.role, v.started_at FROM visite v"
        " JOIN habilitation h ON h.tenant_id = v.tenant_id AND h.compte_id = v.professionnel_id"
        " LEFT JOIN type_visite t ON t.code = v.type_code AND t.effective_from <= v.started_at::date"
        " WHERE t.code IS NULL OR NOT h.role = ANY (t.praticiens) OR h.starts_at > v.started_at"
    )
    assert refused == []


def test_visits_are_closed_with_a_conclusion_except_those_under_way_today(demo: Demo) -> None:
    unfinished = demo.rows(
        "SELECT v.started_at, v.closed_at, c.id, r.statut FROM visite v"
        " LEFT JOIN conclusion c ON c.visite_id = v.id LEFT JOIN rendez_vous r ON r.id = v.rendez_vous_id"
        " WHERE v.closed_at IS NULL OR c.id IS NULL OR v.closed_at > :now",
        now=NOON,
    )
    assert {(row.closed_at, row.id, row.statut) for row in unfinished} == {(None, None, "en_cours")}
    assert {row.started_at.date() for row in unfinished} == {NOON.date()}


def test_every_regime_follows_from_the_exposures_in_force(demo: Demo) -> None:
    found = demo.rows(
        "SELECT r.regime, r.article, p.date_naissance, coalesce(array_agg(n.code) FILTER (WHERE n.code IS NOT NULL), '{}')"
        " AS codes, coalesce(bool_or(n.sir = 'yes'), false) AS sir"
        " FROM regime r JOIN dossier d ON d.id = r.dossier_id JOIN travailleur p ON p.id = d.travailleur_id"
        " LEFT JOIN exposition e ON e.dossier_id = r.dossier_id AND e.ends_on IS NULL"
        " LEFT JOIN nomenclature_exposition n ON n.code = e.code"
        " WHERE r.effective_to IS NULL GROUP BY r.id, r.regime, r.article, p.date_naissance"
    )
    assert {row.regime for row in found} == {"SIS", "SIA", "SIR"}
    for row in found:
        minor = row.date_naissance > date(2008, 11, 18)
        adapted = minor or not {"NUIT", "BIO2"}.isdisjoint(row.codes)
        assert row.regime == ("SIR" if row.sir else "SIA" if adapted else "SIS")
        assert row.article.startswith("R. 4")


def test_a_dossier_has_one_regime_at_a_time(demo: Demo) -> None:
    in_force = demo.rows("SELECT dossier_id FROM regime WHERE effective_to IS NULL")
    assert len(set(in_force)) == len(in_force)
    with (ROOT / "migrations/data/0011_nomenclature_exposition.csv").open(encoding="utf-8", newline="") as lines:
        known = {row["code"] for row in csv.DictReader(lines)}
    assert {row.code for row in demo.rows("SELECT DISTINCT code FROM exposition")} <= known


@pytest.mark.exigence("TEN-05", partielle="les secteurs et leurs établissements")
def test_new_hires_are_followed_by_the_sector_where_they_work_and_by_nothing_else(demo: Demo) -> None:
    without_sector = demo.value(
        "SELECT count(*) FROM etablissement e"
        " WHERE NOT EXISTS (SELECT FROM secteur_etablissement x WHERE x.etablissement_id = e.id)"
    )
    assert 0 < without_sector < 5
    by_sector = demo.rows(
        "SELECT c.starts_on, q.nom FROM dossier d"
        " JOIN contrat c ON c.travailleur_id = d.travailleur_id AND c.ends_on IS NULL"
        " LEFT JOIN secteur_etablissement x ON x.etablissement_id = c.etablissement_id AND x.ends_on IS NULL"
        " LEFT JOIN equipe q ON q.secteur_id = x.secteur_id"
        " WHERE NOT EXISTS (SELECT FROM suivi s WHERE s.dossier_id = d.id AND s.equipe_id IS NOT NULL)"
    )
    assert by_sector
    assert all(row.nom and (NOON.date() - row.starts_on).days < 100 for row in by_sector)


# ──── Secrets and walls


@pytest.mark.parametrize(
    ("table", "column", "of_dossier"),
    [
        ("visite_note", "texte_sealed", "dossier_id"),
        ("conclusion", "information_sealed", "dossier_id"),
        ("matricule_ins", "matricule_sealed", "dossier_id"),
        ("medecin_traitant", "nom_sealed", "dossier_id"),
    ],
)
def test_sealed_texts_open_in_their_place_only(demo: Demo, table: str, column: str, of_dossier: str) -> None:
    query = f"SELECT tenant_id, id, {of_dossier} AS dossier, {column} AS sealed FROM {table}"
    found = demo.rows(query)
    assert found
    for row in found:
        assert demo.runtime.keyring.open(row.tenant_id, row.dossier, table, column, row.id, bytes(row.sealed))


def test_no_row_points_into_another_spst(demo: Demo) -> None:
    for table, column, target in (
        ("visite", "dossier_id", "dossier"),
        ("rendez_vous", "travailleur_id", "travailleur"),
        ("conclusion", "created_by", "compte"),
        ("emploi", "created_by", "compte"),
        ("suivi", "dossier_id", "dossier"),
        ("matricule_ins", "dossier_id", "dossier"),
    ):
        astray = demo.value(
            f"SELECT count(*) FROM {table} x LEFT JOIN {target} y ON y.tenant_id = x.tenant_id AND y.id = x.{column}"
            f" WHERE x.{column} IS NOT NULL AND y.id IS NULL"
        )
        assert astray == 0, f"{table}.{column}"


def test_the_correspondent_is_told_whom_she_is_entrusted_with(demo: Demo) -> None:
    told = next(one.acces for one in demo.accounts if "VALMONT-TEST" in one.acces)
    named = told.partition(", dont ")[2].rstrip(")").split(" et ")
    entrusted = demo.rows(
        "SELECT t.nom_naissance FROM suivi s JOIN dossier d ON d.id = s.dossier_id"
        " JOIN travailleur t ON t.id = d.travailleur_id WHERE s.compte_id IS NOT NULL"
    )
    assert len(named) == 2
    assert {name.split(" ", 1)[1] for name in named} <= {row[0] for row in entrusted}


def test_local_accounts_enter_with_the_password_and_code_that_were_made_for_them(demo: Demo) -> None:
    demo.runtime.clock = At(datetime(2026, 11, 18, 11, 40, tzinfo=UTC))
    local_accounts = [one for one in demo.accounts if one.totp]
    assert len(local_accounts) == 8
    for account in local_accounts:
        here = Tentative(f"192.0.2.{len(account.compte)}", new_id())
        assert account.mot_de_passe
        assert account.totp
        found = local.check_password(demo.runtime, account.compte, account.mot_de_passe, here)
        code = pyotp.TOTP(account.totp).at(demo.runtime.clock.now())
        assert local.check_code(demo.runtime, found, code, here) in found
    assert len({one.mot_de_passe for one in local_accounts} | {one.totp for one in local_accounts}) == 16
    demo.runtime.clock = At(NOON)


# ──── Same again, another day


def test_filling_again_changes_nothing(demo: Demo) -> None:
    before = _content(demo)
    assert demo.peuplement.fill(WORKERS) == []
    assert demo.peuplement.refresh() == 0
    assert _content(demo) == before


def test_the_same_number_of_workers_gives_the_same_people_and_ids(
    demo: Demo, databases: Databases, tmp_path: Path
) -> None:
    with databases.clone() as other, filled(other, tmp_path / "cles.sqlite") as again:
        assert _content(again) == _content(demo)
        assert {one.mot_de_passe for one in again.accounts if one.mot_de_passe}.isdisjoint(
            one.mot_de_passe for one in demo.accounts
        )


def test_today_is_alive_and_a_later_day_is_made_alive_when_the_demonstration_starts_again(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.clone() as database, filled(database, tmp_path / "cles.sqlite") as demo:
        assert {row.statut for row in _slots(demo, NOON)} >= {"en_cours", "arrive", "recu"}
        later = datetime(2026, 12, 9, 6, 50, tzinfo=UTC)
        demo.runtime.clock = At(later)
        assert _slots(demo, later) == []
        assert demo.peuplement.refresh() == 2
        assert len({row.compte_id for row in _slots(demo, later)}) > 1
        assert demo.peuplement.refresh() == 0


@pytest.mark.parametrize("hour", [5, 12, 22] if SCALE > 1 else [5])
def test_the_worker_of_the_guided_tour_is_in_no_visit_whatever_the_hour(
    databases: Databases, tmp_path: Path, hour: int
) -> None:
    """Everybody opens her dossier and a visit: she has one at a time with a médecin."""
    with databases.clone() as database, filled(database, tmp_path / "cles.sqlite", NOON.replace(hour=hour)) as demo:
        under_way = demo.rows(
            "SELECT nom_naissance FROM visite v JOIN dossier d ON d.id = v.dossier_id"
            " JOIN travailleur t ON t.id = d.travailleur_id WHERE v.closed_at IS NULL"
        )
        assert under_way
        assert ("ADRUN",) not in map(tuple, under_way)


def _slots(demo: Demo, day: datetime) -> list[Any]:
    return demo.rows("SELECT * FROM rendez_vous WHERE starts_at::date = :day", day=day.date())


def _content(demo: Demo) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is neither a secret nor a ciphertext nor a trace."""
    tables = """
        travailleur nom_token dossier entete suivi regime contrat emploi exposition visite visite_note conclusion courrier
        information opposition medecin_traitant rendez_vous matricule_ins compte habilitation equipe_membre equipe centre
        structure delegation adherent etablissement tenant secteur secteur_etablissement
    """.split()
    return {table: sorted(map(_plain, demo.rows(f"SELECT * FROM {table}")), key=str) for table in tables}


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(value for value in row if not isinstance(value, bytes | memoryview))


def test_whoever_led_a_visit_of_the_last_three_months_opened_the_dossier_just_before(demo: Demo) -> None:
    recent = demo.rows(
        "SELECT v.id, EXISTS (SELECT FROM trace x WHERE x.dossier_id = v.dossier_id AND x.acteur_id = v.professionnel_id"
        " AND x.at = v.started_at - interval '4 minutes') AS traced FROM visite v"
        " WHERE closed_at IS NOT NULL AND started_at BETWEEN :now - interval '90 days' AND :now - interval '1 day'",
        now=NOON,
    )
    assert recent
    assert all(row.traced for row in recent)
    opened = demo.rows("SELECT decision, regles FROM trace WHERE action = 'dossier.open'")
    refused = [row.regles[0] for row in opened if row.decision == "refuse"]
    assert len(refused) < len(opened) / 3
    assert set(refused) <= {"P-110", "P-115"}, "who does not follow, or is opposed"


def test_ids_are_uuid_version_7(demo: Demo) -> None:
    assert all(row.id.version == 7 for row in demo.rows("SELECT id FROM entete UNION ALL SELECT id FROM rendez_vous"))
