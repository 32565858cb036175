"""Pages of the journal: lines without content, their filters, their export."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.habilitations import services as habilitations
from spst.habilitations.actions import TITRES
from spst.journal import balp, rules
from spst.journal import services as journal
from spst.journal.balp import Lieu
from spst.journal.genres import GENRES
from spst.journal.rules import Filtres, Ligne
from spst.journal.services import PageJournal
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.pilotage import schemas
from spst.pilotage.politique import adresse_politique
from spst.web.fields import errors_by_field
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("journal", __name__, url_prefix="/direction")

_PATH = "/direction/journal"
_EXPORTS = (("Exporter en CSV", "csv"), ("Exporter en FHIR", "ndjson"))
_FILTERS = ("periode", "du", "au", "qui", "acte", "volet", "decision", "dossier")


@bp.get("/journal")
@requires("journal.consult")
def lines() -> ResponseReturnValue:
    return _page()


def _page() -> ResponseReturnValue:
    values, asked, erreurs = _asked()
    with unit_of_work() as ctx:
        page = journal.lines(ctx, asked, before=values["avant"], after=values["apres"])
        par_heure = journal.figures(ctx, asked)
        accounts = journal.accounts(ctx)
        may_ask = habilitations.may(ctx, "reidentification.ask")
    view: dict[str, Any] = {
        "page": page,
        "chiffres": par_heure,
        "pic": max(par_heure.par_heure),
        "filtres": asked,
        "valeurs": {name: request.args.get(name, "") for name in _FILTERS},
        "erreurs": erreurs,
        "adresse": adresse_politique,
        "periodes": list(schemas.PERIODES.items()),
        "personnes": _personnes(accounts),
        "actes": [(genre.label, [(one.value, one.label) for one in genre.choix]) for genre in GENRES],
        "volets": [
            ("", "Tous"),
            (schemas.ON_DOSSIER, "Dossiers seuls"),
            *((code, f"{code} {titre}") for code, titre in TITRES.items()),
        ],
        "decisions": [("", "Toutes"), *rules.DECISIONS.items()],
        "periode_query": urlencode(
            {name: value for name, value in _given().items() if name in {"periode", "du", "au"}}
        ),
        "exports": [(titre, f"{_PATH}/export.{suffix}{_query()}") for titre, suffix in _EXPORTS],
        "reidentifier_url": url_for("reidentification.show", dossier=asked.reference) if may_ask else None,
        **_neighbours(page),
    }
    return render_template("pilotage/journal.html", journal=view), 422 if erreurs else 200


@bp.get("/journal/export.csv")
@requires("journal.export")
def export() -> ResponseReturnValue:
    def head(ctx: Context, asked: Filtres, count: int) -> str:
        return rules.csv_head(user().spst, asked, ctx.clock.now(), count, journal.who(ctx, asked))

    return _download("csv", "text/csv; charset=utf-8", head, rules.csv_line)


@bp.get("/journal/export.ndjson")
@requires("journal.export")
def export_fhir() -> ResponseReturnValue:
    """The same lines as AuditEvents of FHIR R4 (IHE BALP), one a line: what reads NDJSON takes no head (TRA-06)."""
    lieu = Lieu(user().tenant_id, user().spst, web().config.public_url, _public_address)
    return _download("ndjson", "application/fhir+ndjson", lambda *_: "", partial(balp.line, lieu=lieu))


def _public_address(version: str, regle: str) -> str:
    return web().config.public_url + adresse_politique(version, regle)


def _download(
    suffix: str, content_type: str, head: Callable[[Context, Filtres, int], str], write: Callable[[Ligne], str]
) -> ResponseReturnValue:
    """The trace commits before the first byte; the lines follow in a second transaction."""
    _, asked, erreurs = _asked()
    if erreurs:
        return _page()
    with unit_of_work() as ctx:
        count, mark = journal.start_export(ctx, asked)
        first = head(ctx, asked, count)
    response = Response(stream_with_context(_stream(first, asked, mark, write)), content_type=content_type)
    name = f"journal-acces-{asked.start:%Y%m%d}-{asked.end:%Y%m%d}.{suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _stream(first: str, asked: Filtres, mark: UUID, write: Callable[[Ligne], str]) -> Iterator[str]:
    yield first
    with unit_of_work() as ctx:
        for line in journal.export(ctx, asked, mark):
            yield write(line)


def _asked() -> tuple[dict[str, Any], Filtres, dict[str, str]]:
    """The filters of the address; where one cannot be read, it is said, and the last seven days stand instead."""
    day = today(web().runtime.clock)
    default: dict[str, Any] = schemas.FiltresForm().load({})
    try:
        values = {**default, **schemas.FiltresForm().load(_given())}
        return values, schemas.filtres(values, day), {}
    except ValidationError as error:
        return default, schemas.filtres(default, day), errors_by_field(error)


def _personnes(accounts: list[tuple[Any, str]]) -> list[tuple[str, str]]:
    roles = [(f"role:{role}", role.label) for role in Role if role is not Role.TECH]
    return [("", "Toutes"), *roles, *((f"compte:{compte_id}", name) for compte_id, name in accounts)]


def _given() -> dict[str, str]:
    """The filters that were set. Two dates stay in the form, unseen, while the period is another: they say nothing."""
    unsaid = set() if request.args.get("periode") == schemas.DATES else {"du", "au"}
    return {name: value for name, value in request.args.items() if value and name not in unsaid}


def _query(**changes: object) -> str:
    kept = {name: value for name, value in _given().items() if name not in {"avant", "apres"}}
    pairs = {**kept, **{name: str(value) for name, value in changes.items()}}
    return f"?{urlencode(pairs)}" if pairs else ""


def _neighbours(page: PageJournal) -> dict[str, str | None]:
    return {
        "plus_recents": f"{_PATH}{_query(apres=page.newer)}" if page.newer else None,
        "plus_anciens": f"{_PATH}{_query(avant=page.older)}" if page.older else None,
    }
