#!/usr/bin/env python3
"""Vérifie un journal de traces exporté, ou la preuve qu’un salarié a emportée, sans le logiciel qui les a faits.

    python3 verify_traces.py journal.zip [--tete tete.note …] [--cle cle.txt …] [--json]

Il faut Python 3.9 ou plus récent et le paquet « cryptography », rien d’autre. Code de sortie : 0 tout tient, 1 quelque chose ne
tient pas, 2 le fichier n’est pas lisible.

Written apart from the product, from the published texts: RFC 9162 (trees and proofs), c2sp.org/signed-note, tlog-checkpoint,
tlog-cosignature. It shares no line with the program that it checks.
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
import zipfile
from collections import defaultdict
from datetime import datetime, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_LINE = 1_000_000
MAX_SIGNATURES = 64
SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
MAX_SMALL = 50_000_000
DESTRUCTION = "traces.spst/destruction/v1"
OF_LEDGER = {"destruction_alteree", "destruction_dementie"}
HANDOVER = "traces.spst/cle-suivante/v1"

FAITS = {
    "cle_inconnue": "clé de scellement que rien ne relie à une clé connue",
    "tete_alteree": "tête modifiée, ou dont la signature ne tient pas",
    "tete_fausse": "tête qui n’est pas celle des lignes, sans que l’une d’elles se désigne",
    "alteree": "ligne modifiée après son scellement",
    "supprimee": "ligne supprimée",
    "deplacee": "ligne déplacée",
    "inseree": "ligne insérée après coup, sous un sceau plus récent qu’elle",
    "trou": "numéro qui manque dans la suite d’un programme : une ligne a disparu avant son sceau",
    "retour_en_arriere": "journal plus court qu’une tête que vous détenez",
    "histoire_refaite": "journal qui contredit une tête que vous détenez",
    "destruction_alteree": "écriture du registre des destructions modifiée, manquante, ou que la clé du journal n’a pas signée",
    "destruction_dementie": "ligne que le registre des destructions dit détruite, et qui est là",
    "cachee": "ligne qui vous concerne et que la liste ne montre pas",
}


class Unreadable(Exception):
    """The file is not what it should be: nothing was verified."""


class Refused(Exception):
    """A note does not hold."""


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_of(entry):
    return sha(b"\x00", entry)


def parent_of(left, right):
    return sha(b"\x01", left, right)


class Key:
    """A public key, from its line « name+id+base64(kind, key) »."""

    def __init__(self, line):
        name, key_id, encoded = [*line.strip().split("+", 2), "", ""][:3]
        raw = base64.b64decode(encoded, validate=True)
        if len(raw) != 33 or raw[0] not in (1, 4) or sha(name.encode(), b"\n", raw)[:4].hex() != key_id:
            raise Refused("clé publique illisible")
        self.line, self.name, self.kind, self.raw, self.id = line.strip(), name, raw[0], raw[1:], bytes.fromhex(key_id)


def open_note(note, keys):
    """(text, {kind: seconds or None}) of a note that every one of `keys` signed, once. Other keys are not looked at."""
    text, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() != "" or not 0 < len(lines) <= MAX_SIGNATURES or CONTROLS.search(text):
        raise Refused("note illisible")
    text, signed = text + "\n", []
    for line in lines:
        read = SIGNATURE.fullmatch(line)
        if read is None:
            raise Refused("signature illisible")
        body = base64.b64decode(read["signature"], validate=True)
        signed += [
            (key.kind, check(key, text, body[4:])) for key in keys if (read["name"], body[:4]) == (key.name, key.id)
        ]
    if [kind for kind, _ in signed] != [key.kind for key in keys]:
        raise Refused("signature absente")
    return text, dict(signed)


def check(key, text, signature):
    when, message = None, text.encode()
    if key.kind == 4:
        when, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = b"cosignature/v1\ntime %d\n" % when + message
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except InvalidSignature:
        raise Refused("signature fausse") from None
    return when


def open_head(note, keys):
    """(origin, size, root, seconds) of a checkpoint."""
    text, signed = open_note(note, keys)
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != keys[0].name or str(int(lines[1])) != lines[1]:
        raise Refused("tête illisible")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise Refused("racine illisible")
    return lines[0], int(lines[1]), root, signed[4]


class Edge:
    """The right edge of a tree: (size of subtree, hash), the largest first."""

    def __init__(self):
        self.size, self.parts = 0, []

    def add(self, leaf):
        self.size += 1
        self.parts.append((1, leaf))
        while len(self.parts) > 1 and self.parts[-1][0] == self.parts[-2][0]:
            (width, left), (_, right) = self.parts[-2:]
            self.parts[-2:] = [(2 * width, parent_of(left, right))]

    def start(self, size, nodes):
        """Begin after `size` leaves, whose complete subtrees are `nodes`, the largest first."""
        widths = [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]
        if len(widths) != len(nodes) or any(len(node) != 32 for node in nodes):
            raise Unreadable("bord.json n’a pas les bons nœuds")
        self.size, self.parts = size, list(zip(widths, nodes))

    def root(self):
        if not self.parts:
            return sha()
        made = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            made = parent_of(left, made)
        return made


class Findings:
    def __init__(self):
        self.found = {}

    def add(self, code, rang, nombre=1):
        self.found.setdefault(code, [rang, 0])[1] += nombre

    def __bool__(self):
        return bool(self.found)

    def first(self):
        return min((rang for rang, _ in self.found.values() if rang is not None), default=None)

    def listed(self):
        order = sorted(
            self.found.items(), key=lambda item: (item[1][0] is None, item[1][0] or 0, list(FAITS).index(item[0]))
        )
        return [{"code": code, "rang": rang, "nombre": nombre, "fait": FAITS[code]} for code, (rang, nombre) in order]


def unique(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("une clé est écrite deux fois")
    return found


def never(text):
    raise Unreadable(f"{text} n’est pas un nombre d’ici")


def parsed(text):
    """JSON whose objects name nothing twice, and whose numbers are whole."""
    return json.loads(text, object_pairs_hook=unique, parse_constant=never, parse_float=never)


def whole(value):
    if type(value) is not int or value < 0:
        raise Unreadable("un nombre attendu n’en est pas un")
    return value


def small(archive, name):
    if archive.getinfo(name).file_size > MAX_SMALL:
        raise Unreadable(f"{name} est trop grand")
    return archive.read(name).decode()


def records(archive, name):
    with archive.open(name) as file:
        while line := file.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise Unreadable(f"{name} a une ligne trop longue")
            yield parsed(line)


def chain_of(rows, pinned, findings):
    """[(size beyond which they sign, the two keys)], as far as each pair is named by the one before, or is pinned."""
    chain = []
    for row in rows:
        try:
            keys = [Key(row["journal"]), Key(row["horloge"])]
            if [key.kind for key in keys] != [1, 4]:
                raise Refused("ce ne sont pas les deux clés d’un journal")
            is_trusted = {key.line for key in keys} <= pinned or (not chain and not pinned and row["depuis"] == 0)
            if not is_trusted and chain:
                text, _ = open_note(row["passage"] or "", chain[-1][1][:1])
                named = [HANDOVER, keys[0].name, str(row["depuis"]), keys[0].line, keys[1].line, ""]
                is_trusted = text.split("\n") == named and keys[0].name == chain[-1][1][0].name
        except (Refused, ValueError):
            is_trusted = False
        if not is_trusted:
            findings.add("cle_inconnue", row["depuis"])
            break
        chain.append((row["depuis"], keys))
    return chain


def signers_of(chain, size):
    return next((keys for since, keys in reversed(chain) if since < size), None)


class Entry:
    """An entry of the ledger of destructions: a note that the key of its own head signed."""

    def __init__(self, note, origin, chain):
        title, self.number, self.before, self.size, self.digest, said, writers = self.fields(note, origin, chain)
        if title != DESTRUCTION:
            raise Refused("ce n’est pas une écriture du registre")
        self.spans = [(int(start), int(last or start) + 1) for start, _, last in (one.partition("-") for one in said)]
        self.writers = [(writer, int(count), int(last)) for writer, count, last in (one.split(" ") for one in writers)]
        self.met = hashlib.sha256()
        stops = [bound for span in self.spans for bound in span]
        count = sum(stop - start for start, stop in self.spans)
        if stops != sorted(set(stops)) or stops[-1] > self.size or count != sum(count for _, count, _ in self.writers):
            raise Refused("écriture incohérente")

    @staticmethod
    def fields(note, origin, chain):
        """Raises: Refused, ValueError. The size says which keys sign; then the one signature is looked at."""
        lines = note.rpartition("\n\n")[0].split("\n")
        if len(lines) < 11 or lines[1] != origin:
            raise Refused("écriture illisible")
        keys = signers_of(chain, int(lines[5]))
        if keys is None:
            raise Refused("clé inconnue")
        open_note(note, keys[:1])
        before, digest = (base64.b64decode(lines[at], validate=True) for at in (3, 8))
        return lines[0], int(lines[2]), before, int(lines[5]), digest, lines[9].split(","), lines[10:]


class Ledger:
    """What the ledger says is gone, met in the order of the places."""

    def __init__(self, rows, origin, chain, findings):
        self.findings, self.entries, self.next = findings, [], 0
        before = bytes(32)
        for number, row in enumerate(rows, 1):
            try:
                entry = Entry(row["note"], origin, chain)
            except (Refused, ValueError, IndexError):
                entry = None
            if entry is None or (entry.number, row["numero"], entry.before) != (number, number, before):
                findings.add("destruction_alteree", None)
            self.entries += [entry] if entry else []
            before = sha(row["note"].encode())
        self.spans = sorted((*span, at) for at, entry in enumerate(self.entries) for span in entry.spans)

    def meet(self, rang, sealed):
        while self.next < len(self.spans) and self.spans[self.next][1] <= rang:
            self.next += 1
        is_named = self.next < len(self.spans) and self.spans[self.next][0] <= rang
        if is_named:
            self.entries[self.spans[self.next][2]].met.update(sealed)
        return is_named

    def end(self, size, numbers):
        for entry in self.entries:
            if entry.spans[-1][1] <= size and entry.met.digest() != entry.digest:
                self.findings.add("destruction_alteree", entry.spans[0][0])
        for entry in self.entries:
            if entry.size > size:
                self.findings.add("destruction_alteree", None)
            for writer, count, last in entry.writers:
                known = numbers[writer]
                known[:] = max(known[0], last), known[1] + count


class Journal:
    """Goes through an export once, in the order of its places."""

    def __init__(self, archive, pinned, held):
        self.archive, self.findings = archive, Findings()
        self.about = parsed(small(archive, "journal.json"))
        for name in ("places", "taille", "ordre"):
            whole(self.about[name])
        self.is_pinned, self.chain = bool(pinned), chain_of(records(archive, "cles.jsonl"), pinned, self.findings)
        self.heads = records(archive, "tetes.jsonl")
        self.next_head = next(self.heads, None)
        self.edge, self.agreed, self.sealed_at, self.root = Edge(), 0, None, None
        self.before, self.moved, self.is_broken = None, None, False
        self.numbers = defaultdict(lambda: [0, 0])
        self.last_head = self.gone = 0
        rows = records(archive, "destructions.jsonl") if "destructions.jsonl" in archive.namelist() else ()
        self.ledger = Ledger(rows, self.about["origine"], self.chain, self.findings)
        self.held = defaultdict(set)
        for note in held:
            self.hold(note)

    def hold(self, note):
        if not self.chain:
            self.findings.add("retour_en_arriere", 0)
            return
        for _, keys in reversed(self.chain):
            try:
                _, size, root, _ = open_head(note, keys)
            except (Refused, ValueError):
                continue
            self.held[size].add(root)
            return
        raise Unreadable("une tête donnée n’est pas signée par une clé de ce journal")

    def run(self):
        for record in records(self.archive, "lignes.jsonl"):
            if self.is_broken:
                break
            self.place(record)
        self.end()
        waiting = self.waiting()
        return {
            "origine": self.about["origine"],
            "cle": self.chain[0][1][0].id.hex() if self.chain else None,
            "cle_comparee": self.is_pinned,
            "taille": self.agreed,
            "racine": self.root.hex() if self.root else None,
            "scelle_le": instant(self.sealed_at),
            "attente": waiting,
            "detruites": self.gone,
            "tient": not self.findings,
            "premier": self.findings.first(),
            "constats": self.findings.listed(),
        }

    def place(self, record):
        rang, sealed = record["rang"], bytes.fromhex(record["empreinte"])
        if rang != self.edge.size:
            self.findings.add("supprimee", self.edge.size, rang - self.edge.size)
            self.is_broken = True
            return
        self.line(rang, sealed, record["ligne"])
        self.edge.add(leaf_of(sealed))
        self.roots()

    def line(self, rang, sealed, line):
        if self.ledger.meet(rang, sealed):
            self.gone += 1
            if line is not None:
                self.findings.add("destruction_dementie", rang)
            return
        if line is None:
            self.findings.add("supprimee", rang)
            return
        if not self.says(line, sealed):
            self.findings.add("alteree", rang)
        order = (line["ordre"], line["id"])
        if self.moved is None and self.before and order < self.before:
            self.moved = rang
        self.before = order
        self.number(line)

    def number(self, line):
        """Each program numbers its lines from 1: the highest number, and how many were met."""
        known = self.numbers[line["ecrivain"]]
        known[:] = max(known[0], line["n"]), known[1] + 1

    def says(self, line, sealed):
        """Whether what the line shows leads to what was sealed of it, and its reason to what it commits to."""
        if bytes.fromhex(line["empreinte"]) != sealed:
            return False
        if "entree" not in line or ("motif" in line) != self.about["motifs"]:
            return False
        entry, salt = line["entree"], bytes.fromhex(line["sel"])
        if sha(salt, entry.encode()) != sealed[32:] or json.loads(entry)["id"] != line["id"]:
            return False
        return not self.about["motifs"] or keeps_its_reason(json.loads(entry), salt, line["motif"])

    def roots(self):
        size, root = self.edge.size, self.edge.root() if self.is_at_head() or self.edge.size in self.held else None
        if root and self.held.get(size, {root}) != {root}:
            self.stop("histoire_refaite", self.agreed)
        if not self.is_at_head():
            return
        head, self.next_head = self.next_head, next(self.heads, None)
        self.last_head = size
        opened = self.opened(head)
        if opened is None:
            self.findings.add("tete_alteree", self.agreed)
        elif opened[2] == root:
            self.agreed, self.root, self.sealed_at, self.moved = size, root, opened[3], None
        elif self.moved is not None:
            self.stop("deplacee", self.moved)
        else:
            self.stop(None if set(self.findings.found) - OF_LEDGER else "tete_fausse", self.agreed)

    def is_at_head(self):
        return self.next_head is not None and self.next_head["taille"] == self.edge.size

    def opened(self, head):
        keys = signers_of(self.chain, head["taille"])
        try:
            opened = open_head(head["note"], keys) if keys else None
        except (Refused, ValueError):
            return None
        says = (self.about["origine"], head["taille"], datetime.fromisoformat(head["le"]).timestamp())
        return opened if opened and (*opened[:2], opened[3]) == says else None

    def stop(self, code, rang):
        if code:
            self.findings.add(code, rang)
        self.is_broken = True

    def end(self):
        if self.is_broken:
            return
        size = self.edge.size
        if self.next_head is not None:
            is_ours = self.opened(self.next_head) is not None
            missing = self.next_head["taille"] - size if is_ours else 1
            self.findings.add("supprimee" if is_ours else "tete_alteree", size, missing)
        elif size < self.about["places"]:
            self.findings.add("supprimee", size, self.about["places"] - size)
        elif size > self.last_head:
            self.findings.add("inseree", self.last_head, size - self.last_head)
        if self.held and max(self.held) > size:
            self.findings.add("retour_en_arriere", size)
        self.ledger.end(size, self.numbers)

    def waiting(self):
        count = 0
        for line in records(self.archive, "attente.jsonl"):
            count += 1
            self.number(line)
            if not self.says(line, bytes.fromhex(line["empreinte"])):
                self.findings.add("alteree", None)
            if line["ordre"] < self.about["ordre"]:
                self.findings.add("inseree", None)
        if not self.is_broken and "supprimee" not in self.findings.found:
            for highest, met in self.numbers.values():
                if highest > met:
                    self.findings.add("trou", None, highest - met)
        return count


class Proof:
    """What a worker took away: his lines under the last head, and everybody's sealed bytes, among which none other is his."""

    def __init__(self, archive, pinned, held):
        self.archive, self.findings = archive, Findings()
        self.about = parsed(small(archive, "preuve.json"))
        for name in ("taille", "depuis"):
            whole(self.about[name])
        self.key = bytes.fromhex(self.about["cle_dossier"])
        self.is_pinned, self.chain = bool(pinned), chain_of(records(archive, "cles.jsonl"), pinned, self.findings)
        self.since = None
        self.root, self.sealed_at = (
            self.head("tete.note", self.about["taille"]) if self.about["taille"] else (sha(), None)
        )
        self.held = [head for note in held for head in self.heads_of(note)]

    def heads_of(self, note):
        for _, keys in reversed(self.chain):
            try:
                return [open_head(note, keys)[1:3]]
            except (Refused, ValueError):
                continue
        raise Unreadable("une tête donnée n’est pas signée par une clé de ce journal")

    def head(self, name, size):
        """(root, instant) of a head of this size; a finding when it is not one."""
        keys = signers_of(self.chain, size)
        try:
            origin, said, root, at = open_head(small(self.archive, name), keys or [])
            if keys and (origin, said) == (self.about["origine"], size):
                return root, at
        except (Refused, ValueError, IndexError):
            pass
        self.findings.add("tete_alteree", None)
        return None, None

    def run(self):
        mine = {}
        for line in records(self.archive, "lignes.jsonl"):
            mine[line["rang"]] = self.sealed_of(line)
            if not self.leads_to_root(line, mine[line["rang"]]):
                self.findings.add("alteree", line["rang"])
        if self.about["taille"]:
            self.everybody(mine)
        return {
            "origine": self.about["origine"],
            "cle": self.chain[0][1][0].id.hex() if self.chain else None,
            "cle_comparee": self.is_pinned,
            "lignes": len(mine),
            "taille": self.about["taille"],
            "scelle_le": instant(self.sealed_at),
            "complet_depuis": instant(self.since),
            "attente": sum(1 for _ in records(self.archive, "attente.jsonl")),
            "tient": not self.findings,
            "premier": self.findings.first(),
            "constats": self.findings.listed(),
        }

    def sealed_of(self, line):
        """The 64 bytes that the line, its salt and the key of the dossier make."""
        salt, entry = bytes.fromhex(line["sel"]), line["entree"]
        line_salt, token = (hmac.new(salt, use, hashlib.sha256).digest()[:16] for use in (b"ligne", b"jeton"))
        if not keeps_its_reason(json.loads(entry), line_salt, {"sel": line["sel"], **line["motif"]}):
            self.findings.add("alteree", line["rang"])
        return token + self.mark(token) + sha(line_salt, entry.encode())

    def mark(self, token):
        return hmac.new(self.key, token, hashlib.sha256).digest()[:16]

    def leads_to_root(self, line, sealed):
        try:
            way = [bytes.fromhex(item) for item in line["preuve"]]
            return climb(line["rang"], self.about["taille"], leaf_of(sealed), way) == self.root
        except Refused:
            return False

    def everybody(self, mine):
        """Every sealed line since an earlier head: their tree is the signed one, and those that bear my mark are mine."""
        start, edge = self.about["depuis"], Edge()
        nodes = [bytes.fromhex(item) for item in parsed(small(self.archive, "bord.json"))]
        edge.start(start, nodes)
        if start:
            root, self.since = self.head("depart.note", start)
            if root != edge.root():
                self.findings.add("tete_fausse", 0)
        roots = {size: root for size, root in self.held if size >= start}
        self.compare(roots, edge)
        with self.archive.open("empreintes.bin") as file:
            while sealed := file.read(64):
                is_mine = self.mark(sealed[:16]) == sealed[16:32]
                if is_mine and mine.get(edge.size) != sealed:
                    self.findings.add("cachee", edge.size)
                edge.add(leaf_of(sealed))
                self.compare(roots, edge)
        if (edge.size, edge.root()) != (self.about["taille"], self.root):
            self.findings.add("tete_fausse", start)
        if any(size > edge.size for size, _ in self.held):
            self.findings.add("retour_en_arriere", edge.size)

    def compare(self, roots, edge):
        if edge.size in roots and roots.pop(edge.size) != edge.root():
            self.findings.add("histoire_refaite", edge.size - 1)


