"""Passkeys, on a real database: what is asked, what is kept, and every lie that a device or a browser may tell."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from spst.comptes import cles, cles_queries, local
from spst.comptes.cles import CleVue, Defi
from spst.comptes.cles_rules import MOST_KEYS, Site
from spst.comptes.errors import CleNotAdded, CleNotFound, CleRefused, ConnexionTropAncienne
from spst.comptes.local import Tentative
from spst.comptes.models_connexion import CleAcces
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces.models import JournalTechnique
from tests.factories.cle import PRESENT, VERIFIED, Cle
from tests.factories.monde import Monde, Spst
from tests.factories.releves import enters_by
from tests.factories.site import MovableClock

SITE = Site("dmst.test", "https://dmst.test")
PASSWORD = "cheval agrafe pile correcte"
BY_KEY = pytest.mark.exigence("AUT-04", partielle="clé d’accès")


@dataclass(slots=True)
class Banc:
    """Somebody enrolled, and what he and his browser do. `now`: when he last entered."""

    monde: Monde
    runtime: Runtime
    clock: MovableClock
    tentative: Tentative
    email: str
    identite_id: UUID

    def add(self, cle: Cle, nom: str = "Portable du bureau", **changes: Any) -> UUID:
        asked = cles.ask_creation(self.runtime, SITE, self.identite_id, self.clock.now())
        self.answer_creation(asked.defi, cle.create(asked.options), nom, **changes)
        return self.listed()[-1].id

    def answer_creation(self, defi: Defi | None, typed: str, nom: str = "Portable", **changes: Any) -> None:
        values = {"identite_id": self.identite_id, "auth_at": self.clock.now(), **changes}
        cles.add(
            self.runtime, SITE, values["identite_id"], values["auth_at"], nom, defi, typed, self.tentative
        )  # fmt: skip

    def enter(self, cle: Cle, **changes: bytes) -> UUID:
        asked = cles.ask_entry(self.runtime, SITE)
        return self.answer(asked.defi, cle.get(asked.options, **changes))

    def answer(self, defi: Defi | None, typed: str) -> UUID:
        return cles.check(self.runtime, SITE, defi, typed, self.tentative)

    def listed(self) -> list[CleVue]:
        found = cles.of_identity(self.runtime, self.identite_id)
        assert found is not None
        return found

    def noted(self) -> list[tuple[str, int, str | None]]:
        """What the technical journal says of this person's attempts: event, level, reason."""
        with self.monde.superuser.connect() as connection:
            lines = connection.execute(
                select(JournalTechnique.evenement, JournalTechnique.niveau, JournalTechnique.faits)
                .where(JournalTechnique.correlation_id == self.tentative.correlation_id)
                .order_by(JournalTechnique.at)
            )
            return [(line.evenement, line.niveau, line.faits.get("motif")) for line in lines]

    def refused(self, motif: str, niveau: int) -> bool:
        return self.noted()[-1] == ("connexion_cle.refusee", niveau, motif)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def enrol(monde: Monde, clock: MovableClock) -> Callable[..., Banc]:
    runtime = replace(monde.runtime, clock=clock)

    def enrol(spst: Spst | None = None) -> Banc:
        number = new_id().int
        tentative = Tentative(f"10.{number % 251}.{number // 251 % 251}.0/24", new_id())
        spst = spst or monde.a
        email = enters_by(monde, spst.directrice.id, f"dir-{new_id().hex[-10:]}@coteaux.test")
        with monde.work(spst.directrice, spst) as ctx:
            code = local.add_identity(ctx, email, spst.directrice.id).code
        return Banc(monde, runtime, clock, replace(tentative), email, finished(runtime, clock, code))

    return enrol


def finished(runtime: Runtime, clock: MovableClock, code: str) -> UUID:
    tentative = Tentative(f"192.0.2.{new_id().int % 251}/24", new_id())
    started = local.start_enrolment(runtime, code, tentative)
    local.choose_password(runtime, started.jeton, PASSWORD, tentative)
    totp = pyotp.TOTP(local.application(runtime, started.jeton).secret.replace(" ", ""))
    local.confirm_enrolment(runtime, started.jeton, totp.at(clock.now()), tentative)
    return started.identite_id


@pytest.fixture
def banc(enrol: Callable[..., Banc]) -> Banc:
    return enrol()


