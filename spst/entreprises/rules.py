"""Numbers of companies and periods of contracts: pure functions on values."""

from datetime import date

from spst.entreprises.errors import ContratRefused, SirenRefused, SiretOfAnother

TYPES = ("CDI", "CDD", "interim", "saisonnier", "apprenti", "independant", "particulier")
_LA_POSTE = "356000000"


def parse_siren(text: str) -> str:
    """Nine digits whose Luhn key is right, spaces forgiven.

    Raises: SirenRefused.
    """
    return _parsed(text, 9)


def parse_siret(text: str, siren: str) -> str:
    """Fourteen digits that begin with `siren`. La Poste numbers its offices so that the sum of digits is a multiple of five.

    Raises: SirenRefused, SiretOfAnother.
    """
    plain = "".join(text.split())
    if plain.startswith(_LA_POSTE) and len(plain) == 14 and plain.isdecimal() and sum(map(int, plain)) % 5 == 0:
        number = plain
    else:
        number = _parsed(text, 14)
    if not number.startswith(siren):
        raise SiretOfAnother
    return number


def _parsed(text: str, length: int) -> str:
    plain = "".join(text.split())
    if len(plain) != length or not (plain.isascii() and plain.isdecimal()) or _luhn(plain):
        raise SirenRefused
    return plain


def _luhn(number: str) -> int:
    """Rest of the Luhn sum by ten: zero for a right number.

    >>> _luhn("732829320")
    0
    """
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[::-2])) + sum(doubled)) % 10


def check_contrat(type_: str, poste: str, starts_on: date, ends_on: date | None) -> str:
    """The job title, trimmed. Raises: ContratRefused."""
    plain = poste.strip()
    if type_ not in TYPES or not plain or len(plain) > 200 or (ends_on is not None and ends_on < starts_on):
        raise ContratRefused
    return plain


def runs_on(starts_on: date, ends_on: date | None, day: date) -> bool:
    """Both bounds included."""
    return starts_on <= day and (ends_on is None or day <= ends_on)
