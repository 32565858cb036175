import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spst.cli.demo.children import Children
from spst.cli.demo.folder import DemoFolder, DemoRefused
from spst.cli.demo.supervisor import run

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/sante" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
WAIT = "import signal; signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SERVER}"


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    started = Children(lambda name: tmp_path / f"{name}.log")
    yield started
    started.stop()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_child_is_ready_when_it_answers(children: Children, tmp_path: Path, port: int) -> None:
    child = children.start("web", python(SERVER, str(port)), {}, tmp_path)
    children.wait_ready(child, port, "/sante")
    assert child.process.poll() is None


def test_a_child_that_dies_at_start_is_named_with_its_last_words(children: Children, tmp_path: Path, port: int) -> None:
    child = children.start("web", python("import sys; sys.exit('clé absente')"), {}, tmp_path)
    with pytest.raises(DemoRefused, match=r"(?s)web.*clé absente"):
        children.wait_ready(child, port, "/sante")


def test_a_child_that_dies_later_is_named_and_ends_the_watch(children: Children, tmp_path: Path) -> None:
    children.start("web", python(WAIT), {}, tmp_path)
    worker = children.start("worker", python(WAIT), {}, tmp_path)
    worker.process.kill()
    with pytest.raises(DemoRefused, match=r"worker.*code -9"):
        children.watch()


def test_a_database_that_dies_is_named_and_ends_the_watch(children: Children, tmp_path: Path) -> None:
    children.start("web", python(WAIT), {}, tmp_path)
    answers = iter((True, False))
    with pytest.raises(DemoRefused, match="PostgreSQL"):
        children.watch(lambda: next(answers))


def test_stop_ends_every_child_even_a_stubborn_one(
    children: Children, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spst.cli.demo.children._STOP_S", 0.2)
    docile = children.start("web", python(WAIT), {}, tmp_path)
    stubborn = children.start("worker", python(STUBBORN, str(port)), {}, tmp_path)
    children.wait_ready(stubborn, port, "/sante")
    children.stop()
    assert docile.process.returncode is not None
    assert stubborn.process.returncode == -signal.SIGKILL


def test_a_child_receives_only_the_environment_that_it_is_told(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_D_AILLEURS", "à ne pas transmettre")
    child = children.start("web", python("import os; print(sorted(os.environ))"), {"PORT": "1"}, tmp_path)
    child.process.wait()
    assert "'PORT'" in child.end_of_log()
    assert "SECRET_D_AILLEURS" not in child.end_of_log()


def test_children_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path, port: int) -> None:
    supervisor = f"""
import sys
from pathlib import Path
from spst.cli.demo.children import Children
folder = Path({str(tmp_path)!r})
children = Children(lambda name: folder / name)
child = children.start("web", [sys.executable, "-c", {SERVER!r}, "{port}"], {{}}, folder)
children.wait_ready(child, {port}, "/sante")
print(child.process.pid, flush=True)
child.process.wait()
"""
    process = subprocess.Popen(python(supervisor), stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = os.pidfd_open(int(process.stdout.readline()))
    process.kill()
    process.wait()
    process.stdout.close()
    ended = select.select([child], [], [], 10)[0]
    os.close(child)
    assert ended


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_busy_port_is_said_with_the_remedy(reachable_dir: Callable[[], Path], shift: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        base = taken - shift
        with pytest.raises(DemoRefused, match=rf"port {taken} est déjà pris.*PORT={base + 100} make run"):
            run(DemoFolder(reachable_dir() / "demo"), port=base, workers=1, reset=False)
    assert signal.getsignal(signal.SIGINT) is before