@pytest.fixture
def cle() -> Cle:
    return Cle(SITE.origin, SITE.rp_id)


@BY_KEY
def test_key_is_added_then_opens_by_itself(banc: Banc, cle: Cle) -> None:
    banc.add(cle, "  Portable   du bureau ")
    assert [(one.nom, one.last_used_at) for one in banc.listed()] == [("Portable du bureau", None)]
    assert banc.enter(cle) == banc.identite_id
    assert banc.enter(cle) == banc.identite_id
    assert banc.listed()[0].last_used_at is not None
    assert [event for event, _, _ in banc.noted()] == ["cle_acces.ajoutee"] + ["connexion_cle.acceptee"] * 2


def test_device_is_asked_for_a_key_that_it_finds_by_itself_and_that_recognises_its_owner(banc: Banc, cle: Cle) -> None:
    banc.add(cle)
    creation = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now()).options
    assert creation["rp"]["id"] == SITE.rp_id
    assert creation["authenticatorSelection"]["residentKey"] == "required"
    assert creation["authenticatorSelection"]["userVerification"] == "required"
    assert [one["id"] for one in creation["excludeCredentials"]] == [json.loads(cle.create(creation))["id"]]
    assert str(banc.identite_id) not in str(creation)
    entry = cles.ask_entry(banc.runtime, SITE).options
    assert (entry["rpId"], entry["userVerification"], entry["allowCredentials"]) == (SITE.rp_id, "required", [])
    assert entry["challenge"] != cles.ask_entry(banc.runtime, SITE).options["challenge"]


def test_device_that_counts_nothing_enters_as_often_as_it_likes(banc: Banc, cle: Cle) -> None:
    banc.add(cle)
    for _ in range(3):
        cle.count = -1
        assert banc.enter(cle) == banc.identite_id


# ──── Adding


@BY_KEY
@pytest.mark.parametrize("ago", [timedelta(minutes=5, seconds=1), timedelta(hours=3), None], ids=str)
def test_key_is_added_only_just_after_an_entry_with_two_factors(banc: Banc, cle: Cle, ago: timedelta | None) -> None:
    asked = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now())
    auth_at = banc.clock.now() - ago if ago else None
    with pytest.raises(ConnexionTropAncienne):
        cles.ask_creation(banc.runtime, SITE, banc.identite_id, auth_at)
    with pytest.raises(ConnexionTropAncienne):
        banc.answer_creation(asked.defi, cle.create(asked.options), auth_at=auth_at)
    assert banc.listed() == []


def test_whoever_comes_by_another_path_has_no_keys(banc: Banc, cle: Cle) -> None:
    asked = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now())
    for identite_id in (None, new_id()):
        assert cles.of_identity(banc.runtime, identite_id) is None
        with pytest.raises(CleNotAdded):
            cles.ask_creation(banc.runtime, SITE, identite_id, banc.clock.now())
        with pytest.raises(CleNotAdded):
            banc.answer_creation(asked.defi, cle.create(asked.options), identite_id=identite_id)


WRONG_CREATIONS: dict[str, tuple[str, int, Callable[[Cle], Cle]]] = {
    "another site's page": ("origine", 3, lambda cle: cle.clone(origin="https://dmst.test.attaquant.fr")),
    "plain http": ("origine", 3, lambda cle: cle.clone(origin="http://dmst.test")),
    "another relying party": ("preuve", 3, lambda cle: cle.clone(rp_id="test")),
    "owner not recognised": ("preuve", 3, lambda cle: cle.clone(flags=PRESENT)),
    "nobody there": ("preuve", 3, lambda cle: cle.clone(flags=VERIFIED)),
    "endless name": ("illisible", 2, lambda cle: cle.clone(credential_id=b"x" * 1024)),
}


@BY_KEY
@pytest.mark.parametrize("name", WRONG_CREATIONS)
def test_key_made_otherwise_is_not_kept(banc: Banc, cle: Cle, name: str) -> None:
    motif, niveau, wrong = WRONG_CREATIONS[name]
    with pytest.raises(CleNotAdded):
        banc.add(wrong(cle))
    assert banc.listed() == []
    assert banc.noted() == [("cle_acces.ajout_refuse", niveau, motif)]


