"""The file that a worker takes away: his accesses, their proofs, everybody's sealed bytes, the verifier, and a page to read.

Its format is read by `tools/verify_traces.py`, which stands in it too; whoever does not trust that copy takes another.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import spst
from spst.journal.rules import Acces
from spst.kernel.context import Context
from spst.traces import preuve as preuves
from spst.traces import tetes
from spst.traces.lecture import Ligne
from spst.traces.preuve import Place, Preuve
from spst.traces.sceau import origin_of

FORMAT = "spst-preuve/1"
_VERIFIER = Path(spst.__file__).parents[1] / "tools" / "verify_traces.py"


@dataclass(frozen=True, slots=True)
class PreuveLue:
    """What the page of the file tells. `scelle_at`, `depuis_at`: UTC, of the last head, and of the one since which everybody's
    lines are there, None when it is since the first."""

    lignes: tuple[Acces, ...]
    scellees: int
    scelle_at: datetime | None
    depuis_at: datetime | None
    prise_at: datetime
    tete: str | None
    has_stamp: bool


def write(
    ctx: Context, dossier_id: UUID, lignes: tuple[Acces, ...], out: IO[bytes], page: Callable[[PreuveLue], str]
) -> None:
    """Write the file into `out`. `lignes`: the accesses in words; `page`: makes the page of the file of what it tells."""
    made = preuves.of_dossier(ctx, dossier_id)
    phrases = {one.id: one.phrase for one in lignes}
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("LISEZ-MOI.html", page(_read(ctx, made, lignes)))
        archive.writestr("preuve.json", _json(_about(ctx, made)))
        archive.writestr("cles.jsonl", _lines(tetes.key_records(ctx)))
        archive.writestr("lignes.jsonl", _lines(_place(one, phrases) for one in made.places))
        archive.writestr("attente.jsonl", _lines(_waiting(one, phrases) for one in made.attente))
        archive.writestr("bord.json", _json([node.hex() for node in made.bord]))
        _add_heads(archive, made)
        _add_everybody(ctx, archive, made)
        archive.write(_VERIFIER, "verify_traces.py")


def _read(ctx: Context, made: Preuve, lignes: tuple[Acces, ...]) -> PreuveLue:
    return PreuveLue(
        lignes=lignes,
        scellees=len(made.places),
        scelle_at=made.tete.at if made.tete else None,
        depuis_at=made.depart.at if made.depart else None,
        prise_at=ctx.clock.now(),
        tete=made.tete.note if made.tete else None,
        has_stamp=made.horodatage is not None,
    )


def _about(ctx: Context, made: Preuve) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "origine": origin_of(ctx.tenant_id),
        "taille": made.taille,
        "depuis": made.depuis,
        "cle_dossier": made.cle.hex(),
        "prise_le": ctx.clock.now().isoformat(timespec="seconds"),
    }


def _place(place: Place, phrases: dict[UUID, str]) -> dict[str, Any]:
    return {"rang": place.rang, **_waiting(place.ligne, phrases), "preuve": [item.hex() for item in place.chemin]}


def _waiting(ligne: Ligne, phrases: dict[UUID, str]) -> dict[str, Any]:
    event, sel = ligne.event, ligne.sel or b""
    return {
        "phrase": phrases.get(event.id, ""),
        "entree": event.canonical(sel).decode(),
        "sel": sel.hex(),
        "motif": {"code": event.motif_code, "precision": event.motif_precision},
    }


def _add_heads(archive: ZipFile, made: Preuve) -> None:
    if made.tete:
        archive.writestr("tete.note", made.tete.note)
    if made.depart:
        archive.writestr("depart.note", made.depart.note)
    if made.horodatage:
        head, stamp = made.horodatage
        archive.writestr("horodatage.note", head.note)
        archive.writestr("horodatage.tsr", stamp.jeton)


def _add_everybody(ctx: Context, archive: ZipFile, made: Preuve) -> None:
    """Random bytes: compressing them would only take time."""
    about = ZipInfo("empreintes.bin", ctx.clock.now().timetuple()[:6])
    with archive.open(about, "w", force_zip64=True) as file:
        for page in preuves.empreintes(ctx, made):
            file.write(page)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _lines(records: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in records)
