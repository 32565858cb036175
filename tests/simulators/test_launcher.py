"""A stand-in is a program of its own: it says when it is ready, what it lacks, and leaves cleanly."""

import os
import signal
import subprocess

import pytest

from tests.simulators import launcher
from tests.simulators.relying_party import CALLBACK, ENVIRONMENT, Browser, RelyingParty


def spawn(name: str) -> subprocess.Popen[str]:
    program = ["node", str(launcher.SIMULATORS / name / "main.mjs")]
    env = {**ENVIRONMENT, "PATH": os.environ["PATH"], "PORT": str(launcher.free_port()), "STOP_WITH_STDIN": "1"}
    return subprocess.Popen(
        program, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("name", ["psc", "franceconnect"])
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "end of stdin"])
def test_program_says_one_line_and_leaves_with_code_zero(name: str, how: str) -> None:
    with spawn(name) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"{name}: prêt http://127.0.0.1:")
        if how == "end of stdin":
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[how])
        assert process.wait(launcher.STOP_TIMEOUT_S) == 0
        assert process.stdout.read() == ""


def test_missing_setting_stops_the_program_with_its_name() -> None:
    with pytest.raises(launcher.SimulatorError, match="CLIENT_ID, CLIENT_SECRET"):
        launcher.start("psc", env={"REDIRECT_URIS": CALLBACK})


def test_two_stand_ins_in_one_browser_keep_their_sessions_apart(
    psc_client: RelyingParty, franceconnect_client: RelyingParty, browser: Browser
) -> None:
    psc_client.sign_in(browser, "PSC-01")
    franceconnect_client.sign_in(browser, "FC-01")
    assert browser.open(psc_client.authorization_url()).is_redirect
    assert browser.open(franceconnect_client.authorization_url()).is_redirect
