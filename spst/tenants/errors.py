"""Errors of this room."""

from spst.kernel.errors import NotFound, RuleViolation


class SpstNotFound(NotFound):
    """Ce service est introuvable. Vérifiez l’adresse que votre service vous a donnée."""


class IdentiteLegaleRefused(RuleViolation):
    """Cette identité légale n’est pas valable."""


class SpstAlreadyExists(RuleViolation):
    """Un service porte déjà ce SIREN ou cette adresse."""
