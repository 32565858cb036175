"""The action registry: the one list that routes, policies, traces and screens share.

An action touches sections of the DMST (`actions_dossier`), or one domain outside of it (`actions_outside`), and either consults
or fills.
"""

from collections.abc import Mapping

from spst.habilitations.actions_base import DOMAINES, INSPECTION, SECTIONS, TITRES, Action, Mode
from spst.habilitations.actions_dossier import ON_THE_DOSSIER
from spst.habilitations.actions_outside import OUTSIDE

__all__ = [
    "DOMAINES",
    "INSPECTION",
    "SECTIONS",
    "TITRES",
    "Action",
    "ActionUnknown",
    "Mode",
    "all",
    "get",
    "traced_facts",
]

_REGISTRY = {action.name: action for action in (*ON_THE_DOSSIER, *OUTSIDE)}


class ActionUnknown(LookupError):
    """A name that is not in the registry: a mistake of the caller, never of a user."""


def get(name: str) -> Action:
    """Raises: ActionUnknown."""
    try:
        return _REGISTRY[name]
    except KeyError:
        raise ActionUnknown(name) from None


def all() -> tuple[Action, ...]:
    return tuple(_REGISTRY.values())


def traced_facts() -> Mapping[str, frozenset[str]]:
    """For `traces`: what the line of each action may carry."""
    return {action.name: action.facts for action in all()}
