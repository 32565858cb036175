"""Addresses that several pages of this room give, what is said where one is not given, and pages of a list."""

from typing import Any
from uuid import UUID

from flask import url_for

from spst.dmst import services as dmst
from spst.dmst.services import EnTete
from spst.kernel.context import Context
from spst.web.filters import articles_lies, date_longue, nom


def dossier_url(dossier_id: UUID, **query: Any) -> str:
    return url_for("dossier.show", dossier_id=dossier_id, **query)


def titulaire(ctx: Context, dossier_id: UUID) -> str:
    """Whose dossier is about to be opened, told from his namesakes."""
    one = dmst.titulaire(ctx, dossier_id)
    born = f"né{'e' if one.sexe == 'F' else ''} le {date_longue(one.date_naissance)}"
    return f"{nom(one.nom_naissance, one.prenom_utilise or one.premier_prenom)}, {born}"


def ferme_model(entete: EnTete | None) -> dict[str, str | None] | None:
    """`motif` of templates/components/fiches.html, for a dossier shown closed in its place; None when nothing closes it."""
    if entete is None or entete.ferme is None:
        return None
    ferme = entete.ferme
    return {
        "phrase": articles_lies(ferme.phrase),
        "article": articles_lies(ferme.article),
        "pourquoi_url": url_for("dossier.why", dossier_id=entete.dossier_id),
    }


def pages_model(page: int, total: int, size: int, endpoint: str, **query: Any) -> dict[str, Any]:
    """`pages` of templates/components/tableaux.html."""
    count = max(1, -(-total // size))
    return {
        "page": page,
        "nombre": count,
        "precedente": url_for(endpoint, page=page - 1, **query) if page > 1 else None,
        "suivante": url_for(endpoint, page=page + 1, **query) if page < count else None,
    }


def page_asked(typed: str | None) -> int:
    """A page number as an address carries it; anything else is the first page."""
    return max(1, int(typed)) if typed and typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
