"""Traits of identity, their search keys, and the match of an electronic identity: pure functions on values.

Source: Référentiel national d'identitovigilance (RNIV), volet 1; lexical rules of INSi (SEL-MP-043, 2 and 3.4.1).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from spst.identite.errors import (
    AdresseRefused,
    CourrielRefused,
    DateNaissanceRefused,
    LieuNaissanceRefused,
    MatriculeRefused,
    NomRefused,
    PremierPrenomInconsistent,
    TelephoneRefused,
)

LONGEST_NAME = 100
FRANCE = "99100"
PORTAL_AGE = 16
"""Below it nobody is linked automatically: the holders of parental authority come first."""

_SPELLINGS = {
    **dict.fromkeys("’‘`´ʼʹ′‛＇", "'"),
    **dict.fromkeys("‐‑‒–—−﹣－", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\t\r\n", " "),
    **{"œ": "OE", "Œ": "OE", "æ": "AE", "Æ": "AE", "ß": "SS", "ẞ": "SS", "ø": "O", "Ø": "O", "ł": "L", "Ł": "L"},
    **{"đ": "D", "Đ": "D", "ð": "D", "Ð": "D", "þ": "TH", "Þ": "TH", "ħ": "H", "Ħ": "H", "ı": "I"},
}
_SPELLING = str.maketrans(_SPELLINGS)
_NOM = re.compile(r"(?![ -])(?!.*(?:  |''| '|' |---))[A-Z' -]+(?<! )")
_LIEU = re.compile(r"[0-9]{5}|2[AB][0-9]{3}")
_MATRICULE = re.compile(r"[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}[0-9]{2}")
_LETTERS = re.compile(r"[A-Z]+")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}\.[^@\s.]{2,63}")
_TELEPHONE = re.compile(r"\+?[0-9]{6,15}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class Traits:
    """The five strict traits of an identity, as the RNIV writes them. `prenoms`: the whole list, one space between two."""

    nom_naissance: str
    prenoms: str
    date_naissance: date
    sexe: str
    lieu_naissance: str | None


@dataclass(frozen=True, slots=True)
class IdentitePivot:
    """What FranceConnect+ signs about somebody: its claims, unchanged. Never anything that the person typed."""

    family_name: str
    given_name: str
    birthdate: str
    gender: str
    birthplace: str | None
    birthcountry: str | None


# ──── Normalisation


def normalise_nom(text: str) -> str:
    """A family name as the RNIV writes it: capitals, no diacritics, hyphens and apostrophes kept.

    Raises: NomRefused, for any sign without equivalent; nothing is dropped in silence.

    >>> normalise_nom("d’Artagnan  de l’Hérault")
    "D'ARTAGNAN DE L'HERAULT"
    """
    plain = re.sub(r" *([-']) *", r"\1", " ".join(capitals(text).split(" "))).strip(" ")
    plain = re.sub(r" +", " ", plain)
    if len(plain) > LONGEST_NAME or not _NOM.fullmatch(plain):
        raise NomRefused
    return plain


def normalise_prenoms(text: str) -> str:
    """A given name, or the list of them, one space between two; commas of civil documents separate too.

    Raises: NomRefused.
    """
    plain = normalise_nom(text.replace(",", " "))
    if "--" in plain or any(prenom[-1] in "-'" for prenom in plain.split(" ")):
        raise NomRefused
    return plain


def premier_prenom(prenoms: str, stated: str | None = None) -> str:
    """The first given name: the first of the list, compound kept whole, or the one stated when the list begins with it.

    "JEAN CHRISTOPHE PIERRE" may have JEAN-CHRISTOPHE as its first name, never CHRISTOPHE (RNIV, volet 1).
    Raises: NomRefused, PremierPrenomInconsistent.
    """
    if not stated:
        return prenoms.split(" ")[0]
    chosen = normalise_prenoms(stated)
    words = _words(chosen)
    if _words(prenoms)[: len(words)] != words:
        raise PremierPrenomInconsistent
    return chosen


def check_date_naissance(value: date, today: date) -> date:
    """Raises: DateNaissanceRefused."""
    if not (date(1880, 1, 1) <= value <= today):
        raise DateNaissanceRefused
    return value


def check_lieu_naissance(code: str) -> str:
    """INSEE code of a commune or country. Codes that no table knows are kept: INSi returns some.

    Raises: LieuNaissanceRefused.
    """
    plain = code.strip().upper()
    if not _LIEU.fullmatch(plain):
        raise LieuNaissanceRefused
    return plain


def capitals(text: str) -> str:
    """Capitals without diacritics; ligatures, apostrophes, hyphens and spaces in their one spelling."""
    upper = unicodedata.normalize("NFKD", text.translate(_SPELLING).upper())
    return "".join(c for c in upper if not unicodedata.combining(c)).translate(_SPELLING).upper()


# ──── Contact


def check_telephone(text: str) -> str:
    """Digits, after a plus sign perhaps; spaces, dots, brackets and hyphens are dropped.

    Raises: TelephoneRefused.

    >>> check_telephone("06 12.34-56 78")
    '0612345678'
    """
    plain = re.sub(r"[ .()\u00a0\u202f-]", "", text)
    if not _TELEPHONE.fullmatch(plain):
        raise TelephoneRefused
    return plain


def check_courriel(text: str) -> str:
    """Raises: CourrielRefused."""
    plain = text.strip()
    if not _EMAIL.fullmatch(plain) or _UNSEEN.search(plain):
        raise CourrielRefused
    return plain


def check_adresse(text: str) -> str:
    """A postal address, on several lines perhaps. Raises: AdresseRefused."""
    plain = text.strip()
    if len(plain) > LONGEST_ADDRESS or _UNSEEN.search(plain.replace("\n", "").replace("\r", "")):
        raise AdresseRefused
    return plain


# ──── Search


def search_key(nom: str, premier: str) -> str:
    """Key under which a person stands in the order of names: letters only, one space between name and first name.

    >>> search_key("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN")
    'DARTAGNANDELHERAULT PIERREALAIN'
    """
    return f"{letters(nom)} {letters(premier)}"


def name_tokens(*names: str | None) -> frozenset[str]:
    """What each name reads from each of its words on, letters only: whatever somebody types from the start of a word, with
    or without hyphens, apostrophes and spaces, begins one of these.

    >>> sorted(name_tokens("D'ARTAGNAN", "ANNE-LISE"))
    ['ANNELISE', 'ARTAGNAN', 'DARTAGNAN', 'LISE']
    """
    return frozenset(token for name in names if name for token in _from_each_word(name))


def are_close(names: Iterable[str | None], others: Iterable[str | None]) -> bool:
    """Whether two people bear a name in common, a word of a compound included, however it is spelled.

    >>> are_close(["Durand-Leroy", "Anne"], ["LEROY", "MARIE"])
    True
    """
    return not name_tokens(*names).isdisjoint(name_tokens(*others))


def _from_each_word(name: str) -> Iterator[str]:
    words = _words(name)
    return ("".join(words[start:]) for start in range(len(words)))


def letters(text: str) -> str:
    """Letters only, as capitals: what stays equal whatever the accents, hyphens, apostrophes and spaces."""
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return _LETTERS.findall(capitals(text))


def prefix_range(prefix: str) -> tuple[str, str]:
    """Bounds, the upper one excluded, of what begins with `prefix` (capitals) in the order of bytes."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Recherche:
    """A search as it was understood. `mots`: each must begin a word of the names. `naissance`: the birth date asked for."""

    mots: tuple[str, ...] = ()
    naissance: date | None = None
    is_impossible: bool = False
    """It asks for what no identity holds, as a number that is no date: it finds nobody."""

    @property
    def is_empty(self) -> bool:
        return not self.mots and self.naissance is None

    @property
    def debut_du_nom(self) -> str:
        """The words joined, which may be the beginning of a name of several words."""
        return "".join(self.mots)

    @property
    def filtres(self) -> str:
        """Kinds of filter, for the trace: never the text."""
        kinds = ("nom" if self.mots else "", "naissance" if self.naissance else "")
        return "+".join(kind for kind in kinds if kind) or "aucun"


