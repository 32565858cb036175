"""One transaction per act: all of it stays, or none, and a refusal leaves its own line."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from spst.entreprises.models import Adherent
from spst.kernel.errors import AccessDenied, NotFound
from spst.traces.models import Trace
from tests.factories.monde import Monde

pytestmark = pytest.mark.exigence("TRA-01", partielle="the transaction alone; the rooms' own tests show each act")


def adherents(monde: Monde) -> int:
    with monde.work(monde.a.medecin) as ctx:
        return ctx.session.scalar(select(func.count()).select_from(Adherent)) or 0


def refusals(monde: Monde) -> list[Trace]:
    with monde.work(monde.a.medecin) as ctx:
        return list(ctx.session.scalars(select(Trace).where(Trace.decision == "refuse").order_by(Trace.id)))


def adhere(ctx, siren: str) -> None:  # type: ignore[no-untyped-def]
    ctx.session.add(Adherent(tenant_id=ctx.tenant_id, siren=siren, raison_sociale="Ateliers Jaunet"))
    ctx.session.flush()


def test_what_is_done_is_committed_at_the_end(monde: Monde) -> None:
    before = adherents(monde)
    with monde.work(monde.a.medecin) as ctx:
        adhere(ctx, "552100554")
    assert adherents(monde) == before + 1


def test_any_error_undoes_the_whole_act(monde: Monde) -> None:
    before = adherents(monde)
    with pytest.raises(ZeroDivisionError), monde.work(monde.a.medecin) as ctx:
        adhere(ctx, "542051180")
        _ = 1 // 0
    assert adherents(monde) == before


@pytest.mark.parametrize("refusal", [AccessDenied("Non.", action="dossier.open"), NotFound(action="dossier.open")])
def test_a_refusal_undoes_the_act_and_leaves_its_line(monde: Monde, refusal: AccessDenied | NotFound) -> None:
    before, lines = adherents(monde), len(refusals(monde))
    with pytest.raises(type(refusal)), monde.work(monde.a.medecin) as ctx:
        adhere(ctx, "542051180")
        raise refusal
    assert adherents(monde) == before
    left = refusals(monde)[lines:]
    assert [(line.action, line.acteur_id, line.decision) for line in left] == [
        ("dossier.open", monde.a.medecin.id, "refuse")
    ]


def test_the_line_of_a_refusal_carries_the_correlation_of_its_request(monde: Monde) -> None:
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin) as ctx:
        correlation = ctx.correlation_id
        raise AccessDenied(action="dossier.open")
    assert refusals(monde)[-1].correlation_id == correlation


def test_an_unknown_id_is_traced_without_it(monde: Monde) -> None:
    """It may be another tenant's: the journal must not carry it."""
    with pytest.raises(NotFound), monde.work(monde.a.medecin):
        raise NotFound(action="dossier.open", dossier_id=monde.b.zoe.dossier_id)
    line = refusals(monde)[-1]
    assert line.dossier_id is None
    assert line.details == {"introuvable": True}


def test_tenant_and_actor_are_fixed_for_the_whole_transaction(monde: Monde) -> None:
    with monde.work(monde.b.infirmier, monde.b) as ctx:
        seen = ctx.session.execute(text("SELECT spst_ctx.tenant(), spst_ctx.acteur(), spst_ctx.famille()")).one()
    assert tuple(seen) == (monde.b.tenant_id, monde.b.infirmier.id, "sante")


def test_the_clock_of_a_use_case_does_not_age_its_context(monde: Monde) -> None:
    """The database compares the expiry with its own clock, whatever instant a test or a replay is about."""

    class LongAgo:
        def now(self) -> datetime:
            return datetime(2019, 1, 1, tzinfo=UTC)

    true_clock, monde.runtime.clock = monde.runtime.clock, LongAgo()
    try:
        assert adherents(monde) > 0
    finally:
        monde.runtime.clock = true_clock
