"""Visits on a real database, two SPSTs present: start, notes, closing, addenda, and what each leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied, ActRefused, NotFound
from spst.kernel.ids import new_id
from spst.visites import services as visites
from spst.visites.errors import (
    AbandonNotAllowed,
    ClotureNotAllowed,
    InformationRequired,
    NoteConflict,
    RendezVousNotAllowed,
    RendezVousNotFound,
    TexteRequired,
    TypeNotAllowed,
    TypeNotInForce,
    VisiteAbandoned,
    VisiteAlreadyClosed,
    VisiteAlreadyOpen,
    VisiteStillOpen,
)
from spst.visites.rules import Conclusion
from spst.visites.vues import LigneHistorique, VisiteAbandonnee, VisiteVue
from tests.factories.monde import Monde
from tests.visites.conftest import Horloge, Lines, appointment, beside, close, start, traces_left, write

pytestmark = pytest.mark.usefixtures("clean")


def read(monde: Monde, visite_id: UUID, role: Role = Role.INF) -> VisiteVue:
    with monde.work(monde.a[role]) as ctx:
        return visites.visite(ctx, visite_id)


def text_of(vue: VisiteVue, rubrique: str) -> str | None:
    found = next(r for r in vue.rubriques if r.rubrique.code == rubrique)
    return found.note.texte if found.note else None


# ──── Start


@pytest.mark.exigence("DMS-02", partielle="socle ; documents et échéances viennent ensuite")
def test_an_infirmier_starts_a_vip_and_is_refused_an_exam_of_aptitude_with_its_article(monde: Monde) -> None:
    vue = read(monde, start(monde))
    assert (vue.type, vue.professionnel.id, vue.closed_at) == (
        "VIP périodique (suivi simple)",
        monde.a.infirmier.id,
        None,
    )
    with pytest.raises(TypeNotAllowed, match=r"L\. 4624-2"):
        start(monde, type_code="EMAI", dossier=monde.a.pierre.dossier_id)


def test_types_that_a_role_may_not_conduct_come_back_closed_with_their_article(monde: Monde) -> None:
    with monde.work(monde.a.infirmier) as ctx:
        types = {t.type.code: t for t in visites.types_open_to(ctx, monde.a.zoe.dossier_id).types}
    assert len(types) == 28
    assert types["VIPP_SIS"].ferme is None
    assert "R. 4624-24" in (types["EMAI"].ferme or "")
    assert types["VIPP_SIS"].is_of_regime
    assert not types["VIPP_SIA"].is_of_regime


def test_a_type_that_does_not_exist_is_refused(monde: Monde) -> None:
    with pytest.raises(TypeNotInForce):
        start(monde, type_code="VIPX")


def test_two_clicks_open_one_visit(monde: Monde) -> None:
    form = new_id()
    for _ in range(2):
        with monde.work(monde.a.infirmier) as ctx:
            assert visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", visite_id=form) == form
    assert start(monde) == form


def test_the_form_of_a_visit_already_closed_does_not_open_another(monde: Monde) -> None:
    form = new_id()
    with monde.work(monde.a.infirmier) as ctx:
        visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", visite_id=form)
    close(monde, form)
    with monde.work(monde.a.infirmier) as ctx:
        assert visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", visite_id=form) == form
    assert read(monde, form).closed_at is not None


def test_a_professional_has_one_visit_open_with_a_worker_and_colleagues_have_theirs(monde: Monde) -> None:
    mine = start(monde)
    seen: Lines = []
    with traces_left(monde, seen), monde.work(monde.a.infirmier) as ctx:
        led = visites.start_visite(ctx, monde.a.zoe.dossier_id, "DEM_SAL")
    assert led == mine
    assert seen == [("visite.consult", "permis", ("S3",))]
    assert start(monde, monde.a.medecin) != mine


def test_a_double_click_that_reaches_two_processes_opens_one_visit(monde: Monde) -> None:
    with beside(monde) as held_back, monde.work(monde.a.infirmier) as first:
        mine = visites.start_visite(first, monde.a.zoe.dossier_id, "VIPP_SIS")
        second = held_back(lambda: start(monde))
    assert second.result() == mine


def test_two_visits_of_different_types_opened_at_the_same_instant_become_one(monde: Monde) -> None:
    with beside(monde) as held_back, monde.work(monde.a.infirmier) as first:
        mine = visites.start_visite(first, monde.a.zoe.dossier_id, "VIPP_SIS")
        second = held_back(lambda: start(monde, type_code="DEM_SAL"))
    assert second.result() == mine


def test_an_id_of_another_object_does_not_serve_for_a_visit(monde: Monde) -> None:
    mine = start(monde)
    with pytest.raises(VisiteAlreadyOpen), monde.work(monde.a.medecin) as ctx:
        visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", visite_id=mine)


def test_a_visit_from_an_appointment_puts_it_under_way_then_received(monde: Monde, horloge: Horloge) -> None:
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at)
    with monde.work(monde.a.infirmier) as ctx:
        mine = visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", rendez_vous_id=rdv)
    assert _statut(monde, rdv) == "en_cours"
    with monde.work(monde.a.infirmier) as ctx:
        assert visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", rendez_vous_id=rdv) == mine
    with pytest.raises(RendezVousNotAllowed), monde.work(monde.a.medecin) as ctx:
        visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", rendez_vous_id=rdv)
    close(monde, mine)
    assert _statut(monde, rdv) == "recu"
    assert read(monde, mine).arrived_at == horloge.at


def test_an_appointment_of_somebody_else_opens_no_visit(monde: Monde, horloge: Horloge) -> None:
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.pierre, horloge.at)
    elsewhere = appointment(monde, monde.b, monde.b.infirmier, monde.b.zoe, horloge.at)
    for other in (rdv, elsewhere, uuid4()):
        with pytest.raises(RendezVousNotFound), monde.work(monde.a.infirmier) as ctx:
            visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", rendez_vous_id=other)


def _statut(monde: Monde, rdv: UUID) -> str:
    with monde.superuser.connect() as connection:
        return connection.execute(text("SELECT statut FROM rendez_vous WHERE id = :id"), {"id": rdv}).scalar_one()


# ──── Notes


@pytest.mark.exigence("DMS-06", partielle="service ; la page a ses essais")
def test_a_note_is_sealed_and_read_back_as_it_was_typed(monde: Monde) -> None:
    visite_id = start(monde)
    assert write(monde, visite_id, "Gêne auditive à l’atelier.\r\nDort bien.") == 1
    assert text_of(read(monde, visite_id), "entretien") == "Gêne auditive à l’atelier.\nDort bien."
    with monde.superuser.connect() as connection:
        sealed = connection.execute(text("SELECT texte_sealed FROM visite_note")).scalar_one()
    assert b"auditive" not in bytes(sealed)


def test_a_replayed_operation_answers_as_the_first_time(monde: Monde, horloge: Horloge) -> None:
    visite_id, operation = start(monde), uuid4()
    with monde.work(monde.a.infirmier) as ctx:
        first = visites.save_note(ctx, visite_id, "entretien", "Tabac : 8 par jour", 0, operation)
    horloge.forward(seconds=30)
    with monde.work(monde.a.infirmier) as ctx:
        assert visites.save_note(ctx, visite_id, "entretien", "Tabac : 8 par jour", 0, operation) == first


def test_a_save_over_a_stale_revision_shows_what_is_there_and_changes_nothing(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "texte de gauche")
    with pytest.raises(NoteConflict) as conflict:
        write(monde, visite_id, "texte de droite")
    shown = conflict.value
    assert (shown.texte, shown.revision, shown.auteur) == ("texte de gauche", 1, None)
    assert "gauche" not in str(shown.facts) + str(shown)
    assert write(monde, visite_id, "texte de droite", revision=shown.revision) == 2
    assert text_of(read(monde, visite_id), "entretien") == "texte de droite"


def test_an_operation_that_comes_back_with_another_text_is_never_acknowledged(monde: Monde) -> None:
    visite_id, operation = start(monde), uuid4()
    with monde.work(monde.a.infirmier) as ctx:
        visites.save_note(ctx, visite_id, "entretien", "un", 0, operation)
    with pytest.raises(NoteConflict), monde.work(monde.a.infirmier) as ctx:
        visites.save_note(ctx, visite_id, "entretien", "deux", 1, operation)


def test_two_first_saves_at_the_same_instant_keep_one_and_show_it_to_the_other(monde: Monde) -> None:
    visite_id = start(monde)
    with beside(monde) as held_back, monde.work(monde.a.infirmier) as first:
        visites.save_note(first, visite_id, "entretien", "premier", 0, uuid4())
        second = held_back(lambda: write(monde, visite_id, "second"))
    conflict = second.exception()
    assert isinstance(conflict, NoteConflict)
    assert conflict.texte == "premier"


def test_colleagues_write_beside_each_other_and_read_each_other(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "ce que note l’infirmier")
    write(monde, visite_id, "ce que note le médecin", acteur=monde.a.medecin)
    seen = read(monde, visite_id, Role.MDT).rubriques[0]
    assert seen.note is not None
    assert seen.note.texte == "ce que note le médecin"
    assert [note.texte for note in seen.autres] == ["ce que note l’infirmier"]


def test_the_last_closed_visit_that_says_something_stands_beside_each_rubric(monde: Monde, horloge: Horloge) -> None:
    for day, rubrique in enumerate(("entretien", "examen", "poste")):
        visite_id = start(monde)
        write(monde, visite_id, f"{rubrique}, visite {day}", rubrique)
        write(monde, visite_id, "toujours dit", "suites")
        if rubrique != "poste":
            close(monde, visite_id)
        horloge.forward(days=1)
    found = {r.rubrique.code: r.precedent for r in read(monde, visite_id).rubriques}
    assert found.pop("poste") is None
    assert found.pop("information") is None
    before = {code: precedent for code, precedent in found.items() if precedent}
    assert before["entretien"].texte == "entretien, visite 0"
    assert before["examen"].texte == "examen, visite 1"
    assert before["suites"].le.date() == date(2026, 11, 24)


# ──── Traces


@pytest.mark.exigence("TRA-01", partielle="visites")
def test_each_act_leaves_one_trace_with_its_sections(monde: Monde) -> None:
    seen: Lines = []
    with traces_left(monde, seen):
        visite_id = start(monde)
        write(monde, visite_id, "note")
        read(monde, visite_id)
        close(monde, visite_id)
        read(monde, visite_id)
        with monde.work(monde.a.infirmier) as ctx:
            visites.add_addendum(ctx, visite_id, "Appel du médecin traitant.")
        with monde.work(monde.a.infirmier) as ctx:
            visites.historique(ctx, monde.a.zoe.dossier_id)
    assert seen == [
        ("visite.start", "permis", ("S3",)),
        ("visite.note", "permis", ("S3",)),
        ("visite.consult", "permis", ("S3",)),
        ("visite.close", "permis", ("S3", "S5")),
        ("visite.consult", "permis", ("S3", "S5")),
        ("visite.complete", "permis", ("S3",)),
        ("dossier.open", "permis", ("S3", "S5")),
    ]


@pytest.mark.exigence("TRA-01", partielle="règle des dix minutes")
def test_saves_of_one_editing_period_leave_one_trace_and_closing_always_does(monde: Monde, horloge: Horloge) -> None:
    seen: Lines = []
    visite_id = start(monde)
    with traces_left(monde, seen):
        write(monde, visite_id, "a", revision=0)
        horloge.forward(minutes=5)
        write(monde, visite_id, "ab", revision=1)
        horloge.forward(minutes=4, seconds=59)
        write(monde, visite_id, "abc", revision=2)
    assert [line[0] for line in seen] == ["visite.note"]
    with traces_left(monde, seen):
        horloge.forward(seconds=1)
        write(monde, visite_id, "abcd", revision=3)
    assert [line[0] for line in seen] == ["visite.note"] * 2
    with traces_left(monde, seen):
        close(monde, visite_id)
    assert seen[-1][0] == "visite.close"


def test_another_session_of_the_same_professional_leaves_its_own_trace(monde: Monde) -> None:
    seen: Lines = []
    visite_id = start(monde)
    with traces_left(monde, seen):
        write(monde, visite_id, "au cabinet")
        write(monde, visite_id, "à l’atelier", revision=1, acteur=replace(monde.a.infirmier, session_hash="s-autre"))
    assert [line[0] for line in seen] == ["visite.note"] * 2


@pytest.mark.exigence("TRA-02", partielle="visites")
def test_no_word_of_a_visit_reaches_its_traces(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "CANARI-NOTE")
    write(monde, visite_id, "CANARI-REMIS", "information")
    close(monde, visite_id, information=None)
    with monde.work(monde.a.infirmier) as ctx:
        visites.add_addendum(ctx, visite_id, "CANARI-COMPLEMENT")
    with monde.superuser.connect() as connection:
        lines = connection.execute(
            text("SELECT t::text || r::text FROM trace t JOIN trace_reserve r ON r.trace_id = t.id")
        )
        assert "CANARI" not in "".join(lines.scalars())


@pytest.mark.exigence("TRA-01", partielle="refus sur les visites")
def test_a_refusal_is_explained_and_traced_with_its_dossier(monde: Monde) -> None:
    visite_id = start(monde)
    seen: Lines = []
    with (
        traces_left(monde, seen),
        pytest.raises(AccessDenied, match="Vous ne suivez pas ce salarié"),
        monde.work(monde.a.medecin_ailleurs) as ctx,
    ):
        visites.visite(ctx, visite_id)
    assert seen == [("visite.consult", "refuse", ("S3",))]


ACTS: dict[str, Callable[..., object]] = {
    "visite": lambda ctx, v: visites.visite(ctx, v),
    "save_note": lambda ctx, v: visites.save_note(ctx, v, "entretien", "x", 0, uuid4()),
    "close_visite": lambda ctx, v: visites.close_visite(ctx, v, Conclusion("x")),
    "abandon_visite": lambda ctx, v: visites.abandon_visite(ctx, v),
    "add_addendum": lambda ctx, v: visites.add_addendum(ctx, v, "x"),
}


@pytest.mark.exigence("TEN-01", partielle="visites")
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_visit_of_another_tenant_is_not_found_and_a_colleague_of_another_team_is_refused(
    monde: Monde, act: Callable[..., object]
) -> None:
    visite_id = start(monde)
    with pytest.raises(NotFound), monde.work(monde.b.medecin, monde.b) as ctx:
        act(ctx, visite_id)
    with pytest.raises(AccessDenied, match="Vous ne suivez pas"), monde.work(monde.a.medecin_ailleurs) as ctx:
        act(ctx, visite_id)
    for role in (Role.ADM, Role.DIR, Role.DPO, Role.IPRP, Role.ASST, Role.PRO):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            act(ctx, visite_id)


# ──── Closing


def test_closing_fixes_what_the_worker_is_told_from_its_rubric(monde: Monde, horloge: Horloge) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "Bouchons moulés chaque jour.", "information")
    horloge.forward(minutes=1)
    write(monde, visite_id, "Revenez si la gêne dure.", "information", acteur=monde.a.medecin)
    close(monde, visite_id, information=None, orientation_medecin=True, prochaine_visite_on=date(2027, 3, 1))
    told = read(monde, visite_id).conclusion
    assert told is not None
    assert told.information == "Bouchons moulés chaque jour.\n\nRevenez si la gêne dure."
    assert told.orientation_medecin
    assert told.prochaine_visite_on is not None


def test_a_visit_without_a_word_for_the_worker_stays_open(monde: Monde) -> None:
    visite_id = start(monde)
    with pytest.raises(InformationRequired):
        close(monde, visite_id, information=None)
    assert read(monde, visite_id).closed_at is None


def test_a_colleague_does_not_close_the_visit_of_another_but_the_medecin_may(monde: Monde) -> None:
    visite_id = start(monde, monde.a.infirmier)
    with pytest.raises(ClotureNotAllowed):
        close(monde, visite_id, monde.a[Role.COLL])
    close(monde, visite_id, monde.a.medecin)


@pytest.mark.exigence("DMS-06")
def test_a_closed_visit_takes_no_note_and_closes_once(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "avant")
    close(monde, visite_id)
    with pytest.raises(VisiteAlreadyClosed):
        write(monde, visite_id, "après", revision=1)
    with pytest.raises(VisiteAlreadyClosed):
        close(monde, visite_id)
    assert text_of(read(monde, visite_id), "entretien") == "avant"


@pytest.mark.exigence("DMS-06")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE visite SET type_code = 'EMAI'",
        "UPDATE visite SET closed_at = NULL",
        "UPDATE visite_note SET rubrique = 'poste'",
        "UPDATE conclusion SET orientation_medecin = true",
        "UPDATE addendum SET auteur_id = created_by FROM conclusion",
        "DELETE FROM visite",
        "DELETE FROM visite_note",
        "DELETE FROM conclusion",
        "DELETE FROM addendum",
        "TRUNCATE visite_note",
    ],
)
def test_direct_sql_does_not_change_a_closed_visit_under_any_role_of_the_product(monde: Monde, statement: str) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "avant")
    close(monde, visite_id)
    with monde.work(monde.a.infirmier) as ctx:
        visites.add_addendum(ctx, visite_id, "complément")
    before = _everything(monde)
    with pytest.raises(DBAPIError), monde.work(monde.a.infirmier) as ctx:
        ctx.session.execute(text(statement))
    owner = create_engine(monde.database.owner_url)
    if not statement.startswith("TRUNCATE"):
        with owner.begin() as connection:
            assert connection.execute(text(statement)).rowcount == 0
    owner.dispose()
    assert _everything(monde) == before


def _everything(monde: Monde) -> list[str]:
    tables = ("visite", "visite_note", "conclusion", "addendum")
    with monde.superuser.connect() as connection:
        return [str(connection.execute(text(f"SELECT * FROM {table}")).all()) for table in tables]


@pytest.mark.exigence("DMS-06")
def test_a_note_that_races_with_the_closing_is_refused(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "avant")
    with beside(monde) as held_back, monde.work(monde.a.infirmier) as closing:
        visites.close_visite(closing, visite_id, Conclusion("Portez vos bouchons."))
        note = held_back(lambda: write(monde, visite_id, "trop tard", revision=1))
    assert isinstance(note.exception(), VisiteAlreadyClosed)
    assert text_of(read(monde, visite_id), "entretien") == "avant"


def test_two_tabs_that_close_at_the_same_instant_close_once(monde: Monde) -> None:
    visite_id = start(monde)
    with beside(monde) as held_back, monde.work(monde.a.infirmier) as first:
        visites.close_visite(first, visite_id, Conclusion("Portez vos bouchons."))
        second = held_back(lambda: close(monde, visite_id))
    assert isinstance(second.exception(), VisiteAlreadyClosed)


# ──── Abandon


def abandon(monde: Monde, visite_id: UUID, acteur: Acteur | None = None) -> VisiteAbandonnee:
    with monde.work(acteur or monde.a.infirmier) as ctx:
        return visites.abandon_visite(ctx, visite_id)


def timeline(monde: Monde) -> list[LigneHistorique]:
    with monde.work(monde.a.medecin) as ctx:
        return visites.historique(ctx, monde.a.zoe.dossier_id)


def test_a_visit_opened_by_mistake_where_nothing_is_written_leaves_the_lists(monde: Monde) -> None:
    visite_id = start(monde)
    seen: Lines = []
    with traces_left(monde, seen):
        assert abandon(monde, visite_id) == VisiteAbandonnee(monde.a.zoe.dossier_id, gardee=False)
    assert seen == [("visite.abandon", "permis", ("S3",))]
    assert timeline(monde) == []
    other = start(monde, type_code="DEM_SAL")
    assert other != visite_id
    assert [line.id for line in timeline(monde)] == [other]


@pytest.mark.exigence("POR-05", partielle="visite abandonnée")
def test_what_is_written_in_an_abandoned_visit_stays_for_health_professionals_alone(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "mauvais salarié", "information")
    assert abandon(monde, visite_id).gardee
    [line] = timeline(monde)
    assert (line.id, line.is_open, line.closed_at, line.conclusion) == (visite_id, False, None, None)
    assert line.abandoned_at is not None
    assert text_of(read(monde, visite_id), "information") == "mauvais salarié"
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        assert visites.visites_for_worker(ctx, zoe.dossier_id) == []


def test_an_abandoned_visit_changes_no_more_and_is_no_visit_of_before(monde: Monde, horloge: Horloge) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "avant")
    abandon(monde, visite_id)
    for act in (
        lambda: write(monde, visite_id, "après", revision=1),
        lambda: close(monde, visite_id),
        lambda: abandon(monde, visite_id),
        lambda: _complete(monde, visite_id),
    ):
        with pytest.raises(VisiteAbandoned):
            act()
    horloge.forward(days=1)
    vue = read(monde, start(monde))
    assert vue.dernieres == ()
    assert all(rubrique.precedent is None for rubrique in vue.rubriques)


@pytest.mark.exigence("TRA-01", partielle="refus qu’une pièce prononce après la politique")
def test_what_belongs_to_whoever_opened_the_visit_is_refused_to_others_and_traced(monde: Monde) -> None:
    visite_id = start(monde)
    seen: Lines = []
    with traces_left(monde, seen):
        for act in (
            lambda: abandon(monde, visite_id, monde.a.medecin),
            lambda: close(monde, visite_id, monde.a[Role.INT]),
        ):
            with pytest.raises(ActRefused):
                act()
    assert seen == [("visite.abandon", "refuse", ("S3",)), ("visite.close", "refuse", ("S3", "S5"))]
    assert [line.is_open for line in timeline(monde)] == [True]


def _complete(monde: Monde, visite_id: UUID) -> None:
    with monde.work(monde.a.infirmier) as ctx:
        visites.add_addendum(ctx, visite_id, "complément")


def test_a_closed_visit_is_not_abandoned_and_nobody_abandons_that_of_another(monde: Monde) -> None:
    visite_id = start(monde)
    for other in (monde.a.medecin, monde.a[Role.COLL]):
        with pytest.raises(AbandonNotAllowed):
            abandon(monde, visite_id, other)
    assert not read(monde, visite_id, Role.MDT).peut_abandonner
    assert read(monde, visite_id).peut_abandonner
    close(monde, visite_id)
    with pytest.raises(VisiteAlreadyClosed):
        abandon(monde, visite_id)


@pytest.mark.parametrize("was_noted", [True, False])
def test_the_appointment_of_an_abandoned_visit_waits_again_and_may_open_another(
    monde: Monde, horloge: Horloge, was_noted: bool
) -> None:
    arrival = {"statut": "arrive", "arrived_at": horloge.at} if was_noted else {}
    rdv = appointment(monde, monde.a, monde.a.infirmier, monde.a.zoe, horloge.at, **arrival)
    horloge.forward(minutes=5)
    opened = []
    for type_code in ("DEM_SAL", "VIPP_SIS"):
        with monde.work(monde.a.infirmier) as ctx:
            opened.append(visites.start_visite(ctx, monde.a.zoe.dossier_id, type_code, rendez_vous_id=rdv))
        assert _statut(monde, rdv) == "en_cours"
        if len(opened) == 1:
            horloge.forward(minutes=1)
            abandon(monde, opened[0])
            assert _statut(monde, rdv) == ("arrive" if was_noted else "convoque")
    with monde.work(monde.a.infirmier) as ctx:
        agenda = visites.agenda(ctx, horloge.at.date())
    assert [line.sante and line.sante.visite_id for line in agenda.rendez_vous] == [opened[1]]
    assert [line.id for line in agenda.ouvertes] == [opened[1]]


def test_the_form_of_an_abandoned_visit_opens_nothing_by_itself(monde: Monde) -> None:
    form = new_id()
    with monde.work(monde.a.infirmier) as ctx:
        visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", visite_id=form)
    abandon(monde, form)
    with pytest.raises(VisiteAbandoned, match="a servi"), monde.work(monde.a.infirmier) as ctx:
        visites.start_visite(ctx, monde.a.zoe.dossier_id, "VIPP_SIS", visite_id=form)


def test_a_note_that_races_with_the_abandon_is_refused(monde: Monde) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "avant")
    with beside(monde) as held_back, monde.work(monde.a.infirmier) as ending:
        visites.abandon_visite(ending, visite_id)
        note = held_back(lambda: write(monde, visite_id, "trop tard", revision=1))
    assert isinstance(note.exception(), VisiteAbandoned)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE visite SET abandoned_at = NULL",
        "UPDATE visite SET closed_at = now()",
        "UPDATE visite_note SET rubrique = 'poste'",
        "INSERT INTO addendum SELECT tenant_id, id, dossier_id, id, '', professionnel_id, now() FROM visite",
        "INSERT INTO conclusion SELECT tenant_id, id, dossier_id, id, '', false, NULL, now(), professionnel_id FROM visite",
    ],
)
def test_direct_sql_does_not_change_an_abandoned_visit(monde: Monde, statement: str) -> None:
    visite_id = start(monde)
    write(monde, visite_id, "avant")
    abandon(monde, visite_id)
    before = _everything(monde)
    with pytest.raises(DBAPIError, match="abandoned visite"), monde.work(monde.a.infirmier) as ctx:
        ctx.session.execute(text(statement))
    assert _everything(monde) == before


# ──── Addenda


@pytest.mark.exigence("DMS-06")
def test_a_closed_visit_is_completed_by_a_dated_text_in_its_authors_name(monde: Monde, horloge: Horloge) -> None:
    visite_id = start(monde)
    with pytest.raises(VisiteStillOpen), monde.work(monde.a.infirmier) as ctx:
        visites.add_addendum(ctx, visite_id, "trop tôt")
    close(monde, visite_id)
    horloge.forward(hours=2)
    for is_new in (True, False):
        with monde.work(monde.a.medecin) as ctx:
            assert visites.add_addendum(ctx, visite_id, "Audiogramme reçu.") is is_new
    [complement] = read(monde, visite_id).complements
    assert (complement.texte, complement.auteur.affiche, complement.added_at) == (
        "Audiogramme reçu.",
        "Dr\u00a0Claire Vasseur",
        horloge.at,
    )


@pytest.mark.parametrize("texte", ["", " \n\t"])
def test_an_empty_addendum_is_not_signed(monde: Monde, texte: str) -> None:
    visite_id = start(monde)
    close(monde, visite_id)
    with pytest.raises(TexteRequired), monde.work(monde.a.infirmier) as ctx:
        visites.add_addendum(ctx, visite_id, texte)


# ──── Reading


def test_the_timeline_of_a_dossier_is_read_in_one_statement(
    monde: Monde, horloge: Horloge, statements: Callable[[], list[str]]
) -> None:
    for _ in range(3):
        close(monde, start(monde))
        horloge.forward(days=1)
    mine = start(monde)
    statements()
    with monde.work(monde.a.infirmier) as ctx:
        lines = visites.historique(ctx, monde.a.zoe.dossier_id)
        read_in = [s for s in statements() if " visite" in s or "FROM visite" in s]
    assert len(read_in) == 1
    assert lines[0].id == mine
    assert [line.conclusion is None for line in lines] == [True, False, False, False]


@pytest.mark.exigence("POR-05", partielle="visites ; l’annonce différée d’un résultat vient ensuite")
def test_the_worker_reads_his_closed_visits_and_what_was_meant_for_him_alone(monde: Monde) -> None:
    close(monde, start(monde))
    visite_id = start(monde)
    write(monde, visite_id, "note que le salarié ne lit pas", "information")
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        [line] = visites.visites_for_worker(ctx, zoe.dossier_id)
        assert line.conclusion is not None
        assert line.conclusion.information == "Portez vos bouchons moulés."
        for table in ("visite_note", "addendum"):
            assert ctx.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    with pytest.raises(NotFound), monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        visites.visites_for_worker(ctx, monde.a.pierre.dossier_id)
