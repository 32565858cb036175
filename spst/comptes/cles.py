"""Passkeys of the second path (WebAuthn): one act of the person, two factors, nothing that another site could reuse.

Somebody enrolled with a password and a time-based code adds keys to them, and enters by one of them alone: the device proves
that it holds the key, and that it recognised its owner (user verification is required). Whoever is refused reads one sentence;
why stands in `journal_technique`. A new enrolment by the direction leaves no key of before.

Serves CSP L. 1470-1 to L. 1470-5; ASVS 5.0, 6.5.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from sqlalchemy import Connection, Row
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    bytes_to_base64url,
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from spst.comptes import cles_queries as queries
from spst.comptes import cles_rules as rules
from spst.comptes import limites, local_queries
from spst.comptes.cles_rules import Site
from spst.comptes.errors import CleNotAdded, CleNotFound, CleRefused, TooManyAttempts
from spst.comptes.limites import Limite
from spst.comptes.local import Tentative
from spst.comptes.local_queries import AuthentificateurVu
from spst.comptes.models_connexion import CleAcces
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces import services as traces

_PAR_RESEAU = Limite("cle.reseau", 300)
"""A key is not guessed: this bounds work and noise, and an SPST behind one address arrives at eight in the morning."""

_RP_NAME = "Santé au travail"
_CREDENTIAL_ID_MAX = 1023
_MALFORMED = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    OverflowError,
)
"""What the library lets through when the bytes that it parses were made to break it."""


class _Refus(Exception):
    """Why, for the journal; whose key, when it is known."""

    def __init__(self, motif: str, cle: Row[Any] | None = None) -> None:
        super().__init__(motif)
        self.motif = motif
        self.facts = {"identite": str(cle.identite_id), "cle": str(cle.id)} if cle is not None else {}


@dataclass(frozen=True, slots=True)
class Defi:
    """A challenge: what the session of one browser keeps of it, used once."""

    valeur: str
    at: datetime

    def to_data(self) -> dict[str, str]:
        return {"valeur": self.valeur, "at": self.at.isoformat()}

    @classmethod
    def from_data(cls, data: Mapping[str, str] | None) -> "Defi | None":
        return cls(data["valeur"], datetime.fromisoformat(data["at"])) if data else None


@dataclass(frozen=True, slots=True)
class Demande:
    """What the browser is asked (`options`, as `PublicKeyCredential.parse…OptionsFromJSON` reads it), and the challenge in it."""

    options: dict[str, Any]
    defi: Defi


@dataclass(frozen=True, slots=True)
class CleVue:
    """A key as its owner sees it in his list."""

    id: UUID
    nom: str
    created_at: datetime
    last_used_at: datetime | None


# ──── One's own keys


def of_identity(runtime: Runtime, identite_id: UUID | None) -> list[CleVue] | None:
    """The keys of somebody of the second path; None for somebody who comes by another."""
    with runtime.engine.begin() as connection:
        found = _enrolled(connection, runtime, identite_id)
        return None if found is None else [_seen(row) for row in _keys(connection, runtime, found)]


def ask_creation(runtime: Runtime, site: Site, identite_id: UUID | None, auth_at: datetime | None) -> Demande:
    """Raises: CleNotAdded, ConnexionTropAncienne."""
    rules.check_fresh(auth_at, runtime.clock.now())
    with runtime.engine.begin() as connection:
        personne = _owner(connection, runtime, identite_id)
        known = _keys(connection, runtime, personne)
    _check_number(known)
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=_RP_NAME,
        user_name=personne.identifiant,
        user_id=_handle(runtime, personne.identite_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.credential_id) for row in known],
    )
    return _asked(runtime, options, options.challenge)


def add(
    runtime: Runtime,
    site: Site,
    identite_id: UUID | None,
    auth_at: datetime | None,
    nom: str,
    defi: Defi | None,
    typed: str,
    tentative: Tentative,
) -> None:
    """Keep the key that a device has just made. `typed`: its answer, as the browser writes it in JSON.

    Raises: CleNotAdded, ConnexionTropAncienne.
    """
    rules.check_fresh(auth_at, runtime.clock.now())
    nom = rules.checked_name(nom)
    try:
        made = _made(site, _expected(runtime, defi), typed)
        with runtime.engine.begin() as connection:
            personne = _owner(connection, runtime, identite_id)
            cle_id = _keep(connection, runtime, personne, nom, made)
    except _Refus as refus:
        facts = {"identite": str(identite_id), "motif": refus.motif}
        _record(runtime, "cle_acces.ajout_refuse", _level(refus.motif), facts, tentative)
        raise CleNotAdded from refus
    facts = {"identite": str(personne.identite_id), "cle": str(cle_id)}
    _record(runtime, "cle_acces.ajoutee", 1, facts, tentative)


def remove(runtime: Runtime, identite_id: UUID | None, cle_id: UUID, tentative: Tentative) -> None:
    """From now on the key opens nothing; what it had opened stays. Raises: CleNotFound."""
    facts = {"identite": str(identite_id), "cle": str(cle_id)}
    with runtime.engine.begin() as connection:
        row = queries.locked(connection, runtime, CleAcces.id == cle_id)
        is_mine = row is not None and row.identite_id == identite_id and row.revoked_at is None
        if row is not None and is_mine:
            queries.change(connection, runtime, row, revoked_at=runtime.clock.now())
    _record(
        runtime, "cle_acces.retiree" if is_mine else "cle_acces.retrait_refuse", 1 if is_mine else 2, facts, tentative
    )
    if not is_mine:
        raise CleNotFound


def _keep(
    connection: Connection, runtime: Runtime, personne: AuthentificateurVu, nom: str, made: VerifiedRegistration
) -> UUID:
    queries.hold_list(connection, personne.identite_id)
    _check_number(_keys(connection, runtime, personne))
    if queries.is_known(connection, made.credential_id):
        raise _Refus("deja_connue")  # by anybody: the key would say that it is two people
    cle_id = new_id()
    queries.add(
        connection,
        runtime,
        id=cle_id,
        identite_id=personne.identite_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        nom=nom,
        enrolement_at=personne.totp_confirmed_at,
        created_at=runtime.clock.now(),
    )
    return cle_id


def _check_number(keys: list[Row[Any]]) -> None:
    if len(keys) >= rules.MOST_KEYS:
        raise CleNotAdded(f"Vous avez déjà {rules.MOST_KEYS}\u202fclés. Retirez-en une, puis recommencez.")


# ──── Log-in


def ask_entry(runtime: Runtime, site: Site) -> Demande:
    """The same question whoever asks: the device says which key it holds, and nobody tells whether an address is known."""
    options = generate_authentication_options(rp_id=site.rp_id, user_verification=UserVerificationRequirement.REQUIRED)
    return _asked(runtime, options, options.challenge)


def check(runtime: Runtime, site: Site, defi: Defi | None, typed: str, tentative: Tentative) -> UUID:
    """Both factors at once: the identity whose key signed this challenge. Raises: CleRefused, TooManyAttempts."""
    try:
        limites.take(runtime, _PAR_RESEAU, tentative.reseau)
    except TooManyAttempts:
        _record(runtime, f"{_PAR_RESEAU.nom}.trop_d_essais", 3, {}, tentative)
        raise
    try:
        row = _use(runtime, site, _expected(runtime, defi), _read_entry(typed))
    except _Refus as refus:
        facts = {"motif": refus.motif, **refus.facts}
        _record(runtime, "connexion_cle.refusee", _level(refus.motif), facts, tentative)
        raise CleRefused from refus
    _record(runtime, "connexion_cle.acceptee", 1, {"identite": str(row.identite_id), "cle": str(row.id)}, tentative)
    identite_id: UUID = row.identite_id
    return identite_id


def _use(runtime: Runtime, site: Site, expected: bytes, entry: AuthenticationCredential) -> Row[Any]:
    """A refusal is raised once the transaction has ended: what it noted of a forged row must stand."""
    with runtime.engine.begin() as connection:
        row = queries.locked(connection, runtime, CleAcces.credential_id == entry.raw_id)
        try:
            count = _judge(connection, runtime, site, expected, entry, row)
        except _Refus as found:
            refus = found
        else:
            assert row is not None
            queries.change(connection, runtime, row, sign_count=count, last_used_at=runtime.clock.now())
            return row
    raise refus


def _judge(
    connection: Connection,
    runtime: Runtime,
    site: Site,
    expected: bytes,
    entry: AuthenticationCredential,
    row: Row[Any] | None,
) -> int:
    """What the device has counted, when all is as it must be (WebAuthn 7.2)."""
    if row is None:
        raise _Refus("inconnue")
    if row.revoked_at is not None:
        raise _Refus("retiree", row)
    personne = _enrolled(connection, runtime, row.identite_id)
    if personne is None or personne.totp_confirmed_at != row.enrolement_at:
        raise _Refus("inscription_remplacee", row)
    if entry.response.user_handle != _handle(runtime, row.identite_id):
        raise _Refus("autre_personne", row)
    try:
        verified = verify_authentication_response(
            credential=entry,
            expected_challenge=expected,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            # Compared below: the library would look at it before the signature, and anybody can write a number.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise _Refus(_motif(site, expected, entry.response.client_data_json), row) from error
    if rules.counter_went_back(row.sign_count, verified.new_sign_count):
        raise _Refus("compteur", row)
    return verified.new_sign_count


# ──── Ceremonies


def _asked(runtime: Runtime, options: Any, challenge: bytes) -> Demande:
    return Demande(json.loads(options_to_json(options)), Defi(bytes_to_base64url(challenge), runtime.clock.now()))


def _expected(runtime: Runtime, defi: Defi | None) -> bytes:
    if defi is None:
        raise _Refus("defi_absent")  # used already, or asked from another browser
    if runtime.clock.now() - defi.at > rules.DEFI_LIFETIME:
        raise _Refus("defi_expire")
    return base64url_to_bytes(defi.valeur)


def _read_entry(typed: str) -> AuthenticationCredential:
    with _readable():
        return parse_authentication_credential_json(typed)


def _made(site: Site, expected: bytes, typed: str) -> VerifiedRegistration:
    with _readable():
        answer = parse_registration_credential_json(typed)
        _check_attestation(answer)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=expected,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise _Refus(_motif(site, expected, answer.response.client_data_json)) from error
    if len(made.credential_id) > _CREDENTIAL_ID_MAX:
        raise _Refus("illisible")
    return made


def _check_attestation(answer: RegistrationCredential) -> None:
    """None was asked for, and none is weighed: certificates that come all the same are not parsed."""
    attestation = parse_attestation_object(answer.response.attestation_object)
    if attestation.fmt == AttestationFormat.NONE:
        return
    if attestation.fmt != AttestationFormat.PACKED or attestation.att_stmt.x5c:
        raise _Refus("attestation")


def _motif(site: Site, expected: bytes, client_data: bytes) -> str:
    """What was wrong in a ceremony that the library refused."""
    with _readable():
        said = parse_client_data_json(client_data)
        if said.challenge != expected:
            return "defi"
        return "origine" if said.origin != site.origin else "preuve"


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _MALFORMED as error:
        raise _Refus("illisible") from error


# ──── People


def _enrolled(connection: Connection, runtime: Runtime, identite_id: UUID | None) -> AuthentificateurVu | None:
    found = None if identite_id is None else local_queries.by_id(connection, runtime, identite_id)
    return found if found is not None and found.is_enrolled else None


def _owner(connection: Connection, runtime: Runtime, identite_id: UUID | None) -> AuthentificateurVu:
    found = _enrolled(connection, runtime, identite_id)
    if found is None:
        raise CleNotAdded("Les clés d’accès sont pour ceux qui entrent par mot de passe et code.")
    return found


def _keys(connection: Connection, runtime: Runtime, personne: AuthentificateurVu) -> list[Row[Any]]:
    assert personne.totp_confirmed_at is not None
    return list(queries.of_identity(connection, runtime, personne.identite_id, personne.totp_confirmed_at))


def _handle(runtime: Runtime, identite_id: UUID) -> bytes:
    """How a device names its owner: the same at each key, and nothing of what we call him (WebAuthn 14.6.1)."""
    return bytes.fromhex(runtime.keyring.fingerprint("cle_acces.personne", str(identite_id)))


def _seen(row: Row[Any]) -> CleVue:
    return CleVue(row.id, row.nom, row.created_at, row.last_used_at)


def _level(motif: str) -> int:
    return 3 if motif in rules.ATTACKS else 2


def _record(runtime: Runtime, evenement: str, niveau: int, facts: Mapping[str, object], tentative: Tentative) -> None:
    faits = {**facts, "reseau": tentative.reseau}
    traces.record_technical(runtime.engine, runtime.clock, evenement, niveau, faits, tentative.correlation_id)
