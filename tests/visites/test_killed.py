"""Web and worker are killed without warning while people write: what was acknowledged is there, and nothing untraced."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import text

from spst.kernel.acteur import Role
from spst.visites import services as visites
from spst.visites.rules import RUBRIQUES
from tests.e2e.demonstration import free_ports
from tests.factories.attente import until
from tests.factories.monde import Monde
from tests.factories.programs import Program
from tests.factories.site import SCREEN, Site
from tests.scale import SCALE

SAVES_PER_NOTE = 10 * SCALE
KILLS = 4 * SCALE


@dataclass(slots=True)
class Writer:
    """Somebody who types in one note. `acknowledged`: the last text that the server said it had."""

    role: Role
    visite_id: UUID
    rubrique: str
    url: str
    session: requests.Session
    token: str
    revision: int = 0
    acknowledged: str = ""
    saved: int = 0
    attempts: list[str] = field(default_factory=list)

    def type_everything(self) -> None:
        for turn in range(SAVES_PER_NOTE):
            self.save(f"{self.rubrique} {self.visite_id} frappe {turn}")

    def save(self, texte: str) -> None:
        """Like the page: the same operation is sent again until somebody answers."""
        operation = str(uuid4())
        self.attempts.append(texte)
        waiting = threading.Event()
        while True:
            answer = self._post(texte, operation)
            if answer is not None and answer.status_code == 200:
                self.revision, self.acknowledged = answer.json()["revision"], texte
                self.saved += 1
                return
            assert answer is None or answer.status_code in {502, 503}, answer.text
            waiting.wait(0.05)

    def _post(self, texte: str, operation: str) -> requests.Response | None:
        try:
            return self.session.post(
                f"{self.url}/visites/{self.visite_id}/notes",
                data={"rubrique": self.rubrique, "texte": texte, "revision": self.revision, "operation_id": operation},
                headers={"X-CSRF-Token": self.token, "X-Requested-With": "fetch"},
                timeout=20,
            )
        except requests.RequestException:
            return None


@pytest.fixture
def port() -> int:
    return free_ports(1)


@pytest.fixture
def visits(monde: Monde) -> list[tuple[Role, UUID]]:
    """The médecin and the infirmier each have a visit open with two workers."""
    opened = []
    for role, code in ((Role.MDT, "DEM_MDT"), (Role.INF, "ENTI")):
        for personne in (monde.a.zoe, monde.a.pierre):
            with monde.work(monde.a[role]) as ctx:
                opened.append((role, visites.start_visite(ctx, personne.dossier_id, code)))
    return opened


def writers(site: Site, visits: list[tuple[Role, UUID]], port: int) -> list[Writer]:
    url = f"http://127.0.0.1:{port}"
    made = []
    for role, visite_id in visits:
        cookie = site.at_work(site.monde.a[role], port=port).get_cookie(f"spst-pro-{port}", domain="127.0.0.1")
        assert cookie is not None
        for rubrique in RUBRIQUES:
            session = requests.Session()
            session.headers.update(SCREEN)
            session.cookies.set(cookie.key, cookie.value, domain="127.0.0.1", path="/")
            made.append(Writer(role, visite_id, rubrique.code, url, session, _token(session, url, visite_id)))
    return made


def _token(session: requests.Session, url: str, visite_id: UUID) -> str:
    page = session.get(f"{url}/visites/{visite_id}", timeout=20).text
    found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page)
    assert found, page[:2000]
    return found[1]


@pytest.mark.exigence("DMS-06")
@pytest.mark.exigence("TRA-01")
def test_no_acknowledged_save_is_lost_when_programs_are_killed(
    site_of_module: Site, visits: list[tuple[Role, UUID]], port: int
) -> None:
    monde = site_of_module.monde
    with Program(monde, port, "serve", "--port", str(port)) as web, Program(monde, port, "worker") as worker:
        web.wait_until_it_answers()
        people = writers(site_of_module, visits, port)
        assert len(people) * SAVES_PER_NOTE == 200 * SCALE
        killing = threading.Thread(target=_kill_again_and_again, args=(web, worker, people))
        with ThreadPoolExecutor(len(people)) as pool:
            killing.start()
            for done in [pool.submit(person.type_everything) for person in people]:
                done.result(timeout=240 * SCALE)
        killing.join()
    for person in people:
        assert stored(monde, person) == person.acknowledged
    assert untraced(monde, visits) == 0


def are_saved(people: list[Writer], part: float) -> bool:
    return sum(one.saved for one in people) >= part * len(people) * SAVES_PER_NOTE


def _kill_again_and_again(web: Program, worker: Program, people: list[Writer]) -> None:
    """Each time that as many saves more were acknowledged: in the middle of the work, however fast it goes."""
    for kill in range(1, KILLS + 1):
        until(partial(are_saved, people, kill / (KILLS + 1)), "nothing is saved any more", 60)
        web.kill()
        worker.kill()
        web.start()
        worker.start()
        web.wait_until_it_answers()


def stored(monde: Monde, person: Writer) -> str:
    with monde.work(monde.a[person.role]) as ctx:
        seen = visites.visite(ctx, person.visite_id)
    note = next(part.note for part in seen.rubriques if part.rubrique.code == person.rubrique)
    assert note is not None
    return note.texte


def untraced(monde: Monde, visits: list[tuple[Role, UUID]]) -> int:
    """Notes whose author left no line of `visite.note` on that dossier: an act without its trace."""
    with monde.superuser.connect() as connection:
        return int(
            connection.execute(
                text("""
                    SELECT count(*) FROM visite_note n WHERE n.visite_id = ANY (:visites) AND NOT EXISTS (
                        SELECT FROM trace t WHERE t.tenant_id = n.tenant_id AND t.dossier_id = n.dossier_id
                          AND t.acteur_id = n.auteur_id AND t.action = 'visite.note' AND t.at >= n.traced_at - interval '1 s')
                """),
                {"visites": [visite_id for _, visite_id in visits]},
            ).scalar_one()
        )
