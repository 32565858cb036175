"""What the forms of the delegations post (templates/espace_pro/delegations.html)."""

from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from spst.habilitations.protocoles import Periode
from spst.habilitations.rules import ACTES
from spst.web.fields import DateFr, Form, Ligne

_CHOOSE = "Choisissez dans la liste."
SECTIONS = ("S1", "S2")


def _personne() -> fields.UUID:
    return fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})


class _EcritForm(Form):
    debut = DateFr(load_default=None, allow_none=True)
    fin = DateFr(required=True)


class DelegationForm(_EcritForm):
    personne = _personne()
    reference = Ligne(required=True, maximum=120)
    dossier = fields.String(load_default="")
    S1 = S2 = fields.String(load_default="")
    lire = identite = enregistrement = parcours = fields.String(load_default="")


class ProtocoleForm(_EcritForm):
    personne = _personne()
    reference = Ligne(required=True, maximum=120)
    avis = fields.String(load_default="")


class RemplacementForm(_EcritForm):
    medecin = fields.UUID(load_default=None, error_messages={"invalid_uuid": _CHOOSE})
    personne = _personne()


def periode(values: dict[str, Any], today: date) -> Periode:
    """From today when no first day was typed."""
    return Periode(values["debut"] or today, values["fin"])


def sections(values: dict[str, Any]) -> list[str]:
    return [section for section in SECTIONS if values[section]]


def actes(values: dict[str, Any]) -> list[str] | None:
    """The groups that were ticked; all of them is none in particular."""
    asked = [code for code in ACTES if values[code]]
    return asked or None


def dossier(values: dict[str, Any]) -> UUID | None:
    """Raises: ValidationError."""
    try:
        return UUID(values["dossier"]) if values["dossier"] else None
    except ValueError as error:
        raise ValidationError(_CHOOSE, "dossier") from error
