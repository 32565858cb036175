"""FranceConnect+ (API v2) behind the port of `portail`: an identité pivot, which never holds the NIR nor the matricule INS."""

import json
from collections.abc import Mapping
from typing import Any

from spst.adapters.oidc.claims import Demande
from spst.adapters.oidc.client import OidcClient, Profile
from spst.adapters.oidc.jwks import TokenRefused
from spst.comptes.ports import DemandeConnexion, PreuveRefused, Retour
from spst.identite.rules import IdentitePivot
from spst.kernel.clock import Clock
from spst.kernel.config import Config
from spst.portail.ports import PreuveTravailleur

PROFILE = Profile(
    name="FranceConnect+",
    scope="openid identite_pivot",
    acr_values=("eidas2", "eidas3"),
    algorithms=("ES256", "RS256"),
    client_auth="client_secret_post",
    extra={"claims": json.dumps({"id_token": {"amr": {"essential": True}}}, separators=(",", ":"))},
)
RETURN_PATH = "/connexion/franceconnect/retour"
AFTER_LOGOUT_PATH = "/connexion/franceconnect/fin"


class FranceConnect:
    """Implements `FournisseurTravailleur`."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._issuer = config.franceconnect.issuer
        site = config.public_url
        self._client = OidcClient(
            config.franceconnect, PROFILE, f"{site}{RETURN_PATH}", f"{site}{AFTER_LOGOUT_PATH}", clock
        )

    def authorize(self) -> DemandeConnexion:
        url, demande = self._client.authorize()
        return DemandeConnexion(url, demande.state, demande.nonce, demande.code_verifier)

    def exchange(self, demande: DemandeConnexion, retour: Retour) -> PreuveTravailleur:
        try:
            login = self._client.exchange(
                Demande(demande.state, demande.nonce, demande.code_verifier), retour.code, retour.iss
            )
        except TokenRefused as error:
            raise PreuveRefused(error.motif) from error
        return PreuveTravailleur(
            iss=self._issuer,
            sub=login.claims["sub"],
            acr=login.claims["acr"],
            amr=_methods(login.claims),
            auth_time=login.auth_time,
            pivot=pivot_of(login.userinfo),
            id_token=login.id_token,
        )

    def logout_url(self, id_token: str, state: str) -> str:
        return self._client.logout_url(id_token, state)


def pivot_of(userinfo: Mapping[str, Any]) -> IdentitePivot:
    """The identité pivot, unchanged. `birthplace` is empty for somebody born abroad."""
    return IdentitePivot(
        family_name=_text(userinfo, "family_name"),
        given_name=_text(userinfo, "given_name"),
        birthdate=_text(userinfo, "birthdate"),
        gender=_text(userinfo, "gender"),
        birthplace=_text(userinfo, "birthplace") or None,
        birthcountry=_text(userinfo, "birthcountry") or None,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _methods(claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    value = claims.get("amr")
    return tuple(str(method) for method in value) if isinstance(value, list) else None
