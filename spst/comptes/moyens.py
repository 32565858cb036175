"""The inventory of cards, certificates and mailboxes: whose they are, when they end, who answers for them (AUT-07).

Withdrawn, never deleted. No secret stands here: a reference only names the thing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Update, insert, select, update
from sqlalchemy.exc import IntegrityError

from spst.comptes import octrois
from spst.comptes.errors import MoyenAlreadyThere, MoyenNotFound, MoyenRefused
from spst.comptes.models import Compte, MoyenIdentification, compte_stands
from spst.habilitations import services as habilitations
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces
from spst.web.filters import personnel

NATURES = {
    "cps": "Carte CPS",
    "cpf": "Carte CPF",
    "cpe": "Carte CPE",
    "ecps": "e-CPS",
    "certificat_organisation": "Certificat d’organisation",
    "certificat_authentification": "Certificat d’authentification",
    "certificat_signature": "Certificat de signature",
    "boite_mssante": "Boîte MSSanté",
    "boite_apicrypt": "Boîte Apicrypt",
}
CERTIFICATS = ("certificat_organisation", "certificat_authentification")
"""Those by which a service of the SPST makes itself known to a national one."""
PROCHE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class DemandeMoyen:
    """`compte_id` or `service`: who holds it, one of the two. `expires_on`: its last day; None when it has none."""

    nature: str
    reference: str
    compte_id: UUID | None
    service: str | None
    responsable_id: UUID
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class MoyenVu:
    """`etat`: "expire", "proche" (sixty days or less), "valable", "retire"; `jours`: until it ends, None without end."""

    id: UUID
    nature: str
    reference: str
    compte_id: UUID | None
    service: str | None
    porteur: str
    responsable_id: UUID
    responsable: str
    expires_on: date | None
    withdrawn_at: datetime | None
    withdrawn_why: str | None
    etat: str
    jours: int | None

    @property
    def libelle(self) -> str:
        return NATURES[self.nature]


def inventory(ctx: Context) -> list[MoyenVu]:
    """What ends soonest first, what has no end next, what was withdrawn last. Raises: AccessDenied."""
    habilitations.require(ctx, "moyen.consult")
    names = people(ctx)
    day = today(ctx.clock)
    rows = ctx.session.scalars(select(MoyenIdentification).where(MoyenIdentification.tenant_id == ctx.tenant_id))
    found = [_vu(row, names, day) for row in rows]
    traces.record(ctx, "moyen.consult")
    return sorted(found, key=_order)


def people(ctx: Context, *, standing: bool = False) -> dict[UUID, str]:
    """Accounts by id, as they are shown, by name; `standing`: those that are neither suspended nor gone."""
    query = select(Compte.id, Compte.civilite, Compte.prenom, Compte.nom).where(Compte.tenant_id == ctx.tenant_id)
    if standing:
        query = query.where(compte_stands(ctx.clock.now()))
    rows = ctx.session.execute(query.order_by(Compte.nom, Compte.prenom, Compte.id))
    return {compte_id: personnel(*name) for compte_id, *name in rows}


def add(ctx: Context, demande: DemandeMoyen) -> UUID:
    """Raises: MoyenRefused, MoyenAlreadyThere, CompteNotFound, AccessDenied."""
    habilitations.require(ctx, "compte.update")
    _check(ctx, demande)
    moyen_id, now = new_id(), ctx.clock.now()
    query = insert(MoyenIdentification).values(
        tenant_id=ctx.tenant_id,
        id=moyen_id,
        created_at=now,
        created_by=ctx.acteur.id,
        changed_at=now,
        changed_by=ctx.acteur.id,
        **_values(demande),
    )
    try:
        ctx.session.execute(query)
    except IntegrityError as error:
        raise MoyenAlreadyThere from error
    _trace(ctx, "moyen_ajoute", demande.compte_id)
    return moyen_id


def change(ctx: Context, moyen_id: UUID, demande: DemandeMoyen) -> None:
    """Correct what was written. Raises: MoyenNotFound, MoyenRefused, MoyenAlreadyThere, CompteNotFound, AccessDenied."""
    habilitations.require(ctx, "compte.update")
    _held(ctx, moyen_id)
    _check(ctx, demande)
    values = {**_values(demande), "changed_at": ctx.clock.now(), "changed_by": ctx.acteur.id}
    try:
        ctx.session.execute(_one(ctx, moyen_id).values(**values))
    except IntegrityError as error:
        raise MoyenAlreadyThere from error
    _trace(ctx, "moyen_corrige", demande.compte_id)


def withdraw(ctx: Context, moyen_id: UUID, why: str) -> None:
    """Out of the inventory in force; it stays readable in it. Raises: MoyenNotFound, MoyenRefused, AccessDenied."""
    habilitations.require(ctx, "compte.update")
    held = _held(ctx, moyen_id)
    values = {"withdrawn_at": ctx.clock.now(), "withdrawn_by": ctx.acteur.id, "withdrawn_why": why}
    ctx.session.execute(_one(ctx, moyen_id).values(**values))
    _trace(ctx, "moyen_retire", held.compte_id)


def _check(ctx: Context, demande: DemandeMoyen) -> None:
    """Raises: MoyenRefused, CompteNotFound."""
    if (demande.compte_id is None) == (demande.service is None):
        raise MoyenRefused("Donnez un porteur\u00a0: une personne de la liste, ou le nom d’un service.")
    for compte_id in filter(None, (demande.compte_id, demande.responsable_id)):
        octrois.head(ctx, compte_id)


def _held(ctx: Context, moyen_id: UUID) -> MoyenIdentification:
    query = select(MoyenIdentification).where(
        MoyenIdentification.tenant_id == ctx.tenant_id, MoyenIdentification.id == moyen_id
    )
    found = ctx.session.scalar(query.with_for_update())
    if found is None:
        raise MoyenNotFound
    if found.withdrawn_at is not None:
        raise MoyenRefused("Ce moyen est déjà retiré\u00a0: il reste écrit tel quel. Inscrivez-en un autre.")
    return found


def _one(ctx: Context, moyen_id: UUID) -> Update:
    return update(MoyenIdentification).where(
        MoyenIdentification.tenant_id == ctx.tenant_id, MoyenIdentification.id == moyen_id
    )


def _values(demande: DemandeMoyen) -> dict[str, object]:
    return {
        "nature": demande.nature,
        "reference": demande.reference,
        "compte_id": demande.compte_id,
        "service": demande.service,
        "responsable_id": demande.responsable_id,
        "expires_on": demande.expires_on,
    }


def _trace(ctx: Context, geste: str, compte_id: UUID | None) -> None:
    whose = {"compte": str(compte_id)} if compte_id else {}
    traces.record(ctx, "compte.update", details={**whose, "geste": geste})


def _vu(row: MoyenIdentification, names: dict[UUID, str], day: date) -> MoyenVu:
    jours = None if row.expires_on is None else (row.expires_on - day).days
    return MoyenVu(
        id=row.id,
        nature=row.nature,
        reference=row.reference,
        compte_id=row.compte_id,
        service=row.service,
        porteur=names[row.compte_id] if row.compte_id else row.service or "",
        responsable_id=row.responsable_id,
        responsable=names[row.responsable_id],
        expires_on=row.expires_on,
        withdrawn_at=row.withdrawn_at,
        withdrawn_why=row.withdrawn_why,
        etat="retire" if row.withdrawn_at else etat_of(jours),
        jours=jours,
    )


def etat_of(jours: int | None) -> str:
    """Of what ends in so many days, its last day included.

    >>> [etat_of(n) for n in (-1, 0, 60, 61, None)]
    ['expire', 'proche', 'proche', 'valable', 'valable']
    """
    if jours is None or jours > PROCHE.days:
        return "valable"
    return "expire" if jours < 0 else "proche"


def _order(one: MoyenVu) -> tuple[bool, date, str, str]:
    return (one.withdrawn_at is not None, one.expires_on or date.max, one.libelle, one.reference)
