"""The web program over a small world, a clock that tests move, and a browser that logs in at the stand-ins."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from spst.comptes.models import Compte, Habilitation
from spst.comptes.models_connexion import IdentiteElectronique, Rattachement, SessionOuverte
from spst.comptes.sessions import SCEAU
from spst.identite.models import LienPortail
from spst.kernel.acteur import Acteur, Role
from spst.kernel.config import Config, OidcPeer, SmtpPeer
from spst.kernel.ids import new_id
from spst.traces.models import JournalTechnique, Trace
from spst.web.cookies import hash_of, new_cookie_value
from spst.wiring.web import build_web
from tests.factories.monde import LONG_AGO, Monde, Spst
from tests.simulators import launcher
from tests.simulators.listener import Listener
from tests.simulators.relying_party import Browser

ORIGIN = "http://127.0.0.1:8000"
PSC_SECRET = "psc-secret-of-the-tests-0000000000"
SCREEN = {"User-Agent": "Poste de la salle 4"}


@dataclass
class MovableClock:
    """The machine's time, plus what a test adds."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@dataclass(slots=True)
class Site:
    app: Flask
    monde: Monde
    psc: launcher.Simulator
    clock: MovableClock
    told: Listener
    """What the provider said by the back channel."""

    def client(self) -> FlaskClient:
        """A new browser."""
        return self.app.test_client()

    def get(self, client: FlaskClient, path: str, **headers: str) -> TestResponse:
        return client.get(path, base_url=ORIGIN, headers={**SCREEN, **headers})

    def post(self, client: FlaskClient, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        """A form of a page of ours, its token included."""
        token = {} if form and "csrf_token" in form else {"csrf_token": self.token(client)}
        return client.post(path, base_url=ORIGIN, data={**token, **(form or {})}, headers={**SCREEN, **headers})

    def token(self, client: FlaskClient) -> str:
        """As a page holds it: that of an address that leads nowhere costs the least; to nobody, it gives none."""
        for path in ("/nulle-part", "/connexion"):
            page = self.get(client, path).text
            found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page)
            if found:
                return unescape(found[1])
        raise AssertionError(page)

    def invite(self, spst: Spst, rpps: str, role: Role, **grant: object) -> Compte:
        """An account of `spst` with a role, open to whoever comes with this RPPS."""
        compte = Compte(
            tenant_id=spst.tenant_id, id=new_id(), civilite="Dr", nom="ROUVIERE-TEST", prenom="Camille", rpps=rpps,
            created_at=LONG_AGO,
        )  # fmt: skip
        values = {"starts_at": LONG_AGO, "granted_by": compte.id, "granted_at": LONG_AGO, **grant}
        habilitation = Habilitation(tenant_id=spst.tenant_id, compte_id=compte.id, role=str(role), **values)
        identite_id = self._identity(rpps)
        link = Rattachement(identite_id=identite_id, tenant_id=spst.tenant_id, compte_id=compte.id, created_at=LONG_AGO)
        self.monde.add(compte, habilitation, link)
        return compte

    def _identity(self, rpps: str) -> object:
        with Session(self.monde.superuser) as session:
            known = session.scalar(
                select(IdentiteElectronique.id).where(
                    IdentiteElectronique.iss == self.psc.url, IdentiteElectronique.rpps == rpps
                )
            )
        if known is None:
            row = IdentiteElectronique(id=new_id(), iss=self.psc.url, rpps=rpps)
            known = row.id
            self.monde.add(row)
        return known

    def depart(self, client: FlaskClient, path: str = "/connexion/psc") -> str:
        return str(self.get(client, path).headers["Location"])

    def callback(self, client: FlaskClient, person: str) -> str:
        """The path that the provider sends the browser back to, once the person was chosen there."""
        with Browser(ours=(ORIGIN,)) as browser:
            url = self.back_from(browser, self.depart(client), person)
        return path_of(url)

    def back_from(self, browser: Browser, url: str, person: str) -> str:
        page = browser.open(url)
        if not page.is_redirect:
            page = browser.submit(page, {"personne": person})
        return str(page.headers["location"])

    def log_in(self, client: FlaskClient, person: str) -> TestResponse:
        """Through the stand-in; the last answer of ours, a redirect when something opened."""
        return self.get(client, self.callback(client, person))

    def entered(self, person: str) -> FlaskClient:
        """A browser in which somebody with one choice is at work."""
        client = self.client()
        answer = self.log_in(client, person)
        assert answer.headers["Location"] == "/", answer.text
        return client

    def at_work(self, acteur: Acteur, spst: Spst | None = None, *, facteurs: int = 2, port: int = 8000) -> FlaskClient:
        """A browser in which somebody of the small world is logged in already, in A unless told otherwise."""
        value, now = new_cookie_value(), self.clock.now()
        espace = "portail" if acteur.role is Role.SAL else "pro"
        own = next((p.dossier_id for p in (spst or self.monde.a).personnes.values() if p.acteur.id == acteur.id), None)
        self.add_session(
            id_hash=hash_of(value), espace=espace, tenant_id=(spst or self.monde.a).tenant_id, acteur_id=acteur.id,
            identite_id=self._linked(acteur, spst or self.monde.a) if acteur.role is Role.SAL else None,
            role=str(acteur.role), dossier_id=own, facteurs=facteurs, auth_at=now, data={},
            expires_at=now + timedelta(hours=1),
        )  # fmt: skip
        client = self.client()
        client.set_cookie(f"spst-{espace}-{port}", value, domain="127.0.0.1")
        return client

    def _linked(self, acteur: Acteur, spst: Spst) -> UUID:
        """The electronic identity by which a worker enters the portal of `spst`."""
        with Session(self.monde.superuser) as session:
            query = select(LienPortail.identite_id).where(LienPortail.travailleur_id == acteur.id)
            known = session.scalar(query.where(LienPortail.tenant_id == spst.tenant_id))
        if known is None:
            known = new_id()
            self.monde.add(IdentiteElectronique(id=known, iss="urn:test:franceconnect", sub=str(known)))
            self.monde.add(
                LienPortail(
                    tenant_id=spst.tenant_id, id=new_id(), travailleur_id=acteur.id, identite_id=known,
                    created_at=LONG_AGO,
                )
            )  # fmt: skip
        return known

    def add_session(self, **columns: object) -> None:
        """A session of the browser of these tests, sealed as the program seals it."""
        now, agent = self.clock.now(), hashlib.sha256(SCREEN["User-Agent"].encode()).hexdigest()
        row = {"created_at": now, "last_seen_at": now, "agent_hash": agent, **columns}
        self.monde.add(SessionOuverte(**SCEAU.sealed(self.monde.runtime.keyring, row)))

    def traces(self, action: str) -> list[Trace]:
        with Session(self.monde.superuser) as session:
            return list(session.scalars(select(Trace).where(Trace.action == action).order_by(Trace.id)))

    def refusals(self) -> list[JournalTechnique]:
        with Session(self.monde.superuser) as session:
            return list(session.scalars(select(JournalTechnique).order_by(JournalTechnique.id)))

    def sessions(self) -> list[SessionOuverte]:
        with Session(self.monde.superuser) as session:
            return list(session.scalars(select(SessionOuverte)))

    def account(self, compte: Compte) -> Compte:
        with Session(self.monde.superuser) as session:
            return session.scalars(select(Compte).where(Compte.id == compte.id)).one()


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def config_for(psc: str, secret: str = PSC_SECRET, public_url: str = ORIGIN) -> Config:
    key = secrets.token_bytes(32)
    peer = OidcPeer(psc, f"{psc}/.well-known/wallet-openid-configuration", "spst-demonstration", secret)
    smtp = SmtpPeer("127.0.0.1", 9, "aucune", "ne-pas-repondre@spst.test")
    return Config(8000, public_url, "", key, key, key, Path("unused"), peer, peer, smtp)


@pytest.fixture(scope="module")
def told() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def running_psc(told: Listener) -> Iterator[launcher.Simulator]:
    simulator = launcher.start(
        "psc",
        env={
            "CLIENT_ID": "spst-demonstration",
            "CLIENT_SECRET": PSC_SECRET,
            "REDIRECT_URIS": f"{ORIGIN}/connexion/psc/retour",
            "POST_LOGOUT_REDIRECT_URIS": f"{ORIGIN}/",
            "BACKCHANNEL_LOGOUT_URI": told.url,
        },
    )
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def site_of_module(monde: Monde, running_psc: launcher.Simulator, told: Listener) -> Site:
    clock = MovableClock()
    app = build_web(config_for(running_psc.url), replace(monde.runtime, clock=clock))
    return Site(app, monde, running_psc, clock, told)


@pytest.fixture
def site(site_of_module: Site) -> Site:
    site_of_module.psc.admin("reset")
    site_of_module.told.forget()
    site_of_module.clock.ahead = timedelta()
    return site_of_module
