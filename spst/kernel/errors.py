"""Families of errors. Rooms derive theirs; the docstring of an error is the message its user reads."""


class SpstError(Exception):
    """Cette page n’a pas pu s’afficher. Rien n’est perdu."""

    def __init__(self, message: str | None = None, **facts: object) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.facts = facts
        """For the log: ids and codes, never a trait nor a health datum."""


class RuleViolation(SpstError):
    """Cet acte n’est pas possible dans l’état actuel du dossier."""


class Conflict(RuleViolation):
    """Quelqu’un a changé ces données entre-temps. Relisez-les, puis recommencez."""


class ActRefused(RuleViolation):
    """Cet acte revient à quelqu’un d’autre."""

    # Whose act it is was decided past the policy: traced as a refusal, like one of the policy.


class NotFound(SpstError):
    """Introuvable. Vérifiez l’adresse, ou repartez de la recherche."""


class AccessDenied(SpstError):
    """Vous n’avez pas accès à cette partie."""


class ServiceUnavailable(SpstError):
    """Un service extérieur ne répond pas. Réessayez dans quelques minutes."""
