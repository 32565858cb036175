"""Keys: what is sealed opens in its own place, under its own key, and nowhere else."""

import sqlite3
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.adapters.cles.fichier import FileKeyStore
from spst.kernel.crypto import keyring as keyring_module
from spst.kernel.crypto.aead import CiphertextRefused, open_sealed, seal
from spst.kernel.crypto.keyring import Keyring, KeyUnavailable
from spst.kernel.ids import new_id

pytestmark = pytest.mark.exigence(
    "TEN-03", partielle="the keys; erasure and its certificate come with the tenant's life"
)

A, B = new_id(), new_id()
DOSSIER, OTHER = new_id(), new_id()
ROW = new_id()


@pytest.fixture
def store(tmp_path: Path) -> FileKeyStore:
    return FileKeyStore(tmp_path / "cles.sqlite")


@pytest.fixture
def keyring(store: FileKeyStore) -> Keyring:
    made = Keyring(b"r" * 32, store)
    for tenant in (A, B):
        made.create_tenant_key(tenant)
        made.create_dossier_keys(tenant, [DOSSIER, OTHER])
    return made


def test_a_text_is_read_back_where_it_was_sealed(keyring: Keyring) -> None:
    sealed = keyring.seal(A, DOSSIER, "visite_note", "texte", ROW, "Acouphènes en fin de semaine.")
    assert b"Acouph" not in sealed
    assert keyring.open(A, DOSSIER, "visite_note", "texte", ROW, sealed) == "Acouphènes en fin de semaine."


@pytest.mark.parametrize(
    "place",
    [
        (B, DOSSIER, "visite_note", "texte", ROW),
        (A, OTHER, "visite_note", "texte", ROW),
        (A, DOSSIER, "addendum", "texte", ROW),
        (A, DOSSIER, "visite_note", "titre", ROW),
        (A, DOSSIER, "visite_note", "texte", OTHER),
    ],
    ids=["other tenant", "other dossier", "other table", "other column", "other row"],
)
def test_a_ciphertext_that_was_moved_does_not_open(keyring: Keyring, place: tuple[UUID, UUID, str, str, UUID]) -> None:
    sealed = keyring.seal(A, DOSSIER, "visite_note", "texte", ROW, "Sommeil correct.")
    with pytest.raises(CiphertextRefused):
        keyring.open(*place, sealed=sealed)


def test_the_same_text_never_gives_the_same_ciphertext(keyring: Keyring) -> None:
    twice = {keyring.seal(A, DOSSIER, "visite_note", "texte", ROW, "RAS") for _ in range(50)}
    assert len(twice) == 50


def test_a_destroyed_key_makes_the_text_unreadable_for_every_process(keyring: Keyring, store: FileKeyStore) -> None:
    sealed = keyring.seal(A, DOSSIER, "visite_note", "texte", ROW, "Sommeil correct.")
    keyring.destroy_dossier_key(A, DOSSIER)
    for reader in (keyring, Keyring(b"r" * 32, store)):
        with pytest.raises(KeyUnavailable):
            reader.open(A, DOSSIER, "visite_note", "texte", ROW, sealed)


def test_another_process_forgets_a_destroyed_key_within_a_minute(
    keyring: Keyring, store: FileKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Keyring(b"r" * 32, store)
    sealed = other.seal(A, DOSSIER, "visite_note", "texte", ROW, "Sommeil correct.")
    keyring.destroy_dossier_key(A, DOSSIER)
    monkeypatch.setattr(keyring_module, "CACHE_S", -1.0)
    with pytest.raises(KeyUnavailable):
        other.open(A, DOSSIER, "visite_note", "texte", ROW, sealed)


def test_the_store_tells_nothing_without_the_root_key(keyring: Keyring, store: FileKeyStore) -> None:
    with pytest.raises(CiphertextRefused):
        Keyring(b"x" * 32, store).seal(A, DOSSIER, "visite_note", "texte", ROW, "RAS")


def test_the_store_keeps_the_first_key_of_a_dossier(keyring: Keyring, store: FileKeyStore) -> None:
    sealed = keyring.seal(A, DOSSIER, "visite_note", "texte", ROW, "RAS")
    Keyring(b"r" * 32, store).create_dossier_key(A, DOSSIER)
    assert Keyring(b"r" * 32, store).open(A, DOSSIER, "visite_note", "texte", ROW, sealed) == "RAS"


def test_the_store_is_its_owners_alone_and_overwrites_what_it_destroys(tmp_path: Path) -> None:
    path = tmp_path / "cles.sqlite"
    store = FileKeyStore(path)
    store.add(A, DOSSIER, b"wrapped-key-canary-0123456789")
    assert path.stat().st_mode & 0o077 == 0
    store.destroy(A, DOSSIER)
    assert b"wrapped-key-canary" not in path.read_bytes()
    assert sqlite3.connect(path).execute("SELECT count(*) FROM cle").fetchone() == (0,)


def test_a_blind_index_finds_equal_values_of_one_tenant_only(keyring: Keyring) -> None:
    index = keyring.blind_index(A, "matricule", "275126322074974")
    assert index == keyring.blind_index(A, "matricule", "275126322074974")
    assert index != keyring.blind_index(B, "matricule", "275126322074974")
    assert index != keyring.blind_index(A, "telephone", "275126322074974")
    assert len(index) == 16


@given(st.binary(), st.binary(), st.integers(min_value=0))
def test_any_altered_bit_is_refused(plaintext: bytes, associated: bytes, position: int) -> None:
    key = b"k" * 32
    sealed = bytearray(seal(key, plaintext, associated))
    bit = position % (8 * len(sealed))
    sealed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(CiphertextRefused):
        open_sealed(key, bytes(sealed), associated)
