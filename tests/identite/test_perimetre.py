"""The register as a médecin praticien correspondant finds it: those entrusted to him, and nobody else by any way."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from spst.dmst import services as dmst
from spst.entreprises import services as entreprises
from spst.habilitations.situations import NotPlugged
from spst.identite import perimetre, queries
from spst.identite import services as identite
from spst.identite.errors import TravailleurNotFound
from spst.identite.services import ResultatRecherche
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied
from spst.kernel.ids import new_id
from tests.factories.confies import entrusted, opposed, under_sir
from tests.factories.monde import Monde, Personne
from tests.factories.releves import last_traces, run, statements

BORN_WITH_ZOE: dict[str, Any] = {
    "nom_naissance": "Adrun",
    "prenoms": "Zoé",
    "date_naissance": date(1975, 12, 31),
    "sexe": "F",
}


def search(monde: Monde, query: str, **page: int) -> ResultatRecherche:
    with monde.work(monde.a[Role.MPC]) as ctx:
        return identite.search(ctx, query, **page)


def names(found: ResultatRecherche) -> list[str]:
    return [ligne.nom_naissance for ligne in found.lignes]


def sheet(monde: Monde, travailleur_id: UUID) -> str:
    with monde.work(monde.a[Role.MPC]) as ctx:
        return identite.get_travailleur(ctx, travailleur_id).nom_naissance


def refusal(monde: Monde, travailleur_id: UUID) -> AccessDenied:
    with pytest.raises(AccessDenied) as refused:
        sheet(monde, travailleur_id)
    return refused.value


# ──── Lists


@pytest.mark.exigence("HAB-09", partielle="recherche")
@pytest.mark.parametrize("query", ["adr", "zoe", "adr z", "31121975", "31121975 adr"])
def test_an_mpc_finds_who_is_entrusted_to_him_however_he_searches(monde: Monde, query: str) -> None:
    assert names(search(monde, query)) == []
    with entrusted(monde, monde.a.zoe):
        assert names(search(monde, query)) == ["ADRUN"]
        with under_sir(monde, monde.a.zoe):
            assert names(search(monde, query)) == []


@pytest.mark.exigence("HAB-07", partielle="recherche du médecin praticien correspondant")
def test_an_opposition_takes_a_worker_from_his_very_next_search(monde: Monde) -> None:
    with entrusted(monde, monde.a.zoe, monde.a.toussaint):
        assert names(search(monde, "adr")) == ["ADRTROIS", "ADRUN"]
        with opposed(monde, monde.a.zoe, "mpc"):
            assert names(search(monde, "adr")) == ["ADRTROIS"]
        assert names(search(monde, "adr")) == ["ADRTROIS", "ADRUN"]


@pytest.mark.exigence("HAB-09", partielle="totaux et pages de la recherche")
def test_totals_pages_and_the_trace_count_those_alone(monde: Monde) -> None:
    with entrusted(monde, monde.a.zoe, monde.a.toussaint):
        first, second = search(monde, "adr", limit=1), search(monde, "adr", limit=1, offset=1)
        assert (first.total, second.total, names(first) + names(second)) == (2, 2, ["ADRTROIS", "ADRUN"])
    with entrusted(monde, monde.a.toussaint):
        assert search(monde, "adr", limit=1).total == 1
    [trace] = last_traces(monde, monde.a)
    assert trace.details["resultats"] == 1


@pytest.mark.exigence("HAB-09", partielle="au-delà du plafond de la recherche")
def test_many_homonyms_neither_hide_him_nor_are_told(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut before it was narrowed, a search would lose him behind others, or say that there are more."""
    monkeypatch.setattr(queries, "CAP", 0)
    monkeypatch.setattr(identite, "CAP", 0)
    queries._statement.cache_clear()
    run(monde, "UPDATE travailleur SET date_naissance = '1975-12-31' WHERE tenant_id = :t", t=monde.a.tenant_id)
    try:
        for query in ("adr", "31121975"):
            for one in (monde.a.zoe, monde.a.toussaint):
                with entrusted(monde, one):
                    assert names(search(monde, query)) == [one.nom], query
            with entrusted(monde):
                assert not search(monde, query).is_capped, query
    finally:
        queries._statement.cache_clear()
        for one, born in ((monde.a.pierre, "2001-06-17"), (monde.a.toussaint, "1960-01-01")):
            run(monde, "UPDATE travailleur SET date_naissance = :b WHERE id = :id", b=born, id=one.travailleur_id)


