"""The review of the accounts: frozen, decided by others, signed, and never changed again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from spst.comptes import revue_rules, revues
from spst.comptes import services_comptes as services
from spst.comptes.errors import (
    AuthentificationTooOld,
    LastDirection,
    OwnLigneRefused,
    RevueAlreadyOpen,
    RevueIncomplete,
    RevueNotFound,
    RevueSigned,
)
from spst.comptes.models import Revue, RevueLigne
from spst.comptes.revue_rules import GARDER, RETIRER, Reglages
from spst.comptes.revues import LigneVue
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.factories.monde import Monde, Spst, colleague
from tests.factories.releves import clock, last_traces, run

pytestmark = pytest.mark.exigence("AUT-06")


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    with monde.superuser.begin() as connection:
        for statement in (
            "DELETE FROM revue_ligne",
            "DELETE FROM revue",
            "DELETE FROM reglage_comptes",
            "UPDATE habilitation SET revoked_at = NULL, revoked_by = NULL",
        ):
            connection.execute(text(statement))


@pytest.fixture(scope="module")
def second(monde: Monde) -> Acteur:
    return colleague(monde, monde.a, Role.DIR)


def opened(monde: Monde, spst: Spst | None = None) -> UUID:
    spst = spst or monde.a
    with monde.work(spst.directrice, spst) as ctx:
        return revues.open_revue(ctx)


def lines(monde: Monde, revue_id: UUID) -> list[LigneVue]:
    with monde.work(monde.a.directrice) as ctx:
        return revues.get_revue(ctx, revue_id)[1]


def decide_all(monde: Monde, revue_id: UUID, second: Acteur, *taken: UUID) -> None:
    """The director decides of everybody's, her colleague of hers; `taken`: accounts that lose all they hold."""
    for compte_id in dict.fromkeys(one.compte_id for one in lines(monde, revue_id)):
        who = second if compte_id == monde.a.directrice.id else monde.a.directrice
        with monde.work(who) as ctx:
            revues.keep_all(ctx, revue_id, compte_id)
    for one in lines(monde, revue_id):
        if one.compte_id in taken:
            who = second if one.compte_id == monde.a.directrice.id else monde.a.directrice
            with monde.work(who) as ctx:
                revues.decide(ctx, one.id, RETIRER, "Parti")


def sign(monde: Monde, revue_id: UUID, who: Acteur | None = None) -> str:
    with monde.work(who or monde.a.directrice) as ctx:
        return revues.sign(ctx, revue_id, ctx.clock.now())


def test_review_freezes_what_each_account_held_when_it_opened(monde: Monde, second: Acteur) -> None:
    revue_id = opened(monde)
    before = lines(monde, revue_id)
    late = colleague(monde, monde.a, Role.ADM)
    held = {(one.compte_id, one.nature, one.objet) for one in before}
    assert (monde.a.medecin.id, "role", "MDT") in held
    assert (monde.a.medecin.id, "equipe", "Équipe Vasseur") in held
    assert (monde.a[Role.ADM].id, "nominative", "enregistrement") in held
    assert late.id not in {one.compte_id for one in lines(monde, revue_id)}
    assert [one.rang for one in before] == list(range(1, len(before) + 1))
    assert not {one.compte_id for one in before} & {acteur.id for acteur in monde.b.staff.values()}


def test_one_review_at_a_time(monde: Monde) -> None:
    opened(monde)
    with pytest.raises(RevueAlreadyOpen):
        opened(monde)
    assert opened(monde, monde.b), "the other SPST has its own"


def test_nobody_decides_of_what_he_holds_and_the_refusal_is_traced(monde: Monde, second: Acteur) -> None:
    revue_id = opened(monde)
    own = next(one for one in lines(monde, revue_id) if one.compte_id == monde.a.directrice.id)
    assert own.is_own
    with pytest.raises(OwnLigneRefused), monde.work(monde.a.directrice) as ctx:
        revues.decide(ctx, own.id, GARDER, None)
    assert last_traces(monde, monde.a)[0].decision == "refuse"
    with pytest.raises(OwnLigneRefused), monde.work(monde.a.directrice) as ctx:
        revues.keep_all(ctx, revue_id, monde.a.directrice.id)
    with monde.work(second) as ctx:
        revues.decide(ctx, own.id, GARDER, None)


