"""The name of an account is corrected by a colleague; what it was stays read, and who enters does not change."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.comptes import noms
from spst.comptes import services_comptes as services
from spst.comptes.errors import CompteNotFound, CompteRefused, OwnCompteRefused
from spst.kernel.acteur import Role
from spst.kernel.errors import AccessDenied
from tests.factories.monde import Monde, colleague
from tests.factories.releves import last_traces

pytestmark = pytest.mark.exigence("AUT-06")


@pytest.fixture
def somebody(monde: Monde) -> UUID:
    return colleague(monde, monde.a, Role.ADM).id


def correct(monde: Monde, compte_id: UUID, nom: str, civilite: str = "Mme", prenom: str = "Aude") -> None:
    with monde.work(monde.a.directrice) as ctx:
        noms.correct(ctx, compte_id, civilite, prenom, nom)


def test_new_name_is_shown_and_each_former_one_says_until_when_and_by_whom(monde: Monde, somebody: UUID) -> None:
    correct(monde, somebody, "Premier")
    correct(monde, somebody, " Second  Nom ")
    traced = last_traces(monde, monde.a)[0]
    assert (traced.action, traced.details) == ("compte.update", {"compte": str(somebody), "geste": "nom_corrige"})
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, somebody).nom_complet == "Mme\u00a0Aude Second Nom"
        first, born = noms.former(ctx, somebody)
        me = services.get_compte(ctx, monde.a.directrice.id).nom_complet
    assert (first.nom, first.changed_by) == ("Mme\u00a0Aude Premier", me)
    assert first.until_at > born.until_at


@pytest.mark.parametrize(
    ("civilite", "prenom", "nom", "said"),
    [
        ("Pr", "Aude", "Neuf", "Choisissez"),
        ("Mme", " ", "Neuf", "prénom"),
        ("Mme", "Aude", "", "prénom"),
        ("Mme", "Aude", "Pareil", "déjà le nom"),
    ],
)
def test_name_that_is_none_or_the_same_is_refused(
    monde: Monde, somebody: UUID, civilite: str, prenom: str, nom: str, said: str
) -> None:
    correct(monde, somebody, "Pareil")
    with pytest.raises(CompteRefused, match=said):
        correct(monde, somebody, nom, civilite, prenom)


def test_nobody_changes_his_own_name_nor_that_of_another_spst(monde: Monde) -> None:
    with pytest.raises(OwnCompteRefused):
        correct(monde, monde.a.directrice.id, "Autre")
    with pytest.raises(CompteNotFound):
        correct(monde, colleague(monde, monde.b, Role.ADM).id, "Autre")


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD, Role.ADM, Role.MDT])
def test_other_roles_correct_no_name(monde: Monde, somebody: UUID, role: Role) -> None:
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        noms.correct(ctx, somebody, "Mme", "Aude", "Autre")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE compte SET rpps = '81000000000' WHERE id = :id", "stays written"),
        ("UPDATE compte SET email = 'autre@spst.test' WHERE id = :id", "stays written"),
        ("UPDATE compte_nom SET nom = 'Effacé' WHERE compte_id = :id", "permission denied"),
        ("DELETE FROM compte_nom WHERE compte_id = :id", "permission denied"),
    ],
    ids=["RPPS number", "address", "former name rewritten", "former name deleted"],
)
def test_database_keeps_who_enters_and_what_he_was_called(
    monde: Monde, somebody: UUID, statement: str, said: str
) -> None:
    correct(monde, somebody, "Neuf")
    with pytest.raises(DBAPIError, match=said), monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text(statement), {"id": somebody})


def test_name_changed_in_the_database_by_the_direction_leaves_the_former_one(monde: Monde, somebody: UUID) -> None:
    with monde.work(monde.a.directrice) as ctx:
        ctx.session.execute(text("UPDATE compte SET nom = 'Autre' WHERE id = :id"), {"id": somebody})
    with monde.work(monde.a.directrice) as ctx:
        assert len(noms.former(ctx, somebody)) == 1
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert noms.former(ctx, somebody) == ()


def test_account_is_found_by_what_it_was_called(monde: Monde, somebody: UUID) -> None:
    correct(monde, somebody, "Ouazzaniancien")
    correct(monde, somebody, "Marceau")
    with monde.work(monde.a.directrice) as ctx:
        assert [one.id for one in services.list_comptes(ctx, "ouazzaniancien")] == [somebody]
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert services.list_comptes(ctx, "ouazzaniancien") == []
