"""Pages of the direction: what they show, to whom, and what never reaches them."""

import csv
import io
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from sqlalchemy import text

from spst.habilitations import services as habilitations
from spst.habilitations.actions import SECTIONS, TITRES
from spst.habilitations.models import PolitiqueVersion
from spst.kernel.acteur import Role
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.traces import services as traces
from tests.factories.balp import breaks
from tests.factories.monde import Monde, colleague
from tests.factories.politiques import closing, published
from tests.factories.site import ORIGIN
from tests.pilotage.conftest import Pages, id_in

CANARI = "motif CANARI 4711"
EVERY_PAGE = (
    "/direction/accueil",
    "/direction/comptes",
    "/direction/comptes/nouveau",
    "/direction/journal",
    "/direction/journal/export.csv",
    "/direction/journal/export.ndjson",
    "/direction/politique",
    "/direction/revues",
    "/direction/moyens",
    "/direction/moyens/insi",
    "/direction/moyens/export.csv",
)


@pytest.fixture(autouse=True, scope="module")
def accesses(monde: Monde) -> None:
    for spst in (monde.a, monde.b):
        motif = Motif(CodeMotif.VISITE, CANARI)
        with monde.work(spst.medecin, spst, motif=motif) as ctx:
            decision = habilitations.require(ctx, "dossier.open", spst.zoe.dossier_id)
            traces.record(ctx, "dossier.open", spst.zoe.dossier_id, decision.open_sections)


def new_account(pages: Pages, **form: str) -> Any:
    values = {"civilite": "Mme", "prenom": "Laure", "nom": "Guérin-Test", "rpps": "", "email": ""} | form
    return pages.enter(pages.monde.a.directrice).post("/direction/comptes", **values)


def last(monde: Monde, table: str, column: str) -> Any:
    with monde.superuser.connect() as connection:
        return connection.scalar(text(f"SELECT {column} FROM {table} ORDER BY id DESC LIMIT 1"))


def role_of(pages: Pages, compte_id: Any) -> Any:
    with pages.monde.superuser.connect() as connection:
        return connection.scalar(text("SELECT id FROM habilitation WHERE compte_id = :c"), {"c": compte_id})


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_direction_opens_every_page_of_hers_and_reads_no_content(pages: Pages, path: str) -> None:
    """AUTZ-09: words seeded in the record, its reasons and its people are in none of them."""
    zoe = pages.monde.a.zoe
    answer = pages.enter(pages.monde.a.directrice).get(path)
    assert answer.status_code == 200, answer.text
    for canary in (CANARI, "ADRUN", "ZOE", str(zoe.dossier_id), str(zoe.travailleur_id), "metallurgie", "Soudeuse"):
        assert canary not in answer.text


@pytest.mark.parametrize("path", EVERY_PAGE)
@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.IPRP, Role.ADM, Role.PRO])
def test_who_works_on_dossiers_opens_none_of_them(pages: Pages, path: str, role: Role) -> None:
    assert pages.enter(pages.monde.a[role]).get(path).status_code == 403


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_nobody_without_session_opens_them(pages: Pages, path: str) -> None:
    answer = pages.anonymous().get(path)
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/connexion")


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD])
def test_officer_and_auditor_read_the_journal_but_not_the_accounts(pages: Pages, role: Role) -> None:
    mine = pages.enter(pages.monde.a[role])
    statuses = [mine.get(path).status_code for path in EVERY_PAGE]
    assert statuses == [200, 403, 403, *[200] * 8]
    assert "sessions ouvertes maintenant" not in mine.get("/direction/accueil").text


def test_counts_of_the_first_page_agree_with_their_words(pages: Pages) -> None:
    page = pages.enter(pages.monde.a.directrice).get("/direction/accueil").text
    found = re.findall(r"<dt>(sessions? ouvertes?) maintenant</dt><dd>(\d+)</dd>", page)
    assert found
    assert all(words == ("session ouverte" if int(count) < 2 else "sessions ouvertes") for words, count in found)