def test_database_refuses_that_somebody_decides_of_his_own(monde: Monde) -> None:
    revue_id = opened(monde)
    own = next(one for one in lines(monde, revue_id) if one.compte_id == monde.a.directrice.id)
    values = {"decision": "garder", "decided_at": datetime.now(UTC), "decided_by": monde.a.directrice.id}
    with pytest.raises(IntegrityError, match="autrui"), monde.superuser.begin() as connection:
        connection.execute(update(RevueLigne).where(RevueLigne.id == own.id).values(**values))


def test_signature_takes_back_what_was_decided_and_nothing_else(monde: Monde, second: Acteur) -> None:
    desk, nurse = colleague(monde, monde.a, Role.ADM), monde.a.infirmier
    revue_id = opened(monde)
    decide_all(monde, revue_id, second, desk.id)
    fingerprint = sign(monde, revue_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, desk.id).roles == ()
        assert services.get_compte(ctx, nurse.id).roles == (Role.INF,)
        vue, _, agrees = revues.get_revue(ctx, revue_id)
    assert (vue.empreinte, agrees, vue.retirees) == (fingerprint, True, 1)
    assert len(fingerprint) == 64


def test_signature_ends_the_team_and_the_habilitation_by_name_too(monde: Monde, second: Acteur) -> None:
    helper, desk = colleague(monde, monde.a, Role.ASST), monde.a[Role.ADM]
    revue_id = opened(monde)
    decide_all(monde, revue_id, second, helper.id, desk.id)
    sign(monde, revue_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, helper.id).equipes == ()
    with monde.superuser.connect() as connection:
        query = text("SELECT count(*) FROM habilitation_nominative WHERE compte_id = :c AND revoked_at IS NULL")
        assert connection.scalar(query, {"c": desk.id}) == 0
    run(monde, "UPDATE habilitation_nominative SET revoked_at = NULL, revoked_by = NULL")


def test_review_with_an_undecided_line_is_not_signed(monde: Monde, second: Acteur) -> None:
    revue_id = opened(monde)
    with pytest.raises(RevueIncomplete, match="sans décision"):
        sign(monde, revue_id)
    with pytest.raises(DBAPIError, match="each of its lines"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(
            update(Revue)
            .where(Revue.id == revue_id)
            .values(signed_at=ctx.clock.now(), signed_by=ctx.acteur.id, empreinte="0" * 64)
        )


@pytest.mark.parametrize("age", [None, timedelta(minutes=5, seconds=1)])
def test_signature_asks_for_a_recent_log_in_and_loses_no_decision(
    monde: Monde, second: Acteur, age: timedelta | None
) -> None:
    revue_id = opened(monde)
    decide_all(monde, revue_id, second)
    with pytest.raises(AuthentificationTooOld), monde.work(monde.a.directrice) as ctx:
        revues.sign(ctx, revue_id, None if age is None else ctx.clock.now() - age)
    assert all(one.decision == GARDER for one in lines(monde, revue_id))
    assert sign(monde, revue_id)


def test_signed_review_never_changes_whoever_asks(monde: Monde, second: Acteur) -> None:
    revue_id = opened(monde)
    decide_all(monde, revue_id, second)
    sign(monde, revue_id)
    one = lines(monde, revue_id)[0]
    with pytest.raises(RevueSigned), monde.work(second) as ctx:
        revues.decide(ctx, one.id, RETIRER, None)
    with pytest.raises(RevueSigned):
        sign(monde, revue_id, second)
    for statement in (
        "UPDATE revue_ligne SET decision = 'retirer'",
        "UPDATE revue SET empreinte = repeat('0', 64)",
        "UPDATE revue SET signed_at = NULL, signed_by = NULL, empreinte = NULL",
    ):
        with pytest.raises(DBAPIError, match="never changes"):
            run(monde, statement)
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text("DELETE FROM revue_ligne"))


