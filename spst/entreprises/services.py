"""The door of the register of companies: who works where, and who adheres.

Register data: neither health nor exposure. Reading it accompanies an act that its caller has authorised and traces (a search, a
dossier, an agenda); the wall of the register opens it to those who keep it, and to the travailleur himself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from spst.entreprises import rules
from spst.entreprises.errors import AdherentNotFound, AlreadyRegistered, ContratNotFound, EtablissementNotFound
from spst.entreprises.models import Adherent, Contrat, Etablissement
from spst.entreprises.secteurs import PER_PAGE as PER_PAGE
from spst.entreprises.secteurs import Deplacement as Deplacement
from spst.entreprises.secteurs import EtablissementPlace as EtablissementPlace
from spst.entreprises.secteurs import PageEtablissements as PageEtablissements
from spst.entreprises.secteurs import SecteurVu as SecteurVu
from spst.entreprises.secteurs import count_by_secteur as count_by_secteur
from spst.entreprises.secteurs import etablissements_by_id as etablissements_by_id
from spst.entreprises.secteurs import etablissements_of as etablissements_of
from spst.entreprises.secteurs import get_secteur as get_secteur
from spst.entreprises.secteurs import place_etablissements as place_etablissements
from spst.entreprises.secteurs import secteurs as secteurs
from spst.entreprises.secteurs import undo_placement as undo_placement
from spst.habilitations import services as habilitations
from spst.identite import rules as identite_rules
from spst.identite import services as identite
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces

_ADHERENT = cast(Table, Adherent.__table__)
_ETABLISSEMENT = cast(Table, Etablissement.__table__)
_CONTRAT = cast(Table, Contrat.__table__)


@dataclass(frozen=True, slots=True)
class ContratVu:
    """Somebody's employment. `pcs`: occupation (PCS-ESE); `naf`: activity of the establishment."""

    id: UUID
    travailleur_id: UUID
    etablissement_id: UUID
    etablissement: str
    commune: str | None
    naf: str | None
    type: str
    poste: str
    pcs: str | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class EtablissementVu:
    """A workplace, to be chosen in a list."""

    id: UUID
    nom: str
    siret: str
    commune: str | None


MOST_FOUND = 20
"""Nobody chooses in a longer list: past it, the name has to be more precise."""

_SEEN = (
    _CONTRAT.c.id,
    _CONTRAT.c.travailleur_id,
    _CONTRAT.c.etablissement_id,
    _ETABLISSEMENT.c.nom,
    _ETABLISSEMENT.c.commune,
    _ETABLISSEMENT.c.naf,
    *(_CONTRAT.c[name] for name in ("type", "poste", "pcs", "starts_on", "ends_on")),
)


def emploi_actuel(ctx: Context, travailleur_ids: Collection[UUID]) -> dict[UUID, tuple[ContratVu, ...]]:
    """Employments that run today, by travailleur, the oldest first: its SPST follows somebody with several employers.

    Source: C. trav. art. D. 4624-59.
    """
    found: dict[UUID, tuple[ContratVu, ...]] = {}
    if not travailleur_ids:
        return found
    day = today(ctx.clock)
    running = (_CONTRAT.c.starts_on <= day, or_(_CONTRAT.c.ends_on.is_(None), _CONTRAT.c.ends_on >= day))
    for contrat in _contrats(ctx, _CONTRAT.c.travailleur_id.in_(travailleur_ids), *running):
        found[contrat.travailleur_id] = (*found.get(contrat.travailleur_id, ()), contrat)
    return found


def contrats(ctx: Context, travailleur_id: UUID) -> tuple[ContratVu, ...]:
    """Every employment of somebody known to this SPST, the oldest first."""
    return _contrats(ctx, _CONTRAT.c.travailleur_id == travailleur_id)


def _contrats(ctx: Context, *conditions: ColumnElement[bool]) -> tuple[ContratVu, ...]:
    query = (
        select(*_SEEN)
        .join(
            _ETABLISSEMENT,
            (_ETABLISSEMENT.c.tenant_id == _CONTRAT.c.tenant_id) & (_ETABLISSEMENT.c.id == _CONTRAT.c.etablissement_id),
        )
        .where(_CONTRAT.c.tenant_id == ctx.tenant_id, *conditions)
        .order_by(_CONTRAT.c.travailleur_id, _CONTRAT.c.starts_on, _CONTRAT.c.id)
    )
    return tuple(ContratVu(*row) for row in ctx.session.execute(query))


def find_etablissements(ctx: Context, typed: str) -> tuple[EtablissementVu, ...]:
    """Workplaces by SIRET, by SIREN or by a part of their name, in the order of names; one more than MOST_FOUND at most."""
    number = "".join(typed.split())
    if number.isascii() and number.isdecimal() and len(number) in {9, 14}:
        condition = _ETABLISSEMENT.c.siret.startswith(number)
    else:
        condition = _plain(_ETABLISSEMENT.c.nom).contains(identite_rules.capitals(typed).strip(), autoescape=True)
    query = (
        select(*(_ETABLISSEMENT.c[name] for name in EtablissementVu.__slots__))
        .where(_ETABLISSEMENT.c.tenant_id == ctx.tenant_id, condition)
        .order_by(_ETABLISSEMENT.c.nom, _ETABLISSEMENT.c.siret)
        .limit(MOST_FOUND + 1)
    )
    return tuple(EtablissementVu(*row) for row in ctx.session.execute(query))


