"""Whose dossier a reference is: asked, agreed by a médecin, read for a day, each time under the worker's eyes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from spst.journal import reidentification, services
from spst.journal.errors import (
    AccordEnded,
    NotHisReidentification,
    OwnReidentification,
    ReferenceAmbiguous,
    ReferenceUnknown,
    ReidentificationNotFound,
    ReidentificationRefused,
)
from spst.journal.reidentification import CADUCITE, LECTURE, Etat, Identite, Raison
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.factories.monde import Monde, Spst, colleague
from tests.factories.releves import clock

pytestmark = pytest.mark.exigence("TRA-05", partielle="la ré-identification")
WHY = "CANARI Accès à vingt-trois heures."


def reference(monde: Monde, spst: Spst | None = None) -> str:
    spst = spst or monde.a
    with monde.work(spst.directrice, spst) as ctx:
        return services.reference_of(ctx, spst.zoe.dossier_id)


def ask(monde: Monde, acteur: Acteur | None = None, spst: Spst | None = None) -> UUID:
    spst = spst or monde.a
    asked = reference(monde, spst)
    with monde.work(acteur or spst[Role.DPO], spst) as ctx:
        return reidentification.ask(ctx, asked, Raison.CONTROLE, WHY)


def decide(monde: Monde, demande_id: UUID, acteur: Acteur | None = None, *, accord: bool = True) -> None:
    with monde.work(acteur or monde.a.medecin) as ctx:
        reidentification.decide(ctx, demande_id, accord=accord, reponse=None if accord else "Rien ne le demande.")


def look(monde: Monde, demande_id: UUID, acteur: Acteur | None = None) -> Identite:
    with monde.work(acteur or monde.a[Role.DPO]) as ctx:
        return reidentification.look(ctx, demande_id)[1]


def etat(monde: Monde, demande_id: UUID, acteur: Acteur | None = None) -> Etat:
    with monde.work(acteur or monde.a[Role.DPO]) as ctx:
        return next(one.etat for one in reidentification.mine(ctx) if one.id == demande_id)


def last_trace(monde: Monde, action: str) -> tuple[str, UUID | None, UUID]:
    query = text(
        "SELECT decision, dossier_id, acteur_id FROM trace WHERE action = :a ORDER BY xid DESC, id DESC LIMIT 1"
    )
    with monde.superuser.connect() as connection:
        row = connection.execute(query, {"a": action}).one()
    return row.decision, row.dossier_id, row.acteur_id


def identities(monde: Monde, demande_id: UUID) -> int:
    query = text("SELECT count(*) FROM reidentification_identite WHERE id = :id")
    with monde.superuser.connect() as connection:
        return int(connection.scalar(query, {"id": demande_id}) or 0)


@pytest.fixture(autouse=True)
def nothing_asked(monde: Monde) -> None:
    with monde.superuser.begin() as connection:
        connection.execute(text("DELETE FROM reidentification_identite"))
        connection.execute(text("DELETE FROM reidentification"))


@pytest.fixture
def agreed(monde: Monde) -> UUID:
    demande_id = ask(monde)
    decide(monde, demande_id)
    return demande_id


def test_who_asked_reads_name_first_name_and_birth_once_a_medecin_agreed(monde: Monde) -> None:
    demande_id = ask(monde)
    assert etat(monde, demande_id) is Etat.ATTENTE
    with pytest.raises(AccordEnded):
        look(monde, demande_id)
    decide(monde, demande_id)
    assert etat(monde, demande_id) is Etat.ACCORDEE
    told = look(monde, demande_id)
    assert told.nom == monde.a.zoe.nom
    assert isinstance(told.date_naissance, date)


def test_each_look_stands_on_the_dossier_and_the_worker_reads_who_agreed_and_why(monde: Monde, agreed: UUID) -> None:
    zoe = monde.a.zoe
    look(monde, agreed)
    look(monde, agreed)
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        phrases = [
            one.phrase.replace("\u00a0", " ") for one in services.accesses_of(ctx, zoe.dossier_id, limit=4).lignes
        ]
    said = "a su que ce dossier est le vôtre (avec l’accord du Dr Claire Vasseur, pour vérifier un accès inhabituel)."
    assert [phrase.endswith(said) for phrase in phrases] == [True, True, False, False]
    assert phrases[2].endswith("a répondu à une personne qui demandait de qui est votre dossier (accord donné).")
    assert phrases[3].endswith("a demandé à un médecin de qui est votre dossier (pour vérifier un accès inhabituel).")
    assert not any("CANARI" in phrase for phrase in phrases)


def test_the_direction_reads_in_the_journal_that_it_was_asked_and_not_why(monde: Monde, agreed: UUID) -> None:
    look(monde, agreed)
    with monde.work(monde.a.directrice) as ctx:
        lignes = services.lines(
            ctx, replace(services.last_days(ctx), reference=services.reference_of(ctx, monde.a.zoe.dossier_id))
        )
    actes = [ligne.acte for ligne in lignes.lignes]
    assert actes[:3] == [
        "Lire de qui est un dossier",
        "Répondre à une demande de ré-identification",
        "Demander de qui est un dossier",
    ]
    assert "accès inhabituel" not in repr(lignes)


def test_a_medecin_reads_what_is_asked_by_reference_alone(monde: Monde) -> None:
    ask(monde)
    with monde.work(monde.a.medecin) as ctx:
        assert reidentification.waiting(ctx) == 1
        (one,) = reidentification.to_decide(ctx)
    assert (one.texte, one.raison, one.reference) == (WHY, Raison.CONTROLE, reference(monde))
    assert monde.a.zoe.nom not in repr(one)
    assert str(monde.a.zoe.dossier_id) not in repr(one)


def test_a_refusal_tells_nothing_of_the_person_and_says_why(monde: Monde) -> None:
    demande_id = ask(monde)
    decide(monde, demande_id, accord=False)
    with monde.work(monde.a[Role.DPO]) as ctx:
        (one,) = reidentification.mine(ctx)
    assert (one.etat, one.reponse) == (Etat.REFUSEE, "Rien ne le demande.")
    assert identities(monde, demande_id) == 0
    with pytest.raises(AccordEnded):
        look(monde, demande_id)


def test_an_agreement_ends_and_its_reading_is_refused_and_traced(monde: Monde, agreed: UUID) -> None:
    with clock(monde) as horloge:
        horloge.at = datetime.now(UTC) + LECTURE - timedelta(minutes=1)
        assert look(monde, agreed).nom == monde.a.zoe.nom
        horloge.at = datetime.now(UTC) + LECTURE + timedelta(minutes=1)
        with pytest.raises(AccordEnded):
            look(monde, agreed)
        assert etat(monde, agreed) is Etat.CLOSE
    assert last_trace(monde, "reidentification.read") == ("refuse", monde.a.zoe.dossier_id, monde.a[Role.DPO].id)


def test_what_nobody_answered_lapses(monde: Monde) -> None:
    demande_id = ask(monde)
    with clock(monde) as horloge:
        horloge.at = datetime.now(UTC) + CADUCITE + timedelta(minutes=1)
        assert etat(monde, demande_id) is Etat.CADUQUE
        with monde.work(monde.a.medecin) as ctx:
            assert reidentification.to_decide(ctx) == ()
        with pytest.raises(ReidentificationRefused):
            decide(monde, demande_id)
    assert identities(monde, demande_id) == 0


def test_who_asked_withdraws_or_closes_and_then_nobody_reads_nor_answers(monde: Monde) -> None:
    withdrawn, read = ask(monde), ask(monde, monde.a.directrice)
    decide(monde, read)
    for demande_id, acteur in ((withdrawn, monde.a[Role.DPO]), (read, monde.a.directrice)):
        with monde.work(acteur) as ctx:
            reidentification.close(ctx, demande_id)
    assert (etat(monde, withdrawn), etat(monde, read, monde.a.directrice)) == (Etat.RETIREE, Etat.CLOSE)
    assert identities(monde, read) == 0
    with pytest.raises(ReidentificationRefused):
        decide(monde, withdrawn)
    with pytest.raises(AccordEnded):
        look(monde, read, monde.a.directrice)
    with pytest.raises(ReidentificationRefused), monde.work(monde.a.directrice) as ctx:
        reidentification.close(ctx, read)


def test_a_colleague_neither_reads_nor_closes_what_another_asked(monde: Monde, agreed: UUID) -> None:
    acts: tuple[Callable[..., object], ...] = (reidentification.look, reidentification.close)
    for act in acts:
        with pytest.raises(NotHisReidentification), monde.work(monde.a.directrice) as ctx:
            act(ctx, agreed)
    assert last_trace(monde, "reidentification.read") == ("refuse", monde.a.zoe.dossier_id, monde.a.directrice.id)


def test_nobody_answers_his_own_demand(monde: Monde) -> None:
    """One account in both roles: it asks as direction, and answers as médecin."""
    both = replace(monde.a.directrice, id=monde.a.medecin.id)
    demande_id = ask(monde, both)
    with monde.work(monde.a.medecin) as ctx:
        assert reidentification.to_decide(ctx) == ()
    with pytest.raises(OwnReidentification):
        decide(monde, demande_id)
    assert last_trace(monde, "reidentification.decide") == ("refuse", monde.a.zoe.dossier_id, both.id)
    decide(monde, demande_id, colleague(monde, monde.a, Role.MDT))
    assert look(monde, demande_id, both).nom == monde.a.zoe.nom


def test_two_answers_are_one(monde: Monde, agreed: UUID) -> None:
    with pytest.raises(ReidentificationRefused):
        decide(monde, agreed, colleague(monde, monde.a, Role.MDT), accord=False)
    assert etat(monde, agreed) is Etat.ACCORDEE


@pytest.mark.parametrize("role", [Role.AUD, Role.MDT, Role.INF, Role.ADM, Role.IPRP])
def test_asking_and_reading_are_for_the_direction_and_its_officer(monde: Monde, agreed: UUID, role: Role) -> None:
    with pytest.raises(AccessDenied):
        ask(monde, monde.a[role])
    with pytest.raises(AccessDenied):
        look(monde, agreed, monde.a[role])
    seen = None if role in {Role.ADM, Role.IPRP} else monde.a.zoe.dossier_id  # whom the wall shows no demand, nor whose
    assert last_trace(monde, "reidentification.read") == ("refuse", seen, monde.a[role].id)


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.COLL, Role.INF, Role.ADM])
def test_only_a_medecin_du_travail_answers(monde: Monde, role: Role) -> None:
    demande_id = ask(monde)
    other = colleague(monde, monde.a, role)
    with pytest.raises(AccessDenied):
        decide(monde, demande_id, other)
    with monde.work(other) as ctx:
        assert reidentification.waiting(ctx) == 0


def test_the_other_spst_finds_neither_the_reference_nor_the_demand(monde: Monde, agreed: UUID) -> None:
    mine = reference(monde)
    with pytest.raises(ReferenceUnknown), monde.work(monde.b[Role.DPO], monde.b) as ctx:
        reidentification.ask(ctx, mine, Raison.CONTROLE, WHY)
    with pytest.raises(ReidentificationNotFound), monde.work(monde.b[Role.DPO], monde.b) as ctx:
        reidentification.look(ctx, agreed)
    with pytest.raises(ReidentificationNotFound), monde.work(monde.b.medecin, monde.b) as ctx:
        reidentification.decide(ctx, agreed, accord=True)
    assert last_trace(monde, "reidentification.decide")[:2] == ("refuse", None)
    with monde.work(monde.b.medecin, monde.b) as ctx:
        assert reidentification.to_decide(ctx) == ()


def test_one_demand_at_a_time_for_one_reference(monde: Monde) -> None:
    demande_id = ask(monde)
    with pytest.raises(ReidentificationRefused):
        ask(monde)
    with monde.work(monde.a[Role.DPO]) as ctx:
        reidentification.close(ctx, demande_id)
    assert etat(monde, ask(monde)) is Etat.ATTENTE


def test_a_reference_of_two_dossiers_is_told_of_neither(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [monde.a.zoe.dossier_id, monde.a.pierre.dossier_id]
    monkeypatch.setattr(reidentification.queries, "dossiers_behind", lambda *_: both)
    with pytest.raises(ReferenceAmbiguous):
        ask(monde)


def test_identities_that_ended_are_taken_away_at_night_and_the_others_stay(monde: Monde, agreed: UUID) -> None:
    assert reidentification.purge(monde.runtime) == 0
    assert identities(monde, agreed) == 1
    with clock(monde) as horloge:
        horloge.at = datetime.now(UTC) + LECTURE + timedelta(minutes=1)
        assert reidentification.purge(monde.runtime) == 1
    assert identities(monde, agreed) == 0


def test_neither_text_nor_identity_stands_in_clear(monde: Monde, agreed: UUID) -> None:
    with monde.superuser.connect() as connection:
        stored = connection.execute(
            text("SELECT r::text || i::text FROM reidentification r JOIN reidentification_identite i ON i.id = r.id")
        ).scalar_one()
    for said in (WHY, monde.a.zoe.nom):
        assert said.encode().hex() not in stored
        assert said not in stored


ASKED = (
    "INSERT INTO reidentification (tenant_id, id, dossier_id, asked_at, asked_by, lapses_at, raison, texte_sealed)"
    " VALUES (:tenant, :id, :dossier, now(), :par, now() + interval '7 days', 'autre', 'x')"
)
AGREED = (
    "UPDATE reidentification SET issue = 'accordee', decided_at = now(), decided_by = :par,"
    " expires_at = now() + interval '1 day' WHERE id = :id"
)
HANDED = "INSERT INTO reidentification_identite (tenant_id, id, identite_sealed) VALUES (:tenant, :id, 'x')"


def test_the_database_lets_nobody_agree_or_tell_in_the_place_of_a_medecin(monde: Monde) -> None:
    """Whatever statement a session of the direction sends."""
    demande_id, a = ask(monde), monde.a
    for statement, acteur, par in (
        (AGREED, a[Role.DPO], a[Role.DPO].id),  # its own demand
        (AGREED, a.directrice, a.directrice.id),  # the direction
        (AGREED, a.directrice, a.medecin.id),  # in the name of a médecin
        (HANDED, a.directrice, a.directrice.id),  # nobody agreed
        (HANDED, a.medecin, a.medecin.id),
        (ASKED, a.directrice, a[Role.DPO].id),  # in the name of a colleague
        (ASKED, a.medecin, a.medecin.id),  # a médecin asks nothing
        ("UPDATE reidentification SET lapses_at = now() + interval '1 year' WHERE id = :id", a[Role.DPO], a.medecin.id),
        ("UPDATE reidentification SET closed_at = now() WHERE id = :id", a.directrice, a.directrice.id),
    ):
        values = {"tenant": a.tenant_id, "id": demande_id if statement != ASKED else new_id()}
        with pytest.raises(IntegrityError), monde.work(acteur) as ctx:
            ctx.session.execute(text(statement), {**values, "dossier": a.zoe.dossier_id, "par": par})
    decide(monde, demande_id)
    with pytest.raises(IntegrityError), monde.work(a.medecin) as ctx:
        ctx.session.execute(text("UPDATE reidentification SET issue = 'refusee' WHERE id = :id"), {"id": demande_id})
    with pytest.raises(ProgrammingError), monde.work(a.directrice) as ctx:
        ctx.session.execute(text("DELETE FROM reidentification"))
    assert etat(monde, demande_id) is Etat.ACCORDEE
