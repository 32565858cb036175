"""Traces of a dossier leave with it, at the end of its retention: rows and salts are destroyed, leaves stay, a ledger says so.

The one way past the triggers is `spst_destruction.destroy_traces` (kernel.bootstrap), which only `spst_ops` executes, and which
reckons the term itself. Serves C. trav. art. R. 4624-45-5 al. 4 (traces are kept in the dossier), R. 4624-45-9; LOG-09. ADR 0013.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from spst.kernel.acteur import service
from spst.kernel.clock import today
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.errors import SpstError
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import bind_context, unit_of_work
from spst.traces import lecture, registre, tetes
from spst.traces.lecture import Feuille
from spst.traces.models import TraceDestruction
from spst.traces.ports import TetesContradicted, TetesUnavailable
from spst.traces.registre import FIRST, Ecriture, Regle
from spst.traces.sceau import Sceau, origin_of
from spst.traces.services import record, record_technical
from spst.traces.tetes import ScellementRefused, Scelleur

CONSERVATION, MOTIF = service("conservation"), Motif(CodeMotif.TECHNIQUE)
LOCK = "destruction"
"""Held off while a journal is gone through: what stood when its ledger was read stands until its last line is."""
_AT_ONCE = 500
_TERMS = text("SELECT dossier_id, terme, regle, en_vigueur_le FROM spst_destruction.terms(:after, :at_most)")
_LINES = text("""
    SELECT dossier_id, count(*) AS lignes FROM trace WHERE tenant_id = :tenant AND dossier_id = ANY (:ids) GROUP BY dossier_id
