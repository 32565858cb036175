"""Which accounts practise as médecin du travail now: what they gave in writing stands as long as they do."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import or_, select

from spst.comptes.models import Compte, Habilitation, compte_stands
from spst.kernel.acteur import Role
from spst.kernel.context import Context


class MedecinsFromTables:
    """Implements `habilitations.ports.MedecinsEnExercice`."""

    def among(self, ctx: Context, compte_ids: Collection[UUID]) -> frozenset[UUID]:
        now = ctx.clock.now()
        query = (
            select(Habilitation.compte_id)
            .join(Compte, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.compte_id))
            .where(
                Habilitation.tenant_id == ctx.tenant_id,
                Habilitation.compte_id.in_(compte_ids),
                Habilitation.role == str(Role.MDT),
                Habilitation.starts_at <= now,
                Habilitation.revoked_at.is_(None),
                or_(Habilitation.ends_at.is_(None), Habilitation.ends_at > now),
                compte_stands(now),
            )
        )
        return frozenset(ctx.session.scalars(query))