@pytest.mark.exigence("HAB-09", partielle="identités proches")
def test_those_who_may_be_the_same_person_are_shown_to_him_only_when_entrusted(monde: Monde) -> None:
    def proches() -> list[UUID]:
        with monde.work(monde.a[Role.MPC]) as ctx:
            return [other.id for other in identite.examine(ctx, **BORN_WITH_ZOE).proches]

    assert proches() == []
    with entrusted(monde, monde.a.zoe):
        assert proches() == [monde.a.zoe.travailleur_id]
    with monde.work(monde.a[Role.ADM]) as ctx:
        assert len(identite.examine(ctx, **BORN_WITH_ZOE).proches) == 1


def test_a_narrowed_search_keeps_its_indexes_and_costs_one_statement_more(monde: Monde) -> None:
    with entrusted(monde, monde.a.zoe), statements(monde) as sent:
        search(monde, "adr zoe")
    assert len([one for one in sent if "FROM suivi" in one]) == 1
    assert len([one for one in sent if "FROM travailleur" in one or "nom_token" in one]) == 1


# ──── By an id


@pytest.mark.exigence("HAB-09", partielle="fiche du registre")
@pytest.mark.exigence("HAB-08", partielle="la fiche d’un salarié non confié")
def test_somebody_else_asked_by_his_id_is_refused_with_the_article_and_traced(monde: Monde) -> None:
    zoe = monde.a.zoe
    assert "n’est pas confié" in str(refusal(monde, zoe.travailleur_id))
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision, trace.dossier_id, trace.regles[0]) == (
        "identite.consult",
        "refuse",
        zoe.dossier_id,
        "P-111",
    )
    with entrusted(monde, zoe):
        assert sheet(monde, zoe.travailleur_id) == "ADRUN"
        with under_sir(monde, zoe):
            assert refusal(monde, zoe.travailleur_id).facts["regles"] == ("P-112",)
        with opposed(monde, zoe, "mpc"):
            assert refusal(monde, zoe.travailleur_id).facts["regles"] == ("P-114",)
        assert sheet(monde, zoe.travailleur_id) == "ADRUN"


def test_somebody_without_dossier_is_entrusted_to_nobody(monde: Monde) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        travailleur_id = identite.create_travailleur(ctx, **{**BORN_WITH_ZOE, "nom_naissance": "Sansdossier"})
    try:
        assert refusal(monde, travailleur_id).facts["regles"] == ("P-111", "P-119")
    finally:
        run(monde, "DELETE FROM nom_token WHERE travailleur_id = :id", id=travailleur_id)
        run(monde, "DELETE FROM travailleur WHERE id = :id", id=travailleur_id)


@pytest.mark.parametrize("where", ["b", "nowhere"])
def test_somebody_of_the_other_tenant_is_not_found_by_an_mpc_either(monde: Monde, where: str) -> None:
    with pytest.raises(TravailleurNotFound):
        sheet(monde, monde.b.zoe.travailleur_id if where == "b" else new_id())


def _contact(ctx: Context, of: Personne) -> None:
    identite.update_contact(ctx, of.travailleur_id, telephone=None, email=None, adresse=None)


def _names(ctx: Context, of: Personne) -> None:
    identite.set_used_names(ctx, of.travailleur_id, nom_utilise=None, prenom_utilise=None)


def _employ(ctx: Context, of: Personne) -> None:
    [contrat, *_] = entreprises.contrats(ctx, of.travailleur_id)
    entreprises.create_contrat(
        ctx, of.travailleur_id, contrat.etablissement_id, type="CDD", poste="Cariste", starts_on=date(2024, 1, 8)
    )


def _end(ctx: Context, of: Personne) -> None:
    [contrat, *_] = entreprises.contrats(ctx, of.travailleur_id)
    entreprises.end_contrat(ctx, contrat.id, date(2026, 6, 30), travailleur_id=of.travailleur_id)


def _constitute(ctx: Context, of: Personne) -> None:
    dmst.create_dossier(ctx, of.travailleur_id)


@pytest.mark.exigence("HAB-09", partielle="écrire au registre")
@pytest.mark.parametrize("act", [_contact, _names, _employ, _end, _constitute])
def test_an_mpc_changes_nothing_of_somebody_who_is_not_entrusted_to_him(monde: Monde, act: Any) -> None:
    with pytest.raises(AccessDenied) as refused, monde.work(monde.a[Role.MPC]) as ctx:
        act(ctx, monde.a.pierre)
    assert "P-111" in refused.value.facts["regles"]  # type: ignore[operator]


def test_nobody_of_the_register_is_read_until_the_rooms_are_plugged(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perimetre._ports, "perimetre", None)
    for act in (
        lambda ctx: identite.search(ctx, "adr"),
        lambda ctx: identite.identite(ctx, monde.a.zoe.travailleur_id),
    ):
        with pytest.raises(NotPlugged), monde.work(monde.a.medecin) as ctx:
            act(ctx)
