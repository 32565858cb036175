"""Second path of log-in, on a real database: enrolment, two factors, limits, no enumeration."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select, text

from spst.comptes import limites, local, local_queries
from spst.comptes import local_rules as rules
from spst.comptes.errors import CodeRefused, IdentifiantsRefused, InscriptionRefused, PasswordRefused, TooManyAttempts
from spst.comptes.local import Tentative
from spst.comptes.models_connexion import Authentificateur
from spst.kernel.crypto.aead import CiphertextRefused
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces.models import JournalTechnique
from tests.factories.monde import Monde, Spst
from tests.factories.releves import enters_by

PASSWORD = "cheval agrafe pile correcte"
ELSEWHERE = "tulipe compas marée violette"


@dataclass(slots=True)
class SetClock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@dataclass(slots=True)
class Personne:
    """Somebody enrolled: address, secret of the application, recovery codes."""

    email: str
    identite_id: UUID
    totp: pyotp.TOTP
    codes: tuple[str, ...]


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime.now(UTC))


@pytest.fixture
def runtime(monde: Monde, clock: SetClock) -> Runtime:
    return replace(monde.runtime, clock=clock)


@pytest.fixture
def tentative() -> Tentative:
    """Each test comes from a network of its own."""
    number = new_id().int
    return Tentative(f"10.{number % 251}.{number // 251 % 251}.0/24", new_id())


@pytest.fixture
def enrol(monde: Monde, runtime: Runtime, clock: SetClock, tentative: Tentative) -> Callable[..., Personne]:
    def enrol(email: str, spst: Spst | None = None, password: str = PASSWORD) -> Personne:
        spst = spst or monde.a
        enters_by(monde, spst.directrice.id, email)
        with monde.work(spst.directrice, spst) as ctx:
            inscription = local.add_identity(ctx, email, spst.directrice.id)
        started = local.start_enrolment(runtime, inscription.code, tentative)
        local.choose_password(runtime, started.jeton, password, tentative)
        totp = pyotp.TOTP(local.application(runtime, started.jeton).secret.replace(" ", ""))
        codes = local.confirm_enrolment(runtime, started.jeton, totp.at(clock.now()), tentative)
        clock.advance(seconds=60)
        return Personne(email, started.identite_id, totp, codes)

    return enrol


def new_email() -> str:
    return f"dir-{new_id().hex[-10:]}@coteaux.test"


@pytest.mark.exigence("AUT-04", partielle="mot de passe et code à usage unique ; ni clé d’accès ni fournisseur du SPST")
def test_enrolled_person_logs_in_with_password_then_code(
    runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    identites = local.check_password(runtime, f" {anne.email.upper()} ", PASSWORD, tentative)
    assert identites == (anne.identite_id,)
    assert local.check_code(runtime, identites, anne.totp.at(clock.now()), tentative) == anne.identite_id


def test_same_code_opens_only_once(
    runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    code = anne.totp.at(clock.now())
    local.check_code(runtime, [anne.identite_id], code, tentative)
    with pytest.raises(CodeRefused):
        local.check_code(runtime, [anne.identite_id], code, tentative)


def test_recovery_code_replaces_the_application_once(
    runtime: Runtime, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    assert len(anne.codes) == 10
    local.check_recovery_code(runtime, [anne.identite_id], anne.codes[3].lower(), tentative)
    assert local.recovery_codes_left(runtime, anne.identite_id) == 9
    with pytest.raises(CodeRefused):
        local.check_recovery_code(runtime, [anne.identite_id], anne.codes[3], tentative)


def test_wrong_password_and_unknown_address_get_the_same_answer(
    runtime: Runtime, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    said = set()
    for email in (anne.email, new_email()):
        with pytest.raises(IdentifiantsRefused) as refusal:
            local.check_password(runtime, email, "un autre mot de passe", tentative)
        said.add((str(refusal.value), tuple(refusal.value.facts)))
    assert len(said) == 1


def test_unknown_address_costs_the_same_work_as_a_known_one(
    runtime: Runtime, enrol: Callable[..., Personne], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes are counted, not seconds: they are all the time that an attempt takes."""
    anne = enrol(new_email())
    verified: list[str] = []
    verify = local._verify

    def counted(hashed: str, password: str) -> bool:
        verified.append(hashed)
        return verify(hashed, password)

    monkeypatch.setattr(local, "_verify", counted)
    costs = []
    for email in (anne.email, new_email()):
        verified.clear()
        with pytest.raises(IdentifiantsRefused):
            local.check_password(runtime, email, "un autre mot de passe", Tentative("192.0.2.0/24", new_id()))
        costs.append(len(verified))
    assert costs == [2, 2]


