"""The inventory: nothing is deleted, what ends soonest is said first; who may do what by name."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.comptes import moyens, nominatives
from spst.comptes.errors import (
    CompteNotFound,
    HabilitationRefused,
    MoyenAlreadyThere,
    MoyenNotFound,
    MoyenRefused,
    OwnHabilitationRefused,
)
from spst.comptes.moyens import DemandeMoyen
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.factories.monde import Monde
from tests.factories.releves import last_traces, run

pytestmark = pytest.mark.exigence("AUT-07")


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM moyen_identification")
    run(monde, "DELETE FROM habilitation_nominative WHERE code <> 'enregistrement'")


def card(monde: Monde, reference: str = "8012 345", *, days: int | None = 400, nature: str = "cps") -> UUID:
    with monde.work(monde.a.directrice) as ctx:
        ends = None if days is None else today(ctx.clock) + timedelta(days=days)
        demande = DemandeMoyen(nature, reference, monde.a.medecin.id, None, monde.a.directrice.id, ends)
        return moyens.add(ctx, demande)


def test_what_ends_soonest_comes_first_and_what_left_comes_last(monde: Monde) -> None:
    ids = {days: card(monde, f"n {days}", days=days) for days in (400, 60, -1, 0, 61)} | {None: card(monde, days=None)}
    gone = card(monde, "retirée", days=-300)
    with monde.work(monde.a.directrice) as ctx:
        moyens.withdraw(ctx, gone, "Perdue")
    with monde.work(monde.a[Role.DPO]) as ctx:
        found = moyens.inventory(ctx)
    assert [one.id for one in found] == [ids[-1], ids[0], ids[60], ids[61], ids[400], ids[None], gone]
    assert [one.etat for one in found] == ["expire", "proche", "proche", "valable", "valable", "valable", "retire"]


def test_withdrawn_line_stays_as_it_was_whoever_asks(monde: Monde) -> None:
    moyen_id = card(monde)
    with monde.work(monde.a.directrice) as ctx:
        moyens.withdraw(ctx, moyen_id, "Perdue")
    assert last_traces(monde, monde.a)[0].details == {"compte": str(monde.a.medecin.id), "geste": "moyen_retire"}
    again = DemandeMoyen("cps", "autre", None, "Accueil", monde.a.directrice.id)
    with pytest.raises(MoyenRefused, match="déjà retiré"), monde.work(monde.a.directrice) as ctx:
        moyens.change(ctx, moyen_id, again)
    with pytest.raises(DBAPIError, match="stays as it was"):
        run(monde, "UPDATE moyen_identification SET reference = 'autre'")
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text("DELETE FROM moyen_identification"))
    card(monde)


def test_correction_is_written_and_traced(monde: Monde) -> None:
    moyen_id = card(monde)
    demande = DemandeMoyen(
        "boite_mssante", "accueil@spst.mssante.fr", None, "Accueil", monde.a.medecin.id, date(2098, 1, 1)
    )
    with monde.work(monde.a.directrice) as ctx:
        moyens.change(ctx, moyen_id, demande)
    assert last_traces(monde, monde.a)[0].details == {"geste": "moyen_corrige"}
    with monde.work(monde.a.directrice) as ctx:
        [one] = moyens.inventory(ctx)
    assert (one.nature, one.porteur, one.expires_on) == ("boite_mssante", "Accueil", date(2098, 1, 1))


@pytest.mark.parametrize("both", [True, False])
def test_holder_is_a_person_or_a_service_never_both_nor_none(monde: Monde, both: bool) -> None:
    somebody, service = (monde.a.medecin.id, "Accueil") if both else (None, None)
    with pytest.raises(MoyenRefused), monde.work(monde.a.directrice) as ctx:
        moyens.add(ctx, DemandeMoyen("cps", "1", somebody, service, monde.a.directrice.id))


def test_same_reference_is_not_written_twice(monde: Monde) -> None:
    card(monde)
    with pytest.raises(MoyenAlreadyThere):
        card(monde)
    assert card(monde, nature="cpe")


def test_person_of_another_spst_holds_and_answers_for_nothing_here(monde: Monde) -> None:
    there, mine = monde.b.medecin.id, monde.a.directrice.id
    for holder, answers in ((there, mine), (mine, there)):
        with pytest.raises(CompteNotFound), monde.work(monde.a.directrice) as ctx:
            moyens.add(ctx, DemandeMoyen("cps", "1", holder, None, answers))


def test_inventory_of_another_spst_does_not_exist(monde: Monde) -> None:
    moyen_id = card(monde)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert moyens.inventory(ctx) == []
    with pytest.raises(MoyenNotFound), monde.work(monde.b.directrice, monde.b) as ctx:
        moyens.withdraw(ctx, moyen_id, "x")


def test_officer_and_auditor_read_and_do_not_write_and_others_do_not_read(monde: Monde) -> None:
    moyen_id = card(monde)
    for role in (Role.DPO, Role.AUD):
        with monde.work(monde.a[role]) as ctx:
            assert len(moyens.inventory(ctx)) == 1
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            moyens.withdraw(ctx, moyen_id, "x")
    for role in (Role.MDT, Role.ADM):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            moyens.inventory(ctx)


def test_who_may_call_insi_feed_the_dmp_or_write_by_mssante_is_said_by_name(monde: Monde) -> None:
    nurse, desk = monde.a.infirmier.id, monde.a[Role.ADM].id
    with monde.work(monde.a.directrice) as ctx:
        for compte_id, code in ((nurse, "dmp_alimenter"), (nurse, "insi"), (desk, "insi"), (desk, "mssante")):
            nominatives.grant(ctx, compte_id, code)
    with monde.work(monde.a[Role.AUD]) as ctx:
        found = nominatives.holders(ctx)
    assert [len(found[code]) for code in nominatives.CODES] == [1, 2, 0, 1, 1]
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert nominatives.holders(ctx)["insi"] == ()


def test_habilitation_by_name_goes_only_to_roles_that_it_would_serve(monde: Monde) -> None:
    for role, code in ((Role.ADM, "dmp_consulter"), (Role.INF, "enregistrement"), (Role.PRO, "insi")):
        with pytest.raises(HabilitationRefused), monde.work(monde.a.directrice) as ctx:
            nominatives.grant(ctx, monde.a[role].id, code)
    with pytest.raises(OwnHabilitationRefused), monde.work(monde.a.directrice) as ctx:
        nominatives.grant(ctx, monde.a.directrice.id, "insi")


def test_database_knows_the_codes_and_no_other(monde: Monde) -> None:
    with pytest.raises(DBAPIError, match="code_ck"):
        run(
            monde,
            "INSERT INTO habilitation_nominative (tenant_id, id, compte_id, code, granted_at, granted_by)"
            " VALUES (:t, :id, :c, 'tout', now(), :c)",
            t=monde.a.tenant_id,
            id=new_id(),
            c=monde.a.infirmier.id,
        )
