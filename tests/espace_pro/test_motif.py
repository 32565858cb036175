"""Where the SPST asks why a dossier is opened: a short list before anything is read; an appointment answers by itself."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import text

from spst.habilitations import services as habilitations
from spst.habilitations.choix import Choix, Niveau, with_niveau
from spst.kernel.acteur import Role
from spst.kernel.context import CodeMotif
from spst.kernel.errors import AccessDenied
from tests.factories.monde import Monde
from tests.factories.politiques import published
from tests.factories.releves import run
from tests.factories.site import Site
from tests.visites.conftest import appointment, clean  # noqa: F401 - clean is a fixture
from tests.visites.test_routes import Poste

pytestmark = [pytest.mark.usefixtures("clean"), pytest.mark.exigence("HAB-02")]
QUESTION = "Pourquoi ouvrez-vous ce dossier"


@pytest.fixture(autouse=True)
def asked_of_nurses(monde: Monde) -> Iterator[None]:
    """In A only."""
    with published(monde, Choix(motifs=frozenset({Role.INF}), inactivite_min=5)):
        yield


@pytest.fixture
def nurse(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.infirmier)


def last_trace(monde: Monde) -> tuple[str, str, str]:
    with monde.superuser.connect() as connection:
        query = text(
            "SELECT t.decision, t.action, r.motif FROM trace t JOIN trace_reserve r ON r.trace_id = t.id"
            " WHERE t.dossier_id IS NOT NULL ORDER BY t.id DESC LIMIT 1"
        )
        row = connection.execute(query).one()
    return row.decision, row.action, row.motif


def test_reason_is_asked_before_anything_is_read_then_kept_for_the_session_and_traced(
    nurse: Poste, monde: Monde
) -> None:
    path = f"/dossiers/{monde.a.zoe.dossier_id}"
    page = nurse.get(path)
    assert QUESTION in page.text
    assert re.search(r"ADRUN[^<]+, née le \d+", page.text), "the right one of namesakes"
    assert "Visites et santé" not in page.text
    assert nurse.post(f"{path}/motif", {"motif": "droits"}).status_code == 303
    opened = nurse.get(path)
    assert "Visites et santé" in opened.text
    assert last_trace(monde) == ("permis", "dossier.open", "droits")
    assert QUESTION not in nurse.get(path).text
    assert QUESTION in nurse.get(f"/dossiers/{monde.a.pierre.dossier_id}").text


@pytest.mark.parametrize("typed", [{}, {"motif": ""}, {"motif": "curiosite"}, {"motif": "technique"}])
def test_reason_outside_of_the_list_opens_nothing(nurse: Poste, monde: Monde, typed: dict[str, str]) -> None:
    path = f"/dossiers/{monde.a.zoe.dossier_id}"
    refused = nurse.post(f"{path}/motif", typed)
    assert refused.status_code == 422
    assert "Choisissez un motif." in refused.text
    assert QUESTION in nurse.get(path).text


def test_appointment_of_the_day_is_the_reason(nurse: Poste, monde: Monde) -> None:
    path, now = f"/dossiers/{monde.a.zoe.dossier_id}", datetime.now(UTC)
    appointment(monde, monde.a, monde.a.medecin, monde.a.zoe, now - timedelta(days=2))
    assert QUESTION in nurse.get(path).text
    appointment(monde, monde.a, monde.a.medecin, monde.a.zoe, now)
    assert "ADRUN" in nurse.get(path).text
    assert last_trace(monde) == ("permis", "dossier.open", "visite")


def test_no_other_door_opens_without_the_reason(nurse: Poste, monde: Monde) -> None:
    zoe = monde.a.zoe.dossier_id
    with pytest.raises(AccessDenied, match="demande un motif") as refusal, monde.work(monde.a.infirmier) as ctx:
        habilitations.require(ctx, "dossier.open", zoe)
    assert cast(tuple[str, ...], refusal.value.facts["regles"])[0] == "R-304"
    with monde.work(monde.a.infirmier) as ctx:
        ctx.motifs[zoe] = CodeMotif.SUIVI
        habilitations.require(ctx, "dossier.open", zoe)
    assert nurse.get(f"/dossiers/{zoe}/visites/nouvelle").status_code in {403, 404}


def test_whoever_does_not_follow_is_refused_without_being_asked(nurse: Poste, monde: Monde) -> None:
    refused = nurse.get(f"/dossiers/{monde.a.toussaint.dossier_id}")
    assert refused.status_code == 403
    assert QUESTION not in refused.text


def test_other_functions_and_other_services_are_not_asked(pages: Site, monde: Monde) -> None:
    assert "ADRUN" in Poste(pages, monde.a.medecin).get(f"/dossiers/{monde.a.zoe.dossier_id}").text
    with monde.work(monde.b.infirmier, monde.b) as ctx:
        assert not habilitations.asks_motif(ctx, monde.b.zoe.dossier_id)


def test_search_still_leads_to_the_dossier_where_the_reason_is_asked(nurse: Poste, monde: Monde) -> None:
    with monde.work(monde.a.infirmier) as ctx:
        assert habilitations.permitted(ctx, monde.a.zoe.dossier_id).opens


@pytest.mark.exigence("HAB-08", partielle="un volet que l’on lit sans le remplir")
def test_section_that_the_spst_lets_read_alone_says_so_where_it_stands(nurse: Poste, monde: Monde) -> None:
    run(monde, "DELETE FROM politique_version")
    with published(monde, with_niveau(Choix(), Role.INF, "S4", Niveau.LIRE)):
        page = nurse.get(f"/dossiers/{monde.a.zoe.dossier_id}").text
    letters = page[page.index('id="courriers"') :]
    assert "en lecture seule" in letters[: letters.index("</section>")]
