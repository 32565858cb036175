"""The day of a professional and of the register: who sees what, the states, the statements it costs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from spst.dmst.models import Entete, Opposition, Regime
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.visites import services as visites
from spst.visites.errors import RendezVousNotAllowed, RendezVousNotFound
from spst.visites.rules import StatutRdv
from spst.visites.vues import Agenda, EtatChange
from tests.factories.confies import entrusted, opposed
from tests.factories.monde import Monde, Spst
from tests.factories.releves import run
from tests.visites.conftest import Horloge, Lines, appointment, close, start, traces_left

pytestmark = pytest.mark.usefixtures("clean")
TODAY = date(2026, 11, 23)


def day(
    monde: Monde, acteur: Acteur, whose: Acteur | None = None, on: date = TODAY, spst: Spst | None = None
) -> Agenda:
    with monde.work(acteur, spst) as ctx:
        return visites.agenda(ctx, on, whose.id if whose else None)


def test_an_infirmier_sees_his_day_with_regime_and_visits_of_those_he_follows(monde: Monde, horloge: Horloge) -> None:
    close(monde, start(monde, type_code="VIPI"))
    horloge.forward(days=0, hours=1)
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    appointment(monde, monde.a, monde.a.infirmier, monde.a.toussaint, horloge.at + timedelta(minutes=30))
    with monde.work(monde.a.infirmier) as ctx:
        visite_id = visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", rendez_vous_id=rdv)
    seen = day(monde, monde.a.infirmier, monde.a.infirmier)
    zoe, toussaint = seen.rendez_vous
    assert (zoe.salarie.nom_naissance, zoe.salarie.poste, zoe.salarie.employeur, zoe.statut) == (
        "ADRUN",
        "Soudeuse TIG",
        "Chantiers de la Brière",
        StatutRdv.EN_COURS,
    )
    assert zoe.sante is not None
    assert (zoe.sante.regime, zoe.sante.visite_id, zoe.sante.visite_ouverte) == ("SIS", visite_id, True)
    assert zoe.sante.visite_type == "VIP périodique (suivi simple)"
    assert (zoe.sante.derniere_type, zoe.sante.derniere_on) == ("Visite d’information et de prévention initiale", TODAY)
    assert toussaint.sante is None
    assert [(v.id, v.nom_naissance) for v in seen.ouvertes] == [(visite_id, "ADRUN")]


@pytest.mark.exigence("HAB-03", partielle="la journée de l’administration")
@pytest.mark.parametrize("role", [Role.ADM, Role.ASST, Role.IPRP])
def test_the_register_alone_is_shown_to_those_who_keep_it(monde: Monde, horloge: Horloge, role: Role) -> None:
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    with monde.work(monde.a.infirmier) as ctx:
        visites.start_visite(ctx, monde.a.zoe.dossier_id, "DEM_SAL", rendez_vous_id=rdv)
    seen = day(monde, monde.a[role])
    [line] = seen.rendez_vous
    assert (line.libelle, line.statut, line.sante) == ("Visite périodique", StatutRdv.EN_COURS, None)
    assert seen.ouvertes == ()
    told = str(replace(line, dossier=None))
    assert "demande" not in told
    assert "SIS" not in told


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_others_do_not_read_the_agenda(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied):
        day(monde, monde.a[role])


def test_an_opposition_hides_the_regime_from_the_infirmier_and_not_the_slot(monde: Monde, horloge: Horloge) -> None:
    appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    of_zoe = {"tenant_id": monde.a.tenant_id, "dossier_id": monde.a.zoe.dossier_id, "id": new_id()}
    values = {"portee": "professionnels", "declared_at": horloge.at, "created_by": monde.a.medecin.id}
    monde.add(Entete(section="S7", **of_zoe), Opposition(**values, **of_zoe))
    try:
        assert day(monde, monde.a.infirmier).rendez_vous[0].sante is None
        assert day(monde, monde.a.medecin).rendez_vous[0].sante is not None
    finally:
        with monde.superuser.begin() as connection:
            connection.execute(text("UPDATE opposition SET withdrawn_at = now()"))


@pytest.mark.exigence("HAB-07", partielle="visites à terminer")
def test_an_open_visit_leaves_the_list_when_its_dossier_closes_to_whoever_opened_it(
    monde: Monde, horloge: Horloge
) -> None:
    visite_id = start(monde)
    start(monde, dossier=monde.a.pierre.dossier_id)

    def left() -> list[str]:
        return [one.nom_naissance for one in day(monde, monde.a.infirmier).ouvertes]

    both = ["ADRUN", "D'ARTAGNAN DE L'HERAULT"]
    assert sorted(left()) == both
    with opposed(monde, monde.a.zoe, "professionnels"):
        assert left() == both[1:]
    assert sorted(left()) == both
    of_pierre = {"dossier": monde.a.pierre.dossier_id}
    run(monde, "UPDATE suivi SET ends_on = date '2026-11-22' WHERE dossier_id = :dossier", **of_pierre)
    try:
        [only] = day(monde, monde.a.infirmier).ouvertes
        assert only.id == visite_id
    finally:
        run(monde, "UPDATE suivi SET ends_on = NULL WHERE dossier_id = :dossier", **of_pierre)


@pytest.mark.exigence("TRA-01", partielle="agenda, volets lus")
def test_the_trace_of_a_day_names_the_sections_that_were_read(monde: Monde, horloge: Horloge) -> None:
    appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    seen: Lines = []
    with opposed(monde, monde.a.zoe, "professionnels"), traces_left(monde, seen):
        day(monde, monde.a.infirmier)
    assert seen == [("agenda.consult", "permis", ())]


@pytest.mark.exigence("HAB-09", partielle="agenda")
def test_an_mpc_finds_nobody_else_in_the_day_of_the_whole_spst(monde: Monde, horloge: Horloge) -> None:
    for one in (monde.a.zoe, monde.a.pierre):
        appointment(monde, monde.a, monde.a.infirmier, one, horloge.at)
    mpc = monde.a[Role.MPC]
    assert day(monde, mpc).rendez_vous == ()
    with entrusted(monde, monde.a.pierre):
        assert [one.salarie.id for one in day(monde, mpc).rendez_vous] == [monde.a.pierre.travailleur_id]


@pytest.mark.exigence("TEN-01", partielle="agenda")
def test_an_agenda_holds_its_own_tenant_and_its_own_day(monde: Monde, horloge: Horloge) -> None:
    appointment(monde, monde.b, monde.b.infirmier, monde.b.zoe, horloge.at)
    appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at + timedelta(days=1))
    assert day(monde, monde.a.infirmier).rendez_vous == ()
    assert len(day(monde, monde.a.infirmier, on=TODAY + timedelta(days=1)).rendez_vous) == 1
    assert len(day(monde, monde.b.infirmier, spst=monde.b).rendez_vous) == 1


@pytest.mark.exigence("TRA-01", partielle="agenda")
def test_a_day_is_traced_once_without_a_name(monde: Monde, horloge: Horloge) -> None:
    appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    appointment(monde, monde.a, monde.a.infirmier, monde.a.pierre, horloge.at)
    seen: Lines = []
    with traces_left(monde, seen):
        day(monde, monde.a.infirmier)
        day(monde, monde.a[Role.ADM])
    assert seen == [("agenda.consult", "permis", ("S2", "S3")), ("agenda.consult", "permis", ())]


def test_the_whole_day_costs_the_same_statements_for_one_and_for_forty(
    monde: Monde, horloge: Horloge, statements: Callable[[], list[str]]
) -> None:
    counts = []
    for many in (1, 39):
        for n in range(many):
            person = (monde.a.zoe, monde.a.pierre, monde.a.toussaint)[n % 3]
            appointment(monde, monde.a, monde.a.infirmier, person, horloge.at + timedelta(minutes=n))
        statements()
        day(monde, monde.a.infirmier)
        counts.append(len(statements()))
    assert counts[0] == counts[1] <= 9, (
        "two for the protocol under which a nurse works, one for whom its médecin follows"
    )


def test_somebody_with_two_regimes_in_turn_shows_the_one_of_the_day(monde: Monde, horloge: Horloge) -> None:
    appointment(monde, monde.a, monde.a.medecin, monde.a.pierre, horloge.at)
    monde.add(
        Regime(
            tenant_id=monde.a.tenant_id,
            dossier_id=monde.a.pierre.dossier_id,
            regime="SIR",
            effective_from=TODAY + timedelta(days=1),
            article="R. 4624-22",
        )
    )
    sante = day(monde, monde.a.medecin).rendez_vous[0].sante
    assert sante is not None
    assert sante.regime == "SIS"


# ──── States


def test_an_assistant_notes_an_arrival_and_takes_it_back(monde: Monde, horloge: Horloge) -> None:
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    seen: Lines = []
    with traces_left(monde, seen), monde.work(monde.a[Role.ADM]) as ctx:
        assert visites.update_rendez_vous(ctx, rdv, StatutRdv.ARRIVE) == EtatChange(StatutRdv.CONVOQUE, TODAY)
    assert seen == [("rendez_vous.update", "permis", ())]
    [line] = day(monde, monde.a.infirmier).rendez_vous
    assert (line.statut, line.arrived_at) == (StatutRdv.ARRIVE, horloge.at)
    with monde.work(monde.a[Role.ADM]) as ctx:
        visites.update_rendez_vous(ctx, rdv, StatutRdv.CONVOQUE)
    [line] = day(monde, monde.a.infirmier).rendez_vous
    assert (line.statut, line.arrived_at) == (StatutRdv.CONVOQUE, None)


def test_a_second_click_on_arrived_keeps_the_first_hour(monde: Monde, horloge: Horloge) -> None:
    rdv, first = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at), horloge.at
    for _ in range(2):
        with monde.work(monde.a[Role.ADM]) as ctx:
            visites.update_rendez_vous(ctx, rdv, StatutRdv.ARRIVE)
        horloge.forward(minutes=3)
    assert day(monde, monde.a.infirmier).rendez_vous[0].arrived_at == first


def test_a_state_that_cannot_follow_is_refused_and_an_unknown_appointment_is_not_found(
    monde: Monde, horloge: Horloge
) -> None:
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at, statut="recu")
    elsewhere = appointment(monde, monde.b, monde.b.infirmier, monde.b.zoe, horloge.at)
    with pytest.raises(RendezVousNotAllowed), monde.work(monde.a[Role.ADM]) as ctx:
        visites.update_rendez_vous(ctx, rdv, StatutRdv.ABSENT)
    with pytest.raises(RendezVousNotFound), monde.work(monde.a[Role.ADM]) as ctx:
        visites.update_rendez_vous(ctx, elsewhere, StatutRdv.ARRIVE)
    with pytest.raises(AccessDenied), monde.work(monde.a.directrice) as ctx:
        visites.update_rendez_vous(ctx, rdv, StatutRdv.ARRIVE)
