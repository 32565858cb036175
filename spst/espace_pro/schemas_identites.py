"""What the forms of the register post: an identity, a contact, an employment (templates/espace_pro/salarie_*.html)."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate, validates_schema

from spst.entreprises.rules import TYPES
from spst.identite import rules
from spst.kernel.errors import RuleViolation
from spst.web.fields import REFUSED, REQUIRED, UNEXPECTED, DateFr, Form, Ligne

ETAPES = ("verifier", "corriger", "creer")
_CHOISIR: dict[str, Any] = {"required": REQUIRED, "null": REQUIRED}
_UUID: dict[str, Any] = {"required": UNEXPECTED, "null": UNEXPECTED, "invalid_uuid": UNEXPECTED}
_LONGEST_JOB = 200
PAR_SECTEUR = "secteur"


class Selon(Ligne):
    """A line as a rule of a room writes it, or refused in the words of that rule. Nothing typed is None."""

    def __init__(self, rule: Callable[[str], str], *, maximum: int = rules.LONGEST_NAME, **kwargs: Any) -> None:
        super().__init__(maximum=maximum, **kwargs)
        self.rule = rule

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs)
        try:
            return self.rule(typed) if typed else None
        except RuleViolation as error:
            raise ValidationError(str(error)) from error


class Choix(fields.UUID):
    """A choice in a list, the empty one included."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        return super().deserialize(None if value == "" else value, attr, data, **kwargs)


class _Contact(Form):
    nom_utilise = Selon(rules.normalise_nom, load_default=None)
    prenom_utilise = Selon(rules.normalise_prenoms, load_default=None)
    telephone = Selon(rules.check_telephone, maximum=40, load_default=None)
    email = Selon(rules.check_courriel, maximum=254, load_default=None)
    adresse = Selon(rules.check_adresse, maximum=rules.LONGEST_ADDRESS, load_default=None)


class ContactSchema(_Contact):
    """Used names and contact: what changes without a civil document. Emptied fields are sent; a part of the form is not one."""

    @pre_load
    def _whole(self, posted: dict[str, Any], **_: Any) -> dict[str, Any]:
        if self.fields.keys() - posted.keys():
            raise ValidationError(UNEXPECTED)
        return posted


class _Emploi(Form):
    etablissement = Choix(load_default=None, allow_none=True, error_messages=_UUID)
    operation_id = fields.UUID(required=True, error_messages=_UUID)


class EmploiSchema(_Emploi):
    employeur = Ligne(required=True, maximum=_LONGEST_JOB)
    poste = Ligne(required=True, maximum=_LONGEST_JOB)
    type = fields.String(required=True, validate=validate.OneOf(TYPES, error=REQUIRED), error_messages=_CHOISIR)
    debut = DateFr(required=True)


class IdentiteSchema(_Contact, _Emploi):
    """A new identity and, unless nothing of it is filled in, its employment."""

    nom_naissance = Selon(rules.normalise_nom, required=True)
    prenoms = Selon(rules.normalise_prenoms, required=True)
    premier_prenom = Selon(rules.normalise_prenoms, load_default=None)
    naissance = DateFr(required=True)
    sexe = fields.String(
        required=True, validate=validate.OneOf(("F", "M", "I"), error=REQUIRED), error_messages=_CHOISIR
    )
    lieu = Selon(rules.check_lieu_naissance, required=True)
    employeur = Ligne(maximum=_LONGEST_JOB, load_default="")
    poste = Ligne(maximum=_LONGEST_JOB, load_default="")
    type = fields.String(load_default="", validate=validate.OneOf(("", *TYPES), error=REFUSED))
    debut = DateFr(load_default=None, allow_none=True)
    etape = fields.String(load_default="verifier", validate=validate.OneOf(ETAPES, error=UNEXPECTED))
    vus = Ligne(maximum=4000, load_default="")

    @validates_schema
    def _employment_is_whole(self, data: dict[str, Any], **_: Any) -> None:
        parts = {name: data[name] for name in ("employeur", "poste", "type", "debut")}
        if any(parts.values()) and not all(parts.values()):
            raise ValidationError({name: [REQUIRED] for name, value in parts.items() if not value})


class FinEmploiSchema(Form):
    fin = DateFr(required=True)


class EquipeOuSecteur(fields.UUID):
    """An équipe; or, as None, those of the sector."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return None if value == PAR_SECTEUR else super()._deserialize(value, attr, data, **kwargs)


class DossierSchema(Form):
    equipe = EquipeOuSecteur(required=True, error_messages={**_UUID, "invalid_uuid": "Choisissez une équipe."})
