"""What a worker without a computer is handed at the visit: his accesses in his words, and the seal of the day."""

import re
from html import unescape

import pytest
from sqlalchemy import text

from spst.kernel.acteur import Role
from spst.traces import services as traces
from tests.factories.scelle import Scelle
from tests.factories.site import Site

pytestmark = pytest.mark.exigence("TRA-04")


def words(page: str) -> str:
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).replace("\u00a0", " ").split())


def test_the_sheet_tells_the_accesses_as_the_worker_reads_them_under_the_seal_of_the_day(
    pages: Site, scelle: Scelle
) -> None:
    zoe = scelle.monde.a.zoe
    scelle.write(2)
    scelle.seal()
    client = pages.at_work(scelle.monde.a.medecin)
    page = words(pages.get(client, f"/dossiers/{zoe.dossier_id}/acces/feuille").text)
    assert page.count("médecin du travail, a ouvert votre dossier pour votre suivi.") == 2
    assert "Ce sceau fige toutes les lignes écrites jusqu’au" in page
    with scelle.monde.superuser.connect() as connection:
        note = connection.execute(text("SELECT note FROM trace_tete ORDER BY taille DESC LIMIT 1")).scalar_one()
    assert note.splitlines()[2] in page


def test_handing_the_sheet_over_is_traced_and_closed_to_who_may_not_read_the_list(pages: Site, scelle: Scelle) -> None:
    zoe = scelle.monde.a.zoe
    path = f"/dossiers/{zoe.dossier_id}/acces/feuille"
    assert pages.get(pages.at_work(scelle.monde.a.medecin), path).status_code == 200
    last = scelle.rows("SELECT action, sections FROM trace WHERE tenant_id = %s ORDER BY id DESC LIMIT 1")
    assert (last[0][0], "S8" in last[0][1]) == ("acces.consult", True)
    for role in (Role.ADM, Role.DIR, Role.IPRP):
        assert pages.get(pages.at_work(scelle.monde.a[role]), path).status_code == 403


def test_before_the_first_seal_the_sheet_says_so(pages: Site, scelle: Scelle) -> None:
    with scelle.monde.work(scelle.monde.a.medecin) as ctx:
        traces.record(ctx, "dossier.open", scelle.monde.a.zoe.dossier_id, ["S3"])
    page = words(
        pages.get(
            pages.at_work(scelle.monde.a.medecin), f"/dossiers/{scelle.monde.a.zoe.dossier_id}/acces/feuille"
        ).text
    )
    assert "Rien n’est encore scellé" in page