def climb(index, size, leaf, way):
    """The root to which a proof leads (RFC 9162, 2.1.3)."""
    if size == 1:
        if way:
            raise Refused("preuve trop longue")
        return leaf
    if not way or not 0 <= index < size:
        raise Refused("preuve trop courte")
    half = 1 << ((size - 1).bit_length() - 1)
    if index < half:
        return parent_of(climb(index, half, leaf, way[:-1]), way[-1])
    return parent_of(way[-1], climb(index - half, size - half, leaf, way[:-1]))


def instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat() if seconds else None


def keeps_its_reason(event, line_salt, motif):
    salt = bytes.fromhex(motif["sel"])
    said = json.dumps(
        {"code": motif["code"], "precision": motif["precision"]}, ensure_ascii=False, separators=(",", ":")
    )
    kept = hmac.new(salt, b"motif" + said.encode(), hashlib.sha256).hexdigest()
    return event["reserve"] == kept and hmac.new(salt, b"ligne", hashlib.sha256).digest()[:16] == line_salt


def told(report):
    """The report in sentences."""
    if not report["constats"]:
        when = f", scellé le {report['scelle_le']}" if report["scelle_le"] else ""
        yield f"Le journal tient : {lines(report['taille'])}{when}."
    else:
        yield f"LE JOURNAL NE TIENT PAS. Premier rang en cause : {report['premier']}."
        for one in report["constats"]:
            where = f", à partir du rang {one['rang']}" if one["rang"] is not None else ""
            yield f"  - {one['fait']} ({one['nombre']}{where})"
    yield from told_of_key(report)
    yield f"Le sceau s’arrête au rang {report['taille'] - 1}." if report["taille"] else "Rien n’est encore scellé."
    if report["detruites"]:
        yield f"Détruites au terme de leur conservation, chacune nommée au registre signé : {lines(report['detruites'])}."
    if report["attente"]:
        waiting = lines(report["attente"])
        yield f"Sans sceau encore : {waiting}. Rien ne prouve encore ce qui attend, ni qu’il n’y manque rien."


