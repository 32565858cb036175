"""Each stand-in is started once per module on a free port, and put back to its first state before each test."""

from collections.abc import Iterator

import pytest

from tests.simulators import launcher
from tests.simulators.relying_party import ENVIRONMENT, Browser, RelyingParty


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def running_psc() -> Iterator[launcher.Simulator]:
    simulator = launcher.start("psc", env=ENVIRONMENT)
    yield simulator
    simulator.stop()


@pytest.fixture
def psc(running_psc: launcher.Simulator) -> launcher.Simulator:
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
