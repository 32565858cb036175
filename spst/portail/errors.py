"""Errors of the portal. None of them says why: the reason stands in an identity event that a professional looks at."""

from spst.kernel.errors import Conflict, NotFound, RuleViolation, SpstError


class EspaceNotFound(NotFound):
    """Cette page est introuvable."""


class EntreeRefused(SpstError):
    """Votre espace ne s’est pas ouvert."""

    def __init__(self, motif: str, **facts: object) -> None:
        """`motif`, `facts`: codes and ids for the technical journal, never shown."""
        SpstError.__init__(self, None, motif=motif, **facts)


class AbonnementMissing(Conflict):
    """Aucune adresse n’attend de code. Donnez-en une dans votre espace, à «\u00a0Me prévenir par e-mail\u00a0»."""


class CourrielUnavailable(RuleViolation):
    """Votre service n’envoie pas d’e-mails."""
