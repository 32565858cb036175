"""Hashes of RFC 9162 (Certificate Transparency 2.0), section 2.1.1."""

import hashlib


def leaf_hash(entry: bytes) -> bytes:
    """`SHA-256(0x00 ‖ entry)`: the prefix keeps a leaf from being taken for a node.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + entry).digest()
