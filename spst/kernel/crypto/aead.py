"""AES-256-GCM, with the place of the value bound into it.

A ciphertext is `0x01 ‖ nonce (12 bytes) ‖ AES-256-GCM output`. Its associated data name tenant, table, column and row, so a
ciphertext that somebody moves to another row, column or tenant does not open. Nonces are random: at most 2^32 values under
one key (NIST SP 800-38D, 8.3), which no dossier comes near.
"""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
_NONCE = 12


class CiphertextRefused(Exception):
    """A ciphertext was altered, moved, or sealed under another key."""


def place(tenant_id: UUID, table: str, column: str, row_id: UUID) -> bytes:
    """Associated data of a value: where it stands."""
    return f"{tenant_id}|{table}|{column}|{row_id}".encode()


def seal(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, VERSION + associated)


def open_sealed(key: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """Raises: CiphertextRefused."""
    if ciphertext[:1] != VERSION:
        raise CiphertextRefused("unknown version of ciphertext")
    nonce, body = ciphertext[1 : 1 + _NONCE], ciphertext[1 + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, body, VERSION + associated)
    except (InvalidTag, ValueError) as error:
        raise CiphertextRefused("the ciphertext does not belong here, or was altered") from error
