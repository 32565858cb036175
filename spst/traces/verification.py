"""Whether the journal of an SPST is what was sealed: every line, every place, every head, and what waits for its seal.

What is found is named by its place in the tree; the first one is where trust ends. `tools/verify_traces.py` answers the same of
an export, without this program and without a database. Serves C. trav. art. R. 4624-45-5 al. 4; TRA-03.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.locks import hold_off
from spst.kernel.merkle import Frontier, Node, leaf_hash
from spst.kernel.notes import KeyUnknown, NoteRefused, text_of
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import bind_context, unit_of_work
from spst.traces import arbre, attente, destruction, lecture, tetes
from spst.traces.lecture import Feuille, Ligne
from spst.traces.models import TraceCle, TraceTete
from spst.traces.ports import TetesUnavailable
from spst.traces.registre import FIRST, Detruites, Ecriture, note_hash, open_entry
from spst.traces.sceau import ClesPubliques, Tete, TeteSignee, open_handover, open_head, origin_of
from spst.traces.services import record_technical
from spst.traces.tetes import Scelleur

LATE = timedelta(minutes=5)
"""A line that waits longer than this for its seal: nobody seals."""
BACKDATED = timedelta(days=1)
"""Older than the head before its own by more than any transaction lasts."""

_HEADS_AT_ONCE = 2000
_DETACHED = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname ~ '^trace_(2[0-9]{3}_[0-9]{2}|defaut)$'
      AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) ORDER BY 1
""")

FAITS = {
    "cle_inconnue": "clé de scellement que rien ne relie à une clé connue",
    "tete_alteree": "tête modifiée, ou dont la signature ne tient pas",
    "tete_fausse": "tête qui n’est pas celle des lignes, sans que l’une d’elles se désigne",
    "alteree": "ligne modifiée après son scellement",
    "supprimee": "ligne supprimée",
    "deplacee": "ligne déplacée",
    "forgee": "ligne qu’aucun programme du service n’a signée",
    "inseree": "ligne insérée après coup, sous un sceau plus récent qu’elle",
    "trou": "numéro qui manque dans la suite d’un programme : une ligne a disparu avant son sceau",
    "noeud_altere": "nœud de l’arbre modifié",
    "partition_detachee": "mois de traces détaché du journal",
    "retour_en_arriere": "journal plus court qu’une tête connue ailleurs",
    "histoire_refaite": "journal qui contredit une tête connue ailleurs",
    "destruction_alteree": "écriture du registre des destructions modifiée, manquante, ou que la clé du journal n’a pas signée",
    "destruction_dementie": "ligne que le registre des destructions dit détruite, et qui est là",
    "destruction_perdue": "destruction connue ailleurs, que le registre ne porte pas",
}
"""What each finding is, as an operator reads it."""
CODES = tuple(FAITS)
_OF_LEDGER = {"destruction_alteree", "destruction_dementie", "destruction_perdue"}
"""What leaves the tree as it is: a head that differs has another cause."""


@dataclass(frozen=True, slots=True)
class Constat:
    """What does not hold. `rang`: the first place concerned, None for what has none; `nombre`: how many."""

    code: str
    rang: int | None
    nombre: int = 1
    precision: str = ""

    @property
    def fait(self) -> str:
        return FAITS[self.code]


@dataclass(frozen=True, slots=True)
class Rapport:
    """`taille`: places under the last head that holds; `scelle_le`: its instant, UTC, None when there is none.

    `attente`: lines after it, whose removal only the log stream would show; `retard`: they wait for too long.
    `cle`: id of the first key; `cle_comparee`: it is one that whoever verifies holds, and not only what the database shows.
    `antidatees`: lines that say they are older than the head before theirs by more than a day: to be asked about, not a fault.
    `detruites`: places whose lines left at the end of their retention, each named by a signed entry of the ledger.
    """

    taille: int
    racine: bytes | None
    scelle_le: datetime | None
    attente: int
    retard: bool
    antidatees: int
    detruites: int
    cle: str | None
    cle_comparee: bool
    constats: tuple[Constat, ...]

    @property
    def holds(self) -> bool:
        return not self.constats

    @property
    def premier(self) -> int | None:
        """The first place that does not hold."""
        return min((one.rang for one in self.constats if one.rang is not None), default=None)


