"""What the forms of the dossier page post (templates/espace_pro/dossier.html), and the search."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from spst.espace_pro.dossier import OPPOSITIONS, SUPPORTS
from spst.expositions.rules import SOURCES
from spst.habilitations.exceptionnel import Avis, Raison
from spst.kernel.context import CodeMotif
from spst.web.fields import DateFr, Form, Ligne

_MOTIF = "Choisissez un motif."
_CHOISIR: dict[str, Any] = {"required": "Choisissez dans la liste."}


def _one_of(*codes: str) -> validate.OneOf:
    return validate.OneOf(codes, error="Choisissez dans la liste.")


class ExpositionSchema(Form):
    agent = Ligne(required=True, maximum=40)
    debut = DateFr(required=True)
    fin = DateFr(load_default=None, allow_none=True)
    source = fields.String(required=True, validate=_one_of(*SOURCES), error_messages=_CHOISIR)
    precision = Ligne(maximum=200, load_default="")


class FinSchema(Form):
    fin = DateFr(required=True)


class InformationSchema(Form):
    support = fields.String(required=True, validate=_one_of(*(code for code, _ in SUPPORTS)), error_messages=_CHOISIR)


class OppositionSchema(Form):
    objet = fields.String(required=True, validate=_one_of(*OPPOSITIONS), error_messages=_CHOISIR)


class MedecinTraitantSchema(Form):
    nom = Ligne(required=True, maximum=200)
    contact = Ligne(required=True, maximum=200)


class CourrierSchema(Form):
    sens = fields.String(required=True, validate=_one_of("recu", "envoye"), error_messages=_CHOISIR)
    date_courrier = DateFr(required=True)
    correspondant = Ligne(required=True, maximum=200)
    objet = Ligne(required=True, maximum=200)
    texte = fields.String(required=True, error_messages=_CHOISIR)


class RienSchema(Form):
    """A button alone."""


class SuggestionSchema(Form):
    q = Ligne(maximum=100, load_default="")


class RechercheSchema(SuggestionSchema):
    """The box at the top of each page has no birth date."""

    naissance = Ligne(maximum=100, load_default="")


class MotifSchema(Form):
    """Why a dossier is opened, from the list of the page."""

    motif = fields.Enum(
        CodeMotif,
        by_value=True,
        required=True,
        validate=validate.OneOf(
            [CodeMotif.SUIVI, CodeMotif.VISITE, CodeMotif.DROITS, CodeMotif.ADMINISTRATION], error=_MOTIF
        ),
        error_messages={"required": _MOTIF, "unknown": _MOTIF},
    )


class ExceptionnelSchema(Form):
    """Why a médecin goes past the policy of his SPST."""

    raison = fields.String(
        required=True,
        validate=validate.OneOf([str(one) for one in Raison], error="Choisissez une raison."),
        error_messages={"required": "Choisissez une raison."},
    )
    texte = Ligne(
        required=True,
        maximum=500,
        validate=validate.Length(min=10, error="Dites pourquoi en quelques mots\u00a0: le salarié vous lira."),
    )


class RelectureSchema(Form):
    avis = fields.String(
        required=True,
        validate=validate.OneOf([str(one) for one in Avis], error="Dites si le motif est justifié."),
        error_messages={"required": "Dites si le motif est justifié."},
    )
    reponse = Ligne(load_default="", maximum=500)


class AccordSchema(Form):
    """A médecin's answer to who asks whose dossier a reference is; a refusal says why."""

    accord = fields.String(
        required=True,
        validate=validate.OneOf(("oui", "non"), error="Donnez votre accord, ou refusez."),
        error_messages={"required": "Donnez votre accord, ou refusez."},
    )
    reponse = Ligne(load_default="", maximum=500)

    @validates_schema
    def _says_why(self, values: dict[str, Any], **_kwargs: Any) -> None:
        if values.get("accord") == "non" and not values.get("reponse"):
            raise ValidationError("Dites pourquoi vous refusez.", "reponse")
