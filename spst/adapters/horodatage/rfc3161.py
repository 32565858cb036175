"""A time-stamping authority over HTTP (RFC 3161, 3.4). Its answer is checked before anything is kept of it."""

from datetime import datetime
from pathlib import Path

import requests
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    Verifier,
    VerifierBuilder,
    decode_timestamp_response,
)
from urllib3.exceptions import HTTPError

from spst.kernel.errors import ServiceUnavailable
from spst.traces.ports import HorodatageRefused

_TIMEOUT_S = (5.0, 15.0)
_MAX_BYTES = 100_000
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class TimeStampingAuthority:
    """`roots`: a file of PEM certificates, the ones that this authority's own must lead to."""

    def __init__(self, url: str, roots: Path) -> None:
        self._url = url
        self._roots = load_pem_x509_certificates(roots.read_bytes())

    def stamp(self, data: bytes) -> bytes:
        query = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        token = self._ask(query.as_bytes())
        _check(self._trusting(VerifierBuilder.from_request(query)).build(), token, data)
        return token

    def instant_of(self, data: bytes, token: bytes) -> datetime:
        return _check(self._trusting(VerifierBuilder()).build(), token, data).tst_info.gen_time

    def _trusting(self, builder: VerifierBuilder) -> VerifierBuilder:
        certificate: Certificate
        for certificate in self._roots:
            builder = builder.add_root_certificate(certificate)
        return builder

    def _ask(self, query: bytes) -> bytes:
        headers = {"Content-Type": _QUERY, "Accept": _REPLY}
        try:
            with requests.post(
                self._url, data=query, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
            ) as response:
                body = response.raw.read(_MAX_BYTES + 1, decode_content=True)
        except (requests.RequestException, HTTPError) as error:
            raise ServiceUnavailable("Le service d’horodatage ne répond pas.") from error
        if response.status_code != requests.codes.ok or len(body) > _MAX_BYTES:
            raise ServiceUnavailable("Le service d’horodatage ne répond pas.")
        return bytes(body)


def _check(verifier: Verifier, token: bytes, data: bytes) -> TimeStampResponse:
    try:
        answer = decode_timestamp_response(token)
        verifier.verify_message(answer, data)
    except (ValueError, VerificationError) as error:
        raise HorodatageRefused("the answer of the authority does not hold") from error
    return answer
