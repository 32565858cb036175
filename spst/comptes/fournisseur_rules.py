"""An SPST's own provider: what may be registered, and what proves two factors. Pure functions.

Serves OpenID Connect Core 2 (`acr`, `amr`), RFC 8176; CSP L. 1470-1 to L. 1470-5.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from spst.comptes.errors import FournisseurRefused

_HERE = {"127.0.0.1", "localhost"}


def check_issuer(issuer: str) -> None:
    """Raises: FournisseurRefused. Plain http is for this machine alone."""
    parts = urlsplit(issuer)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise FournisseurRefused("L’émetteur est une adresse https://, sans paramètre ni identifiant.")


def check_evidence(acr: Collection[str], amr: Collection[str]) -> None:
    """Raises: FournisseurRefused: a provider that proves nothing would open everything with a password."""
    if not acr and not amr:
        raise FournisseurRefused("Dites ce qui prouve deux facteurs\u202f: --acr, --amr, ou les deux.")
    if {"pwd", "kba"} & set(amr):
        raise FournisseurRefused("Un mot de passe ou une question ne sont pas un second facteur.")


def proves_two_factors(
    acr: str | None, amr: Collection[str], wanted_acr: Collection[str], wanted_amr: Collection[str]
) -> bool:
    """Each kind of evidence that was registered is there; one of its values is enough.

    >>> proves_two_factors(None, {"pwd", "otp"}, (), {"mfa", "otp"})
    True
    >>> proves_two_factors("niveau-2", {"pwd"}, {"niveau-2"}, {"otp"})
    False
    >>> proves_two_factors(None, (), (), ())
    False
    """
    if not wanted_acr and not wanted_amr:
        return False
    return (not wanted_acr or acr in wanted_acr) and (not wanted_amr or bool(set(amr) & set(wanted_amr)))
