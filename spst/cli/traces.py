"""`spst traces`: the seal of an SPST's journal, shown, exported, verified. Without DATABASE_URL, that of the demonstration."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from spst.adapters.tetes.dossier import FolderOfHeads
from spst.cli.demo.folder import DemoFolder, default_folder
from spst.cli.demo.supervisor import Addresses, product_settings
from spst.cli.output import json_option, show
from spst.kernel.acteur import service
from spst.kernel.clock import PARIS
from spst.kernel.config import Config, Environment, SealConfig
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.notes import NoteRefused, text_of
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants import queries as tenants
from spst.traces import export as exporting
from spst.traces import services, tetes, verification
from spst.traces.sceau import ClesPubliques, Tete
from spst.traces.verification import Rapport
from spst.wiring.runtime import build_runtime, build_scelleur

_VERIFICATION, _MOTIF = service("verification"), Motif(CodeMotif.TECHNIQUE)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(help="Journal scellé d’un SPST. Sans DATABASE_URL, celui de la démonstration (SPST_DATA).")
def traces() -> None:
    pass


@traces.command(help="Donne la dernière tête signée du journal d’un SPST, et ses clés publiques.")
@click.argument("slug")
@json_option
def head(slug: str, as_json: bool) -> None:
    with _journal(slug) as ctx:
        row, keys = tetes.last(ctx), tetes.keys(ctx)
        if row is None:
            raise click.ClickException("Rien n’est encore scellé dans ce journal.")
        found = Tete.parse(text_of(row.note))
        cles = [line for key in keys for line in (key.journal, key.horloge)]
        facts = {
            "taille": row.taille,
            "racine": found.racine.hex(),
            "le": row.at.isoformat(),
            "tete": row.note,
            "cles": cles,
        }
    show(facts, row.note + "\nClés publiques\u00a0:\n" + "\n".join(cles), as_json=as_json)


@traces.command(help="Écrit le journal d’un SPST dans un fichier, que tools/verify_traces.py vérifie ailleurs.")
@click.argument("slug")
@click.option("-o", "--sortie", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--avec-motifs", is_flag=True, help="Avec les motifs d’ouverture des dossiers\u00a0: réservé au secret médical."
)
@json_option
def export(slug: str, sortie: Path, avec_motifs: bool, as_json: bool) -> None:
    if sortie.exists():
        raise click.ClickException(f"{sortie} existe déjà\u00a0: choisissez un autre nom.")
    with _journal(slug) as ctx:
        places = tetes.last_and_places(ctx)[1]
        services.record(ctx, "journal.export", details={"lignes": places})
    draft = sortie.with_name(f".{sortie.name}.partiel")
    try:
        with _journal(slug) as ctx, os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "wb") as out:
            taille = exporting.write(ctx, out, with_reasons=avec_motifs)
        draft.replace(sortie)
    finally:
        draft.unlink(missing_ok=True)
    sentence = f"Lignes scellées écrites dans {sortie}\u00a0: {taille}. À vérifier par tools/verify_traces.py."
    warning = "\nCe fichier contient des motifs couverts par le secret médical." if avec_motifs else ""
    show({"lignes": taille, "fichier": sortie}, sentence + warning, as_json=as_json)


@traces.command(help="Vérifie tout le journal d’un SPST\u00a0: lignes, arbre, têtes, copies, lignes en attente.")
@click.argument("slug")
@click.option("--tete", "tenues", multiple=True, type=_FILE, help="Une tête que vous détenez. Plusieurs fois.")
@click.option(
    "--cle",
    "cles",
    multiple=True,
    type=_FILE,
    help="Les deux clés publiques que vous détenez, une par ligne.",
)
@json_option
def verify(slug: str, tenues: tuple[Path, ...], cles: tuple[Path, ...], as_json: bool) -> None:
    held = [path.read_text(encoding="utf-8") for path in tenues]
    try:
        pinned = [ClesPubliques.parse(*path.read_text(encoding="utf-8").split()[:2]) for path in cles]
        with _journal(slug) as ctx:
            rapport = verification.verify(ctx, cles=pinned or _ours(ctx), tenues=[*held, *_copies(ctx)])
            services.record(ctx, "journal.consult", details={"lignes": rapport.taille})
    except (NoteRefused, TypeError) as error:
        raise click.ClickException(f"Une tête ou une clé donnée n’est pas de ce journal ({error}).") from error
    show(_facts(rapport), "\n".join(_told(rapport)), as_json=as_json)
    sys.exit(0 if rapport.holds else 1)


@contextmanager
def _journal(slug: str) -> Iterator[Context]:
    runtime = build_runtime(Config.from_environment(_environment()))
    try:
        with runtime.engine.connect() as connection:
            spst = tenants.by_slug(connection, slug)
        with unit_of_work(runtime, spst.id, _VERIFICATION, _MOTIF, origin="cli") as ctx:
            yield ctx
    finally:
        runtime.engine.dispose()


def _environment() -> Mapping[str, str]:
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return os.environ
    folder = Path(os.environ.get("SPST_DATA") or default_folder())
    if not (folder / "secrets").is_dir():
        raise click.ClickException(f"DATABASE_URL est absent, et {folder} ne tient aucune démonstration.")
    return {**os.environ, **DemoFolder(folder).environment(), **product_settings(Addresses(8000))}


def _ours(ctx: Context) -> list[ClesPubliques]:
    """Where this machine seals, its own keys are what the database's are compared with."""
    environment = _environment()
    if not (environment.get("SPST_SEAL_KEY") or environment.get("SPST_SEAL_KEY_FILE")):
        return []
    return tetes.own_keys(ctx, build_scelleur(SealConfig.from_environment(environment)))


