"""What makes a demonstration the same each time: one generator of random numbers per subject, and ids drawn from it.

The n-th worker of an SPST is the same whatever the number of workers; only secrets, ciphertexts and what is told from today vary.
"""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

SEED = "demonstration-1"
_EPOCH_MS = int(datetime(2017, 1, 2, 8, tzinfo=UTC).timestamp() * 1000)
_RANDOM_BITS = 74
_LOW = (1 << 62) - 1


def generator(*subject: object) -> Random:
    """A generator for one subject. It makes plausible people, no secret."""
    return Random("|".join(map(str, (SEED, *subject))))


class Ids:
    """UUIDv7 drawn from a generator. `rank`: what stands for their time, so that rows of one subject lie together."""

    def __init__(self, source: Random, rank: int = 0) -> None:
        self._source = source
        milliseconds = _EPOCH_MS + rank
        self._fixed = milliseconds << 80 | 0x7 << 76 | 0b10 << 62

    def __call__(self) -> UUID:
        bits = self._source.getrandbits(_RANDOM_BITS)
        return UUID(int=self._fixed | (bits >> 62) << 64 | bits & _LOW)
