"""FranceConnect+ at the stand-in: what it gives to the portal, and the lies that are refused."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from spst.adapters.franceconnect.client import RETURN_PATH, FranceConnect
from spst.comptes.ports import PreuveRefused, Retour
from spst.kernel.config import OidcPeer
from spst.portail.ports import PreuveTravailleur
from tests.factories.site import ORIGIN, MovableClock, config_for, query_of
from tests.simulators import launcher
from tests.simulators.relying_party import Browser

SECRET = "fc-secret-of-the-tests-00000000000"


@pytest.fixture(scope="module")
def running() -> Iterator[launcher.Simulator]:
    simulator = launcher.start(
        "franceconnect",
        env={
            "CLIENT_ID": "spst-demonstration",
            "CLIENT_SECRET": SECRET,
            "REDIRECT_URIS": f"{ORIGIN}{RETURN_PATH}",
            "POST_LOGOUT_REDIRECT_URIS": f"{ORIGIN}/",
        },
    )
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(running: launcher.Simulator) -> launcher.Simulator:
    running.admin("reset")
    return running


def client_of(simulator: launcher.Simulator) -> FranceConnect:
    peer = OidcPeer(simulator.url, f"{simulator.url}/.well-known/openid-configuration", "spst-demonstration", SECRET)
    return FranceConnect(replace(config_for("https://unused.test"), franceconnect=peer), MovableClock())


def log_in(simulator: launcher.Simulator) -> PreuveTravailleur:
    client = client_of(simulator)
    demande = client.authorize()
    person = simulator.admin("people")["people"][0]["id"]
    with Browser(ours=(ORIGIN,)) as browser:
        back = browser.submit(browser.open(demande.url), {"personne": person})
    answer = query_of(str(back.headers["location"]))
    assert answer["state"] == demande.state
    return client.exchange(demande, Retour(answer["code"], answer["state"], answer.get("iss")))


@pytest.mark.exigence("AUT-05", partielle="log-in alone; linking to a dossier is shown by the portal")
def test_log_in_gives_the_signed_pivot_at_level_substantial(simulator: launcher.Simulator) -> None:
    proof = log_in(simulator)
    person = simulator.admin("people")["people"][0]["claims"]
    pivot = proof.pivot
    assert proof.acr == "eidas2"
    assert proof.sub != person["sub"]
    assert (pivot.family_name, pivot.given_name, pivot.birthdate, pivot.gender) == (
        person["family_name"],
        person["given_name"],
        person["birthdate"],
        person["gender"],
    )
    assert pivot.birthplace == person.get("birthplace")
    assert person["family_name"] not in repr(proof)


@pytest.mark.exigence("AUT-05", partielle="the log-in's refusals")
@pytest.mark.parametrize(
    "lie",
    [
        {"fault": "acr"},
        {"fault": "nonce"},
        {"fault": "aud"},
        {"fault": "iss"},
        {"fault": "expired"},
        {"fault": "alg_none"},
        {"fault": "alg_hs256"},
        {"fault": "id_token_signature"},
        {"fault": "userinfo_sub"},
        {"fault": "userinfo_signature"},
    ],
    ids=lambda lie: lie["fault"],
)
def test_answer_that_lies_is_refused(simulator: launcher.Simulator, lie: dict[str, Any]) -> None:
    simulator.admin("break", **lie)
    with pytest.raises(PreuveRefused):
        log_in(simulator)


def test_log_out_address_names_the_token_and_where_to_come_back(simulator: launcher.Simulator) -> None:
    url = client_of(simulator).logout_url("the-token", "the-state")
    asked = query_of(url)
    assert url.startswith(f"{simulator.url}/session/end")
    assert (asked["id_token_hint"], asked["state"]) == ("the-token", "the-state")
    assert asked["post_logout_redirect_uri"].startswith(f"{ORIGIN}/")
