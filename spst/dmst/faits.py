"""The facts of a dossier that a decision rests on, read in one statement, for one dossier or a list.

Row security hides rows of S2 and S7 from some families, and a fact that is hidden must not be lost: oppositions in force
stand beside their S7 rows in a table that every family which a section may be opened to can read, and what an actor
cannot see is said to be so when it closes.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from spst.dmst import suivi_queries
from spst.dmst.errors import DossierNotFound
from spst.dmst.suivi_queries import PAR_SECTEUR, SUIVI_EXPLICITE, of_actor
from spst.habilitations.ports import Faits
from spst.kernel.acteur import Acteur, Famille
from spst.kernel.context import Context

_SEES_OPPOSITIONS = (Famille.SANTE, Famille.DELEGUE, Famille.TRAVAILLEUR)

_FAITS = text(f"""
    SELECT d.id, d.tenant_id, d.travailleur_id, suivi_explicite.par_equipe, suivi_explicite.par_nom, {PAR_SECTEUR} AS par_secteur,
           EXISTS (SELECT FROM regime r
                   WHERE r.tenant_id = :tenant AND r.dossier_id = d.id AND r.regime = 'SIR'
                     AND r.effective_from <= :today AND (r.effective_to IS NULL OR r.effective_to >= :today)
           ) AS regime_sir,
           coalesce(v.mpc, false) AS mpc, coalesce(v.professionnels, false) AS professionnels,
           coalesce(v.transfert, false) AS transfert
    FROM dossier d LEFT JOIN opposition_en_vigueur v ON v.tenant_id = d.tenant_id AND v.dossier_id = d.id
    CROSS JOIN {SUIVI_EXPLICITE}
    WHERE d.tenant_id = :tenant AND d.id = ANY (:dossiers)
""")  # noqa: S608 - texts of this room


class FaitsFromTables:
    """Implements `habilitations.ports.FaitsDossier`.

    Follow-up, by équipe, by name or by sector: L. 1110-4 I CSP.
    Entrusted by name: R. 4623-43. Suivi renforcé: R. 4623-44. Oppositions: R. 4624-45-6.
    """

    def read(self, ctx: Context, dossier_id: UUID) -> Faits:
        """Raises: DossierNotFound."""
        found = self.read_many(ctx, [dossier_id])
        if dossier_id not in found:
            raise DossierNotFound
        return found[dossier_id]

    def read_many(self, ctx: Context, dossier_ids: Collection[UUID]) -> dict[UUID, Faits]:
        values = {**of_actor(ctx), "dossiers": list(dossier_ids)}
        return {row.id: _faits(ctx, row) for row in ctx.session.execute(_FAITS, values)}

    def followed_by(
        self, ctx: Context, compte_ids: Collection[UUID], dossier_ids: Collection[UUID]
    ) -> dict[UUID, frozenset[UUID]]:
        return suivi_queries.followed_by(ctx, compte_ids, dossier_ids)


def _faits(ctx: Context, row: Row[Any]) -> Faits:
    acteur = ctx.acteur
    hidden = acteur.famille not in _SEES_OPPOSITIONS
    return Faits(
        du_spst=row.tenant_id == ctx.tenant_id,
        suivi=row.par_equipe or row.par_nom or row.par_secteur,
        confie_mpc=row.par_nom,
        regime_sir=row.regime_sir or acteur.famille is not Famille.SANTE,
        opposition_mpc=row.mpc or hidden,
        opposition_professionnels=row.professionnels or hidden,
        opposition_transfert=row.transfert or hidden,
        dossier_of_actor=_is_own(acteur, row.travailleur_id),
    )


def _is_own(acteur: Acteur, travailleur_id: UUID) -> bool:
    return acteur.famille is Famille.TRAVAILLEUR and acteur.id == travailleur_id