def test_journal_shows_who_by_which_rule_under_an_opaque_reference(pages: Pages) -> None:
    page = pages.enter(pages.monde.a.directrice).get("/direction/journal?role=&volet=S3").text
    assert "Dr\u00a0Claire Vasseur" in page
    assert "Ouvrir le dossier" in page
    assert re.search(r"D-[0-9A-Z]{4}-[0-9A-Z]{4}", page)
    assert "P-001" in page


@pytest.mark.parametrize(
    "query",
    [
        "dossier=n%27importe+quoi",
        "qui=compte:pas-un-id",
        "qui=role:ROI",
        "volet=S9",
        "decision=peut-être",
        "acte=dossier.voler",
        "periode=siècle",
        "periode=dates&du=31022027",
        "periode=dates&du=01012027&au=01012026",
        "avant=pas-un-id",
        "periode=dates&du=01010001",
    ],
)
def test_filter_that_cannot_be_read_is_said_in_french(pages: Pages, query: str) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    for path in ("/direction/journal", "/direction/journal/export.csv", "/direction/journal/export.ndjson"):
        assert mine.get(f"{path}?{query}").status_code == 422


@pytest.mark.exigence("HAB-08", partielle="la référence d’un refus")
def test_reference_that_a_refusal_gives_finds_its_line(pages: Pages) -> None:
    director, dpo = pages.enter(pages.monde.a.directrice), pages.enter(pages.monde.a[Role.DPO])
    refused = dpo.get(f"/dossiers/{pages.monde.a.zoe.dossier_id}").text
    given = re.search(r'<dd class="mono">([0-9a-f-]{14})</dd>', refused)
    assert given
    found = director.get(f"/direction/journal?dossier={given[1].upper()}").text
    assert found.count('<th scope="row"><time') == 1
    assert "règles" in found or "règle" in found
    assert "P-103" in found
    export = director.get(f"/direction/journal/export.csv?dossier={given[1]}").text
    assert f"Demande;{given[1].replace('-', '')}" in export
    elsewhere = pages.enter(pages.monde.b.directrice, spst=pages.monde.b)
    assert "Aucun accès ne répond" in elsewhere.get(f"/direction/journal?dossier={given[1]}").text


