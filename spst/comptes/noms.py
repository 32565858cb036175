"""The name of an account: corrected, or changed as that of a person who marries; what it was stays read (AUT-06).

Traces name an account, not a person: whoever it was called, and until when, is kept by the database (migration 0036). The
RPPS number and the address say who enters, and do not change: another one is another account.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from spst.comptes import octroi_rules, octrois
from spst.comptes.errors import CompteRefused, OwnCompteRefused
from spst.comptes.models import Compte, CompteNom
from spst.habilitations import services as habilitations
from spst.kernel.context import Context
from spst.traces import services as traces
from spst.web.filters import personnel


@dataclass(frozen=True, slots=True)
class NomAncien:
    """What an account was called, until when, and who changed it."""

    nom: str
    until_at: datetime
    changed_by: str | None


def correct(ctx: Context, compte_id: UUID, civilite: str, prenom: str, nom: str) -> None:
    """Call an account otherwise; never one's own. Raises: CompteNotFound, CompteRefused, OwnCompteRefused."""
    octrois.authorised(ctx, compte_id, "compte.update")
    if compte_id == ctx.acteur.id:
        raise OwnCompteRefused("Personne ne change son propre nom. Demandez à un autre administrateur.")
    asked = (civilite, " ".join(prenom.split()), " ".join(nom.split()))
    octroi_rules.check_nom(*asked)
    mine = (Compte.tenant_id == ctx.tenant_id, Compte.id == compte_id)
    if ctx.session.execute(select(Compte.civilite, Compte.prenom, Compte.nom).where(*mine)).one() == asked:
        raise CompteRefused("C’est déjà le nom de ce compte.")
    ctx.session.execute(
        update(Compte).where(*mine).values(dict(zip(("civilite", "prenom", "nom"), asked, strict=True)))
    )
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "nom_corrige"})


def former(ctx: Context, compte_id: UUID) -> tuple[NomAncien, ...]:
    """The latest first. Raises: AccessDenied."""
    habilitations.require(ctx, "compte.list")
    by = aliased(Compte)
    query = (
        select(
            CompteNom.civilite,
            CompteNom.prenom,
            CompteNom.nom,
            CompteNom.until_at,
            by.civilite.label("par_civilite"),
            by.prenom.label("par_prenom"),
            by.nom.label("par_nom"),
        )
        .outerjoin(by, (by.tenant_id == CompteNom.tenant_id) & (by.id == CompteNom.changed_by))
        .where(CompteNom.tenant_id == ctx.tenant_id, CompteNom.compte_id == compte_id)
        .order_by(CompteNom.until_at.desc())
    )
    return tuple(
        NomAncien(
            personnel(row.civilite, row.prenom, row.nom),
            row.until_at,
            row.par_nom and personnel(row.par_civilite, row.par_prenom, row.par_nom),
        )
        for row in ctx.session.execute(query)
    )