def told_of_proof(report):
    if report["tient"]:
        yield f"La preuve tient : {lines(report['lignes'])} sous le sceau du {report['scelle_le']}."
        since = report["complet_depuis"]
        yield "Aucune autre ligne scellée ne vous concerne" + (
            f" depuis le {since}." if since else ", depuis le début."
        )
    else:
        yield "LA PREUVE NE TIENT PAS."
        for one in report["constats"]:
            yield f"  - {one['fait']} ({one['nombre']})"
    yield from told_of_key(report)
    if report["attente"]:
        yield f"Sans sceau encore : {lines(report['attente'])}. Une preuve prise plus tard les montrera scellées."


def told_of_key(report):
    if report["cle"] and not report["cle_comparee"]:
        yield f"Clé {report['cle']}, lue dans ce fichier : comparez-la à celle que le service affiche, ou donnez-la par --cle."


def lines(count):
    return f"{count} ligne{'s' if count > 1 else ''}"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read(MAX_LINE)


def main():
    parser = argparse.ArgumentParser(description="Vérifie un journal de traces exporté.")
    parser.add_argument("fichier")
    parser.add_argument("--tete", action="append", default=[], help="une tête que vous détenez (fichier .note)")
    parser.add_argument(
        "--cle", action="append", default=[], help="les clés publiques que vous détenez (fichier, une par ligne)"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    try:
        pinned = {line.strip() for path in asked.cle for line in read(path).splitlines() if line.strip()}
        if asked.cle and not pinned:
            raise Unreadable("le fichier de clés est vide")
        with zipfile.ZipFile(asked.fichier) as archive:
            if len(set(archive.namelist())) != len(archive.namelist()):
                raise Unreadable("un fichier y est deux fois")
            kind = Proof if "preuve.json" in archive.namelist() else Journal
            report = kind(archive, pinned, [read(path) for path in asked.tete]).run()
    except (
        Unreadable,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
        MemoryError,
        zipfile.BadZipFile,
    ) as error:
        print(f"Fichier illisible : {error}", file=sys.stderr)
        return 2
    tell = told_of_proof if kind is Proof else told
    print(json.dumps(report, ensure_ascii=False) if asked.json else "\n".join(tell(report)))
    return 0 if report["tient"] else 1


if __name__ == "__main__":
    sys.exit(main())
