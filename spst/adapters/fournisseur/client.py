"""An SPST's own provider behind the port of `comptes`: any certified one, of which only the ID token is read."""

import json
from datetime import UTC, datetime
from functools import lru_cache

from spst.adapters.oidc.claims import SKEW_S, Demande
from spst.adapters.oidc.client import OidcClient, Profile
from spst.adapters.oidc.jwks import TokenRefused
from spst.comptes.ports import DemandeConnexion, Fournisseur, PreuveFournisseur, PreuveRefused, Retour
from spst.kernel.clock import Clock
from spst.kernel.config import Config, OidcPeer

_MAX_AGE_S = 4 * 3600
"""As long as one of our sessions: somebody who proved himself before is asked again."""
_KNOWN = 64


class FournisseursDesSpst:
    """Implements `FournisseursIdentite`. Clients are kept, with the keys that they fetched, as long as nothing changes."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._site = config.public_url
        self._clock = clock
        self._client = lru_cache(_KNOWN)(self._make)

    def authorize(self, fournisseur: Fournisseur) -> DemandeConnexion:
        url, demande = self._client(fournisseur).authorize()
        return DemandeConnexion(url, demande.state, demande.nonce, demande.code_verifier)

    def exchange(self, fournisseur: Fournisseur, demande: DemandeConnexion, retour: Retour) -> PreuveFournisseur:
        kept = Demande(demande.state, demande.nonce, demande.code_verifier)
        try:
            claims = self._client(fournisseur).identify(kept, retour.code, retour.iss)
            auth_time = self._auth_time(claims.get("auth_time"))
        except TokenRefused as error:
            raise PreuveRefused(error.motif) from error
        acr, amr = claims.get("acr"), claims.get("amr")
        return PreuveFournisseur(
            iss=fournisseur.issuer,
            sub=claims["sub"],
            acr=acr if isinstance(acr, str) else None,
            amr=frozenset(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else frozenset(),
            auth_time=auth_time,
        )

    def _auth_time(self, said: object) -> datetime:
        """Asked for by `max_age`, which makes it due (OpenID Connect Core 2)."""
        if not isinstance(said, int) or not -SKEW_S <= self._clock.now().timestamp() - said <= _MAX_AGE_S + SKEW_S:
            raise TokenRefused("claim.auth_time")
        return datetime.fromtimestamp(said, UTC)

    def _make(self, fournisseur: Fournisseur) -> OidcClient:
        issuer = fournisseur.issuer
        peer = OidcPeer(
            issuer,
            f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            fournisseur.client_id,
            fournisseur.client_secret,
        )
        here = f"{self._site}/connexion/service/{fournisseur.slug}"
        return OidcClient(peer, _profile(fournisseur), f"{here}/retour", f"{self._site}/", self._clock)


def _profile(fournisseur: Fournisseur) -> Profile:
    wanted = {"id_token": {"acr": None, "amr": {"essential": True}, "auth_time": {"essential": True}}}
    extra = {"max_age": str(_MAX_AGE_S), "claims": json.dumps(wanted, separators=(",", ":"))}
    if fournisseur.acr:
        extra["acr_values"] = " ".join(sorted(fournisseur.acr))
    return Profile(
        name=fournisseur.nom,
        scope="openid",
        acr_values=(),  # what proves two factors is judged by `comptes`: too little is not a forgery
        algorithms=("RS256", "ES256", "PS256"),
        client_auth="client_secret_basic",
        extra=extra,
    )
