"""Counts of requests in the table `compteur`, for limits that are no attempts at a secret: so many in a window."""

from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert

from spst.comptes.models_connexion import Compteur
from spst.kernel.runtime import Runtime


class CounterInDatabase:
    """Implements `spst.web.ports.Counter`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def hit(self, key: str, window_s: int) -> int:
        now = int(self._runtime.clock.now().timestamp())
        window = datetime.fromtimestamp(now - now % window_s, UTC)
        hashed = f"frequence|{self._runtime.keyring.fingerprint('frequence', key)}"
        row = insert(Compteur).values(cle=hashed, window_at=window, n=1)
        counted = row.on_conflict_do_update(index_elements=["cle", "window_at"], set_={"n": Compteur.n + 1})
        with self._runtime.engine.begin() as connection:
            return connection.scalar(counted.returning(Compteur.n)) or 0
