"""A tiny application that receives back-channel logout calls."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Listener:
    """Keeps each logout_token received; answers `status`."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.status = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                listener.tokens += parse_qs(body)["logout_token"]
                self.send_response(listener.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/deconnexion"

    def forget(self) -> None:
        self.tokens.clear()
        self.status = 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
