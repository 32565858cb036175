"""A worker reports an access; the DPO examines it without knowing whose dossier it is, and answers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.dmst import services as dmst
from spst.journal import services, signalements
from spst.journal.errors import (
    AccesNotFound,
    AlreadyReported,
    CasClosed,
    CasNotClosed,
    CasNotFound,
    CasTaken,
    OwnCas,
    SignalementRefused,
)
from spst.journal.instructions import Etat, Issue
from spst.journal.signalements import MOST_OPEN, CasVu, Raison, SignalementVu
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.traces import services as traces
from tests.factories.monde import Monde, Personne, Spst, colleague
from tests.factories.releves import run
from tests.robustesse.base import content

TRA_04 = pytest.mark.exigence("TRA-04")
WORDS = "Je n’étais pas au travail ce jour-là."


@pytest.fixture(autouse=True)
def nothing_reported(monde: Monde) -> Iterator[None]:
    yield
    for table in ("instruction", "signalement"):
        run(monde, f"ALTER TABLE {table} DISABLE TRIGGER USER")
        run(monde, f"DELETE FROM {table}")
        run(monde, f"ALTER TABLE {table} ENABLE TRIGGER USER")


def opened(monde: Monde, personne: Personne, acteur: Acteur | None = None, spst: Spst | None = None) -> UUID:
    """An access to somebody's dossier; returns the id of its line."""
    spst = spst or monde.a
    with monde.work(acteur or spst.medecin, spst) as ctx:
        dmst.open_dossier(ctx, personne.dossier_id)
    with monde.superuser.connect() as connection:
        query = text("SELECT id FROM trace WHERE dossier_id = :one ORDER BY id DESC LIMIT 1")
        return UUID(str(connection.execute(query, {"one": personne.dossier_id}).scalar_one()))


def report(
    monde: Monde,
    trace_id: UUID | None,
    raison: Raison = Raison.INCONNU,
    texte: str | None = WORDS,
    personne: Personne | None = None,
    spst: Spst | None = None,
) -> UUID:
    spst = spst or monde.a
    personne = personne or spst.zoe
    with monde.work(personne.acteur, spst, dossier_id=personne.dossier_id) as ctx:
        return signalements.make(ctx, personne.dossier_id, trace_id, raison, texte)


def seen_by_zoe(monde: Monde) -> tuple[SignalementVu, ...]:
    with monde.work(monde.a.zoe.acteur, dossier_id=monde.a.zoe.dossier_id) as ctx:
        return signalements.of_dossier(ctx, monde.a.zoe.dossier_id)


def answers(told: SignalementVu) -> list[tuple[Issue, str | None]]:
    return [(one.issue, one.texte) for one in told.reponses]


def seen_by_dpo(monde: Monde, cas_id: UUID) -> CasVu:
    with monde.work(monde.a[Role.DPO]) as ctx:
        return signalements.get(ctx, cas_id)


def act(monde: Monde, what: str, cas_id: UUID, *args: object, acteur: Acteur | None = None) -> None:
    with monde.work(acteur or monde.a[Role.DPO]) as ctx:
        getattr(signalements, what)(ctx, cas_id, *args)


@TRA_04
@pytest.mark.exigence("TRA-05", partielle="les accès signalés, sans contenu ni nom")
def test_the_dpo_reads_what_was_reported_and_not_of_whom_and_the_worker_reads_his_answer(monde: Monde) -> None:
    zoe = monde.a.zoe
    trace_id = opened(monde, zoe)
    cas_id = report(monde, trace_id)
    cas = seen_by_dpo(monde, cas_id)
    assert cas.ligne is not None
    assert (cas.ligne.id, cas.ligne.personne, cas.en_cause) == (trace_id, "Dr\u00a0Claire Vasseur", monde.a.medecin.id)
    assert (cas.raison, cas.texte, cas.etat) == ("Je ne connais pas cette personne", WORDS, Etat.NOUVEAU)
    for trait in ("ADRUN", "Zo", str(zoe.dossier_id), str(zoe.travailleur_id)):
        assert trait not in repr(cas)
    act(monde, "take", cas_id)
    assert [one.etat for one in seen_by_zoe(monde)] == [Etat.EN_COURS]
    act(monde, "close", cas_id, Issue.JUSTIFIE, "Votre médecin préparait votre visite.")
    (told,) = seen_by_zoe(monde)
    assert told.acces is not None
    assert (told.acces.id, told.etat, told.texte) == (trace_id, Etat.CLOS, WORDS)
    assert answers(told) == [(Issue.JUSTIFIE, "Votre médecin préparait votre visite.")]