def test_attestation_that_was_not_asked_for_is_not_read(banc: Banc, cle: Cle) -> None:
    for fmt in ("tpm", "android-safetynet", "fido-u2f", "apple"):
        asked = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now())
        with pytest.raises(CleNotAdded):
            banc.answer_creation(asked.defi, cle.create(asked.options, fmt))
        assert banc.noted()[-1] == ("cle_acces.ajout_refuse", 2, "attestation")


def test_challenge_of_a_creation_dies_with_its_use_its_age_and_its_kind(banc: Banc, cle: Cle) -> None:
    asked = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now())
    typed = cle.create(asked.options)
    banc.clock.move(minutes=6)
    for defi, motif in (
        (None, "defi_absent"),
        (asked.defi, "defi_expire"),
        (cles.ask_entry(banc.runtime, SITE).defi, "defi"),
    ):
        with pytest.raises(CleNotAdded):
            banc.answer_creation(defi, typed)
        assert banc.noted()[-1][2] == motif
    signed = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now())
    with pytest.raises(CleNotAdded):
        banc.answer_creation(signed.defi, cle.get(signed.options))


def test_key_of_somebody_is_not_registered_again_under_another(
    banc: Banc, enrol: Callable[..., Banc], cle: Cle
) -> None:
    banc.add(cle)
    other = enrol(banc.monde.b)
    with pytest.raises(CleNotAdded):
        other.add(cle.clone())
    assert other.noted() == [("cle_acces.ajout_refuse", 2, "deja_connue")]


def test_name_is_asked_and_keys_are_counted(banc: Banc) -> None:
    for nom in ("  ", "x" * 61):
        with pytest.raises(CleNotAdded, match="nom"):
            banc.add(Cle(SITE.origin, SITE.rp_id), nom)
    for _ in range(MOST_KEYS):
        banc.add(Cle(SITE.origin, SITE.rp_id))
    with pytest.raises(CleNotAdded, match="déjà 10"):
        banc.add(Cle(SITE.origin, SITE.rp_id))


# ──── Entering


WRONG_ENTRIES: dict[str, tuple[str, int, Callable[[Cle], Cle]]] = {
    "another site's page": ("origine", 3, lambda cle: cle.clone(origin="https://dmst.test.attaquant.fr")),
    "another port": ("origine", 3, lambda cle: cle.clone(origin="https://dmst.test:8443")),
    "another relying party": ("preuve", 3, lambda cle: cle.clone(rp_id="test")),
    "owner not recognised": ("preuve", 3, lambda cle: cle.clone(flags=PRESENT)),
    "another private key": ("preuve", 3, lambda cle: cle.clone(private=Cle("", "").private)),
    "a clone that counted less": ("compteur", 3, lambda cle: cle.clone(count=6)),
    "a clone that counts nothing": ("compteur", 3, lambda cle: cle.clone(count=-1)),
    "a key that nobody added": ("inconnue", 2, lambda cle: cle.clone(credential_id=b"inconnue" * 4)),
    "no owner said": ("autre_personne", 3, lambda cle: cle.clone(handle=b"")),
}


@BY_KEY
@pytest.mark.parametrize("name", WRONG_ENTRIES)
def test_key_used_otherwise_opens_nothing_and_is_noted(banc: Banc, cle: Cle, name: str) -> None:
    motif, niveau, wrong = WRONG_ENTRIES[name]
    cle.count = 6
    banc.add(cle)
    banc.enter(cle)
    with pytest.raises(CleRefused):
        banc.enter(wrong(cle))
    assert banc.refused(motif, niveau)
    cle.count = 20
    assert banc.enter(cle) == banc.identite_id, "the lie of another closes nothing to the owner"


@BY_KEY
def test_answer_to_one_challenge_serves_for_no_other(banc: Banc, cle: Cle) -> None:
    banc.add(cle)
    first, second = cles.ask_entry(banc.runtime, SITE), cles.ask_entry(banc.runtime, SITE)
    typed = cle.get(first.options)
    with pytest.raises(CleRefused):
        banc.answer(second.defi, typed)
    assert banc.refused("defi", 3)
    with pytest.raises(CleRefused):
        banc.answer(None, typed)
    assert banc.refused("defi_absent", 3)
    banc.clock.move(minutes=6)
    with pytest.raises(CleRefused):
        banc.answer(first.defi, typed)
    assert banc.refused("defi_expire", 2)


