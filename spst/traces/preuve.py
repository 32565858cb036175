"""What a worker takes away: his own lines, each with its proof, and what shows that no other line is about him.

For each line: the canonical event, its salt, its reason, and an inclusion proof under the last signed head. Beside them, what was
sealed of everybody since some earlier head: 64 bytes a line in which nothing is read, but among which his key recognises his own
(`rules.Empreinte`). Source: RFC 9162, 2.1.3; RGPD art. 15; TRA-04.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from spst.kernel import merkle
from spst.kernel.context import Context
from spst.traces import arbre, lecture, tetes
from spst.traces.lecture import Ligne
from spst.traces.models import TraceFeuille, TraceHorodatage, TraceTete

MOST = 250_000
"""Lines of everybody that a proof goes back over: 16 MB."""

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A sealed line of the dossier, and its way to the root."""

    rang: int
    ligne: Ligne
    chemin: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Preuve:
    """`tete`: the last head, None when nothing is sealed yet. `depart`: the head from which on `empreintes` shows everybody's.

    `bord`: complete nodes under `depart`. `attente`: lines of the dossier that wait for their seal.
    """

    cle: bytes
    tete: TraceTete | None
    depart: TraceTete | None
    bord: tuple[bytes, ...]
    places: tuple[Place, ...]
    attente: tuple[Ligne, ...]
    horodatage: tuple[TraceTete, TraceHorodatage] | None

    @property
    def taille(self) -> int:
        return self.tete.taille if self.tete else 0

    @property
    def depuis(self) -> int:
        return self.depart.taille if self.depart else 0


def of_dossier(ctx: Context, dossier_id: UUID) -> Preuve:
    """The proof of one dossier. Whoever calls has authorised, and traces."""
    tete = tetes.last(ctx)
    taille = tete.taille if tete else 0
    depart = _first_head_after(ctx, taille - MOST) if taille > MOST else None
    placed, attente = _placed(ctx, dossier_id, taille)
    return Preuve(
        cle=ctx.runtime.keyring.mark_key(ctx.tenant_id, dossier_id),
        tete=tete,
        depart=depart,
        bord=tuple(arbre.frontier(ctx, depart.taille).hashes) if depart else (),
        places=_proved(ctx, placed, taille),
        attente=tuple(attente),
        horodatage=_stamped(ctx, taille),
    )


def empreintes(ctx: Context, preuve: Preuve) -> Iterator[bytes]:
    """What was sealed of everybody between the two heads of a proof, in the order of the tree."""
    for page in lecture.pages(preuve.taille):
        if page.stop <= preuve.depuis:
            continue
        query = select(TraceFeuille.empreinte).where(
            TraceFeuille.tenant_id == ctx.tenant_id,
            TraceFeuille.rang >= max(page.start, preuve.depuis),
            TraceFeuille.rang < page.stop,
        )
        yield b"".join(ctx.session.scalars(query.order_by(TraceFeuille.rang)))


def _first_head_after(ctx: Context, taille: int) -> TraceTete | None:
    query = select(TraceTete).where(TraceTete.tenant_id == ctx.tenant_id, TraceTete.taille >= taille)
    return ctx.session.scalars(query.order_by(TraceTete.taille).limit(1)).one_or_none()


def _placed(ctx: Context, dossier_id: UUID, taille: int) -> tuple[list[tuple[int, Ligne]], list[Ligne]]:
    """Lines of the dossier by their places, in their order; then those without one under this head."""
    lignes = {ligne.event.id: ligne for ligne in lecture.of_dossier(ctx, dossier_id)}
    rangs = {trace_id: rang for trace_id, rang in lecture.places(ctx, list(lignes)).items() if rang < taille}
    placed = [(rang, lignes[trace_id]) for trace_id, rang in sorted(rangs.items(), key=lambda item: item[1])]
    return placed, [ligne for trace_id, ligne in lignes.items() if trace_id not in rangs]


def _proved(ctx: Context, placed: list[tuple[int, Ligne]], taille: int) -> tuple[Place, ...]:
    """Many proofs in one reading of nodes: near lines share most of their way."""
    found: list[Place] = []
    for start in range(0, len(placed), _AT_ONCE):
        some = placed[start : start + _AT_ONCE]
        ways = [merkle.inclusion_spans(rang, taille) for rang, _ in some]
        items = iter(merkle.prove([span for way in ways for span in way], lambda nodes: arbre.read_nodes(ctx, nodes)))
        found += [Place(*one, tuple(next(items) for _ in way)) for one, way in zip(some, ways, strict=True)]
    return tuple(found)


def _stamped(ctx: Context, taille: int) -> tuple[TraceTete, TraceHorodatage] | None:
    query = select(TraceHorodatage).where(TraceHorodatage.tenant_id == ctx.tenant_id, TraceHorodatage.taille <= taille)
    stamp = ctx.session.scalars(query.order_by(TraceHorodatage.taille.desc()).limit(1)).one_or_none()
    head = ctx.session.get(TraceTete, (ctx.tenant_id, stamp.taille)) if stamp else None
    return (head, stamp) if head and stamp else None
