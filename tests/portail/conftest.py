"""The portal over the small world: FranceConnect+ stands in, people are followed and known there as each test wants."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import unescape
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from spst.adapters.franceconnect.client import AFTER_LOGOUT_PATH, RETURN_PATH
from spst.dmst import services as dmst
from spst.dmst.models import Dossier, Suivi
from spst.identite import rules as identite_rules
from spst.identite.models import CodeActivation, EvenementIdentite, Travailleur
from spst.kernel.acteur import Acteur, Role
from spst.kernel.config import OidcPeer
from spst.kernel.ids import new_id
from spst.traces.models import JournalTechnique, Trace
from spst.wiring.web import build_web
from tests.factories.monde import LONG_AGO, Monde, Personne, Spst
from tests.factories.site import ORIGIN, MovableClock, config_for, path_of
from tests.simulators import launcher
from tests.simulators.relying_party import Browser

SECRET = "fc-secret-of-the-tests-00000000000"
PHONE = {"User-Agent": "Telephone de Zoe"}
BIRTH = date(1984, 5, 17)
_numbers = count(1)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def fresh_name() -> str:
    """A family name that nobody else has in this module."""
    number = next(_numbers)
    return "TEST " + _LETTERS[number // 676] + _LETTERS[number // 26 % 26] + _LETTERS[number % 26]


@dataclass(slots=True)
class Portail:
    app: Flask
    monde: Monde
    fc: launcher.Simulator
    clock: MovableClock
    origin: str

    # ──── people

    def follow(self, spst: Spst, *, nom: str, statut: str = "qualifiee", **changes: Any) -> Personne:
        """Somebody whom `spst` follows, qualifiée and alive unless told otherwise."""
        traits = {
            "nom_naissance": nom, "prenoms": "LOU", "sexe": "F", "date_naissance": BIRTH, "lieu_naissance": "63220",
            **changes,
        }  # fmt: skip
        travailleur_id, dossier_id = new_id(), new_id()
        premier = traits["prenoms"].split(" ")[0]
        key = {"tenant_id": spst.tenant_id}
        self.monde.runtime.keyring.create_dossier_key(spst.tenant_id, dossier_id)
        self.monde.add(
            Travailleur(
                id=travailleur_id, premier_prenom=premier, statut_ins=statut, created_at=LONG_AGO, updated_at=LONG_AGO,
                nom_cle=identite_rules.search_key(nom, premier), **traits, **key,
            ),
            Dossier(
                id=dossier_id, travailleur_id=travailleur_id, created_at=LONG_AGO, created_by=spst.medecin.id, **key
            ),
            Suivi(dossier_id=dossier_id, equipe_id=spst.equipe_id, starts_on=LONG_AGO.date(), **key),
        )  # fmt: skip
        return Personne(travailleur_id, dossier_id, nom, Acteur(travailleur_id, Role.SAL, "s-portail", 2))

    def at_franceconnect(self, nom: str, **claims: str) -> str:
        """The same person there, unless `claims` differ; returns the id of the button."""
        person = f"FC-{next(_numbers) + 100}"
        known = {
            "sub": f"sub-{person}", "family_name": nom, "given_name": "Lou", "birthdate": BIRTH.isoformat(),
            "gender": "female", "birthplace": "63220", "birthcountry": "99100", "email": f"{person}@example.test",
            **claims,
        }  # fmt: skip
        self.fc.admin("add_person", person={"id": person, "nom": nom, "claims": known})
        return person

    def code(self, spst: Spst, personne: Personne) -> str:
        with self.monde.work(spst.medecin, spst, dossier_id=personne.dossier_id) as ctx:
            return dmst.issue_code(ctx, personne.dossier_id).code

    def change(self, personne: Personne, **values: Any) -> None:
        """Somebody corrects his identity in the register."""
        with Session(self.monde.superuser) as session, session.begin():
            row = session.scalars(select(Travailleur).where(Travailleur.id == personne.travailleur_id)).one()
            for name, value in values.items():
                setattr(row, name, value)

    def expire_codes(self) -> None:
        """Fifteen days pass for every code that was handed over."""
        with Session(self.monde.superuser) as session, session.begin():
            session.execute(update(CodeActivation).values(expires_at=CodeActivation.issued_at))

    # ──── a browser

    def client(self) -> FlaskClient:
        """A new browser, on a subscriber's network of its own."""
        made, number = self.app.test_client(), next(_numbers)
        made.environ_base["REMOTE_ADDR"] = f"10.{number // 250}.{number % 250}.7"
        return made

    def get(self, client: FlaskClient, path: str, **headers: str) -> TestResponse:
        return client.get(path, base_url=self.origin, headers={**PHONE, **headers})

    def post(self, client: FlaskClient, path: str, form: dict[str, str], page: str) -> TestResponse:
        """A form of `page`, with its token."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(client, page).text)
        assert found, page
        return client.post(
            path,
            base_url=self.origin,
            data={"csrf_token": unescape(found[1]), **form},
            headers={**PHONE, "Origin": self.origin},
        )

    def callback(self, client: FlaskClient, person: str, slug: str = "coteaux") -> str:
        """The path by which FranceConnect+ sends the browser back, once the person was chosen there."""
        depart = str(self.get(client, f"/p/{slug}/connexion").headers["Location"])
        with Browser(ours=(self.origin,)) as browser:
            page = browser.open(depart)
            back = browser.submit(page, {"personne": person}) if not page.is_redirect else page
        return path_of(str(back.headers["location"]))

    def log_in(self, client: FlaskClient, person: str, slug: str = "coteaux") -> TestResponse:
        return self.get(client, self.callback(client, person, slug))

    def give_code(self, client: FlaskClient, code: str, slug: str = "coteaux") -> TestResponse:
        return self.post(client, f"/p/{slug}/activation", {"code": code}, f"/p/{slug}/activation")

    def entered(self, spst: Spst, personne: Personne, person: str) -> FlaskClient:
        """A browser in which the person has activated his space and stands on its first page."""
        client = self.client()
        assert self.log_in(client, person, spst.slug).headers["Location"] == f"/p/{spst.slug}/activation"
        answer = self.give_code(client, self.code(spst, personne), spst.slug)
        assert answer.headers["Location"] == f"/p/{spst.slug}/accueil", answer.text
        return client

    # ──── what was written

    def events(self, spst: Spst) -> list[tuple[str, UUID | None]]:
        with Session(self.monde.superuser) as session:
            query = select(EvenementIdentite).where(EvenementIdentite.tenant_id == spst.tenant_id)
            return [(row.type, row.travailleur_id) for row in session.scalars(query.order_by(EvenementIdentite.at))]

    def traces(self, personne: Personne) -> list[Trace]:
        with Session(self.monde.superuser) as session:
            query = select(Trace).where(Trace.dossier_id == personne.dossier_id).order_by(Trace.id)
            return list(session.scalars(query))

    def technical(self) -> list[JournalTechnique]:
        with Session(self.monde.superuser) as session:
            return list(session.scalars(select(JournalTechnique).order_by(JournalTechnique.id)))


@pytest.fixture(scope="module")
def origin() -> str:
    """Where the site is; a module that opens it in a browser says where."""
    return ORIGIN


@pytest.fixture(scope="module")
def running_franceconnect(origin: str) -> Iterator[launcher.Simulator]:
    simulator = launcher.start(
        "franceconnect",
        env={
            "CLIENT_ID": "spst-demonstration",
            "CLIENT_SECRET": SECRET,
            "REDIRECT_URIS": f"{origin}{RETURN_PATH}",
            "POST_LOGOUT_REDIRECT_URIS": f"{origin}{AFTER_LOGOUT_PATH}",
        },
    )
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def portail_of_module(monde: Monde, running_franceconnect: launcher.Simulator, origin: str) -> Portail:
    clock, fc = MovableClock(), running_franceconnect
    peer = OidcPeer(fc.url, f"{fc.url}/.well-known/openid-configuration", "spst-demonstration", SECRET)
    config = replace(config_for("http://127.0.0.1:9", public_url=origin), franceconnect=peer)
    return Portail(build_web(config, replace(monde.runtime, clock=clock)), monde, fc, clock, origin)


@pytest.fixture
def portail(portail_of_module: Portail) -> Portail:
    portail_of_module.fc.admin("reset")
    portail_of_module.clock.ahead = timedelta()
    return portail_of_module
