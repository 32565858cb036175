"""Errors of this room."""

from spst.kernel.errors import RuleViolation


class PolitiqueRefused(RuleViolation):
    """Cette politique ne peut pas s’appliquer. Une politique de SPST ne fait que restreindre le plafond national."""
