"""Key store in one SQLite file, readable by its owner alone: for the demonstration and a single machine.

It holds wrapped keys only: without the root key the file tells nothing. Every process of the machine opens the same file.
"""

import os
import sqlite3
import threading
from pathlib import Path
from uuid import UUID

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cle (
    tenant_id BLOB NOT NULL, owner_id BLOB NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (tenant_id, owner_id)
) WITHOUT ROWID
"""


class FileKeyStore:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        self._local = threading.local()
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)

    def get(self, tenant_id: UUID, owner_id: UUID) -> bytes | None:
        row = self._connection().execute(
            "SELECT wrapped FROM cle WHERE tenant_id = ? AND owner_id = ?", (tenant_id.bytes, owner_id.bytes)
        )
        found = row.fetchone()
        return None if found is None else bytes(found[0])

    def add(self, tenant_id: UUID, owner_id: UUID, wrapped: bytes) -> bytes:
        self.add_all(tenant_id, {owner_id: wrapped})
        kept = self.get(tenant_id, owner_id)
        if kept is None:
            raise sqlite3.IntegrityError("the key was destroyed while it was made")
        return kept

    def add_all(self, tenant_id: UUID, wrapped: dict[UUID, bytes]) -> None:
        with self._connection() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO cle VALUES (?, ?, ?)",
                [(tenant_id.bytes, owner.bytes, key) for owner, key in wrapped.items()],
            )

    def destroy(self, tenant_id: UUID, owner_id: UUID) -> None:
        """The bytes are overwritten in the file too (`secure_delete`), then the log is emptied into it."""
        with self._connection() as connection:
            connection.execute(
                "DELETE FROM cle WHERE tenant_id = ? AND owner_id = ?", (tenant_id.bytes, owner_id.bytes)
            )
        self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _connection(self) -> sqlite3.Connection:
        """One connection per thread and process: SQLite's own do not survive a fork."""
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.connection = sqlite3.connect(self._path, timeout=10)
            self._local.connection.execute("PRAGMA secure_delete = ON")
            self._local.connection.execute("PRAGMA synchronous = FULL")
            self._local.pid = os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection
