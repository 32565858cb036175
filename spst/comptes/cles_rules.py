"""Passkeys: where they may be used, and what makes one suspect. Pure functions.

Serves W3C Web Authentication level 2, sections 5.1.2 (relying party), 6.1.1 (signature counter), 7.1 and 7.2.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from spst.comptes.errors import CleNotAdded, ConnexionTropAncienne
from spst.web import fresh

DEFI_LIFETIME = timedelta(minutes=5)
MOST_KEYS = 10
NAME_MAX = 60

ATTACKS = frozenset({"defi_absent", "defi", "origine", "preuve", "compteur", "autre_personne"})
"""Refusals that no distracted person meets."""


@dataclass(frozen=True, slots=True)
class Site:
    """For whom a key is made (`rp_id`), and the one origin that may ask for it."""

    rp_id: str
    origin: str


def site(public_url: str) -> Site | None:
    """What the public address lets keys be bound to; None when it is an IP address, which they refuse.

    On this machine alone, where the demonstration is at 127.0.0.1, the name of the same place serves.

    >>> site("https://dmst.exemple.fr")
    Site(rp_id='dmst.exemple.fr', origin='https://dmst.exemple.fr')
    >>> site("http://127.0.0.1:8000")
    Site(rp_id='localhost', origin='http://localhost:8000')
    >>> site("https://192.0.2.7") is None
    True
    """
    parts = urlsplit(public_url)
    address = _address(parts.hostname or "")
    if address is None:
        return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")
    if parts.scheme != "http" or not address.is_loopback:
        return None
    port = f":{parts.port}" if parts.port else ""
    return Site("localhost", f"http://localhost{port}")


@dataclass(frozen=True, slots=True)
class Porte:
    """What a page says of keys. `ailleurs`: the same page under a name that they accept, when this address is a number."""

    ouverte: bool
    ailleurs: str | None = None


def porte(public_url: str, seen_at: str, path: str) -> Porte:
    """`seen_at`: the origin under which the browser says that it sees this page; it only chooses what is written there.

    >>> porte("https://dmst.exemple.fr", "http://interne", "/compte/cles")
    Porte(ouverte=True, ailleurs=None)
    >>> porte("http://127.0.0.1:8000", "http://127.0.0.1:8000", "/compte/cles")
    Porte(ouverte=False, ailleurs='http://localhost:8000/compte/cles')
    """
    found = site(public_url)
    if found is None:
        return Porte(ouverte=False)
    named_otherwise = not public_url.startswith(found.origin)
    if named_otherwise and seen_at != found.origin:
        return Porte(ouverte=False, ailleurs=f"{found.origin}{path}")
    return Porte(ouverte=True)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_fresh(auth_at: datetime | None, now: datetime) -> None:
    """Raises: ConnexionTropAncienne: whoever finds a session open must not leave a way in behind him."""
    if not fresh.is_recent(auth_at, now):
        raise ConnexionTropAncienne


def checked_name(typed: str) -> str:
    """Raises: CleNotAdded."""
    name = " ".join(typed.split())
    if not name:
        raise CleNotAdded("Donnez un nom à cette clé\u202f: celui de l’appareil, par exemple.")
    if len(name) > NAME_MAX:
        raise CleNotAdded(f"Choisissez un nom de {NAME_MAX} signes au plus.")
    return name


def counter_went_back(before: int, now: int) -> bool:
    """Two devices hold the key: one of them counts less than the other did. A device that counts nothing always says 0.

    >>> counter_went_back(0, 0), counter_went_back(4, 5), counter_went_back(5, 5), counter_went_back(5, 0)
    (False, False, True, True)
    """
    return (before, now) != (0, 0) and now <= before
