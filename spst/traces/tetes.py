"""Signed heads and the keys that sign them, as the database keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from spst.kernel.context import Context
from spst.kernel.notes import KeyUnknown, NoteRefused
from spst.kernel.runtime import Runtime
from spst.traces.models import TraceCle, TraceFeuille, TraceTete
from spst.traces.ports import CopieDesTetes
from spst.traces.sceau import ClesPubliques, Sceau, Tete, TeteSignee, open_head

_TENANTS = text("SELECT id FROM tenant")
"""By name: the room of the SPSTs stands above this one."""


class ScellementRefused(Exception):
    """The journal of an SPST is not sealed further: something that it rests on does not hold, and an operator has to look.

    `code`: "retour_en_arriere", a larger head was copied outside; "deux_histoires", another head of that size was;
    "tete_alteree", a head is not what was signed; "arbre_altere", the tree that is kept does not lead to its head;
    "cle_inconnue", the last head was signed under a secret that is not configured.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Scelleur:
    """What seals: the secret that keys derive from, those before it while they hand over, and where heads are copied."""

    secret: bytes = field(repr=False)
    copie: CopieDesTetes
    anciens: tuple[bytes, ...] = field(default=(), repr=False)

    def sceaux(self, tenant_id: UUID) -> list[Sceau]:
        """The one that signs now, then those before it."""
        return [Sceau.derive(secret, tenant_id) for secret in (self.secret, *self.anciens)]


def tenants(runtime: Runtime) -> list[UUID]:
    """Every SPST has a journal, suspended or not."""
    with runtime.engine.connect() as connection:
        return list(connection.execute(_TENANTS).scalars())


def last(ctx: Context) -> TraceTete | None:
    query = select(TraceTete).where(TraceTete.tenant_id == ctx.tenant_id)
    return ctx.session.scalars(query.order_by(TraceTete.taille.desc()).limit(1)).one_or_none()


def after(ctx: Context, taille: int) -> Iterator[TraceTete]:
    """Heads larger than `taille`, the smallest first."""
    query = select(TraceTete).where(TraceTete.tenant_id == ctx.tenant_id, TraceTete.taille > taille)
    yield from ctx.session.scalars(query.order_by(TraceTete.taille).execution_options(yield_per=1000))


def last_and_places(ctx: Context) -> tuple[TraceTete | None, int]:
    """The largest head, and how many places the tree has, as one statement sees them."""
    of_tree = select(func.max(TraceFeuille.rang)).where(TraceFeuille.tenant_id == ctx.tenant_id).scalar_subquery()
    query = select(TraceTete, of_tree).where(TraceTete.tenant_id == ctx.tenant_id)
    row = ctx.session.execute(query.order_by(TraceTete.taille.desc()).limit(1)).one_or_none()
    rang = row[1] if row else ctx.session.scalar(select(of_tree))
    return row[0] if row else None, max(0 if rang is None else rang + 1, 0)


def strays(ctx: Context) -> int:
    """Places before the first, which no sealing gives."""
    query = select(func.count()).select_from(TraceFeuille)
    return ctx.session.scalar(query.where(TraceFeuille.tenant_id == ctx.tenant_id, TraceFeuille.rang < 0)) or 0


def between(ctx: Context, start: int, end: int) -> list[TraceTete]:
    """Heads larger than `start` and not larger than `end`, the smallest first."""
    query = select(TraceTete).where(
        TraceTete.tenant_id == ctx.tenant_id, TraceTete.taille > start, TraceTete.taille <= end
    )
    return list(ctx.session.scalars(query.order_by(TraceTete.taille)))


def keys(ctx: Context) -> list[TraceCle]:
    """Public keys, the oldest first."""
    query = select(TraceCle).where(TraceCle.tenant_id == ctx.tenant_id)
    return list(ctx.session.scalars(query.order_by(TraceCle.depuis)))


def key_records(ctx: Context) -> list[dict[str, Any]]:
    """The same, as a file that is verified elsewhere tells them."""
    return [
        {"depuis": row.depuis, "journal": row.journal, "horloge": row.horloge, "passage": row.passage}
        for row in keys(ctx)
    ]


def opened(note: str, sceaux: list[Sceau]) -> TeteSignee:
    """A head of ours. Raises: ScellementRefused."""
    try:
        return open_head(note, [sceau.publiques for sceau in sceaux])
    except KeyUnknown as error:
        raise ScellementRefused("cle_inconnue") from error
    except NoteRefused as error:
        raise ScellementRefused("tete_alteree") from error


def check_copy(ctx: Context, scelleur: Scelleur) -> int:
    """Size of the largest head that was copied outside, 0 when there is none: it is one that the database holds.

    Raises: ScellementRefused, TetesUnavailable.
    """
    note = scelleur.copie.last(ctx.tenant_id)
    if note is None:
        return 0
    copied = opened(note, scelleur.sceaux(ctx.tenant_id)).tete
    held, largest = ctx.session.get(TraceTete, (ctx.tenant_id, copied.taille)), last(ctx)
    if largest is None or copied.taille > largest.taille:
        raise ScellementRefused("retour_en_arriere")
    if held is None or opened(held.note, scelleur.sceaux(ctx.tenant_id)).tete != copied:
        raise ScellementRefused("deux_histoires")
    return copied.taille


def add(ctx: Context, scelleur: Scelleur, tete: Tete, at: datetime, xid: int) -> TraceTete:
    """Sign a head and keep it, with what names its keys when they are new. `at`: UTC."""
    sceau, *anciens = scelleur.sceaux(ctx.tenant_id)
    at = at.astimezone(UTC).replace(microsecond=0)
    _announce(ctx, sceau, anciens, at)
    row = TraceTete(tenant_id=ctx.tenant_id, taille=tete.taille, at=at, note=sceau.sign_head(tete, at), xid=xid)
    ctx.session.add(row)
    return row


def _announce(ctx: Context, sceau: Sceau, anciens: list[Sceau], at: datetime) -> None:
    """Keep the public keys that sign from now on, named by those that signed until now. Raises: ScellementRefused."""
    known, current = keys(ctx), sceau.publiques
    if known and (known[-1].journal, known[-1].horloge) == (str(current.journal), str(current.horloge)):
        return
    largest = last(ctx)
    taille = largest.taille if largest else 0
    passage = None
    if known:
        before = next((one for one in anciens if str(one.journal.public) == known[-1].journal), None)
        if before is None:
            raise ScellementRefused("cle_inconnue")
        passage = before.hand_over(current, taille, at)
    ctx.session.add(
        TraceCle(
            tenant_id=ctx.tenant_id,
            depuis=taille,
            journal=str(current.journal),
            horloge=str(current.horloge),
            passage=passage,
        )
    )


def own_keys(ctx: Context, scelleur: Scelleur) -> list[ClesPubliques]:
    """Keys under the secrets at hand, where the journal began under one of them: nobody else could have made them."""
    found, known = [sceau.publiques for sceau in scelleur.sceaux(ctx.tenant_id)], keys(ctx)
    return found if known and known[0].journal in {str(cles.journal) for cles in found} else []


def public_keys(row: TraceCle) -> ClesPubliques:
    """Raises: NoteRefused."""
    return ClesPubliques.parse(row.journal, row.horloge)
