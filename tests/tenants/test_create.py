"""Creation of an SPST by the operator: service, walls and command line."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from spst.cli import cli
from spst.kernel.errors import SpstError
from spst.tenants import queries, services
from spst.tenants.errors import SpstNotFound
from tests.factories.monde import Monde

ARGUMENTS = {
    "--nom": "SPST Test des Deux-Rives",
    "--slug": "deux-rives",
    "--type": "SPSTI",
    "--siren": "732829320",
    "--siret": "73282932000074",
    "--agrement": "DREETS-2026-14",
    "--telephone": "04 65 71 00 10",
    "--courriel": "accueil@deux-rives.test",
}
ADMINS = ("Mme;Anne;Prigent;anne.prigent@deux-rives.test;DPO", "M.;Hervé;Lannuzel;herve.lannuzel@deux-rives.test")


@pytest.fixture
def environment(monde: Monde, tmp_path: Path) -> dict[str, str]:
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    context = base64.urlsafe_b64encode(monde.database.context_key).decode()
    peer = {"METADATA_URL": "http://127.0.0.1:1/", "CLIENT_ID": "spst", "CLIENT_SECRET": "secret"}
    return {
        "DATABASE_URL": monde.database.app_url,
        "DATABASE_URL_OPS": monde.database.ops_url,
        "SPST_CONTEXT_KEY": context,
        "SPST_TRACE_KEY": key,
        "SPST_ROOT_KEY": key,
        "SPST_KEYSTORE": str(tmp_path / "cles.sqlite"),
        **{f"{name}_{part}": value for name in ("PSC", "FC") for part, value in peer.items()},
        "PSC_ISSUER": "https://psc.test",
        "FC_ISSUER": "https://fc.test",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Any:
    def run(*admins: str, **changes: str) -> Result:
        arguments = {**ARGUMENTS, **{f"--{name}": value for name, value in changes.items()}}
        flat = [part for pair in arguments.items() for part in pair]
        flat += [part for admin in admins or ADMINS for part in ("--admin", admin)]
        return CliRunner(env=environment).invoke(cli, ["tenant", "create", *flat, "--json"])

    return run


@pytest.mark.exigence("TEN-02", partielle="la création ; ni suspension, ni export, ni effacement")
@pytest.mark.exigence("TEN-05", partielle="identité légale et première organisation ; pas encore d’écran")
def test_operator_creates_an_spst_with_two_administrators(monde: Monde, run: Any) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    facts = json.loads(result.output)
    assert [one["role"] for one in facts["inscriptions"]] == ["DPO", "DIR"]
    assert len({one["code"] for one in facts["inscriptions"]}) == 2
    with monde.superuser.connect() as connection:
        spst = queries.by_slug(connection, "deux-rives")
        counts = [
            connection.scalar(text(f"SELECT count(*) FROM {table} WHERE tenant_id = :t"), {"t": spst.id})
            for table in ("structure", "centre", "secteur", "equipe", "compte", "habilitation", "rattachement")
        ]
        traced = connection.execute(
            text("SELECT action, role, origin FROM trace WHERE tenant_id = :t"), {"t": spst.id}
        ).all()
        dump = connection.scalar(text("SELECT string_agg(a::text, ' ') FROM authentificateur a"))
    assert counts == [1, 1, 1, 1, 2, 2, 2]
    assert (spst.telephone, spst.courriel) == ("0465710010", "accueil@deux-rives.test")
    assert [tuple(row) for row in traced] == [("tenant.create", "SRV", "cli")]
    assert not any(one["code"] in str(dump) for one in facts["inscriptions"])

    again = run()
    assert again.exit_code == 1
    assert "porte déjà" in str(again.exception)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"siren": "732829321"}, "SIREN refusé"),
        ({"telephone": "le 12"}, "Téléphone refusé"),
        ({"courriel": "accueil"}, "Adresse de courriel refusée"),
        ({"siret": "73282932000075"}, "SIRET refusé"),
        ({"siret": "90000011800019"}, "ne commence pas"),
        ({"slug": "Deux Rives"}, "Adresse refusée"),
        ({"finess": "12"}, "FINESS refusé"),
    ],
)
def test_bad_legal_identity_is_refused_in_french_and_leaves_nothing(
    monde: Monde, run: Any, changes: dict[str, str], message: str
) -> None:
    with monde.superuser.connect() as connection:
        before = connection.scalar(text("SELECT count(*) FROM tenant"))
    result = run(**changes)
    assert isinstance(result.exception, SpstError)
    assert message in str(result.exception)
    with monde.superuser.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tenant")) == before


def test_one_administrator_is_wrong_use(run: Any) -> None:
    assert run(ADMINS[0]).exit_code == 2
    assert run("Mme;Anne;Prigent", ADMINS[1]).exit_code == 2
    assert run(f"{ADMINS[1]};MDT", ADMINS[0]).exit_code == 2


def test_two_data_protection_officers_cannot_begin_an_spst(run: Any) -> None:
    result = run(ADMINS[0], "M.;Luc;Morel;luc.morel@deux-rives.test;DPO", slug="sans-direction")
    assert isinstance(result.exception, SpstError)
    assert "un DIR au moins" in str(result.exception)


def test_application_cannot_add_an_spst(monde: Monde) -> None:
    engine = create_engine(monde.database.app_url)
    with engine.connect() as connection, pytest.raises(ProgrammingError):
        connection.execute(text("INSERT INTO tenant SELECT * FROM tenant"))
    engine.dispose()


def test_public_part_is_read_without_context(monde: Monde) -> None:
    assert services.get_public(monde.runtime, "coteaux").id == monde.a.tenant_id
    assert services.get_public_by_id(monde.runtime, monde.b.tenant_id).slug == "metallurgie"
    with pytest.raises(SpstNotFound):
        services.get_public(monde.runtime, "nulle-part")


def test_organisation_of_another_spst_is_not_read(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        assert queries.sirets(ctx) == {"90000011800019"}
        assert {equipe_id for equipe_id, _ in queries.equipes(ctx)} == {monde.a.equipe_id, monde.a.autre_equipe_id}
