"""The sample pages, served under the product's content security policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import preview

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class PreviewHandler(SimpleHTTPRequestHandler):
    """Static files of the build and of the preview, nothing else."""

    def translate_path(self, path: str) -> str:
        name = path.split("?")[0].split("#")[0]
        if name.startswith("/static/"):
            return str(preview.ROOT / "spst" / "web" / name.lstrip("/"))
        return super().translate_path(path)

    def do_POST(self) -> None:
        """A page that asks the server at its own pace is told nothing, as it would be by a server that has nothing to say."""
        self.send_response(204)
        self.end_headers()

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a test says what failed, not what was served."""


@pytest.fixture(scope="session")
def preview_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("preview")
    preview.write_all(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(PreviewHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with _opened(chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def same_page(chromium: Browser) -> Iterator[Page]:
    """For a module that looks and touches nothing: a new window each time costs more than the look."""
    with _opened(chromium) as opened:
        yield opened


@contextmanager
def _opened(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR", timezone_id="Europe/Paris")
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()
