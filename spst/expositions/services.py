"""The door of jobs and exposures (S2): the curriculum laboris of a dossier.

A row is never deleted nor overwritten: it is closed, or replaced by one that points back to it.
Source: C. trav. art. R. 4624-45-4 2°, L. 4624-8 al. 4.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Row, Table, insert, update
from sqlalchemy.exc import IntegrityError

from spst.dmst import services as dmst
from spst.dmst import textes
from spst.dmst.errors import DossierNotFound, ObjetNotFound
from spst.dmst.rules import shows_free_text
from spst.expositions import queries, rules
from spst.expositions.errors import AlreadyCorrected, ExpositionAlreadyClosed, ExpositionUnknown, PeriodeRefused
from spst.expositions.queries import EMPLOI, EXPOSITION
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Famille
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.traces import services as traces
from spst.web.filters import personnel

LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Agent:
    """An exposure that the law names. `sir`: "yes", "no", "conditional" (R. 4624-23)."""

    code: str
    libelle: str
    famille: str
    sir: str
    facteur_l4161: str | None


@dataclass(frozen=True, slots=True)
class EmploiVu:
    """A job held. `is_correction`: it replaces a row that is kept."""

    id: UUID
    intitule: str
    employeur: str
    starts_on: date
    ends_on: date | None
    source: str
    created_at: datetime
    auteur: str | None
    is_correction: bool


@dataclass(frozen=True, slots=True)
class ExpositionVue:
    """An exposure in a period. `commentaire`: None for the travailleur, as other free text of professionals."""

    id: UUID
    code: str
    libelle: str
    famille: str | None
    sir: str | None
    facteur_l4161: str | None
    starts_on: date
    ends_on: date | None
    source: str
    commentaire: str | None
    created_at: datetime
    auteur: str | None
    is_correction: bool


@dataclass(frozen=True, slots=True)
class Curriculum:
    emplois: tuple[EmploiVu, ...]
    expositions: tuple[ExpositionVue, ...]


def curriculum(ctx: Context, dossier_id: UUID) -> Curriculum:
    """Jobs held and exposures, the oldest first, labels as the nomenclature of today gives them.

    Raises: DossierNotFound, AccessDenied.
    """
    action = "portail.dossier" if ctx.acteur.famille is Famille.TRAVAILLEUR else "exposition.consult"
    habilitations.require(ctx, action, dossier_id, ["S2"])
    seen = Curriculum(
        tuple(_emploi(row) for row in queries.emplois(ctx, dossier_id)),
        tuple(_exposition(ctx, dossier_id, row) for row in queries.expositions(ctx, dossier_id, today(ctx.clock))),
    )
    traces.record(ctx, action, dossier_id, ["S2"])
    return seen


def nomenclature(ctx: Context, day: date | None = None) -> tuple[Agent, ...]:
    """What can be chosen, in the text in force that day: national data, the same for every SPST."""
    rows = queries.nomenclature(ctx, day or today(ctx.clock))
    return tuple(Agent(row.code, row.libelle, row.famille, row.sir, row.facteur_l4161) for row in rows)


def add_emploi(
    ctx: Context,
    dossier_id: UUID,
    *,
    intitule: str,
    employeur: str,
    starts_on: date,
    ends_on: date | None = None,
    source: str = "declare",
    corrige_id: UUID | None = None,
) -> UUID:
    """Add a job held, before the SPST too; with `corrige_id`, in place of a row of the same dossier.

    Raises: DossierNotFound, ObjetNotFound, AccessDenied, PeriodeRefused, SourceUnknown, AlreadyCorrected, TexteRequired…
    """
    birth = _birth(ctx, dossier_id)
    habilitations.require(ctx, "emploi.add", dossier_id)
    rules.check_period(starts_on, ends_on, today(ctx.clock), birth)
    values = {
        "intitule": textes.checked(intitule),
        "employeur": textes.checked(employeur),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "source": rules.check_source(source, rules.SOURCES_EMPLOI),
        "corrige_id": corrige_id,
    }
    row_id = dmst.add_header(ctx, dossier_id, "S2")
    _insert(ctx, EMPLOI, dossier_id, row_id, values)
    traces.record(ctx, "emploi.add", dossier_id, ["S2"])
    return row_id


def add_exposition(
    ctx: Context,
    dossier_id: UUID,
    *,
    code: str,
    starts_on: date,
    ends_on: date | None = None,
    source: str,
    commentaire: str | None = None,
    corrige_id: UUID | None = None,
) -> UUID:
    """Add an exposure coded in the nomenclature; with `corrige_id`, in place of a row of the same dossier.

    Raises: DossierNotFound, AccessDenied, ExpositionUnknown, PeriodeRefused, SourceUnknown, AlreadyCorrected, TexteTooLong…
    """
    birth = _birth(ctx, dossier_id)
    habilitations.require(ctx, "exposition.add", dossier_id)
    rules.check_period(starts_on, ends_on, today(ctx.clock), birth)
    if not queries.is_in_nomenclature(ctx, code, today(ctx.clock)):
        raise ExpositionUnknown
    detail = textes.optional(commentaire, LONGEST_COMMENT)
    origin = rules.check_source(source, rules.SOURCES)
    row_id = dmst.add_header(ctx, dossier_id, "S2")
    values = {
        "code": code,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "source": origin,
        "commentaire_sealed": textes.seal_optional(ctx, dossier_id, EXPOSITION, "commentaire_sealed", row_id, detail),
        "corrige_id": corrige_id,
    }
    _insert(ctx, EXPOSITION, dossier_id, row_id, values)
    traces.record(ctx, "exposition.add", dossier_id, ["S2"])
    return row_id


def correct_emploi(
    ctx: Context,
    emploi_id: UUID,
    *,
    intitule: str,
    employeur: str,
    starts_on: date,
    ends_on: date | None = None,
    source: str = "declare",
) -> UUID:
    """Put a right row in place of a wrong one, which stays in the dossier. Raises as `add_emploi` does."""
    return add_emploi(
        ctx,
        dmst.header(ctx, emploi_id, "S2").dossier_id,
        intitule=intitule,
        employeur=employeur,
        starts_on=starts_on,
        ends_on=ends_on,
        source=source,
        corrige_id=emploi_id,
    )


def correct_exposition(
    ctx: Context,
    exposition_id: UUID,
    *,
    code: str,
    starts_on: date,
    ends_on: date | None = None,
    source: str,
    commentaire: str | None = None,
) -> UUID:
    """Put a right row in place of a wrong one, which stays in the dossier. Raises as `add_exposition` does."""
    return add_exposition(
        ctx,
        dmst.header(ctx, exposition_id, "S2").dossier_id,
        code=code,
        starts_on=starts_on,
        ends_on=ends_on,
        source=source,
        commentaire=commentaire,
        corrige_id=exposition_id,
    )


def close_exposition(ctx: Context, exposition_id: UUID, ends_on: date) -> None:
    """Note the last day of an exposure.

    Raises: ObjetNotFound, AccessDenied, PeriodeRefused, ExpositionAlreadyClosed, AlreadyCorrected.
    """
    dossier_id = dmst.header(ctx, exposition_id, "S2").dossier_id
    habilitations.require(ctx, "exposition.close", dossier_id)
    row = queries.find_exposition(ctx, exposition_id)
    if row is None:
        raise ObjetNotFound
    if row.replaced:
        raise AlreadyCorrected
    if row.ends_on is not None:
        raise ExpositionAlreadyClosed
    if ends_on < row.starts_on or ends_on > today(ctx.clock):
        raise PeriodeRefused
    ctx.session.execute(
        update(EXPOSITION)
        .where(EXPOSITION.c.tenant_id == ctx.tenant_id, EXPOSITION.c.id == exposition_id)
        .values(ends_on=ends_on, closed_at=ctx.clock.now(), closed_by=ctx.acteur.id)
    )
    traces.record(ctx, "exposition.close", dossier_id, ["S2"])


def _birth(ctx: Context, dossier_id: UUID) -> date:
    birth = queries.birth_of(ctx, dossier_id)
    if birth is None:
        raise DossierNotFound
    return birth


def _insert(ctx: Context, table: Table, dossier_id: UUID, row_id: UUID, values: dict[str, Any]) -> None:
    """Raises: ObjetNotFound, AlreadyCorrected."""
    corrige_id = values["corrige_id"]
    if corrige_id is not None and dmst.header(ctx, corrige_id, "S2").dossier_id != dossier_id:
        raise ObjetNotFound
    try:
        ctx.session.execute(
            insert(table).values(
                tenant_id=ctx.tenant_id,
                id=row_id,
                dossier_id=dossier_id,
                created_at=ctx.clock.now(),
                created_by=ctx.acteur.id,
                **values,
            )
        )
    except IntegrityError as error:
        raise (AlreadyCorrected if isinstance(error.orig, UniqueViolation) else ObjetNotFound) from error


def _emploi(row: Row[Any]) -> EmploiVu:
    return EmploiVu(
        id=row.id,
        intitule=row.intitule,
        employeur=row.employeur,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        source=rules.SOURCES_EMPLOI.get(row.source, row.source),
        created_at=row.created_at,
        auteur=_auteur(row),
        is_correction=row.corrige_id is not None,
    )


def _exposition(ctx: Context, dossier_id: UUID, row: Row[Any]) -> ExpositionVue:
    comment = None
    if shows_free_text(ctx.acteur.famille):
        comment = textes.read_optional(
            ctx, dossier_id, EXPOSITION, "commentaire_sealed", row.id, row.commentaire_sealed
        )
    return ExpositionVue(
        id=row.id,
        code=row.code,
        libelle=row.libelle or row.code,
        famille=row.famille,
        sir=row.sir,
        facteur_l4161=row.facteur_l4161,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        source=rules.SOURCES.get(row.source, row.source),
        commentaire=comment,
        created_at=row.created_at,
        auteur=_auteur(row),
        is_correction=row.corrige_id is not None,
    )


def _auteur(row: Row[Any]) -> str | None:
    return personnel(row.civilite, row.prenom, row.nom) if row.nom is not None else None
