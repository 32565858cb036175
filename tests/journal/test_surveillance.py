"""Misuse planted among ordinary days is found, each kind by its name; ordinary days are almost always left alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from spst.entreprises.models import Adherent, Etablissement
from spst.journal import alertes, surveillance, surveillance_queries
from spst.journal.alerte_rules import SEUIL, Code
from spst.journal.alertes import AlerteVue
from spst.journal.errors import CasChanged, CasClosed, CasNotFound, OwnCas
from spst.journal.instructions import Etat, Issue
from spst.journal.surveillance import Memoire
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.clock import SystemClock, today
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import services as traces
from tests.factories.activite import Activite, Moment, at
from tests.factories.monde import FOLLOW_UP, Monde, colleague
from tests.factories.releves import run
from tests.scale import SCALE

TRA_05 = pytest.mark.exigence("TRA-05", partielle="les accès inhabituels")
PEOPLE, DAYS = 10, 5 if SCALE == 1 else 50
NAMES = ("KERMARREC", "LE GALL", "OZANNE", "PETIT", "QUEMENER", "ROBIN", "SIMON", "THOMAS", "URVOAS", "YVEN")


def workdays(count: int) -> list[date]:
    """The last ones that are over, the oldest first; no Sunday among them."""
    days = (today(SystemClock()) - timedelta(days=n) for n in range(1, 2 * count + 7))
    return sorted(day for day in days if day.isoweekday() != 7)[-count:]


@pytest.fixture
def activite(monde: Monde) -> Iterator[Activite]:
    yield Activite(monde)
    for table in ("instruction", "alerte", "alerte_repere", "rendez_vous"):
        run(monde, f"ALTER TABLE {table} DISABLE TRIGGER USER")
        run(monde, f"DELETE FROM {table}")
        run(monde, f"ALTER TABLE {table} ENABLE TRIGGER USER")
    run(monde, "DELETE FROM contrat WHERE etablissement_id IN (SELECT id FROM etablissement WHERE nom = 'Siège')")
    run(monde, "DELETE FROM etablissement WHERE nom = 'Siège'")
    run(monde, "DELETE FROM adherent WHERE siren = '900000118'")
    for table in ("trace", "trace_reserve"):
        run(monde, f"SET LOCAL session_replication_role = replica; DELETE FROM {table}")


def watch(monde: Monde, jour: date, hour: float = 23.9) -> int:
    return surveillance.watch(replace(monde.runtime, clock=Moment(at(jour, hour))), Memoire())


def seen(monde: Monde) -> tuple[AlerteVue, ...]:
    with monde.work(monde.a[Role.DPO]) as ctx:
        return alertes.queue(ctx)


def by_account(monde: Monde) -> dict[UUID, AlerteVue]:
    return {one.compte_id: one for one in seen(monde)}


def codes(alerte: AlerteVue) -> set[Code]:
    return {one.code for one in alerte.signaux}


def close(monde: Monde, alerte_id: UUID, vu: str, when: datetime) -> None:
    runtime = replace(monde.runtime, clock=Moment(when))
    with unit_of_work(runtime, monde.a.tenant_id, monde.a[Role.DPO], FOLLOW_UP, origin="test") as ctx:
        alertes.close(ctx, alerte_id, Issue.ERREUR, "Formation d’une remplaçante.", vu)


Plant = Callable[[Activite, Acteur, date], None]


def _mass(a: Activite, who: Acteur, jour: date) -> None:
    """Forty-five dossiers in forty minutes, all of them expected."""
    dossiers = [new_id() for _ in range(45)]
    for n, dossier_id in enumerate(dossiers):
        a.open(who, dossier_id, at(jour, 12 + n / 68))


def _drip(a: Activite, who: Acteur, jour: date) -> None:
    """A hundred and ten dossiers, eleven an hour."""
    for n in range(110):
        a.open(who, new_id(), at(jour, 8 + n / 11))


def _own(a: Activite, who: Acteur, jour: date) -> None:
    own = a.worker("VASSEUR", "CLAIRE")
    a.expect([own], jour)
    a.open(who, own, at(jour, 11))


def _namesake(a: Activite, who: Acteur, jour: date) -> None:
    a.open(who, a.worker("VASSEUR-PETIT", "JEAN"), at(jour, 11))


def _siege(monde: Monde) -> UUID:
    """The SPST, as an employer of its own."""
    key, adherent, siege = {"tenant_id": monde.a.tenant_id}, new_id(), new_id()
    monde.add(
        Adherent(id=adherent, siren="900000118", raison_sociale="SPSTI TEST DES COTEAUX", **key),
        Etablissement(id=siege, adherent_id=adherent, siret="90000011800027", nom="Siège", **key),
    )
    return siege


def _colleague(a: Activite, who: Acteur, jour: date) -> None:
    a.open(who, a.worker("LEBLANC", employer=_siege(a.monde)), at(jour, 11))


def _stranger(a: Activite, who: Acteur, jour: date) -> None:
    for n in range(3):
        a.is_refused(who, a.worker(NAMES[n], followed=False), at(jour, 10 + n))


def _insists(a: Activite, who: Acteur, jour: date) -> None:
    """One dossier that is not followed, again and again."""
    closed = a.worker("NEUF", followed=False)
    for n in range(5):
        a.is_refused(who, closed, at(jour, 10 + n / 10))


def _night(a: Activite, who: Acteur, jour: date) -> None:
    for n in range(6):
        a.open(who, new_id(), at(jour, 3 + n / 10))


PLANTED: dict[Code, Plant] = {
    Code.MASSE_HEURE: _mass,
    Code.MASSE_JOUR: _drip,
    Code.PROPRE: _own,
    Code.HOMONYME: _namesake,
    Code.COLLEGUE: _colleague,
    Code.HORS_SUIVI: _stranger,
    Code.REFUS: _insists,
    Code.HORAIRE: _night,
}


@TRA_05
def test_every_planted_misuse_is_found_and_ordinary_days_are_left_alone(
    monde: Monde, activite: Activite, capsys: pytest.CaptureFixture[str]
) -> None:
    dossiers = activite.workers((*NAMES * 20, "VASSEUR") * (DAYS * 3 // 5))
    others = [activite.worker("AILLEURS", followed=False) for _ in range(5)]
    staff = [colleague(monde, monde.a, role) for role in (Role.MDT, Role.INF) for _ in range(PEOPLE // 2)]
    misusers = {code: colleague(monde, monde.a, Role.MDT) for code in PLANTED}
    days, normal = workdays(DAYS), 0
    for jour in days:
        normal += sum(activite.ordinary_day(who, jour, dossiers, others) for who in staff)
        if jour == days[-1]:
            for code, plant in PLANTED.items():
                plant(activite, misusers[code], jour)
        watch(monde, jour)
    found = by_account(monde)
    ordinary = len(seen(monde)) - len(PLANTED)
    missed = [code for code, who in misusers.items() if who.id not in found or code not in codes(found[who.id])]
    assert missed == []
    assert all(one.score >= SEUIL for one in found.values())
    rate = 1000 * ordinary / normal
    with capsys.disabled():
        print(f"\n{ordinary} alerts among {normal} ordinary accesses: {rate:.2f} per 1 000")  # noqa: T201 - for whoever tunes the rules
    assert rate <= 2, "who is pointed out all day long is no longer looked at"


@TRA_05
@pytest.mark.exigence("TRA-02", partielle="ce que les règles signalent")
def test_an_alert_names_no_worker_and_no_dossier(monde: Monde, activite: Activite) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    own = activite.worker("VASSEUR", "CLAIRE")
    activite.open(who, own, at(jour, 11))
    assert watch(monde, jour) == 1
    (alerte,) = seen(monde)
    assert [one.phrase for one in alerte.signaux] == ["Un dossier porte son nom et son prénom."]
    with monde.superuser.connect() as connection:
        row = connection.exec_driver_sql("SELECT alerte::text FROM alerte").scalar_one()
    for trait in (str(own), "VASSEUR", "CLAIRE"):
        assert trait not in row + repr(alerte)
    with monde.superuser.connect() as connection:
        line = connection.exec_driver_sql("SELECT details::text FROM trace WHERE action = 'alerte.open'").scalar_one()
    assert line == "{}", "the journal, which the direction reads, does not say about whom"


@TRA_05
def test_an_alert_grows_with_the_day_and_once_closed_what_follows_makes_another(
    monde: Monde, activite: Activite
) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    _stranger(activite, who, jour)
    assert watch(monde, jour, 13) == 1
    (first,) = seen(monde)
    activite.open(who, activite.worker("VASSEUR", "ANNE"), at(jour, 14))
    assert watch(monde, jour, 14.5) == 0
    (grown,) = seen(monde)
    assert (grown.id, codes(grown) > codes(first), grown.score > first.score) == (first.id, True, True)
    close(monde, first.id, grown.version, at(jour, 15))
    assert watch(monde, jour, 15.5) == 0, "what was judged is not pointed out again"
    activite.open(who, activite.worker("VASSEUR", "LUC"), at(jour, 16))
    assert watch(monde, jour, 16.5) == 1
    assert [one.etat for one in seen(monde)] == [Etat.NOUVEAU, Etat.CLOS]


def test_a_line_that_commits_late_is_seen_by_the_next_round_and_nothing_is_pointed_out_twice(
    monde: Monde, activite: Activite
) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    assert watch(monde, jour, 12) == 0
    activite.open(who, activite.worker("VASSEUR", "LATE"), at(jour, 11.95))
    assert watch(monde, jour, 12.02) == 1
    assert watch(monde, jour, 12.05) == 0
    assert len(seen(monde)) == 1


@TRA_05
@pytest.mark.exigence("AUT-06", partielle="personne ne juge son propre accès")
def test_the_dpo_closes_with_a_reason_and_never_what_is_his_own(monde: Monde, activite: Activite) -> None:
    who, (jour,) = monde.a.medecin, workdays(1)
    _stranger(activite, who, jour)
    watch(monde, jour)
    (alerte,) = seen(monde)
    with pytest.raises(OwnCas), monde.work(Acteur(who.id, Role.DPO, "s-deux", 2)) as ctx:
        alertes.close(ctx, alerte.id, Issue.JUSTIFIE, "Moi.", alerte.version)
    with monde.work(monde.a[Role.DPO]) as ctx:
        alertes.take(ctx, alerte.id)
        alertes.close(ctx, alerte.id, Issue.INJUSTIFIE, "Vu avec la direction.", alerte.version)
    with pytest.raises(CasClosed), monde.work(monde.a[Role.DPO]) as ctx:
        alertes.close(ctx, alerte.id, Issue.JUSTIFIE, "Encore.", alerte.version)
    with monde.work(monde.a[Role.DPO]) as ctx:
        closed = alertes.get(ctx, alerte.id)
    assert [(one.issue, one.motif) for one in closed.suites] == [
        (None, None),
        (Issue.INJUSTIFIE, "Vu avec la direction."),
    ]
    with monde.work(monde.a[Role.DPO]) as ctx:
        alertes.reopen(ctx, alerte.id)
        assert alertes.waiting(ctx) == 1


@pytest.mark.exigence("TEN-01")
@pytest.mark.exigence("HAB-01", partielle="les accès à examiner")
def test_another_spst_and_other_roles_read_no_alert(monde: Monde, activite: Activite) -> None:
    (jour,) = workdays(1)
    _stranger(activite, colleague(monde, monde.a, Role.MDT), jour)
    watch(monde, jour)
    (alerte,) = seen(monde)
    with monde.work(monde.b[Role.DPO], monde.b) as ctx:
        assert (alertes.queue(ctx), alertes.waiting(ctx)) == ((), 0)
    for what, args in (("get", ()), ("take", ()), ("close", (Issue.JUSTIFIE, "x", "1"))):
        with pytest.raises(CasNotFound), monde.work(monde.b[Role.DPO], monde.b) as ctx:
            getattr(alertes, what)(ctx, alerte.id, *args)
    for role in (Role.DIR, Role.AUD, Role.MDT, Role.ADM):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            alertes.queue(ctx)


@pytest.mark.exigence("HAB-05", partielle="un traitement ne lit que ce que son but nomme")
def test_the_job_reads_nothing_of_a_dossier_and_changes_nothing_of_the_register(
    monde: Monde, activite: Activite
) -> None:
    with monde.work(service("surveillance")) as ctx:
        assert ctx.session.connection().exec_driver_sql("SELECT count(*) FROM travailleur").scalar_one() > 0
        for table in ("visite", "visite_note", "conclusion", "courrier", "exposition", "trace_reserve", "signalement"):
            assert ctx.session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0, table
        changed = ctx.session.connection().exec_driver_sql("UPDATE travailleur SET premier_prenom = 'X'").rowcount
        assert changed == 0


def test_what_the_worker_and_the_jobs_do_is_never_pointed_out(monde: Monde, activite: Activite) -> None:
    (jour,) = workdays(1)
    zoe = monde.a.zoe
    for n in range(60):
        when = replace(monde.runtime, clock=Moment(at(jour, 2 + n / 100)))
        with unit_of_work(
            when, monde.a.tenant_id, zoe.acteur, FOLLOW_UP, origin="test", dossier_id=zoe.dossier_id
        ) as ctx:
            traces.record(ctx, "portail.dossier", zoe.dossier_id, ("S1",))
    assert watch(monde, jour) == 0


@TRA_05
def test_nobody_judges_what_he_has_not_seen(monde: Monde, activite: Activite) -> None:
    """Neither what was found while he read, nor what was done and not yet looked at."""
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    _stranger(activite, who, jour)
    watch(monde, jour, 13)
    (read,) = seen(monde)
    activite.open(who, activite.worker("VASSEUR", "ANNE"), at(jour, 14))
    watch(monde, jour, 14.1)
    with pytest.raises(CasChanged):
        close(monde, read.id, read.version, at(jour, 14.2))
    (grown,) = seen(monde)
    _mass(activite, who, jour)
    activite.open(who, activite.worker("VASSEUR", "LUC"), at(jour, 14.3))
    close(monde, grown.id, grown.version, at(jour, 14.4))
    assert watch(monde, jour, 14.5) == 1, "what came between the last round and the closing"
    assert Code.HOMONYME in codes(seen(monde)[0])


@TRA_05
def test_one_that_is_opened_again_leaves_the_verdict_of_another_alone(monde: Monde, activite: Activite) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    _stranger(activite, who, jour)
    watch(monde, jour, 13)
    (first,) = seen(monde)
    close(monde, first.id, first.version, at(jour, 13.2))
    activite.open(who, activite.worker("VASSEUR", "ANNE"), at(jour, 14))
    watch(monde, jour, 14.1)
    second = seen(monde)[0]
    close(monde, second.id, second.version, at(jour, 14.2))
    with monde.work(monde.a[Role.DPO]) as ctx:
        alertes.reopen(ctx, first.id)
    activite.open(who, activite.worker("VASSEUR", "CLAIRE"), at(jour, 15))
    watch(monde, jour, 15.1)
    found = {one.id: one for one in seen(monde)}
    assert Code.PROPRE in codes(found[first.id])
    assert found[second.id].signaux == second.signaux


@TRA_05
def test_who_is_pointed_out_does_not_take_it_back_by_writing_or_cancelling(monde: Monde, activite: Activite) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    namesake = activite.worker("VASSEUR", "ANNE")
    for action in ("visite.start", "visite.abandon", "information.give", "code_activation.issue"):
        activite.open(who, namesake, at(jour, 10), action)
    activite.open(who, namesake, at(jour, 10.1))
    assert watch(monde, jour, 11) == 1
    activite.expect([namesake], jour)
    activite.open(who, namesake, at(jour, 12), "visite.note")
    watch(monde, jour, 13)
    assert Code.HOMONYME in codes(seen(monde)[0])


def test_an_appointment_that_was_called_off_explains_nothing(monde: Monde, activite: Activite) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    namesake = activite.worker("VASSEUR", "ANNE")
    activite.expect([namesake], jour)
    activite.open(who, namesake, at(jour, 10))
    assert watch(monde, jour, 11) == 0
    run(monde, "UPDATE rendez_vous SET statut = 'excuse'")
    activite.open(who, namesake, at(jour, 12))
    assert watch(monde, jour, 13) == 1


@pytest.mark.parametrize(
    ("nom", "found"),
    [("VASSEUR", True), ("DE VASSEUR", True), ("VASSEUR MARTIN", True), ("PETIT-VASSEUR", True), ("VASSEURS", False)],
)
def test_names_are_compared_word_by_word(monde: Monde, activite: Activite, nom: str, found: bool) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    activite.open(who, activite.worker(nom, "JEAN"), at(jour, 10))
    assert bool(watch(monde, jour)) is found


def test_who_notes_arrivals_at_the_desk_opens_no_dossier(monde: Monde, activite: Activite) -> None:
    (jour,) = workdays(1)
    for n in range(40):
        activite.open(monde.a[Role.ADM], new_id(), at(jour, 9 + n / 120), "rendez_vous.update")
    assert watch(monde, jour) == 0


@pytest.mark.exigence("TEN-01")
def test_an_account_that_cannot_be_looked_at_keeps_no_other_waiting_and_is_looked_at_again(
    monde: Monde, activite: Activite, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other, (jour,) = *(colleague(monde, monde.a, Role.MDT) for _ in range(2)), workdays(1)
    for who in (broken, other):
        _stranger(activite, who, jour)
    real = surveillance_queries.liens

    def liens(ctx: Context, compte_id: UUID, *asked: Any) -> Any:
        if compte_id == broken.id:
            raise OperationalError("SELECT", {}, Exception("cut"))
        return real(ctx, compte_id, *asked)

    with monkeypatch.context() as patch:
        patch.setattr(surveillance_queries, "liens", liens)
        assert watch(monde, jour, 14) == 1
        assert watch(monde, jour, 20) == 0
    assert set(by_account(monde)) == {other.id}
    assert watch(monde, jour, 23) == 1
    assert set(by_account(monde)) == {other.id, broken.id}


def test_a_suspended_spst_is_left_alone_and_rounds_at_once_point_out_once(monde: Monde, activite: Activite) -> None:
    (jour,) = workdays(1)
    run(monde, "UPDATE tenant SET suspended_at = now() WHERE id = :id", id=monde.a.tenant_id)
    _stranger(activite, colleague(monde, monde.a, Role.MDT), jour)
    assert watch(monde, jour, 14) == 0
    run(monde, "UPDATE tenant SET suspended_at = NULL")
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: watch(monde, jour, 14.1), range(4))) == 1
    assert len(seen(monde)) == 1


@TRA_05
@pytest.mark.parametrize(("days", "found"), [(-16, 1), (-15, 0), (0, 0), (15, 0), (16, 1)])
def test_an_appointment_explains_what_is_opened_fifteen_days_before_and_after(
    monde: Monde, activite: Activite, days: int, found: int
) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    namesake = activite.worker("VASSEUR", "ANNE")
    activite.appointment(namesake, at(jour + timedelta(days=days), 11))
    activite.open(who, namesake, at(jour, 10))
    assert watch(monde, jour) == found


@TRA_05
@pytest.mark.parametrize(("starts", "ends", "found"), [(-9, 0, 1), (0, 9, 1), (-9, -1, 0), (1, 9, 0)])
def test_a_colleague_is_who_the_spst_employs_that_day(
    monde: Monde, activite: Activite, starts: int, ends: int, found: int
) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    contrat = (jour + timedelta(days=starts), jour + timedelta(days=ends))
    activite.open(who, activite.worker("LEBLANC", employer=_siege(monde), contrat=contrat), at(jour, 11))
    assert watch(monde, jour) == found


def test_the_name_that_somebody_uses_is_his_too(monde: Monde, activite: Activite) -> None:
    who, (jour,) = colleague(monde, monde.a, Role.MDT), workdays(1)
    married = activite.worker("LEBLANC", "JEANNE")
    run(monde, "UPDATE travailleur SET nom_utilise = 'VASSEUR' WHERE prenoms = 'JEANNE'")
    activite.open(who, married, at(jour, 10))
    assert watch(monde, jour) == 1


def test_who_is_entrusted_to_no_correspondent_is_outside_of_his_follow_up(monde: Monde, activite: Activite) -> None:
    """P-111 says of him what P-110 says of the others."""
    (jour,) = workdays(1)
    for nom in NAMES[:3]:
        activite.is_refused(monde.a[Role.MPC], activite.worker(nom), at(jour, 10))
    assert watch(monde, jour) == 1
    assert Code.HORS_SUIVI in codes(seen(monde)[0])


@TRA_05
def test_who_reads_much_as_a_rule_is_measured_by_it_and_by_the_day_that_is_looked_at(
    monde: Monde, activite: Activite
) -> None:
    who, days, memoire = colleague(monde, monde.a, Role.INF), workdays(3), Memoire()
    for n in range(8):
        activite.open(who, new_id(), at(days[0], 9 + n / 10))
    for n in range(34):
        activite.open(who, new_id(), at(days[1], 9 + n / 60))

    def found(jour: date) -> set[Code]:
        surveillance.watch(replace(monde.runtime, clock=Moment(at(jour, 23.9))), memoire)
        return {one for alerte in seen(monde) if alerte.jour == jour for one in codes(alerte)}

    assert Code.MASSE_HEURE not in found(days[1]), "eight an hour the day before: eighty would be ten times as many"
    run(monde, "SET LOCAL session_replication_role = replica; DELETE FROM trace")
    for n in range(34):
        activite.open(who, new_id(), at(days[2], 9 + n / 60))
    assert Code.MASSE_HEURE in found(days[2]), "nothing is known of her the day after"


@pytest.mark.exigence("TRA-01", partielle="les accès à examiner")
def test_what_the_dpo_reads_and_decides_is_traced(monde: Monde, activite: Activite) -> None:
    (jour,) = workdays(1)
    _stranger(activite, colleague(monde, monde.a, Role.MDT), jour)
    watch(monde, jour)
    (alerte,) = seen(monde)
    run(monde, "SET LOCAL session_replication_role = replica; DELETE FROM trace")
    with monde.work(monde.a[Role.DPO]) as ctx:
        alertes.get(ctx, alerte.id)
    with monde.work(monde.a[Role.DPO]) as ctx:
        alertes.take(ctx, alerte.id)
    with monde.superuser.connect() as connection:
        lines = connection.exec_driver_sql(
            "SELECT action, details ->> 'geste', dossier_id FROM trace ORDER BY id"
        ).all()
    assert [tuple(line) for line in lines] == [("alerte.consult", None, None), ("alerte.decide", "cas_pris", None)]
