"""`spst traces`: the seal of an SPST's journal, shown, exported, verified. Without DATABASE_URL, that of the demonstration."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

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
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants import queries as tenants
from spst.traces import destruction, services, tetes, verification
from spst.traces import export as exporting
from spst.traces.destruction import DestructionRefused, Terme
from spst.traces.ports import TetesUnavailable
from spst.traces.registre import Ecriture
from spst.traces.sceau import ClesPubliques, Tete
from spst.traces.tetes import ScellementRefused, Scelleur
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
            copie = _copies()
            rapport = verification.verify(
                ctx,
                cles=pinned or _ours(ctx),
                tenues=chain(held, copie.all(ctx.tenant_id) if copie else ()),
                destructions=copie.destructions(ctx.tenant_id) if copie else (),
            )
            services.record(ctx, "journal.consult", details={"lignes": rapport.taille})
    except (NoteRefused, TypeError) as error:
        raise click.ClickException(f"Une tête ou une clé donnée n’est pas de ce journal ({error}).") from error
    show(_facts(rapport), "\n".join(_told(rapport)), as_json=as_json)
    sys.exit(0 if rapport.holds else 1)


@traces.command(
    help="Montre les dossiers dont les traces sont au terme de leur conservation\u00a0; avec --executer, les détruit "
    "(DATABASE_URL_OPS, SPST_SEAL_KEY et SPST_HEADS). Le registre signé garde ce qui est parti."
)
@click.argument("slug")
@click.option("--dossier", "dossiers", multiple=True, type=click.UUID, help="Ce dossier seul. Plusieurs fois.")
@click.option(
    "--decision", help="Référence de la décision du service, sans nom ni donnée de santé. Inscrite au registre."
)
@click.option("--executer", is_flag=True, help="Détruit. Sans cette option, rien ne change.")
@json_option
def destroy(slug: str, dossiers: tuple[UUID, ...], decision: str | None, executer: bool, as_json: bool) -> None:
    if executer and not decision:
        raise click.UsageError("Donnez --decision\u00a0: une destruction se décide, et le registre dit par quel écrit.")
    environment = _environment()
    config = Config.from_environment(environment)
    ops = replace(config, database_url=Environment(environment).text("DATABASE_URL_OPS"))
    with _runtime(ops, slug) as (runtime, spst):
        with unit_of_work(runtime, spst, destruction.CONSERVATION, destruction.MOTIF, origin="cli") as ctx:
            termes = [one for one in destruction.due(ctx) if not dossiers or one.dossier_id in dossiers]
        if not (executer and termes):
            facts = [_term_facts(one) for one in termes]
            show({"dossiers": facts, "detruites": 0}, "\n".join(_told_terms(termes)), as_json=as_json)
            return
        scelleur = build_scelleur(SealConfig.from_environment(environment))
        done, kept = _destroyed(runtime, scelleur, spst, termes, decision or "")
    entries = [{"numero": one.numero, "lignes": one.nombre} for one in done]
    total = sum(one.nombre for one in done)
    told = [f"Détruit\u00a0: {_lines(total)} de {_dossiers(len(done))}. Le registre signé le dit."] if done else []
    told += [f"Gardé\u00a0: {dossier_id}, {why}." for dossier_id, why in kept.items()]
    refusals = {str(dossier_id): why for dossier_id, why in kept.items()}
    show({"ecritures": entries, "detruites": total, "refus": refusals}, "\n".join(told), as_json=as_json)
    sys.exit(1 if kept else 0)


def _destroyed(
    runtime: Runtime, scelleur: Scelleur, tenant_id: UUID, termes: list[Terme], decision: str
) -> tuple[list[Ecriture], dict[UUID, str]]:
    """Entries of the dossiers whose traces left, and why the others keep theirs: one that is refused does not stop the next."""
    done, kept = [], {}
    for one in termes:
        try:
            done.append(destruction.destroy(runtime, scelleur, tenant_id, one.dossier_id, decision))
        except DestructionRefused as refusal:
            kept[one.dossier_id] = str(refusal)
        except (TetesUnavailable, ScellementRefused) as error:
            raise click.ClickException(
                f"Détruit et inscrit au registre, mais la copie hors de la base reste à faire ({error}). spst worker la refait "
                "chaque nuit\u00a0; les dossiers suivants attendent."
            ) from error
    return done, kept


def _term_facts(terme: Terme) -> dict[str, Any]:
    return {
        "dossier": terme.dossier_id,
        "terme": terme.terme.isoformat(),
        "regle": str(terme.regle),
        "lignes": terme.lignes,
    }


def _told_terms(termes: list[Terme]) -> Iterator[str]:
    if not termes:
        yield "Aucun dossier n’est au terme de sa conservation."
        return
    yield f"Au terme de leur conservation\u00a0: {_dossiers(len(termes))}. Rien n’est détruit sans --executer."
    for one in termes:
        yield f"  {one.dossier_id}  jusqu’au {one.terme:%d/%m/%Y}  {_lines(one.lignes)}  {one.libelle} ({one.regle.article})"


def _dossiers(count: int) -> str:
    return f"{count} dossier{'s' if count > 1 else ''}"


@contextmanager
def _runtime(config: Config, slug: str) -> Iterator[tuple[Runtime, UUID]]:
    runtime = build_runtime(config)
    try:
        with runtime.engine.connect() as connection:
            spst = tenants.by_slug(connection, slug)
        yield runtime, spst.id
    finally:
        runtime.engine.dispose()


@contextmanager
def _journal(slug: str) -> Iterator[Context]:
    with (
        _runtime(Config.from_environment(_environment()), slug) as (runtime, spst),
        unit_of_work(runtime, spst, _VERIFICATION, _MOTIF, origin="cli") as ctx,
    ):
        yield ctx


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


def _copies() -> FolderOfHeads | None:
    """What was copied outside, where this machine reaches it."""
    place = Environment(_environment()).optional("SPST_HEADS", "")
    return FolderOfHeads(Path(place)) if place else None


def _facts(rapport: Rapport) -> dict[str, Any]:
    return {
        "taille": rapport.taille,
        "racine": rapport.racine.hex() if rapport.racine else None,
        "scelle_le": rapport.scelle_le.isoformat() if rapport.scelle_le else None,
        "attente": rapport.attente,
        "retard": rapport.retard,
        "antidatees": rapport.antidatees,
        "detruites": rapport.detruites,
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
    if rapport.detruites:
        gone = _lines(rapport.detruites)
        yield f"Détruites au terme de leur conservation, chacune nommée au registre signé\u00a0: {gone}."
    if rapport.attente:
        late = " Plus personne ne scelle\u00a0: voyez spst worker." if rapport.retard else ""
        waiting = _lines(rapport.attente)
        yield f"Sans sceau encore\u00a0: {waiting}. La suppression des toutes dernières ne se verrait pas ici.{late}"
    if rapport.antidatees:
        yield f"Datées d’un jour au moins avant la tête qui les précède\u00a0: {_lines(rapport.antidatees)}, à faire expliquer."


def _lines(count: int) -> str:
    return f"{count} ligne{'s' if count > 1 else ''}"
