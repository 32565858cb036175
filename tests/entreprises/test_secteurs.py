"""Sectors of establishments: who moves them, what a move leaves, and taking it back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.entreprises import secteurs
from spst.entreprises import services as entreprises
from spst.entreprises.errors import EtablissementNotFound, OwnPlacement, PlacementChanged, SecteurNotFound
from spst.entreprises.services import Deplacement
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.tenants.models import Secteur
from tests.factories.monde import LONG_AGO, Monde, Spst
from tests.factories.releves import clock, count_traces, last_traces, run

pytestmark = pytest.mark.exigence("TEN-05", partielle="les secteurs et leurs établissements")


@pytest.fixture
def nord(monde: Monde) -> Iterator[UUID]:
    """A second sector of A, without équipe; no establishment stands anywhere, before nor after."""
    secteur_id = new_id()
    monde.add(Secteur(tenant_id=monde.a.tenant_id, id=secteur_id, nom="Secteur nord"))
    yield secteur_id
    run(monde, "DELETE FROM secteur_etablissement")
    run(monde, "DELETE FROM secteur WHERE id = :id", id=secteur_id)


def place(monde: Monde, secteur_id: UUID, spst: Spst | None = None) -> tuple[Deplacement, ...]:
    spst = spst or monde.a
    with monde.work(spst[Role.ADM], spst) as ctx:
        return entreprises.place_etablissements(ctx, secteur_id, [spst.etablissement_id])


def undo(monde: Monde, moves: tuple[Deplacement, ...]) -> int:
    with monde.work(monde.a[Role.ADM]) as ctx:
        return entreprises.undo_placement(ctx, moves)


def history(monde: Monde) -> list[tuple[UUID, date, date | None]]:
    query = text("SELECT secteur_id, starts_on, ends_on FROM secteur_etablissement ORDER BY id")
    with monde.superuser.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def stands(monde: Monde, spst: Spst | None = None) -> UUID | None:
    spst = spst or monde.a
    with monde.work(spst[Role.ADM], spst) as ctx:
        [one] = entreprises.etablissements_by_id(ctx, [spst.etablissement_id])
    return one.secteur_id


def the_day(monde: Monde) -> date:
    return today(monde.runtime.clock)


def test_sectors_are_listed_with_their_equipes_and_establishments_without_sector_are_counted(
    monde: Monde, nord: UUID
) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert [(one.nom, one.equipes) for one in entreprises.secteurs(ctx)] == [
            ("Secteur nord", ()),
            ("Secteur sud", ("Équipe Besson", "Équipe Vasseur")),
        ]
        assert entreprises.count_by_secteur(ctx) == {None: 1}
        [one] = entreprises.etablissements_of(ctx, None).lignes
        assert (one.id, one.secteur_id, one.depuis, one.salaries) == (monde.a.etablissement_id, None, None, 3)
        assert entreprises.etablissements_of(ctx, nord).total == 0
    place(monde, nord)
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert entreprises.count_by_secteur(ctx) == {nord: 1}
        [one] = entreprises.etablissements_of(ctx, nord).lignes
        assert (one.id, one.secteur_id, one.depuis) == (monde.a.etablissement_id, nord, the_day(monde))
        assert entreprises.etablissements_of(ctx, None).total == 0


def test_people_are_counted_once_and_only_while_they_work_there(monde: Monde) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        for ends_on in (None, date(2024, 6, 30)):
            entreprises.create_contrat(
                ctx,
                monde.a.zoe.travailleur_id,
                monde.a.etablissement_id,
                type="CDD",
                poste="Cariste",
                starts_on=date(2024, 1, 8),
                ends_on=ends_on,
            )
        assert entreprises.etablissements_of(ctx, None).lignes[0].salaries == 3
    run(monde, "UPDATE contrat SET ends_on = starts_on WHERE travailleur_id = :id", id=monde.a.zoe.travailleur_id)
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert entreprises.etablissements_of(ctx, None).lignes[0].salaries == 2
    run(monde, "DELETE FROM contrat WHERE poste = 'Cariste'")
    run(monde, "UPDATE contrat SET ends_on = NULL WHERE travailleur_id = :id", id=monde.a.zoe.travailleur_id)


def test_a_move_ends_one_row_the_day_before_and_begins_another(monde: Monde, nord: UUID) -> None:
    day = the_day(monde)
    with clock(monde) as horloge:
        horloge.forward(days=-10)
        assert place(monde, monde.a.secteur_id) == (Deplacement(monde.a.etablissement_id, monde.a.secteur_id, None),)
    place(monde, nord)
    assert history(monde) == [
        (monde.a.secteur_id, day - timedelta(days=10), day - timedelta(days=1)),
        (nord, day, None),
    ]


def test_a_move_leaves_one_trace_and_names_nobody(monde: Monde, nord: UUID) -> None:
    before = count_traces(monde, monde.a)
    place(monde, nord)
    assert count_traces(monde, monde.a) == before + 1
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision, trace.dossier_id) == ("registre.update", "permis", None)


def test_an_establishment_that_stands_there_already_does_not_move(monde: Monde, nord: UUID) -> None:
    place(monde, nord)
    assert place(monde, nord) == ()
    assert len(history(monde)) == 1


def test_a_move_taken_back_leaves_its_rows_and_the_sector_before_is_in_force_again(monde: Monde, nord: UUID) -> None:
    day = the_day(monde)
    with clock(monde) as horloge:
        horloge.forward(days=-10)
        place(monde, monde.a.secteur_id)
    assert undo(monde, place(monde, nord)) == 1
    assert stands(monde) == monde.a.secteur_id
    assert history(monde)[1:] == [(nord, day, day - timedelta(days=1)), (monde.a.secteur_id, day, None)]
    assert last_traces(monde, monde.a)[0].action == "registre.update"


def test_the_first_placement_is_taken_back_too(monde: Monde, nord: UUID) -> None:
    undo(monde, place(monde, nord))
    assert stands(monde) is None
    assert len(history(monde)) == 1


def test_what_somebody_moved_since_is_not_taken_back(monde: Monde, nord: UUID) -> None:
    moves = place(monde, nord)
    place(monde, monde.a.secteur_id)
    with pytest.raises(PlacementChanged):
        undo(monde, moves)
    assert stands(monde) == monde.a.secteur_id


def test_two_people_who_place_at_the_same_time_place_once(monde: Monde, nord: UUID) -> None:
    """The slower one read the state before, and meets what the faster one wrote: told, not overwritten."""
    with monde.work(monde.a[Role.ADM]) as ctx:
        secteurs._begin(ctx, monde.a.etablissement_id, nord, the_day(monde))
    with pytest.raises(PlacementChanged), monde.work(monde.a[Role.ADM]) as ctx:
        secteurs._move(ctx, monde.a.etablissement_id, None, monde.a.secteur_id)
    with pytest.raises(PlacementChanged), monde.work(monde.a[Role.ADM]) as ctx:
        secteurs._move(ctx, monde.a.etablissement_id, monde.a.secteur_id, nord)
    assert stands(monde) == nord
    place(monde, monde.a.secteur_id)
    with pytest.raises(PlacementChanged), monde.work(monde.a[Role.ADM]) as ctx:
        secteurs._move(ctx, monde.a.etablissement_id, nord, monde.a.secteur_id)


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_who_does_not_keep_the_register_moves_nothing(monde: Monde, nord: UUID, role: Role) -> None:
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        entreprises.place_etablissements(ctx, nord, [monde.a.etablissement_id])
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        entreprises.secteurs(ctx)


@pytest.mark.exigence("HAB-01", partielle="nobody gives himself workers to follow")
def test_who_follows_a_sector_does_not_put_establishments_in_it_himself(monde: Monde, nord: UUID) -> None:
    place(monde, nord)
    with pytest.raises(OwnPlacement), monde.work(monde.a.medecin) as ctx:
        entreprises.place_etablissements(ctx, monde.a.secteur_id, [monde.a.etablissement_id])
    at_the_desk = replace(monde.a.medecin, role=Role.ADM)
    with pytest.raises(OwnPlacement), monde.work(at_the_desk) as ctx:
        entreprises.place_etablissements(ctx, monde.a.secteur_id, [monde.a.etablissement_id])
    assert stands(monde) == nord
    with monde.work(monde.a.medecin) as ctx:
        entreprises.place_etablissements(ctx, nord, [monde.a.etablissement_id])


def test_another_spst_has_neither_this_sector_nor_this_establishment(monde: Monde, nord: UUID) -> None:
    with pytest.raises(SecteurNotFound), monde.work(monde.b[Role.ADM], monde.b) as ctx:
        entreprises.place_etablissements(ctx, nord, [monde.b.etablissement_id])
    with pytest.raises(EtablissementNotFound), monde.work(monde.b[Role.ADM], monde.b) as ctx:
        entreprises.place_etablissements(ctx, monde.b.secteur_id, [monde.a.etablissement_id])
    place(monde, nord)
    with monde.work(monde.b[Role.ADM], monde.b) as ctx:
        assert entreprises.count_by_secteur(ctx) == {None: 1}


@pytest.mark.parametrize(
    "change",
    [
        {"ends_on": None},
        {"secteur_id": "nord"},
        {"starts_on": LONG_AGO.date()},
    ],
    ids=["rouvrir", "autre secteur", "autre jour"],
)
def test_the_database_lets_a_row_end_once_and_nothing_else(monde: Monde, nord: UUID, change: dict[str, Any]) -> None:
    place(monde, monde.a.secteur_id)
    place(monde, nord)
    values = {name: nord if value == "nord" else value for name, value in change.items()}
    column = next(iter(values))
    with pytest.raises(DBAPIError, match="ends, and is not rewritten"):
        run(
            monde,
            f"UPDATE secteur_etablissement SET {column} = :{column} WHERE secteur_id = :old",
            old=monde.a.secteur_id,
            **values,
        )
    with pytest.raises(DBAPIError, match="not rewritten"):
        run(monde, "UPDATE secteur_etablissement SET created_by = :who WHERE ends_on IS NULL", who=new_id())


def test_the_database_holds_one_sector_in_force_by_establishment(monde: Monde, nord: UUID) -> None:
    place(monde, nord)
    with pytest.raises(DBAPIError, match="en_cours_uq"):
        run(
            monde,
            "INSERT INTO secteur_etablissement SELECT tenant_id, :id, :s, etablissement_id, starts_on, NULL, created_at,"
            " created_by FROM secteur_etablissement",
            id=new_id(),
            s=monde.a.secteur_id,
        )
