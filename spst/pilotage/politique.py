"""The policy as a table and as sentences: what the engine answers for each role and part of the dossier, at best."""

from dataclasses import dataclass

from spst.habilitations import moteur, politique
from spst.habilitations.actions import SECTIONS, TITRES, Mode
from spst.habilitations.moteur import Situation, Verdict
from spst.habilitations.politique import Politique, Regle
from spst.habilitations.ports import Faits
from spst.habilitations.rules import DELEGABLE
from spst.kernel.acteur import Acteur, Famille, Role
from spst.kernel.context import Context

COLONNES: tuple[tuple[Role, str, str], ...] = (
    (Role.MDT, "Médecin", "du travail"),
    (Role.COLL, "Collaborateur", "médecin"),
    (Role.INT, "Interne", ""),
    (Role.INF, "Infirmier", ""),
    (Role.IPA, "Infirmier", "pratique avancée"),
    (Role.MPC, "Médecin", "correspondant"),
    (Role.IPRP, "IPRP", "délégation"),
    (Role.ASST, "Assistant", "délégation"),
    (Role.PRO, "Équipe", "hors délégation"),
    (Role.ADM, "Administratif", ""),
    (Role.DIR, "Direction", "DPO, audit"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One cell. `etat`: "remplir", "lire", "ferme" (by the SPST) or "loi"."""

    etat: str
    article: str = ""
    precision: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class LigneMatrice:
    """One part of the dossier, for every role."""

    section: str
    titre: str
    cases: tuple[Case, ...]


def matrice(ctx: Context, in_force: Politique) -> tuple[LigneMatrice, ...]:
    """What each role may do at best: it follows the worker, is delegated, nobody is opposed."""
    ceiling = politique.ceiling_alone()
    columns = {role: _column(ctx, role, in_force, ceiling) for role, _, _ in COLONNES}
    return tuple(
        LigneMatrice(section, TITRES[section], tuple(columns[role][section] for role, _, _ in COLONNES))
        for section in SECTIONS
    )


def _column(ctx: Context, role: Role, in_force: Politique, ceiling: Politique) -> dict[str, Case]:
    acteur, situation = Acteur(ctx.acteur.id, role, facteurs=2), _at_best(role)
    allowed = moteur.decide_matrix(in_force, acteur, situation)
    most = moteur.decide_matrix(ceiling, acteur, situation)
    cells = {
        section: _case(
            role,
            allowed[section, Mode.CONSULTER],
            allowed[section, Mode.REMPLIR],
            most[section, Mode.CONSULTER],
        )
        for section in SECTIONS
    }
    if moteur.decide_one(in_force, acteur, "journal.consult", "journal", situation).allowed:
        cells["S8"] = Case("lire", precision="sans contenu", role=role.label)
    return cells


def _at_best(role: Role) -> Situation:
    faits = Faits(du_spst=True, suivi=True, confie_mpc=role is Role.MPC)
    delegation = DELEGABLE if role.famille is Famille.DELEGUE else frozenset()
    return Situation(faits=faits, delegation=delegation, supervision=True, avis_delegue=True, deux_facteurs=True)


def _case(role: Role, read: Verdict, fill: Verdict, most: Verdict) -> Case:
    if fill.allowed:
        return Case("remplir", role=role.label)
    if read.allowed:
        return Case("lire", role=role.label)
    if most.allowed:
        return Case("ferme", article=read.article, role=role.label)
    return Case("loi", article=_short(most.article), role=role.label)


def _short(article: str) -> str:
    """The first article of the reason: a cell has room for one."""
    return article.split(",")[0].split(" al.")[0].strip()


def regles(in_force: Politique) -> dict[str, list[Regle]]:
    """Numbered rules by what they do: what the law opens, what it closes, what the SPST closes."""
    grouped: dict[str, list[Regle]] = {"ouvre": [], "ferme": [], "service": []}
    for regle in sorted(in_force.regles.values(), key=lambda one: one.id):
        kind = "service" if regle.id.startswith("R-") else ("ouvre" if regle.is_permit else "ferme")
        grouped[kind].append(regle)
    return grouped
