"""Whom a médecin praticien correspondant may find: those entrusted to him by name, outside suivi renforcé, not opposed to him.

He is no member of the service: the register itself is narrowed for him, where it is open whole to those who keep it.
Source: C. trav. art. L. 4624-8 al. 3, R. 4623-43, R. 4623-44, R. 4624-45-6.
"""

from uuid import UUID

from sqlalchemy import text

from spst.dmst import queries
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.context import Context

_CACHE = "dmst.travailleurs_confies"

# Whoever is entrusted by name has no équipe in his row: by this condition the index on équipes finds these few rows.
_CONFIES = text("""
    SELECT d.travailleur_id
    FROM suivi s JOIN dossier d ON d.tenant_id = s.tenant_id AND d.id = s.dossier_id
    WHERE s.tenant_id = :tenant AND s.equipe_id IS NULL AND s.compte_id = :acteur
      AND s.starts_on <= :today AND (s.ends_on IS NULL OR s.ends_on >= :today)
      AND NOT EXISTS (SELECT FROM regime r
                      WHERE r.tenant_id = s.tenant_id AND r.dossier_id = s.dossier_id AND r.regime = 'SIR'
                        AND r.effective_from <= :today AND (r.effective_to IS NULL OR r.effective_to >= :today))
      AND NOT EXISTS (SELECT FROM opposition_en_vigueur v
                      WHERE v.tenant_id = s.tenant_id AND v.dossier_id = s.dossier_id AND v.mpc)
""")


def travailleurs_confies(ctx: Context) -> frozenset[UUID] | None:
    """The only people whom the actor may find, read once per transaction; None for anybody but an MPC.

    It tells the same facts as `faits`, on which the ceiling closes each dossier (P-111, P-112, P-114), for a whole list.
    """
    if ctx.acteur.role is not Role.MPC:
        return None
    if _CACHE not in ctx.cache:
        values = {"tenant": ctx.tenant_id, "acteur": ctx.acteur.id, "today": today(ctx.clock)}
        ctx.cache[_CACHE] = frozenset(ctx.session.scalars(_CONFIES, values))
    found: frozenset[UUID] = ctx.cache[_CACHE]
    return found


class TravailleursConfies:
    """Implements `identite.ports.Perimetre`."""

    def travailleurs(self, ctx: Context) -> frozenset[UUID] | None:
        return travailleurs_confies(ctx)

    def refuse(self, ctx: Context, travailleur_id: UUID) -> None:
        """The reason is the one that closes the identity in his dossier; without a dossier, that nobody entrusted him.

        Raises: AccessDenied.
        """
        dossier_id = queries.dossier_ids(ctx, [travailleur_id]).get(travailleur_id)
        habilitations.require(ctx, "identite.consult", dossier_id)
