"""How dates, hours, numbers and names are written on the screen, in French. Pure functions, used as Jinja filters."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from spst.kernel.clock import PARIS

NO_BREAK = "\u00a0"
NARROW_NO_BREAK = "\u202f"
MINUS = "\u2212"
_ARTICLE = re.compile(r"\b([LRD])\. (?=\d)")

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_MOIS_COURTS = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juill.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)
_WORD = re.compile(r"[^\W\d_]+")


def _day(value: date | datetime, zone: ZoneInfo) -> date:
    """The calendar day in the zone of the SPST."""
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def _rank(day: int) -> str:
    return "1er" if day == 1 else str(day)


def articles_lies(sentence: str) -> str:
    """The number of an article of law stays with its letter at the end of a line."""
    return _ARTICLE.sub("\\1.\u00a0", sentence)


def avec_article(nom: str) -> str:
    """A member of the staff inside a sentence: a title of doctor takes its article.

    >>> avec_article("Dr Claire Vasseur"), avec_article("Mme Maëlle Le Goff")
    ('le Dr Claire Vasseur', 'Mme Maëlle Le Goff')
    """
    return f"le {nom}" if nom.startswith(("Dr", "Pr")) and nom[2:3].isspace() else nom


def date_longue(value: date | datetime, zone: ZoneInfo = PARIS) -> str:
    """Date as text says it.

    >>> date_longue(date(2027, 3, 12))
    '12 mars 2027'
    """
    day = _day(value, zone)
    return f"{_rank(day.day)} {_MOIS[day.month - 1]} {day.year}"


def date_courte(value: date | datetime, zone: ZoneInfo = PARIS) -> str:
    """Date as tables write it: 12/03/2027."""
    day = _day(value, zone)
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def dernier_jour(end: datetime, zone: ZoneInfo = PARIS) -> date:
    """Last day that a period covers, its end being an instant that it no longer holds.

    A role granted until 31 December ends at the first instant of 1 January: it is the last day that people are told.

    >>> dernier_jour(datetime(2027, 1, 1, tzinfo=PARIS))
    datetime.date(2026, 12, 31)
    """
    return _day(end.astimezone(UTC) - timedelta.resolution, zone)


def jour_long(value: date | datetime, zone: ZoneInfo = PARIS) -> str:
    """Day as a title names it: Lundi 23 novembre."""
    day = _day(value, zone)
    return f"{_JOURS[day.weekday()].capitalize()} {_rank(day.day)} {_MOIS[day.month - 1]}"


def jour_semaine(value: date | datetime, zone: ZoneInfo = PARIS) -> str:
    """Name of the day alone: Vendredi."""
    return _JOURS[_day(value, zone).weekday()].capitalize()


def jour_mois(value: date | datetime, zone: ZoneInfo = PARIS) -> str:
    """Day and short month, for the margin of a timeline: 4 sept."""
    day = _day(value, zone)
    return f"{_rank(day.day)} {_MOIS_COURTS[day.month - 1]}"


def mois_annee(value: date | datetime, zone: ZoneInfo = PARIS) -> str:
    """Month as the heading of a list: Novembre 2026."""
    day = _day(value, zone)
    return f"{_MOIS[day.month - 1].capitalize()} {day.year}"


def annee_decimale(value: date | datetime, zone: ZoneInfo = PARIS) -> float:
    """Position of a day on an axis of years.

    >>> annee_decimale(date(2026, 1, 1))
    2026.0
    """
    day = _day(value, zone)
    start, end = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return day.year + (day - start).days / (end - start).days


def heure(value: datetime | time, zone: ZoneInfo = PARIS) -> str:
    """Hour and minutes without a leading zero: 8:30, 10:42.

    An instant is aware and is shown in the zone of the SPST; a bare time is shown as it is.
    """
    moment = _moment(value, zone)
    return f"{moment.hour}:{moment.minute:02}"


def heure_secondes(value: datetime | time, zone: ZoneInfo = PARIS) -> str:
    """Hour with seconds, for what proves a moment: 10:42:07."""
    moment = _moment(value, zone)
    return f"{moment.hour}:{moment.minute:02}:{moment.second:02}"


def _moment(value: datetime | time, zone: ZoneInfo) -> time:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("an instant without time zone cannot be shown")
    return value.astimezone(zone).time()


def duree(minutes: int) -> str:
    """Length of an appointment: 30 min, 1 h, 1 h 30."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest}{NO_BREAK}min"
    return f"{hours}{NO_BREAK}h{NO_BREAK}{rest:02}" if rest else f"{hours}{NO_BREAK}h"


