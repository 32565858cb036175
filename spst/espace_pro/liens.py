"""Addresses that several pages of this room give, and pages of a list."""

from typing import Any
from uuid import UUID

from flask import url_for


def dossier_url(dossier_id: UUID, **query: Any) -> str:
    return url_for("dossier.show", dossier_id=dossier_id, **query)


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
