"""Facts that a decision rests on: none is lost behind a wall."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.dmst import services as dmst
from spst.dmst.errors import DossierNotFound
from spst.dmst.faits import FaitsFromTables
from spst.dmst.models import Regime, Suivi
from spst.habilitations.ports import Faits
from spst.kernel.acteur import Acteur, Famille, Role
from spst.kernel.ids import new_id
from tests.factories.monde import LONG_AGO, STAFF, Monde
from tests.factories.releves import clock, run


def read(monde: Monde, acteur: Acteur, dossier_id: UUID | None = None, delegation_id: UUID | None = None) -> Faits:
    with monde.work(acteur, delegation_id=delegation_id) as ctx:
        return FaitsFromTables().read(ctx, dossier_id or monde.a.zoe.dossier_id)


def oppose(monde: Monde, portee: str) -> UUID:
    with monde.work(monde.a.medecin) as ctx:
        return dmst.record_opposition(ctx, monde.a.zoe.dossier_id, portee=portee)


@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.IPRP, Role.ASST])
def test_members_of_the_equipe_follow_and_others_do_not(monde: Monde, role: Role) -> None:
    assert read(monde, monde.a[role]).suivi
    assert not read(monde, monde.a[role], monde.a.toussaint.dossier_id).suivi


@pytest.mark.parametrize(
    ("table", "column"), [("equipe_membre", "compte_id"), ("suivi", "equipe_id")], ids=["membre", "suivi"]
)
def test_what_has_ended_is_no_follow_up(monde: Monde, table: str, column: str) -> None:
    ids = {"compte_id": monde.a.infirmier.id, "equipe_id": monde.a.equipe_id}
    ended = "ends_at = now() - interval '1 hour'" if table == "equipe_membre" else "ends_on = current_date - 1"
    restored = ended.split(" =")[0] + " = NULL"
    run(monde, f"UPDATE {table} SET {ended} WHERE {column} = :id", id=ids[column])
    try:
        assert not read(monde, monde.a.infirmier).suivi
    finally:
        run(monde, f"UPDATE {table} SET {restored} WHERE {column} = :id", id=ids[column])


def test_a_medecin_praticien_correspondant_follows_by_name_alone(monde: Monde) -> None:
    mpc = monde.a[Role.MPC]
    assert not read(monde, mpc).confie_mpc
    row = Suivi(
        tenant_id=monde.a.tenant_id,
        id=new_id(),
        dossier_id=monde.a.zoe.dossier_id,
        compte_id=mpc.id,
        starts_on=LONG_AGO.date(),
    )
    suivi_id = row.id
    monde.add(row)
    try:
        faits = read(monde, mpc)
        assert (faits.confie_mpc, faits.suivi) == (True, True)
        assert not read(monde, monde.a.infirmier).confie_mpc
    finally:
        run(monde, "DELETE FROM suivi WHERE id = :id", id=suivi_id)


def test_the_regime_of_the_day_is_told(monde: Monde) -> None:
    row = Regime(
        tenant_id=monde.a.tenant_id,
        id=new_id(),
        dossier_id=monde.a.zoe.dossier_id,
        regime="SIR",
        effective_from=LONG_AGO.date(),
        article="R. 4624-22",
    )
    regime_id = row.id
    monde.add(row)
    try:
        assert read(monde, monde.a[Role.MPC]).regime_sir
        run(monde, "UPDATE regime SET effective_to = current_date - 1 WHERE id = :id", id=regime_id)
        assert not read(monde, monde.a[Role.MPC]).regime_sir
    finally:
        run(monde, "DELETE FROM regime WHERE id = :id", id=regime_id)


@pytest.mark.parametrize("role", [r for r in STAFF if r.famille is not Famille.SANTE])
def test_a_regime_that_the_wall_hides_counts_as_the_one_that_closes(monde: Monde, role: Role) -> None:
    assert read(monde, monde.a[role]).regime_sir


@pytest.mark.exigence("HAB-01", partielle="oppositions lues par toute famille")
@pytest.mark.parametrize("role", STAFF)
def test_an_opposition_in_force_is_known_to_the_decision_whatever_the_family(monde: Monde, role: Role) -> None:
    oppose(monde, "mpc")
    oppose(monde, "professionnels")
    faits = read(monde, monde.a[role])
    assert (faits.opposition_mpc, faits.opposition_professionnels) == (True, True)


@pytest.mark.parametrize("role", [r for r in STAFF if r.famille in (Famille.SANTE, Famille.DELEGUE)])
def test_without_opposition_none_is_told_to_those_whom_a_section_may_open_to(monde: Monde, role: Role) -> None:
    faits = read(monde, monde.a[role])
    assert (faits.opposition_mpc, faits.opposition_professionnels) == (False, False)


def test_an_opposition_to_transfers_closes_no_section(monde: Monde) -> None:
    oppose(monde, "transfert")
    faits = read(monde, monde.a.infirmier)
    assert (faits.opposition_mpc, faits.opposition_professionnels) == (False, False)


def test_an_opposition_that_was_lifted_is_a_fact_no_longer_and_the_other_stays(monde: Monde) -> None:
    first, _ = oppose(monde, "mpc"), oppose(monde, "professionnels")
    with monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, first)
    faits = read(monde, monde.a[Role.IPRP])
    assert (faits.opposition_mpc, faits.opposition_professionnels) == (False, True)


def test_two_oppositions_recorded_at_the_same_time_both_stay(monde: Monde) -> None:
    """The second one waits for the first, then counts again: neither is overwritten by what was true before."""
    with monde.work(monde.a.medecin) as ctx:
        dmst.record_opposition(ctx, monde.a.zoe.dossier_id, portee="mpc")
        with pytest.raises(DBAPIError, match="lock timeout"), monde.work(monde.a.infirmier) as other:
            other.session.execute(text("SET LOCAL lock_timeout = '200ms'"))
            dmst.record_opposition(other, monde.a.zoe.dossier_id, portee="professionnels")
    oppose(monde, "professionnels")
    faits = read(monde, monde.a.medecin)
    assert (faits.opposition_mpc, faits.opposition_professionnels) == (True, True)


@pytest.mark.parametrize(
    "statement", ["UPDATE opposition_en_vigueur SET mpc = false", "DELETE FROM opposition_en_vigueur"]
)
def test_nobody_writes_the_flags_but_the_opposition_itself(monde: Monde, statement: str) -> None:
    oppose(monde, "mpc")
    with pytest.raises(DBAPIError, match=r"append-only|permission denied"), monde.work(monde.a.medecin) as ctx:
        ctx.session.execute(text(statement))


@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_the_flags_tell_nothing_to_whom_no_section_is_ever_opened(monde: Monde, role: Role) -> None:
    oppose(monde, "mpc")
    with monde.work(monde.a[role]) as ctx:
        assert ctx.session.execute(text("SELECT count(*) FROM opposition_en_vigueur")).scalar_one() == 0


def test_the_travailleur_is_the_actor_of_his_own_dossier_and_finds_no_other(monde: Monde) -> None:
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        assert FaitsFromTables().read(ctx, zoe.dossier_id).dossier_of_actor
        with pytest.raises(DossierNotFound):
            FaitsFromTables().read(ctx, monde.a.pierre.dossier_id)


def test_a_dossier_of_the_other_tenant_has_no_facts(monde: Monde) -> None:
    with pytest.raises(DossierNotFound):
        read(monde, monde.a.medecin, monde.b.zoe.dossier_id)


def test_facts_of_a_list_are_those_of_each(monde: Monde) -> None:
    ids = [monde.a.zoe.dossier_id, monde.a.toussaint.dossier_id, monde.b.zoe.dossier_id]
    with monde.work(monde.a.infirmier) as ctx:
        found = FaitsFromTables().read_many(ctx, ids)
        assert found == {dossier_id: FaitsFromTables().read(ctx, dossier_id) for dossier_id in ids[:2]}


def test_follow_up_is_judged_at_the_instant_of_the_use_case(monde: Monde) -> None:
    with clock(monde) as horloge:
        horloge.at = LONG_AGO.replace(year=2019)
        assert not read(monde, monde.a.medecin).suivi
