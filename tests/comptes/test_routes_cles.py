"""Pages of passkeys: whose challenge it is, what a key opens, and where keys cannot serve."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from spst.comptes.cles_rules import Site as KeySite
from spst.comptes.models import Compte
from spst.kernel.acteur import Role
from spst.web.cookies import hash_of
from spst.wiring.web import build_web
from tests.comptes.test_routes_local import PASSWORD, Navigateur, enrol, invite, next_code
from tests.factories.cle import Cle
from tests.factories.monde import Monde
from tests.factories.site import ORIGIN, config_for

BY_KEY = pytest.mark.exigence("AUT-04", partielle="clé d’accès")
HERE = KeySite("localhost", "http://localhost:8000")
"""Where keys serve when the public address is that of the tests, http://127.0.0.1:8000."""


class Poste(Navigateur):
    """A browser that sees the site under its name, with the device of whoever sits there."""

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=HERE.origin)

    def post(self, path: str, **form: str) -> TestResponse:
        token = re.search(r'<meta name="csrf-token" content="([^"]+)">', self.get("/connexion/locale").text)
        assert token
        return self.client.post(path, base_url=HERE.origin, data={"csrf_token": token[1], **form})

    def json(self, path: str) -> Any:
        answer = self.post(path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def add(self, cle: Cle, nom: str = "Portable") -> TestResponse:
        return self.post("/compte/cles", nom=nom, reponse=cle.create(self.json("/compte/cles/defi")))

    def enter(self, cle: Cle, suite: str = "") -> TestResponse:
        typed = cle.get(self.json("/connexion/locale/cle/defi"))
        return self.post(f"/connexion/locale/cle{suite}", reponse=typed)

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("spst-pro-8000", domain="localhost")
        return found.value if found else ""


@pytest.fixture(scope="module")
def app(monde: Monde) -> Any:
    return build_web(config_for("http://127.0.0.1:1"), monde.runtime)


@pytest.fixture
def cle() -> Cle:
    return Cle(HERE.origin, HERE.rp_id)


@pytest.fixture
def compte_id(monde: Monde, app: Any, cle: Cle) -> UUID:
    """The direction, whose device holds a key."""
    email, code, compte_id = invite(monde, Role.DIR)
    poste = Poste(app.test_client())
    totp = enrol(poste, code)
    poste.post("/connexion/locale", identifiant=email, mot_de_passe=PASSWORD)
    poste.post("/connexion/locale/code", code=next_code(totp))
    answer = poste.add(cle)
    assert answer.headers["Location"] == "/compte/cles", answer.text
    assert "Portable" in poste.get("/compte/cles").text
    return compte_id


@pytest.fixture
def poste(app: Any, compte_id: UUID) -> Poste:
    return Poste(app.test_client())


@BY_KEY
def test_key_opens_a_session_of_two_factors_whose_trace_says_by_what(
    monde: Monde, poste: Poste, compte_id: UUID, cle: Cle
) -> None:
    before = poste.json("/connexion/locale/cle/defi") and poste.cookie
    answer = poste.enter(cle, "?suite=/direction/journal")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/direction/journal")
    assert poste.get("/direction/journal").status_code == 200
    assert poste.cookie != before
    with monde.superuser.connect() as connection:
        [session] = connection.exec_driver_sql(
            "SELECT facteurs, acteur_id FROM session WHERE id_hash = %s", (hash_of(poste.cookie),)
        ).all()
        traced = connection.exec_driver_sql(
            "SELECT details FROM trace WHERE action = 'session.open' AND acteur_id = %s ORDER BY id DESC LIMIT 1",
            (compte_id,),
        ).scalar_one()
    assert tuple(session) == (2, compte_id)
    assert traced == {"moyen": "cle_acces"}


@BY_KEY
def test_challenge_belongs_to_one_browser_and_serves_once(app: Any, poste: Poste, cle: Cle) -> None:
    elsewhere = Poste(app.test_client())
    elsewhere.json("/connexion/locale/cle/defi")
    typed = cle.get(poste.json("/connexion/locale/cle/defi"))
    stolen = elsewhere.post("/connexion/locale/cle", reponse=typed)
    assert (stolen.status_code, "n’ouvre rien" in stolen.text) == (401, True)
    assert poste.post("/connexion/locale/cle", reponse=typed).status_code == 303
    again = poste.post("/connexion/locale/cle", reponse=typed)
    assert again.status_code == 401
    assert poste.get("/direction/journal").status_code == 200, "the second answer undid the session of the first"
    assert Poste(app.test_client()).post("/connexion/locale/cle", reponse=typed).status_code == 401


@BY_KEY
def test_account_that_was_suspended_or_unlinked_does_not_enter_by_its_key(
    monde: Monde, poste: Poste, compte_id: UUID, cle: Cle
) -> None:
    with monde.superuser.begin() as connection:
        connection.execute(update(Compte).where(Compte.id == compte_id).values(suspended_at=Compte.created_at))
    assert poste.enter(cle).status_code == 403
    with monde.superuser.begin() as connection:
        connection.exec_driver_sql("UPDATE rattachement SET revoked_at = now() WHERE compte_id = %s", (compte_id,))
    assert poste.enter(cle).status_code == 401
    assert poste.get("/direction/journal").status_code == 303


@BY_KEY
def test_session_left_open_adds_no_key_and_leads_to_a_new_entry(
    monde: Monde, poste: Poste, cle: Cle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert poste.enter(cle).status_code == 303
    asked = poste.json("/compte/cles/defi")
    monkeypatch.setattr("spst.web.fresh.is_recent", lambda *_: False)
    page = poste.get("/compte/cles").text
    assert "Entrer de nouveau" in page
    assert 'href="/connexion/locale?suite=/compte/cles"' in page
    assert 'name="nom"' not in page
    assert poste.post("/compte/cles/defi").status_code == 422
    late = poste.post("/compte/cles", nom="Autre", reponse=Cle(HERE.origin, HERE.rp_id).create(asked))
    assert late.headers["Location"] == "/connexion/locale?suite=/compte/cles"


def test_refused_creation_keeps_the_name_and_says_so(poste: Poste, cle: Cle) -> None:
    poste.enter(cle)
    wrong = Cle("https://ailleurs.test", HERE.rp_id)
    answer = poste.add(wrong, "Tablette")
    assert (answer.status_code, 'value="Tablette"' in answer.text, "pas été ajoutée" in answer.text) == (
        422,
        True,
        True,
    )
    nameless = poste.add(Cle(HERE.origin, HERE.rp_id), " ")
    assert "Donnez un nom" in nameless.text


@BY_KEY
def test_somebody_else_s_key_is_not_removed(app: Any, monde: Monde, poste: Poste, cle: Cle) -> None:
    email, code, _ = invite(monde, Role.DPO)
    other = Poste(app.test_client())
    totp = enrol(other, code)
    other.post("/connexion/locale", identifiant=email, mot_de_passe=PASSWORD)
    other.post("/connexion/locale/code", code=next_code(totp))
    with monde.superuser.connect() as connection:
        query = "SELECT id FROM cle_acces WHERE credential_id = %s"
        cle_id = connection.exec_driver_sql(query, (cle.credential_id,)).scalar_one()
    for wrong in (str(cle_id), "pas-un-identifiant", ""):
        other.post("/compte/cles/retrait", cle=wrong)
        assert "Cette clé n’est plus dans votre liste" in other.get("/compte/cles").text
    assert poste.enter(cle).status_code == 303
    poste.post("/compte/cles/retrait", cle=str(cle_id))
    assert "Aucune clé" in poste.get("/compte/cles").text
    assert Poste(app.test_client()).enter(cle).status_code == 401


def test_nobody_lists_or_adds_keys_without_a_session(app: Any) -> None:
    poste = Poste(app.test_client())
    assert poste.get("/compte/cles").status_code == 303
    for path in ("/compte/cles", "/compte/cles/defi", "/compte/cles/retrait"):
        assert poste.post(path, cle="x").status_code == 401


def test_address_that_is_a_number_says_where_keys_serve(app: Any, poste: Poste) -> None:
    page = app.test_client().get("/connexion/locale?suite=/compte/cles", base_url=ORIGIN).text
    assert "Entrer avec une clé d’accès" not in page
    assert 'href="http://localhost:8000/connexion/locale?suite=%2Fcompte%2Fcles"' in page
    assert "Entrer avec une clé d’accès" in poste.get("/connexion/locale").text


def test_address_that_has_no_name_at_all_keeps_password_and_code(monde: Monde) -> None:
    numbered = build_web(config_for("http://127.0.0.1:1", public_url="https://192.0.2.7"), monde.runtime).test_client()
    page = numbered.get("/connexion/locale", base_url="https://192.0.2.7").text
    assert "celle de cette page est un numéro" in page
    assert "data-cle" not in page
    assert ORIGIN not in page