def test_answers_take_the_same_class_of_time(runtime: Runtime, enrol: Callable[..., Personne]) -> None:
    anne = enrol(new_email())
    times: dict[str, list[float]] = {"connue": [], "inconnue": []}
    for _ in range(5):
        for kind, email in (("connue", anne.email), ("inconnue", new_email())):
            started = time.perf_counter()
            with pytest.raises((IdentifiantsRefused, TooManyAttempts)):
                local.check_password(runtime, email, "un autre", Tentative("198.51.100.0/24", new_id()))
            times[kind].append(time.perf_counter() - started)
    known, unknown = statistics.median(times["connue"]), statistics.median(times["inconnue"])
    assert 0.4 < known / unknown < 2.5


def test_sixth_attempt_waits_and_the_wait_ends(
    runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    for _ in range(5):
        with pytest.raises(IdentifiantsRefused):
            local.check_password(runtime, anne.email, "un autre mot de passe", tentative)
    with pytest.raises(TooManyAttempts) as refusal:
        local.check_password(runtime, anne.email, PASSWORD, tentative)
    assert refusal.value.retry_after_s <= 60
    clock.advance(seconds=61)
    assert local.check_password(runtime, anne.email, PASSWORD, tentative) == (anne.identite_id,)


def test_unknown_address_meets_the_same_limit(runtime: Runtime, tentative: Tentative) -> None:
    email = new_email()
    for _ in range(5):
        with pytest.raises(IdentifiantsRefused):
            local.check_password(runtime, email, "un autre mot de passe", tentative)
    with pytest.raises(TooManyAttempts):
        local.check_password(runtime, email, "un autre mot de passe", tentative)


def test_delay_grows_then_proof_of_identity_clears_it(
    runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    waits = []
    for _ in range(4):
        while True:
            try:
                local.check_code(runtime, [anne.identite_id], "000000", tentative)
            except CodeRefused:
                continue
            except TooManyAttempts as refusal:
                waits.append(refusal.retry_after_s)
                clock.advance(seconds=refusal.retry_after_s + 1)
                break
    assert waits == sorted(waits)
    assert waits[0] <= 60 < waits[-1] <= 900
    local.check_code(runtime, [anne.identite_id], anne.totp.at(clock.now()), tentative)
    with pytest.raises(CodeRefused):
        local.check_code(runtime, [anne.identite_id], "000000", tentative)


def test_counts_are_deleted_once_no_limit_reads_them(runtime: Runtime, clock: SetClock, tentative: Tentative) -> None:
    with pytest.raises(IdentifiantsRefused):
        local.check_password(runtime, new_email(), "un autre mot de passe", tentative)
    clock.advance(hours=23)
    limites.purge(runtime)
    clock.advance(hours=2)
    assert limites.purge(runtime) >= 2


def test_password_without_enrolled_application_opens_nothing(
    monde: Monde, runtime: Runtime, tentative: Tentative
) -> None:
    email = new_email()
    with monde.work(monde.a.directrice) as ctx:
        inscription = local.add_identity(ctx, enters_by(monde, monde.a.directrice.id, email), monde.a.directrice.id)
    started = local.start_enrolment(runtime, inscription.code, tentative)
    local.choose_password(runtime, started.jeton, PASSWORD, tentative)
    with pytest.raises(IdentifiantsRefused):
        local.check_password(runtime, email, PASSWORD, tentative)


def test_enrolment_code_serves_once_and_expires(
    monde: Monde, runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    with monde.work(monde.a.directrice) as ctx:
        again = local.issue_inscription(ctx, anne.identite_id)
    with pytest.raises(IdentifiantsRefused):
        local.check_password(runtime, anne.email, PASSWORD, tentative)
    clock.advance(days=15, seconds=1)
    with pytest.raises(InscriptionRefused):
        local.start_enrolment(runtime, again.code, tentative)


def test_new_code_stops_the_enrolment_that_runs(monde: Monde, runtime: Runtime, tentative: Tentative) -> None:
    with monde.work(monde.a.directrice) as ctx:
        first = local.add_identity(ctx, enters_by(monde, monde.a.directrice.id, new_email()), monde.a.directrice.id)
    started = local.start_enrolment(runtime, first.code, tentative)
    with monde.work(monde.a.directrice) as ctx:
        local.issue_inscription(ctx, started.identite_id)
    with pytest.raises(InscriptionRefused):
        local.choose_password(runtime, started.jeton, PASSWORD, tentative)


def test_guessable_password_is_refused_at_enrolment(monde: Monde, runtime: Runtime, tentative: Tentative) -> None:
    with monde.work(monde.a.directrice) as ctx:
        inscription = local.add_identity(
            ctx, enters_by(monde, monde.a.directrice.id, new_email()), monde.a.directrice.id
        )
    started = local.start_enrolment(runtime, inscription.code, tentative)
    with pytest.raises(PasswordRefused):
        local.choose_password(runtime, started.jeton, "motdepasse2027", tentative)


def test_direction_of_another_spst_cannot_take_over_an_address(
    monde: Monde, runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    """The same address in two SPSTs is two identities: enrolling one opens nothing of the other."""
    email = new_email()
    here, there = enrol(email, monde.a), enrol(email, monde.b, ELSEWHERE)
    assert here.identite_id != there.identite_id
    assert local.check_password(runtime, email, ELSEWHERE, tentative) == (there.identite_id,)
    with pytest.raises(CodeRefused):
        local.check_code(runtime, [there.identite_id], here.totp.at(clock.now()), tentative)


def test_totp_secret_is_sealed_to_its_identity(
    monde: Monde, runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne, paul = enrol(new_email()), enrol(new_email())
    with monde.superuser.begin() as connection:
        of_paul = connection.scalar(
            select(Authentificateur.totp_sealed).where(Authentificateur.identite_id == paul.identite_id)
        )
        assert of_paul is not None
        assert paul.totp.secret.encode() not in of_paul
        local_queries.change(connection, runtime, anne.identite_id, totp_sealed=of_paul)
    with pytest.raises(CiphertextRefused):
        local.check_code(runtime, [anne.identite_id], paul.totp.at(clock.now()), tentative)


def test_older_hash_is_made_anew_at_the_next_log_in(
    monde: Monde,
    runtime: Runtime,
    tentative: Tentative,
    enrol: Callable[..., Personne],
    product_hasher: local.PasswordHasher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "_HASHER", product_hasher)
    anne = enrol(new_email())
    weaker = local.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with monde.superuser.begin() as connection:
        local_queries.change(connection, runtime, anne.identite_id, mot_de_passe=weaker)
    local.check_password(runtime, anne.email, PASSWORD, tentative)
    with monde.superuser.connect() as connection:
        now = local_queries.by_id(connection, runtime, anne.identite_id)
    assert now is not None
    assert now.mot_de_passe is not None
    assert "m=47104,t=2,p=1" in now.mot_de_passe


def test_every_step_is_in_the_technical_journal_without_what_was_typed(
    monde: Monde, runtime: Runtime, clock: SetClock, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    tentative = Tentative("203.0.113.0/24", new_id())
    with pytest.raises(IdentifiantsRefused):
        local.check_password(runtime, anne.email, "canari du mot de passe", tentative)
    local.check_password(runtime, anne.email, PASSWORD, tentative)
    local.check_code(runtime, [anne.identite_id], anne.totp.at(clock.now()), tentative)
    with monde.superuser.connect() as connection:
        events = connection.execute(
            select(JournalTechnique.evenement, JournalTechnique.faits)
            .where(JournalTechnique.correlation_id == tentative.correlation_id)
            .order_by(JournalTechnique.id)
        ).all()
        everything = connection.scalar(text("SELECT string_agg(faits::text, ' ') FROM journal_technique"))
    assert [event.evenement for event in events] == [
        "connexion_locale.refusee",
        "connexion_locale.mot_de_passe_accepte",
        "connexion_locale.code_accepte",
    ]
    for typed in (anne.email, "canari", PASSWORD, anne.totp.secret):
        assert typed not in str(everything)


def injected(monde: Monde, statement: str, **values: object) -> None:
    """SQL slipped into a transaction of the application, at work in A under a context really signed."""
    with monde.work(monde.a.medecin) as ctx:
        ctx.session.execute(text(statement), values)


def noted(monde: Monde) -> list[tuple[int, dict[str, object]]]:
    with monde.superuser.connect() as connection:
        lines = select(JournalTechnique.niveau, JournalTechnique.faits).order_by(JournalTechnique.id)
        found = connection.execute(lines.where(JournalTechnique.evenement == "authentificateur.falsifie"))
        return [(line.niveau, line.faits) for line in found]


KNOWN = "chemin ardoise bleu tambour"
FORGERIES = {
    "identite_id": None,
    "mot_de_passe": f"'{local._HASHER.hash(KNOWN)}'",
    "totp_sealed": "(SELECT o.totp_sealed FROM authentificateur o WHERE o.identite_id <> a.identite_id LIMIT 1)",
    "totp_confirmed_at": "totp_confirmed_at - interval '1 microsecond'",
    "totp_last_step": "0",
    "codes_secours": f"ARRAY['{rules.code_hash('AAAAA-BBBBB')}']",
    "inscription_hash": f"'{rules.code_hash('AAAAA-BBBBB-CCCCC-DDDDD')}'",
    "inscription_expires_at": "now() + interval '1 year'",
    "sceau": "sha256(sceau)",
}


@pytest.mark.exigence("AUT-02")
def test_every_column_of_an_authenticator_is_sealed() -> None:
    assert {column.name for column in Authentificateur.__table__.columns} == set(FORGERIES)
    assert set(local_queries.SCEAU.columns) == set(FORGERIES) - {"sceau"}


@pytest.mark.exigence("AUT-02")
@pytest.mark.parametrize("column", sorted(name for name, value in FORGERIES.items() if value))
def test_authenticator_of_another_spst_changed_by_injected_sql_opens_nothing_and_is_noted(
    monde: Monde,
    runtime: Runtime,
    clock: SetClock,
    tentative: Tentative,
    enrol: Callable[..., Personne],
    column: str,
) -> None:
    enrol(new_email())
    victim = enrol(new_email(), monde.b)
    injected(
        monde, f"UPDATE authentificateur a SET {column} = {FORGERIES[column]} WHERE identite_id = :victim",
        victim=victim.identite_id,
    )  # fmt: skip
    before = len(noted(monde))
    for password in (KNOWN, PASSWORD):
        with pytest.raises(IdentifiantsRefused):
            local.check_password(runtime, victim.email, password, tentative)
    with pytest.raises(CodeRefused):
        local.check_code(runtime, [victim.identite_id], victim.totp.at(clock.now()), tentative)
    for code in ("AAAAA-BBBBB", victim.codes[0]):
        with pytest.raises(CodeRefused):
            local.check_recovery_code(runtime, [victim.identite_id], code, tentative)
    with pytest.raises(InscriptionRefused):
        local.start_enrolment(runtime, "AAAAA-BBBBB-CCCCC-DDDDD", tentative)
    assert noted(monde)[before:].count((3, {"identite": str(victim.identite_id)})) >= 5


@pytest.mark.exigence("AUT-02")
def test_authenticator_copied_with_its_seal_under_another_identity_opens_nothing(
    monde: Monde, runtime: Runtime, clock: SetClock, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    """All that mine says, its seal too, laid under somebody of another SPST."""
    mine, victim = enrol(new_email(), password=KNOWN), enrol(new_email(), monde.b)
    names = sorted(set(FORGERIES) - {"identite_id"})
    injected(
        monde,
        f"UPDATE authentificateur a SET {', '.join(f'{name} = o.{name}' for name in names)} FROM authentificateur o"
        " WHERE a.identite_id = :victim AND o.identite_id = :mine",
        victim=victim.identite_id,
        mine=mine.identite_id,
    )
    with pytest.raises(IdentifiantsRefused):
        local.check_password(runtime, victim.email, KNOWN, tentative)
    with pytest.raises(CodeRefused):
        local.check_code(runtime, [victim.identite_id], mine.totp.at(clock.now()), tentative)
    assert local.check_password(runtime, mine.email, KNOWN, tentative) == (mine.identite_id,)


@pytest.mark.exigence("AUT-02")
def test_change_slipped_in_during_an_enrolment_is_not_sealed_with_what_it_writes(
    monde: Monde, runtime: Runtime, tentative: Tentative
) -> None:
    with monde.work(monde.b.directrice, monde.b) as ctx:
        inscription = local.add_identity(
            ctx, enters_by(monde, monde.b.directrice.id, new_email()), monde.b.directrice.id
        )
    started = local.start_enrolment(runtime, inscription.code, tentative)
    injected(
        monde, "UPDATE authentificateur SET codes_secours = :codes WHERE identite_id = :victim",
        codes=[rules.code_hash("AAAAA-BBBBB")], victim=started.identite_id,
    )  # fmt: skip
    with runtime.engine.begin() as connection:
        assert not local_queries.change(connection, runtime, started.identite_id, mot_de_passe="choisi")
    with pytest.raises(InscriptionRefused):
        local.choose_password(runtime, started.jeton, PASSWORD, tentative)


@pytest.mark.exigence("AUT-02")
def test_new_inscription_gives_back_an_authenticator_that_was_changed(
    monde: Monde, runtime: Runtime, tentative: Tentative, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    injected(monde, "UPDATE authentificateur SET totp_last_step = 0 WHERE identite_id = :i", i=anne.identite_id)
    with monde.work(monde.a.directrice) as ctx:
        again = local.issue_inscription(ctx, anne.identite_id)
    assert local.start_enrolment(runtime, again.code, tentative).identite_id == anne.identite_id


def at_once(*acts: Callable[[], bool]) -> list[bool]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def test_one_of_several_uses_of_a_code_at_once_is_accepted(
    runtime: Runtime, clock: SetClock, enrol: Callable[..., Personne]
) -> None:
    anne = enrol(new_email())
    step = rules.totp_step(clock.now())

    def use() -> bool:
        with runtime.engine.begin() as connection:
            return local_queries.use_step(connection, runtime, anne.identite_id, step)

    assert at_once(*[use] * 6).count(True) == 1


def test_two_recovery_codes_used_at_once_are_both_spent(runtime: Runtime, enrol: Callable[..., Personne]) -> None:
    anne = enrol(new_email())

    def use(code: str) -> bool:
        with runtime.engine.begin() as connection:
            return local_queries.use_recovery_code(connection, runtime, anne.identite_id, rules.code_hash(code))

    uses = [partial(use, code) for code in anne.codes[:3] for _ in range(2)]
    assert at_once(*uses).count(True) == 3
    assert local.recovery_codes_left(runtime, anne.identite_id) == 7
