"""Reads of the job that looks for unusual accesses: lines of the staff, names of the register, appointments."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Date, Table, func, or_, select
from sqlalchemy import cast as cast_as

from spst.comptes.models import Compte
from spst.dmst.models import Dossier
from spst.entreprises.models import Contrat, Etablissement
from spst.habilitations import actions
from spst.habilitations.actions import Mode
from spst.identite.models import Travailleur
from spst.identite.rules import letters
from spst.journal.alerte_rules import Acces, Lien
from spst.journal.rules import PERMIS
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, midnight
from spst.kernel.context import Context
from spst.kernel.ids import first_id_at
from spst.tenants.models import Tenant
from spst.traces.models import Trace
from spst.visites.models import RendezVous

_TRACE = cast(Table, Trace.__table__)
_NOT_STAFF = (str(Role.SAL), str(Role.SRV))
_HORS_SUIVI, _ECHU = {"P-110", "P-111"}, {"P-120", "P-121"}
_UNDONE = {"visite.start", "visite.abandon", "information.give", "code_activation.issue"}
"""What is written in one gesture and leaves nothing, or nearly: it explains no opening."""
_WRITES = {one.name for one in actions.all() if one.mode is Mode.REMPLIR and one.sections} - _UNDONE
_OUTSIDE = tuple(one.name for one in actions.all() if one.domaine)
"""The agenda and the register are not the DMST: who notes arrivals opens nothing, nor does who answers a worker."""
AHEAD = timedelta(minutes=1)
"""By how much the clock of another program may be fast."""
_BETWEEN = re.compile(r"[\W_]+")
_DAY = cast_as(func.timezone(str(PARIS), _TRACE.c.at), Date)


def active(ctx: Context, since: datetime, until: datetime) -> list[tuple[UUID, date]]:
    """Accounts that asked for a dossier in that time, with the days on which they did."""
    query = (
        select(_TRACE.c.acteur_id, _DAY)
        .where(*_of_staff(ctx), _TRACE.c.id >= first_id_at(since), _TRACE.c.id < first_id_at(until + AHEAD))
        .distinct()
    )
    return [(compte_id, jour) for compte_id, jour in ctx.session.execute(query.order_by(_TRACE.c.acteur_id, _DAY))]


def accesses(ctx: Context, compte_id: UUID, jour: date, after: datetime | None) -> list[Acces]:
    """What one account asked for on one day of Paris, the first line first; `after`: from that instant on."""
    start = max(midnight(jour), after) if after else midnight(jour)
    return _accesses(ctx, compte_id, start, midnight(jour + timedelta(days=1)))


def days_before(ctx: Context, compte_id: UUID, jour: date, span: timedelta) -> Iterator[list[Acces]]:
    """The days of work of one account before that one."""
    found = _accesses(ctx, compte_id, midnight(jour) - span, midnight(jour))
    for _, day in groupby(found, key=lambda one: one.at.astimezone(PARIS).date()):
        yield list(day)


def _accesses(ctx: Context, compte_id: UUID, start: datetime, end: datetime) -> list[Acces]:
    columns = (_TRACE.c[name] for name in ("id", "at", "dossier_id", "decision", "regles", "action"))
    query = (
        select(*columns)
        .where(
            *_of_staff(ctx),
            _TRACE.c.acteur_id == compte_id,
            _TRACE.c.id >= first_id_at(start),
            _TRACE.c.id < first_id_at(end),
        )
        .order_by(_TRACE.c.id)
    )
    return [_acces(row) for row in ctx.session.execute(query)]


def _acces(row: Any) -> Acces:
    permis = row.decision == PERMIS
    return Acces(
        id=row.id,
        at=row.at,
        dossier_id=row.dossier_id,
        permis=permis,
        hors_suivi=not permis and not _HORS_SUIVI.isdisjoint(row.regles),
        echu=not permis and not _ECHU.isdisjoint(row.regles),
        ecrit=permis and row.action in _WRITES,
    )


def _of_staff(ctx: Context) -> tuple[Any, ...]:
    return (
        _TRACE.c.tenant_id == ctx.tenant_id,
        _TRACE.c.dossier_id.is_not(None),
        _TRACE.c.role.not_in(_NOT_STAFF),
        _TRACE.c.action.not_in(_OUTSIDE),
    )


def liens(ctx: Context, compte_id: UUID, dossiers: Collection[UUID], jour: date) -> Mapping[UUID, frozenset[Lien]]:
    """What ties the account to the workers of these dossiers: a name in common, the same employer that day."""
    found = defaultdict[UUID, set[Lien]](set)
    nom, prenom = _name_of(ctx, compte_id)
    for dossier_id, *noms, premier, utilise in _names(ctx, dossiers):
        if any(_is_same(nom, other) for other in noms if other):
            own = prenom in {letters(one) for one in (premier, utilise) if one}
            found[dossier_id].add(Lien.PROPRE if own else Lien.HOMONYME)
    for dossier_id in _employed_by_spst(ctx, dossiers, jour):
        found[dossier_id].add(Lien.COLLEGUE)
    return {dossier_id: frozenset(held) for dossier_id, held in found.items()}


def is_account(ctx: Context, compte_id: UUID) -> bool:
    query = select(Compte.id).where(Compte.tenant_id == ctx.tenant_id, Compte.id == compte_id)
    return ctx.session.scalar(query) is not None


def _name_of(ctx: Context, compte_id: UUID) -> tuple[str, str]:
    query = select(Compte.nom, Compte.prenom).where(Compte.tenant_id == ctx.tenant_id, Compte.id == compte_id)
    nom, prenom = ctx.session.execute(query).one_or_none() or ("", "")
    return nom, letters(prenom)


def _is_same(mine: str, other: str) -> bool:
    """Two family names, or one of them among the words of the other: DUPONT-MARTIN, or DE MARTIN, and MARTIN.

    >>> _is_same("Dupont-Martin", "MARTIN"), _is_same("MARTINEAU", "MARTIN")
    (True, False)
    """
    return letters(mine) in _parts(other) or letters(other) in _parts(mine)


def _parts(nom: str) -> set[str]:
    return {letters(nom), *(letters(part) for part in _BETWEEN.split(nom))} - {""}


def _names(ctx: Context, dossiers: Collection[UUID]) -> Iterator[Any]:
    query = (
        select(
            Dossier.id,
            Travailleur.nom_naissance,
            Travailleur.nom_utilise,
            Travailleur.premier_prenom,
            Travailleur.prenom_utilise,
        )
        .join(Travailleur, (Travailleur.tenant_id == Dossier.tenant_id) & (Travailleur.id == Dossier.travailleur_id))
        .where(Dossier.tenant_id == ctx.tenant_id, Dossier.id.in_(dossiers))
    )
    yield from ctx.session.execute(query)


def _employed_by_spst(ctx: Context, dossiers: Collection[UUID], jour: date) -> Iterator[UUID]:
    """Dossiers of the SPST's own staff: it employs them under its own SIREN."""
    siren = select(Tenant.siren).where(Tenant.id == ctx.tenant_id).scalar_subquery()
    query = (
        select(Dossier.id)
        .join(Contrat, (Contrat.tenant_id == Dossier.tenant_id) & (Contrat.travailleur_id == Dossier.travailleur_id))
        .join(
            Etablissement,
            (Etablissement.tenant_id == Contrat.tenant_id) & (Etablissement.id == Contrat.etablissement_id),
        )
        .where(
            Dossier.tenant_id == ctx.tenant_id,
            Dossier.id.in_(dossiers),
            func.left(Etablissement.siret, 9) == siren,
            Contrat.starts_on <= jour,
            or_(Contrat.ends_on.is_(None), Contrat.ends_on >= jour),
        )
        .distinct()
    )
    yield from ctx.session.scalars(query)


def attendus(ctx: Context, dossiers: Collection[UUID], jour: date, around: timedelta) -> frozenset[UUID]:
    """Dossiers whose worker has an appointment around that day, with anybody of the SPST, which was not called off."""
    query = (
        select(Dossier.id)
        .join(
            RendezVous,
            (RendezVous.tenant_id == Dossier.tenant_id) & (RendezVous.travailleur_id == Dossier.travailleur_id),
        )
        .where(
            Dossier.tenant_id == ctx.tenant_id,
            Dossier.id.in_(dossiers),
            RendezVous.statut != "excuse",
            RendezVous.starts_at >= midnight(jour) - around,
            RendezVous.starts_at < midnight(jour) + around + timedelta(days=1),
        )
        .distinct()
    )
    return frozenset(ctx.session.scalars(query))
