"""Pages of the journal: lines without content, their filters, their export."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.habilitations.actions import TITRES
from spst.journal import rules
from spst.journal import services as journal
from spst.journal.genres import GENRES
from spst.journal.rules import Filtres
from spst.journal.services import PageJournal
from spst.kernel.acteur import Role
from spst.kernel.clock import today
from spst.pilotage import schemas
from spst.pilotage.politique import adresse_politique
from spst.web.fields import errors_by_field
from spst.web.guards import requires
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("journal", __name__, url_prefix="/direction")

_PATH = "/direction/journal"
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
        "export_url": f"{_PATH}/export.csv{_query()}",
        **_neighbours(page),
    }
    return render_template("pilotage/journal.html", journal=view), 422 if erreurs else 200


@bp.get("/journal/export.csv")
@requires("journal.export")
def export() -> ResponseReturnValue:
    """The trace commits before the first byte; the lines follow in a second transaction."""
    _, asked, erreurs = _asked()
    if erreurs:
        return _page()
    with unit_of_work() as ctx:
        count, mark = journal.start_export(ctx, asked)
        head = rules.csv_head(user().spst, asked, ctx.clock.now(), count, journal.who(ctx, asked))
    response = Response(stream_with_context(_stream(head, asked, mark)), content_type="text/csv; charset=utf-8")
    name = f"journal-acces-{asked.start:%Y%m%d}-{asked.end:%Y%m%d}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _stream(head: str, asked: Filtres, mark: UUID) -> Iterator[str]:
    yield head
    with unit_of_work() as ctx:
        for line in journal.export(ctx, asked, mark):
            yield rules.csv_line(line)


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
