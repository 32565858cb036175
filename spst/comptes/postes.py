"""Which professionals have entered by the provider's own page from a browser: only they may be asked for there by number alone.

Everybody can know an RPPS number: it is published. Without this, whoever types one makes a stranger's telephone ring until he
confirms out of weariness. The browser keeps a random number of its own and, for each professional, the day of his last log-in
and a keyed hash of the three: it can neither be made up nor read, and two browsers of one person have nothing in common.
"""

import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from spst.kernel.crypto.keyring import Keyring

LIFE = timedelta(days=180)
_MOST = 12
"""Professionals who share a workstation; who came longest ago is forgotten."""
_NAVIGATEUR = re.compile(r"[A-Za-z0-9_-]{22}")
_MARQUE = re.compile(r"([0-9]{6})-([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Marque:
    """One log-in: the day, counted from the year 1, and the hash that ties browser, day and RPPS."""

    jour: int
    empreinte: str


@dataclass(frozen=True, slots=True)
class Poste:
    """What the cookie of a browser says. `navigateur`: its own random number."""

    navigateur: str
    marques: tuple[Marque, ...] = ()

    @classmethod
    def read(cls, cookie: str) -> "Poste":
        """Whatever is not of this form is a browser that nobody has entered from."""
        navigateur, *texts = cookie.split(".")[: _MOST + 1]
        found = [_MARQUE.fullmatch(text) for text in texts]
        if not _NAVIGATEUR.fullmatch(navigateur):
            return cls(secrets.token_urlsafe(16))
        return cls(navigateur, tuple(Marque(int(one[1]), one[2]) for one in found if one))

    def __str__(self) -> str:
        return ".".join((self.navigateur, *(f"{one.jour:06}-{one.empreinte}" for one in self.marques)))

    def knows(self, keyring: Keyring, rpps: str, now: datetime) -> bool:
        """Whether `rpps` entered from this browser less than `LIFE` ago."""
        return any(
            hmac.compare_digest(_hash(keyring, self.navigateur, one.jour, rpps), one.empreinte)
            for one in self.live(now)
        )

    def live(self, now: datetime) -> tuple[Marque, ...]:
        return tuple(one for one in self.marques if one.jour > (now - LIFE).toordinal())

    def with_login(self, keyring: Keyring, rpps: str, now: datetime) -> "Poste":
        """The same browser, which `rpps` has just entered from."""
        others = tuple(
            one
            for one in self.live(now)
            if not hmac.compare_digest(_hash(keyring, self.navigateur, one.jour, rpps), one.empreinte)
        )
        today = now.toordinal()
        mine = Marque(today, _hash(keyring, self.navigateur, today, rpps))
        return replace(self, marques=(mine, *others)[:_MOST])


def _hash(keyring: Keyring, navigateur: str, jour: int, rpps: str) -> str:
    return keyring.fingerprint("poste", f"{navigateur}|{jour}|{rpps}")
