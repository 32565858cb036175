"""Several delegations of one médecin to one person: each act is done under one alone, which its trace names.

Where two stand together, one gives all that the other gives; else what only the other gives would be refused.
Source: C. trav. art. R. 4624-45-5 al. 2 (what is delegated, and under whose responsibility, is said).
"""

from sqlalchemy import select

from spst.habilitations import situations
from spst.habilitations.errors import EcritRefused
from spst.habilitations.models import Delegation
from spst.habilitations.rules import encloses, meet
from spst.kernel.context import Context
from spst.kernel.locks import one_at_a_time


def check(ctx: Context, asked: Delegation) -> None:
    """Raises: EcritRefused, while another stands with which `asked` would share the acts out."""
    one_at_a_time(ctx, f"délégations de {asked.delegant_id}", asked.delegue_id)
    wanted = situations.portee(asked)
    others = [one for one in map(situations.portee, _given(ctx, asked)) if meet(one, wanted)]
    if not all(encloses(wanted, one) or encloses(one, wanted) for one in others):
        raise EcritRefused(
            "Cette personne a déjà de vous, ces jours-là, une délégation d’autres volets ou d’autres actes. "
            "Donnez-en une seule qui reprend tout, ou retirez d’abord la première."
        )


def _given(ctx: Context, asked: Delegation) -> list[Delegation]:
    query = select(Delegation).where(
        Delegation.tenant_id == ctx.tenant_id,
        Delegation.delegant_id == asked.delegant_id,
        Delegation.delegue_id == asked.delegue_id,
        Delegation.revoked_at.is_(None),
    )
    found = list(ctx.session.scalars(query))
    gone = situations.outlived(ctx, found)
    return [one for one in found if one.id not in gone]