_DATE_FR = re.compile(r"(?<!\d)(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})(?!\d)")
_DATE_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DATE_COMPACT = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{4})(?!\d)")


def parse_search(text: str) -> Recherche:
    """Words of names and a birth date, in any order. Dates: 31/12/1980, 31121980, 1980-12-31.

    >>> parse_search("müller 31121980")
    Recherche(mots=('MULLER',), naissance=datetime.date(1980, 12, 31), is_impossible=False)
    """
    rest, birth = _take_date(text[: 2 * LONGEST_NAME])
    words = tuple(_words(_joined_compounds(rest)))
    return Recherche(words[:MOST_WORDS], birth, is_impossible=any(c.isdigit() for c in rest))


def _joined_compounds(text: str) -> str:
    """A compound is one word asked for, joined as the tokens hold it."""
    return re.sub(r"[-']", "", capitals(text))


def _take_date(text: str) -> tuple[str, date | None]:
    for pattern, order in ((_DATE_ISO, (1, 2, 3)), (_DATE_FR, (3, 2, 1)), (_DATE_COMPACT, (3, 2, 1))):
        if (found := pattern.search(text)) and (value := _real_date(*(int(found.group(n)) for n in order))):
            return f"{text[: found.start()]} {text[found.end() :]}", value
    return text, None


