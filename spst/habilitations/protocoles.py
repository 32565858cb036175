"""What a médecin du travail gives in writing: delegations, protocols with those under his authority, who stands in for him.

Given for a time, taken back at once, checked at each act (`situations`) and named by each trace.

Source: C. trav. art. R. 4624-45-5 al. 2, R. 4623-14 II, R. 4623-15, R. 4623-28, R. 4623-41.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from spst.habilitations import cumul, services, situations
from spst.habilitations.errors import EcritNotFound, EcritRefused, NotHisEcrit, NotYetTwoPeople
from spst.habilitations.models import Delegation, Remplacement, Supervision
from spst.habilitations.rules import ACTES, DELEGABLE, REPLACING
from spst.kernel.acteur import Famille, Role
from spst.kernel.clock import PARIS, midnight, today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces

LONGEST = timedelta(days=3 * 366)
"""Nothing is given for longer: a protocol is read again."""
DELEGATES = frozenset({Role.IPRP, Role.ASST})
_WITH_WHOM = "Un protocole se signe avec un collaborateur, un interne, un infirmier ou un médecin correspondant."
NATURES = {
    Role.COLL: "cooperation",
    Role.INF: "cooperation",
    Role.IPA: "cooperation",
    Role.INT: "maitrise_stage",
    Role.MPC: "collaboration",
}


class Genre(StrEnum):
    DELEGATION = "delegation"
    PROTOCOLE = "protocole"
    REMPLACEMENT = "remplacement"


_PEOPLE: dict[type[Any], tuple[str, str]] = {
    Delegation: ("delegant_id", "delegue_id"),
    Supervision: ("medecin_id", "supervise_id"),
    Remplacement: ("medecin_id", "remplacant_id"),
}
"""Who gave it, and who has it."""
_TABLE: dict[Genre, type[Any]] = dict(zip(Genre, _PEOPLE, strict=True))
_GENRE = {table: genre for genre, table in _TABLE.items()}


@dataclass(frozen=True, slots=True)
class Periode:
    """Days of the SPST, both included."""

    debut: date
    fin: date


@dataclass(frozen=True, slots=True)
class EcritVu:
    """One thing given in writing. `donneur`, `beneficiaire`: accounts. `etat`: "en_cours", "a_venir", "retire", "termine", or
    "suspendu" when a colleague held the code of who has it since it was given.

    Of a delegation: `sections`, `actes` (None for all), `un_dossier` when it is for a designated one, told to whom it concerns.
    """

    id: UUID
    genre: Genre
    donneur: UUID
    beneficiaire: UUID
    debut: date
    fin: date
    etat: str
    reference: str | None = None
    sections: tuple[str, ...] = ()
    actes: tuple[str, ...] | None = None
    un_dossier: bool = False
    dossier_id: UUID | None = None
    delegue_avis: bool = False
    jours_restants: int | None = None


def ecrits(ctx: Context) -> tuple[EcritVu, ...]:
    """Those that concern the actor, or for the direction all of them; what runs first, the first to end before the others.

    The dossier of a delegation is told to who gave it and who has it, never to the direction.
    Raises: AccessDenied.
    """
    services.require(ctx, "protocole.consult")
    rows = [(genre, row) for genre in Genre for row in _rows(ctx, genre)]
    gone = situations.outlived(ctx, [row for _, row in rows if isinstance(row, Delegation)])
    found = [_vu(ctx, genre, row, suspended=row.id in gone) for genre, row in rows]
    traces.record(ctx, "protocole.consult")
    return tuple(sorted(found, key=lambda one: (_RANK[one.etat], one.fin, one.id)))


def give_delegation(
    ctx: Context,
    delegue_id: UUID,
    sections: Collection[str],
    periode: Periode,
    *,
    reference: str,
    actes: Collection[str] | None = None,
    dossier_id: UUID | None = None,
) -> UUID:
    """Entrust S1, S2 or both, or some acts of them, to an IPRP or an assistant, for every worker that he follows or for one.

    Raises: AccessDenied, NotFound, EcritRefused.
    """
    services.require(ctx, "protocole.give")
    asked, given = sorted(set(sections)), None if actes is None else sorted(set(actes))
    _check_other(ctx, delegue_id)
    _check_sections(asked, given)
    _check_role(ctx, delegue_id, DELEGATES, "Une délégation se donne à un intervenant en prévention ou à un assistant.")
    if dossier_id is not None and not services.permitted(ctx, dossier_id).opens:
        raise EcritRefused("Vous ne suivez pas ce salarié\u00a0: vous ne pouvez pas déléguer son dossier.")
    row = Delegation(
        **_key(ctx),
        delegant_id=ctx.acteur.id,
        delegue_id=delegue_id,
        sections=asked,
        actes=given,
        dossier_id=dossier_id,
        protocole=reference,
        **_instants(ctx, periode),
    )
    cumul.check(ctx, row)
    return _give(ctx, row, delegue_id, Genre.DELEGATION)


def sign_protocole(
    ctx: Context, supervise_id: UUID, periode: Periode, *, reference: str, delegue_avis: bool = False
) -> UUID:
    """Put a health professional under the actor's authority; its nature follows from his role.

    Raises: AccessDenied, EcritRefused.
    """
    services.require(ctx, "protocole.give")
    _check_other(ctx, supervise_id)
    role = _check_role(ctx, supervise_id, NATURES.keys(), _WITH_WHOM)
    if delegue_avis and role is not Role.INT:
        raise EcritRefused("Les avis ne se délèguent qu’à un interne (R. 4623-28).")
    row = Supervision(
        **_key(ctx),
        medecin_id=ctx.acteur.id,
        supervise_id=supervise_id,
        nature=NATURES[role],
        delegue_avis=delegue_avis,
        protocole=reference,
        **_instants(ctx, periode),
    )
    return _give(ctx, row, supervise_id, Genre.PROTOCOLE)


def set_remplacant(ctx: Context, medecin_id: UUID, remplacant_id: UUID, periode: Periode) -> UUID:
    """Name who stands in for a médecin du travail; he does it for himself, the direction for anybody but itself.

    Raises: AccessDenied, EcritRefused, NotHisEcrit, NotYetTwoPeople.
    """
    services.require(ctx, "remplacement.set")
    if ctx.acteur.famille is not Famille.DIRECTION and medecin_id != ctx.acteur.id:
        raise NotHisEcrit("Vous désignez votre propre remplaçant. Pour un confrère, adressez-vous à la direction.")
    if remplacant_id == ctx.acteur.id:
        raise NotHisEcrit(
            "Personne ne se désigne remplaçant. Le médecin absent le fait, ou une autre personne de la direction."
        )
    if ctx.acteur.famille is Famille.DIRECTION and situations.entrusted_lately(ctx, [ctx.acteur.id]):
        raise NotYetTwoPeople(
            "Un collègue a, à lui seul, ouvert votre accès il y a moins de sept jours. D’ici là, le médecin absent ou une autre "
            "personne de la direction désigne le remplaçant."
        )
    if medecin_id == remplacant_id:
        raise EcritRefused("Personne ne se remplace soi-même. Choisissez un autre médecin.")
    _check_role(ctx, medecin_id, {Role.MDT}, "C’est un médecin du travail qui se remplace.")
    _check_role(
        ctx,
        remplacant_id,
        REPLACING,
        "Le remplaçant est un médecin du travail, un collaborateur ou un interne.",
    )
    row = Remplacement(
        **_key(ctx),
        medecin_id=medecin_id,
        remplacant_id=remplacant_id,
        created_by=ctx.acteur.id,
        **_instants(ctx, periode),
    )
    ctx.session.add(row)
    ctx.session.flush()
    traces.record(ctx, "remplacement.set", details={"compte": str(remplacant_id)})
    return row.id


def revoke(ctx: Context, genre: Genre, ecrit_id: UUID) -> None:
    """Take back what one gave: felt at the next act of who had it.

    Raises: AccessDenied, EcritNotFound, EcritRefused, NotHisEcrit.
    """
    action = "remplacement.end" if genre is Genre.REMPLACEMENT else "protocole.revoke"
    services.require(ctx, action)
    row = _mine(ctx, genre, ecrit_id, action)
    if _etat(row, ctx.clock.now()) not in ("en_cours", "a_venir"):
        raise EcritRefused("C’est déjà terminé.")
    row.revoked_at = ctx.clock.now()
    details = {"compte": str(_people(row)[1])}
    traces.record(ctx, action, details=details if genre is Genre.REMPLACEMENT else {**details, "geste": str(genre)})


def give_again(ctx: Context, genre: Genre, ecrit_id: UUID) -> UUID:
    """Give what was taken back, or hung in the air, as it was, to its last day. It is a new writing: the time without it stays
    read.

    Raises: AccessDenied, NotFound, EcritNotFound, EcritRefused, NotHisEcrit.
    """
    action = "remplacement.set" if genre is Genre.REMPLACEMENT else "protocole.give"
    services.require(ctx, action)
    row = _mine(ctx, genre, ecrit_id, action)
    if row.revoked_at is None and isinstance(row, Delegation) and situations.outlived(ctx, [row]):
        row.revoked_at = ctx.clock.now()
    if row.revoked_at is None:
        raise EcritRefused("Rien n’a été retiré.")
    if _stands_again(ctx, row):
        raise EcritRefused("C’est déjà rétabli.")
    donneur, beneficiaire = _people(row)
    days = Periode(max(today(ctx.clock), _day(row.starts_on)), _last_day(row))
    if isinstance(row, Remplacement):
        return set_remplacant(ctx, donneur, beneficiaire, days)
    if isinstance(row, Supervision):
        return sign_protocole(ctx, beneficiaire, days, reference=row.protocole, delegue_avis=row.delegue_avis)
    given = {"actes": row.actes, "dossier_id": row.dossier_id}
    return give_delegation(ctx, beneficiaire, row.sections, days, reference=row.protocole, **given)


_SAME = ("sections", "actes", "dossier_id", "protocole", "delegue_avis")


def _stands_again(ctx: Context, former: Any) -> bool:
    """Whether the same was given since it was taken back, and stands: a second press gives nothing more."""
    same = [name for name in (*_PEOPLE[type(former)], *_SAME) if hasattr(former, name)]
    since = [one for one in _rows(ctx, _GENRE[type(former)]) if one.created_at >= former.revoked_at]
    return any(
        _etat(one, ctx.clock.now()) in ("en_cours", "a_venir")
        and all(getattr(one, name) == getattr(former, name) for name in same)
        for one in since
    )


def _mine(ctx: Context, genre: Genre, ecrit_id: UUID, action: str) -> Any:
    """What the actor gave, locked; the direction ends and gives again replacements. Raises: EcritNotFound, NotHisEcrit."""
    table = _TABLE[genre]
    row = ctx.session.scalar(
        select(table).where(table.tenant_id == ctx.tenant_id, table.id == ecrit_id).with_for_update()
    )
    if row is None:
        raise EcritNotFound
    of_direction = genre is Genre.REMPLACEMENT and ctx.acteur.famille is Famille.DIRECTION
    if _people(row)[0] != ctx.acteur.id and not of_direction:
        raise NotHisEcrit("Seul le médecin qui l’a donné y revient. Adressez-vous à lui.", action=action)
    return row


def _give(ctx: Context, row: Delegation | Supervision, beneficiaire: UUID, genre: Genre) -> UUID:
    ctx.session.add(row)
    ctx.session.flush()
    traces.record(ctx, "protocole.give", details={"compte": str(beneficiaire), "geste": str(genre)})
    return row.id


def _check_sections(sections: Iterable[str], actes: Collection[str] | None) -> None:
    asked = set(sections)
    if not asked:
        raise EcritRefused("Cochez au moins un volet.")
    if not asked <= DELEGABLE:
        raise EcritRefused(
            "Seuls l’identité (S1) et les emplois et expositions (S2) se délèguent (R. 4624-45-5 al. 2)."
        )
    if actes is None:
        return
    if not actes or not set(actes) <= ACTES.keys():
        raise EcritRefused("Choisissez au moins un acte de la liste.")
    missing = [ACTES[code].label for code in actes if ACTES[code].section not in (None, *asked)]
    if missing:
        raise EcritRefused(f"Ce qui n’est pas dans les volets choisis\u00a0: {', '.join(missing)}.")


def _check_other(ctx: Context, compte_id: UUID) -> None:
    if compte_id == ctx.acteur.id:
        raise EcritRefused("Personne ne se donne une délégation à soi-même.")


def _check_role(ctx: Context, compte_id: UUID, roles: Collection[Role], otherwise: str) -> Role:
    """The role of the list that the account holds now. Raises: EcritRefused."""
    held = [role for role in situations.roles_of(ctx, [compte_id]).get(compte_id, ()) if role in roles]
    if not held:
        raise EcritRefused(otherwise)
    return held[0]


def _key(ctx: Context) -> dict[str, Any]:
    return {"tenant_id": ctx.tenant_id, "id": new_id(), "created_at": ctx.clock.now()}


def _instants(ctx: Context, periode: Periode) -> dict[str, datetime]:
    """From now when it begins today, from the first hour of its first day otherwise, to the last of its last day."""
    current = today(ctx.clock)
    if periode.fin < periode.debut or periode.fin < current:
        raise EcritRefused("La fin est avant le début, ou déjà passée. Corrigez les dates.")
    if periode.debut < current:
        raise EcritRefused("Rien ne se donne pour hier\u00a0: le premier jour est aujourd’hui ou plus tard.")
    if periode.debut > current + LONGEST:
        raise EcritRefused("Ce début est trop lointain. Donnez-le quand il approchera.")
    if periode.fin - periode.debut > LONGEST:
        raise EcritRefused("Un écrit se donne pour trois ans au plus. Raccourcissez-le\u00a0: il se renouvelle.")
    starts_on = ctx.clock.now() if periode.debut == current else midnight(periode.debut)
    return {"starts_on": starts_on, "ends_on": midnight(periode.fin + timedelta(days=1))}


def _day(at: datetime) -> date:
    return at.astimezone(PARIS).date()


def _last_day(row: Any) -> date:
    return _day(row.ends_on - timedelta(seconds=1))


def _rows(ctx: Context, genre: Genre) -> list[Any]:
    table = _TABLE[genre]
    query = select(table).where(table.tenant_id == ctx.tenant_id)
    if ctx.acteur.famille is not Famille.DIRECTION:
        query = query.where(_concerns(ctx, table))
    return list(ctx.session.scalars(query))


def _concerns(ctx: Context, table: type[Any]) -> Any:
    return or_(*(getattr(table, name) == ctx.acteur.id for name in _PEOPLE[table]))


def _people(row: Any) -> tuple[UUID, UUID]:
    donneur, beneficiaire = _PEOPLE[type(row)]
    return getattr(row, donneur), getattr(row, beneficiaire)


_RANK = {"en_cours": 0, "suspendu": 0, "a_venir": 1, "retire": 2, "termine": 2}


def _etat(row: Any, now: datetime) -> str:
    if row.revoked_at is not None and row.revoked_at <= now:
        return "retire"
    if row.ends_on <= now:
        return "termine"
    return "en_cours" if row.starts_on <= now else "a_venir"


def _vu(ctx: Context, genre: Genre, row: Any, *, suspended: bool) -> EcritVu:
    donneur, beneficiaire = _people(row)
    etat, fin = _etat(row, ctx.clock.now()), _last_day(row)
    if suspended and etat in ("en_cours", "a_venir"):
        etat = "suspendu"
    told = ctx.acteur.famille is not Famille.DIRECTION
    dossier_id = getattr(row, "dossier_id", None)
    return EcritVu(
        id=row.id,
        genre=genre,
        donneur=donneur,
        beneficiaire=beneficiaire,
        debut=_day(row.starts_on),
        fin=fin,
        etat=etat,
        reference=getattr(row, "protocole", None),
        sections=tuple(getattr(row, "sections", ())),
        actes=None if getattr(row, "actes", None) is None else tuple(row.actes),
        un_dossier=dossier_id is not None,
        dossier_id=dossier_id if told else None,
        delegue_avis=getattr(row, "delegue_avis", False),
        jours_restants=(fin - today(ctx.clock)).days if etat == "en_cours" else None,
    )