def _plain(column: ColumnElement[str]) -> ColumnElement[str]:
    """Capitals without diacritics, as `identite.rules.capitals` writes them."""
    return func.replace(func.translate(func.upper(column), "ÀÂÄÉÈÊËÎÏÔÖÙÛÜŸÇ’", "AAAEEEEIIOOUUUYC'"), "Œ", "OE")


def create_adherent(ctx: Context, *, siren: str, raison_sociale: str) -> UUID:
    """Raises: AccessDenied, SirenRefused, AlreadyRegistered."""
    habilitations.require(ctx, "registre.update")
    return _add(ctx, _ADHERENT, siren=rules.parse_siren(siren), raison_sociale=raison_sociale.strip())


def create_etablissement(
    ctx: Context, adherent_id: UUID, *, siret: str, nom: str, naf: str | None = None, commune: str | None = None
) -> UUID:
    """Raises: AdherentNotFound, AccessDenied, SirenRefused, SiretOfAnother, AlreadyRegistered."""
    query = select(_ADHERENT.c.siren).where(_ADHERENT.c.tenant_id == ctx.tenant_id, _ADHERENT.c.id == adherent_id)
    siren = ctx.session.execute(query).scalar_one_or_none()
    if siren is None:
        raise AdherentNotFound
    habilitations.require(ctx, "registre.update")
    number = rules.parse_siret(siret, siren)
    return _add(ctx, _ETABLISSEMENT, adherent_id=adherent_id, siret=number, nom=nom.strip(), naf=naf, commune=commune)


def create_contrat(
    ctx: Context,
    travailleur_id: UUID,
    etablissement_id: UUID,
    *,
    type: str,
    poste: str,
    starts_on: date,
    ends_on: date | None = None,
    pcs: str | None = None,
    contrat_id: UUID | None = None,
) -> UUID:
    """Somebody may hold several at once (D. 4624-59). `contrat_id`: made with the form, so that two clicks add one.

    Raises: TravailleurNotFound, EtablissementNotFound, AccessDenied, ContratRefused, AlreadyRegistered.
    """
    identite.identite(ctx, travailleur_id)
    _check_etablissement(ctx, etablissement_id)
    habilitations.require(ctx, "registre.update")
    values = {
        "travailleur_id": travailleur_id,
        "etablissement_id": etablissement_id,
        "type": type,
        "poste": rules.check_contrat(type, poste, starts_on, ends_on),
        "pcs": pcs,
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
    try:
        return _add(ctx, _CONTRAT, contrat_id, **values)
    except AlreadyRegistered:
        if not any(known.id == contrat_id for known in contrats(ctx, travailleur_id)):
            raise
    traces.record(ctx, "registre.update")
    return cast(UUID, contrat_id)


def end_contrat(ctx: Context, contrat_id: UUID, ends_on: date, *, travailleur_id: UUID | None = None) -> None:
    """`travailleur_id`: whose it must be. Raises: ContratNotFound, AccessDenied, ContratRefused."""
    found = _contrats(ctx, _CONTRAT.c.id == contrat_id, *_of(travailleur_id))
    if not found:
        raise ContratNotFound
    identite.check_perimetre(ctx, found[0].travailleur_id)
    habilitations.require(ctx, "registre.update")
    rules.check_contrat(found[0].type, found[0].poste, found[0].starts_on, ends_on)
    ctx.session.execute(
        update(_CONTRAT)
        .where(_CONTRAT.c.tenant_id == ctx.tenant_id, _CONTRAT.c.id == contrat_id)
        .values(ends_on=ends_on)
    )
    traces.record(ctx, "registre.update")


def _of(travailleur_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    return () if travailleur_id is None else (_CONTRAT.c.travailleur_id == travailleur_id,)


def _check_etablissement(ctx: Context, etablissement_id: UUID) -> None:
    query = select(_ETABLISSEMENT.c.id).where(
        _ETABLISSEMENT.c.tenant_id == ctx.tenant_id, _ETABLISSEMENT.c.id == etablissement_id
    )
    if ctx.session.execute(query).one_or_none() is None:
        raise EtablissementNotFound


def _add(ctx: Context, table: Table, row_id: UUID | None = None, /, **values: object) -> UUID:
    """Under a savepoint: what was there already can still be read. Raises: AlreadyRegistered."""
    row_id = row_id or new_id(ctx.clock.now())
    try:
        with ctx.session.begin_nested():
            ctx.session.execute(insert(table).values(tenant_id=ctx.tenant_id, id=row_id, **values))
    except IntegrityError as error:
        raise AlreadyRegistered from error
    traces.record(ctx, "registre.update")
    return row_id
