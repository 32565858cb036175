"""Keys of tenants and dossiers, through a store that stands outside database dumps.

The store (port `KeyStore`) holds wrapped keys only. Destroying a dossier's key there makes its narrative unreadable in every
backup of the database; a process forgets a key after `CACHE_S` seconds, so a destruction is effective everywhere by then.
"""

import hashlib
import hmac
import os
import time
from collections import OrderedDict
from typing import Protocol
from uuid import UUID

from spst.kernel.crypto.aead import open_sealed, place, seal

CACHE_S = 60.0
_CACHE_SIZE = 4096


class KeyUnavailable(Exception):
    """The key was destroyed or never made: what it sealed cannot be read."""


class KeyStore(Protocol):
    """Wrapped keys by (tenant, dossier). The tenant's own key stands under its own id."""

    def get(self, tenant_id: UUID, owner_id: UUID) -> bytes | None: ...

    def add(self, tenant_id: UUID, owner_id: UUID, wrapped: bytes) -> bytes:
        """Keep `wrapped` unless a key is there already; return the one that is kept."""

    def add_all(self, tenant_id: UUID, wrapped: dict[UUID, bytes]) -> None: ...

    def destroy(self, tenant_id: UUID, owner_id: UUID) -> None: ...


class Keyring:
    def __init__(self, root_key: bytes, store: KeyStore) -> None:
        self._root = root_key
        self._store = store
        self._cache: OrderedDict[tuple[UUID, UUID], tuple[float, bytes]] = OrderedDict()

    def seal(self, tenant_id: UUID, dossier_id: UUID, table: str, column: str, row_id: UUID, text: str) -> bytes:
        """Seal a text of a dossier for one place of the database. Raises: KeyUnavailable."""
        return seal(self._dossier_key(tenant_id, dossier_id), text.encode(), place(tenant_id, table, column, row_id))

    def open(self, tenant_id: UUID, dossier_id: UUID, table: str, column: str, row_id: UUID, sealed: bytes) -> str:
        """Raises: KeyUnavailable, CiphertextRefused."""
        key = self._dossier_key(tenant_id, dossier_id)
        return open_sealed(key, sealed, place(tenant_id, table, column, row_id)).decode()

    def blind_index(self, tenant_id: UUID, purpose: str, value: str) -> bytes:
        """Keyed index of an encrypted value: equal values of one tenant can be found, nothing else is told (16 bytes)."""
        key = hmac.digest(self._tenant_key(tenant_id), f"blind-index|{purpose}".encode(), hashlib.sha256)
        return hmac.digest(key, value.encode(), hashlib.sha256)[:16]

    def reference(self, tenant_id: UUID, value: UUID) -> bytes:
        """Keyed pseudonym of an id, for those who may follow a dossier in the journal without knowing which it is."""
        key = hmac.digest(self._tenant_key(tenant_id), b"opaque-reference", hashlib.sha256)
        return hmac.digest(key, value.bytes, hashlib.sha256)

    def mark_key(self, tenant_id: UUID, dossier_id: UUID) -> bytes:
        """By which the lines of a dossier are recognised among all the sealed ones; its worker is given it (32 bytes)."""
        key = hmac.digest(self._tenant_key(tenant_id), b"trace-mark", hashlib.sha256)
        return hmac.digest(key, dossier_id.bytes, hashlib.sha256)

    def seal_outside(self, table: str, column: str, row_id: UUID, text: str) -> bytes:
        """Seal a secret of a table that belongs to no tenant (a log-in comes before the SPST), for one place of it."""
        return seal(self._outside_key(f"{table}.{column}"), text.encode(), _outside_place(table, column, row_id))

    def open_outside(self, table: str, column: str, row_id: UUID, sealed: bytes) -> str:
        """Raises: CiphertextRefused."""
        return open_sealed(
            self._outside_key(f"{table}.{column}"), sealed, _outside_place(table, column, row_id)
        ).decode()

    def fingerprint(self, purpose: str, value: str) -> str:
        """Keyed hash of what somebody typed before he is known: equal values meet in a counter, nothing else is told."""
        return hmac.new(self._outside_key(f"fingerprint|{purpose}"), value.encode(), hashlib.sha256).hexdigest()

    def stamp(self, table: str, row: bytes) -> bytes:
        """What tells a row of a table outside tenants that this program wrote from one that the database made up.

        `row`: a canonical encoding, in which the row's own identifier stands.
        """
        return hmac.digest(self._outside_key(f"stamp|{table}"), row, hashlib.sha256)

    def _outside_key(self, purpose: str) -> bytes:
        """One key per purpose; HMAC-SHA-256 under the root key is the pseudo-random function that keeps them apart."""
        return hmac.digest(self._root, f"outside-tenants|{purpose}".encode(), hashlib.sha256)

    def create_tenant_key(self, tenant_id: UUID) -> None:
        self._store.add(tenant_id, tenant_id, seal(self._root, os.urandom(32), _wrapping(tenant_id, tenant_id)))

    def create_dossier_key(self, tenant_id: UUID, dossier_id: UUID) -> None:
        """Made before the row that needs it commits: a key without dossier is harmless, the reverse is not."""
        self._store.add(tenant_id, dossier_id, self._new_dossier_key(tenant_id, dossier_id))

    def create_dossier_keys(self, tenant_id: UUID, dossier_ids: list[UUID]) -> None:
        self._store.add_all(tenant_id, {d: self._new_dossier_key(tenant_id, d) for d in dossier_ids})

    def destroy_dossier_key(self, tenant_id: UUID, dossier_id: UUID) -> None:
        self._store.destroy(tenant_id, dossier_id)
        self._cache.pop((tenant_id, dossier_id), None)

    def _new_dossier_key(self, tenant_id: UUID, dossier_id: UUID) -> bytes:
        return seal(self._tenant_key(tenant_id), os.urandom(32), _wrapping(tenant_id, dossier_id))

    def _tenant_key(self, tenant_id: UUID) -> bytes:
        return self._unwrapped(self._root, tenant_id, tenant_id)

    def _dossier_key(self, tenant_id: UUID, dossier_id: UUID) -> bytes:
        if (known := self._known(tenant_id, dossier_id)) is not None:
            return known
        return self._unwrapped(self._tenant_key(tenant_id), tenant_id, dossier_id)

    def _unwrapped(self, wrapping_key: bytes, tenant_id: UUID, owner_id: UUID) -> bytes:
        if (known := self._known(tenant_id, owner_id)) is not None:
            return known
        wrapped = self._store.get(tenant_id, owner_id)
        if wrapped is None:
            raise KeyUnavailable(f"no key for {owner_id}")
        key = open_sealed(wrapping_key, wrapped, _wrapping(tenant_id, owner_id))
        self._cache[(tenant_id, owner_id)] = (time.monotonic(), key)
        if len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)
        return key

    def _known(self, tenant_id: UUID, owner_id: UUID) -> bytes | None:
        entry = self._cache.get((tenant_id, owner_id))
        if entry is None or time.monotonic() - entry[0] > CACHE_S:
            return None
        return entry[1]


def _outside_place(table: str, column: str, row_id: UUID) -> bytes:
    """Associated data outside tenants; the dash is no tenant's id."""
    return f"-|{table}|{column}|{row_id}".encode()


def _wrapping(tenant_id: UUID, owner_id: UUID) -> bytes:
    return place(tenant_id, "key", "wrapped", owner_id)
