"""What a médecin gives in writing: to whom, what, until when; taken back at once; named by each trace."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from spst.dmst import services as dmst
from spst.habilitations import protocoles
from spst.habilitations import services as habilitations
from spst.habilitations.errors import EcritNotFound, EcritRefused, NotHisEcrit
from spst.habilitations.models import Remplacement
from spst.habilitations.protocoles import Genre, Periode
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import PARIS, SystemClock, today
from spst.kernel.errors import AccessDenied
from tests.factories.confies import entrusted
from tests.factories.monde import Monde, colleague
from tests.factories.releves import clock, run

pytestmark = pytest.mark.exigence("HAB-05")


def year(start: int = 0, days: int = 365) -> Periode:
    first = today(SystemClock()) + timedelta(days=start)
    return Periode(first, first + timedelta(days=days))


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM delegation")
    run(monde, "DELETE FROM remplacement")
    run(monde, "UPDATE supervision SET revoked_at = NULL")
    run(monde, "DELETE FROM supervision WHERE protocole LIKE 'Essai%'")


def delegate(monde: Monde, *sections: str, role: Role = Role.ASST, **changes: Any) -> UUID:
    with monde.work(monde.a.medecin) as ctx:
        return protocoles.give_delegation(
            ctx, monde.a[role].id, sections, **{"periode": year(), "reference": "Essai", **changes}
        )


def allowed(monde: Monde, acteur: Acteur, action: str, dossier_id: UUID | None = None) -> bool:
    try:
        with monde.work(acteur) as ctx:
            habilitations.require(ctx, action, dossier_id or monde.a.zoe.dossier_id)
    except AccessDenied:
        return False
    return True


def test_delegation_opens_what_it_says_at_once_and_nothing_once_taken_back(monde: Monde) -> None:
    asst = monde.a[Role.ASST]
    assert not allowed(monde, asst, "identite.consult")
    given = delegate(monde, "S1")
    assert allowed(monde, asst, "identite.consult")
    assert allowed(monde, asst, "identite.update")
    assert not allowed(monde, asst, "exposition.consult")
    with monde.work(monde.a.medecin) as ctx:
        protocoles.revoke(ctx, Genre.DELEGATION, given)
    assert not allowed(monde, asst, "identite.consult")


@pytest.mark.parametrize(
    ("actes", "reads", "fills"),
    [
        (None, {"S1", "S2"}, {"S1", "S2"}),
        (["lire"], {"S1", "S2"}, set()),
        (["identite"], set(), {"S1"}),
        (["lire", "parcours"], {"S1", "S2"}, {"S2"}),
        (["enregistrement"], set(), set()),
    ],
)
def test_page_offers_to_fill_the_sections_of_the_delegated_acts_alone(
    monde: Monde, actes: list[str] | None, reads: set[str], fills: set[str]
) -> None:
    delegate(monde, "S1", "S2", actes=actes)
    with monde.work(monde.a[Role.ASST]) as ctx:
        droits = habilitations.permitted(ctx, monde.a.zoe.dossier_id)
    assert {section for section in droits.sections if droits.can_consult(section)} == reads
    assert {section for section in droits.sections if droits.can_fill(section)} == fills


@pytest.mark.parametrize(
    ("actes", "opened"),
    [
        (["lire"], {"identite.consult", "exposition.consult", "dossier.open"}),
        (["identite"], {"identite.update", "insi.call"}),
        (["parcours"], {"exposition.add"}),
        (["lire", "parcours"], {"identite.consult", "exposition.consult", "dossier.open", "exposition.add"}),
    ],
)
def test_delegation_of_some_acts_opens_those_and_no_other(monde: Monde, actes: list[str], opened: set[str]) -> None:
    asst = monde.a[Role.ASST]
    delegate(monde, "S1", "S2", actes=actes)
    every = {"identite.consult", "exposition.consult", "dossier.open", "identite.update", "insi.call", "exposition.add"}
    assert {action for action in every if allowed(monde, asst, action)} == opened


def test_delegation_of_registration_alone_registers_and_reads_nothing(monde: Monde) -> None:
    asst = monde.a[Role.ASST]
    delegate(monde, "S1", actes=["enregistrement"])
    with monde.work(asst) as ctx:
        assert habilitations.may(ctx, "identite.register")
    assert not allowed(monde, asst, "identite.consult")


def test_delegation_for_one_dossier_opens_that_one(monde: Monde) -> None:
    delegate(monde, "S2", role=Role.IPRP, dossier_id=monde.a.zoe.dossier_id)
    assert allowed(monde, monde.a[Role.IPRP], "exposition.consult")
    assert not allowed(monde, monde.a[Role.IPRP], "exposition.consult", monde.a.pierre.dossier_id)


def test_delegation_to_come_opens_on_its_first_day_and_ends_after_its_last(monde: Monde) -> None:
    delegate(monde, "S1", periode=year(start=2, days=3))
    with clock(monde) as horloge:
        seen = []
        for days in range(7):
            horloge.at = datetime.combine(today(SystemClock()), time(12), PARIS) + timedelta(days=days)
            with monde.work(monde.a[Role.ASST]) as ctx:
                seen.append(habilitations.permitted(ctx, monde.a.zoe.dossier_id).can_consult("S1"))
    assert seen == [False, False, True, True, True, True, False]


def test_each_trace_names_the_delegation_or_the_protocol_under_which_it_was_done(monde: Monde) -> None:
    given = delegate(monde, "S1")
    with monde.work(monde.a[Role.ASST]) as ctx:
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)
    with monde.work(monde.a.infirmier) as ctx:
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)
    with monde.superuser.connect() as connection:
        query = text("SELECT delegation_id FROM trace WHERE action = 'dossier.open' ORDER BY id DESC LIMIT 2")
        of_nurse, of_assistant = connection.scalars(query)
        protocole = connection.scalar(
            text("SELECT id FROM supervision WHERE supervise_id = :who"), {"who": monde.a.infirmier.id}
        )
    assert (of_assistant, of_nurse) == (given, protocole)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sections": ["S3"]}, "Seuls l’identité"),
        ({"sections": []}, "Cochez au moins un volet"),
        ({"sections": ["S1"], "actes": ["parcours"]}, "pas dans les volets"),
        ({"sections": ["S1"], "actes": ["tout"]}, "Choisissez au moins un acte"),
        ({"periode": Periode(date(2020, 1, 1), date(2020, 2, 1))}, "déjà passée"),
        ({"periode": year(start=-1)}, "pour hier"),
        ({"periode": year(days=2000)}, "trois ans"),
        ({"role": Role.INF}, "intervenant en prévention"),
        ({"role": Role.ADM}, "intervenant en prévention"),
        ({"role": Role.MDT}, "à soi-même"),
    ],
)
def test_what_cannot_be_delegated_is_refused_and_said(monde: Monde, changes: dict[str, Any], said: str) -> None:
    sections = changes.pop("sections", ["S1"])
    assert isinstance(sections, list)
    with pytest.raises(EcritRefused, match=said):
        delegate(monde, *sections, **changes)


def test_dossier_that_he_does_not_follow_is_not_his_to_delegate(monde: Monde) -> None:
    with pytest.raises(EcritRefused, match="ne suivez pas"):
        delegate(monde, "S1", dossier_id=monde.a.toussaint.dossier_id)


@pytest.mark.parametrize("role", [Role.COLL, Role.INF, Role.IPRP, Role.ADM, Role.DIR, Role.DPO])
def test_only_a_medecin_du_travail_delegates(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        protocoles.give_delegation(ctx, monde.a[Role.ASST].id, ["S1"], year(), reference="x")


def test_another_medecin_does_not_take_back_what_he_did_not_give_and_the_attempt_is_traced(monde: Monde) -> None:
    given = delegate(monde, "S1")
    with pytest.raises(NotHisEcrit), monde.work(monde.a.medecin_ailleurs) as ctx:
        protocoles.revoke(ctx, Genre.DELEGATION, given)
    with monde.superuser.connect() as connection:
        query = text("SELECT decision, action FROM trace ORDER BY id DESC LIMIT 1")
        assert tuple(connection.execute(query).one()) == ("refuse", "protocole.revoke")
    with pytest.raises(EcritNotFound), monde.work(monde.b.medecin, monde.b) as ctx:
        protocoles.revoke(ctx, Genre.DELEGATION, given)


def test_protocol_signed_puts_a_nurse_to_work_and_taken_back_stops_her_at_her_next_act(monde: Monde) -> None:
    nurse = monde.a.infirmier
    run(monde, "UPDATE supervision SET revoked_at = now() - interval '1 second' WHERE supervise_id = :w", w=nurse.id)
    assert not allowed(monde, nurse, "dossier.open")
    with monde.work(monde.a.medecin) as ctx:
        signed = protocoles.sign_protocole(ctx, nurse.id, year(), reference="Essai 2")
    assert allowed(monde, nurse, "dossier.open")
    with monde.work(monde.a.medecin) as ctx:
        protocoles.revoke(ctx, Genre.PROTOCOLE, signed)
    assert not allowed(monde, nurse, "dossier.open")


def test_avis_are_delegated_to_an_interne_alone(monde: Monde) -> None:
    with monde.work(monde.a.medecin) as ctx:
        with pytest.raises(EcritRefused, match="qu’à un interne"):
            protocoles.sign_protocole(ctx, monde.a.infirmier.id, year(), reference="Essai", delegue_avis=True)
        protocoles.sign_protocole(ctx, monde.a[Role.INT].id, year(), reference="Essai", delegue_avis=True)
    assert allowed(monde, monde.a[Role.INT], "avis.issue")


def test_whoever_replaces_follows_whom_the_absent_medecin_follows_for_that_time(monde: Monde) -> None:
    absent, stand_in = monde.a.medecin, monde.a.medecin_ailleurs
    assert not allowed(monde, stand_in, "dossier.open")
    with monde.work(absent) as ctx:
        given = protocoles.set_remplacant(ctx, absent.id, stand_in.id, year(days=14))
    assert allowed(monde, stand_in, "dossier.open")
    assert allowed(monde, stand_in, "dossier.open", monde.a.toussaint.dossier_id)
    with monde.work(stand_in) as ctx:
        assert dmst.dossiers_of(ctx, [monde.a.zoe.travailleur_id])[monde.a.zoe.travailleur_id].opens
    with monde.work(monde.a.directrice) as ctx:
        protocoles.revoke(ctx, Genre.REMPLACEMENT, given)
    assert not allowed(monde, stand_in, "dossier.open")


def test_nobody_gives_more_than_he_has(monde: Monde) -> None:
    """What a médecin wrote opens the dossiers that he follows, not those that the receiver follows by another équipe."""
    ailleurs, asst, nurse = monde.a.medecin_ailleurs, monde.a[Role.ASST], monde.a.infirmier
    run(monde, "UPDATE supervision SET revoked_at = now() - interval '1 second' WHERE supervise_id = :w", w=nurse.id)
    with monde.work(ailleurs) as ctx:
        protocoles.give_delegation(ctx, asst.id, ["S1"], year(), reference="Essai")
        protocoles.sign_protocole(ctx, nurse.id, year(), reference="Essai")
    assert not allowed(monde, asst, "identite.consult")
    assert not allowed(monde, nurse, "dossier.open")
    with monde.work(monde.a.directrice) as ctx:
        protocoles.set_remplacant(ctx, monde.a.medecin.id, ailleurs.id, year(days=5))
    assert allowed(monde, asst, "identite.consult")
    assert allowed(monde, nurse, "dossier.open")
    run(monde, "UPDATE remplacement SET revoked_at = now()")
    assert not allowed(monde, asst, "identite.consult")
    assert not allowed(monde, nurse, "dossier.open")


def test_whoever_replaces_follows_also_those_who_are_followed_by_name(monde: Monde) -> None:
    absent, stand_in = colleague(monde, monde.a, Role.MDT), monde.a.medecin_ailleurs
    run(monde, "DELETE FROM equipe_membre WHERE compte_id = :who", who=absent.id)
    with monde.work(monde.a.directrice) as ctx:
        protocoles.set_remplacant(ctx, absent.id, stand_in.id, year(days=5))
    with entrusted(monde, monde.a.zoe, to=absent):
        assert allowed(monde, stand_in, "dossier.open")
    assert not allowed(monde, stand_in, "dossier.open")


def test_what_was_taken_back_is_given_again_as_it_was_by_who_gave_it(monde: Monde) -> None:
    absent, stand_in, nurse = monde.a.medecin, monde.a.medecin_ailleurs, monde.a.infirmier
    run(monde, "UPDATE supervision SET revoked_at = now() - interval '1 second' WHERE supervise_id = :w", w=nurse.id)
    with monde.work(absent) as ctx:
        written = {
            Genre.DELEGATION: delegate(monde, "S2", actes=["parcours"]),
            Genre.PROTOCOLE: protocoles.sign_protocole(ctx, nurse.id, year(), reference="Essai 3"),
            Genre.REMPLACEMENT: protocoles.set_remplacant(ctx, absent.id, stand_in.id, year(days=14)),
        }
    acts = {nurse: "dossier.open", stand_in: "dossier.open", monde.a[Role.ASST]: "exposition.add"}
    for genre, ecrit_id in written.items():
        with pytest.raises(EcritRefused, match="Rien n’a été retiré"), monde.work(absent) as ctx:
            protocoles.give_again(ctx, genre, ecrit_id)
        with monde.work(absent) as ctx:
            protocoles.revoke(ctx, genre, ecrit_id)
        with pytest.raises(NotHisEcrit), monde.work(stand_in) as ctx:
            protocoles.give_again(ctx, genre, ecrit_id)
    assert not any(allowed(monde, who, action) for who, action in acts.items())
    with monde.work(absent) as ctx:
        before = {one.id: one for one in protocoles.ecrits(ctx)}
        again = {protocoles.give_again(ctx, genre, ecrit_id): before[ecrit_id] for genre, ecrit_id in written.items()}
        for genre, ecrit_id in written.items():
            with pytest.raises(EcritRefused, match="déjà rétabli"):
                protocoles.give_again(ctx, genre, ecrit_id)
        after = {one.id: one for one in protocoles.ecrits(ctx)}
    assert all(allowed(monde, who, action) for who, action in acts.items())
    for new, former in again.items():
        assert replace(after[new], id=former.id, etat="retire", jours_restants=None) == former


def test_direction_names_who_replaces_an_absent_medecin_and_delegates_nothing(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        protocoles.set_remplacant(ctx, monde.a.medecin.id, monde.a.medecin_ailleurs.id, year(days=5))
    assert allowed(monde, monde.a.medecin_ailleurs, "dossier.open")
    with pytest.raises(NotHisEcrit), monde.work(monde.a.medecin_ailleurs) as ctx:
        protocoles.set_remplacant(ctx, monde.a.medecin.id, monde.a.medecin_ailleurs.id, year())
    with pytest.raises(EcritRefused, match="Le remplaçant est"), monde.work(monde.a.directrice) as ctx:
        protocoles.set_remplacant(ctx, monde.a.medecin.id, monde.a.infirmier.id, year())


def test_director_who_is_a_medecin_too_does_not_name_himself_in_the_place_of_a_colleague(monde: Monde) -> None:
    both = replace(monde.a.medecin_ailleurs, role=Role.DIR)
    with pytest.raises(NotHisEcrit, match="ne se désigne remplaçant"), monde.work(both) as ctx:
        protocoles.set_remplacant(ctx, monde.a.medecin.id, both.id, year())
    people = {"medecin_id": monde.a.medecin.id, "remplacant_id": both.id, "created_by": both.id}
    now = datetime.now(UTC)
    key = {"tenant_id": monde.a.tenant_id, "id": both.id, "created_at": now}
    with pytest.raises(IntegrityError, match="nobody names himself"):
        monde.add(Remplacement(**key, **people, starts_on=now, ends_on=now + timedelta(days=1)))


def test_nurse_named_as_replacement_in_the_database_follows_nobody_more(monde: Monde) -> None:
    """Somebody who may not replace is not heard, whatever a row says."""
    nurse = colleague(monde, monde.a, Role.INF)
    run(monde, "DELETE FROM equipe_membre WHERE compte_id = :who", who=nurse.id)
    run(
        monde,
        "INSERT INTO remplacement (tenant_id, id, medecin_id, remplacant_id, starts_on, ends_on, created_at, created_by)"
        " VALUES (:t, gen_random_uuid(), :m, :r, now() - interval '1 day', now() + interval '1 day', now(), :m)",
        t=monde.a.tenant_id,
        m=monde.a.medecin.id,
        r=nurse.id,
    )
    assert not allowed(monde, nurse, "dossier.open")


def test_everybody_sees_what_concerns_him_and_the_direction_all_without_the_dossier(monde: Monde) -> None:
    delegate(monde, "S1", dossier_id=monde.a.zoe.dossier_id)
    with monde.work(monde.a[Role.ASST]) as ctx:
        (mine,) = protocoles.ecrits(ctx)
        assert (mine.genre, mine.dossier_id, mine.etat) == (Genre.DELEGATION, monde.a.zoe.dossier_id, "en_cours")
    with monde.work(monde.a[Role.IPRP]) as ctx:
        assert protocoles.ecrits(ctx) == ()
    with monde.work(monde.a.directrice) as ctx:
        found = protocoles.ecrits(ctx)
        assert {one.genre for one in found} == {Genre.DELEGATION, Genre.PROTOCOLE}
        assert [(one.un_dossier, one.dossier_id) for one in found if one.genre is Genre.DELEGATION] == [(True, None)]
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert all(one.genre is Genre.PROTOCOLE for one in protocoles.ecrits(ctx))
