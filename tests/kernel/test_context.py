"""The signed context: nobody who cannot sign sees a row, whatever he writes in the setting."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from spst.kernel.acteur import Acteur, Role
from spst.kernel.ids import new_id
from spst.kernel.signing import LIFETIME_S, sign_context
from tests.database import Database
from tests.factories.monde import Monde

pytestmark = pytest.mark.exigence("TEN-01")

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    made = create_engine(database.app_url, pool_size=1, max_overflow=0)
    yield made
    made.dispose()


def bind(connection: Connection, context: str) -> None:
    connection.execute(text("SELECT set_config('spst.ctx', :c, true)"), {"c": context})


def count(connection: Connection, table: str = "travailleur") -> int:
    return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def signed(monde: Monde, tenant_id: UUID, *, at: datetime | None = None, acteur: Acteur | None = None) -> str:
    return sign_context(monde.database.context_key, tenant_id, acteur or monde.a.medecin, at or datetime.now(UTC))


def test_without_context_no_row_is_seen(monde: Monde, engine: Engine) -> None:
    with engine.begin() as connection:
        assert count(connection) == 0


def test_a_signed_context_shows_its_tenant_and_no_other(monde: Monde, engine: Engine) -> None:
    with engine.begin() as connection:
        bind(connection, signed(monde, monde.a.tenant_id))
        tenants = connection.execute(text("SELECT DISTINCT tenant_id FROM travailleur")).scalars().all()
    assert tenants == [monde.a.tenant_id]


def test_the_next_transaction_of_the_connection_starts_without_context(monde: Monde, engine: Engine) -> None:
    """After a transaction-local setting the value is '' and not NULL: a bare cast would fail instead of showing nothing."""
    with engine.begin() as connection:
        bind(connection, signed(monde, monde.a.tenant_id))
        assert count(connection) == 3
    with engine.begin() as connection:
        assert connection.execute(text("SELECT current_setting('spst.ctx', true)")).scalar_one() == ""
        assert count(connection) == 0


def test_one_connection_serves_two_tenants_a_thousand_times_without_bleeding(monde: Monde, engine: Engine) -> None:
    for turn in range(1000):
        spst = (monde.a, monde.b)[turn % 2]
        with engine.begin() as connection:
            bind(connection, signed(monde, spst.tenant_id))
            seen = connection.execute(text("SELECT DISTINCT tenant_id FROM dossier")).scalars().all()
        assert seen == [spst.tenant_id]


FORGERIES = {
    "a bare tenant, as an injected statement would write it": lambda real, tenant: str(tenant),
    "another tenant under a real signature": lambda real, tenant: real.replace(real.split("|")[0], str(tenant), 1),
    "another family under a real signature": lambda real, tenant: real.replace("|sante|", "|direction|", 1),
    "a signature of zeros": lambda real, tenant: real.rsplit("|", 1)[0] + "|" + "0" * 64,
    "no signature": lambda real, tenant: real.rsplit("|", 1)[0] + "|",
    "an expiry that is no number": lambda real, tenant: "|".join([*real.split("|")[:5], "x", real.split("|")[6]]),
    "too many parts": lambda real, tenant: real + "|",
    "a signature that is too long": lambda real, tenant: real + "0",
    "a longer expiry under a real signature": lambda real, tenant: "|".join(
        [*real.split("|")[:5], str(int(real.split("|")[5]) + 3600), real.split("|")[6]]
    ),
    "not UTF-8 neighbours": lambda real, tenant: "é" * 300,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_context_shows_nothing(monde: Monde, engine: Engine, forgery: str) -> None:
    real = signed(monde, monde.a.tenant_id)
    with engine.begin() as connection:
        bind(connection, FORGERIES[forgery](real, monde.b.tenant_id))
        assert count(connection) == 0
        assert connection.execute(text("SELECT spst_ctx.tenant()")).scalar_one() is None


def test_a_context_signed_with_another_key_shows_nothing(monde: Monde, engine: Engine) -> None:
    forged = sign_context(secrets.token_bytes(32), monde.a.tenant_id, monde.a.medecin, datetime.now(UTC))
    with engine.begin() as connection:
        bind(connection, forged)
        assert count(connection) == 0


def test_an_expired_context_shows_nothing(monde: Monde, engine: Engine) -> None:
    old = datetime.now(UTC) - timedelta(seconds=LIFETIME_S + 2)
    with engine.begin() as connection:
        bind(connection, signed(monde, monde.a.tenant_id, at=old))
        assert count(connection) == 0


def test_a_context_lives_sixty_seconds_at_most(monde: Monde) -> None:
    context = signed(monde, monde.a.tenant_id, at=NOW)
    assert int(context.split("|")[5]) - int(NOW.timestamp()) <= 60


def test_the_application_cannot_read_the_key_of_contexts(monde: Monde, engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(text("SELECT * FROM spst_ctx.cle"))


def test_inserting_a_row_of_another_tenant_is_refused(monde: Monde, engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="row-level security"), connection.begin():
        bind(connection, signed(monde, monde.a.tenant_id))
        connection.execute(
            text("INSERT INTO adherent (tenant_id, id, siren, raison_sociale) VALUES (:t, :i, '552100554', 'X')"),
            {"t": monde.b.tenant_id, "i": new_id()},
        )


def test_a_foreign_key_cannot_name_another_tenants_row(monde: Monde, engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="foreign key"), connection.begin():
        bind(connection, signed(monde, monde.a.tenant_id))
        connection.execute(
            text("INSERT INTO nom_token (tenant_id, token, travailleur_id) VALUES (:t, 'X', :p)"),
            {"t": monde.a.tenant_id, "p": monde.b.zoe.travailleur_id},
        )


def test_uniqueness_tells_nothing_of_another_tenant(monde: Monde, engine: Engine) -> None:
    """Both tenants adhere the same company: a global unique index would answer with an error, and so tell."""
    with engine.begin() as connection:
        bind(connection, signed(monde, monde.a.tenant_id))
        assert connection.execute(text("SELECT siren FROM adherent")).scalars().all() == ["732829320"]
    with engine.begin() as connection:
        bind(connection, signed(monde, monde.b.tenant_id))
        assert connection.execute(text("SELECT siren FROM adherent")).scalars().all() == ["732829320"]


def test_row_security_cannot_be_switched_off_by_the_application(monde: Monde, engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="row-level security"):
        connection.execute(text("SET row_security = off"))
        count(connection)


def test_a_travailleur_sees_his_own_dossier_alone(monde: Monde, engine: Engine) -> None:
    acteur = Acteur(monde.a.zoe.travailleur_id, Role.SAL, facteurs=2)
    context = sign_context(
        monde.database.context_key, monde.a.tenant_id, acteur, datetime.now(UTC), monde.a.zoe.dossier_id
    )
    with engine.begin() as connection:
        bind(connection, context)
        assert connection.execute(text("SELECT id FROM dossier")).scalars().all() == [monde.a.zoe.dossier_id]
        assert connection.execute(text("SELECT id FROM travailleur")).scalars().all() == [monde.a.zoe.travailleur_id]
        assert connection.execute(text("SELECT DISTINCT dossier_id FROM regime")).scalars().all() == [
            monde.a.zoe.dossier_id
        ]