@BY_KEY
def test_key_does_not_enter_as_somebody_else(banc: Banc, enrol: Callable[..., Banc], cle: Cle) -> None:
    """The device's word for its owner is checked, so that no row put under another's key lets its holder in as him."""
    banc.add(cle)
    other, theirs = enrol(banc.monde.b), Cle(SITE.origin, SITE.rp_id)
    other.add(theirs)
    with pytest.raises(CleRefused):
        banc.enter(cle.clone(handle=theirs.handle))
    assert banc.refused("autre_personne", 3)
    assert banc.enter(theirs) == other.identite_id


def test_parts_changed_after_the_signature_are_refused(banc: Banc, cle: Cle) -> None:
    cle.count = 3
    banc.add(cle)
    higher = cle.clone(count=90)
    for changes in (
        {"authenticatorData": higher._auth_data(PRESENT | VERIFIED)},
        {"signature": b""},
        {"signature": b"\x30\x06\x02\x01\x00\x02\x01\x00"},
    ):
        with pytest.raises(CleRefused):
            banc.enter(cle, **changes)
        assert banc.refused("preuve", 3)


@BY_KEY
def test_removed_key_opens_nothing_and_is_not_added_again(banc: Banc, enrol: Callable[..., Banc], cle: Cle) -> None:
    cle_id = banc.add(cle)
    stranger = enrol()
    with pytest.raises(CleNotFound):
        cles.remove(banc.runtime, stranger.identite_id, cle_id, stranger.tentative)
    assert stranger.noted()[-1][:2] == ("cle_acces.retrait_refuse", 2)
    assert banc.enter(cle) == banc.identite_id
    cles.remove(banc.runtime, banc.identite_id, cle_id, banc.tentative)
    assert banc.listed() == []
    with pytest.raises(CleRefused):
        banc.enter(cle)
    assert banc.refused("retiree", 2)
    with pytest.raises(CleNotFound):
        cles.remove(banc.runtime, banc.identite_id, cle_id, banc.tentative)
    with pytest.raises(CleNotAdded):
        banc.add(cle)


@BY_KEY
def test_new_enrolment_leaves_no_key_of_before(banc: Banc, cle: Cle) -> None:
    """The direction enrols somebody again because something was lost: a key may be what was lost."""
    banc.add(cle)
    with banc.monde.work(banc.monde.a.directrice) as ctx:
        code = local.issue_inscription(ctx, banc.identite_id).code
    with pytest.raises(CleRefused):
        banc.enter(cle)
    banc.clock.move(seconds=60)
    assert finished(banc.runtime, banc.clock, code) == banc.identite_id
    assert banc.listed() == []
    with pytest.raises(CleRefused):
        banc.enter(cle)
    assert banc.refused("inscription_remplacee", 2)


def test_of_two_uses_of_one_count_at_once_one_enters(banc: Banc, cle: Cle) -> None:
    banc.add(cle)
    asked = [cles.ask_entry(banc.runtime, SITE) for _ in range(4)]
    typed = [cle.clone(count=8).get(one.options) for one in asked]

    def enters(rank: int) -> bool:
        try:
            return banc.answer(asked[rank].defi, typed[rank]) == banc.identite_id
        except CleRefused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enters, range(4))) == [False, False, False, True]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_sent_is_refused_in_the_same_words(banc: Banc, cle: Cle, data: st.DataObject) -> None:
    """Bytes made to break whoever parses them: nothing comes out of it but the refusal."""
    if not banc.listed():
        banc.add(cle)
    creation = cles.ask_creation(banc.runtime, SITE, banc.identite_id, banc.clock.now())
    entry = cles.ask_entry(banc.runtime, SITE)
    for typed, answer, refusal in (
        (cle.get(entry.options), lambda t: banc.answer(entry.defi, t), CleRefused),
        (cle.create(creation.options), lambda t: banc.answer_creation(creation.defi, t), CleNotAdded),
    ):
        whole = json.loads(typed)
        where = data.draw(st.sampled_from([whole, whole["response"]]))
        name = data.draw(st.sampled_from(sorted(where)))
        where[name] = data.draw(JSON | st.binary(max_size=80).map(cles.bytes_to_base64url))
        sent = data.draw(st.sampled_from([json.dumps(whole), typed[:-9], "[" * 5000, "9" * 6000, ""]))
        with pytest.raises(refusal):
            answer(sent)


# ──── The table, attacked by SQL injected as the application's own role

