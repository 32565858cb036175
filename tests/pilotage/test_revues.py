"""The review through its pages: opened, decided by two, signed, read again, exported."""

import csv
import io
import re
from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import Table, text

from spst.comptes.models_connexion import SessionOuverte
from spst.comptes.sessions import SCEAU
from spst.kernel.acteur import Role
from tests.factories.monde import Monde, colleague
from tests.factories.releves import run
from tests.pilotage.conftest import Navigateur, Pages

pytestmark = pytest.mark.exigence("AUT-06")
PAGE = "/direction/revues"


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM revue_ligne")
    run(monde, "DELETE FROM revue")
    run(monde, "DELETE FROM reglage_comptes")


@pytest.fixture
def director(pages: Pages) -> Navigateur:
    return pages.enter(pages.monde.a.directrice)


@pytest.fixture
def second(pages: Pages) -> Navigateur:
    return pages.enter(colleague(pages.monde, pages.monde.a, Role.DIR))


def opened(who: Navigateur) -> str:
    return str(who.post(PAGE).headers["Location"])


def finish(path: str, *people: Navigateur) -> None:
    """Everything is kept, by whoever may decide of it."""
    for who in people:
        for act in sorted(set(re.findall(r'action="(/direction/revues/[^"]+)"', who.get(path).text))):
            form = {"decision": "garder", "commentaire": ""} if "/lignes/" in act else {}
            if not act.endswith("/signature"):
                assert who.post(act, **form).status_code == 303


def test_two_people_review_one_signs_and_the_page_stays_with_its_fingerprint(
    director: Navigateur, second: Navigateur
) -> None:
    path = opened(director)
    page = director.get(path).text
    assert "Ce sont vos droits" in page
    assert "sans décision" in page
    finish(path, director)
    assert "Signer la revue" not in director.get(path).text
    assert "sur vos droits" in director.get(path).text
    assert "sur vos droits" not in second.get(path).text.partition("<aside")[2]
    finish(path, second)
    assert "Signer la revue" in director.get(path).text
    assert director.post(f"{path}/signature").status_code == 303
    page = director.get(path).text
    found = re.search(r'<code class="hash">([0-9a-f]{64})</code>', page)
    assert found
    assert "recalculée sur les lignes est la même" in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert found[1] in director.get(f"{path}/export.csv").text
    assert "La dernière a été signée le" in director.get("/direction/accueil").text


def test_old_log_in_is_asked_again_and_nothing_is_lost(pages: Pages, director: Navigateur, second: Navigateur) -> None:
    path = opened(director)
    finish(path, director, second)
    age(pages)
    page = director.get(path).text
    assert "Reconnectez-vous" in page
    assert f"/connexion/locale?suite={path}" in page
    refused = director.post(f"{path}/signature")
    assert (refused.status_code, "moins de cinq minutes" in refused.text) == (422, True)
    again = pages.enter(pages.monde.a.directrice)
    assert again.post(f"{path}/signature").status_code == 303


def age(pages: Pages) -> None:
    """The sessions that are open were opened ten minutes ago."""
    with pages.monde.superuser.begin() as connection:
        table = cast(Table, SessionOuverte.__table__)
        for row in connection.execute(table.select()).all():
            values = row._asdict()
            values["auth_at"] = connection.scalar(text("SELECT :at - interval '10 minutes'"), {"at": row.auth_at})
            sealed = SCEAU.sealed(pages.monde.runtime.keyring, values)
            connection.execute(
                table.update()
                .where(table.c.id_hash == row.id_hash)
                .values(auth_at=sealed["auth_at"], sceau=sealed["sceau"])
            )


def test_refused_decision_is_said_and_its_comment_stays(director: Navigateur) -> None:
    path = opened(director)
    act = re.search(r'action="(/direction/revues/lignes/[^"]+)"', director.get(path).text)
    assert act
    refused = director.post(act[1], decision="peut-être", commentaire="À revoir avec elle")
    assert (refused.status_code, "Choisissez Garder ou Retirer" in refused.text) == (422, True)
    assert 'value="À revoir avec elle"' in refused.text


def test_second_review_waits_for_the_end_of_the_first(director: Navigateur) -> None:
    opened(director)
    refused = director.post(PAGE)
    assert (refused.status_code, "déjà en cours" in refused.text) == (422, True)
    assert "Continuer la revue" in refused.text


def test_export_begins_no_cell_like_a_formula(director: Navigateur) -> None:
    path = opened(director)
    act = re.search(r'action="(/direction/revues/lignes/[^"]+)"', director.get(path).text)
    assert act
    director.post(act[1], decision="retirer", commentaire="=HYPERLINK(1)")
    rows = list(csv.reader(io.StringIO(director.get(f"{path}/export.csv").text.lstrip("\ufeff")), delimiter=";"))
    assert "'=HYPERLINK(1)" in {cell for row in rows for cell in row}


def test_home_says_when_the_review_is_late_and_the_settings_change_it(director: Navigateur) -> None:
    assert "Aucune revue n’a encore été signée." in director.get("/direction/accueil").text
    assert director.post(f"{PAGE}/reglages", revue_mois="6", inusage_jours="60").status_code == 303
    assert '<option value="6" selected>' in director.get(PAGE).text
    assert director.post(f"{PAGE}/reglages", revue_mois="0", inusage_jours="60").status_code == 422


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD])
def test_officer_and_auditor_read_without_anything_to_press(pages: Pages, director: Navigateur, role: Role) -> None:
    path, mine = opened(director), pages.enter(pages.monde.a[role])
    for page in (mine.get(path), mine.get(PAGE)):
        assert page.status_code == 200
        assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    assert mine.post(f"{path}/signature").status_code == 403
    assert mine.post(PAGE).status_code == 403


@pytest.mark.parametrize("role", [Role.MDT, Role.ADM, Role.IPRP])
def test_others_read_no_review(pages: Pages, director: Navigateur, role: Role) -> None:
    path, mine = opened(director), pages.enter(pages.monde.a[role])
    for page in (path, PAGE, f"{path}/export.csv"):
        assert mine.get(page).status_code == 403


def test_review_of_another_spst_is_not_found(pages: Pages, director: Navigateur) -> None:
    path, there = opened(director), pages.enter(pages.monde.b.directrice, pages.monde.b)
    assert there.get(path).status_code == 404
    assert there.post(f"{path}/signature").status_code == 404