def verify(
    ctx: Context,
    *,
    cles: Sequence[ClesPubliques] = (),
    tenues: Iterable[str] = (),
    destructions: Iterable[tuple[int, str]] = (),
) -> Rapport:
    """Go through the whole journal of the context's SPST.

    `cles`: public keys that whoever verifies holds from before; without any, the journal's first keys are taken as they stand.
    `tenues`: heads that he holds, or that were copied outside; `destructions`: entries of the ledger that were, by their number.
    Raises: NoteRefused, when one of these heads is none of this journal.
    """
    return _Controle(ctx, cles, tenues, dict(destructions)).run()


def verify_all(runtime: Runtime, scelleur: Scelleur) -> int:
    """Every journal against the keys and copies at hand, for the nightly job; returns how many do not hold, each of them told.

    Source: identity_security 5, LOG-04 and LOG-10.
    """
    return sum(_is_broken(runtime, scelleur, tenant_id) for tenant_id in tetes.tenants(runtime))


def _is_broken(runtime: Runtime, scelleur: Scelleur, tenant_id: UUID) -> bool:
    motif = Motif(CodeMotif.TECHNIQUE)
    try:
        with unit_of_work(runtime, tenant_id, service("verification"), motif, origin="job") as ctx:
            copie, ours = scelleur.copie, tetes.own_keys(ctx, scelleur)
            entries = copie.destructions(tenant_id)
            rapport = verify(ctx, cles=ours, tenues=copie.all(tenant_id), destructions=entries)
            codes, premier = [one.code for one in rapport.constats], rapport.premier
            if rapport.retard:
                codes.append("retard")
    except (NoteRefused, TetesUnavailable, SQLAlchemyError) as error:
        codes, premier = [type(error).__name__], None
    if codes:
        faits = {"tenant": str(tenant_id), "constats": ",".join(codes), "premier": premier}
        record_technical(runtime.engine, runtime.clock, "traces.journal_rompu", 3, faits, new_id())
    return bool(codes)


@dataclass(slots=True)
class _Numeros:
    """Numbers of one writer, as far as they were met."""

    highest: int = 0
    count: int = 0

    def add(self, number: int, count: int = 1) -> None:
        """`count`: lines whose highest number this is."""
        self.highest, self.count = max(self.highest, number), self.count + count

    @property
    def missing(self) -> int:
        return max(self.highest - self.count, 0)


