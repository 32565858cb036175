"""What an e-mail to a travailleur says, and when it is tried again. Pure functions.

Whoever reads it over his shoulder, an employer among them, learns nothing: no name, no dossier, no act, no day, no health.
Source: C. trav. art. L. 4624-8, R. 4624-45-5; RGPD art. 5, 1, c.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from spst.kernel.clock import PARIS

CODE_HOURS = 24
"""Some servers only take a message from a stranger at his second try, hours later."""
TRIES = 5
FORGOTTEN = timedelta(days=7)
"""After its code, an address that nobody confirmed is erased."""
_DIGITS = 6
_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 120, 240, 480, 720, 1440))
MOST_TRIES = len(_DELAYS) + 1


class Genre(StrEnum):
    CONFIRMATION = "confirmation"
    NOUVEAU = "nouveau"


def new_code() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(_DIGITS))


def digits(typed: str) -> str:
    """
    >>> digits(" 482 913 ")
    '482913'
    """
    return "".join(typed.split())


def next_try(tentatives: int, now: datetime) -> datetime | None:
    """When a message that was tried so many times is tried again: later and later, over two days; None, no more."""
    return now + _DELAYS[tentatives - 1] if tentatives <= len(_DELAYS) else None


def is_hour(now: datetime, heure: int) -> bool:
    """Whether the hour of Paris at which workers are told has come, on the day of `now`."""
    return now.astimezone(PARIS).hour >= heure


def sujet(genre: Genre) -> str:
    return _SUJETS[genre]


def texte(genre: Genre, espace: str, arret: str, code: str | None) -> str:
    """`espace`, `arret`: addresses of the portal and of the page on which he stops the messages."""
    return _TEXTES[genre].format(espace=espace, arret=arret, code=_spaced(code or ""))


def _spaced(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


_SUJETS = {
    Genre.CONFIRMATION: "Confirmez votre adresse",
    Genre.NOUVEAU: "Il y a du nouveau dans votre espace",
}
_TEXTES = {
    Genre.CONFIRMATION: f"""\
Bonjour,

Votre code\u00a0: {{code}}

Tapez-le dans votre espace, là où vous avez donné cette adresse. Il sert une fois, pendant {CODE_HOURS} heures.
{{espace}}

Vous n’avez rien demandé\u00a0? Ne faites rien\u00a0: sans ce code, cette adresse ne reçoit rien d’autre.
Vous ne voulez plus de messages\u00a0? Arrêtez tout ici\u00a0: {{arret}}

Ne répondez pas à ce message\u00a0: personne ne le lirait.
""",
    Genre.NOUVEAU: """\
Bonjour,

Il y a du nouveau dans votre espace\u00a0:
{espace}

Vous recevez ce message, au plus une fois par jour, parce que vous l’avez demandé dans votre espace.
Pour ne plus en recevoir\u00a0: {arret}

Ne répondez pas à ce message\u00a0: personne ne le lirait.
""",
}
