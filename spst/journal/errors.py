"""Errors of the journal; the docstring is what its reader is told."""

from spst.kernel.errors import RuleViolation


class PreuveUnavailable(RuleViolation):
    """La preuve ne peut pas être faite : le journal de votre service a été abîmé. Prévenez-le, il doit vous répondre."""
