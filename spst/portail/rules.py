"""What proves a travailleur well enough, and what waits between FranceConnect+ and the activation code. Pure functions."""

import json
from dataclasses import asdict

from spst.identite.rules import IdentitePivot

LEVELS = frozenset({"eidas2", "eidas3"})
"""Substantial or high: both ask two factors of different kinds (règlement d’exécution (UE) 2015/1502, annexe, 2.2.1)."""
FACTORS = 2
TRIES_A_DAY = 5
"""Of one electronic identity at one SPST, whatever fails: nobody tells a wrong code from an unknown person by counting."""


def is_proof(acr: str, amr: tuple[str, ...] | None) -> bool:
    """Whether a log-in proves two factors: the level, and no list of methods that contradicts it.

    # TO CONFIRM (référentiel d’identification électronique, usagers, v2): a provider that is silent on `amr` at the level
    # eidas2 is taken at its level.
    """
    return acr in LEVELS and (amr is None or "mfa" in amr)


def pack(pivot: IdentitePivot) -> str:
    """The pivot as text, to be sealed until the code is typed."""
    return json.dumps(asdict(pivot))


def unpack(text: str) -> IdentitePivot:
    return IdentitePivot(**json.loads(text))
