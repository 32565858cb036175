"""Misuse planted among ordinary days is found, each kind by its name; ordinary days are almost always left alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from spst.entreprises.models import Adherent, Etablissement
from spst.journal import alertes, surveillance
from spst.journal.alerte_rules import SEUIL, Code
from spst.journal.alertes import AlerteVue
from spst.journal.errors import CasClosed, CasNotFound, OwnCas
from spst.journal.instructions import Etat, Issue
from spst.journal.surveillance import Memoire
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.clock import SystemClock, today
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.traces import services as traces
from tests.factories.activite import Activite, Moment, at
from tests.factories.monde import Monde, colleague
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


def _colleague(a: Activite, who: Acteur, jour: date) -> None:
    key = {"tenant_id": a.monde.a.tenant_id}
    adherent, siege = new_id(), new_id()
    a.monde.add(
        Adherent(id=adherent, siren="900000118", raison_sociale="SPSTI TEST DES COTEAUX", **key),
        Etablissement(id=siege, adherent_id=adherent, siret="90000011800027", nom="Siège", **key),
    )
    a.open(who, a.worker("LEBLANC", employer=siege), at(jour, 11))


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
    closed_at = replace(monde.runtime, clock=Moment(at(jour, 15)))
    with surveillance.unit_of_work(
        closed_at, monde.a.tenant_id, monde.a[Role.DPO], surveillance._MOTIF, origin="test"
    ) as ctx:
        alertes.close(ctx, first.id, Issue.ERREUR, "Formation d’une remplaçante.")
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
        alertes.close(ctx, alerte.id, Issue.JUSTIFIE, "Moi.")
    with monde.work(monde.a[Role.DPO]) as ctx:
        alertes.take(ctx, alerte.id)
        alertes.close(ctx, alerte.id, Issue.INJUSTIFIE, "Vu avec la direction.")
    with pytest.raises(CasClosed), monde.work(monde.a[Role.DPO]) as ctx:
        alertes.close(ctx, alerte.id, Issue.JUSTIFIE, "Encore.")
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
    for what, args in (("get", ()), ("take", ()), ("close", (Issue.JUSTIFIE, "x"))):
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
        with surveillance.unit_of_work(
            when, monde.a.tenant_id, zoe.acteur, surveillance._MOTIF, origin="test", dossier_id=zoe.dossier_id
        ) as ctx:
            traces.record(ctx, "portail.dossier", zoe.dossier_id, ("S1",))
    assert watch(monde, jour) == 0
