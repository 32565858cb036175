"""The search: who is found, and that what was typed stands in no address, no log and no session row."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, request
from sqlalchemy import text
from werkzeug.test import TestResponse

from spst.espace_pro import routes_recherche
from spst.kernel.acteur import Role
from spst.web import recherches
from tests.factories.monde import Monde, Personne
from tests.factories.site import Site
from tests.visites.test_routes import Poste

FRAGMENT = {"HX-Request": "true"}
FETCH = {"X-Requested-With": "fetch", "Accept": "text/html"}


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


@pytest.fixture
def asked(pages: Site) -> Iterator[list[str]]:
    """Request lines as a proxy would write them, from here on."""
    lines: list[str] = []

    def note() -> None:
        lines.append(f"{request.method} {request.full_path}")

    pages.app.before_request_funcs.setdefault(None, []).insert(0, note)
    yield lines
    pages.app.before_request_funcs[None].remove(note)


def dossier(personne: Personne) -> str:
    return f"/dossiers/{personne.dossier_id}"


def address(poste: Poste, **typed: str) -> str:
    answer = poste.post("/recherche", typed)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def search(poste: Poste, q: str, naissance: str = "", **headers: str) -> TestResponse:
    return poste.get(address(poste, q=q, naissance=naissance), **headers)


def test_a_search_gives_the_dossier_of_who_is_found(medecin: Poste, monde: Monde) -> None:
    page = search(medecin, "adrûn")
    assert page.status_code == 200
    assert dossier(monde.a.zoe) in page.text
    assert dossier(monde.b.zoe) not in page.text
    assert 'value="adrûn"' in page.text
    fragment = search(medecin, "adrun", **FRAGMENT)
    assert fragment.text.lstrip().startswith('<div id="resultats"')


def test_the_administration_finds_a_person_and_no_address_of_a_dossier(pages: Site, monde: Monde) -> None:
    poste = Poste(pages, monde.a[Role.ADM])
    page = search(poste, "adrun")
    assert "ADRUN" in page.text
    assert "/dossiers/" not in page.text
    assert "/dossiers/" not in poste.post("/recherche/suggestions", {"q": "adrun"}, **FETCH).text


def test_an_impossible_date_is_said_over_the_results(medecin: Poste) -> None:
    assert "Le mois 13 n’existe pas." in search(medecin, "", "31131975").text


def test_suggestions_are_options_of_a_list(medecin: Poste, monde: Monde) -> None:
    answer = medecin.post("/recherche/suggestions", {"q": "artagnan"}, **FETCH)
    assert f'data-url="{dossier(monde.a.pierre)}"' in answer.text
    assert answer.text.count('role="option"') == 1


@pytest.mark.parametrize("q", ["", "\x00", "'\"<script>", "x" * 5000, "\u202e", "😀", "%%_"])
def test_no_search_ends_in_a_failure(medecin: Poste, q: str) -> None:
    answer = medecin.post("/recherche", {"q": q})
    assert answer.status_code in {303, 400, 422}
    if answer.status_code == 303:
        assert medecin.get(answer.headers["Location"]).status_code == 200
    assert medecin.post("/recherche/suggestions", {"q": q}, **FETCH).status_code in {200, 400, 422}


def test_pages_that_do_not_exist_are_the_first_or_empty(medecin: Poste) -> None:
    found = address(medecin, q="a")
    for page in ("0", "-1", "un", "99999", "٣"):
        assert medecin.get(f"{found}&page={page}").status_code == 200


# ──── What was typed stands nowhere


def test_no_address_of_a_search_tells_who_was_looked_for(
    pages: Site, monde: Monde, asked: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the box of another page to the second page of the results, back, reloaded, and after the session has ended."""
    monkeypatch.setattr(routes_recherche, "PAGE", 1)
    poste = Poste(pages, monde.a.medecin)
    with caplog.at_level("INFO"):
        poste.post("/recherche/suggestions", {"q": "adr"}, **FETCH)
        first = search(poste, "adr")
        [following] = re.findall(r'rel="next" href="([^"]+)"', first.text)
        second = poste.get(following.replace("&amp;", "&"))
        assert second.text.count('scope="row"') == 1
        assert second.text != first.text
        assert dossier(monde.a.zoe) in poste.get(asked[-2].split(" ")[1]).text + second.text
        search(poste, "adrun", "31121975", **FRAGMENT)
        poste.post("/deconnexion")
        poste.get(following.replace("&amp;", "&"))
        poste.get("/recherche?q=adrun")
        sent = poste.get("/recherche?q=adrun").headers["Location"]
    assert sent == "/connexion?suite=%2Frecherche"
    ours = [line for line in asked if not line.startswith("GET /recherche?q=adrun")]
    assert not re.search("adr|1975", " ".join(ours), re.IGNORECASE), ours
    assert not re.search("adr(un)?|1975", " ".join(str(r.__dict__) for r in caplog.records if "spst" in r.name))


