"""From a draft to what is in force: two people, the opinion of the CMT, versions that nobody changes."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from spst.habilitations import publication
from spst.habilitations import services as habilitations
from spst.habilitations.choix import Niveau
from spst.habilitations.errors import (
    BrouillonAlreadyOpen,
    BrouillonChanged,
    BrouillonNotFound,
    BrouillonNotReady,
    BrouillonProposed,
    OwnProposal,
    VersionNotFound,
)
from spst.habilitations.publication import Avis, AvisCmt
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from tests.factories.monde import Monde, colleague
from tests.factories.politiques import seen
from tests.factories.releves import run

FAVORABLE = Avis(AvisCmt.FAVORABLE, date(2026, 11, 18), "Sans réserve.")


@pytest.fixture
def adjointe(monde: Monde) -> Acteur:
    return colleague(monde, monde.a, Role.DIR)


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM politique_brouillon")
    run(monde, "DELETE FROM politique_version")


def prepare(monde: Monde, niveau: Niveau = Niveau.LIRE) -> None:
    with monde.work(monde.a.directrice) as ctx:
        publication.start(ctx)
        publication.set_niveau(ctx, Role.INF, "S4", niveau)
        publication.note_avis(ctx, FAVORABLE)


def proposed(monde: Monde) -> int:
    prepare(monde)
    with monde.work(monde.a.directrice) as ctx:
        publication.propose(ctx, seen(ctx), "Les courriers restent aux médecins.")
        found = publication.brouillon(ctx)
        assert found is not None
        return found.revision


def published(monde: Monde, adjointe: Acteur) -> int:
    revision = proposed(monde)
    with monde.work(adjointe) as ctx:
        return publication.confirm(ctx, revision)


@pytest.mark.exigence("HAB-02")
def test_nurse_feels_a_published_policy_at_her_next_act_and_not_before(monde: Monde, adjointe: Acteur) -> None:
    nurse, zoe = monde.a.infirmier, monde.a.zoe.dossier_id
    revision = proposed(monde)
    with monde.work(nurse) as ctx:
        assert habilitations.permitted(ctx, zoe).can_fill("S4")
    with monde.work(adjointe) as ctx:
        assert publication.confirm(ctx, revision) == 1
    with monde.work(nurse) as ctx:
        droits = habilitations.permitted(ctx, zoe)
        assert droits.can_consult("S4")
        assert not droits.can_fill("S4")
        assert droits.sections["S4"].remplir.rules == ("R-155",)
    with pytest.raises(AccessDenied, match="en lecture seule") as refusal, monde.work(nurse) as ctx:
        habilitations.require(ctx, "courrier.add", zoe)
    assert str(refusal.value.facts["version"]).startswith("1-")
    with monde.work(monde.b.infirmier, monde.b) as ctx:
        assert habilitations.permitted(ctx, monde.b.zoe.dossier_id).can_fill("S4")


@pytest.mark.exigence("HAB-02")
def test_nobody_confirms_what_he_proposed_and_the_attempt_is_traced(monde: Monde) -> None:
    revision = proposed(monde)
    with pytest.raises(OwnProposal), monde.work(monde.a.directrice) as ctx:
        publication.confirm(ctx, revision)
    with monde.superuser.connect() as connection:
        query = text("SELECT decision, action FROM trace ORDER BY id DESC LIMIT 1")
        assert tuple(connection.execute(query).one()) == ("refuse", "politique.confirm")
        assert connection.execute(text("SELECT count(*) FROM politique_version")).scalar() == 0


@pytest.mark.exigence("HAB-02")
def test_database_refuses_a_version_proposed_and_confirmed_by_one_person(monde: Monde) -> None:
    with pytest.raises(IntegrityError, match="deux_personnes"):
        run(
            monde,
            "INSERT INTO politique_version (tenant_id, id, numero, texte, proposed_at, proposed_by, published_at,"
            " published_by) VALUES (:tenant, gen_random_uuid(), 1, '', now(), :who, now(), :who)",
            tenant=monde.a.tenant_id,
            who=monde.a.directrice.id,
        )


@pytest.mark.exigence("HAB-02")
@pytest.mark.parametrize("verb", ["UPDATE politique_version SET texte = ''", "DELETE FROM politique_version"])
def test_version_never_changes_even_for_the_application_itself(monde: Monde, adjointe: Acteur, verb: str) -> None:
    published(monde, adjointe)
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text(verb))


@pytest.mark.exigence("HAB-02")
def test_version_tells_who_proposed_it_who_confirmed_it_why_and_what_the_cmt_said(
    monde: Monde, adjointe: Acteur
) -> None:
    published(monde, adjointe)
    with monde.work(monde.a[Role.DPO]) as ctx:
        latest, shipped = publication.versions(ctx)
    assert (latest.numero, latest.proposed_by, latest.published_by) == (1, monde.a.directrice.id, adjointe.id)
    assert latest.motif == "Les courriers restent aux médecins."
    assert latest.avis == FAVORABLE
    assert latest.choix.niveau(Role.INF, "S4") is Niveau.LIRE
    assert shipped.numero == 0
    assert shipped.published_at is None


def test_next_draft_starts_from_the_version_in_force(monde: Monde, adjointe: Acteur) -> None:
    published(monde, adjointe)
    with monde.work(monde.a.directrice) as ctx:
        publication.start(ctx)
        found = publication.brouillon(ctx)
    assert found is not None
    assert found.base == 1
    assert found.ecarts == ()
    assert found.choix.niveau(Role.INF, "S4") is Niveau.LIRE


def test_one_draft_at_a_time_and_each_spst_has_its_own(monde: Monde) -> None:
    prepare(monde)
    with pytest.raises(BrouillonAlreadyOpen), monde.work(monde.a.directrice) as ctx:
        publication.start(ctx)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert publication.brouillon(ctx) is None
        publication.start(ctx)


def test_changes_are_taken_back_one_by_one(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        publication.start(ctx)
        publication.set_niveau(ctx, Role.INF, "S4", Niveau.LIRE)
        publication.set_niveau(ctx, Role.INF, "S4", Niveau.FERME)
        publication.set_niveau(ctx, Role.INF, "S4", Niveau.FERME)
        for expected in (Niveau.LIRE, Niveau.REMPLIR):
            publication.undo(ctx)
            found = publication.brouillon(ctx)
            assert found is not None
            assert found.choix.niveau(Role.INF, "S4") is expected
        assert found is not None
        assert not found.can_undo
        with pytest.raises(BrouillonNotReady, match="plus de changement"):
            publication.undo(ctx)


def test_draft_that_changes_nothing_or_without_the_opinion_of_the_cmt_is_not_proposed(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        publication.start(ctx)
        with pytest.raises(BrouillonNotReady, match="ne change rien"):
            publication.propose(ctx, seen(ctx), "Pour voir")
        publication.set_niveau(ctx, Role.INF, "S4", Niveau.LIRE)
        with pytest.raises(BrouillonNotReady, match="médico-technique"):
            publication.propose(ctx, seen(ctx), "Pour voir")
        with pytest.raises(BrouillonNotReady, match="n’a pas encore eu lieu"):
            publication.note_avis(ctx, Avis(AvisCmt.FAVORABLE, date(2199, 1, 1)))


def test_proposed_draft_is_frozen_until_it_is_taken_back_or_returned(monde: Monde, adjointe: Acteur) -> None:
    proposed(monde)
    with monde.work(monde.a.directrice) as ctx:
        with pytest.raises(BrouillonProposed):
            publication.set_niveau(ctx, Role.INF, "S4", Niveau.FERME)
        with pytest.raises(BrouillonProposed):
            publication.abandon(ctx)
    with monde.work(adjointe) as ctx:
        with pytest.raises(BrouillonNotReady, match="pourquoi"):
            publication.take_back(ctx)
        publication.take_back(ctx, "Précisez les courriers visés.")
    with monde.work(monde.a.directrice) as ctx:
        found = publication.brouillon(ctx)
        assert found is not None
        assert found.returned_why == "Précisez les courriers visés."
        publication.set_niveau(ctx, Role.INF, "S4", Niveau.FERME)


def test_confirmation_is_of_what_was_read(monde: Monde, adjointe: Acteur) -> None:
    revision = proposed(monde)
    with monde.work(monde.a.directrice) as ctx:
        publication.take_back(ctx)
        publication.set_niveau(ctx, Role.INF, "S3", Niveau.FERME)
        publication.propose(ctx, seen(ctx), "Autre chose")
    with pytest.raises(BrouillonChanged), monde.work(adjointe) as ctx:
        publication.confirm(ctx, revision)


def test_abandoned_draft_leaves_what_is_in_force(monde: Monde) -> None:
    prepare(monde)
    with monde.work(monde.a.directrice) as ctx:
        publication.abandon(ctx)
        assert publication.brouillon(ctx) is None
        assert habilitations.read_politique(ctx).version.startswith("0-")
        with pytest.raises(BrouillonNotFound):
            publication.undo(ctx)


@pytest.mark.exigence("HAB-02")
@pytest.mark.parametrize("role", [Role.DPO, Role.AUD, Role.MDT, Role.ADM])
def test_only_the_direction_prepares_proposes_and_confirms(monde: Monde, role: Role) -> None:
    revision = proposed(monde)
    acts = (
        publication.start,
        publication.undo,
        lambda ctx: publication.propose(ctx, 1, "x"),
        lambda ctx: publication.confirm(ctx, revision),
    )
    for act in acts:
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            act(ctx)


def test_version_of_another_spst_is_not_found(monde: Monde, adjointe: Acteur) -> None:
    published(monde, adjointe)
    with pytest.raises(VersionNotFound), monde.work(monde.b.directrice, monde.b) as ctx:
        publication.version(ctx, 1)