@TRA_04
def test_each_act_is_traced_on_the_dossier_and_the_worker_reads_it_in_plain_words(monde: Monde) -> None:
    zoe = monde.a.zoe
    cas_id = report(monde, opened(monde, zoe))
    seen_by_dpo(monde, cas_id)
    act(monde, "close", cas_id, Issue.ERREUR, "Un homonyme.")
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        phrases = [one.phrase for one in signalements.queries.accesses(ctx, zoe.dossier_id, 3, None)]
    assert [one.split(",")[-1].strip() for one in phrases[:2]] == [
        "a traité un accès que vous avez signalé pour répondre à votre demande.",
        "a lu l’accès que vous avez signalé pour répondre à votre demande.",
    ]
    assert phrases[2] == "Vous avez signalé un accès qui vous étonne."


def test_an_answer_is_taken_back_and_given_again_and_nothing_is_lost(monde: Monde) -> None:
    cas_id = report(monde, None, Raison.MANQUE)
    act(monde, "close", cas_id, Issue.SANS_OBJET, "Première réponse.")
    with pytest.raises(CasClosed):
        act(monde, "close", cas_id, Issue.JUSTIFIE, "Encore.")
    act(monde, "reopen", cas_id)
    (told,) = seen_by_zoe(monde)
    assert (told.etat, answers(told)) == (Etat.EN_COURS, [(Issue.SANS_OBJET, "Première réponse.")])
    for again in ("reopen", "take"):
        with pytest.raises(CasNotClosed if again == "reopen" else CasTaken):
            act(monde, again, cas_id)
    act(monde, "close", cas_id, Issue.INJUSTIFIE, "Seconde réponse.")
    (told,) = seen_by_zoe(monde)
    assert [issue for issue, _ in answers(told)] == [Issue.SANS_OBJET, Issue.INJUSTIFIE], "what was told stays told"
    cas = seen_by_dpo(monde, cas_id)
    assert [(str(one.geste), answer) for one, answer in zip(cas.suites, cas.reponses, strict=True)] == [
        ("cloture", "Première réponse."),
        ("reouverture", None),
        ("cloture", "Seconde réponse."),
    ]


def test_the_worker_is_answered_within_a_month(monde: Monde) -> None:
    """RGPD art. 12-3."""
    cas = seen_by_dpo(monde, report(monde, None, Raison.AUTRE))
    assert timedelta(days=27) <= cas.due_on - cas.at.date() <= timedelta(days=32)


@TRA_04
def test_one_reports_the_accesses_of_others_to_one_s_own_dossier(monde: Monde) -> None:
    a, zoe = monde.a, monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        traces.record(ctx, "portail.dossier", zoe.dossier_id, ("S1",))
    with monde.superuser.connect() as connection:
        own = connection.execute(
            text("SELECT id FROM trace WHERE acteur_id = :who ORDER BY id DESC LIMIT 1"), {"who": zoe.acteur.id}
        ).scalar_one()
    elsewhere = opened(monde, monde.b.zoe, spst=monde.b)
    for trace_id in (own, new_id(), opened(monde, a.pierre), elsewhere):
        with pytest.raises(AccesNotFound):
            report(monde, trace_id)
    assert seen_by_zoe(monde) == ()


def test_the_same_access_is_reported_once_until_it_is_answered(monde: Monde) -> None:
    trace_id = opened(monde, monde.a.zoe)
    cas_id = report(monde, trace_id)
    with pytest.raises(AlreadyReported):
        report(monde, trace_id)
    act(monde, "close", cas_id, Issue.JUSTIFIE, "Vu.")
    report(monde, trace_id)
    assert [one.etat for one in seen_by_zoe(monde)] == [Etat.NOUVEAU, Etat.CLOS]


