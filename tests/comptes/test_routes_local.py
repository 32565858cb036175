"""Pages of the second path: nothing opens with one factor, and nobody learns whether an address is known."""

import re
import time
from typing import Any
from uuid import UUID

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from spst.comptes import demandes
from spst.comptes import services_comptes as comptes
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from spst.wiring.web import build_web
from tests.factories.monde import Monde, colleague
from tests.factories.site import ORIGIN, config_for

PASSWORD = "cheval agrafe pile correcte"


class Navigateur:
    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=ORIGIN)

    def post(self, path: str, **form: str) -> TestResponse:
        token = re.search(r'<meta name="csrf-token" content="([^"]+)">', self.get("/connexion/locale").text)
        assert token
        return self.client.post(path, base_url=ORIGIN, data={"csrf_token": token[1], **form})


@pytest.fixture(scope="module")
def app(monde: Monde) -> Any:
    return build_web(config_for("http://127.0.0.1:1"), monde.runtime)


@pytest.fixture
def navigateur(app: Any) -> Navigateur:
    return Navigateur(app.test_client())


def invite(monde: Monde, *roles: Role) -> tuple[str, str, UUID]:
    """An account that waits for its enrolment: address, code, id."""
    email = f"dir-{new_id().hex[-10:]}@coteaux.test"
    with monde.work(monde.a.directrice) as ctx:
        created = comptes.create_compte(ctx, DemandeCompte("M.", "Hervé", "Lannuzel", email=email), "https://psc.test")
    for role in roles:
        with monde.work(monde.a.directrice) as ctx:
            given = comptes.grant_habilitation(ctx, created.compte_id, DemandeRole(role, ctx.clock.now()))
            asked = [one.id for one in demandes.waiting(ctx, created.compte_id)]
        if given in asked:
            with monde.work(colleague(monde, monde.a, Role.DIR)) as ctx:
                demandes.confirm(ctx, given)
    assert created.inscription
    return email, created.inscription.code, created.compte_id


def enrol(navigateur: Navigateur, code: str) -> pyotp.TOTP:
    """Through the pages, until the recovery codes."""
    assert navigateur.post("/inscription", code=code).headers["Location"] == "/inscription/mot-de-passe"
    answer = navigateur.post("/inscription/mot-de-passe", mot_de_passe=PASSWORD, confirmation=PASSWORD)
    assert answer.headers["Location"] == "/inscription/application"
    page = navigateur.get("/inscription/application").text
    assert re.search(r"<svg [^>]*viewBox", page), "a QR code without it is cut by its frame"
    secret = re.search(r'<b class="mono">([A-Z2-7 ]+)</b>', page)
    assert secret
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    done = navigateur.post("/inscription/application", code=totp.now())
    assert len(re.findall(r"<li>[0-9A-Z]{5}-[0-9A-Z]{5}</li>", done.text)) == 10
    return totp


def next_code(totp: pyotp.TOTP) -> str:
    """The one that follows the code of the enrolment: it is accepted thirty seconds ahead."""
    return totp.at(int(time.time()) + 30)


@pytest.mark.exigence("AUT-04", partielle="mot de passe et code à usage unique ; ni clé d’accès ni fournisseur du SPST")
def test_direction_enrols_then_enters_with_two_factors(monde: Monde, navigateur: Navigateur) -> None:
    email, code, _ = invite(monde, Role.DIR)
    totp = enrol(navigateur, code)
    first = navigateur.post("/connexion/locale", identifiant=email, mot_de_passe=PASSWORD)
    assert first.headers["Location"] == "/connexion/locale/code"
    assert navigateur.get("/direction/journal").status_code == 303
    second = navigateur.post("/connexion/locale/code", code=next_code(totp))
    assert second.headers["Location"] == "/"
    assert navigateur.get("/direction/journal").status_code == 200


def test_code_is_not_asked_without_a_password_before(navigateur: Navigateur) -> None:
    for path, form in (("code", {"code": "123456"}), ("secours", {"code_secours": "x"})):
        answer = navigateur.post(f"/connexion/locale/{path}", **form)
        assert answer.headers["Location"] == "/connexion/locale"
    assert navigateur.get("/connexion/locale/code").headers["Location"] == "/connexion/locale"


def test_known_and_unknown_addresses_get_the_same_page(monde: Monde, app: Any) -> None:
    email, code, _ = invite(monde, Role.DPO)
    enrol(Navigateur(app.test_client()), code)
    answers = [
        Navigateur(app.test_client()).post("/connexion/locale", identifiant=one, mot_de_passe="un autre mot de passe")
        for one in (email, f"nul-{new_id().hex[-10:]}@coteaux.test")
    ]
    said = [re.sub(r'(csrf[^>]+|value="[^"]*@[^"]*")', "", answer.text) for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert said[0] == said[1]


def test_sixth_attempt_says_when_to_come_back(navigateur: Navigateur) -> None:
    form = {"identifiant": f"nul-{new_id().hex[-10:]}@coteaux.test", "mot_de_passe": "un autre"}
    answers = [navigateur.post("/connexion/locale", **form) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) <= 60


def test_account_without_role_opens_nothing(monde: Monde, navigateur: Navigateur) -> None:
    email, code, _ = invite(monde)
    totp = enrol(navigateur, code)
    navigateur.post("/connexion/locale", identifiant=email, mot_de_passe=PASSWORD)
    answer = navigateur.post("/connexion/locale/code", code=next_code(totp))
    assert answer.status_code == 403
    assert navigateur.get("/direction/journal").status_code == 303


def test_enrolment_says_what_is_wrong_and_keeps_its_place(monde: Monde, navigateur: Navigateur) -> None:
    _, code, _ = invite(monde, Role.DPO)
    assert navigateur.post("/inscription", code="ABCDE-FGHJK").status_code == 422
    assert navigateur.get("/inscription/mot-de-passe").headers["Location"] == "/inscription"
    navigateur.post("/inscription", code=code)
    short = navigateur.post("/inscription/mot-de-passe", mot_de_passe="court", confirmation="court")
    assert (short.status_code, "14 signes" in short.text) == (422, True)
    other = navigateur.post("/inscription/mot-de-passe", mot_de_passe=PASSWORD, confirmation="autre")
    assert (other.status_code, "diffèrent" in other.text) == (422, True)
    assert navigateur.get("/inscription/application").headers["Location"] == "/inscription/mot-de-passe"
    navigateur.post("/inscription/mot-de-passe", mot_de_passe=PASSWORD, confirmation=PASSWORD)
    assert navigateur.post("/inscription/application", code="000000").status_code == 422


def test_health_professional_does_not_come_by_this_path(monde: Monde, navigateur: Navigateur) -> None:
    """R. 4624-45-5: Pro Santé Connect alone; the grant is refused before."""
    with pytest.raises(comptes.HabilitationRefused):
        invite(monde, Role.MDT)
