"""The routes' own table: which families may knock at each action of the registry.

It is wider than the policies, which judge roles and situations, and apart from them: it reads only what an action touches.
"""

from spst.habilitations import actions
from spst.habilitations.actions import Action
from spst.kernel.acteur import Famille

_OUTSIDE: dict[str, frozenset[Famille]] = {
    "registre": frozenset({Famille.SANTE, Famille.DELEGUE, Famille.ADMINISTRATIF}),
    "comptes": frozenset({Famille.DIRECTION}),
    "journal": frozenset({Famille.DIRECTION}),
    "pilotage": frozenset({Famille.DIRECTION}),
    "protocoles": frozenset({Famille.SANTE, Famille.DELEGUE, Famille.DIRECTION}),
    "portail": frozenset({Famille.TRAVAILLEUR}),
    "systeme": frozenset(),
}
_OF_ANYBODY = {"session.open", "session.close"}
_DELEGABLE = {"S1", "S2"}


class FamiliesByAction:
    """Implements `spst.web.ports.GuardTable`."""

    def __init__(self) -> None:
        self._families = {action.name: _families(action) for action in actions.all()}

    def families(self, action: str) -> frozenset[Famille]:
        return self._families[action]


def _families(action: Action) -> frozenset[Famille]:
    if action.name in _OF_ANYBODY:
        return frozenset(Famille) - {Famille.SERVICE}
    if action.name.startswith("portail."):
        return frozenset({Famille.TRAVAILLEUR})
    if action.domaine is not None:
        return _OUTSIDE.get(action.domaine, frozenset())
    if _DELEGABLE.intersection(action.sections):
        return frozenset({Famille.SANTE, Famille.DELEGUE})
    return frozenset({Famille.SANTE})
