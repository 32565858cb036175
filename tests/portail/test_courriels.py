"""Being told by e-mail: asked for, confirmed, told of what others did, once a day, and stopped."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from werkzeug.test import TestResponse

from spst.adapters.courriel.smtp import SmtpMessagerie
from spst.habilitations import services as habilitations
from spst.identite.models import LienPortail
from spst.kernel.acteur import Acteur, service
from spst.kernel.clock import PARIS, today
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.kernel.models import Base
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.portail import courriel_jobs, courriels
from spst.portail import courriel_rules as rules
from spst.portail.errors import AbonnementMissing
from spst.portail.ports_courriel import Messagerie
from spst.traces import services as traces
from spst.wiring.web import build_web
from tests.factories.attente import until
from tests.factories.courrier import Courrier, references
from tests.factories.ecoute import Written, listening
from tests.factories.monde import LONG_AGO, Personne, Spst
from tests.factories.releves import run
from tests.factories.site import config_for
from tests.portail.conftest import Portail, fresh_name

pytestmark = pytest.mark.exigence("TRA-04", partielle="prévenir par e-mail")

DROITS = Motif(CodeMotif.DROITS)
SITE = "https://portail.example.test"
PAGE = "/p/coteaux/acces"


@dataclass(slots=True)
class Abonnements:
    """People who ask, what others do in their dossiers, and the job that sends; the day is the one that a test says."""

    portail: Portail
    courrier: Courrier
    runtime: Runtime

    # ──── time

    def at(self, day: int, hour: float) -> None:
        """So many days after today, at an hour of Paris."""
        wanted = datetime.combine(self.today + timedelta(days=day), time(), PARIS) + timedelta(hours=hour)
        self.portail.clock.ahead = timedelta()
        self.portail.clock.ahead = wanted - self.portail.clock.now()

    @property
    def today(self) -> date:
        """Of the machine, whatever day the test is at."""
        return today(self.portail.monde.runtime.clock)

    # ──── people

    def somebody(self, spst: Spst | None = None) -> Personne:
        """Somebody who enters his space."""
        where = spst or self.portail.monde.a
        personne = self.portail.follow(where, nom=fresh_name())
        self.portail.monde.add(
            LienPortail(
                tenant_id=where.tenant_id, id=new_id(), travailleur_id=personne.travailleur_id, identite_id=new_id(),
                created_at=LONG_AGO,
            )
        )  # fmt: skip
        return personne

    def told(self, spst: Spst | None = None) -> tuple[Personne, str]:
        """Somebody who confirmed an address of his own today at noon, and whose mailbox is empty again."""
        personne, adresse = self.somebody(spst), f"{new_id()}@example.test"
        self.at(0, 12)
        with self.of(personne, spst) as ctx:
            courriels.ask(ctx, personne.dossier_id, adresse)
            abonnement = self.row(ctx, personne)
            assert courriels.confirm(ctx, personne.dossier_id, courriels.code_of(ctx, abonnement) or "")
        return personne, adresse

    def row(self, ctx: Context, personne: Personne) -> Any:
        found = courriels.queries.abonnement_of(ctx, personne.dossier_id)
        assert found is not None
        return found

    def of(self, personne: Personne, spst: Spst | None = None) -> AbstractContextManager[Context]:
        return self.work(personne.acteur, spst, personne.dossier_id)

    def work(
        self, acteur: Acteur, spst: Spst | None = None, dossier_id: UUID | None = None
    ) -> AbstractContextManager[Context]:
        where = spst or self.portail.monde.a
        return unit_of_work(self.runtime, where.tenant_id, acteur, DROITS, origin="test", dossier_id=dossier_id)

    def opened(self, personne: Personne, by: Acteur | None = None, spst: Spst | None = None) -> None:
        """Somebody, the médecin unless told otherwise, opens the dossier."""
        where = spst or self.portail.monde.a
        with self.work(by or where.medecin, where) as ctx:
            traces.record(ctx, "dossier.open", personne.dossier_id, ["S3"])

    # ──── what was done

    def send(self, messagerie: Messagerie | None = None) -> int:
        return courriel_jobs.send_courriels(self.runtime, messagerie or self.courrier.messagerie, SITE)

    def state(self, personne: Personne, spst: Spst | None = None) -> courriels.ReglageVu:
        with self.of(personne, spst) as ctx:
            return courriels.state(ctx, personne.dossier_id)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.portail.monde.superuser.connect() as connection:
            return list(connection.execute(text(statement), values))

    def acts(self, personne: Personne) -> list[tuple[str, str, dict[str, Any]]]:
        """Acts on e-mails in the traces of a dossier: which, in which role, with what."""
        found = self.portail.traces(personne)
        return [(one.action, one.role, one.details) for one in found if "courriel" in one.action]


@pytest.fixture
def abonnements(portail: Portail, courrier: Courrier) -> Abonnements:
    run(portail.monde, "DELETE FROM abonnement_courriel")
    run(portail.monde, "DELETE FROM compteur")
    return Abonnements(portail, courrier, replace(portail.monde.runtime, clock=portail.clock))


@pytest.fixture
def log() -> Iterator[Written]:
    with listening() as heard:
        yield heard


# ──── In the portal


class Zoe:
    """Somebody at her telephone, on the page of accesses."""

    def __init__(self, abonnements: Abonnements) -> None:
        portail = abonnements.portail
        self.portail, name = portail, fresh_name()
        self.personne = portail.follow(portail.monde.a, nom=name)
        self.client: FlaskClient = portail.entered(portail.monde.a, self.personne, portail.at_franceconnect(name))

    def section(self) -> str:
        page = self.portail.get(self.client, PAGE).text
        found = re.search(r'<section[^>]*id="courriel".*?</section>', page, re.DOTALL)
        assert found
        return found[0]

    def post(self, tail: str = "", **form: str) -> TestResponse:
        return self.portail.post(self.client, f"/p/coteaux/courriel{tail}", form, PAGE)


def done(answer: TestResponse) -> bool:
    return (answer.status_code, answer.headers.get("Location")) == (303, "/p/coteaux/acces#courriel")


def test_off_until_an_address_is_given_and_confirmed_and_off_again_in_one_gesture(abonnements: Abonnements) -> None:
    zoe, adresse = Zoe(abonnements), "zoe.perso@example.test"
    assert "Votre adresse e-mail" in zoe.section()
    assert done(zoe.post(adresse=f" {adresse} "))
    assert "Un code part vers" in zoe.section()
    assert abonnements.send() == 1
    assert f'Nous avons envoyé un code à <b class="wrap-any">{adresse}</b>' in zoe.section()
    code = abonnements.courrier.code(adresse)
    answer = zoe.post("/code", code="000 000" if code != "000 000" else "111 111")
    assert (answer.status_code, "Ce n’est pas le bon code" in answer.text) == (422, True)
    assert "En marche" not in zoe.section()
    assert done(zoe.post("/code", code=code))
    assert "En marche" in zoe.section()
    assert f"{adresse}</b> vers 7\u00a0h" in zoe.section()
    assert done(zoe.post("/arret"))
    assert "Votre adresse e-mail" in zoe.section()
    assert abonnements.rows("SELECT 1 FROM abonnement_courriel") == abonnements.rows("SELECT 1 FROM courriel") == []
    assert [(action, role) for action, role, _ in abonnements.acts(zoe.personne)] == [
        ("portail.courriel", "SAL"), ("courriel.send", "SRV"), ("portail.courriel", "SAL"), ("portail.courriel", "SAL"),
    ]  # fmt: skip
    listed = zoe.portail.get(zoe.client, PAGE).text
    assert "réglé les e-mails qui vous préviennent" in listed
    assert "<b>Un traitement automatique</b> vous a envoyé un e-mail sans contenu" in listed


def test_another_code_and_another_address_take_the_place_of_the_first(abonnements: Abonnements) -> None:
    zoe = Zoe(abonnements)
    zoe.post(adresse="premiere@example.test")
    abonnements.send()
    first = abonnements.courrier.code("premiere@example.test")
    assert done(zoe.post("/renvoi"))
    assert abonnements.send() == 1
    second = abonnements.courrier.code("premiere@example.test")
    assert first == second or zoe.post("/code", code=first).status_code == 422
    zoe.post("/arret")
    zoe.post(adresse="seconde@example.test")
    assert zoe.post("/code", code=second).status_code == 422
    abonnements.send()
    assert done(zoe.post("/code", code=abonnements.courrier.code("seconde@example.test")))
    assert "seconde@example.test" in zoe.section()


def test_an_address_that_is_given_twice_at_once_is_kept_once(abonnements: Abonnements) -> None:
    personne = abonnements.somebody()

    def ask_too() -> None:
        with abonnements.of(personne) as ctx:
            courriels.ask(ctx, personne.dossier_id, "seconde@example.test")

    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        with abonnements.of(personne) as ctx:
            courriels.ask(ctx, personne.dossier_id, "premiere@example.test")
            ctx.session.flush()
            second = pool.submit(ask_too)
            until(lambda: bool(abonnements.rows(waiting)), "the second does not wait for the first")
        second.result()
    assert abonnements.state(personne).adresse == "seconde@example.test"
    assert abonnements.send() == 1


def test_another_code_leaves_at_once_though_the_first_was_put_off(abonnements: Abonnements) -> None:
    personne = abonnements.somebody()
    with abonnements.of(personne) as ctx:
        courriels.ask(ctx, personne.dossier_id, "lou@example.test")
    abonnements.courrier.fail("later")
    assert [abonnements.send() for _ in range(2)] == [0, 0]
    with abonnements.of(personne) as ctx:
        courriels.ask_again(ctx, personne.dossier_id)
    assert abonnements.send() == 1
    with abonnements.of(personne) as ctx:
        assert courriels.confirm(ctx, personne.dossier_id, abonnements.courrier.code("lou@example.test"))


def test_a_code_serves_a_day_and_five_tries(abonnements: Abonnements) -> None:
    personne = abonnements.somebody()
    for spoil in ("time", "tries"):
        abonnements.at(0, 12)
        with abonnements.of(personne) as ctx:
            courriels.ask(ctx, personne.dossier_id, "lou@example.test")
            code = courriels.code_of(ctx, abonnements.row(ctx, personne)) or ""
        if spoil == "time":
            abonnements.at(1, 12.1)
        for wrong in ("", "abc", code[::-1] + "0", code + "1", "0") if spoil == "tries" else ():
            with abonnements.of(personne) as ctx:
                assert not courriels.confirm(ctx, personne.dossier_id, wrong)
        with abonnements.of(personne) as ctx:
            assert not courriels.confirm(ctx, personne.dossier_id, code), spoil
        seen = abonnements.state(personne)
        assert (seen.is_confirmed, seen.is_expired) == (False, True)
    with abonnements.of(personne) as ctx:
        courriels.ask_again(ctx, personne.dossier_id)
        assert courriels.confirm(ctx, personne.dossier_id, courriels.code_of(ctx, abonnements.row(ctx, personne)) or "")
    with abonnements.of(personne) as ctx, pytest.raises(AbonnementMissing):
        courriels.ask_again(ctx, personne.dossier_id)


def test_a_code_that_no_longer_serves_is_not_sent(abonnements: Abonnements) -> None:
    personne = abonnements.somebody()
    abonnements.at(0, 5)
    with abonnements.of(personne) as ctx:
        courriels.ask(ctx, personne.dossier_id, "lou@example.test")
    abonnements.at(1, 6)
    assert (abonnements.send(), abonnements.courrier.mails()) == (0, [])
    assert not abonnements.state(personne).is_leaving


@pytest.mark.parametrize(
    "typed",
    ["", "zoe", "zoe@", "zoe@exemple", "zo é@example.test", "zoé@example.test", "a@example.test\r\nBcc: b@example.test",
     "a@example.test,b@example.test", "x" * 250 + "@example.test"],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_address_comes_back_with_its_reason(abonnements: Abonnements, typed: str) -> None:
    zoe = Zoe(abonnements)
    answer = zoe.post(adresse=typed)
    assert (answer.status_code, 'class="error"' in answer.text) == (422, True)
    assert abonnements.rows("SELECT 1 FROM abonnement_courriel") == []


def test_nobody_makes_us_write_again_and_again(abonnements: Abonnements) -> None:
    first, adresse = Zoe(abonnements), "victime@example.test"
    assert [first.post(adresse=adresse).status_code for _ in range(2)] == [303, 303]
    assert first.post("/renvoi").status_code == 303
    assert first.post("/renvoi").status_code == 429
    other = Zoe(abonnements)
    refused = other.post(adresse=adresse.upper())
    assert (refused.status_code, "Recommencez demain" in refused.text) == (429, True)
    assert [other.post(adresse=f"{n}@example.test").status_code for n in range(5)] == [303, 303, 303, 303, 429]
    assert abonnements.send() == 2


def test_without_a_mail_server_the_page_says_so_and_takes_no_address(abonnements: Abonnements) -> None:
    zoe, portail = Zoe(abonnements), abonnements.portail
    served = portail.app
    config = replace(config_for("http://127.0.0.1:9", public_url=portail.origin), smtp=None)
    bare = build_web(config, abonnements.runtime)
    try:
        zoe.client.application = bare
        assert "Votre service n’envoie pas d’e-mails" in zoe.section()
        assert "adresse" not in re.findall(r'name="(\w+)"', zoe.section())
        assert zoe.post(adresse="zoe@example.test").status_code == 422
    finally:
        zoe.client.application = served
    assert abonnements.rows("SELECT 1 FROM abonnement_courriel") == []


def test_a_message_leads_to_the_section_by_way_of_the_door(abonnements: Abonnements) -> None:
    portail = abonnements.portail
    answer = portail.get(portail.client(), "/p/coteaux/courriel")
    assert done(answer)
    assert portail.get(portail.client(), PAGE).headers["Location"] == "/p/coteaux"


# ──── Whose it is


def test_the_address_is_in_clear_nowhere_and_in_nobody_elses_sight(abonnements: Abonnements, log: Written) -> None:
    monde = abonnements.portail.monde
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 8)
    abonnements.send()
    for table in sorted(Base.metadata.tables):
        assert not [1 for row in abonnements.rows(f"SELECT t::text FROM {table} t") if adresse in str(row[0])], table
    assert adresse.encode() not in b"".join(
        row[0] for row in abonnements.rows("SELECT adresse_sealed FROM abonnement_courriel")
    )
    assert adresse not in " ".join([*log.lines, *log.values])
    others = [*monde.a.staff.values(), monde.a.zoe.acteur, service("portail"), service("scellement")]
    for acteur in others:
        with abonnements.work(acteur, dossier_id=monde.a.zoe.dossier_id) as ctx:
            for table in ("abonnement_courriel", "courriel"):
                assert ctx.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, acteur.role
    with abonnements.work(service("courriel"), monde.b) as ctx:
        assert ctx.session.scalar(text("SELECT count(*) FROM abonnement_courriel")) == 0


def test_nobody_asks_in_the_name_of_another(abonnements: Abonnements) -> None:
    monde, victim = abonnements.portail.monde, abonnements.somebody()
    thief = abonnements.somebody()
    for acteur in (monde.a.medecin, monde.a.directrice):
        with pytest.raises(AccessDenied), abonnements.work(acteur) as ctx:
            courriels.ask(ctx, victim.dossier_id, "voleur@example.test")
    with pytest.raises(ProgrammingError, match="row-level security"), abonnements.of(thief) as ctx:
        courriels.ask(ctx, victim.dossier_id, "voleur@example.test")
    assert abonnements.rows("SELECT 1 FROM abonnement_courriel") == []


def test_what_one_spst_sends_is_signed_by_it_and_leads_to_its_portal(abonnements: Abonnements) -> None:
    monde = abonnements.portail.monde
    of_a, of_b = abonnements.told(), abonnements.told(monde.b)
    abonnements.opened(of_a[0])
    abonnements.opened(of_b[0], spst=monde.b)
    abonnements.at(1, 8)
    assert abonnements.send() == 2
    for (_, adresse), spst in ((of_a, monde.a), (of_b, monde.b)):
        [mail] = abonnements.courrier.mails(adresse)
        nom = abonnements.rows("SELECT nom FROM tenant WHERE id = :id", id=spst.tenant_id)[0].nom
        assert mail["sender"] == nom
        assert set(re.findall(r"https://\S+", mail["text"])) == {
            f"{SITE}/p/{spst.slug}",
            f"{SITE}/p/{spst.slug}/courriel",
        }


def test_a_suspended_spst_writes_to_nobody(abonnements: Abonnements) -> None:
    monde = abonnements.portail.monde
    of_a, of_b = abonnements.told(), abonnements.told(monde.b)
    abonnements.opened(of_a[0])
    abonnements.opened(of_b[0], spst=monde.b)
    abonnements.at(1, 8)
    run(monde, "UPDATE tenant SET suspended_at = now() WHERE id = :id", id=monde.a.tenant_id)
    try:
        assert abonnements.send() == 1
    finally:
        run(monde, "UPDATE tenant SET suspended_at = NULL")
    assert abonnements.courrier.mails(of_a[1]) == []


# ──── What is told, and when


def test_what_others_did_the_day_before_is_told_once_at_its_hour(abonnements: Abonnements) -> None:
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(0, 23.9)
    assert abonnements.send() == 0, "not on the day itself"
    abonnements.at(1, 6.9)
    assert abonnements.send() == 0, "not before its hour"
    abonnements.at(1, 7)
    assert [abonnements.send() for _ in range(2)] == [1, 0]
    abonnements.opened(personne)
    abonnements.at(1, 18)
    assert abonnements.send() == 0, "once a day"
    abonnements.at(2, 7)
    assert abonnements.send() == 1
    abonnements.at(3, 12)
    assert abonnements.send() == 0
    mails = abonnements.courrier.mails(adresse)
    assert [mail["subject"] for mail in mails] == [rules.sujet(rules.Genre.NOUVEAU)] * 2
    assert len(set(references(mails))) == 2
    assert [action for action, _, details in abonnements.acts(personne) if details.get("genre") == "nouveau"] == [
        "courriel.send"
    ] * 2


@pytest.mark.parametrize("who", ["nobody", "himself", "a program", "another dossier"])
def test_nothing_is_told_when_nobody_else_did_anything(abonnements: Abonnements, who: str) -> None:
    personne, _ = abonnements.told()
    if who == "himself":
        abonnements.opened(personne, personne.acteur)
    elif who == "a program":
        abonnements.opened(personne, service("courriel"))
    elif who == "another dossier":
        abonnements.opened(abonnements.portail.monde.a.zoe)
    abonnements.at(1, 8)
    assert abonnements.send() == 0


def test_an_attempt_that_was_refused_is_told_as_well(abonnements: Abonnements) -> None:
    personne, _ = abonnements.told()
    with pytest.raises(AccessDenied), abonnements.work(abonnements.portail.monde.a.directrice) as ctx:
        habilitations.require(ctx, "dossier.open", personne.dossier_id)
    abonnements.at(1, 8)
    assert abonnements.send() == 1


def test_days_on_which_nothing_could_be_sent_are_told_together(abonnements: Abonnements) -> None:
    personne, _ = abonnements.told()
    for day in (1, 2):
        abonnements.at(day, 9)
        abonnements.opened(personne)
    abonnements.at(5, 9)
    assert [abonnements.send() for _ in range(2)] == [1, 0]


def test_a_message_that_was_late_is_the_only_one_of_its_day(abonnements: Abonnements) -> None:
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 23.9)
    abonnements.courrier.fail("later")
    assert abonnements.send() == 0
    abonnements.opened(personne)
    abonnements.at(2, 6)
    assert abonnements.send() == 1
    abonnements.at(2, 8)
    assert abonnements.send() == 0
    abonnements.at(3, 8)
    assert abonnements.send() == 1
    assert len(abonnements.courrier.mails(adresse)) == 2


@pytest.mark.parametrize(
    "closed",
    [
        "UPDATE lien_portail SET suspended_at = now() WHERE travailleur_id = :id",
        "UPDATE travailleur SET decede_on = current_date WHERE id = :id",
        "UPDATE travailleur SET statut_ins = 'provisoire' WHERE id = :id",
    ],
    ids=["suspended link", "death", "identity in doubt"],
)
def test_nobody_is_called_to_a_space_that_is_closed(abonnements: Abonnements, closed: str) -> None:
    personne, _ = abonnements.told()
    abonnements.opened(personne)
    run(abonnements.portail.monde, closed, id=personne.travailleur_id)
    abonnements.at(1, 8)
    assert abonnements.send() == 0


def test_the_hour_is_the_one_in_force_that_day(abonnements: Abonnements) -> None:
    monde = abonnements.portail.monde
    tomorrow = abonnements.today + timedelta(days=1)
    run(monde, "INSERT INTO reglage_courriel VALUES (:day, 11)", day=tomorrow)
    try:
        personne, _ = abonnements.told()
        assert abonnements.state(personne).heure == 7
        abonnements.opened(personne)
        abonnements.at(1, 10.9)
        assert abonnements.send() == 0
        abonnements.at(1, 11)
        assert abonnements.send() == 1
    finally:
        run(monde, "DELETE FROM reglage_courriel WHERE effective_from = :day", day=tomorrow)


# ──── When it does not go


def test_an_address_that_is_refused_is_told_on_the_page_and_written_to_no_more(abonnements: Abonnements) -> None:
    zoe, adresse = Zoe(abonnements), "partie@example.test"
    zoe.post(adresse=adresse)
    abonnements.courrier.fail("unknown")
    assert abonnements.send() == 0
    assert "refuse notre message" in zoe.section()
    zoe.post("/renvoi")
    assert abonnements.send() == 1
    zoe.post("/code", code=abonnements.courrier.code(adresse))
    abonnements.at(0, 20)
    abonnements.opened(zoe.personne)
    abonnements.at(1, 8)
    abonnements.courrier.fail("unknown")
    assert abonnements.send() == 0
    abonnements.opened(zoe.personne)
    abonnements.at(2, 8)
    assert abonnements.send() == 0
    assert abonnements.courrier.received()["tries"] == 3
    assert abonnements.state(zoe.personne).refuse_at is not None


def test_a_refusal_for_now_is_tried_again_later_and_given_up_after_some_days(abonnements: Abonnements) -> None:
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 7)
    abonnements.courrier.fail("later", 100)
    tries = []
    for _ in range(rules.MOST_TRIES + 3):
        abonnements.send()
        tries.append(abonnements.courrier.received()["tries"])
        assert abonnements.send() == 0
        assert abonnements.courrier.received()["tries"] == tries[-1], "not before its time"
        waiting = abonnements.rows("SELECT prochain_at FROM courriel")
        if waiting:
            abonnements.portail.clock.ahead += waiting[0].prochain_at - abonnements.portail.clock.now()
    assert tries[-1] == rules.MOST_TRIES
    assert abonnements.rows("SELECT 1 FROM courriel") == []
    assert abonnements.state(personne).echec_at is not None
    abonnements.courrier.simulator.admin("reset")
    abonnements.opened(personne)
    abonnements.portail.clock.move(days=1)
    assert abonnements.send() == 1
    assert abonnements.state(personne).echec_at is None
    assert len(abonnements.courrier.mails(adresse)) == 1


def test_a_server_that_is_down_costs_one_try_and_holds_nobody_back(abonnements: Abonnements) -> None:
    people = [abonnements.told() for _ in range(3)]
    for personne, _ in people:
        abonnements.opened(personne)
    abonnements.at(1, 8)
    assert abonnements.send(SmtpMessagerie(abonnements.courrier.peer(port=9))) == 0
    assert sorted(row.tentatives for row in abonnements.rows("SELECT tentatives FROM courriel")) == [0, 0, 1]
    assert abonnements.send() == 2
    abonnements.portail.clock.move(minutes=3)
    assert abonnements.send() == 1
    assert {mail["to"][0] for mail in abonnements.courrier.mails()} == {adresse for _, adresse in people}


def test_what_was_accepted_never_goes_again_though_the_connection_breaks_on_leaving(abonnements: Abonnements) -> None:
    """An answer that was cut is no answer: the same message goes again under the same reference, and then no more."""
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 8)
    abonnements.courrier.fail("cut")
    assert abonnements.send() == 0
    abonnements.portail.clock.move(minutes=3)
    abonnements.courrier.fail("cut_after")
    assert abonnements.send() == 0
    abonnements.portail.clock.move(minutes=20)
    assert [abonnements.send() for _ in range(3)] == [1, 0, 0]
    mails = abonnements.courrier.mails(adresse)
    assert (len(mails), len(set(references(mails)))) == (2, 1)


class Stopping:
    """Hands a message over, and has something happen while it is under way."""

    def __init__(self, behind: Messagerie, meanwhile: Any) -> None:
        self._behind, self._meanwhile = behind, meanwhile

    def send(self, message: Any) -> None:
        self._meanwhile()
        self._behind.send(message)


class Dead(BaseException):
    """The program that sends is no more."""


def die() -> None:
    raise Dead


def test_a_program_that_dies_before_it_hands_over_loses_nothing(abonnements: Abonnements) -> None:
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 8)
    with pytest.raises(Dead):
        abonnements.send(Stopping(abonnements.courrier.messagerie, die))
    assert abonnements.send() == 0, "nobody takes what another may still be at"
    abonnements.portail.clock.move(minutes=11)
    assert [abonnements.send() for _ in range(2)] == [1, 0]
    assert len(abonnements.courrier.mails(adresse)) == 1


def test_a_message_with_which_every_program_dies_is_given_up(abonnements: Abonnements) -> None:
    personne, _ = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 8)
    for _ in range(rules.MOST_TRIES):
        with pytest.raises(Dead):
            abonnements.send(Stopping(abonnements.courrier.messagerie, die))
        abonnements.portail.clock.move(minutes=11)
    assert abonnements.send() == 0
    assert abonnements.rows("SELECT 1 FROM courriel") == []
    assert abonnements.state(personne).echec_at is not None


def test_two_programs_at_once_send_a_message_once(abonnements: Abonnements) -> None:
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 8)
    seen = []
    sent = abonnements.send(Stopping(abonnements.courrier.messagerie, lambda: seen.append(abonnements.send())))
    assert (sent, seen, len(abonnements.courrier.mails(adresse))) == (1, [0], 1)


def test_he_who_stops_gets_nothing_more_and_what_was_leaving_is_traced(abonnements: Abonnements) -> None:
    personne, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.at(1, 8)

    def stop() -> None:
        with abonnements.of(personne) as ctx:
            courriels.stop(ctx, personne.dossier_id)

    assert abonnements.send(Stopping(abonnements.courrier.messagerie, stop)) == 1
    assert abonnements.acts(personne)[-1][:2] == ("courriel.send", "SRV")
    assert abonnements.rows("SELECT 1 FROM abonnement_courriel") == []
    abonnements.opened(personne)
    abonnements.at(2, 8)
    assert abonnements.send() == 0
    assert len(abonnements.courrier.mails(adresse)) == 1


def test_he_who_stops_before_it_leaves_gets_nothing(abonnements: Abonnements) -> None:
    personne = abonnements.somebody()
    with abonnements.of(personne) as ctx:
        courriels.ask(ctx, personne.dossier_id, "lou@example.test")
    with abonnements.of(personne) as ctx:
        courriels.stop(ctx, personne.dossier_id)
    assert abonnements.send() == 0


# ──── What is kept


def test_an_address_that_nobody_confirmed_is_erased_after_a_week(abonnements: Abonnements) -> None:
    waiting, (confirmed, _) = abonnements.somebody(), abonnements.told()
    with abonnements.of(waiting) as ctx:
        courriels.ask(ctx, waiting.dossier_id, "lou@example.test")
    abonnements.at(7, 12)
    assert courriel_jobs.forget_courriels(abonnements.runtime) == 0
    abonnements.at(9, 12)
    assert courriel_jobs.forget_courriels(abonnements.runtime) == 1
    assert abonnements.state(waiting).adresse is None
    assert abonnements.state(confirmed).adresse is not None


def test_an_erased_dossier_takes_its_address_with_it(abonnements: Abonnements) -> None:
    personne, _ = abonnements.told()
    other, adresse = abonnements.told()
    abonnements.opened(personne)
    abonnements.opened(other)
    abonnements.at(1, 8)
    abonnements.runtime.keyring.destroy_dossier_key(abonnements.portail.monde.a.tenant_id, personne.dossier_id)
    assert abonnements.send() == 1
    assert [mail["to"] for mail in abonnements.courrier.mails()] == [[adresse]]
    assert [row.dossier_id for row in abonnements.rows("SELECT dossier_id FROM abonnement_courriel")] == [
        other.dossier_id
    ]


def test_the_act_and_its_message_commit_together_with_the_call_of_the_worker(abonnements: Abonnements) -> None:
    personne = abonnements.somebody()
    count = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'portail.send_courriels'"
    before = abonnements.rows(count)
    with pytest.raises(Dead), abonnements.of(personne) as ctx:
        courriels.ask(ctx, personne.dossier_id, "lou@example.test")
        ctx.session.flush()
        raise Dead
    assert (abonnements.rows(count), abonnements.acts(personne)) == (before, [])
    with abonnements.of(personne) as ctx:
        courriels.ask(ctx, personne.dossier_id, "lou@example.test")
    assert abonnements.rows(count)[0][0] == before[0][0] + 1
    assert len(abonnements.rows("SELECT 1 FROM courriel")) == 1


def test_an_employer_reads_nothing_over_a_shoulder(abonnements: Abonnements) -> None:
    """Everything that was sent in a life of it, headers included, in the words of the canaries of this world."""
    monde = abonnements.portail.monde
    personne, adresse = abonnements.told()
    with abonnements.of(personne) as ctx:
        courriels.ask(ctx, personne.dossier_id, adresse)
    abonnements.send()
    with abonnements.of(personne) as ctx:
        courriels.confirm(ctx, personne.dossier_id, abonnements.courrier.code(adresse))
    abonnements.opened(personne)
    abonnements.at(1, 8)
    abonnements.send()
    mails = abonnements.courrier.mails(adresse)
    assert len(mails) == 2
    names = [row[0] for row in abonnements.rows("SELECT nom FROM compte UNION SELECT nom_naissance FROM travailleur")]
    companies = [row[0] for row in abonnements.rows("SELECT raison_sociale FROM adherent")]
    ids = [str(personne.dossier_id), str(personne.travailleur_id), str(monde.a.tenant_id)]
    for mail in mails:
        said = f"{mail['subject']} {mail['text']} {mail['raw']}".casefold()
        assert [word for word in (personne.nom, *names, *companies, *ids) if word.casefold() in said] == []
