"""The register of companies, on a real database, two SPSTs."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from spst.entreprises import services as entreprises
from spst.entreprises.errors import (
    AdherentNotFound,
    AlreadyRegistered,
    ContratNotFound,
    ContratRefused,
    EtablissementNotFound,
    SiretOfAnother,
)
from spst.identite.errors import TravailleurNotFound
from spst.kernel.acteur import Role
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.factories.monde import Monde
from tests.factories.releves import last_traces, run, statements


def contract(monde: Monde, **changes: Any) -> UUID:
    values: dict[str, Any] = {"type": "CDD", "poste": "Cariste", "starts_on": date(2024, 1, 8)}
    with monde.work(monde.a[Role.ADM]) as ctx:
        return entreprises.create_contrat(
            ctx, monde.a.zoe.travailleur_id, monde.a.etablissement_id, **{**values, **changes}
        )


@pytest.mark.exigence("TEN-04", partielle="plusieurs employeurs pour un dossier")
def test_somebody_with_two_employers_has_both_the_oldest_first_in_one_statement(monde: Monde) -> None:
    added = contract(monde)
    contract(monde, poste="Ancien poste", ends_on=date(2024, 6, 30))
    ids = [monde.a.zoe.travailleur_id, monde.a.pierre.travailleur_id, monde.b.zoe.travailleur_id]
    with statements(monde) as sent, monde.work(monde.a[Role.ADM]) as ctx:
        found = entreprises.emploi_actuel(ctx, ids)
        assert len(sent) == 2, "the context, then one statement"
        assert [c.poste for c in found[ids[0]]] == ["Soudeuse TIG", "Cariste"]
        assert [c.poste for c in found[ids[1]]] == ["Soudeuse TIG"]
        assert ids[2] not in found
        assert len(entreprises.contrats(ctx, ids[0])) == 3
        entreprises.end_contrat(ctx, added, date(2024, 12, 31))
        assert len(entreprises.emploi_actuel(ctx, ids)[ids[0]]) == 1
    run(monde, "DELETE FROM contrat WHERE poste IN ('Cariste', 'Ancien poste')")


def test_nobody_asked_for_is_no_statement(monde: Monde) -> None:
    with statements(monde) as sent, monde.work(monde.a[Role.ADM]) as ctx:
        assert entreprises.emploi_actuel(ctx, []) == {}
    assert len(sent) == 1


def test_the_travailleur_reads_his_own_contracts_alone(monde: Monde) -> None:
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        assert len(entreprises.contrats(ctx, zoe.travailleur_id)) == 1
        assert entreprises.contrats(ctx, monde.a.pierre.travailleur_id) == ()


def test_a_company_and_its_establishment_are_registered_once_and_traced(monde: Monde) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        adherent = entreprises.create_adherent(ctx, siren="552 100 554", raison_sociale="Peugeot Test")
        entreprises.create_etablissement(ctx, adherent, siret="55210055400013", nom="Siège")
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.dossier_id) == ("registre.update", None)
    with pytest.raises(AlreadyRegistered), monde.work(monde.a[Role.ADM]) as ctx:
        entreprises.create_adherent(ctx, siren="552100554", raison_sociale="Peugeot Test")
    with pytest.raises(SiretOfAnother), monde.work(monde.a[Role.ADM]) as ctx:
        entreprises.create_etablissement(ctx, adherent, siret="73282932000074", nom="Ailleurs")
    with pytest.raises(AdherentNotFound), monde.work(monde.b[Role.ADM], monde.b) as ctx:
        entreprises.create_etablissement(ctx, adherent, siret="55210055400013", nom="Siège")


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_who_does_not_keep_the_register_writes_nothing_in_it(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        entreprises.create_adherent(ctx, siren="552100554", raison_sociale="Peugeot Test")


def test_a_contract_ties_two_things_of_the_same_tenant(monde: Monde) -> None:
    with pytest.raises(TravailleurNotFound), monde.work(monde.a[Role.ADM]) as ctx:
        entreprises.create_contrat(
            ctx,
            monde.b.zoe.travailleur_id,
            monde.a.etablissement_id,
            type="CDI",
            poste="Soudeuse",
            starts_on=date(2024, 1, 1),
        )
    with pytest.raises(EtablissementNotFound), monde.work(monde.a[Role.ADM]) as ctx:
        entreprises.create_contrat(
            ctx,
            monde.a.zoe.travailleur_id,
            monde.b.etablissement_id,
            type="CDI",
            poste="Soudeuse",
            starts_on=date(2024, 1, 1),
        )


def test_a_contract_does_not_end_before_it_starts(monde: Monde) -> None:
    added = contract(monde)
    with pytest.raises(ContratRefused), monde.work(monde.a[Role.ADM]) as ctx:
        entreprises.end_contrat(ctx, added, date(2024, 1, 7))
    with pytest.raises(ContratNotFound), monde.work(monde.b[Role.ADM], monde.b) as ctx:
        entreprises.end_contrat(ctx, added, date(2024, 12, 31))
    run(monde, "DELETE FROM contrat WHERE poste = 'Cariste'")


def test_a_contract_asked_for_twice_is_one_and_ends_as_its_holder_s_alone(monde: Monde) -> None:
    made = new_id()
    assert contract(monde, contrat_id=made) == contract(monde, contrat_id=made) == made
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert len(entreprises.contrats(ctx, monde.a.zoe.travailleur_id)) == 2
    with pytest.raises(ContratNotFound), monde.work(monde.a[Role.ADM]) as ctx:
        entreprises.end_contrat(ctx, made, date(2024, 12, 31), travailleur_id=monde.a.pierre.travailleur_id)
    run(monde, "DELETE FROM contrat WHERE poste = 'Cariste'")


@pytest.mark.parametrize("typed", ["la briere", "CHANTIERS", "de la Brière", "732 829 320", "73282932000074"])
def test_an_establishment_is_found_by_its_name_or_number_in_its_own_tenant(monde: Monde, typed: str) -> None:
    for spst in (monde.a, monde.b):
        with monde.work(spst[Role.ADM], spst) as ctx:
            assert [one.id for one in entreprises.find_etablissements(ctx, typed)] == [spst.etablissement_id]


@pytest.mark.parametrize("typed", ["brest", "73282932000082", "%", "_"])
def test_what_is_the_name_of_no_establishment_finds_none(monde: Monde, typed: str) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert entreprises.find_etablissements(ctx, typed) == ()
