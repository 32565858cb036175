"""Care by sector: the équipes of the sector where the worker is employed, when no équipe was entrusted with his dossier."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from spst.comptes.models import EquipeMembre
from spst.dmst import services as dmst
from spst.dmst.faits import FaitsFromTables
from spst.dmst.models import Suivi
from spst.entreprises.models import SecteurEtablissement
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from spst.tenants.models import Equipe, Secteur
from tests.factories.monde import IN_A_TEAM, LONG_AGO, STAFF, Monde, Personne, Spst
from tests.factories.releves import clock, run, statements

pytestmark = pytest.mark.exigence("HAB-01", partielle="le suivi par le secteur de l’établissement")


def place(monde: Monde, spst: Spst, secteur_id: UUID) -> None:
    monde.add(
        SecteurEtablissement(
            tenant_id=spst.tenant_id,
            secteur_id=secteur_id,
            etablissement_id=spst.etablissement_id,
            starts_on=LONG_AGO.date(),
            created_at=LONG_AGO,
            created_by=spst[Role.ADM].id,
        )
    )


@pytest.fixture
def nord(monde: Monde) -> Iterator[UUID]:
    """In A the establishment stands in a sector of one équipe, of which `medecin_ailleurs` is; in B, in that of both.

    No équipe was entrusted with Zoé's dossier, in A nor in B.
    """
    secteur_id, equipe_id = new_id(), new_id()
    key = {"tenant_id": monde.a.tenant_id}
    monde.add(
        Secteur(id=secteur_id, nom="Secteur nord", **key),
        Equipe(id=equipe_id, nom="Équipe Nord", secteur_id=secteur_id, centre_id=monde.a.centre_id, **key),
        EquipeMembre(compte_id=monde.a.medecin_ailleurs.id, equipe_id=equipe_id, starts_at=LONG_AGO, **key),
    )
    place(monde, monde.a, secteur_id)
    place(monde, monde.b, monde.b.secteur_id)
    dossiers = [monde.a.zoe.dossier_id, monde.b.zoe.dossier_id]
    run(monde, "UPDATE suivi SET ends_on = starts_on WHERE dossier_id = ANY (:ids)", ids=dossiers)
    yield secteur_id
    run(monde, "DELETE FROM secteur_etablissement")
    run(monde, "DELETE FROM equipe_membre WHERE equipe_id = :id", id=equipe_id)
    run(monde, "DELETE FROM suivi WHERE equipe_id = :id", id=equipe_id)
    run(monde, "DELETE FROM equipe WHERE id = :id", id=equipe_id)
    run(monde, "DELETE FROM secteur WHERE id = :id", id=secteur_id)
    run(monde, "DELETE FROM suivi WHERE compte_id IS NOT NULL")
    run(monde, "UPDATE suivi SET ends_on = NULL WHERE dossier_id = ANY (:ids)", ids=dossiers)


def follows(monde: Monde, acteur: Acteur, personne: Personne | None = None, spst: Spst | None = None) -> bool:
    with monde.work(acteur, spst) as ctx:
        return FaitsFromTables().read(ctx, (personne or (spst or monde.a).zoe).dossier_id).suivi


@pytest.mark.usefixtures("nord")
def test_the_equipe_of_the_sector_follows_whom_no_equipe_was_entrusted_with_and_no_other_does(monde: Monde) -> None:
    assert follows(monde, monde.a.medecin_ailleurs)
    for role in IN_A_TEAM:
        assert not follows(monde, monde.a[role]), role


@pytest.mark.usefixtures("nord")
def test_every_equipe_of_the_sector_follows(monde: Monde) -> None:
    b = monde.b
    assert all(follows(monde, acteur, spst=b) for acteur in (b.medecin, b.infirmier, b.medecin_ailleurs))
    assert not follows(monde, b[Role.ADM], spst=b)


@pytest.mark.usefixtures("nord")
def test_a_dossier_entrusted_to_an_equipe_is_followed_by_it_alone(monde: Monde) -> None:
    assert follows(monde, monde.a.medecin, monde.a.pierre)
    assert not follows(monde, monde.a.medecin_ailleurs, monde.a.pierre)


def test_without_a_sector_nobody_follows_whom_no_equipe_was_entrusted_with(monde: Monde, nord: UUID) -> None:
    run(monde, "DELETE FROM secteur_etablissement WHERE secteur_id = :id", id=nord)
    assert not any(follows(monde, acteur) for acteur in (monde.a.medecin, monde.a.medecin_ailleurs))


@pytest.mark.usefixtures("nord")
def test_who_is_entrusted_by_name_follows_beside_the_sector_and_he_alone_is_entrusted(monde: Monde) -> None:
    mpc = monde.a[Role.MPC]
    monde.add(
        Suivi(
            tenant_id=monde.a.tenant_id,
            dossier_id=monde.a.zoe.dossier_id,
            compte_id=mpc.id,
            starts_on=LONG_AGO.date(),
        )
    )
    for acteur, entrusted in ((mpc, True), (monde.a.medecin_ailleurs, False)):
        with monde.work(acteur) as ctx:
            faits = FaitsFromTables().read(ctx, monde.a.zoe.dossier_id)
            assert (faits.suivi, faits.confie_mpc) == (True, entrusted)


@pytest.mark.parametrize(
    ("ended", "back"),
    [
        ("secteur_etablissement SET ends_on = current_date - 2", ""),
        ("contrat SET ends_on = current_date - 2", "contrat SET ends_on = NULL"),
        ("contrat SET starts_on = current_date + 2", "contrat SET starts_on = '2020-01-06'"),
        ("equipe_membre SET ends_at = now() - interval '1 hour'", "equipe_membre SET ends_at = NULL"),
    ],
    ids=["placement", "contrat", "contrat à venir", "membre"],
)
@pytest.mark.usefixtures("nord")
def test_what_is_not_in_force_today_is_no_care(monde: Monde, ended: str, back: str) -> None:
    run(monde, f"UPDATE {ended} WHERE tenant_id = :t", t=monde.a.tenant_id)
    try:
        assert not follows(monde, monde.a.medecin_ailleurs)
    finally:
        if back:
            run(monde, f"UPDATE {back} WHERE tenant_id = :t", t=monde.a.tenant_id)


@pytest.mark.usefixtures("nord")
def test_care_by_sector_is_judged_at_the_instant_of_the_use_case(monde: Monde) -> None:
    with clock(monde) as horloge:
        horloge.at = LONG_AGO - timedelta(days=2)
        assert not follows(monde, monde.a.medecin_ailleurs)


@pytest.mark.usefixtures("nord")
def test_the_dossier_opens_to_the_equipe_of_the_sector_which_it_names_as_such(monde: Monde) -> None:
    with monde.work(monde.a.medecin_ailleurs) as ctx:
        seen = dmst.open_dossier(ctx, monde.a.zoe.dossier_id)
        assert [(membre.equipe, membre.par_secteur) for membre in seen.equipe] == [("Équipe Nord", True)]
        beside = dmst.open_dossier(ctx, monde.a.toussaint.dossier_id)
        assert {(membre.equipe, membre.par_secteur) for membre in beside.equipe} == {("Équipe Besson", False)}
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)


@pytest.mark.usefixtures("nord")
def test_the_worker_reads_which_equipe_follows_him_by_his_sector(monde: Monde) -> None:
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        seen = dmst.open_dossier(ctx, zoe.dossier_id)
    assert [(membre.equipe, membre.par_secteur) for membre in seen.equipe] == [("Équipe Nord", True)]


@pytest.mark.usefixtures("nord")
def test_the_list_of_those_who_follow_the_headers_and_the_decisions_agree(monde: Monde) -> None:
    for spst in (monde.a, monde.b):
        people = list(spst.personnes.values())
        for acteur in [spst[role] for role in STAFF if role in spst.staff] + [spst.medecin_ailleurs]:
            with monde.work(acteur, spst) as ctx, statements(monde) as sent:
                faits = FaitsFromTables().read_many(ctx, [one.dossier_id for one in people])
                assert len(sent) == 1
                headers = dmst.dossiers_of(ctx, [one.travailleur_id for one in people])
            assert all(faits[one.dossier_id].suivi for one in people if headers[one.travailleur_id].opens)
            for one in people:
                with monde.work(one.acteur, spst, dossier_id=one.dossier_id) as own:
                    named = {membre.compte_id for membre in dmst.open_dossier(own, one.dossier_id).equipe}
                assert (acteur.id in named) == faits[one.dossier_id].suivi
