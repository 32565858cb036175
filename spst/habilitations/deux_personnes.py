"""What one asks for and another confirms: when two accounts are two people.

Not while one colleague alone opened one of them lately: he could be both. Serves PGSSI-S (habilitations), AUTZ-06.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from spst.habilitations import situations
from spst.habilitations.errors import NotYetTwoPeople
from spst.kernel.context import Context
from spst.web.filters import date_longue


def require(ctx: Context, asker: UUID, action: str) -> None:
    """The actor may confirm what `asker` asked for. Raises: NotYetTwoPeople."""
    why = obstacles(ctx, [asker]).get(asker)
    if why is not None:
        raise NotYetTwoPeople(why, action=action)


def obstacles(ctx: Context, askers: Collection[UUID]) -> Mapping[UUID, str]:
    """By asker, why the actor cannot yet confirm what they ask for; nothing of those of whom he can."""
    until = situations.entrusted_lately(ctx, {*askers, ctx.acteur.id})
    own = until.get(ctx.acteur.id)
    if own is not None:
        return dict.fromkeys(askers, _OWN.format(date_longue(own)))
    return {asker: _OTHER.format(date_longue(until[asker])) for asker in askers if asker in until}


_OWN = (
    "Un collègue a, à lui seul, ouvert votre accès il y a moins de sept jours\u00a0: vous pourrez confirmer après le {}. "
    "D’ici là, une autre personne de la direction le peut."
)
_OTHER = (
    "Un collègue a, à lui seul, ouvert l’accès de la personne qui demande il y a moins de sept jours\u00a0: "
    "vous pourrez confirmer après le {}. D’ici là, une autre personne de la direction peut faire la demande."
)
