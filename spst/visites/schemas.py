"""What the pages of a visit post. Unknown fields are refused (spst/web/fields.py)."""

from typing import Any

from marshmallow import fields, validate

from spst.visites.rules import StatutRdv
from spst.web.fields import REFUSED, REQUIRED, UNEXPECTED, DateFr, Form

_REQUIRED: dict[str, Any] = {"required": REQUIRED, "null": REQUIRED}
_UUID: dict[str, Any] = {"invalid_uuid": "Rechargez la page, puis recommencez."}
_CHOISIR: dict[str, Any] = {"required": "Choisissez un type de visite."}
_OUI = {"oui"}


class OuvertureSchema(Form):
    """templates/espace_pro/visite_nouvelle.html"""

    type = fields.String(
        required=True,
        validate=validate.Length(1, 20, error="Choisissez un type de visite."),
        error_messages=_CHOISIR,
    )
    date = DateFr(required=True)
    operation_id = fields.UUID(required=True, error_messages=_UUID)


class NoteSchema(Form):
    """One note, as it is typed (frontend/modules/notes.ts). The text itself is judged by the room's rules."""

    rubrique = fields.String(required=True, validate=validate.Length(1, 40, error=UNEXPECTED), error_messages=_REQUIRED)
    texte = fields.String(required=True, error_messages=_REQUIRED)
    revision = fields.Integer(required=True, validate=validate.Range(0, 2**31 - 2, error=UNEXPECTED))
    operation_id = fields.UUID(required=True, error_messages=_UUID)


class ClotureSchema(Form):
    """The end of a visit. Without `confirme`, the page asks."""

    confirme = fields.String(load_default="", validate=validate.OneOf(["", "oui"], error=UNEXPECTED))
    orientation_medecin = fields.Boolean(load_default=False, truthy=_OUI, falsy={"", "non"})
    prochaine_visite_on = DateFr(load_default=None, allow_none=True)


class ComplementSchema(Form):
    texte = fields.String(required=True, error_messages=_REQUIRED)


class StatutSchema(Form):
    statut = fields.String(required=True, validate=validate.OneOf([str(statut) for statut in StatutRdv], error=REFUSED))
