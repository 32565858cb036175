"""Tables that stand outside tenants, attacked by SQL injected as the application's own role, under a context really signed.

Whoever injects is at work in A, and wants to be let into B by a later log-in.
"""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from spst.comptes import connexion_queries
from spst.comptes import services_comptes as comptes
from spst.comptes.octroi_rules import DemandeCompte, is_rpps
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.ids import new_id
from tests.factories.monde import Monde, Spst

pytestmark = pytest.mark.exigence("TEN-01")

ISSUER = "https://psc.test"
INSERT = (
    "INSERT INTO rattachement (id, identite_id, tenant_id, compte_id, created_at)"
    " VALUES (:id, :identite, :tenant, :compte, now())"
)


def injected(monde: Monde, acteur: Acteur | None, statement: str, **values: object) -> int:
    """Run what an attacker slipped into a transaction of the application, in A; without `acteur`, in one without context."""
    if acteur is None:
        with monde.runtime.engine.begin() as connection:
            return connection.execute(text(statement), values).rowcount
    with monde.work(acteur) as ctx:
        return ctx.session.execute(text(statement), values).rowcount  # type: ignore[attr-defined]


def invited(monde: Monde, spst: Spst, rpps: str) -> UUID:
    """An identity that an SPST has just invited by its RPPS number."""
    with monde.work(spst.directrice, spst) as ctx:
        made = comptes.create_compte(ctx, DemandeCompte("M.", "Marc", "Ferrand-Test", rpps=rpps), ISSUER)
    with monde.superuser.connect() as connection:
        query = text("SELECT identite_id FROM rattachement WHERE compte_id = :compte")
        return connection.execute(query, {"compte": made.compte_id}).scalar_one()


def number() -> str:
    """An RPPS number that nobody else has."""
    begun = new_id().int % 10**9 * 10
    return next(rpps for key in range(10) if is_rpps(rpps := f"1{begun + key:010d}"))


def opened_to(monde: Monde, identite_id: UUID) -> set[UUID]:
    """The SPSTs that a log-in would offer."""
    with monde.runtime.engine.connect() as connection:
        return {lien.tenant_id for lien in connexion_queries.links(connection, identite_id)}


ATTACKERS = [Role.DIR, Role.MDT, Role.ADM, "exploitation", "connexion", "portail", None]


def attacker(monde: Monde, who: Role | str | None) -> Acteur | None:
    if who is None or isinstance(who, Role):
        return monde.a[who] if who else None
    return service(who)


@pytest.mark.parametrize("who", ATTACKERS, ids=str)
def test_nobody_at_work_in_an_spst_links_an_identity_to_another(monde: Monde, who: Role | str | None) -> None:
    mine = invited(monde, monde.a, number())
    b = monde.b
    with pytest.raises(DBAPIError, match=r"row-level security|somebody else's"):
        injected(
            monde, attacker(monde, who), INSERT,
            id=new_id(), identite=mine, tenant=b.tenant_id, compte=b.medecin.id,
        )  # fmt: skip
    assert opened_to(monde, mine) == {monde.a.tenant_id}


@pytest.mark.parametrize("who", [Role.DIR, "exploitation"], ids=str)
def test_a_link_is_not_moved_to_another_spst_even_by_who_may_write_it(monde: Monde, who: Role | str) -> None:
    mine = invited(monde, monde.a, number())
    with pytest.raises(DBAPIError, match="stays written"):
        injected(
            monde,
            attacker(monde, who),
            "UPDATE rattachement SET tenant_id = :tenant, compte_id = :compte WHERE identite_id = :identite",
            tenant=monde.b.tenant_id,
            compte=monde.b.medecin.id,
            identite=mine,
        )
    assert opened_to(monde, mine) == {monde.a.tenant_id}


@pytest.mark.parametrize("who", ATTACKERS, ids=str)
def test_a_link_of_another_spst_is_not_handed_over_to_somebody_else(monde: Monde, who: Role | str | None) -> None:
    mine, theirs = invited(monde, monde.a, number()), invited(monde, monde.b, number())
    for change in ("identite_id = :mine", "tenant_id = :tenant", "revoked_at = now()"):
        statement = f"UPDATE rattachement SET {change} WHERE identite_id = :theirs"
        values = {"mine": mine, "theirs": theirs, "tenant": monde.a.tenant_id}
        assert injected(monde, attacker(monde, who), statement, **values) == 0
    assert (opened_to(monde, mine), opened_to(monde, theirs)) == ({monde.a.tenant_id}, {monde.b.tenant_id})


