"""Errors of the portal. None of them says why: the reason stands in an identity event that a professional looks at."""

from spst.kernel.errors import NotFound, SpstError


class EspaceNotFound(NotFound):
    """Cette page est introuvable."""


class EntreeRefused(SpstError):
    """Votre espace ne s’est pas ouvert."""

    def __init__(self, motif: str, **facts: object) -> None:
        """`motif`, `facts`: codes and ids for the technical journal, never shown."""
        SpstError.__init__(self, None, motif=motif, **facts)