def _real_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# ──── Matricule


def parse_matricule(text: str) -> str:
    """The fifteen characters of a matricule INS, spaces forgiven, key verified.

    Raises: MatriculeRefused.
    """
    plain = "".join(text.split()).upper()
    if not _MATRICULE.fullmatch(plain) or nir_key(plain[:13]) != plain[13:]:
        raise MatriculeRefused
    return plain


def nir_key(number: str) -> str:
    """Key of the 13 characters of a NIR or NIA: 97 less the rest of the division by 97; Corsica counts as 19 and 18.

    >>> nir_key("2751263220749")
    '74'
    """
    department = {"2A": "19", "2B": "18"}.get(number[5:7], number[5:7])
    return f"{97 - int(number[:5] + department + number[7:]) % 97:02d}"


# ──── Match of an electronic identity


def pivot_traits(pivot: IdentitePivot) -> Traits | None:
    """The strict traits that an identité pivot states; None when it does not state all five.

    Born abroad, the place is the country: FranceConnect then gives no commune.
    """
    birth = _iso_date(pivot.birthdate)
    sexe = {"female": "F", "male": "M"}.get(pivot.gender)
    place = pivot.birthplace if pivot.birthcountry == FRANCE else pivot.birthcountry
    if birth is None or sexe is None or not place or not pivot.family_name or not pivot.given_name:
        return None
    return Traits(pivot.family_name, pivot.given_name, birth, sexe, place.upper())


def _iso_date(text: str) -> date | None:
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    return _real_date(*map(int, found.groups())) if found else None


def same_traits(one: Traits, other: Traits) -> bool:
    """Whether all five traits are equal, the whole list of given names included; nothing is guessed.

    Both sides are spelled alike first: hyphens and apostrophes count as spaces, since civil documents differ there.
    """
    return _comparable(one) == _comparable(other)


def _comparable(traits: Traits) -> tuple[object, ...]:
    return (
        tuple(_spelled(traits.nom_naissance)),
        tuple(_spelled(traits.prenoms)),
        traits.date_naissance,
        traits.sexe,
        traits.lieu_naissance or None,
    )


def _spelled(name: str) -> Iterable[str]:
    return re.sub(r"[-',]", " ", capitals(name)).split()


def age_on(birth: date, day: date) -> int:
    """Age in whole years; somebody born on 29 February grows older on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