def age(naissance: date, on: date) -> int:
    """Whole years lived on that day; somebody born on 29 February turns on 1 March of common years.

    >>> age(date(1976, 2, 29), date(2026, 2, 28))
    49
    """
    return on.year - naissance.year - ((on.month, on.day) < (naissance.month, naissance.day))


def nombre(value: int | float | Decimal, decimales: int | None = None) -> str:
    """Number with narrow no-break spaces between thousands, decimal comma and a true minus sign.

    >>> nombre(1240) == "1" + NARROW_NO_BREAK + "240"
    True
    """
    text = f"{value:,}" if decimales is None else f"{value:,.{decimales}f}"
    return text.replace(",", NARROW_NO_BREAK).replace(".", ",").replace("-", MINUS)


def pluriel(count: int, singulier: str, pluriel_: str | None = None) -> str:
    """Count and noun agreed the French way, zero being singular: 0 visite, 1 visite, 2 visites."""
    return f"{nombre(count)}{NO_BREAK}{accord(count, singulier, pluriel_ or f'{singulier}s')}"


def accord(count: int, singulier: str, pluriel_: str) -> str:
    """The words alone, agreed with a count that stands elsewhere; zero is singular."""
    return singulier if abs(count) < 2 else pluriel_


def prenom(value: str) -> str:
    """Given name as it is read: PIERRE-ALAIN becomes Pierre-Alain; mixed case is left as somebody wrote it."""
    if value != value.upper():
        return value
    return _WORD.sub(lambda word: word.group().capitalize(), value)


def nom(nom_naissance: str, prenom_: str) -> str:
    """BIRTH NAME First name: the only capitals of the product.

    >>> nom("Adrun", "ZOÉ")
    'ADRUN Zoé'
    """
    return f"{nom_naissance.upper()} {prenom(prenom_)}"


def telephone(number: str) -> str:
    """Digits two by two, as they are said; a number of abroad is left as it is.

    >>> telephone("0639984006").replace(NO_BREAK, " ")
    '06 39 98 40 06'
    """
    if len(number) != 10 or not number.isdigit():
        return number
    return NO_BREAK.join(number[start : start + 2] for start in range(0, 10, 2))


def personnel(civilite: str, *noms: str) -> str:
    """A member of the staff as every page names him; the civilité never ends a line.

    >>> personnel("Dr", "Claire", "VASSEUR").replace(NO_BREAK, " ")
    'Dr Claire Vasseur'
    >>> personnel("Mme", "Maëlle", "LE GOFF").replace(NO_BREAK, " ")
    'Mme Maëlle Le Goff'
    """
    return NO_BREAK.join((civilite, " ".join(prenom(one) for one in noms)))


def enumeration(mots: Sequence[str]) -> str:
    """Words one after the other inside a sentence.

    >>> enumeration(["P-111"]), enumeration(["P-110", "P-111", "P-112"])
    ('P-111', 'P-110, P-111 et P-112')
    """
    *before, last = mots or [""]
    return f"{', '.join(before)} et {last}" if before else last


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        date_longue,
        date_courte,
        dernier_jour,
        jour_long,
        jour_semaine,
        jour_mois,
        mois_annee,
        annee_decimale,
        heure,
        heure_secondes,
        duree,
        age,
        nombre,
        accord,
        pluriel,
        prenom,
        nom,
        telephone,
        avec_article,
        articles_lies,
        enumeration,
    )
}