def test_filter_that_cannot_be_read_stays_in_its_field(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    for path in ("/direction/journal", "/direction/journal/export.csv"):
        page = mine.get(f"{path}?dossier=D-12&qui=role:MDT").text
        assert 'value="D-12" class="mono"' in page
        assert '<span class="error" id="f-dossier-e">' in page
        assert "Une référence de dossier s’écrit D-7F2K-901M" in page
        assert '<option value="role:MDT" selected>' in page
    page = mine.get("/direction/journal?periode=dates&du=31/02/2027&au=01/03/2027").text
    assert 'value="31/02/2027"' in page


def test_two_dates_are_in_the_form_and_say_nothing_of_another_period(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    page = mine.get("/direction/journal").text
    assert page.count('<div class="dates-only">') == 2
    assert mine.get("/direction/journal?periode=30&du=pas+une+date&au=").status_code == 200
    asked = mine.get("/direction/journal?periode=dates&du=01/01/2026&au=31/01/2026").text
    assert "Du 01/01/2026 au 31/01/2026" in asked


def test_hours_count_what_the_filters_leave(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    empty = mine.get("/direction/journal?dossier=D-0000-0000").text
    assert "Aucun accès ne répond à ces filtres" in empty
    assert re.search(r"<figcaption[^>]*>[^<]*, 0\xa0ligne</figcaption>", empty)
    assert '<rect class="bar"' not in empty
    one = mine.get("/direction/journal?qui=role:MDT&volet=S3").text
    assert re.findall(r"<figcaption[^>]*>[^<]*, (\d+)", one) == re.findall(r">(\d+)\xa0accès, du", one) != []


def test_filters_are_kept_from_page_to_page(pages: Pages) -> None:
    page = pages.enter(pages.monde.a.directrice).get("/direction/journal?periode=30&qui=role:MDT").text
    assert '<option value="30" selected>' in page
    assert '<option value="role:MDT" selected>' in page
    assert "periode=30&amp;qui=role%3AMDT" in page


def test_lines_of_dossiers_alone_can_be_asked_for(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    mine.get("/direction/journal")
    page = mine.get("/direction/journal?volet=dossier").text
    assert "Ouvrir le dossier" in page
    assert '<td class="wide">Lire le journal</td>' not in page


def test_acts_are_looked_for_one_by_one_or_by_genre(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    mine.get("/direction/journal")
    for asked, shown, other in (
        ("journal.consult", "Lire le journal", "Ouvrir le dossier"),
        ("genre:lecture", "Ouvrir le dossier", "Lire le journal"),
    ):
        page = mine.get(f"/direction/journal?acte={asked}").text
        assert f'<td class="wide">{shown}</td>' in page
        assert f'<td class="wide">{other}</td>' not in page
        assert f'<option value="{asked}" selected>' in page
        assert f"acte={asked.replace(':', '%3A')}" in page, "the export keeps it"


def test_export_is_a_file_that_a_spreadsheet_reads_and_that_leaves_a_trace(pages: Pages) -> None:
    answer = pages.enter(pages.monde.a.directrice).get("/direction/journal/export.csv?volet=S3")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert ["Volet", "S3"] in rows
    lines = rows[rows.index([]) + 2 :]
    assert lines
    assert all("S3" in row[5].split() for row in lines)
    with pages.monde.superuser.connect() as connection:
        traced = connection.scalar(
            text("SELECT details FROM trace WHERE action = 'journal.export' ORDER BY id DESC LIMIT 1")
        )
    assert traced == {"filtres": "section", "lignes": len(lines)}


@pytest.mark.exigence("TRA-06", partielle="l’export FHIR des lignes filtrées")
def test_the_same_lines_leave_as_audit_events_of_fhir(pages: Pages) -> None:
    dpo = pages.enter(pages.monde.a[Role.DPO])
    seen = dpo.get("/direction/journal/export.csv?volet=S3").text.splitlines()
    answer = dpo.get("/direction/journal/export.ndjson?volet=S3")
    assert answer.headers["Content-Type"] == "application/fhir+ndjson"
    assert re.search(r'attachment; filename="[\w-]+\.ndjson"', answer.headers["Content-Disposition"])
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert len(events) == len(seen) - seen.index("") - 2 > 0
    for event in events:
        AuditEvent.model_validate(event)
        assert breaks(event) == []
        assert "S3" in [one["valueString"] for one in event["entity"][1]["detail"]]
    assert f"{ORIGIN}/direction/politique#P-001" in answer.text
    assert str(pages.monde.a.zoe.dossier_id) not in answer.text
    with pages.monde.superuser.connect() as connection:
        traced = connection.scalar(
            text("SELECT details FROM trace WHERE action = 'journal.export' ORDER BY id DESC LIMIT 1")
        )
    assert traced == {"filtres": "section", "lignes": len(events)}


def test_audit_events_of_the_other_spst_are_its_own(pages: Pages) -> None:
    a, b = (
        pages.enter(spst.directrice, spst).get("/direction/journal/export.ndjson").text
        for spst in (pages.monde.a, pages.monde.b)
    )
    assert (str(pages.monde.a.tenant_id) in a, str(pages.monde.b.tenant_id) in b) == (True, True)
    assert str(pages.monde.b.tenant_id) not in a
    assert str(pages.monde.a.tenant_id) not in b


def test_policy_shows_each_role_and_part_with_the_article_that_closes_it(pages: Pages) -> None:
    page = pages.enter(pages.monde.a.directrice).get("/direction/politique").text
    assert page.count('class="cell ') == len(SECTIONS) * 11
    for said in ("P-103", "R-001", "L. 4624-8", "R. 4624-45-5", "sans contenu", "cell-law", "cell-none"):
        assert said in page


def test_policy_says_which_version_is_in_force_and_since_when(pages: Pages) -> None:
    spst = pages.monde.b
    path, mine = "/direction/politique", pages.enter(spst.directrice, spst)
    shipped = mine.get(path).text
    for said in ("livrée avec l’application", "votre service n’en a pas encore publié", "Préparer une modification"):
        assert said in shipped
    pages.monde.add(
        PolitiqueVersion(
            tenant_id=spst.tenant_id,
            id=new_id(),
            numero=1,
            texte="",
            published_at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC),
            published_by=spst.directrice.id,
        )
    )
    assert re.search("Version 1, publiée par votre service le 1er mars 2026", mine.get(path).text)


def test_rule_of_a_line_leads_to_what_it_says(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    mine.get("/direction/journal")  # its own line has its own rule
    rules = set(re.findall(r'href="(/direction/politique[^"]*)#([PR]-\d{3})"', mine.get("/direction/journal").text))
    assert ("/direction/politique", "P-025") in rules
    assert all(f'<tr id="{rule}">' in mine.get(path).text for path, rule in rules)


@pytest.mark.exigence("HAB-08", partielle="règle d’une ligne du journal")
def test_rule_of_the_spst_leads_to_the_version_that_decided(pages: Pages) -> None:
    monde = pages.monde
    with published(monde, closing(Role.INF, "S5")):
        with suppress(AccessDenied), monde.work(monde.a.infirmier) as ctx:
            habilitations.require(ctx, "attestation.issue", monde.a.zoe.dossier_id)
        mine = pages.enter(monde.a.directrice)
        [(path, rule)] = re.findall(
            r'href="(/direction/politique/versions/1)#(R-\d{3})"', mine.get("/direction/journal").text
        )
        assert f'<tr id="{rule}">' in mine.get(path).text


def test_parts_of_the_dossier_have_one_name_on_every_screen(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    shown = [mine.get(f"/direction/{page}").text for page in ("politique", "journal")]
    shown.append(pages.enter(pages.monde.a.medecin).get(f"/dossiers/{pages.monde.a.zoe.dossier_id}").text)
    for titre in TITRES.values():
        assert all(titre in page for page in shown), titre
    assert not any("Santé et examens" in page for page in shown)


def test_account_is_created_and_its_code_is_shown_once(pages: Pages) -> None:
    answer = new_account(pages, email=f"laure-{new_id().hex[-8:]}@coteaux.test")
    assert answer.status_code == 200
    found = re.search(r'class="one-time">([0-9A-Z-]{23})<', answer.text)
    assert found
    compte_id = last(pages.monde, "compte", "id")
    page = pages.enter(pages.monde.a.directrice).get(f"/direction/comptes/{compte_id}").text
    assert found[1] not in page
    assert "Inscription à faire" in page


def test_account_with_rpps_goes_to_its_page_to_receive_a_role(pages: Pages) -> None:
    answer = new_account(pages, civilite="Dr", rpps="10099000027")
    assert answer.status_code == 303
    compte_id = id_in(answer.headers["Location"])
    mine = pages.enter(pages.monde.a.directrice)
    granted = mine.post(f"/direction/comptes/{compte_id}/roles", role="MDT", debut="", fin="", attestation="")
    assert granted.status_code == 303
    page = mine.get(f"/direction/comptes/{compte_id}").text
    assert "Rôle demandé" in page
    assert "Médecin du travail" in page


@pytest.mark.parametrize(
    "form", [{}, {"rpps": "123"}, {"email": "pas un courriel"}, {"civilite": "Sir"}, {"nom": "  "}, {"nom": "x" * 500}]
)
def test_account_that_cannot_be_is_refused_and_what_was_typed_stays(pages: Pages, form: dict[str, str]) -> None:
    answer = new_account(pages, prenom="Prénom gardé", **form)
    assert answer.status_code == 422
    assert "Prénom gardé" in answer.text


def test_role_is_taken_back_and_the_next_request_is_refused(pages: Pages) -> None:
    """AUTZ-05, from both sides of the screen."""
    monde = pages.monde
    victim = pages.enter(monde.a[Role.AUD])
    assert victim.get("/direction/journal").status_code == 200
    with monde.superuser.connect() as connection:
        role_id = connection.scalar(
            text("SELECT id FROM habilitation WHERE compte_id = :c"), {"c": monde.a[Role.AUD].id}
        )
    mine = pages.enter(monde.a.directrice)
    assert mine.post(f"/direction/roles/{role_id}/retrait").status_code == 303
    assert victim.get("/direction/journal").headers["Location"].startswith("/connexion")


def granted(pages: Pages, compte_id: Any, role: Role, **form: str) -> Any:
    """Grant a role through the page; returns the grant's id."""
    mine = pages.enter(pages.monde.a.directrice)
    answer = mine.post(f"/direction/comptes/{compte_id}/roles", role=str(role), **{"debut": "", "fin": ""} | form)
    assert answer.status_code == 303, answer.text
    return last(pages.monde, "habilitation", "id")


def with_account(pages: Pages) -> Any:
    """An account without RPPS number."""
    assert new_account(pages, email=f"c-{new_id().hex[-8:]}@coteaux.test").status_code == 200
    return last(pages.monde, "compte", "id")


def test_last_day_of_a_role_is_shown_as_it_was_typed(pages: Pages) -> None:
    compte_id = with_account(pages)
    granted(pages, compte_id, Role.ADM, debut="01/12/2098", fin="31/12/2098")
    page = pages.enter(pages.monde.a.directrice).get(f"/direction/comptes/{compte_id}").text
    assert "à partir du 01/12/2098" in page
    granted(pages, compte_id, Role.PRO, fin="31/12/2098")
    page = pages.enter(pages.monde.a.directrice).get(f"/direction/comptes/{compte_id}").text
    assert "jusqu’au 31/12/2098" in page


def test_taking_a_role_back_is_asked_first_without_script_too(pages: Pages) -> None:
    compte_id = with_account(pages)
    role_id = granted(pages, compte_id, Role.ADM)
    mine = pages.enter(pages.monde.a.directrice)
    page = mine.get(f"/direction/comptes/{compte_id}").text
    assert f'href="/direction/roles/{role_id}/retrait" data-dialog="retrait-{role_id}"' in page
    assert f'<dialog class="dialog" id="retrait-{role_id}"' in page
    asked = mine.get(f"/direction/roles/{role_id}/retrait")
    assert asked.status_code == 200
    assert "Retirer le rôle «\u00a0Administrative\u00a0»\u00a0?" in asked.text
    assert "Garder ce rôle" in asked.text
    mine.post(f"/direction/roles/{role_id}/retrait")
    assert mine.get(f"/direction/roles/{role_id}/retrait").headers["Location"] == f"/direction/comptes/{compte_id}"


def test_role_taken_back_by_mistake_is_given_again_as_it_was(pages: Pages) -> None:
    compte_id = with_account(pages)
    role_id = granted(pages, compte_id, Role.IPRP, fin="31/12/2098", attestation="Arrêté du 3 mars")
    mine = pages.enter(pages.monde.a.directrice)
    assert mine.post(f"/direction/roles/{role_id}/retrait").status_code == 303
    page = mine.get(f"/direction/comptes/{compte_id}").text
    assert page.count(f'action="/direction/roles/{role_id}/retablissement"') == 2, "in the message, and beside the role"
    assert mine.post(f"/direction/roles/{role_id}/retablissement").status_code == 303
    page = mine.get(f"/direction/comptes/{compte_id}").text
    assert "Rôle rétabli" in page
    assert "retablissement" not in page
    with pages.monde.superuser.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT ends_at, attestation, revoked_at IS NULL AS open FROM habilitation WHERE compte_id = :c ORDER BY id"
            ),
            {"c": compte_id},
        ).all()
    assert [row.open for row in rows] == [False, True], "the time without it stays written"
    assert rows[0][:2] == rows[1][:2]


def test_nobody_gives_himself_a_role_again(pages: Pages) -> None:
    role_id = granted(pages, with_account(pages), Role.ADM)
    mine = pages.enter(pages.monde.a.directrice)
    mine.post(f"/direction/roles/{role_id}/retrait")
    with pages.monde.superuser.begin() as connection:
        connection.execute(
            text("UPDATE habilitation SET compte_id = :me WHERE id = :h"),
            {"me": pages.monde.a.directrice.id, "h": role_id},
        )
    answer = mine.post(f"/direction/roles/{role_id}/retablissement")
    assert (answer.status_code, "soi-même" in answer.text) == (422, True)
    assert mine.post(f"/direction/roles/{new_id()}/retablissement").status_code == 404


def test_roles_of_health_stay_closed_to_an_account_without_rpps_and_it_is_said(pages: Pages) -> None:
    compte_id = with_account(pages)
    mine = pages.enter(pages.monde.a.directrice)
    page = mine.get(f"/direction/comptes/{compte_id}").text
    closed = re.search(r'<optgroup label="Fermés à ce compte, sans numéro RPPS" disabled>(.*?)</optgroup>', page)
    assert closed
    assert re.findall(r'value="(\w+)"', closed[1]) == ["MDT", "COLL", "INT", "INF", "IPA", "MPC"]
    assert "sans preuve de Pro Santé Connect" in page
    answer = mine.post(f"/direction/comptes/{compte_id}/roles", role="MDT", debut="", fin="", attestation="")
    assert (answer.status_code, "RPPS" in answer.text) == (422, True)


def test_who_grants_a_role_of_health_is_told_that_a_proof_must_follow(pages: Pages) -> None:
    compte_id = id_in(new_account(pages, civilite="Dr", rpps="10099000290").headers["Location"])
    mine = pages.enter(pages.monde.a.directrice)
    page = mine.get(f"/direction/comptes/{compte_id}").text
    assert "sans cette preuve, la personne n’y entre pas" in page
    assert "<optgroup" not in page
    mine.post(f"/direction/comptes/{compte_id}/roles", role="INF", debut="", fin="", attestation="")
    second = pages.enter(colleague(pages.monde, pages.monde.a, Role.DIR))
    page = second.get(f"/direction/comptes/{compte_id}").text
    act = re.search(r'action="(/direction/demandes/[0-9a-f-]+/confirmation)"', page)
    assert act
    second.post(act[1])
    assert "quand Pro Santé Connect attestera cette profession" in second.get(f"/direction/comptes/{compte_id}").text


def test_address_of_an_act_opens_the_page_above_it(pages: Pages) -> None:
    """After a refused form, this address stands in the browser's bar, and is loaded again."""
    mine = pages.enter(pages.monde.a.directrice)
    page = f"/direction/comptes/{pages.monde.a.medecin.id}"
    for act in ("roles", "suspension", "reprise", "inscription", "sessions/fermer", "equipes"):
        answer = mine.get(f"{page}/{act}")
        assert (answer.status_code, answer.headers["Location"]) == (303, page), act
    assert mine.get("/compte/sessions/fermer").headers["Location"] == "/compte"
    assert mine.get(f"/direction/nominatives/{new_id()}/retrait").status_code == 405, "no page above"
    assert mine.client.get(f"{page}/roles", headers={"Accept": "application/json"}).status_code == 405


def test_refused_form_of_an_account_comes_back_with_what_was_typed(pages: Pages) -> None:
    compte_id = with_account(pages)
    mine = pages.enter(pages.monde.a.directrice)
    path = f"/direction/comptes/{compte_id}"
    past = mine.post(f"{path}/roles", role="ADM", debut="", fin="01/01/2020", attestation="Arrêté du 3 mars")
    assert past.status_code == 422
    assert past.text.count("La fin vient avant le début, ou elle est passée.") == 2, "over the page, and in the form"
    for kept in ('<option value="ADM" selected>', 'value="01/01/2020"', 'value="Arrêté du 3 mars"', 'href="#accorder"'):
        assert kept in past.text
    no_day = mine.post(f"{path}/roles", role="ADM", debut="31/02/2030", fin="", attestation="")
    assert "Le jour 31 n’existe pas dans ce mois." in no_day.text
    assert 'value="31/02/2030"' in no_day.text
    team = mine.post(f"{path}/equipes", equipe="")
    assert (team.status_code, "Choisissez dans la liste." in team.text) == (422, True)


def test_last_direction_is_told_why_her_role_stays(pages: Pages) -> None:
    """The button is not there; whoever posts all the same comes back to the page of the account."""
    monde = pages.monde
    mine = pages.enter(monde.b.directrice, monde.b)
    page = mine.get(f"/direction/comptes/{monde.b.directrice.id}").text
    assert "Dernier compte de direction" in page
    assert "/retrait" not in page
    answer = mine.post(f"/direction/roles/{role_of(pages, monde.b.directrice.id)}/retrait")
    assert answer.status_code == 422
    assert "C’est le dernier compte de direction" in answer.text
    assert "Accorder un rôle" in answer.text


def test_role_that_changed_meanwhile_is_said_on_the_page_of_its_account(pages: Pages) -> None:
    role_id = granted(pages, with_account(pages), Role.ADM)
    mine = pages.enter(pages.monde.a.directrice)
    assert "n’a pas été retiré" in mine.post(f"/direction/roles/{role_id}/retablissement").text
    mine.post(f"/direction/roles/{role_id}/retrait")
    assert "déjà retiré" in mine.post(f"/direction/roles/{role_id}/retrait").text


def test_search_that_is_too_long_is_kept_for_correction(pages: Pages) -> None:
    answer = pages.enter(pages.monde.a.directrice).post("/direction/comptes/recherche", q="x" * 101)
    assert (answer.status_code, "x" * 101 in answer.text, "100 signes au plus" in answer.text) == (422, True, True)


def test_direction_is_told_why_she_cannot_serve_herself(pages: Pages) -> None:
    directrice = pages.monde.a.directrice
    mine = pages.enter(directrice)
    path = f"/direction/comptes/{directrice.id}"
    assert mine.get(path).status_code == 200
    answer = mine.post(f"{path}/roles", role="MDT", debut="", fin="", attestation="")
    assert (answer.status_code, "soi-même" in answer.text) == (422, True)
    assert mine.post(f"{path}/suspension", motif="essai").status_code == 422


def test_accounts_of_another_spst_are_nowhere(pages: Pages) -> None:
    there = pages.monde.b.medecin.id
    mine = pages.enter(pages.monde.a.directrice)
    assert mine.get(f"/direction/comptes/{there}").status_code == 404
    for act, form in (
        ("roles", {"role": "ADM", "debut": "", "fin": "", "attestation": ""}),
        ("suspension", {"motif": "x"}),
        ("reprise", {}),
        ("inscription", {}),
        ("sessions/fermer", {}),
        ("equipes", {"equipe": str(pages.monde.a.equipe_id)}),
    ):
        assert mine.post(f"/direction/comptes/{there}/{act}", **form).status_code == 404, act
    assert mine.post(f"/direction/roles/{new_id()}/retrait").status_code == 404
    assert mine.get(f"/direction/roles/{role_of(pages, there)}/retrait").status_code == 404
    assert mine.post(f"/direction/nominatives/{new_id()}/retrait").status_code == 404


def test_form_without_its_token_changes_nothing(pages: Pages) -> None:
    mine = pages.enter(pages.monde.a.directrice)
    path = f"/direction/comptes/{pages.monde.a.medecin.id}/suspension"
    assert mine.post(path, csrf_token="forged", motif="x").status_code == 400


@pytest.mark.exigence("HAB-10")
def test_direction_lets_the_front_desk_register_takes_it_back_and_gives_it_again(pages: Pages) -> None:
    client, desk = pages.enter(pages.monde.a.directrice), pages.monde.a[Role.ADM].id
    url = f"/direction/comptes/{desk}"
    page = client.get(url).text
    action = re.search(r"/direction/nominatives/[0-9a-f-]+/retrait", page)
    assert action is not None
    client.post(action.group())
    page = client.get(url).text
    assert re.search(r"/direction/nominatives/[0-9a-f-]+/retablissement", page), "its undo, for ten seconds"
    assert "/retrait" not in page.partition('id="nominatives"')[2].partition("</section>")[0]
    assert client.post(f"{url}/nominatives", code="enregistrement").status_code == 303
    assert "déjà habilité" in client.post(f"{url}/nominatives", code="enregistrement").text
    assert client.post(action.group()).status_code == 404


@pytest.mark.exigence("HAB-10")
def test_health_professional_registers_by_function_and_is_not_offered_it_by_name(pages: Pages) -> None:
    client, nurse = pages.enter(pages.monde.a.directrice), pages.monde.a.infirmier.id
    assert 'value="enregistrement"' not in client.get(f"/direction/comptes/{nurse}").text
    refused = client.post(f"/direction/comptes/{nurse}/nominatives", code="enregistrement")
    assert refused.status_code == 422
    assert "par leur fonction" in refused.text