def test_nobody_floods_the_dpo(monde: Monde) -> None:
    for _ in range(MOST_OPEN):
        report(monde, None, Raison.AUTRE)
    with pytest.raises(SignalementRefused):
        report(monde, opened(monde, monde.a.zoe))


@pytest.mark.parametrize(
    ("on_a_line", "raison"), [(True, Raison.MANQUE), (False, Raison.INCONNU), (False, Raison.PROCHE)]
)
def test_a_reason_is_one_of_those_that_the_form_offers(monde: Monde, on_a_line: bool, raison: Raison) -> None:
    trace_id = opened(monde, monde.a.zoe) if on_a_line else None
    with pytest.raises(SignalementRefused):
        report(monde, trace_id, raison)


@pytest.mark.exigence("AUT-06", partielle="personne ne juge son propre accès")
def test_nobody_judges_his_own_access(monde: Monde) -> None:
    """A DPO who is a médecin elsewhere in the same SPST."""
    medecin = monde.a.medecin
    cas_id = report(monde, opened(monde, monde.a.zoe))
    himself = Acteur(medecin.id, Role.DPO, "s-deux", 2)
    for what, args in (("take", ()), ("close", (Issue.JUSTIFIE, "Moi."))):
        with pytest.raises(OwnCas):
            act(monde, what, cas_id, *args, acteur=himself)
    with monde.work(himself) as ctx:
        assert signalements.get(ctx, cas_id).texte is None, "nor reads what is said of him"
    act(monde, "take", cas_id, acteur=colleague(monde, monde.a, Role.DPO))


@TRA_04
def test_who_opened_the_dossier_does_not_read_there_that_he_was_reported(monde: Monde) -> None:
    zoe = monde.a.zoe
    cas_id = report(monde, opened(monde, zoe))
    seen_by_dpo(monde, cas_id)
    act(monde, "close", cas_id, Issue.ERREUR, "Un homonyme.")
    with monde.work(monde.a.medecin) as ctx:
        page, sheet = services.accesses_of(ctx, zoe.dossier_id), services.sheet_of(ctx, zoe.dossier_id)
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        hers = services.accesses_of(ctx, zoe.dossier_id)
    assert "signalé" not in repr((page, sheet))
    assert sum("signalé" in one.phrase for one in hers.lignes[:4]) == 3
    assert hers.total >= page.total + 3


@pytest.mark.exigence("TRA-05", partielle="les accès signalés")
def test_the_direction_reads_no_reference_beside_what_is_reported(monde: Monde) -> None:
    zoe = monde.a.zoe
    report(monde, opened(monde, zoe))
    with monde.work(monde.a.directrice) as ctx:
        reference = services.reference_of(ctx, zoe.dossier_id)
        lines = services.lines(ctx, services.last_days(ctx)).lignes
        found = services.lines(ctx, replace(services.last_days(ctx), reference=reference)).lignes
    assert {one.reference for one in lines if one.acte == "Signaler un accès"} == {None}
    assert "Signaler un accès" not in {one.acte for one in found}
    with monde.work(monde.a[Role.DPO]) as ctx:
        found = services.lines(ctx, replace(services.last_days(ctx), reference=reference)).lignes
    assert "Signaler un accès" in {one.acte for one in found}


def test_what_the_dpo_did_to_answer_is_not_reported_in_its_turn(monde: Monde) -> None:
    zoe = monde.a.zoe
    seen_by_dpo(monde, report(monde, None, Raison.AUTRE))
    with monde.superuser.connect() as connection:
        query = text(
            "SELECT id FROM trace WHERE dossier_id = :one AND action = 'alerte.consult' ORDER BY id DESC LIMIT 1"
        )
        trace_id = connection.execute(query, {"one": zoe.dossier_id}).scalar_one()
    with pytest.raises(AccesNotFound):
        report(monde, trace_id)


@pytest.mark.exigence("TRA-01", partielle="les accès signalés")
def test_a_queue_tells_how_many_wait_and_shows_the_closed_ones_last(monde: Monde) -> None:
    closed, first, second = (report(monde, None, Raison.AUTRE) for _ in range(3))
    act(monde, "close", closed, Issue.SANS_OBJET, "Vu.")
    with monde.work(monde.a[Role.DPO]) as ctx:
        assert [one.id for one in signalements.queue(ctx)] == [first, second, closed]
        assert all(one.texte is None for one in signalements.queue(ctx))
        assert signalements.waiting(ctx) == 2
    with monde.work(monde.a.directrice) as ctx:
        assert signalements.waiting(ctx) == 0


