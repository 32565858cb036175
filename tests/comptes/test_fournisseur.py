"""An SPST's own provider, by a real code flow against its stand-in: two factors, one person, one SPST."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from spst.cli import cli
from spst.comptes import fournisseurs, local
from spst.comptes import services_comptes as comptes
from spst.comptes.errors import FournisseurRefused
from spst.comptes.fournisseurs import DemandeFournisseur
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.kernel.acteur import Role, service
from spst.kernel.ids import new_id
from spst.traces.models import JournalTechnique, Trace
from spst.wiring.web import build_web
from tests.factories.monde import Monde, Spst
from tests.factories.programs import configuration
from tests.factories.site import ORIGIN, MovableClock, config_for, path_of, query_of
from tests.simulators import launcher
from tests.simulators.relying_party import Browser

SECRET = "secret-du-fournisseur-des-essais-000"
BY_PROVIDER = pytest.mark.exigence("AUT-04", partielle="fournisseur du SPST")


@dataclass(slots=True)
class Porte:
    """A browser of the staff of one SPST."""

    monde: Monde
    client: FlaskClient
    provider: launcher.Simulator
    spst: Spst

    @property
    def path(self) -> str:
        return f"/connexion/service/{self.spst.slug}"

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=ORIGIN)

    def depart(self) -> str:
        return str(self.get(f"{self.path}/depart").headers["Location"])

    def back(self, person: str = "SP-01", url: str = "") -> str:
        """The path that the provider sends the browser back to."""
        with Browser(ours=(ORIGIN,)) as browser:
            page = browser.open(url or self.depart())
            return path_of(str(browser.submit(page, {"personne": person}).headers["location"]))

    def come(self, person: str = "SP-01") -> TestResponse:
        return self.get(self.back(person))

    def type_code(self, code: str) -> TestResponse:
        page = self.get(f"{self.path}/lien").text
        token = re.search(r'<meta name="csrf-token" content="([^"]+)">', page)
        assert token, page
        form = {"csrf_token": unescape(token[1]), "code": code}
        return self.client.post(f"{self.path}/lien", base_url=ORIGIN, data=form)

    def is_in(self) -> bool:
        return self.get("/direction/journal").status_code == 200

    def last(self) -> tuple[str, int, str | None]:
        with Session(self.monde.superuser) as session:
            line = session.scalars(select(JournalTechnique).order_by(JournalTechnique.id.desc()).limit(1)).one()
            return line.evenement, line.niveau, line.faits.get("motif")


@pytest.fixture(scope="module")
def provider() -> Iterator[launcher.Simulator]:
    returns = " ".join(f"{ORIGIN}/connexion/service/{slug}/retour" for slug in ("coteaux", "metallurgie"))
    env = {"CLIENT_ID": "spst", "CLIENT_SECRET": SECRET, "REDIRECT_URIS": returns}
    simulator = launcher.start("fournisseur", env=env)
    yield simulator
    simulator.stop()


def demande(issuer: str, **changes: Any) -> DemandeFournisseur:
    values = {"nom": "Annuaire des Coteaux", "client_id": "spst", "client_secret": SECRET, "amr": ("otp", "hwk")}
    return DemandeFournisseur(issuer=issuer, **{**values, **changes})


def register(monde: Monde, spst: Spst, wanted: DemandeFournisseur) -> None:
    with monde.work(service("exploitation"), spst) as ctx:
        fournisseurs.register(ctx, wanted)


@pytest.fixture(scope="module")
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(scope="module")
def app(monde: Monde, clock: MovableClock) -> Any:
    return build_web(config_for("http://127.0.0.1:1"), replace(monde.runtime, clock=clock))


@pytest.fixture
def door(monde: Monde, app: Any, provider: launcher.Simulator) -> Callable[..., Porte]:
    """New browsers, of A unless told otherwise; both SPSTs have the same provider."""
    provider.admin("reset")
    for spst in (monde.a, monde.b):
        register(monde, spst, demande(provider.url))
    with monde.superuser.begin() as connection:
        connection.execute(text("DELETE FROM lien_fournisseur"))
        connection.execute(text("DELETE FROM compteur"))

    def door(spst: Spst | None = None) -> Porte:
        return Porte(monde, app.test_client(), provider, spst or monde.a)

    return door


def invite(monde: Monde, spst: Spst, *roles: Role) -> tuple[str, Any]:
    """The enrolment code of a new account, and the account."""
    with monde.work(spst.directrice, spst) as ctx:
        wanted = DemandeCompte("M.", "Hervé", "Lannuzel", email=f"dpo-{new_id().hex[-10:]}@coteaux.test")
        made = comptes.create_compte(ctx, wanted, "https://psc.test")
    for role in roles or (Role.DPO,):
        with monde.work(spst.directrice, spst) as ctx:
            comptes.grant_habilitation(ctx, made.compte_id, DemandeRole(role, ctx.clock.now()))
    assert made.inscription
    return made.inscription.code, made.compte_id


@pytest.fixture
def linked(monde: Monde, door: Callable[..., Porte]) -> Any:
    """The account of the direction of A that SP-01 of the provider has entered once."""
    code, compte_id = invite(monde, monde.a)
    porte = door()
    porte.come()
    assert porte.type_code(code).status_code == 303
    return compte_id


@BY_PROVIDER
def test_person_comes_by_the_provider_types_his_code_once_then_enters(monde: Monde, door: Callable[..., Porte]) -> None:
    code, compte_id = invite(monde, monde.a)
    porte = door()
    assert "Entrer par Annuaire des Coteaux" in porte.get(porte.path).text
    asked = query_of(porte.depart())
    assert (asked["code_challenge_method"], asked["response_type"], asked["scope"]) == ("S256", "code", "openid")
    assert asked["state"]
    assert asked["nonce"]
    first = porte.come()
    assert first.headers["Location"] == f"{porte.path}/lien"
    assert not porte.is_in()
    assert porte.type_code("ABCDE-FGHJK-ABCDE-FGHJK").status_code == 422
    assert porte.type_code(code).headers["Location"] == "/"
    assert porte.is_in()
    again = door()
    assert again.come().headers["Location"] == "/"
    assert again.is_in()
    with Session(monde.superuser) as session:
        query = select(Trace.details).where(Trace.action == "session.open", Trace.acteur_id == compte_id)
        assert session.scalars(query).all() == [{"moyen": "fournisseur"}] * 2


@BY_PROVIDER
@pytest.mark.parametrize("amr", [["pwd"], []], ids=str)
def test_one_factor_at_the_provider_opens_an_explanation_alone(
    door: Callable[..., Porte], linked: Any, amr: list[str]
) -> None:
    porte = door()
    porte.provider.admin("break", fault="amr", value=amr)
    answer = porte.come()
    assert (answer.status_code, "Une seule preuve ne suffit pas" in answer.text) == (403, True)
    assert porte.last()[:2] == ("connexion_fournisseur.un_facteur", 2)
    assert not porte.is_in()
    assert porte.get(f"{porte.path}/lien").headers["Location"] == porte.path
    assert porte.get("/journee").status_code == 303


@BY_PROVIDER
def test_level_that_was_registered_is_due_beside_the_method(
    monde: Monde, door: Callable[..., Porte], linked: Any
) -> None:
    porte = door()
    register(monde, monde.a, demande(porte.provider.url, acr=("deux-facteurs",)))
    assert porte.come().headers["Location"] == "/"
    lower = door()
    lower.provider.admin("break", fault="acr")
    assert lower.come().status_code == 403
    assert not lower.is_in()


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"fault": "iss"}, "claim.iss"),
    "another audience": ({"fault": "aud"}, "claim.aud"),
    "two audiences": ({"fault": "aud", "value": ["spst", "other"]}, "claim.aud"),
    "another nonce": ({"fault": "nonce"}, "claim.nonce"),
    "no nonce": ({"fault": "id_token_claim", "claim": "nonce", "value": None}, "claim.nonce"),
    "no authentication time": ({"fault": "id_token_claim", "claim": "auth_time", "value": None}, "claim.auth_time"),
    "an old authentication": ({"fault": "id_token_claim", "claim": "auth_time", "value": 1}, "claim.auth_time"),
    "expired": ({"fault": "expired"}, "claim.exp"),
    "no algorithm": ({"fault": "alg_none"}, "algorithme"),
    "the client's secret as key": ({"fault": "alg_hs256", "with": "client_secret"}, "algorithme"),
    "a broken signature": ({"fault": "id_token_signature"}, "signature"),
}


@BY_PROVIDER
@pytest.mark.parametrize("name", LIES)
def test_token_that_is_not_what_it_must_be_opens_nothing(door: Callable[..., Porte], linked: Any, name: str) -> None:
    lie, motif = LIES[name]
    porte = door()
    porte.provider.admin("break", **lie)
    assert porte.come().status_code == 400
    event, level, said = porte.last()
    assert (event, level) == ("connexion_fournisseur.refusee", 3)
    assert str(said).startswith(motif)
    assert not porte.is_in()


@BY_PROVIDER
def test_answer_serves_once_in_the_browser_that_asked_and_for_its_spst(
    monde: Monde, door: Callable[..., Porte], linked: Any
) -> None:
    porte = door()
    back = porte.back()
    assert door().get(back).status_code == 400
    other_spst = back.replace("/coteaux/", "/metallurgie/")
    assert door(monde.b).get(other_spst).status_code == 400
    assert porte.get(back).status_code == 303
    assert porte.get(back).status_code == 400
    assert porte.is_in()
    mixed = door()
    assert mixed.get(mixed.back().replace("/coteaux/", "/metallurgie/")).status_code == 400


@BY_PROVIDER
def test_same_sub_of_another_issuer_is_nobody(monde: Monde, door: Callable[..., Porte], linked: Any) -> None:
    """The SPST changes its provider: whom the new one calls SP-01 is not whom the former one called so."""
    env = {"CLIENT_ID": "spst", "CLIENT_SECRET": SECRET, "REDIRECT_URIS": f"{ORIGIN}/connexion/service/coteaux/retour"}
    other = launcher.start("fournisseur", env=env)
    try:
        porte = replace(door(), provider=other)
        register(monde, monde.a, demande(other.url))
        assert porte.come().headers["Location"] == f"{porte.path}/lien"
        assert not porte.is_in()
    finally:
        other.stop()


@BY_PROVIDER
def test_link_of_one_spst_opens_no_other(monde: Monde, door: Callable[..., Porte], linked: Any) -> None:
    porte = door(monde.b)
    assert porte.come().headers["Location"] == f"{porte.path}/lien"
    code_of_a, _ = invite(monde, monde.a)
    assert porte.type_code(code_of_a).status_code == 422
    assert porte.last()[:2] == ("fournisseur.lien_refuse", 3)
    assert not porte.is_in()
    at_a = door()
    at_a.come("SP-02")
    assert at_a.type_code(code_of_a).status_code == 303, "the code was not spent where it did not serve"


@BY_PROVIDER
def test_new_enrolment_or_a_suspension_closes_the_way(monde: Monde, door: Callable[..., Porte], linked: Any) -> None:
    with monde.work(monde.a.directrice) as ctx:
        comptes.suspend_compte(ctx, linked, "Départ")
    assert door().come().status_code == 403
    with monde.work(monde.a.directrice) as ctx:
        comptes.resume_compte(ctx, linked)
        identite_id = local.identity_of(ctx, linked)
        assert identite_id
        again = local.issue_inscription(ctx, identite_id)
    porte = door()
    assert porte.come().headers["Location"] == f"{porte.path}/lien"
    assert porte.type_code(again.code).status_code == 303
    assert porte.is_in()


def test_visitor_who_takes_too_long_begins_again(door: Callable[..., Porte], clock: MovableClock) -> None:
    porte = door()
    porte.come("SP-02")
    clock.move(minutes=11)
    assert porte.get(f"{porte.path}/lien").headers["Location"] == porte.path
    clock.ahead *= 0


def test_service_without_a_provider_offers_the_other_ways(monde: Monde, door: Callable[..., Porte]) -> None:
    porte = door()
    with monde.work(service("exploitation")) as ctx:
        fournisseurs.withdraw(ctx)
    assert porte.get(porte.path).headers["Location"] == "/connexion"
    for path in ("depart", "retour?state=x&code=y", "lien"):
        assert porte.get(f"{porte.path}/{path}").status_code == 404
    assert porte.get("/connexion/service/inconnu").status_code == 404


# ──── What the operator registers


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://annuaire.test"},
        {"issuer": "https://moi:secret@annuaire.test"},
        {"amr": ()},
        {"amr": ("pwd",)},
        {"client_secret": ""},
    ],
    ids=str,
)
def test_provider_that_proves_too_little_is_not_registered(monde: Monde, changes: dict[str, Any]) -> None:
    with pytest.raises(FournisseurRefused):
        register(monde, monde.a, demande(**{"issuer": "https://annuaire.test", **changes}))


@pytest.mark.parametrize("role", [Role.DIR, Role.MDT, Role.ADM], ids=str)
def test_nobody_at_work_in_an_spst_reads_or_changes_its_provider(monde: Monde, role: Role) -> None:
    register(monde, monde.a, demande("https://annuaire.test"))
    for table in ("fournisseur_spst", "lien_fournisseur"):
        with monde.work(monde.a[role]) as ctx:
            assert ctx.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    with monde.work(monde.a[role]) as ctx:
        changed = ctx.session.execute(text("UPDATE fournisseur_spst SET issuer = 'https://ailleurs.test'"))
        assert changed.rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(ProgrammingError, match="row-level security"), monde.work(monde.a[role]) as ctx:
        ctx.session.execute(
            text(
                "INSERT INTO lien_fournisseur SELECT :t, :i, id, 'https://annuaire.test', 'moi', '', now()"
                " FROM identite_electronique LIMIT 1"
            ),
            {"t": monde.a.tenant_id, "i": new_id()},
        )


def run(monde: Monde, *arguments: str, **environment: str) -> Result:
    env = {**configuration(monde, 8000), "DATABASE_URL_OPS": monde.database.ops_url, **environment}
    return CliRunner(env=env).invoke(cli, ["tenant", "oidc", *arguments])


GIVEN = ("--nom", "Annuaire", "--issuer", "https://annuaire.test", "--client-id", "spst", "--amr", "otp")


def test_operator_registers_a_provider_by_the_command_and_withdraws_it(monde: Monde) -> None:
    done = run(monde, "coteaux", *GIVEN, "--json", SPST_OIDC_SECRET=SECRET)
    assert done.exit_code == 0, done.output
    page = "http://127.0.0.1:8000/connexion/service/coteaux"
    assert json.loads(done.output) == {
        "slug": "coteaux",
        "fournisseur": "Annuaire",
        "entree": page,
        "retour": f"{page}/retour",
    }
    _, found = fournisseurs.of_spst(monde.runtime, "coteaux")
    assert found
    assert (found.client_secret, found.amr) == (SECRET, frozenset({"otp"}))
    with monde.superuser.connect() as connection:
        assert SECRET.encode().hex() not in str(
            connection.scalar(text("SELECT fournisseur_spst::text FROM fournisseur_spst"))
        )
    assert "n’a plus" in run(monde, "coteaux", "--retirer").output
    assert fournisseurs.of_spst(monde.runtime, "coteaux")[1] is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("coteaux",), 2),
        (("coteaux", *GIVEN[:-2]), 2),
        (("coteaux", *GIVEN, "--retirer"), 2),
        (("inconnu", *GIVEN), 1),
        (("coteaux", *GIVEN, "--amr", "pwd"), 1),
    ],
    ids=str,
)
def test_command_says_by_its_code_what_went_wrong(monde: Monde, arguments: tuple[str, ...], code: int) -> None:
    assert run(monde, *arguments, SPST_OIDC_SECRET=SECRET).exit_code == code
