"""What is asked of somebody's telephone, and of the provider, at a bounded pace; kept in the table `compteur`.

Starts are counted over a sliding window, so that no instant lets twice as many through. Turns let one request of ours in at a
time, whatever browsers do: so many windows, so many processes, one question per interval.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from spst.comptes.errors import TooManyAttempts
from spst.comptes.models_connexion import Compteur
from spst.kernel.runtime import Runtime

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:cle, 0))")
_LONGEST_ANSWER_S = 30
"""A turn whose answer never came opens again after this long: the process that held it is gone."""
_SLOWER_S = 5
"""CIBA Core 1.0, 11: what `slow_down` adds to the interval."""


@dataclass(frozen=True, slots=True)
class Frequence:
    """`most` starts `within` any window, for one value of what `nom` counts."""

    nom: str
    most: int
    within: timedelta = timedelta(minutes=5)


def take_start(runtime: Runtime, frequence: Frequence, value: str) -> None:
    """Count one start. Raises: TooManyAttempts, saying when the oldest leaves the window; it then counts nothing."""
    cle = f"{frequence.nom}|{runtime.keyring.fingerprint(frequence.nom, value)}"
    now = runtime.clock.now()
    with runtime.engine.begin() as connection:
        connection.execute(_LOCK, {"cle": cle})
        counted, oldest = connection.execute(
            select(func.sum(Compteur.n), func.min(Compteur.window_at)).where(
                Compteur.cle == cle, Compteur.window_at > now - frequence.within
            )
        ).one()
        if (counted or 0) >= frequence.most:
            raise TooManyAttempts(max(1, round((oldest + frequence.within - now).total_seconds())))
        row = insert(Compteur).values(cle=cle, window_at=now, n=1)
        connection.execute(row.on_conflict_do_update(index_elements=["cle", "window_at"], set_={"n": Compteur.n + 1}))


def open_turns(runtime: Runtime, nom: str, interval_s: int) -> None:
    """The first turn comes one interval from now. `n` of the row is the interval, `window_at` the next turn."""
    with runtime.engine.begin() as connection:
        next_at = runtime.clock.now() + timedelta(seconds=interval_s)
        connection.execute(insert(Compteur).values(cle=_turns(nom), window_at=next_at, n=interval_s))


def take_turn(runtime: Runtime, nom: str) -> int:
    """0 when the turn is the caller's, until `give_back`; otherwise the seconds to wait before asking again."""
    now = runtime.clock.now()
    with runtime.engine.begin() as connection:
        row = connection.execute(
            select(Compteur.window_at, Compteur.n).where(Compteur.cle == _turns(nom)).with_for_update()
        ).one_or_none()
        if row is None:
            return _SLOWER_S
        if row.window_at > now:
            return max(1, min(row.n, -int((now - row.window_at).total_seconds() // 1)))
        _set_turn(connection, nom, now + timedelta(seconds=row.n + _LONGEST_ANSWER_S), row.n)
        return 0


def give_back(runtime: Runtime, nom: str, *, slower: bool = False) -> int:
    """The next turn comes one interval from now; returns it, in seconds. `slower`: the provider asks to be asked less often."""
    with runtime.engine.begin() as connection:
        interval = connection.scalar(select(Compteur.n).where(Compteur.cle == _turns(nom)).with_for_update())
        interval = (interval or _SLOWER_S) + (_SLOWER_S if slower else 0)
        _set_turn(connection, nom, runtime.clock.now() + timedelta(seconds=interval), interval)
    return interval


def close_turns(runtime: Runtime, nom: str) -> None:
    with runtime.engine.begin() as connection:
        connection.execute(delete(Compteur).where(Compteur.cle == _turns(nom)))


def _set_turn(connection: Connection, nom: str, next_at: datetime, interval: int) -> None:
    connection.execute(update(Compteur).where(Compteur.cle == _turns(nom)).values(window_at=next_at, n=interval))


def _turns(nom: str) -> str:
    return f"tour|{nom}"
