"""Activation codes, first link and later log-ins, as the service of the portal lives them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from spst.comptes.models_connexion import IdentiteElectronique
from spst.dmst import services as dmst
from spst.identite import activation
from spst.identite import services as identite
from spst.identite.errors import CodeNotIssuable
from spst.identite.models import NomToken, Travailleur
from spst.identite.rules import IdentitePivot, search_key
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied, NotFound
from spst.kernel.ids import new_id
from tests.factories.monde import LONG_AGO, Monde, Personne, Spst
from tests.factories.releves import clock, count, last_traces, run, statements

PORTAIL = service("portail")
ZOE = IdentitePivot("ADRUN", "Zoé", "1975-12-31", "female", "63220", "99100")
TOUSSAINT = IdentitePivot("ADRTROIS", "Toussaint", "1960-01-01", "male", "63220", "99100")
NOBODY = IdentitePivot("INCONNU", "Paul", "1975-12-31", "male", "63220", "99100")


@contextmanager
def portal(monde: Monde, spst: Spst | None = None) -> Iterator[Context]:
    with monde.work(PORTAIL, spst) as ctx:
        yield ctx


def issue(monde: Monde, personne: Personne, acteur: Acteur | None = None) -> str:
    with monde.work(acteur or monde.a.medecin) as ctx:
        return dmst.issue_code(ctx, personne.dossier_id).code


def activate(monde: Monde, pivot: IdentitePivot, code: str, identite_id: UUID | None = None) -> UUID | None:
    with portal(monde) as ctx:
        return identite.activate(ctx, identite_id or new_id(), pivot, code)


def enter(monde: Monde, identite_id: UUID, pivot: IdentitePivot, spst: Spst | None = None) -> UUID | None:
    with portal(monde, spst) as ctx:
        return identite.linked_travailleur(ctx, identite_id, pivot)


def last_event(monde: Monde) -> Any:
    query = "SELECT type, travailleur_id FROM evenement_identite WHERE tenant_id = %s ORDER BY id DESC LIMIT 1"
    with monde.superuser.connect() as connection:
        return connection.exec_driver_sql(query, (monde.a.tenant_id,)).one()


@pytest.fixture
def linked(monde: Monde) -> Iterator[UUID]:
    """An electronic identity that entered once as Zoé."""
    identite_id = new_id()
    monde.add(IdentiteElectronique(id=identite_id, iss="fc", sub=str(identite_id)))
    assert activate(monde, ZOE, issue(monde, monde.a.zoe), identite_id) == monde.a.zoe.travailleur_id
    yield identite_id
    run(monde, "DELETE FROM lien_portail")


@contextmanager
def changed(monde: Monde, personne: Personne, **values: Any) -> Iterator[None]:
    """Somebody whose identity is otherwise for a while."""
    with monde.superuser.connect() as connection:
        query = f"SELECT {', '.join(values)} FROM travailleur WHERE id = %s"
        before = connection.exec_driver_sql(query, (personne.travailleur_id,)).one()._asdict()
    setting = ", ".join(f"{name} = :{name}" for name in values)
    run(monde, f"UPDATE travailleur SET {setting} WHERE id = :id", id=personne.travailleur_id, **values)
    try:
        yield
    finally:
        run(monde, f"UPDATE travailleur SET {setting} WHERE id = :id", id=personne.travailleur_id, **before)


# ──── The code


@pytest.mark.exigence("AUT-05", partielle="code d’activation")
def test_a_code_has_at_least_64_bits_in_readable_groups_and_is_kept_hashed(monde: Monde) -> None:
    code = issue(monde, monde.a.zoe)
    groups = code.split("-")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert len("".join(groups)) * 5 >= 64
    assert not set("ILOU") & set(code)
    with monde.superuser.connect() as connection:
        stored = [str(row) for row in connection.exec_driver_sql("SELECT * FROM code_activation")]
    assert not any(code in row or code.replace("-", "") in row for row in stored)


def test_handing_over_a_code_is_traced_on_the_dossier(monde: Monde) -> None:
    issue(monde, monde.a.zoe)
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.dossier_id) == ("code_activation.issue", monde.a.zoe.dossier_id)


def test_a_code_opens_once_however_it_is_typed(monde: Monde, linked: UUID) -> None:
    code = issue(monde, monde.a.zoe)
    other = new_id()
    monde.add(IdentiteElectronique(id=other, iss="fc", sub=str(other)))
    assert activate(monde, ZOE, code.lower().replace("-", " ").replace("0", "o"), other) == monde.a.zoe.travailleur_id
    assert activate(monde, ZOE, code) is None


def test_a_newer_code_ends_the_one_before(monde: Monde) -> None:
    first = issue(monde, monde.a.zoe)
    issue(monde, monde.a.zoe)
    assert activate(monde, ZOE, first) is None


def test_a_code_ends_after_fifteen_days(monde: Monde) -> None:
    with clock(monde) as horloge:
        code = issue(monde, monde.a.zoe)
        horloge.forward(days=15)
        assert activate(monde, ZOE, code) is None


def test_a_code_ends_after_five_wrong_tries(monde: Monde) -> None:
    code = issue(monde, monde.a.zoe)
    for _ in range(activation.TRIES):
        assert activate(monde, ZOE, "0000-0000-0000-0000") is None
    assert activate(monde, ZOE, code) is None


def test_the_code_of_somebody_else_opens_nothing_and_spends_none_of_his_tries(monde: Monde) -> None:
    issue(monde, monde.a.zoe)
    code = issue(monde, monde.a.pierre)
    assert activate(monde, ZOE, code) is None
    with monde.superuser.connect() as connection:
        query = "SELECT tries_left FROM code_activation WHERE travailleur_id = %s AND used_at IS NULL AND revoked_at IS NULL"
        assert connection.exec_driver_sql(query, (monde.a.pierre.travailleur_id,)).scalar_one() == activation.TRIES


def test_no_code_for_an_identity_that_is_not_qualifiee(monde: Monde) -> None:
    with pytest.raises(CodeNotIssuable):
        issue(monde, monde.a.toussaint, monde.a.medecin_ailleurs)


@pytest.mark.parametrize("role", [Role.ADM, Role.DIR, Role.IPRP, Role.PRO])
def test_who_may_not_fill_s1_hands_over_no_code(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied):
        issue(monde, monde.a.zoe, monde.a[role])


def test_no_code_for_a_dossier_of_the_other_tenant(monde: Monde) -> None:
    with pytest.raises(NotFound):
        issue(monde, monde.b.zoe)


# ──── First link


@pytest.mark.exigence("AUT-05", partielle="rapprochement et code ; la page est ailleurs")
def test_five_traits_and_the_code_link_an_electronic_identity(monde: Monde, linked: UUID) -> None:
    assert enter(monde, linked, ZOE) == monde.a.zoe.travailleur_id
    assert enter(monde, linked, ZOE, monde.b) is None


def _twin(monde: Monde, spst: Spst) -> list[Any]:
    travailleur_id, key = new_id(), {"tenant_id": spst.tenant_id}
    twin = Travailleur(
        id=travailleur_id,
        nom_naissance="ADRUN",
        prenoms="ZOE",
        premier_prenom="ZOE",
        date_naissance=LONG_AGO.date().replace(1975, 12, 31),
        sexe="F",
        lieu_naissance="63220",
        statut_ins="qualifiee",
        nom_cle=search_key("ADRUN", "ZOE"),
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
        **key,
    )
    return [twin, NomToken(token="ADRUN", travailleur_id=travailleur_id, **key)]


@pytest.mark.exigence("AUT-05", partielle="réponse neutre")
def test_every_reason_to_refuse_looks_the_same_and_leaves_its_own_event(monde: Monde) -> None:
    code = issue(monde, monde.a.zoe)
    seen: dict[str, Any] = {}

    def refused(why: str, pivot: IdentitePivot, typed: str = code) -> None:
        with statements(monde) as sent:
            seen[why] = activate(monde, pivot, typed)
        assert seen[why] is None
        assert last_event(monde).type == why
        lengths.add(len(sent))

    lengths: set[int] = set()
    refused("portail_aucun", NOBODY)
    refused("portail_non_qualifiee", TOUSSAINT)
    refused("portail_traits_incomplets", IdentitePivot("ADRUN", "Zoé", "1975-00-00", "female", "63220", "99100"))
    refused("portail_code_refuse", ZOE, "0000-0000-0000-0000")
    with changed(monde, monde.a.zoe, decede_on=LONG_AGO.date()):
        refused("portail_decede", ZOE)
    young = LONG_AGO.date().replace(year=2015)
    with changed(monde, monde.a.zoe, date_naissance=young):
        refused("portail_moins_de_16_ans", IdentitePivot("ADRUN", "Zoé", young.isoformat(), "female", "63220", "99100"))
    twin, token = _twin(monde, monde.a)
    monde.add(twin, token)
    refused("portail_plusieurs", ZOE)
    run(monde, "DELETE FROM nom_token WHERE travailleur_id = :id", id=token.travailleur_id)
    run(monde, "DELETE FROM travailleur WHERE id = :id", id=token.travailleur_id)
    assert len(lengths) == 1, "the same number of statements, whatever failed"
    assert count(monde, "lien_portail", monde.a) == 0


def test_an_event_never_names_the_person_it_did_not_find(monde: Monde) -> None:
    activate(monde, NOBODY, "0000-0000-0000-0000")
    assert last_event(monde).travailleur_id is None


def test_an_identity_linked_to_one_person_does_not_become_another(monde: Monde, linked: UUID) -> None:
    pierre = IdentitePivot(
        "D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN MURIEL FLORIANT", "2001-06-17", "male", "63220", "99100"
    )
    assert activate(monde, pierre, issue(monde, monde.a.pierre), linked) is None
    assert last_event(monde).type == "portail_lien_a_autrui"
    assert enter(monde, linked, ZOE) == monde.a.zoe.travailleur_id


# ──── Later log-ins


@pytest.mark.exigence("AUT-05", partielle="revérification à chaque connexion")
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"nom_naissance": "ADRUM"}, "portail_traits_changes"),
        ({"statut_ins": "provisoire"}, "portail_non_qualifiee"),
        ({"decede_on": LONG_AGO.date()}, "portail_decede"),
    ],
)
def test_an_identity_that_changed_suspends_the_link_until_a_new_code(
    monde: Monde, linked: UUID, values: dict[str, Any], why: str
) -> None:
    with changed(monde, monde.a.zoe, **values):
        assert enter(monde, linked, ZOE) is None
    assert (last_event(monde).type, last_event(monde).travailleur_id) == (why, monde.a.zoe.travailleur_id)
    assert enter(monde, linked, ZOE) is None, "suspended, even once the traits are right again"
    assert activate(monde, ZOE, issue(monde, monde.a.zoe), linked) == monde.a.zoe.travailleur_id
    assert enter(monde, linked, ZOE) == monde.a.zoe.travailleur_id


def test_claims_that_changed_suspend_the_link_too(monde: Monde, linked: UUID) -> None:
    assert enter(monde, linked, NOBODY) is None
    assert last_event(monde).type == "portail_traits_changes"


def test_an_identity_without_link_enters_as_nobody(monde: Monde) -> None:
    assert enter(monde, new_id(), ZOE) is None


def test_the_service_of_the_portal_reads_nothing_of_the_dossier(monde: Monde) -> None:
    with portal(monde) as ctx, pytest.raises(AccessDenied):
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)
