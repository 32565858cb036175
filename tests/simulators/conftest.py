"""Each stand-in is started once per module on a free port, and put back to its first state before each test."""

from collections.abc import Iterator

import pytest

from tests.simulators import launcher
from tests.simulators.listener import Listener
from tests.simulators.relying_party import ENVIRONMENT, Browser, RelyingParty


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def running_listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def listener(running_listener: Listener) -> Listener:
    running_listener.forget()
    return running_listener


@pytest.fixture(scope="module")
def running_psc(running_listener: Listener) -> Iterator[launcher.Simulator]:
    simulator = launcher.start("psc", env={**ENVIRONMENT, "BACKCHANNEL_LOGOUT_URI": running_listener.url})
    yield simulator
    simulator.stop()


@pytest.fixture
def psc(running_psc: launcher.Simulator, listener: Listener) -> launcher.Simulator:
    running_psc.admin("reset")
    return running_psc


@pytest.fixture
def psc_client(psc: launcher.Simulator) -> Iterator[RelyingParty]:
    client = RelyingParty(
        f"{psc.url}/.well-known/wallet-openid-configuration",
        auth_method="client_secret_basic",
        scope="openid scope_all",
        algorithm="RS256",
        acr="eidas1",
    )
    yield client
    client.close()


@pytest.fixture(scope="module")
def running_franceconnect() -> Iterator[launcher.Simulator]:
    simulator = launcher.start("franceconnect", env=ENVIRONMENT)
    yield simulator
    simulator.stop()


@pytest.fixture
def franceconnect(running_franceconnect: launcher.Simulator) -> launcher.Simulator:
    running_franceconnect.admin("reset")
    return running_franceconnect


@pytest.fixture
def franceconnect_client(franceconnect: launcher.Simulator) -> Iterator[RelyingParty]:
    client = RelyingParty(
        f"{franceconnect.url}/.well-known/openid-configuration",
        auth_method="client_secret_post",
        scope="openid identite_pivot profile birth email",
        algorithm="ES256",
        acr="eidas2",
    )
    yield client
    client.close()
