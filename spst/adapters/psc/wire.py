"""The claims of Pro Santé Connect's userinfo, in our words. Pure.

Only what a decision needs is kept: no name, no address. An activity may be repeated under several exercices.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from spst.comptes.rules import Activite, Attestation, Exercice

_NATIONAL_ID = re.compile(r"8([0-9]{11})")


def rpps_of(userinfo: Mapping[str, Any]) -> str | None:
    """Eleven digits: the identifiant national of an RPPS person is `8` and his number (identity_security 1.5)."""
    match = _NATIONAL_ID.fullmatch(_text(userinfo, "SubjectNameID"))
    return match[1] if match else None


def national_id(rpps: str) -> str:
    """What a professional is asked for by, from server to server."""
    return f"8{rpps}"


def is_about(claims: Mapping[str, Any], userinfo: Mapping[str, Any], rpps: str) -> bool:
    """Whether both tokens are about who was asked for: `sub` is the user store, then the identifiant national."""
    asked = national_id(rpps)
    return _text(userinfo, "SubjectNameID") == asked and _text(claims, "sub").rpartition(":")[2] == asked


def attestation_of(userinfo: Mapping[str, Any]) -> Attestation:
    subject = userinfo.get("SubjectRefPro")
    exercices = subject.get("exercices") if isinstance(subject, dict) else None
    return Attestation(tuple(_exercice(one) for one in _objects(exercices)))


def _exercice(claims: Mapping[str, Any]) -> Exercice:
    return Exercice(
        profession=_text(claims, "codeProfession"),
        categorie=_text(claims, "codeCategorieProfessionnelle"),
        savoir_faire=_text(claims, "codeSavoirFaire"),
        activites=tuple(_activite(one) for one in _objects(claims.get("activities"))),
    )


def _activite(claims: Mapping[str, Any]) -> Activite:
    return Activite(
        siret=_text(claims, "numeroSiretSite"),
        siren=_text(claims, "numeroSirenSite"),
        finess=_text(claims, "numeroFinessSite") or _text(claims, "numeroFinessetablissementJuridique"),
        secteur=_text(claims, "codeSecteurDactivite"),
        fonction=_text(claims, "codeRole"),
        libelle=_text(claims, "enseigneCommercialeSite") or _text(claims, "raisonSocialeSite"),
    )


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""