""")
_RULES = text("SELECT code, effective_from, libelle, article FROM regle_conservation")
_DESTROY = text("SELECT spst_destruction.destroy_traces(:dossier, :ranks, :number, :entry)")


class DestructionRefused(SpstError):
    """Ces traces ne peuvent pas être détruites."""

    # facts["cause"]: one of CAUSES.


CAUSES = {
    "avant_terme": "la conservation de ce dossier n’est pas finie",
    "sans_ligne": "ce dossier n’a aucune trace",
    "sans_sceau": "une de ses traces attend son sceau",
    "alteree": "une de ses traces n’est pas celle qui a été scellée : la détruire cacherait ce qui lui est arrivé",
    "decision": "la référence de la décision est vide, trop longue, ou sur plusieurs lignes",
    "cle_inconnue": "la clé qui a signé la dernière tête n’est pas donnée",
}
"""Why, as an operator reads it."""


@dataclass(frozen=True, slots=True)
class Terme:
    """Until when a dossier is kept, included (Paris); by which rule; how many traces it has."""

    dossier_id: UUID
    terme: date
    regle: Regle
    libelle: str
    lignes: int


def due(ctx: Context) -> Iterator[Terme]:
    """Dossiers whose retention is over and that still have traces, by their ids. `ctx`: of the service of conservation."""
    rules = {(row.code, row.effective_from): row for row in ctx.session.execute(_RULES)}
    day, after = today(ctx.clock), UUID(int=0)
    while page := list(ctx.session.execute(_TERMS, {"after": after, "at_most": _AT_ONCE})):
        after = page[-1].dossier_id
        over = [row for row in page if row.terme is not None and row.terme < day]
        counted = ctx.session.execute(_LINES, {"tenant": ctx.tenant_id, "ids": [row.dossier_id for row in over]})
        lines = {row.dossier_id: int(row.lignes) for row in counted}
        for row in (one for one in over if one.dossier_id in lines):
            rule = rules[row.regle, row.en_vigueur_le]
            regle = Regle(row.regle, row.en_vigueur_le, rule.article)
            yield Terme(row.dossier_id, row.terme, regle, rule.libelle, lines[row.dossier_id])
        bind_context(ctx)


def destroy(runtime: Runtime, scelleur: Scelleur, tenant_id: UUID, dossier_id: UUID, decision: str) -> Ecriture:
    """Destroy the traces of one dossier, in a transaction of its own, then copy outside the entry that says so.

    `runtime`: of the role `spst_ops`. `decision`: reference of the decision, without a trait.
    Raises: DestructionRefused, TetesUnavailable (it was destroyed, and the copy is made up for later), ScellementRefused.
    """
    with unit_of_work(runtime, tenant_id, CONSERVATION, MOTIF, origin="cli") as ctx:
        ecriture = destroy_within(ctx, scelleur, dossier_id, decision)
        row = ctx.session.get_one(TraceDestruction, (tenant_id, ecriture.numero))
    _copy(scelleur, row)
    return ecriture


def destroy_within(ctx: Context, scelleur: Scelleur, dossier_id: UUID, decision: str) -> Ecriture:
    """The same inside the transaction that destroys the dossier itself, before it: the term is told by what the dossier holds.

    Whoever calls copies afterwards (`copy_missing`). `ctx`: role `spst_ops`, service of conservation. Raises: DestructionRefused.
    """
    if not registre.is_decision(decision):
        raise _refused("decision", dossier_id)
    one_at_a_time(ctx, LOCK, ctx.tenant_id)
    bind_context(ctx)  # a verification may have held this off for longer than a context lasts
    terme = _term(ctx, dossier_id)
    feuilles = _sealed_lines(ctx, dossier_id)
    ecriture = _entry(ctx, terme.regle, decision, feuilles)
    note = registre.sign_entry(_signer(ctx, scelleur, dossier_id), ecriture)
    ranks = [feuille.rang for feuille in feuilles]
    values = {"dossier": dossier_id, "ranks": ranks, "number": ecriture.numero, "entry": note}
    ctx.session.execute(_DESTROY, values)
    record(ctx, "traces.destroy", details={"lignes": ecriture.nombre, "registre": ecriture.numero})
    return ecriture


def copy_missing(runtime: Runtime, scelleur: Scelleur, tenant_id: UUID) -> int:
    """Copy outside the entries that a process which was killed left uncopied; returns how many.

    Raises: ScellementRefused, when another entry was copied under the same number; TetesUnavailable.
    """
    with unit_of_work(runtime, tenant_id, CONSERVATION, MOTIF, origin="job") as ctx:
        rows = ledger(ctx)
    copied = dict(scelleur.copie.destructions(tenant_id))
    if any(copied.get(row.numero, row.note) != row.note for row in rows):
        raise ScellementRefused("deux_histoires")
    missing = [row for row in rows if row.numero not in copied]
    for row in missing:
        _copy(scelleur, row)
    return len(missing)


def tell_due(runtime: Runtime, scelleur: Scelleur) -> int:
    """For the nightly job: make up for copies, and tell how many dossiers are at their term. Nothing is destroyed here."""
    return sum(_tell_due(runtime, scelleur, tenant_id) for tenant_id in tetes.tenants(runtime))


def ledger(ctx: Context) -> list[TraceDestruction]:
    """Entries, the first ones first."""
    query = select(TraceDestruction).where(TraceDestruction.tenant_id == ctx.tenant_id)
    return list(ctx.session.scalars(query.order_by(TraceDestruction.numero)))


def _tell_due(runtime: Runtime, scelleur: Scelleur, tenant_id: UUID) -> int:
    faits: dict[str, Any] = {"tenant": str(tenant_id)}
    try:
        copy_missing(runtime, scelleur, tenant_id)
        with unit_of_work(runtime, tenant_id, CONSERVATION, MOTIF, origin="job") as ctx:
            count = sum(1 for _ in due(ctx))
    except (ScellementRefused, TetesUnavailable, SQLAlchemyError) as error:
        raison = error.code if isinstance(error, ScellementRefused) else type(error).__name__
        record_technical(
            runtime.engine, runtime.clock, "traces.registre_refuse", 3, faits | {"raison": raison}, new_id()
        )
        return 0
    if count:
        record_technical(
            runtime.engine, runtime.clock, "traces.terme_atteint", 1, faits | {"dossiers": count}, new_id()
        )
    return count


def _term(ctx: Context, dossier_id: UUID) -> Terme:
    """Raises: DestructionRefused."""
    before = UUID(int=dossier_id.int - 1)
    row = ctx.session.execute(_TERMS, {"after": before, "at_most": 1}).one_or_none()
    if row is None or row.dossier_id != dossier_id or row.terme is None or row.terme >= today(ctx.clock):
        raise _refused("avant_terme", dossier_id)
    rule = next(
        one for one in ctx.session.execute(_RULES) if (one.code, one.effective_from) == (row.regle, row.en_vigueur_le)
    )
    return Terme(dossier_id, row.terme, Regle(row.regle, row.en_vigueur_le, rule.article), rule.libelle, 0)


def _sealed_lines(ctx: Context, dossier_id: UUID) -> list[Feuille]:
    """The lines of the dossier at their places: each is what was sealed there. Raises: DestructionRefused."""
    lignes = list(lecture.of_dossier(ctx, dossier_id))
    if not lignes:
        raise _refused("sans_ligne", dossier_id)
    feuilles = lecture.at_their_places(ctx, lignes)
    if len(feuilles) < len(lignes):
        raise _refused("sans_sceau", dossier_id)
    key = ctx.runtime.trace_key
    for feuille in feuilles:
        ligne = feuille.ligne
        if not (ligne and ligne.is_whole and ligne.empreinte == feuille.empreinte and ligne.is_signed(key)):
            raise _refused("alteree", dossier_id)
    return feuilles


def _entry(ctx: Context, regle: Regle, decision: str, feuilles: list[Feuille]) -> Ecriture:
    head, before = tetes.last(ctx), _last_entry(ctx)
    return Ecriture(
        origin=origin_of(ctx.tenant_id),
        numero=before.numero + 1 if before else 1,
        precedente=registre.note_hash(before.note) if before else FIRST,
        at=ctx.clock.now().astimezone(UTC).replace(microsecond=0),
        taille=head.taille if head else 0,
        regle=regle,
        decision=decision,
        resume=hashlib.sha256(b"".join(feuille.empreinte for feuille in feuilles)).digest(),
        rangs=registre.spans(feuille.rang for feuille in feuilles),
        ecrivains=registre.writers((one.ligne.writer_id, one.ligne.writer_n) for one in feuilles if one.ligne),
    )


def _last_entry(ctx: Context) -> TraceDestruction | None:
    query = select(TraceDestruction).where(TraceDestruction.tenant_id == ctx.tenant_id)
    return ctx.session.scalars(query.order_by(TraceDestruction.numero.desc()).limit(1)).one_or_none()


def _signer(ctx: Context, scelleur: Scelleur, dossier_id: UUID) -> Sceau:
    """The keys that signed the last head: those that come next are named by their first head only. Raises: DestructionRefused."""
    announced = tetes.keys(ctx)[-1].journal
    for sceau in scelleur.sceaux(ctx.tenant_id):
        if str(sceau.journal.public) == announced:
            return sceau
    raise _refused("cle_inconnue", dossier_id)


def _copy(scelleur: Scelleur, row: TraceDestruction) -> None:
    try:
        scelleur.copie.add_destruction(row.tenant_id, row.numero, row.note)
    except TetesContradicted as error:
        raise ScellementRefused("deux_histoires") from error


def _refused(cause: str, dossier_id: UUID) -> DestructionRefused:
    return DestructionRefused(CAUSES[cause], cause=cause, dossier_id=dossier_id)
