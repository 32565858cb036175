"""Several delegations of one médecin to one person: where two stand together, one gives all that the other gives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.habilitations import protocoles
from spst.habilitations import services as habilitations
from spst.habilitations.errors import EcritRefused
from spst.habilitations.protocoles import Genre, Periode
from spst.habilitations.rules import ACTES, DELEGABLE, PorteeDelegation, encloses, given_sections
from spst.kernel.acteur import Role
from spst.kernel.clock import SystemClock, today
from tests.factories.monde import Monde
from tests.factories.releves import run

pytestmark = pytest.mark.exigence("HAB-05")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
IN_A_MONTH = 30


@pytest.fixture(autouse=True)
def clean(monde: Monde) -> Iterator[None]:
    yield
    run(monde, "DELETE FROM delegation")


def delegate(monde: Monde, *sections: str, start: int = 0, **changes: Any) -> UUID:
    first = today(SystemClock()) + timedelta(days=start)
    with monde.work(monde.a.medecin) as ctx:
        periode = Periode(first, first + timedelta(days=9))
        return protocoles.give_delegation(ctx, monde.a[Role.ASST].id, sections, periode, reference="Essai", **changes)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"sections": ["S1"]}, {"sections": ["S2"]}),
        ({"sections": ["S1"], "actes": ["lire"]}, {"sections": ["S1"], "actes": ["identite"]}),
        ({"sections": ["S1", "S2"], "actes": ["lire"]}, {"sections": ["S1"]}),
    ],
    ids=["another section", "another act", "more acts of fewer sections"],
)
def test_delegation_that_would_share_the_acts_out_is_refused_while_the_other_stands(
    monde: Monde, first: dict[str, Any], second: dict[str, Any]
) -> None:
    given = delegate(monde, *first.pop("sections"), **first)
    sections = second.pop("sections")
    with pytest.raises(EcritRefused, match="reprend tout"):
        delegate(monde, *sections, **second)
    delegate(monde, *sections, start=IN_A_MONTH, **second)
    with monde.work(monde.a.medecin) as ctx:
        protocoles.revoke(ctx, Genre.DELEGATION, given)
    delegate(monde, *sections, **second)


def test_dossier_delegated_by_itself_takes_up_what_is_delegated_for_all(monde: Monde) -> None:
    delegate(monde, "S1")
    with pytest.raises(EcritRefused, match="reprend tout"):
        delegate(monde, "S2", dossier_id=monde.a.zoe.dossier_id)
    delegate(monde, "S1", "S2", dossier_id=monde.a.zoe.dossier_id)
    with monde.work(monde.a[Role.ASST]) as ctx:
        habilitations.require(ctx, "identite.consult", monde.a.zoe.dossier_id)
        habilitations.require(ctx, "exposition.consult", monde.a.zoe.dossier_id)


def test_two_dossiers_are_delegated_each_for_its_own(monde: Monde) -> None:
    delegate(monde, "S1", dossier_id=monde.a.zoe.dossier_id)
    delegate(monde, "S2", dossier_id=monde.a.pierre.dossier_id)
    with monde.work(monde.a[Role.ASST]) as ctx:
        habilitations.require(ctx, "identite.consult", monde.a.zoe.dossier_id)
    with monde.work(monde.a[Role.ASST]) as ctx:
        habilitations.require(ctx, "exposition.consult", monde.a.pierre.dossier_id)


def test_all_that_one_page_asks_is_served_by_the_wider_though_the_narrower_began_last(monde: Monde) -> None:
    delegate(monde, "S1", "S2")
    delegate(monde, "S1")
    with monde.work(monde.a[Role.ASST]) as ctx:
        habilitations.require(ctx, "identite.consult", monde.a.zoe.dossier_id)
        habilitations.require(ctx, "exposition.consult", monde.a.zoe.dossier_id)


portees = st.builds(
    PorteeDelegation,
    sections=st.frozensets(st.sampled_from(["S1", "S2"]), min_size=1),
    starts_on=st.just(NOW),
    ends_on=st.just(NOW + timedelta(days=1)),
    actes=st.none() | st.frozensets(st.sampled_from(sorted(ACTES)), min_size=1),
)
questions = st.sampled_from(sorted({*("consulter", "remplir"), *(one for g in ACTES.values() for one in g.actes)}))


@given(wide=portees, narrow=portees, question=questions)
def test_what_encloses_gives_all_that_the_other_gives(
    wide: PorteeDelegation, narrow: PorteeDelegation, question: str
) -> None:
    """On the sections that the act touches: another one, though delegated, is not asked of it."""
    touched = {one.section for one in ACTES.values() if question in one.actes and one.section} or DELEGABLE
    if encloses(wide, narrow):
        assert given_sections(narrow, question) & touched <= given_sections(wide, question)
    assert encloses(wide, wide)
