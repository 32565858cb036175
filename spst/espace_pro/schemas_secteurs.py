"""What the pages of sectors post: a search, a choice of establishments, a sector (templates/espace_pro/secteur*.html)."""

from typing import Any

from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict

from spst.entreprises.services import PER_PAGE
from spst.espace_pro.schemas_identites import Choix
from spst.web.fields import CSRF_FIELD, UNEXPECTED, Form, Ligne

_NONE = "Cochez au moins un établissement."
_UUID: dict[str, Any] = {"required": UNEXPECTED, "null": UNEXPECTED, "invalid_uuid": UNEXPECTED}
_LONGEST_SEARCH, _LONGEST_ADDRESS = 100, 200


class RechercheSchema(Form):
    q = Ligne(maximum=_LONGEST_SEARCH, load_default="")


class ChoixSchema(Form):
    """Establishments ticked, or all those of a page; `retour`: the page they were ticked in."""

    etablissement = fields.List(
        fields.UUID(error_messages=_UUID),
        required=True,
        validate=validate.Length(1, PER_PAGE, error=_NONE),
        error_messages={"required": _NONE, "invalid": UNEXPECTED},
    )
    retour = Ligne(maximum=_LONGEST_ADDRESS, load_default="")

    def read(self, posted: "MultiDict[str, str]") -> dict[str, Any]:
        """Boxes of one name are one list; the button of a whole page holds it in one value. Raises: ValidationError."""
        whole = [one for one in posted.get("tous", "").split(",") if one]
        ticked = dict.fromkeys(whole or posted.getlist("etablissement"))
        once = {name: value for name, value in posted.items() if name not in {CSRF_FIELD, "etablissement", "tous"}}
        loaded: dict[str, Any] = self.load({**once, "etablissement": list(ticked)})
        return loaded


class RattachementSchema(ChoixSchema):
    secteur = Choix(
        required=True,
        error_messages={
            "required": "Choisissez un secteur.",
            "null": "Choisissez un secteur.",
            "invalid_uuid": UNEXPECTED,
        },
    )