class _Controle:
    """One verification. `_agreed`: the largest size whose heads are all those of the lines; nothing is looked at past the first
    head that is not (`_is_broken`), since all that follow differ."""

    def __init__(
        self, ctx: Context, cles: Sequence[ClesPubliques], tenues: Iterable[str], destructions: dict[int, str]
    ) -> None:
        hold_off(ctx, destruction.LOCK, ctx.tenant_id)
        bind_context(ctx)  # a destruction under way may have lasted
        self._ctx = ctx
        self._found: dict[str, list[Any]] = {}
        self._last, self._places = tetes.last_and_places(ctx)
        self._pinned = bool(cles)
        self._keys = self._chain(tetes.keys(ctx), cles)
        self._held: dict[int, set[bytes]] = defaultdict(set)
        for rank, note in enumerate(tenues):
            if rank % _HEADS_AT_ONCE == 0:
                bind_context(ctx)  # the server ends a transaction that asks nothing for a minute
            self._hold(note)
        self._edge = Frontier()
        self._head: TeteSignee | None = None
        self._moved: int | None = None
        self._before: tuple[int, UUID] | None = None
        self._numbers: dict[UUID, _Numeros] = defaultdict(_Numeros)
        self._nodes: list[tuple[Node, bytes]] = []
        self._destroyed = Detruites(self._ledger(destructions))
        self._antidated = self._gone = 0
        self._is_broken = False

    @property
    def _agreed(self) -> int:
        return self._head.tete.taille if self._head else 0

    def run(self) -> Rapport:
        for page in lecture.pages(self._places):
            self._read(page)
            if self._is_broken:
                break
        self._check_end()
        self._check_strays()
        self._check_partitions()
        attente, oldest = self._check_unsealed()
        return Rapport(
            taille=self._agreed,
            racine=self._head.tete.racine if self._head else None,
            scelle_le=self._head.at if self._head else None,
            attente=attente,
            retard=oldest is not None and self._ctx.clock.now() - oldest > LATE,
            antidatees=self._antidated,
            detruites=self._gone,
            cle=self._keys[0][1].journal.id.hex() if self._keys else None,
            cle_comparee=bool(self._pinned and self._keys),
            constats=tuple(self._constats()),
        )

    def _read(self, page: range) -> None:
        heads = {row.taille: row for row in tetes.between(self._ctx, page.start, page.stop)}
        for feuille in lecture.sealed(self._ctx, page):
            self._place(feuille)
            if self._is_broken:
                return
            self._check_roots(heads.get(self._edge.size))
        if self._edge.size < page.stop:
            self._miss(page.stop)
        self._check_nodes()

    def _find(self, code: str, rang: int | None, nombre: int = 1, precision: str = "") -> None:
        known = self._found.setdefault(code, [rang, 0, precision])
        known[1] += nombre

    def _constats(self) -> list[Constat]:
        found = [Constat(code, rang, nombre, said) for code, (rang, nombre, said) in self._found.items()]
        return sorted(found, key=lambda one: (one.rang is None, one.rang or 0, CODES.index(one.code)))

    def _chain(self, rows: list[TraceCle], held: Sequence[ClesPubliques]) -> list[tuple[int, ClesPubliques]]:
        """Keys by the size beyond which they sign, as far as each is named by the one before."""
        chain: list[tuple[int, ClesPubliques]] = []
        for row in rows:
            try:
                cles = tetes.public_keys(row)
                if chain:
                    named = open_handover(row.passage or "", [chain[-1][1]])
                    is_named = named == (cles, row.depuis)
                else:
                    is_named = row.depuis == 0 and (not held or cles in held)
            except NoteRefused:
                is_named = False
            if not is_named and cles not in held:
                self._find("cle_inconnue", row.depuis)
                break
            chain.append((row.depuis, cles))
        return chain

    def _ledger(self, copied: dict[int, str]) -> list[Ecriture]:
        """Entries that hold; each names the one before."""
        found: list[Ecriture] = []
        expected, before = 0, FIRST
        for expected, row in enumerate(destruction.ledger(self._ctx), start=1):
            ecriture = self._entry(row.note)
            if ecriture is None or (ecriture.numero, row.numero, ecriture.precedente) != (expected, expected, before):
                self._find("destruction_alteree", None)
            if ecriture:
                found.append(ecriture)
            before = note_hash(row.note)
            if copied.pop(row.numero, row.note) != row.note:
                self._find("destruction_perdue", None)
        if copied:
            self._find("destruction_perdue", None, len(copied))
        return found

    def _entry(self, note: str) -> Ecriture | None:
        try:
            return open_entry(note, self._keys)
        except NoteRefused:
            return None

    def _opened(self, row: TraceTete) -> TeteSignee | None:
        signers = [cles for depuis, cles in self._keys if depuis < row.taille]
        try:
            head = open_head(row.note, signers[-1:])
        except NoteRefused:
            return None
        return head if head.tete.taille == row.taille and head.at == row.at else None

    def _hold(self, note: str) -> None:
        """Raises: NoteRefused, for a head of another journal."""
        if not self._keys:
            self._find("retour_en_arriere", 0)
            return
        try:
            tete = open_head(note, [cles for _, cles in reversed(self._keys)]).tete
        except KeyUnknown:
            if Tete.parse(text_of(note)).origin != origin_of(self._ctx.tenant_id):
                raise
            self._find("cle_inconnue", 0)
            return
        if tete.taille > self._places:
            self._find("retour_en_arriere", self._places)
        else:
            self._held[tete.taille].add(tete.racine)

    def _place(self, feuille: Feuille) -> None:
        """One place of the tree, in its order."""
        if feuille.rang != self._edge.size:
            self._miss(feuille.rang)
            return
        self._check_line(feuille)
        for node, made in self._edge.append(leaf_hash(feuille.empreinte)):
            if arbre.is_kept(node):
                self._nodes.append((node, made))

    def _miss(self, until: int) -> None:
        """Places that are not kept at all: nothing after them has a root any more."""
        self._find("supprimee", self._edge.size, until - self._edge.size)
        self._is_broken = True

    def _check_line(self, feuille: Feuille) -> None:
        ligne, is_destroyed = feuille.ligne, self._destroyed.meet(feuille.rang, feuille.empreinte)
        if is_destroyed:
            self._gone += 1
            if ligne is not None or feuille.is_salted:
                self._find("destruction_dementie", feuille.rang)
            return
        if ligne is None:
            self._find("supprimee", feuille.rang)
            return
        if not ligne.is_whole or ligne.empreinte != feuille.empreinte:
            self._find("alteree", feuille.rang)
        elif not ligne.is_signed(self._ctx.runtime.trace_key):
            self._find("forgee", feuille.rang)
            return
        place = (ligne.xid, ligne.event.id)
        if self._moved is None and self._before and place < self._before:
            self._moved = feuille.rang
        self._before = place
        self._numbers[ligne.writer_id].add(ligne.writer_n)
        self._check_date(ligne)

    def _check_date(self, ligne: Ligne) -> None:
        if self._head and self._head.at - ligne.event.at > BACKDATED:
            self._antidated += 1

    def _check_roots(self, row: TraceTete | None) -> None:
        """Against the head of this size, and against those of this size that are known elsewhere."""
        size, root = self._edge.size, self._edge.root
        if self._held.get(size, {root}) != {root}:
            self._break("histoire_refaite", self._agreed)
        if row is None:
            return
        head = self._opened(row)
        if head is None:
            self._find("tete_alteree", self._agreed)
        elif head.tete.racine == root:
            self._head, self._moved = head, None
        elif self._moved is not None:
            self._break("deplacee", self._moved)
        else:
            self._break(None if self._found.keys() - _OF_LEDGER else "tete_fausse", self._agreed)

    def _break(self, code: str | None, rang: int) -> None:
        """`code`: None when a line was already found to be the cause."""
        if code:
            self._find(code, rang)
        self._is_broken = True

    def _check_end(self) -> None:
        """The last head and the last place meet."""
        if self._is_broken:
            return
        largest = self._last.taille if self._last else 0
        if self._last and largest > self._places:
            is_ours = self._opened(self._last) is not None
            self._find(
                "supprimee" if is_ours else "tete_alteree", self._places, largest - self._places if is_ours else 1
            )
        elif self._places > largest:
            self._find("inseree", largest, self._places - largest)

    def _check_strays(self) -> None:
        """What stands where no sealing puts anything, or is named and never stood there."""
        self._check_destroyed()
        if strays := tetes.strays(self._ctx):
            self._find("inseree", None, strays)
        if not self._found:
            beyond = arbre.kept_count(self._ctx) - arbre.expected_count(self._places)
            if beyond:
                self._find("noeud_altere", None, abs(beyond))

    def _check_destroyed(self) -> None:
        """Each entry names what was sealed at its places; the numbers of these lines are met with those that stand."""
        if self._is_broken:
            return
        for ecriture in self._destroyed.differing(self._edge.size):
            self._find("destruction_alteree", ecriture.rangs[0].start)
        for ecriture in self._destroyed.entries:
            if ecriture.taille > self._edge.size:
                self._find("destruction_alteree", None)
            for writer in ecriture.ecrivains:
                self._numbers[writer.id].add(writer.dernier, writer.nombre)

    def _check_nodes(self) -> None:
        nodes, self._nodes = self._nodes, []
        for node in arbre.differing(self._ctx, nodes):
            if not self._is_explained(node):
                self._find("noeud_altere", node.position << node.level)

    def _is_explained(self, node: Node) -> bool:
        """A place under the node was changed: the node still says what was sealed."""
        start, stop = node.position << node.level, (node.position + 1) << node.level
        return any(rang is not None and start <= rang < stop for rang, *_ in self._found.values())

    def _check_partitions(self) -> None:
        names = list(self._ctx.session.execute(_DETACHED).scalars())
        if names:
            self._find("partition_detachee", None, len(names), ", ".join(names))

    def _check_unsealed(self) -> tuple[int, datetime | None]:
        """How many lines wait, and since when. Those of one writer go on from his last number under the seal."""
        sealed_below = self._last.xid if self._last else 0
        bornes = attente.bornes(self._ctx, sealed_below)
        waiting, oldest = 0, None
        for ligne in lecture.unsealed(self._ctx, self._places):
            if not ligne.is_signed(self._ctx.runtime.trace_key):
                self._find("forgee", None)
                continue
            if not ligne.is_whole:
                self._find("alteree", None)
            self._numbers[ligne.writer_id].add(ligne.writer_n)
            if ligne.xid < sealed_below or (ligne.xid >= bornes.next and not bornes.is_elsewhere):
                self._find("inseree", None)
            waiting += 1
            oldest = min(oldest or ligne.event.at, ligne.event.at)
        if not self._is_broken and "supprimee" not in self._found:
            self._check_numbers()
        return waiting, oldest

    def _check_numbers(self) -> None:
        """Each writer's committed lines are numbered from 1 without gap, under the seal and before it."""
        for numbers in self._numbers.values():
            if numbers.missing:
                self._find("trou", None, numbers.missing)