@pytest.mark.parametrize("who", [Role.MDT, Role.ADM, Role.IPRP, "connexion", "portail"], ids=str)
def test_links_of_ones_own_spst_are_written_by_its_direction_and_the_operator_alone(
    monde: Monde, who: Role | str
) -> None:
    of_b, acteur = invited(monde, monde.b, number()), attacker(monde, who)
    values = {"identite": of_b, "tenant": monde.a.tenant_id, "compte": monde.a.medecin.id}
    with pytest.raises(ProgrammingError, match="row-level security"):
        injected(monde, acteur, INSERT, id=new_id(), **values)
    assert injected(monde, acteur, "UPDATE rattachement SET revoked_at = NULL") == 0


@pytest.mark.parametrize("table", ["authentificateur", "cle_acces", "identite_electronique", "rattachement"])
def test_the_application_deletes_none_of_what_a_log_in_reads(monde: Monde, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        injected(monde, monde.a.directrice, f"DELETE FROM {table}")


def test_links_are_read_before_any_spst_is_known(monde: Monde) -> None:
    identite_id = invited(monde, monde.a, rpps := number())
    assert invited(monde, monde.b, rpps) == identite_id
    assert opened_to(monde, identite_id) == {monde.a.tenant_id, monde.b.tenant_id}


CHANGES = {
    "id": ":fresh",
    "iss": "'https://ailleurs.test'",
    "rpps": ":mine",
    "no rpps": "NULL",
    "sub": "'dont-je-dispose'",
    "no sub": "NULL",
}


@pytest.mark.parametrize("change", CHANGES)
def test_identity_of_somebody_else_does_not_become_mine(monde: Monde, change: str) -> None:
    """He has logged in before; with my number or my `sub` under his identity, my next log-in would be his."""
    theirs = invited(monde, monde.b, number())
    with monde.runtime.engine.begin() as connection:
        assert connexion_queries.bind_sub(connection, theirs, f"psc-{theirs}")
    statement = f"UPDATE identite_electronique SET {change.split()[-1]} = {CHANGES[change]} WHERE id = :theirs"
    with pytest.raises(IntegrityError, match="stays whose it is"):
        injected(monde, monde.a.directrice, statement, theirs=theirs, mine=number(), fresh=new_id())


def test_number_that_an_spst_invited_does_not_change_before_the_first_log_in(monde: Monde) -> None:
    theirs = invited(monde, monde.b, number())
    with pytest.raises(IntegrityError, match="stays whose it is"):
        injected(
            monde, monde.a.medecin,
            "UPDATE identite_electronique SET rpps = :mine WHERE id = :theirs", theirs=theirs, mine=number(),
        )  # fmt: skip


def test_identity_known_without_a_number_never_takes_one(monde: Monde) -> None:
    """A local identity, or one of FranceConnect+, is not made a professional's."""
    with monde.work(monde.b.directrice, monde.b) as ctx:
        demande = DemandeCompte("Mme", "Laure", "Guérin-Test", email=f"{new_id().hex}@metallurgie.test")
        comptes.create_compte(ctx, demande, ISSUER)
    with pytest.raises(IntegrityError, match="stays whose it is"):
        injected(
            monde, monde.a.medecin, "UPDATE identite_electronique SET rpps = :mine WHERE rpps IS NULL", mine=number()
        )


def test_sub_is_written_at_the_first_log_in_and_stays(monde: Monde) -> None:
    identite_id = invited(monde, monde.a, number())
    with monde.runtime.engine.begin() as connection:
        assert connexion_queries.bind_sub(connection, identite_id, f"psc-{identite_id}")
        assert connexion_queries.bind_sub(connection, identite_id, f"psc-{identite_id}")
        assert not connexion_queries.bind_sub(connection, identite_id, "somebody-else")
