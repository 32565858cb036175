"""Who follows a dossier: an équipe or somebody by name (table `suivi`), else the équipes of the sector where he works.

What decides, what lists say and what the dossier shows rest on the same statements: they cannot disagree.
Source: L. 1110-4 I CSP (équipe, secteur), C. trav. R. 4623-43 (by name).
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from spst.habilitations import services as habilitations
from spst.kernel.clock import today
from spst.kernel.context import Context

_REPLACED = """SELECT r.medecin_id FROM remplacement r
                              WHERE r.tenant_id = :tenant AND r.remplacant_id = :acteur AND r.starts_on <= :now
                                AND r.ends_on > :now AND (r.revoked_at IS NULL OR r.revoked_at > :now)"""


def _is_his(compte: str) -> str:
    """What concerns an account is the actor's, or that of a médecin whom he replaces today (R. 4623-15)."""
    return f"({compte} = :acteur OR (:remplace AND {compte} IN ({_REPLACED})))"


SUIVI_EXPLICITE = f"""
    LATERAL (SELECT coalesce(bool_or({_is_his("s.compte_id")}), false) AS par_nom,
                    coalesce(bool_or(s.equipe_id IS NOT NULL), false) AS confie_a_equipe,
                    coalesce(bool_or(s.equipe_id IN (
                        SELECT m.equipe_id FROM equipe_membre m
                        WHERE m.tenant_id = :tenant AND {_is_his("m.compte_id")}
                          AND m.starts_at <= :now AND (m.ends_at IS NULL OR m.ends_at > :now))), false) AS par_equipe
             FROM suivi s
             WHERE s.tenant_id = :tenant AND s.dossier_id = d.id
               AND s.starts_on <= :today AND (s.ends_on IS NULL OR s.ends_on >= :today)) suivi_explicite
"""  # noqa: S608 - texts of this module
"""Beside a dossier `d`, what the rows of `suivi` in force say of the actor, in one pass."""

# TO CONFIRM (no text): a dossier entrusted to an équipe is followed by that équipe alone, and no longer by those of the
# sector: the choice made for one person wins over the one made for a place. R. 4624-45-5 asks for care, and says neither.
PAR_SECTEUR = f"""
    (NOT suivi_explicite.confie_a_equipe
     AND EXISTS (SELECT FROM contrat c
                 JOIN secteur_etablissement x ON x.tenant_id = c.tenant_id AND x.etablissement_id = c.etablissement_id
                 JOIN equipe e ON e.tenant_id = x.tenant_id AND e.secteur_id = x.secteur_id
                 JOIN equipe_membre m ON m.tenant_id = e.tenant_id AND m.equipe_id = e.id
                 WHERE c.tenant_id = :tenant AND c.travailleur_id = d.travailleur_id
                   AND c.starts_on <= :today AND (c.ends_on IS NULL OR c.ends_on >= :today)
                   AND x.starts_on <= :today AND (x.ends_on IS NULL OR x.ends_on >= :today)
                   AND {_is_his("m.compte_id")} AND m.starts_at <= :now AND (m.ends_at IS NULL OR m.ends_at > :now)))
"""
"""Whether the actor is, today, in an équipe of the sector of an establishment where the worker of dossier `d` works.

Read last, and only of a dossier that no équipe was entrusted with: most are, and then it costs nothing.
"""


def _of_accounts(fragment: str) -> str:
    """A fragment about the actor, told of each médecin of a list `a` instead, who may stand in for another."""
    return fragment.replace(":acteur", "a.compte_id").replace(":remplace", "true")


_SUIVIS = text(f"""
    SELECT d.id AS dossier_id, a.compte_id
    FROM dossier d CROSS JOIN unnest(CAST(:comptes AS uuid[])) AS a(compte_id) CROSS JOIN {_of_accounts(SUIVI_EXPLICITE)}
    WHERE d.tenant_id = :tenant AND d.id = ANY (:dossiers)
      AND (suivi_explicite.par_nom OR suivi_explicite.par_equipe OR {_of_accounts(PAR_SECTEUR)})
""")  # noqa: S608 - texts of this module

