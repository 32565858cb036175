"""How the policy of an SPST changes: a draft, the opinion of the CMT, a proposal, its confirmation by somebody else.

What is in force never changes by a draft. A version is written once, by the person who confirms what another proposed; the
database refuses one person in both parts. Serves HAB-02, HAB-04; PGSSI-S (habilitations), AUTZ-06.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from spst.habilitations import choix as choices
from spst.habilitations import deux_personnes, politique, queries, services, situations
from spst.habilitations.choix import Choix, Ecart, Niveau
from spst.habilitations.errors import (
    BrouillonAlreadyOpen,
    BrouillonChanged,
    BrouillonNotFound,
    BrouillonNotReady,
    BrouillonProposed,
    OwnProposal,
    VersionNotFound,
)
from spst.habilitations.models import PolitiqueBrouillon, PolitiqueVersion
from spst.habilitations.politique import Politique
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces

_UNDO_MOST = 100
_NUMERO_MOST = 2**31 - 1
"""What the column holds."""


class AvisCmt(StrEnum):
    """What the commission médico-technique thinks of the draft. It advises; the direction answers for the policy."""

    FAVORABLE = "favorable"
    RESERVE = "reserve"
    DEFAVORABLE = "defavorable"


@dataclass(frozen=True, slots=True)
class Avis:
    """`rendu_on`: the day of the commission."""

    avis: AvisCmt
    rendu_on: date
    precision: str | None = None


@dataclass(frozen=True, slots=True)
class BrouillonVu:
    """The draft as it stands. `politique`: what would be in force. `ecarts`: against what is in force now."""

    revision: int
    base: int
    choix: Choix
    avant: Choix
    politique: Politique
    ecarts: tuple[Ecart, ...]
    can_undo: bool
    saved_at: datetime
    saved_by: UUID
    avis: Avis | None
    motif: str | None
    proposed_at: datetime | None
    proposed_by: UUID | None
    returned_why: str | None


@dataclass(frozen=True, slots=True)
class VersionVue:
    """A policy that was or is in force. `numero` 0 ships with the product: nobody proposed it, it has no date."""

    numero: int
    choix: Choix
    politique: Politique
    published_at: datetime | None = None
    published_by: UUID | None = None
    proposed_at: datetime | None = None
    proposed_by: UUID | None = None
    motif: str | None = None
    avis: Avis | None = None


# ──── Reading


def versions(ctx: Context) -> tuple[VersionVue, ...]:
    """Every version of the SPST, the latest first; the last is the one that ships with the product. Raises: AccessDenied."""
    services.require(ctx, "politique.consult")
    query = (
        select(PolitiqueVersion)
        .where(PolitiqueVersion.tenant_id == ctx.tenant_id, PolitiqueVersion.published_at <= ctx.clock.now())
        .order_by(PolitiqueVersion.numero.desc())
    )
    return (*map(_version, ctx.session.scalars(query)), _shipped())


def version(ctx: Context, numero: int) -> VersionVue:
    """Raises: AccessDenied, VersionNotFound."""
    services.require(ctx, "politique.consult")
    return _version_of(ctx, numero)


def brouillon(ctx: Context) -> BrouillonVu | None:
    """The draft that is open, if there is one. Raises: AccessDenied."""
    services.require(ctx, "politique.consult")
    row = _open(ctx)
    return None if row is None else _vu(ctx, row)


# ──── Preparing


def start(ctx: Context) -> None:
    """Open a draft from what is in force. Raises: AccessDenied, BrouillonAlreadyOpen."""
    services.require(ctx, "politique.draft")
    base, now = queries.last_politique_numero(ctx) or politique.DEFAULT_VERSION, ctx.clock.now()
    row = PolitiqueBrouillon(
        tenant_id=ctx.tenant_id,
        id=new_id(),
        base=base,
        choix=choices.to_json(_version_of(ctx, base).choix),
        historique=[],
        revision=1,
        created_at=now,
        created_by=ctx.acteur.id,
        saved_at=now,
        saved_by=ctx.acteur.id,
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(row)
    except IntegrityError as error:
        raise BrouillonAlreadyOpen from error
    _record(ctx, "politique.draft", geste="brouillon_ouvert")


def set_niveau(ctx: Context, role: Role, section: str, niveau: Niveau) -> None:
    """Raises: AccessDenied, BrouillonNotFound, BrouillonProposed, ChoixRefused."""
    cell = {"geste": "brouillon_case", "role": str(role), "volet": section, "niveau": str(niveau)}
    _change(ctx, lambda chosen: choices.with_niveau(chosen, role, section, niveau), cell)


def set_reglages(ctx: Context, motifs: frozenset[Role], inactivite_min: int) -> None:
    """Raises: AccessDenied, BrouillonNotFound, BrouillonProposed, ChoixRefused."""
    _change(ctx, lambda chosen: choices.with_reglages(chosen, motifs, inactivite_min), {"geste": "brouillon_reglages"})


def undo(ctx: Context) -> None:
    """Take the last change back.

    Raises: AccessDenied, BrouillonNotFound, BrouillonProposed, BrouillonNotReady.
    """
    row = _editable(ctx)
    if not row.historique:
        raise BrouillonNotReady("Il n’y a plus de changement à annuler.")
    *before, last = row.historique
    row.choix, row.historique = last, before
    _touch(ctx, row)
    _record(ctx, "politique.draft", geste="brouillon_annulation")


def note_avis(ctx: Context, avis: Avis, motif: str | None = None) -> None:
    """Keep the opinion of the CMT on the draft, with the reason of the change as far as it is written.

    Raises: AccessDenied, BrouillonNotFound, BrouillonProposed, BrouillonNotReady.
    """
    row = _editable(ctx)
    _keep_avis(ctx, row, avis)
    row.motif = motif or row.motif
    _record(ctx, "politique.draft", geste="brouillon_avis")


def _keep_avis(ctx: Context, row: PolitiqueBrouillon, avis: Avis) -> None:
    if avis.rendu_on > today(ctx.clock):
        raise BrouillonNotReady("La commission n’a pas encore eu lieu : donnez une date passée.")
    row.avis_cmt, row.avis_cmt_on, row.avis_cmt_precision = str(avis.avis), avis.rendu_on, avis.precision
    _touch(ctx, row)


def abandon(ctx: Context) -> None:
    """Put the draft away; what is in force stays. Raises: AccessDenied, BrouillonNotFound, BrouillonProposed."""
    row = _editable(ctx)
    row.closed_at = ctx.clock.now()
    _record(ctx, "politique.draft", geste="brouillon_abandon")


# ──── Publishing


def propose(ctx: Context, revision: int, motif: str, avis: Avis | None = None) -> None:
    """Submit the draft to a second person, with a reason that stays with the version.

    `revision`: of the draft that was read, which others may have changed since. `avis`: instead of the one noted before.

    Raises: AccessDenied, BrouillonNotFound, BrouillonProposed, BrouillonNotReady, BrouillonChanged.
    """
    row = _editable(ctx, "politique.propose")
    if row.revision != revision:
        raise BrouillonChanged
    if not _vu(ctx, row).ecarts:
        raise BrouillonNotReady("Ce brouillon ne change rien à la politique en vigueur.")
    if avis is not None:
        _keep_avis(ctx, row, avis)
    if row.avis_cmt is None:
        raise BrouillonNotReady("Notez d’abord l’avis de la commission médico-technique.")
    row.motif, row.returned_why = motif, None
    row.proposed_at, row.proposed_by = ctx.clock.now(), ctx.acteur.id
    _record(ctx, "politique.propose")


def take_back(ctx: Context, why: str | None = None) -> None:
    """Make a proposed draft editable again: its author takes it back, or the second person returns it, saying why.

    Raises: AccessDenied, BrouillonNotFound, BrouillonNotReady.
    """
    row = _locked(ctx, "politique.propose")
    if row.proposed_at is None:
        raise BrouillonNotReady("Ce brouillon n’est pas proposé.")
    if why is None and row.proposed_by != ctx.acteur.id:
        raise BrouillonNotReady("Dites pourquoi vous renvoyez ce brouillon.")
    row.returned_why = why
    row.proposed_at = row.proposed_by = None
    _touch(ctx, row)
    _record(ctx, "politique.draft", geste="brouillon_renvoye" if why else "brouillon_repris")


def confirm(ctx: Context, revision: int) -> int:
    """Publish what another person proposed: in force at the next request of everybody. Returns the number of the version.

    `revision`: of the draft that was read.
    Raises: AccessDenied, BrouillonNotFound, BrouillonNotReady, BrouillonChanged, OwnProposal,
    NotYetTwoPeople.
    """
    row = _locked(ctx, "politique.confirm")
    if row.proposed_by is None:
        raise BrouillonNotReady("Ce brouillon n’est pas proposé.")
    if row.proposed_by == ctx.acteur.id:
        raise OwnProposal(action="politique.confirm")
    deux_personnes.require(ctx, row.proposed_by, "politique.confirm")
    if row.revision != revision:
        raise BrouillonChanged
    numero = (queries.last_politique_numero(ctx) or politique.DEFAULT_VERSION) + 1
    published = _published(ctx, row, numero)
    politique.compile_politique(published.texte, numero)
    ctx.session.add(published)
    row.closed_at = ctx.clock.now()
    ctx.session.flush()
    situations.hold_idleness(ctx, choices.from_json(row.choix).inactivite_min)
    _record(ctx, "politique.confirm", version=str(numero))
    return numero


def _published(ctx: Context, row: PolitiqueBrouillon, numero: int) -> PolitiqueVersion:
    return PolitiqueVersion(
        tenant_id=ctx.tenant_id,
        id=new_id(),
        numero=numero,
        texte=choices.texte_of(choices.from_json(row.choix)),
        choix=row.choix,
        motif=row.motif,
        avis_cmt=row.avis_cmt,
        avis_cmt_on=row.avis_cmt_on,
        avis_cmt_precision=row.avis_cmt_precision,
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        published_at=ctx.clock.now(),
        published_by=ctx.acteur.id,
    )


# ──── The draft's row


def _open(ctx: Context, *, lock: bool = False) -> PolitiqueBrouillon | None:
    query = select(PolitiqueBrouillon).where(
        PolitiqueBrouillon.tenant_id == ctx.tenant_id, PolitiqueBrouillon.closed_at.is_(None)
    )
    return ctx.session.scalar(query.with_for_update() if lock else query)


def _locked(ctx: Context, action: str) -> PolitiqueBrouillon:
    services.require(ctx, action)
    row = _open(ctx, lock=True)
    if row is None:
        raise BrouillonNotFound
    return row


def _editable(ctx: Context, action: str = "politique.draft") -> PolitiqueBrouillon:
    row = _locked(ctx, action)
    if row.proposed_at is not None:
        raise BrouillonProposed
    return row


def _change(ctx: Context, change: Callable[[Choix], Choix], facts: Mapping[str, str]) -> None:
    row = _editable(ctx)
    chosen = choices.to_json(change(choices.from_json(row.choix)))
    if chosen != row.choix:
        row.historique = [*row.historique, row.choix][-_UNDO_MOST:]
        row.choix = chosen
        _touch(ctx, row)
    _record(ctx, "politique.draft", **facts)


def _touch(ctx: Context, row: PolitiqueBrouillon) -> None:
    row.revision += 1
    row.saved_at, row.saved_by = ctx.clock.now(), ctx.acteur.id


def _record(ctx: Context, action: str, **facts: str) -> None:
    traces.record(ctx, action, details=facts)


def _vu(ctx: Context, row: PolitiqueBrouillon) -> BrouillonVu:
    chosen, before = choices.from_json(row.choix), _version_of(ctx, row.base).choix
    return BrouillonVu(
        revision=row.revision,
        base=row.base,
        choix=chosen,
        avant=before,
        politique=politique.compile_politique(choices.texte_of(chosen), row.base + 1),
        ecarts=choices.ecarts(before, chosen),
        can_undo=bool(row.historique),
        saved_at=row.saved_at,
        saved_by=row.saved_by,
        avis=_avis(row),
        motif=row.motif,
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        returned_why=row.returned_why,
    )


# ──── Versions


def _version_of(ctx: Context, numero: int) -> VersionVue:
    if numero == politique.DEFAULT_VERSION:
        return _shipped()
    if numero > _NUMERO_MOST:
        raise VersionNotFound
    query = select(PolitiqueVersion).where(
        PolitiqueVersion.tenant_id == ctx.tenant_id,
        PolitiqueVersion.numero == numero,
        PolitiqueVersion.published_at <= ctx.clock.now(),
    )
    row = ctx.session.scalar(query)
    if row is None:
        raise VersionNotFound
    return _version(row)


def _version(row: PolitiqueVersion) -> VersionVue:
    compiled = politique.compile_politique(row.texte, row.numero)
    return VersionVue(
        numero=row.numero,
        choix=choices.from_json(row.choix) if row.choix is not None else choices.choix_of(compiled),
        politique=compiled,
        published_at=row.published_at,
        published_by=row.published_by,
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        motif=row.motif,
        avis=_avis(row),
    )


def _shipped() -> VersionVue:
    compiled = politique.compile_politique(politique.default_text(), politique.DEFAULT_VERSION)
    return VersionVue(politique.DEFAULT_VERSION, choices.choix_of(compiled), compiled)


def _avis(row: Any) -> Avis | None:
    if row.avis_cmt is None:
        return None
    return Avis(AvisCmt(row.avis_cmt), row.avis_cmt_on, row.avis_cmt_precision)