FORGERIES = {
    "id": None,
    "identite_id": ":mine",
    "credential_id": "sha256(credential_id)",
    "public_key": ":public",
    "sign_count": "0",
    "nom": "'Autre nom'",
    "enrolement_at": "enrolement_at - interval '1 microsecond'",
    "created_at": "created_at - interval '1 day'",
    "last_used_at": "NULL",
    "revoked_at": "now()",
    "sceau": "sha256(sceau)",
}


@pytest.mark.exigence("AUT-02")
def test_every_column_of_a_key_is_sealed() -> None:
    assert {column.name for column in CleAcces.__table__.columns} == set(FORGERIES)
    assert set(cles_queries.SCEAU.columns) == set(FORGERIES) - {"sceau"}


def injected(monde: Monde, statement: str, **values: object) -> int:
    with monde.work(monde.a.medecin) as ctx:
        return ctx.session.execute(text(statement), values).rowcount  # type: ignore[attr-defined]


def forged(monde: Monde, cle_id: UUID) -> int:
    with monde.superuser.connect() as connection:
        lines = select(JournalTechnique.faits).where(
            JournalTechnique.evenement == "cle_acces.falsifiee", JournalTechnique.niveau == 3
        )
        return [line.faits for line in connection.execute(lines)].count({"cle": str(cle_id)})


@pytest.mark.exigence("AUT-02")
@pytest.mark.parametrize("column", sorted(name for name, value in FORGERIES.items() if value))
def test_key_changed_by_injected_sql_opens_nothing_and_is_noted(
    banc: Banc, enrol: Callable[..., Banc], cle: Cle, column: str
) -> None:
    victim, mine = enrol(banc.monde.b), Cle(SITE.origin, SITE.rp_id)
    cle_id = victim.add(cle)
    victim.enter(cle)
    banc.add(mine)
    public = mine._attested()[18 + len(mine.credential_id) :]
    values = {"mine": banc.identite_id, "public": public}
    used = {name: value for name, value in values.items() if f":{name}" in str(FORGERIES[column])}
    injected(banc.monde, f"UPDATE cle_acces SET {column} = {FORGERIES[column]} WHERE id = :cle", cle=cle_id, **used)
    holders = [cle, cle.clone(private=mine.private), cle.clone(handle=mine.handle)]
    for one in holders:
        with pytest.raises(CleRefused):
            victim.enter(one.clone(count=50))
    assert victim.listed() == []
    assert forged(banc.monde, cle_id) >= 1 or column == "credential_id"
    with pytest.raises(CleNotFound):
        cles.remove(banc.runtime, victim.identite_id, cle_id, victim.tentative)


@pytest.mark.exigence("AUT-02")
def test_key_inserted_by_sql_opens_nobody_s_session(banc: Banc, enrol: Callable[..., Banc], cle: Cle) -> None:
    """All that a key of mine says, its seal too, under somebody of another SPST."""
    victim, theirs = enrol(banc.monde.b), Cle(SITE.origin, SITE.rp_id)
    banc.add(cle)
    victim.add(theirs)
    laid = new_id()
    injected(
        banc.monde,
        "INSERT INTO cle_acces SELECT :id, :victim, :name, public_key, sign_count, nom,"
        " (SELECT enrolement_at FROM cle_acces WHERE identite_id = :victim LIMIT 1), created_at, NULL, NULL, sceau"
        " FROM cle_acces WHERE identite_id = :mine",
        id=laid,
        victim=victim.identite_id,
        mine=banc.identite_id,
        name=b"posee par injection",
    )
    with pytest.raises(CleRefused):
        victim.enter(cle.clone(credential_id=b"posee par injection", handle=theirs.handle))
    assert len(victim.listed()) == 1
    assert forged(banc.monde, laid) >= 1


def test_journal_holds_nothing_of_what_was_sent(banc: Banc, cle: Cle) -> None:
    banc.add(cle, "Canari du portable")
    banc.enter(cle)
    with pytest.raises(CleRefused):
        banc.answer(None, cle.get(cles.ask_entry(banc.runtime, SITE).options))
    with banc.monde.superuser.connect() as connection:
        told = str(connection.scalar(text("SELECT string_agg(faits::text, ' ') FROM journal_technique")))
    for secret in (banc.email, "Canari", cle.handle.hex(), json.loads(cle.get({"challenge": ""}))["id"]):
        assert secret not in told
    assert datetime.now(UTC) - banc.listed()[0].created_at < timedelta(minutes=1)
