"""Pro Santé Connect behind the port of `comptes`."""

from datetime import UTC, datetime

from spst.adapters.oidc import ciba
from spst.adapters.oidc.claims import Demande
from spst.adapters.oidc.client import Login, OidcClient, Profile
from spst.adapters.oidc.jwks import TokenRefused
from spst.adapters.psc.wire import attestation_of, is_about, national_id, rpps_of
from spst.comptes.ports import DemandeConnexion, FinDeSession, Preuve, PreuveRefused, Retour
from spst.comptes.ports_ecps import ConfirmationLost, DemandeEcps, ReponseEcps
from spst.kernel.clock import Clock
from spst.kernel.config import Config

PROFILE = Profile(
    name="Pro Santé Connect",
    scope="openid scope_all",
    acr_values=("eidas1", "eidas2", "eidas3"),
    algorithms=("RS256",),
    client_auth="client_secret_basic",
)
_CHANNEL = "MOBILE"
"""The e-CPS application. The other is CARD, for a reader that this page does not speak to."""
_REPONSES = {
    "authorization_pending": ReponseEcps.ATTENDUE,
    "slow_down": ReponseEcps.TROP_SOUVENT,
    "access_denied": ReponseEcps.REFUSEE,
    "expired_token": ReponseEcps.EXPIREE,
}
RETURN_PATH = "/connexion/psc/retour"


class ProSanteConnect:
    """Implements `FournisseurIdentite` and `FournisseurEcps`."""

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
        return self._preuve(login)

    def ask(self, rpps: str, nombre: str) -> DemandeEcps:
        try:
            asked = ciba.ask(self._client, national_id(rpps), nombre, _CHANNEL)
        except TokenRefused as error:
            raise PreuveRefused(error.motif) from error
        return DemandeEcps(asked.auth_req_id, asked.expires_in, asked.interval)

    def poll(self, auth_req_id: str, rpps: str) -> Preuve | ReponseEcps:
        try:
            answer = ciba.poll(self._client, auth_req_id)
        except TokenRefused as error:
            raise PreuveRefused(error.motif) from error
        except ciba.AnswerLost as error:
            raise ConfirmationLost from error
        if isinstance(answer, str):
            return _REPONSES[answer]
        if not is_about(answer.claims, answer.userinfo, rpps):
            raise PreuveRefused("ciba.autre_personne")
        return self._preuve(answer)

    def end_session(self, id_token: str) -> None:
        self._client.end_session(id_token)

    def _preuve(self, login: Login) -> Preuve:
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
