"""Heads stamped by an authority: openssl agrees with what is kept, and every false answer is refused."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from spst.adapters.horodatage.rfc3161 import TimeStampingAuthority
from spst.kernel.errors import ServiceUnavailable
from spst.traces import horodatage
from spst.traces.ports import HorodatageRefused
from tests.factories.scelle import Scelle
from tests.simulators import launcher
from tests.simulators.launcher import Simulator

pytestmark = pytest.mark.exigence("TRA-03", partielle="time stamps of heads")


@pytest.fixture(scope="module")
def authority() -> Iterator[Simulator]:
    started = launcher.start("horodatage")
    yield started
    started.stop()


@pytest.fixture
def roots(authority: Simulator, tmp_path: Path) -> Path:
    authority.admin("reset")
    path = tmp_path / "racines.pem"
    path.write_bytes(requests.get(f"{authority.url}ca.pem", timeout=10).content)
    return path


@pytest.fixture
def horodateur(authority: Simulator, roots: Path) -> TimeStampingAuthority:
    return TimeStampingAuthority(authority.url, roots)


def kept(scelle: Scelle) -> list[tuple[int, datetime, bytes, str]]:
    return scelle.rows("""SELECT h.taille, h.at, h.jeton, t.note FROM trace_horodatage h
                          JOIN trace_tete t USING (tenant_id, taille) WHERE tenant_id = %s ORDER BY 1""")


def test_the_last_head_of_each_spst_is_stamped_once(scelle: Scelle, horodateur: TimeStampingAuthority) -> None:
    scelle.write(3)
    scelle.write(1, scelle.monde.b)
    scelle.seal()
    assert [horodatage.stamp_heads(scelle.monde.runtime, horodateur) for _ in range(2)] == [2, 0]
    scelle.write()
    scelle.seal()
    assert horodatage.stamp_heads(scelle.monde.runtime, horodateur) == 1
    assert [row[0] for row in kept(scelle)] == [3, 4]
    assert datetime.now(UTC) - kept(scelle)[-1][1] < timedelta(minutes=1)


def test_openssl_verifies_what_is_kept(
    scelle: Scelle, horodateur: TimeStampingAuthority, roots: Path, tmp_path: Path
) -> None:
    scelle.write()
    scelle.seal()
    horodatage.stamp_heads(scelle.monde.runtime, horodateur)
    ((_, _, jeton, note),) = kept(scelle)
    (tmp_path / "note").write_text(note)
    (tmp_path / "jeton").write_bytes(jeton)
    command = ["openssl", "ts", "-verify", "-in", "jeton", "-data", "note", "-CAfile", str(roots)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (said.returncode, "Verification: OK" in said.stdout + said.stderr) == (0, True)


@pytest.mark.parametrize("fault", ["refused", "altered", "other", "garbage"])
def test_an_answer_that_does_not_hold_is_refused_and_nothing_is_kept(
    scelle: Scelle, horodateur: TimeStampingAuthority, authority: Simulator, fault: str
) -> None:
    scelle.write()
    scelle.seal()
    authority.admin("break", fault=fault)
    with pytest.raises(HorodatageRefused):
        horodateur.stamp(b"une tete")
    authority.admin("break", fault=fault)
    assert horodatage.stamp_heads(scelle.monde.runtime, horodateur) == 0
    assert kept(scelle) == []
    assert horodatage.stamp_heads(scelle.monde.runtime, horodateur) == 1


@pytest.mark.parametrize("fault", ["status", "cut", "huge"])
def test_an_authority_that_does_not_answer_is_asked_again_later(
    horodateur: TimeStampingAuthority, authority: Simulator, fault: str
) -> None:
    authority.admin("break", fault=fault)
    with pytest.raises(ServiceUnavailable):
        horodateur.stamp(b"une tete")
    assert horodateur.stamp(b"une tete")


def test_an_authority_that_is_not_the_one_that_was_chosen_is_refused(roots: Path, authority: Simulator) -> None:
    other = launcher.start("horodatage")
    try:
        with pytest.raises(HorodatageRefused):
            TimeStampingAuthority(other.url, roots).stamp(b"une tete")
    finally:
        other.stop()


def test_a_token_says_when_of_its_own_data_alone(horodateur: TimeStampingAuthority) -> None:
    token = horodateur.stamp(b"une tete")
    assert datetime.now(UTC) - horodateur.instant_of(b"une tete", token) < timedelta(minutes=1)
    with pytest.raises(HorodatageRefused):
        horodateur.instant_of(b"une autre", token)
