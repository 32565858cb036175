"""Second path of log-in, for staff without RPPS: what a password, a time-based code and a one-time code are.

Serves CNIL deliberation 2022-100 (passwords), RFC 6238 (time-based codes). Pure functions.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

import pyotp
from zxcvbn import zxcvbn

from spst.comptes.errors import PasswordRefused

PASSWORD_MIN = 14
PASSWORD_MAX = 256
_STRONG_ENOUGH = 4
"""Score of zxcvbn out of 4: more than 10^10 guesses, each of which costs an Argon2id hash to whoever stole the table."""
_ZXCVBN_READS = 72

TOTP_STEP_S = 30
_TOTP_DRIFT = 1

RECOVERY_CODES = 10
INSCRIPTION_LIFETIME = timedelta(days=15)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 of Crockford: no I, L, O, U, so that a code survives being read aloud or copied by hand."""
_LOOKALIKES = str.maketrans("OIL", "011")
# fmt: off
_FRENCH_COMMON = (
    "motdepasse", "mot", "passe", "secret", "azerty", "azertyuiop", "qsdfghjklm", "wxcvbn", "bonjour", "bienvenue",
    "soleil", "doudou", "loulou", "chouchou", "marseille", "paris", "france", "medecin", "medecine", "travail",
    "sante", "santeautravail", "prevention", "direction", "directeur", "directrice", "spst", "dmst",
    "administrateur", "changezmoi", "janvier", "fevrier", "mars", "avril", "juin", "juillet", "aout", "septembre",
    "octobre", "novembre", "decembre", ").split)",
)
# fmt: on


def normalise_identifiant(typed: str) -> str:
    """An e-mail address as it is compared: composed, without outer spaces, lower case."""
    return unicodedata.normalize("NFC", typed).strip().lower()


def normalise_password(typed: str) -> str:
    """The same letters whatever the keyboard composed them of; nothing else is changed, spaces count."""
    return unicodedata.normalize("NFC", typed)


def check_password(password: str, personal: Iterable[str]) -> None:
    """No rule of composition: length, and how many guesses it would take somebody who knows the person.

    `personal`: words that are easy to guess for this person.
    Raises: PasswordRefused.
    """
    if len(password) < PASSWORD_MIN:
        raise PasswordRefused(f"Choisissez au moins {PASSWORD_MIN} signes. Une phrase de plusieurs mots convient.")
    if len(password) > PASSWORD_MAX:
        raise PasswordRefused(f"Choisissez {PASSWORD_MAX} signes au plus.")
    known = [*_FRENCH_COMMON, *(word for text in personal for word in (text, *_words(text)))]
    if int(zxcvbn(password[:_ZXCVBN_READS], known)["score"]) < _STRONG_ENOUGH:
        raise PasswordRefused(
            "Ce mot de passe se devine trop facilement. Prenez plusieurs mots sans rapport entre eux ni avec vous."
        )


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", text) if len(word) > 2]


def totp_step(at: datetime) -> int:
    """Number of the 30-second step of an instant (RFC 6238, 4.2)."""
    return int(at.timestamp()) // TOTP_STEP_S


def matching_step(secret: str, typed: str, at: datetime, last_step: int) -> int | None:
    """The step whose code was typed, one step of drift allowed each way, never one that was used (RFC 6238, 5.2).

    `secret`: base 32. Every candidate is compared in constant time, whichever matches.
    """
    digits = re.sub(r"\s", "", typed)
    now = totp_step(at)
    found = None
    for step in range(now - _TOTP_DRIFT, now + _TOTP_DRIFT + 1):
        if hmac.compare_digest(pyotp.HOTP(secret).at(step).encode(), digits.encode()) and step > last_step:
            found = step
    return found


def new_code(groups: int) -> str:
    """A code of `groups` times 25 random bits: ABCDE-FGHJK…"""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(groups))


def code_hash(typed: str) -> str:
    """SHA-256 of a one-time code, whatever the case, the dashes and the letters taken for figures.

    A plain hash is enough: the codes hold 50 bits at least, and are tried under a rate limit.

    >>> code_hash("0abcd-efgh1") == code_hash("OABCD EFGHL")
    True
    """
    letters = re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(_LOOKALIKES)
    return hashlib.sha256(letters.encode()).hexdigest()
