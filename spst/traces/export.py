"""The journal of an SPST as a file that `tools/verify_traces.py` checks far from here.

A zip of JSON lines: `journal.json` (what it is), `cles.jsonl`, `tetes.jsonl`, `lignes.jsonl` (one by place: canonical event,
salt, what was sealed of it), `attente.jsonl` (lines that wait for their seal), `destructions.jsonl` (the ledger of those that
left at the end of their retention), `horodatages.jsonl`. Reasons stand in it when
they are asked for; without them a line shows its commitment to its reason, and verifies all the same.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import select

from spst.kernel.context import Context
from spst.kernel.locks import hold_off
from spst.kernel.unit_of_work import bind_context
from spst.traces import destruction, lecture, tetes
from spst.traces.lecture import Feuille, Ligne
from spst.traces.models import TraceHorodatage, TraceTete
from spst.traces.rules import line_salt
from spst.traces.sceau import origin_of

FORMAT = "spst-traces/1"


def write(ctx: Context, out: IO[bytes], *, with_reasons: bool) -> int:
    """Write the whole journal of the context's SPST; returns how many lines are under its seal."""
    hold_off(ctx, destruction.LOCK, ctx.tenant_id)
    bind_context(ctx)
    last, places = tetes.last_and_places(ctx)
    taille = min(places, last.taille) if last else 0
    about = {
        "format": FORMAT,
        "origine": origin_of(ctx.tenant_id),
        "places": places,
        "taille": last.taille if last else 0,
        "ordre": last.xid if last else 0,
        "motifs": with_reasons,
        "exporte_le": ctx.clock.now().isoformat(timespec="seconds"),
    }
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("journal.json", json.dumps(about, ensure_ascii=False, indent=1))
        _add(archive, "cles.jsonl", tetes.key_records(ctx))
        _add(archive, "tetes.jsonl", _heads(ctx, last, places))
        _add(archive, "lignes.jsonl", _places(ctx, places, with_reasons))
        _add(archive, "attente.jsonl", (_line(one, with_reasons) for one in lecture.unsealed(ctx, places)))
        _add(
            archive, "destructions.jsonl", ({"numero": row.numero, "note": row.note} for row in destruction.ledger(ctx))
        )
        _add(archive, "horodatages.jsonl", _stamps(ctx))
    return taille


def _add(archive: ZipFile, name: str, records: Iterable[dict[str, Any]]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _heads(ctx: Context, last: TraceTete | None, places: int) -> Iterator[dict[str, Any]]:
    for page in lecture.pages(places):
        for row in tetes.between(ctx, page.start, min(page.stop, last.taille if last else 0)):
            yield _head(row)
    if last and last.taille > places:
        yield _head(last)


def _head(row: TraceTete) -> dict[str, Any]:
    return {"taille": row.taille, "le": row.at.isoformat(), "note": row.note}


def _places(ctx: Context, places: int, with_reasons: bool) -> Iterator[dict[str, Any]]:
    for page in lecture.pages(places):
        found = lecture.sealed(ctx, page)
        yield from (_place(feuille, with_reasons) for feuille in found)
        if len(found) < len(page):
            return  # nothing past a missing place can be verified


def _place(feuille: Feuille, with_reasons: bool) -> dict[str, Any]:
    ligne = _line(feuille.ligne, with_reasons) if feuille.ligne else None
    return {"rang": feuille.rang, "empreinte": feuille.empreinte.hex(), "ligne": ligne}


def _line(ligne: Ligne, with_reasons: bool) -> dict[str, Any]:
    event = ligne.event
    shown = {
        "id": str(event.id),
        "empreinte": ligne.empreinte.hex(),
        "ecrivain": str(ligne.writer_id),
        "n": ligne.writer_n,
        "ordre": ligne.xid,
    }
    if ligne.sel is None:
        return shown
    shown |= {"entree": event.canonical(ligne.sel).decode(), "sel": line_salt(ligne.sel).hex()}
    if with_reasons:
        shown["motif"] = {"sel": ligne.sel.hex(), "code": event.motif_code, "precision": event.motif_precision}
    return shown


def _stamps(ctx: Context) -> Iterator[dict[str, Any]]:
    query = select(TraceHorodatage).where(TraceHorodatage.tenant_id == ctx.tenant_id).order_by(TraceHorodatage.taille)
    for row in ctx.session.scalars(query):
        yield {"taille": row.taille, "le": row.at.isoformat(), "jeton": base64.b64encode(row.jeton).decode()}
