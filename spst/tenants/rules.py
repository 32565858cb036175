"""What makes the legal identity of an SPST acceptable: pure functions on what the operator typed."""

import re

from spst.tenants.errors import IdentiteLegaleRefused

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,40}")
_FINESS = re.compile(r"[0-9A-Z]{9}")
_TELEPHONE = re.compile(r"\+?[0-9]{10,15}")
_COURRIEL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_LA_POSTE = "356000000"


def has_luhn_key(digits: str) -> bool:
    """Key of SIREN, SIRET and RPPS numbers (ISO/IEC 7812-1, annex B).

    >>> has_luhn_key("732829320")
    True
    >>> has_luhn_key("732829321")
    False
    """
    doubled = (int(digit) * (1 + rank % 2) for rank, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def compact(number: str) -> str:
    """A number as people write it, without the spaces and dots that they put in it."""
    return re.sub(r"[\s.]", "", number)


def check_siren(siren: str) -> None:
    """Raises: IdentiteLegaleRefused."""
    if not (siren.isascii() and siren.isdigit() and len(siren) == 9 and has_luhn_key(siren)):
        raise IdentiteLegaleRefused(
            f"SIREN refusé\u00a0: {siren}. Un SIREN a neuf chiffres, dont le dernier est une clé."
        )


def check_siret(siret: str, siren: str) -> None:
    """A SIRET of that SIREN. Those of La Poste follow another key (INSEE): the sum of their digits is a multiple of 5.

    Raises: IdentiteLegaleRefused.
    """
    if not (siret.isascii() and siret.isdigit() and len(siret) == 14 and _has_siret_key(siret)):
        raise IdentiteLegaleRefused(
            f"SIRET refusé\u00a0: {siret}. Un SIRET a quatorze chiffres, dont le dernier est une clé."
        )
    if siret[:9] != siren:
        raise IdentiteLegaleRefused(f"SIRET refusé\u00a0: {siret} ne commence pas par le SIREN {siren}.")


def _has_siret_key(siret: str) -> bool:
    return has_luhn_key(siret) or (siret[:9] == _LA_POSTE and sum(map(int, siret)) % 5 == 0)


def check_slug(slug: str) -> None:
    """Raises: IdentiteLegaleRefused."""
    if not _SLUG.fullmatch(slug):
        raise IdentiteLegaleRefused(
            f"Adresse refusée\u00a0: {slug}. Deux à quarante et un signes\u00a0: minuscules sans accent, chiffres, tirets."
        )


def check_finess(finess: str | None) -> None:
    """Raises: IdentiteLegaleRefused."""
    if finess is not None and not _FINESS.fullmatch(finess):
        raise IdentiteLegaleRefused(f"FINESS refusé\u00a0: {finess}. Un numéro FINESS a neuf signes.")


def check_telephone(telephone: str | None) -> None:
    """Raises: IdentiteLegaleRefused."""
    if telephone is not None and not _TELEPHONE.fullmatch(telephone):
        raise IdentiteLegaleRefused(f"Téléphone refusé\u00a0: {telephone}. Dix chiffres, ou + et l’indicatif du pays.")


def check_courriel(courriel: str | None) -> None:
    """Raises: IdentiteLegaleRefused."""
    if courriel is not None and not _COURRIEL.fullmatch(courriel):
        raise IdentiteLegaleRefused(f"Adresse de courriel refusée\u00a0: {courriel}.")


def admits_mpc(type_spst: str) -> bool:
    """A médecin praticien correspondant works with a service interentreprises only (C. trav. L. 4623-1 IV)."""
    return type_spst == "SPSTI"
