"""Pro Santé Connect behind the port of `comptes`."""

from datetime import UTC, datetime

from spst.adapters.oidc.claims import Demande
from spst.adapters.oidc.client import OidcClient, Profile
from spst.adapters.oidc.jwks import TokenRefused
from spst.adapters.psc.wire import attestation_of, rpps_of
from spst.comptes.ports import DemandeConnexion, FinDeSession, Preuve, PreuveRefused, Retour
from spst.kernel.clock import Clock
from spst.kernel.config import Config

PROFILE = Profile(
    name="Pro Santé Connect",
    scope="openid scope_all",
    acr_values=("eidas1", "eidas2", "eidas3"),
    algorithms=("RS256",),
    client_auth="client_secret_basic",
)
RETURN_PATH = "/connexion/psc/retour"


class ProSanteConnect:
    """Implements `FournisseurIdentite`."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._issuer = config.psc.issuer
        self._client = OidcClient(
            config.psc, PROFILE, f"{config.public_url}{RETURN_PATH}", f"{config.public_url}/", clock
        )

    def authorize(self, *, fresh: bool = False) -> DemandeConnexion:
        url, demande = self._client.authorize(**({"prompt": "login"} if fresh else {}))
        return DemandeConnexion(url, demande.state, demande.nonce, demande.code_verifier)

    def exchange(self, demande: DemandeConnexion, retour: Retour) -> Preuve:
        try:
            login = self._client.exchange(
                Demande(demande.state, demande.nonce, demande.code_verifier), retour.code, retour.iss
            )
        except TokenRefused as error:
            raise PreuveRefused(error.motif) from error
        sid = login.claims.get("sid")
        return Preuve(
            iss=self._issuer,
            sub=login.claims["sub"],
            rpps=rpps_of(login.userinfo),
            acr=login.claims["acr"],
            auth_time=login.auth_time,
            sid=sid if isinstance(sid, str) else None,
            attestation=attestation_of(login.userinfo),
            id_token=login.id_token,
        )

    def logout_url(self, id_token: str) -> str:
        return self._client.logout_url(id_token)

    def check_logout_token(self, token: str) -> FinDeSession:
        try:
            claims = self._client.check_logout_token(token)
        except TokenRefused as error:
            raise PreuveRefused(error.motif) from error
        return FinDeSession(
            iss=self._issuer,
            sub=claims.get("sub"),
            sid=claims.get("sid"),
            jti=claims["jti"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        )