def test_line_is_neither_added_nor_rewritten_once_the_review_is_open(monde: Monde) -> None:
    revue_id = opened(monde)
    one = lines(monde, revue_id)[0]
    with pytest.raises(DBAPIError, match="frozen"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(update(RevueLigne).where(RevueLigne.id == one.id).values(objet="DPO"))
    forged = {"compte_id": one.compte_id, "personne": "X", "nature": "role", "objet_id": new_id(), "objet": "MDT"}
    with pytest.raises(DBAPIError, match="frozen"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(
            insert(RevueLigne).values(
                tenant_id=monde.a.tenant_id, id=new_id(), revue_id=revue_id, rang=9999, since=one.since, **forged
            )
        )


def test_fingerprint_tells_a_line_that_was_changed_with_the_triggers_off(monde: Monde, second: Acteur) -> None:
    revue_id = opened(monde)
    decide_all(monde, revue_id, second)
    sign(monde, revue_id)
    run(monde, "ALTER TABLE revue_ligne DISABLE TRIGGER hold_revue_ligne")
    run(monde, "UPDATE revue_ligne SET commentaire = 'Ajouté après' WHERE rang = 1")
    run(monde, "ALTER TABLE revue_ligne ENABLE TRIGGER hold_revue_ligne")
    with monde.work(monde.a.directrice) as ctx:
        assert revues.get_revue(ctx, revue_id)[2] is False


def test_last_direction_is_not_taken_away_by_a_signature(monde: Monde, second: Acteur) -> None:
    revue_id = opened(monde)
    directions = {one.compte_id for one in lines(monde, revue_id) if one.objet == "DIR"}
    decide_all(monde, revue_id, second, *directions)
    with pytest.raises(LastDirection, match="décidez de la garder"):
        sign(monde, revue_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, monde.a.directrice.id).roles == (Role.DIR,)


def test_reviews_are_due_each_quarter_unless_the_spst_says_otherwise(monde: Monde, second: Acteur) -> None:
    with monde.work(monde.a.directrice) as ctx:
        assert revues.echeance(ctx).is_late, "none was ever signed, and the SPST is there since 2020"
    revue_id = opened(monde)
    decide_all(monde, revue_id, second)
    with clock(monde) as moved:
        moved.at = datetime(2026, 11, 30, 12, tzinfo=UTC)
        sign(monde, revue_id)
        with monde.work(monde.a.directrice) as ctx:
            assert revues.echeance(ctx).due_on == date(2027, 2, 28)
            revues.change_reglages(ctx, Reglages(1, 60))
            assert revues.echeance(ctx).due_on == date(2026, 12, 30)
        moved.forward(days=31)
        with monde.work(monde.a[Role.DPO]) as ctx:
            assert revues.echeance(ctx).is_late
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert revues.reglages(ctx) == Reglages()


def test_officer_and_auditor_read_but_decide_nothing(monde: Monde) -> None:
    revue_id = opened(monde)
    one = lines(monde, revue_id)[0]
    for role in (Role.DPO, Role.AUD):
        with monde.work(monde.a[role]) as ctx:
            assert revues.get_revue(ctx, revue_id)[1]
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            revues.decide(ctx, one.id, GARDER, None)
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            revues.sign(ctx, revue_id, ctx.clock.now())
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin) as ctx:
        revues.get_revue(ctx, revue_id)


def test_review_of_another_spst_does_not_exist(monde: Monde) -> None:
    revue_id = opened(monde)
    one = lines(monde, revue_id)[0]
    there = monde.b.directrice
    with pytest.raises(RevueNotFound), monde.work(there, monde.b) as ctx:
        revues.get_revue(ctx, revue_id)
    with pytest.raises(RevueNotFound), monde.work(there, monde.b) as ctx:
        revues.decide(ctx, one.id, GARDER, None)
    with pytest.raises(RevueNotFound), monde.work(there, monde.b) as ctx:
        revues.sign(ctx, revue_id, ctx.clock.now())


def test_canonical_form_depends_on_values_alone() -> None:
    here, there = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime.fromisoformat("2026-01-01T13:00:00+01:00")
    assert revue_rules.canonical({"a": here, "b": 1}, []) == revue_rules.canonical({"b": 1, "a": there}, [])
    assert revue_rules.fingerprint(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
