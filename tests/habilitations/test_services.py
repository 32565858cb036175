"""The door of the room, on a real database: facts, delegations and the policy of the SPST are found without being asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, text

from spst.habilitations import services as habilitations
from spst.habilitations import situations
from spst.habilitations.actions import SECTIONS, ActionUnknown
from spst.habilitations.models import PolitiqueVersion
from spst.kernel.acteur import Role, service
from spst.kernel.errors import AccessDenied, NotFound
from spst.kernel.ids import new_id
from tests.factories.monde import Monde, Spst, with_one_factor

PAGE = "la page qui l’explique"
SCREEN = "l’écran où le médecin délègue"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
NOTES = '@article("R. 4624-45-5") @explication("Votre service a fermé les courriers aux infirmiers.")'
NO_LETTERS = f'@id("R-014") {NOTES} forbid (principal in Role::"INF", action, resource == Volet::"S4");'


def refused(monde: Monde, role: Role, action: str, dossier_id: UUID | None = None) -> AccessDenied:
    with pytest.raises(AccessDenied) as refusal, monde.work(monde.a[role]) as ctx:
        habilitations.require(ctx, action, dossier_id)
    return refusal.value


def publish(monde: Monde, spst: Spst, numero: int, texte: str, at: datetime = NOW - DAY) -> None:
    author = spst.directrice.id
    monde.add(
        PolitiqueVersion(
            tenant_id=spst.tenant_id, id=new_id(), numero=numero, texte=texte, published_at=at, published_by=author
        )
    )


@pytest.mark.exigence("HAB-01")
def test_medecin_opens_the_dossier_he_follows_and_the_decision_stays_in_the_context(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        decision = habilitations.require(ctx, "dossier.open", monde.a.zoe.dossier_id)
        assert ctx.decisions == [decision]
    assert decision.open_sections == SECTIONS
    assert decision.rules == ("P-001",)


@pytest.mark.exigence("HAB-01")
@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_medecin_who_does_not_follow_is_refused_with_the_rule_and_its_article(monde: Monde) -> None:
    refusal = refused(monde, Role.MDT, "dossier.open", monde.a.toussaint.dossier_id)
    assert str(refusal).startswith("Vous ne suivez pas ce salarié.")
    assert refusal.facts["regles"] == ("P-110",)
    assert refusal.facts["article"] == "L. 1110-4 I CSP, R. 4624-45-5"


@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_trace_of_a_refusal_holds_the_rule_and_the_version_that_refused(monde: Monde) -> None:
    refusal = refused(monde, Role.ADM, "identite.consult", monde.a.zoe.dossier_id)
    with monde.superuser.connect() as connection:
        query = text("SELECT decision, regles, politique_version, sections FROM trace WHERE acteur_id = :who")
        row = connection.execute(query, {"who": monde.a[Role.ADM].id}).one()
    assert tuple(row) == ("refuse", ["P-104"], refusal.facts["version"], ["S1"])


def test_dossier_of_another_spst_is_not_found(monde: Monde) -> None:
    with pytest.raises(NotFound), monde.work(monde.a.medecin) as ctx:
        habilitations.require(ctx, "dossier.open", monde.b.zoe.dossier_id)
    with pytest.raises(NotFound), monde.work(monde.a.medecin) as ctx:
        habilitations.permitted(ctx, monde.b.zoe.dossier_id)


def test_session_with_one_factor_opens_nothing(monde: Monde) -> None:
    with pytest.raises(AccessDenied, match="deux facteurs"), monde.work(with_one_factor(monde.a.medecin)) as ctx:
        habilitations.require(ctx, "dossier.open", monde.a.zoe.dossier_id)


def test_unknown_action_raises_before_anything_is_decided(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        with pytest.raises(ActionUnknown):
            habilitations.require(ctx, "dossier.burn", monde.a.zoe.dossier_id)
        assert ctx.decisions == []


@pytest.mark.exigence("HAB-01")
def test_constituting_a_dossier_asks_for_no_follow_up_and_is_for_health_professionals(monde: Monde) -> None:
    monde.delegate(monde.a, monde.a[Role.ASST], "S1")
    with monde.work(monde.a.infirmier) as ctx:
        assert habilitations.require(ctx, "dossier.create").rules == ("P-008",)
    assert refused(monde, Role.ASST, "dossier.create").facts["regles"] == ("P-118",)
    assert refused(monde, Role.ADM, "dossier.create").facts["regles"] == ("P-104",)


def test_act_on_the_dossier_without_naming_it_is_refused(monde: Monde) -> None:
    assert refused(monde, Role.MDT, "identite.consult").facts["regles"] == ("P-110", "P-119")


def test_worker_reads_his_own_dossier_and_no_other(monde: Monde) -> None:
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        assert habilitations.require(ctx, "portail.dossier", zoe.dossier_id).open_sections == SECTIONS[:7]
    with pytest.raises((AccessDenied, NotFound)), monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        habilitations.require(ctx, "portail.dossier", monde.a.pierre.dossier_id)


def test_service_runs_the_housekeeping_and_opens_no_dossier(monde: Monde) -> None:
    with monde.work(service("exploitation")) as ctx:
        assert habilitations.require(ctx, "menage.run").rules == ("P-029",)


@pytest.mark.exigence("HAB-01")
@pytest.mark.exigence("HAB-05", partielle=SCREEN)
def test_iprp_reads_exposures_only_while_a_delegation_runs_and_acts_under_its_name(monde: Monde) -> None:
    iprp, zoe = monde.a[Role.IPRP], monde.a.zoe.dossier_id
    monde.delegate(monde.a, iprp, "S2", ends_on=NOW - DAY / 2)
    monde.delegate(monde.a, iprp, "S2", revoked_at=NOW - DAY / 2)
    monde.delegate(monde.a, iprp, "S2", starts_on=NOW + DAY)
    monde.delegate(monde.a, iprp, "S2", dossier_id=monde.a.pierre.dossier_id)
    monde.delegate(monde.a, iprp, "S1")
    monde.delegate(monde.a, monde.a[Role.ASST], "S2")
    monde.delegate(monde.b, monde.b[Role.IPRP], "S2")
    assert refused(monde, Role.IPRP, "exposition.consult", zoe).facts["regles"] == ("P-113",)

    in_force = monde.delegate(monde.a, iprp, "S2", dossier_id=zoe)
    with monde.work(iprp) as ctx:
        assert habilitations.require(ctx, "exposition.consult", zoe).rules == ("P-013",)
        assert ctx.delegation_id == in_force
        assert ctx.session.scalar(text("SELECT spst_ctx.delegation()")) == in_force


@pytest.mark.exigence("HAB-05", partielle=SCREEN)
def test_delegation_named_by_the_session_is_the_only_one_that_counts(monde: Monde) -> None:
    asst, pierre = monde.a[Role.ASST], monde.a.pierre.dossier_id
    on_identity = monde.delegate(monde.a, asst, "S1", dossier_id=pierre)
    monde.delegate(monde.a, asst, "S1", "S2", dossier_id=pierre)
    with monde.work(asst, delegation_id=on_identity) as ctx:
        assert habilitations.require(ctx, "dossier.open", pierre).open_sections == ("S1",)
    with monde.work(asst) as ctx:
        assert habilitations.require(ctx, "dossier.open", pierre).open_sections == ("S1", "S2")


def test_delegation_of_somebody_else_named_by_mistake_opens_nothing(monde: Monde) -> None:
    stranger = monde.delegate(monde.a, monde.a[Role.IPRP], "S1", "S2")
    with pytest.raises(AccessDenied), monde.work(monde.a[Role.ASST], delegation_id=stranger) as ctx:
        habilitations.require(ctx, "exposition.consult", monde.a.zoe.dossier_id)


@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_closed_sections_stay_listed_with_the_article_that_closes_them(monde: Monde) -> None:
    with monde.work(monde.a.infirmier) as ctx:
        droits = habilitations.permitted(ctx, monde.a.zoe.dossier_id)
        assert ctx.decisions == []
    assert tuple(droits.sections) == SECTIONS
    assert droits.can_fill("S3")
    assert not droits.can_consult("S8")
    closed = droits.sections["S8"].consulter
    assert closed.rules == ("R-001",)
    assert closed.article == "R. 4624-45-5 al. 4"
    assert droits.sections["S8"].remplir.rules == ("P-108",)


@pytest.mark.exigence("HAB-03")
def test_policy_of_an_spst_closes_in_that_spst_from_its_publication_on(monde: Monde) -> None:
    publish(monde, monde.b, 1, NO_LETTERS)
    publish(monde, monde.b, 2, "", at=NOW + DAY)
    for spst, is_open, version in ((monde.a, True, "0-"), (monde.b, False, "1-")):
        with monde.work(spst.infirmier, spst) as ctx:
            droits = habilitations.permitted(ctx, spst.zoe.dossier_id)
        assert droits.can_consult("S4") is is_open
        assert droits.version.startswith(version)
    assert droits.sections["S4"].consulter.rules == ("R-014",)
    assert droits.can_consult("S8"), "the default policy no longer applies once the SPST has its own"

    publish(monde, monde.b, 3, "")
    with monde.work(monde.b.infirmier, monde.b) as ctx:
        assert habilitations.permitted(ctx, monde.b.zoe.dossier_id).can_consult("S4")


def test_facts_and_policy_are_read_once_per_transaction(monde: Monde) -> None:
    seen: list[str] = []
    with monde.work(monde.a.medecin) as ctx:
        habilitations.require(ctx, "dossier.open", monde.a.zoe.dossier_id)
        event.listen(monde.runtime.engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
        habilitations.require(ctx, "visite.consult", monde.a.zoe.dossier_id)
        habilitations.permitted(ctx, monde.a.zoe.dossier_id)
        assert seen == []


def test_process_without_the_facts_of_the_dossier_decides_nothing(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(situations._ports, "dossier", None)
    with pytest.raises(situations.NotPlugged), monde.work(monde.a.medecin) as ctx:
        habilitations.require(ctx, "dossier.open", monde.a.zoe.dossier_id)