def test_a_name_in_an_old_address_is_not_searched(medecin: Poste, monde: Monde) -> None:
    page = medecin.get("/recherche?q=adrun&naissance=31121975")
    assert page.status_code == 200
    assert dossier(monde.a.zoe) not in page.text


def test_what_is_kept_of_a_search_is_sealed(medecin: Poste, monde: Monde) -> None:
    address(medecin, q="Introuvable-Xyz", naissance="31121975")
    with monde.superuser.connect() as connection:
        rows = " ".join(connection.execute(text("SELECT data::text FROM session")).scalars())
    assert "scelle" in rows
    assert "Introuvable" not in rows
    assert "31121975" not in rows


def test_the_last_twenty_searches_can_be_gone_back_to(medecin: Poste, monde: Monde) -> None:
    addresses = [address(medecin, q="adrun") for _ in range(recherches.KEPT + 1)]
    assert len(set(addresses)) == len(addresses)
    assert recherches.EXPIRED in medecin.get(addresses[0]).text
    assert dossier(monde.a.zoe) in medecin.get(addresses[1]).text


@pytest.mark.parametrize("r", ["0" * 32, "x", "%00", "../..", "9" * 500])
def test_an_unknown_search_is_an_empty_page_that_says_why(medecin: Poste, r: str) -> None:
    page = medecin.get(f"/recherche?r={r}")
    if page.status_code != 400:
        assert (page.status_code, recherches.EXPIRED in page.text) == (200, True)


@pytest.mark.exigence("TEN-01", partielle="une recherche gardée n’appartient qu’à sa session")
def test_a_search_of_somebody_else_is_unknown(medecin: Poste, pages: Site, monde: Monde) -> None:
    mine = address(medecin, q="adrun")
    for other in (Poste(pages, monde.a.infirmier), Poste(pages, monde.b.medecin, monde.b)):
        assert recherches.EXPIRED in other.get(mine).text


@pytest.mark.exigence("TRA-01", partielle="la recherche")
def test_a_search_is_traced_where_it_is_shown_and_not_where_it_is_kept(medecin: Poste, pages: Site) -> None:
    before = len(pages.traces("dossier.search"))
    found = address(medecin, q="adrun")
    assert len(pages.traces("dossier.search")) == before
    medecin.get(found)
    medecin.post("/recherche/suggestions", {"q": "adrun"}, **FETCH)
    assert len(pages.traces("dossier.search")) == before + 2


def test_a_forged_search_is_refused(medecin: Poste) -> None:
    for path in ("/recherche", "/recherche/suggestions"):
        assert medecin.post(path, {"q": "adrun", "csrf_token": "autre"}).status_code == 400


def test_no_get_route_reads_a_typed_name(pages: Site) -> None:
    """What a GET route may read of its address: ids, days, pages and filters, each named here."""
    assert _arguments_read(pages.app) <= READ_FROM_ADDRESSES


READ_FROM_ADDRESSES = {
    "r", "page", "jour", "avant", "apres", "rendez_vous", "terminer", "filtre",
    "periode", "du", "au", "qui", "volet", "decision", "dossier", "ligne",
    "suite", "raison", "fraiche", "encore", "panne", "fin", "psc", "state", "code", "iss", "error", "statut",
}  # fmt: skip


def _arguments_read(app: Flask) -> set[str]:
    from pathlib import Path

    sources = " ".join(path.read_text("utf-8") for path in Path(app.root_path).parent.rglob("*.py"))
    return set(re.findall(r'request\.args(?:\.get\(|\[)"(\w+)"', sources)) | set(
        re.findall(r'"(\w+)" (?:not )?in request\.args', sources)
    )