def _copies(ctx: Context) -> list[str]:
    """What was copied outside, where this machine reaches it."""
    place = Environment(_environment()).optional("SPST_HEADS", "")
    return list(FolderOfHeads(Path(place)).all(ctx.tenant_id)) if place else []


def _facts(rapport: Rapport) -> dict[str, Any]:
    return {
        "taille": rapport.taille,
        "racine": rapport.racine.hex() if rapport.racine else None,
        "scelle_le": rapport.scelle_le.isoformat() if rapport.scelle_le else None,
        "attente": rapport.attente,
        "retard": rapport.retard,
        "antidatees": rapport.antidatees,
        "cle": rapport.cle,
        "cle_comparee": rapport.cle_comparee,
        "tient": rapport.holds,
        "premier": rapport.premier,
        "constats": [
            {"code": one.code, "rang": one.rang, "nombre": one.nombre, "fait": one.fait, "precision": one.precision}
            for one in rapport.constats
        ],
    }


def _told(rapport: Rapport) -> Iterator[str]:
    if rapport.holds:
        when = rapport.scelle_le
        instant = f", scellé le {when.astimezone(PARIS):%d/%m/%Y à %H:%M:%S}" if when else ""
        yield f"Le journal tient\u00a0: {_lines(rapport.taille)}{instant}."
    else:
        yield f"LE JOURNAL NE TIENT PAS. Premier rang en cause\u00a0: {rapport.premier if rapport.premier is not None else '—'}."
    for one in rapport.constats:
        where = f", à partir du rang {one.rang}" if one.rang is not None else ""
        detail = f"\u00a0: {one.precision}" if one.precision else ""
        yield f"  - {one.fait} ({one.nombre}{where}){detail}"
    if rapport.cle and not rapport.cle_comparee:
        yield f"Clé {rapport.cle}, lue dans la base\u00a0: donnez par --cle celle que vous détenez, ou SPST_SEAL_KEY."
    yield f"Le sceau s’arrête au rang {rapport.taille - 1}." if rapport.taille else "Rien n’est encore scellé."
    if rapport.attente:
        late = " Plus personne ne scelle\u00a0: voyez spst worker." if rapport.retard else ""
        waiting = _lines(rapport.attente)
        yield f"Sans sceau encore\u00a0: {waiting}. La suppression des toutes dernières ne se verrait pas ici.{late}"
    if rapport.antidatees:
        yield f"Datées d’un jour au moins avant la tête qui les précède\u00a0: {_lines(rapport.antidatees)}, à faire expliquer."


def _lines(count: int) -> str:
    return f"{count} ligne{'s' if count > 1 else ''}"