def test_two_closings_at_once_leave_one_answer(monde: Monde) -> None:
    cas_id = report(monde, None, Raison.AUTRE)
    dpos = [colleague(monde, monde.a, Role.DPO) for _ in range(4)]

    def close(acteur: Acteur) -> bool:
        try:
            act(monde, "close", cas_id, Issue.SANS_OBJET, "Vu.", acteur=acteur)
        except CasClosed:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(close, dpos)) == 1
    assert len(seen_by_zoe(monde)[0].reponses) == 1


@pytest.mark.exigence("TEN-01")
def test_other_roles_and_the_dpo_of_another_spst_read_nothing_and_decide_nothing(monde: Monde) -> None:
    cas_id = report(monde, opened(monde, monde.a.zoe))
    before = content(monde, "instruction", "signalement")
    for role in (Role.DIR, Role.AUD, Role.MDT, Role.ADM, Role.INF):
        for what, args in (
            ("queue", ()),
            ("get", (cas_id,)),
            ("take", (cas_id,)),
            ("close", (cas_id, Issue.JUSTIFIE, "x")),
        ):
            with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
                getattr(signalements, what)(ctx, *args)
    with monde.work(monde.b[Role.DPO], monde.b) as ctx:
        assert signalements.queue(ctx) == ()
    for what, said in (("get", ()), ("take", ()), ("close", (Issue.JUSTIFIE, "x"))):
        with pytest.raises(CasNotFound), monde.work(monde.b[Role.DPO], monde.b) as ctx:
            getattr(signalements, what)(ctx, cas_id, *said)
    assert content(monde, "instruction", "signalement") == before


def test_nobody_reports_in_the_worker_s_place(monde: Monde) -> None:
    trace_id = opened(monde, monde.a.zoe)
    for role in (Role.MDT, Role.DPO, Role.ADM):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            signalements.make(ctx, monde.a.zoe.dossier_id, trace_id, Raison.AUTRE, None)
    pierre = monde.a.pierre
    with pytest.raises(AccesNotFound), monde.work(pierre.acteur, dossier_id=pierre.dossier_id) as ctx:
        signalements.make(ctx, monde.a.zoe.dossier_id, trace_id, Raison.AUTRE, None)


@pytest.mark.exigence("TRA-02", partielle="ce que le salarié signale, et la réponse")
def test_the_words_of_the_worker_and_the_answer_are_sealed_and_their_rows_never_change(monde: Monde) -> None:
    cas_id = report(monde, None, Raison.AUTRE, "Canarimot")
    act(monde, "close", cas_id, Issue.SANS_OBJET, "Canarireponse")
    with monde.superuser.connect() as connection:
        for table in ("signalement", "instruction", "trace", "trace_reserve"):
            rows = " ".join(str(one) for one in connection.execute(text(f"SELECT t::text FROM {table} t")).scalars())
            assert "Canari" not in rows
    for table in ("signalement", "instruction"):
        for verb in (f"UPDATE {table} SET at = now()", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DBAPIError), monde.superuser.begin() as connection:
                connection.exec_driver_sql(verb)


def test_what_was_said_leaves_with_the_dossier_and_what_was_done_stays_told(monde: Monde) -> None:
    pierre = monde.a.pierre
    closed, waiting = (report(monde, None, Raison.AUTRE, personne=pierre) for _ in range(2))
    act(monde, "close", closed, Issue.SANS_OBJET, "Vu.")
    monde.runtime.keyring.destroy_dossier_key(monde.a.tenant_id, pierre.dossier_id)
    cas = seen_by_dpo(monde, closed)
    assert (cas.texte, cas.reponses, cas.etat, cas.efface) == (None, (None,), Etat.CLOS, True)
    act(monde, "close", waiting, Issue.SANS_OBJET, "Plus personne à qui répondre.")
    assert seen_by_dpo(monde, waiting).etat is Etat.CLOS
