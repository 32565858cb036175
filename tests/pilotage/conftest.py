"""A browser in which somebody of the staff is already at work."""

import hashlib
import re
from dataclasses import dataclass
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from spst.comptes import sessions
from spst.kernel.acteur import Acteur
from spst.web.cookies import hash_of, new_cookie_value
from spst.web.ports import Espace
from spst.wiring.web import build_web
from tests.factories.monde import Monde, Spst
from tests.factories.site import ORIGIN, config_for

AGENT = "Poste de la direction"


@dataclass(slots=True)
class Navigateur:
    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=ORIGIN, headers={"User-Agent": AGENT})

    def post(self, path: str, **form: str) -> TestResponse:
        data = {"csrf_token": self.token(), **form}
        return self.client.post(path, base_url=ORIGIN, data=data, headers={"User-Agent": AGENT})

    def token(self) -> str:
        page = self.get("/compte")
        page = page if page.status_code == 200 else self.get("/connexion")
        found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page.text)
        assert found, page.text
        return unescape(found[1])


@dataclass(slots=True)
class Pages:
    app: Flask
    monde: Monde

    def anonymous(self) -> Navigateur:
        return Navigateur(self.app.test_client())

    def enter(self, acteur: Acteur, spst: Spst | None = None) -> Navigateur:
        """As after a log-in with two factors."""
        spst = spst or self.monde.a
        value = new_cookie_value()
        with self.monde.work(spst.directrice, spst) as ctx:
            sessions.add(
                ctx,
                Espace.PRO,
                id_hash=hash_of(value),
                acteur_id=acteur.id,
                role=str(acteur.role),
                facteurs=acteur.facteurs,
                agent_hash=hashlib.sha256(AGENT.encode()).hexdigest(),
                auth_at=ctx.clock.now(),
            )
        mine = self.anonymous()
        mine.client.set_cookie("spst-pro-8000", value, domain="127.0.0.1")
        return mine


@pytest.fixture(scope="module")
def pages(monde: Monde) -> Pages:
    return Pages(build_web(config_for("http://127.0.0.1:1"), monde.runtime), monde)


def id_in(path: str) -> UUID:
    return UUID(path.rsplit("/", 1)[-1])
