"""The door of identity: search and register of people, matricule.

Codes and links of the portal stand in `activation`. Source: RNIV, volet 1; CSP art. R. 1111-8-1 and following (INS).
"""

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from spst.habilitations import services as habilitations
from spst.identite import queries, rules
from spst.identite.activation import activate, linked_travailleur, match_pivot
from spst.identite.errors import (
    ContactRefused,
    MatriculeAlreadyUsed,
    MatriculeRefused,
    TraitRefused,
    TravailleurNotFound,
)
from spst.identite.models import StatutIns
from spst.identite.queries import CAP, MATRICULE, TOKEN, TRAVAILLEUR, Ligne, TravailleurVu
from spst.identite.rules import IdentitePivot, Traits
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces

__all__ = [
    "IdentitePivot",
    "Ligne",
    "Matricule",
    "ResultatRecherche",
    "Traits",
    "TravailleurVu",
    "activate",
    "create_travailleur",
    "get_travailleur",
    "identite",
    "linked_travailleur",
    "match_pivot",
    "matricule",
    "search",
    "set_matricule",
    "update_contact",
]

PAGE = 50
OIDS = frozenset(f"1.2.250.1.213.1.4.{nature}" for nature in (8, 9, 10, 11))
"""NIR, NIA, and both kinds of test number."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}\.[^@\s.]{2,63}")
_TELEPHONE = re.compile(r"\+?[0-9]{6,15}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_BLIND_INDEX = "matricule_ins"


@dataclass(frozen=True, slots=True)
class ResultatRecherche:
    """`total`: at most CAP; `is_capped`: there are more, a name or a date would sort them."""

    total: int
    lignes: tuple[Ligne, ...]
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Matricule:
    """The fifteen characters and the OID of their nature. Never on a list, in a URL or in a log."""

    valeur: str
    oid: str


def search(ctx: Context, query: str, *, limit: int = PAGE, offset: int = 0) -> ResultatRecherche:
    """People of the SPST by the beginning of a name, by words inside names, by birth date, or by several of these.

    The trace keeps which kinds of filter and how many results, never what was typed.
    Raises: AccessDenied.
    """
    habilitations.require(ctx, "dossier.search")
    asked = rules.parse_search(query)
    found, lines = (0, []) if asked.is_empty or asked.is_impossible else queries.search(ctx, asked, limit, offset)
    total = min(found, CAP)
    traces.record(ctx, "dossier.search", details={"filtres": asked.filtres, "resultats": total})
    return ResultatRecherche(total, tuple(lines), is_capped=found > CAP)


def get_travailleur(ctx: Context, travailleur_id: UUID) -> TravailleurVu:
    """Civil identity and contact in the register, for those who keep it.

    Raises: TravailleurNotFound, AccessDenied.
    """
    seen = identite(ctx, travailleur_id)
    habilitations.require(ctx, "dossier.search")
    traces.record(ctx, "dossier.search", details={"filtres": "identifiant", "resultats": 1})
    return seen


def identite(ctx: Context, travailleur_id: UUID) -> TravailleurVu:
    """The same for a room that has authorised and traces an act of its own, as opening a dossier.

    Raises: TravailleurNotFound.
    """
    seen = queries.find_travailleur(ctx, travailleur_id)
    if seen is None:
        raise TravailleurNotFound
    return seen


def create_travailleur(
    ctx: Context,
    *,
    nom_naissance: str,
    prenoms: str,
    date_naissance: date,
    sexe: str,
    lieu_naissance: str | None = None,
    premier_prenom: str | None = None,
    nom_utilise: str | None = None,
    prenom_utilise: str | None = None,
    telephone: str | None = None,
    email: str | None = None,
    adresse: str | None = None,
) -> UUID:
    """Register somebody, with the status `provisoire`: no other can be typed (RNIV, EXI SI 07).

    Raises: AccessDenied, TraitRefused, ContactRefused.
    """
    habilitations.require(ctx, "registre.update")
    traits = _checked_traits(ctx, nom_naissance, prenoms, date_naissance, sexe, lieu_naissance)
    premier = rules.premier_prenom(traits.prenoms, premier_prenom)
    used = rules.normalise_nom(nom_utilise) if nom_utilise else None
    called = rules.normalise_prenoms(prenom_utilise) if prenom_utilise else None
    travailleur_id, now = new_id(ctx.clock.now()), ctx.clock.now()
    ctx.session.execute(
        insert(TRAVAILLEUR).values(
            tenant_id=ctx.tenant_id,
            id=travailleur_id,
            nom_naissance=traits.nom_naissance,
            prenoms=traits.prenoms,
            premier_prenom=premier,
            nom_utilise=used,
            prenom_utilise=called,
            date_naissance=traits.date_naissance,
            sexe=traits.sexe,
            lieu_naissance=traits.lieu_naissance,
            statut_ins=StatutIns.PROVISOIRE,
            nom_cle=rules.search_key(traits.nom_naissance, premier),
            created_at=now,
            updated_at=now,
            **_checked_contact(telephone, email, adresse),
        )
    )
    _add_tokens(ctx, travailleur_id, rules.name_tokens(traits.nom_naissance, traits.prenoms, premier, used, called))
    traces.record(ctx, "registre.update")
    return travailleur_id


def _checked_traits(ctx: Context, nom: str, prenoms: str, birth: date, sexe: str, lieu: str | None) -> Traits:
    if sexe not in {"F", "M", "I"}:
        raise TraitRefused
    return Traits(
        nom_naissance=rules.normalise_nom(nom),
        prenoms=rules.normalise_prenoms(prenoms),
        date_naissance=rules.check_date_naissance(birth, today(ctx.clock)),
        sexe=sexe,
        lieu_naissance=rules.check_lieu_naissance(lieu) if lieu else None,
    )


def _add_tokens(ctx: Context, travailleur_id: UUID, tokens: frozenset[str]) -> None:
    rows = [{"tenant_id": ctx.tenant_id, "token": token, "travailleur_id": travailleur_id} for token in sorted(tokens)]
    ctx.session.execute(insert(TOKEN).values(rows))


def update_contact(
    ctx: Context, travailleur_id: UUID, *, telephone: str | None, email: str | None, adresse: str | None
) -> None:
    """Raises: TravailleurNotFound, AccessDenied, ContactRefused."""
    identite(ctx, travailleur_id)
    habilitations.require(ctx, "registre.update")
    contact = _checked_contact(telephone, email, adresse)
    ctx.session.execute(
        update(TRAVAILLEUR)
        .where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id, TRAVAILLEUR.c.id == travailleur_id)
        .values(updated_at=ctx.clock.now(), **contact)
    )
    traces.record(ctx, "registre.update")


def _checked_contact(telephone: str | None, email: str | None, adresse: str | None) -> dict[str, str | None]:
    """Raises: ContactRefused."""
    phone = re.sub(r"[ .()\u00a0-]", "", telephone or "") or None
    mail, postal = (email or "").strip() or None, (adresse or "").strip() or None
    if phone and not _TELEPHONE.fullmatch(phone):
        raise ContactRefused
    if mail and (not _EMAIL.fullmatch(mail) or _UNSEEN.search(mail)):
        raise ContactRefused
    if postal and (len(postal) > 500 or _UNSEEN.search(postal.replace("\n", "").replace("\r", ""))):
        raise ContactRefused
    return {"telephone": phone, "email": mail, "adresse": postal}


def matricule(ctx: Context, dossier_id: UUID) -> Matricule | None:
    """The matricule INS of a dossier (S1), None while it has none.

    Raises: AccessDenied, NotFound.
    """
    habilitations.require(ctx, "identite.consult", dossier_id)
    row = queries.find_matricule(ctx, dossier_id)
    traces.record(ctx, "identite.consult", dossier_id, ["S1"])
    return None if row is None else open_matricule(ctx, dossier_id, row)


def open_matricule(ctx: Context, dossier_id: UUID, row: queries.MatriculeRow) -> Matricule:
    valeur = ctx.runtime.keyring.open(
        ctx.tenant_id, dossier_id, MATRICULE.name, "matricule_sealed", row.id, row.matricule_sealed
    )
    return Matricule(valeur, row.oid)


def set_matricule(ctx: Context, dossier_id: UUID, valeur: str, oid: str) -> None:
    """Keep the matricule that INSi or the appli carte Vitale gave; nobody types one (RNIV, volet 1).

    Raises: AccessDenied, NotFound, MatriculeRefused, MatriculeAlreadyUsed.
    """
    habilitations.require(ctx, "identite.update", dossier_id)
    plain = rules.parse_matricule(valeur)
    if oid not in OIDS:
        raise MatriculeRefused
    known = queries.find_matricule(ctx, dossier_id)
    row_id = new_id(ctx.clock.now()) if known is None else known.id
    keyring = ctx.runtime.keyring
    values = {
        "matricule_sealed": keyring.seal(ctx.tenant_id, dossier_id, MATRICULE.name, "matricule_sealed", row_id, plain),
        "oid": oid,
        "index_aveugle": keyring.blind_index(ctx.tenant_id, _BLIND_INDEX, plain),
    }
    try:
        if known is None:
            ctx.session.execute(
                insert(MATRICULE).values(tenant_id=ctx.tenant_id, id=row_id, dossier_id=dossier_id, **values)
            )
        else:
            ctx.session.execute(
                update(MATRICULE).where(MATRICULE.c.tenant_id == ctx.tenant_id, MATRICULE.c.id == row_id).values(values)
            )
    except IntegrityError as error:
        raise MatriculeAlreadyUsed from error
    traces.record(ctx, "identite.update", dossier_id, ["S1"])
