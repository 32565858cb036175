"""What a travailleur types to be told by e-mail."""

from marshmallow import validate

from spst.web.fields import Form, Ligne

_NO_ADDRESS = "Cette adresse n’est pas complète. Par exemple\u00a0: prenom.nom@exemple.fr, sans accent ni espace."
_LONGEST = 254
"""Of an address (RFC 5321, 4.5.3.1.3)."""


class AdresseForm(Form):
    adresse = Ligne(
        required=True,
        maximum=_LONGEST,
        validate=[
            validate.Email(error=_NO_ADDRESS),
            validate.Predicate("isascii", error=_NO_ADDRESS),
        ],
    )


class CodeForm(Form):
    code = Ligne(required=True, maximum=20)
