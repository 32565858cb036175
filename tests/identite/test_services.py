"""The register of people and the matricule, on a real database."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from spst.identite import services as identite
from spst.identite.errors import (
    AlreadyEntered,
    ContactRefused,
    DateNaissanceRefused,
    MatriculeAlreadyUsed,
    MatriculeRefused,
    NomRefused,
    ProchesNotSeen,
    TraitRefused,
    TravailleurNotFound,
)
from spst.kernel.acteur import Role
from spst.kernel.crypto.aead import CiphertextRefused
from spst.kernel.errors import AccessDenied, NotFound
from spst.kernel.ids import new_id
from tests.factories.monde import Monde
from tests.factories.releves import count_traces, last_traces, run

ZOE = "275126322074974"
PIERRE = "101066322075460"
NIR = "1.2.250.1.213.1.4.8"
TRAITS: dict[str, Any] = {
    "nom_naissance": "d’Herblay",
    "prenoms": "Aramis René",
    "date_naissance": date(1985, 4, 2),
    "sexe": "M",
    "lieu_naissance": "2a004",
}


def create(monde: Monde, role: Role = Role.ADM, **changes: Any) -> UUID:
    with monde.work(monde.a[role]) as ctx:
        return identite.create_travailleur(ctx, **{**TRAITS, **changes})


def test_somebody_is_registered_with_traits_as_the_rniv_writes_them(monde: Monde) -> None:
    travailleur_id = create(monde, telephone="06 12 34 56 78", email="aramis@exemple.test")
    with monde.work(monde.a[Role.ADM]) as ctx:
        seen = identite.get_travailleur(ctx, travailleur_id)
    assert (seen.nom_naissance, seen.prenoms, seen.premier_prenom) == ("D'HERBLAY", "ARAMIS RENE", "ARAMIS")
    assert (seen.lieu_naissance, seen.statut_ins) == ("2A004", "provisoire")
    assert (seen.telephone, seen.email) == ("0612345678", "aramis@exemple.test")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nom_naissance": "Dupont2"}, NomRefused),
        ({"prenoms": ""}, NomRefused),
        ({"sexe": "X"}, TraitRefused),
        ({"date_naissance": date(2999, 1, 1)}, DateNaissanceRefused),
        ({"lieu_naissance": "Nice"}, TraitRefused),
        ({"email": "aramis"}, ContactRefused),
        ({"telephone": "peut-être"}, ContactRefused),
        ({"adresse": "1 rue\x00 du Test"}, ContactRefused),
    ],
)
def test_a_trait_that_cannot_be_kept_is_refused_and_nothing_is_written(
    monde: Monde, changes: dict[str, Any], error: type[Exception]
) -> None:
    before = count_traces(monde, monde.a)
    with pytest.raises(error):
        create(monde, **changes)
    assert count_traces(monde, monde.a) == before


def test_the_direction_does_not_register_people(monde: Monde) -> None:
    with pytest.raises(AccessDenied):
        create(monde, Role.DIR)


def test_whoever_bears_one_of_the_names_and_was_born_that_day_is_shown_before_a_creation(monde: Monde) -> None:
    born = date(1971, 3, 14)
    known = create(monde, nom_naissance="Kerbrat-Lemoine", prenoms="Anne", date_naissance=born, nom_utilise="Salaün")
    create(monde, nom_naissance="Autre", prenoms="Paul", date_naissance=born)
    create(monde, nom_naissance="Lemoine", prenoms="Anne", date_naissance=date(1971, 3, 15))
    with monde.work(monde.b[Role.ADM], monde.b) as ctx:
        identite.create_travailleur(ctx, **{**TRAITS, "nom_naissance": "Lemoine", "date_naissance": born})
    for nom, prenoms in (("lemoine", "Zoé"), ("Salaun", "Zoé"), ("Zoé", "Kerbrat Lemoine"), ("Martin", "anne")):
        with monde.work(monde.a[Role.ADM]) as ctx:
            seen = identite.examine(ctx, nom_naissance=nom, prenoms=prenoms, date_naissance=born, sexe="F")
        assert [other.id for other in seen.proches] == [known], nom
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert identite.examine(ctx, nom_naissance="Tanguy", prenoms="Zoé", date_naissance=born, sexe="F").proches == ()
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.details) == ("dossier.search", {"filtres": "nom+naissance", "resultats": 0})


def test_nobody_is_created_over_somebody_who_was_not_shown(monde: Monde) -> None:
    known = create(monde, date_naissance=date(1972, 3, 14))
    with pytest.raises(ProchesNotSeen):
        create(monde, date_naissance=date(1972, 3, 14), proches_vus=[new_id()])
    assert create(monde, date_naissance=date(1972, 3, 14), proches_vus=[known]) != known


def test_a_demand_sent_twice_registers_one_person(monde: Monde) -> None:
    made = new_id()
    again: dict[str, Any] = {"travailleur_id": made, "date_naissance": date(1973, 3, 14), "proches_vus": ()}
    assert create(monde, **again) == create(monde, **again) == made
    with pytest.raises(AlreadyEntered):
        create(monde, **{**again, "prenoms": "Athos"})


def test_used_names_change_and_are_found_strict_traits_do_not(monde: Monde) -> None:
    travailleur_id = create(monde, nom_naissance="Portos", nom_utilise="Vallon", date_naissance=date(1974, 3, 14))
    with monde.work(monde.a[Role.ADM]) as ctx:
        identite.set_used_names(ctx, travailleur_id, nom_utilise="du Bracieux", prenom_utilise=None)
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert [one.travailleur_id for one in identite.search(ctx, "bracieux").lignes] == [travailleur_id]
        assert identite.search(ctx, "vallon").total == 0
        seen = identite.identite(ctx, travailleur_id)
    assert (seen.nom_naissance, seen.nom_utilise) == ("PORTOS", "DU BRACIEUX")
    with pytest.raises(TravailleurNotFound), monde.work(monde.a[Role.ADM]) as ctx:
        identite.set_used_names(ctx, monde.b.zoe.travailleur_id, nom_utilise="x", prenom_utilise=None)


def test_contact_is_changed_and_traced(monde: Monde) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        identite.update_contact(ctx, monde.a.zoe.travailleur_id, telephone=None, email="z@exemple.test", adresse=" ")
        assert identite.identite(ctx, monde.a.zoe.travailleur_id).email == "z@exemple.test"
    [trace] = last_traces(monde, monde.a)
    assert trace.action == "registre.update"


def test_somebody_of_the_other_tenant_is_not_found(monde: Monde) -> None:
    with pytest.raises(TravailleurNotFound), monde.work(monde.a.medecin) as ctx:
        identite.get_travailleur(ctx, monde.b.zoe.travailleur_id)
    with pytest.raises(TravailleurNotFound), monde.work(monde.a.medecin) as ctx:
        identite.update_contact(ctx, monde.b.zoe.travailleur_id, telephone=None, email=None, adresse=None)


# ──── Matricule


def keep(monde: Monde, dossier_id: UUID, valeur: str = ZOE, oid: str = NIR) -> None:
    with monde.work(monde.a.medecin) as ctx:
        identite.set_matricule(ctx, dossier_id, valeur, oid)


@pytest.mark.exigence("TEN-03", partielle="matricule : chiffrement et index ; sauvegardes et certificat ailleurs")
def test_a_matricule_is_sealed_and_read_back_by_who_may(monde: Monde) -> None:
    keep(monde, monde.a.zoe.dossier_id, "2 75 12 63 220 749 74")
    with monde.work(monde.a.infirmier) as ctx:
        assert identite.matricule(ctx, monde.a.zoe.dossier_id) == identite.Matricule(ZOE, NIR)
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.dossier_id, trace.sections) == ("identite.consult", monde.a.zoe.dossier_id, ["S1"])
    stored = _stored(monde, monde.a.zoe.dossier_id)
    assert ZOE.encode() not in stored


def _stored(monde: Monde, dossier_id: UUID) -> bytes:
    with monde.superuser.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT matricule_sealed || index_aveugle FROM matricule_ins WHERE dossier_id = %s", (dossier_id,)
        )
        return bytes(found.scalar_one())


def test_a_matricule_belongs_to_one_dossier_of_the_tenant(monde: Monde) -> None:
    keep(monde, monde.a.zoe.dossier_id)
    with pytest.raises(MatriculeAlreadyUsed):
        keep(monde, monde.a.pierre.dossier_id)
    with monde.work(monde.b.medecin, monde.b) as ctx:
        identite.set_matricule(ctx, monde.b.zoe.dossier_id, ZOE, NIR)


def test_a_matricule_is_replaced_in_place(monde: Monde) -> None:
    keep(monde, monde.a.pierre.dossier_id, PIERRE)
    keep(monde, monde.a.pierre.dossier_id, PIERRE, "1.2.250.1.213.1.4.10")
    with monde.work(monde.a.medecin) as ctx:
        assert identite.matricule(ctx, monde.a.pierre.dossier_id) == identite.Matricule(PIERRE, "1.2.250.1.213.1.4.10")


@pytest.mark.parametrize(("valeur", "oid"), [("275126322074975", NIR), (ZOE, "1.2.3"), ("", NIR)])
def test_a_wrong_matricule_or_nature_is_refused(monde: Monde, valeur: str, oid: str) -> None:
    with pytest.raises(MatriculeRefused):
        keep(monde, monde.a.zoe.dossier_id, valeur, oid)


@pytest.mark.exigence("HAB-01", partielle="matricule")
@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS, Role.IPRP, Role.ASST])
def test_nobody_else_reads_a_matricule(monde: Monde, role: Role) -> None:
    keep(monde, monde.a.zoe.dossier_id)
    with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
        identite.matricule(ctx, monde.a.zoe.dossier_id)
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision, trace.sections) == ("identite.consult", "refuse", ["S1"])


def test_an_unknown_dossier_is_not_found(monde: Monde) -> None:
    for dossier_id in (new_id(), monde.b.zoe.dossier_id):
        with pytest.raises(NotFound), monde.work(monde.a.medecin) as ctx:
            identite.matricule(ctx, dossier_id)
        [trace] = last_traces(monde, monde.a)
        assert (trace.dossier_id, trace.details) == (None, {"introuvable": True})


@pytest.mark.exigence("TEN-03", partielle="un chiffré déplacé est refusé")
def test_a_ciphertext_moved_to_another_row_or_tenant_does_not_open(monde: Monde) -> None:
    keep(monde, monde.a.zoe.dossier_id)
    keep(monde, monde.a.pierre.dossier_id, PIERRE)
    for other in (monde.a.pierre.dossier_id, monde.b.zoe.dossier_id):
        with monde.work(monde.b.medecin, monde.b) as ctx:
            identite.set_matricule(ctx, monde.b.zoe.dossier_id, ZOE, NIR)
        before = _sealed(monde, other)
        run(
            monde,
            "UPDATE matricule_ins SET matricule_sealed ="
            " (SELECT matricule_sealed FROM matricule_ins WHERE dossier_id = :source) WHERE dossier_id = :other",
            source=monde.a.zoe.dossier_id,
            other=other,
        )
        spst = monde.b if other == monde.b.zoe.dossier_id else monde.a
        with pytest.raises(CiphertextRefused), monde.work(spst.medecin, spst) as ctx:
            identite.matricule(ctx, other)
        run(monde, "UPDATE matricule_ins SET matricule_sealed = :s WHERE dossier_id = :d", s=before, d=other)


def _sealed(monde: Monde, dossier_id: UUID) -> bytes:
    with monde.superuser.connect() as connection:
        query = "SELECT matricule_sealed FROM matricule_ins WHERE dossier_id = %s"
        return bytes(connection.exec_driver_sql(query, (dossier_id,)).scalar_one())
