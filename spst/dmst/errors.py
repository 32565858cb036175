"""Errors of the dossier; the docstring is what the user reads."""

from spst.kernel.errors import Conflict, NotFound, RuleViolation


class DossierNotFound(NotFound):
    """Ce dossier est introuvable. Repartez de la recherche."""


class ObjetNotFound(NotFound):
    """Cet élément du dossier est introuvable. Repartez du dossier."""


class DossierAlreadyExists(Conflict):
    """Ce salarié a déjà un dossier dans ce service. Ouvrez-le au lieu d’en constituer un autre."""


class OppositionNotAllowed(RuleViolation):
    """Nul ne peut s’opposer à la constitution de son dossier, ni à l’accès de son médecin du travail."""


class OppositionAlreadyRecorded(Conflict):
    """Cette opposition est déjà enregistrée, et en vigueur."""


class OppositionNotInForce(Conflict):
    """Cette opposition a déjà été levée."""


class DateNotAllowed(RuleViolation):
    """Cette date est dans l’avenir. Indiquez le jour où le fait a eu lieu."""


class SecteurWithoutEquipe(RuleViolation):
    """Aucune équipe ne suit ce salarié par le secteur de son établissement. Choisissez une équipe."""


class EquipeRequired(RuleViolation):
    """Indiquez l’équipe qui suivra ce salarié\u00a0: vous n’appartenez à aucune, ou à plusieurs."""


class EquipeNotFound(NotFound):
    """Cette équipe est introuvable."""


class DossierErased(RuleViolation):
    """Le contenu de ce dossier a été effacé. Il n’est plus lisible par personne."""


class TexteRequired(RuleViolation):
    """Ce champ ne peut pas rester vide."""


class TexteTooLong(RuleViolation):
    """Ce texte est trop long. Raccourcissez-le, ou versez-le en plusieurs fois."""


class TexteRefused(RuleViolation):
    """Ce texte contient des signes invisibles. Recopiez-le au clavier."""
