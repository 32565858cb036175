"""Crowds: whatever the role, the section, the act, the situation, the SPST and its policy, never more than the law.

And no less than what the law gives and the SPST leaves, so that a product which refuses everything fails too.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spst.habilitations import actions, moteur, politique
from spst.habilitations import services as habilitations
from spst.habilitations.actions import DOMAINES, Mode
from spst.habilitations.choix import Choix
from spst.habilitations.errors import PolitiqueRefused
from spst.habilitations.models import PolitiqueVersion
from spst.habilitations.moteur import Destinataire, Situation
from spst.habilitations.politique import Politique
from spst.habilitations.ports import Faits
from spst.habilitations.services import Droits
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied, NotFound
from tests.factories.monde import Monde, Spst
from tests.factories.releves import run
from tests.habilitations import foule, journees, loi
from tests.habilitations.foule import NOW, Fiche, Peuple
from tests.habilitations.interdits import FACTS, Interdit, Locale, changed, interdits, locales, situations
from tests.scale import SCALE

ANYBODY = UUID(int=5)
CELLS = [(str(mode), volet) for mode, volet in product(Mode, loi.VOLETS)]
ACTES = [
    *((acte, cible) for acte, entry in loi.ACTES.items() for cible in entry.cibles),
    *((str(mode), domaine) for mode, domaine in product(Mode, DOMAINES)),
]
"""What is asked beside the cells of the matrix."""
RESERVED = [(acte, loi.ACTES[acte].cibles[0]) for acte in loi.RESERVES]
NO_LETTERS = Interdit("principal", "action", 'resource == Volet::"S4"', "")
questions = st.lists(st.sampled_from(ACTES), min_size=5, max_size=5)
EDGES = [(), *((name,) for name in FACTS), ("opposition_mpc", "opposition_professionnels")]
ON_DOSSIER = [acte for acte, entry in loi.ACTES.items() if entry.cibles[0] in loi.VOLETS]


def opened(policy: Politique, role: Role, situation: Situation, asked: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """The cells that the engine opens, and what it opens of the questions asked."""
    matrix = moteur.decide_matrix(policy, role, situation)
    cells = {(str(mode), volet) for (volet, mode), verdict in matrix.items() if verdict.allowed}
    return cells | {one for one in asked if moteur.decide_one(policy, role, *one, situation).allowed}


def lawful(role: Role, situation: Situation, asked: list[tuple[str, str]]) -> set[tuple[str, str]]:
    return {one for one in [*CELLS, *asked] if loi.opens(role, *one, situation)}


# ──── The engine alone


@pytest.mark.exigence("HAB-01")
def test_every_act_of_the_registry_is_judged_by_the_law_on_its_own_sections() -> None:
    registry = {one.name: (str(one.mode), one.targets, one.each) for one in actions.all()}
    assert {name: tuple(acte) for name, acte in loi.ACTES.items()} == registry


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("role", Role)
def test_one_fact_alone_opens_or_closes_to_a_role_what_the_law_says(role: Role) -> None:
    """Crowds drawn at random seldom meet the one fact that decides: each is met here, for every role."""
    for names in EDGES:
        situation, asked = changed(names), RESERVED if names else ACTES
        assert opened(politique.ceiling_alone(), role, situation, asked) == lawful(role, situation, asked), names


@pytest.mark.exigence("HAB-01")
@settings(max_examples=20 * SCALE, deadline=None)
@given(situation=situations(), asked=questions)
def test_ceiling_opens_to_a_crowd_what_the_law_opens_and_nothing_else(
    situation: Situation, asked: list[tuple[str, str]]
) -> None:
    for role in Role:
        assert opened(politique.ceiling_alone(), role, situation, asked) == lawful(role, situation, asked), role


@pytest.mark.exigence("HAB-01")
@settings(max_examples=60 * SCALE, deadline=None)
@given(acte=st.sampled_from(list(loi.ACTES)), situation=situations())
def test_act_is_open_when_the_law_opens_the_sections_that_it_needs(acte: str, situation: Situation) -> None:
    for role in Role:
        decision = moteur.decide(politique.ceiling_alone(), role, actions.get(acte), situation)
        assert decision.allowed is loi.allows(role, acte, situation), role


@pytest.mark.exigence("HAB-01")
@settings(max_examples=40 * SCALE, deadline=None)
@given(situation=situations())
def test_sections_that_leave_the_spst_are_those_that_the_law_sends(situation: Situation) -> None:
    for destinataire in Destinataire:
        found = moteur.decide_transmission(politique.ceiling_alone(), destinataire, situation).open_sections
        assert found == tuple(volet for volet in loi.VOLETS if loi.receives(destinataire, volet, situation))


@pytest.mark.exigence("HAB-03")
@settings(max_examples=20 * SCALE, deadline=None)
@given(locale=locales, situation=situations(), asked=questions)
def test_policy_of_an_spst_closes_what_it_says_and_opens_nothing_more_than_the_law(
    locale: Locale, situation: Situation, asked: list[tuple[str, str]]
) -> None:
    policy = politique.compile_politique(locale.texte(), 1)
    for role in Role:
        found, law = opened(policy, role, situation, asked), lawful(role, situation, asked)
        assert found <= law, role
        assert found == {one for one in law if not locale.closes(role, *one, situation)}, role


@pytest.mark.exigence("HAB-03")
@settings(max_examples=20 * SCALE, deadline=None)
@given(locale=locales, hidden=interdits(), rank=st.integers(0, 4))
def test_policy_with_one_permit_among_its_rules_is_refused(locale: Locale, hidden: Interdit, rank: int) -> None:
    rules = [one.texte(number) for number, one in enumerate(locale.interdits, 1)]
    rules.insert(rank, hidden.texte(99, effet="permit"))
    with pytest.raises(PolitiqueRefused) as refusal:
        politique.compile_politique("\n".join(rules), 1)
    assert "R-099" in str(refusal.value.facts["raisons"])


# ──── On the tables of two SPSTs


@pytest.fixture(scope="module", params=range(SCALE))
def peuples(monde: Monde, request: pytest.FixtureRequest) -> tuple[Peuple, Peuple]:
    return foule.sow(monde, seed=4624 + request.param)


@contextmanager
def published(monde: Monde, *policies: tuple[Spst, str]) -> Iterator[None]:
    for spst, texte in policies:
        monde.add(
            PolitiqueVersion(
                tenant_id=spst.tenant_id,
                numero=1,
                texte=texte,
                published_at=NOW - timedelta(days=1),
                published_by=spst.directrice.id,
            )
        )
    try:
        yield
    finally:
        run(monde, "DELETE FROM politique_version")


def workers_and_staff(peuple: Peuple) -> list[Acteur]:
    return [*peuple.acteurs, *(fiche.acteur for fiche in peuple.fiches)]


def seen(monde: Monde, peuple: Peuple, acteur: Acteur) -> Iterator[tuple[Fiche, Droits]]:
    """Each dossier of his SPST; a worker finds his own alone."""
    own = next((fiche.dossier_id for fiche in peuple.fiches if fiche.acteur == acteur), None)
    with monde.work(acteur, peuple.spst, dossier_id=own) as ctx:
        for fiche in peuple.fiches:
            if acteur.role is Role.SAL and fiche.dossier_id != own:
                with pytest.raises(NotFound):
                    habilitations.permitted(ctx, fiche.dossier_id)
            else:
                yield fiche, habilitations.permitted(ctx, fiche.dossier_id)


def check_cells(monde: Monde, peuple: Peuple, acteurs: list[Acteur], locale: Locale | None = None) -> set[Role]:
    """Each of them and each dossier of an SPST; returns the roles to which some dossier opened."""
    served = set[Role]()
    for acteur in acteurs:
        for fiche, droits in seen(monde, peuple, acteur):
            for mode in Mode:
                found = {volet for volet, droit in droits.sections.items() if getattr(droit, mode).allowed}
                asked = peuple.situations(acteur, fiche, mode, loi.VOLETS)
                assert found in [left(peuple, acteur, fiche, mode, one, locale) for one in asked], (acteur, fiche, mode)
                served.update({acteur.role} if found else ())
    return served


def left(
    peuple: Peuple, acteur: Acteur, fiche: Fiche, question: str, situation: Situation, locale: Locale | None
) -> set[str]:
    """Sections that the law opens and the SPST leaves; a médecin who runs an exceptional access gets past the latter."""
    law = {volet for volet in loi.VOLETS if loi.opens(acteur.role, question, volet, situation)}
    past = acteur.role is Role.MDT and (acteur.id, fiche.dossier_id) in peuple.exceptionnels
    if locale is None or past:
        return law
    return {volet for volet in law if not locale.closes(acteur.role, question, volet, situation)}


@pytest.mark.exigence("HAB-01")
def test_crowd_sees_of_each_dossier_what_the_law_gives_it_when_the_spst_closes_nothing(
    monde: Monde, peuples: tuple[Peuple, Peuple]
) -> None:
    with published(monde, *((one.spst, "") for one in peuples)):
        served = [check_cells(monde, peuple, workers_and_staff(peuple)) for peuple in peuples]
    assert set[Role]().union(*served) == {*loi.SANTE, *loi.DELEGUES, Role.SAL}


@pytest.mark.exigence("HAB-03")
@settings(max_examples=2, deadline=None)
@example(here=Locale(Choix(), (NO_LETTERS,)), there=Locale(Choix(), ()))
@given(here=locales, there=locales)
def test_crowd_of_each_spst_loses_what_its_own_policy_says_and_gains_nothing(
    monde: Monde, peuples: tuple[Peuple, Peuple], here: Locale, there: Locale
) -> None:
    both = list(zip(peuples, (here, there), strict=True))
    with published(monde, *((peuple.spst, locale.texte()) for peuple, locale in both)):
        for peuple, locale in both:
            check_cells(monde, peuple, [one for one in peuple.acteurs if one.id in peuple.usual], locale)


@pytest.mark.exigence("HAB-01")
def test_crowd_does_the_acts_that_the_law_lets_it_do(monde: Monde, peuples: tuple[Peuple, Peuple]) -> None:
    chance, answers = Random(45), set()
    with published(monde, *((one.spst, "") for one in peuples)):
        for peuple in peuples:
            for acteur in workers_and_staff(peuple):
                own = [fiche for fiche in peuple.fiches if fiche.acteur == acteur]
                fiche, acte = chance.choice(own or peuple.fiches), chance.choice(ON_DOSSIER)
                asked = peuple.situations(acteur, fiche, acte, loi.ACTES[acte].cibles)
                found = does(monde, peuple.spst, acteur, fiche, acte)
                assert found in [loi.allows(acteur.role, acte, one) for one in asked], (acteur, fiche, acte)
                answers.add(found)
    assert answers == {True, False}


def does(monde: Monde, spst: Spst, acteur: Acteur, fiche: Fiche, acte: str) -> bool:
    own = fiche.dossier_id if fiche.acteur == acteur else None
    try:
        with monde.work(acteur, spst, dossier_id=own) as ctx:
            habilitations.require(ctx, acte, fiche.dossier_id)
    except AccessDenied:
        return False
    return True


@pytest.mark.exigence("HAB-01")
def test_nobody_of_an_spst_finds_a_dossier_of_the_other(monde: Monde, peuples: tuple[Peuple, Peuple]) -> None:
    """Under the same account in both too, and when a delegation of his names that dossier."""
    for here, there in (peuples, peuples[::-1]):
        for acteur in workers_and_staff(here):
            own = there.fiches[0].dossier_id if acteur.role is Role.SAL else None
            with monde.work(acteur, here.spst, dossier_id=own) as ctx:
                for fiche in there.fiches:
                    with pytest.raises(NotFound):
                        habilitations.permitted(ctx, fiche.dossier_id)
                    with pytest.raises(NotFound):
                        habilitations.require(ctx, "dossier.open", fiche.dossier_id)


# ──── Ordinary days


def done(monde: Monde, role: Role) -> set[str]:
    """Acts that somebody in this role may do in A, where no policy was published."""
    found = set()
    with journees.at_work(monde, role) as (acteur, own), monde.work(acteur, dossier_id=own) as ctx:
        for acte in loi.ACTES:
            dossier_id = monde.a.zoe.dossier_id if acte in ON_DOSSIER and acte != "dossier.create" else None
            with suppress(AccessDenied, NotFound):
                habilitations.require(ctx, acte, dossier_id)
                found.add(acte)
    return found


def lawful_acts(role: Role) -> set[str]:
    """Whoever constitutes a dossier finds none yet, of which anything would be known."""
    situation = journees.usual(role)
    nothing_yet = replace(situation, faits=Faits())
    return {a for a in loi.ACTES if loi.allows(role, a, nothing_yet if a == "dossier.create" else situation)}


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("role", Role)
def test_role_completes_its_day_under_the_default_policy_and_does_nothing_that_the_law_closes(
    monde: Monde, role: Role
) -> None:
    found = done(monde, role)
    assert set(journees.JOURNEES[role].split()) - found == set()
    reserved = {"acces.consult"} if role in loi.SOUS_AUTORITE else set()
    assert found == lawful_acts(role) - reserved


@pytest.mark.exigence("HAB-01")
def test_interne_to_whom_the_avis_are_delegated_issues_them_on_his_day(monde: Monde) -> None:
    interne = monde.a[Role.INT].id
    run(monde, "UPDATE supervision SET delegue_avis = true WHERE supervise_id = :who", who=interne)
    try:
        assert "avis.issue" in done(monde, Role.INT)
    finally:
        run(monde, "UPDATE supervision SET delegue_avis = false WHERE supervise_id = :who", who=interne)


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.TECH, Role.SRV}])
def test_role_sees_on_its_day_the_sections_of_its_line_and_the_medecin_alone_the_journal(
    monde: Monde, role: Role
) -> None:
    with journees.at_work(monde, role) as (acteur, own), monde.work(acteur, dossier_id=own) as ctx:
        droits = habilitations.permitted(ctx, monde.a.zoe.dossier_id).sections
    found = {(str(mode), volet) for mode in Mode for volet in loi.VOLETS if getattr(droits[volet], mode).allowed}
    closed = {(str(Mode.CONSULTER), "S8")} if role in loi.SOUS_AUTORITE else set()
    assert found == lawful(role, journees.usual(role), []) - closed
