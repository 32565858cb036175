"""The worker, killed while a message is under way: nothing is lost, and what a server accepted once it was told goes no more."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from spst.kernel.acteur import Acteur, Role
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.unit_of_work import unit_of_work
from spst.portail import courriel_jobs, courriels
from spst.wiring.jobs import Dehors, build_jobs
from tests.e2e.demonstration import free_ports
from tests.factories.attente import until
from tests.factories.courrier import Courrier
from tests.factories.monde import Monde
from tests.factories.programs import Program
from tests.factories.site import MovableClock, config_for
from tests.scale import SCALE

pytestmark = pytest.mark.exigence("TRA-04", partielle="prévenir par e-mail")

SITE = "https://portail.example.test"
ADRESSE = "zoe.perso@example.test"


def ask(monde: Monde) -> None:
    zoe = monde.a.zoe
    asker = Acteur(zoe.travailleur_id, Role.SAL, "s-zoe", 2)
    motif = Motif(CodeMotif.DROITS)
    with unit_of_work(monde.runtime, monde.a.tenant_id, asker, motif, origin="test", dossier_id=zoe.dossier_id) as ctx:
        courriels.ask(ctx, zoe.dossier_id, ADRESSE)


@pytest.mark.parametrize("death", range(SCALE))
def test_a_message_under_way_when_the_worker_is_killed_goes_once(monde: Monde, courrier: Courrier, death: int) -> None:
    courrier.fail("hold")
    with Program(monde, free_ports(1), "worker", settings=courrier.settings) as worker:
        ask(monde)
        until(lambda: courrier.received()["holding"] == 1, "no worker hands the message over")
        worker.kill()
    courrier.simulator.admin("reset")
    assert courriel_jobs.send_courriels(monde.runtime, courrier.messagerie, SITE) == 0, "its minutes are not over"
    later = replace(monde.runtime, clock=MovableClock(timedelta(minutes=11)))
    assert [courriel_jobs.send_courriels(later, courrier.messagerie, SITE) for _ in range(2)] == [1, 0]
    assert len(courrier.mails(ADRESSE)) == 1


def test_what_was_asked_while_no_worker_was_there_leaves_with_the_next(monde: Monde, courrier: Courrier) -> None:
    ask(monde)
    with Program(monde, free_ports(1), "worker", settings=courrier.settings):
        until(lambda: len(courrier.mails(ADRESSE)) == 1, "the message does not leave")
        until(lambda: count(monde, "courriel") == 0, "it is not known to have left")
        done = f"procrastinate_jobs WHERE task_name = '{courriels.TASK}' AND status <> 'doing'"
        until(lambda: count(monde, done) == 0, "what was done is kept for ever")


def count(monde: Monde, rows: str) -> int:
    with monde.superuser.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {rows}")) or 0)


def test_without_a_mail_server_no_work_sends_anything(monde: Monde, courrier: Courrier) -> None:
    config = config_for("http://127.0.0.1:9")
    assert courriels.TASK not in build_jobs(monde.runtime, config, Dehors()).tasks
    assert courriels.TASK in build_jobs(monde.runtime, config, Dehors(messagerie=courrier.messagerie)).tasks
