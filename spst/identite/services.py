"""The door of identity: search, matricule.

Who enters the register stands in `registre`; codes and links of the portal in `activation`.
Source: RNIV, volet 1; CSP art. R. 1111-8-1 and following (INS).
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from spst.habilitations import services as habilitations
from spst.identite import perimetre, queries, registre, rules
from spst.identite.activation import activate, link_stands, linked_travailleur, match_pivot, may_enter
from spst.identite.errors import MatriculeAlreadyUsed, MatriculeRefused
from spst.identite.perimetre import check as check_perimetre
from spst.identite.queries import CAP, MATRICULE, Ligne, TravailleurVu
from spst.identite.registre import Examen, IdentiteGardee, create_travailleur, examine, set_used_names, update_contact
from spst.identite.rules import IdentitePivot, Traits
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces

__all__ = [
    "Examen",
    "IdentiteGardee",
    "IdentitePivot",
    "Ligne",
    "Matricule",
    "ResultatRecherche",
    "Traits",
    "TravailleurVu",
    "activate",
    "check_perimetre",
    "create_travailleur",
    "examine",
    "get_travailleur",
    "identite",
    "link_stands",
    "linked_travailleur",
    "match_pivot",
    "matricule",
    "may_enter",
    "search",
    "set_matricule",
    "set_used_names",
    "update_contact",
]

PAGE = 50
OIDS = frozenset(f"1.2.250.1.213.1.4.{nature}" for nature in (8, 9, 10, 11))
"""NIR, NIA, and both kinds of test number."""

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
    within = perimetre.travailleurs(ctx)
    is_vain = asked.is_empty or asked.is_impossible
    found, lines = (0, []) if is_vain else queries.search(ctx, asked, limit, offset, within)
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

    Raises: TravailleurNotFound, AccessDenied.
    """
    return registre.found(ctx, travailleur_id)


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
