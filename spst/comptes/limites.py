"""Limits of attempts, in the table `compteur`: some tries, then a delay that grows; never a lasting lock.

An attempt is counted before it is judged, in a transaction of its own: a hundred attempts at once are a hundred counted ones.
Source: identity assurance practice of OWASP ASVS 5.0, 6.3.1; NIST SP 800-63B, 5.2.2.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from spst.comptes.errors import TooManyAttempts
from spst.comptes.models_connexion import Compteur
from spst.kernel.runtime import Runtime

_WINDOW = timedelta(minutes=15)
_MEMORY = timedelta(days=1)
_FIRST_DELAY_S = 60
_LONGEST_DELAY_S = 900
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:cle, 0))")


@dataclass(frozen=True, slots=True)
class Limite:
    """`essais` attempts in fifteen minutes for one value of what `nom` counts."""

    nom: str
    essais: int


def delay_s(level: int) -> int:
    """Seconds to wait once the tries are spent: one minute, doubled each time, fifteen minutes at most.

    >>> [delay_s(level) for level in range(6)]
    [60, 120, 240, 480, 900, 900]
    """
    return min(_FIRST_DELAY_S << min(level, 10), _LONGEST_DELAY_S)


def take(runtime: Runtime, limite: Limite, value: str) -> None:
    """Count one attempt. Raises: TooManyAttempts, when the delay of an earlier one still runs (it then counts nothing)."""
    key, now = _key(runtime, limite, value), runtime.clock.now()
    with runtime.engine.begin() as connection:
        connection.execute(_LOCK, {"cle": key})
        until = connection.scalar(
            select(func.max(Compteur.window_at)).where(Compteur.cle == _wait(key), Compteur.window_at > now)
        )
        if until is not None:
            raise TooManyAttempts(max(1, round((until - now).total_seconds())))
        if _count(connection, key, now) >= limite.essais:
            _add_wait(connection, key, now)


def clear(runtime: Runtime, limite: Limite, value: str) -> None:
    """Forget the attempts: the person has proved who he is."""
    key = _key(runtime, limite, value)
    with runtime.engine.begin() as connection:
        connection.execute(delete(Compteur).where(Compteur.cle.in_([key, _wait(key)])))


def purge(runtime: Runtime) -> int:
    """Delete what no limit reads any more; returns the number of rows."""
    with runtime.engine.begin() as connection:
        result = connection.execute(delete(Compteur).where(Compteur.window_at < runtime.clock.now() - _MEMORY))
        return int(result.rowcount)


def _key(runtime: Runtime, limite: Limite, value: str) -> str:
    return f"{limite.nom}|{runtime.keyring.fingerprint(limite.nom, value)}"


def _wait(key: str) -> str:
    return f"{key}|attente"


def _count(connection: Connection, key: str, now: datetime) -> int:
    """Add one to this minute; returns the attempts of the last fifteen."""
    minute = now.replace(second=0, microsecond=0)
    row = insert(Compteur).values(cle=key, window_at=minute, n=1)
    connection.execute(row.on_conflict_do_update(index_elements=["cle", "window_at"], set_={"n": Compteur.n + 1}))
    total = connection.scalar(
        select(func.sum(Compteur.n)).where(Compteur.cle == key, Compteur.window_at > now - _WINDOW)
    )
    return int(total or 0)


def _add_wait(connection: Connection, key: str, now: datetime) -> None:
    """The delay grows with the number of delays of the last day."""
    level = connection.scalar(
        select(func.count()).where(Compteur.cle == _wait(key), Compteur.window_at > now - _MEMORY)
    )
    until = now + timedelta(seconds=delay_s(int(level or 0)))
    connection.execute(insert(Compteur).values(cle=_wait(key), window_at=until, n=1).on_conflict_do_nothing())