_FOLLOWERS = text("""
    WITH explicite AS MATERIALIZED (
        SELECT s.equipe_id, s.compte_id FROM suivi s
        WHERE s.tenant_id = :tenant AND s.dossier_id = :dossier
          AND s.starts_on <= :today AND (s.ends_on IS NULL OR s.ends_on >= :today)
    ), suivants AS (
        SELECT equipe_id, compte_id, false AS par_secteur FROM explicite
        UNION ALL
        SELECT DISTINCT e.id, NULL::uuid, true
        FROM dossier d
        JOIN contrat c ON c.tenant_id = d.tenant_id AND c.travailleur_id = d.travailleur_id
        JOIN secteur_etablissement x ON x.tenant_id = c.tenant_id AND x.etablissement_id = c.etablissement_id
        JOIN equipe e ON e.tenant_id = x.tenant_id AND e.secteur_id = x.secteur_id
        WHERE NOT EXISTS (SELECT FROM explicite WHERE equipe_id IS NOT NULL)
          AND d.tenant_id = :tenant AND d.id = :dossier
          AND c.starts_on <= :today AND (c.ends_on IS NULL OR c.ends_on >= :today)
          AND x.starts_on <= :today AND (x.ends_on IS NULL OR x.ends_on >= :today)
    )
    SELECT c.id, c.civilite, c.prenom, c.nom, h.role, e.nom AS equipe, f.par_secteur
    FROM suivants f
    LEFT JOIN equipe_membre m ON m.tenant_id = :tenant AND m.equipe_id = f.equipe_id
                             AND m.starts_at <= :now AND (m.ends_at IS NULL OR m.ends_at > :now)
    JOIN compte c ON c.tenant_id = :tenant AND c.id = coalesce(m.compte_id, f.compte_id)
                 AND (c.departs_at IS NULL OR c.departs_at > :now)
    LEFT JOIN habilitation h ON h.tenant_id = c.tenant_id AND h.compte_id = c.id AND h.revoked_at IS NULL
                            AND h.starts_at <= :now AND (h.ends_at IS NULL OR h.ends_at > :now)
    LEFT JOIN equipe e ON e.tenant_id = :tenant AND e.id = f.equipe_id
    ORDER BY c.nom, c.prenom, c.id, f.par_secteur, e.nom
""")

_DU_SECTEUR = text("""
    SELECT DISTINCT e.nom FROM contrat c
    JOIN secteur_etablissement x ON x.tenant_id = c.tenant_id AND x.etablissement_id = c.etablissement_id
    JOIN equipe e ON e.tenant_id = x.tenant_id AND e.secteur_id = x.secteur_id
    WHERE c.tenant_id = :tenant AND c.travailleur_id = :travailleur
      AND c.starts_on <= :today AND (c.ends_on IS NULL OR c.ends_on >= :today)
      AND x.starts_on <= :today AND (x.ends_on IS NULL OR x.ends_on >= :today)
    ORDER BY e.nom
""")

_CONFIES = text("""
    SELECT c.etablissement_id, count(DISTINCT c.travailleur_id) FROM contrat c
    WHERE c.tenant_id = :tenant AND c.etablissement_id = ANY (:etablissements)
      AND c.starts_on <= :today AND (c.ends_on IS NULL OR c.ends_on >= :today)
      AND EXISTS (SELECT FROM dossier d JOIN suivi s ON s.tenant_id = d.tenant_id AND s.dossier_id = d.id
                  WHERE d.tenant_id = c.tenant_id AND d.travailleur_id = c.travailleur_id AND s.equipe_id IS NOT NULL
                    AND s.starts_on <= :today AND (s.ends_on IS NULL OR s.ends_on >= :today))
    GROUP BY c.etablissement_id
""")


def followers(ctx: Context, dossier_id: UUID) -> list[Row[Any]]:
    """Who follows today, one row per account, équipe and role, in the order of names."""
    return list(ctx.session.execute(_FOLLOWERS, {**of_actor(ctx), "dossier": dossier_id}))


def followed_by(
    ctx: Context, compte_ids: Collection[UUID], dossier_ids: Collection[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """By dossier, which of these médecins follow it today, in their own name or for one whom they replace. One statement."""
    values = {**of_actor(ctx), "comptes": list(compte_ids), "dossiers": list(dossier_ids)}
    found: dict[UUID, set[UUID]] = {dossier_id: set() for dossier_id in dossier_ids}
    for row in ctx.session.execute(_SUIVIS, values):
        found[row.dossier_id].add(row.compte_id)
    return {dossier_id: frozenset(comptes) for dossier_id, comptes in found.items()}


def equipes_du_secteur(ctx: Context, travailleur_id: UUID) -> tuple[str, ...]:
    """Names of the équipes that follow where he works today, in order; none while his establishment has no sector."""
    return tuple(ctx.session.scalars(_DU_SECTEUR, {**of_actor(ctx), "travailleur": travailleur_id}))


def confies_par_etablissement(ctx: Context, etablissement_ids: Collection[UUID]) -> dict[UUID, int]:
    """By establishment, how many of those who work there today have a dossier entrusted to an équipe."""
    values = {**of_actor(ctx), "etablissements": list(etablissement_ids)}
    return {row[0]: row[1] for row in ctx.session.execute(_CONFIES, values)}


def of_actor(ctx: Context) -> dict[str, Any]:
    return {
        "tenant": ctx.tenant_id,
        "acteur": ctx.acteur.id,
        "remplace": ctx.acteur.role in habilitations.REPLACING,
        "now": ctx.clock.now(),
        "today": today(ctx.clock),
    }
