"""Errors of jobs and exposures; the docstring is what the user reads."""

from spst.kernel.errors import Conflict, RuleViolation


class ExpositionUnknown(RuleViolation):
    """Cette exposition n’est pas dans la nomenclature en vigueur à cette date. Choisissez-la dans la liste."""


class SourceUnknown(RuleViolation):
    """Indiquez d’où vient cette information\u00a0: salarié, étude de poste, fiche d’entreprise, mesure…"""


class PeriodeRefused(RuleViolation):
    """La fin précède le début, ou le début est dans l’avenir. Vérifiez les dates."""


class PeriodeBeforeBirth(PeriodeRefused):
    """Cette période commence avant la naissance du salarié. Vérifiez l’année."""


class ExpositionAlreadyClosed(Conflict):
    """Cette exposition est déjà terminée. Corrigez-la si sa date de fin est fausse."""


class AlreadyCorrected(Conflict):
    """Cette ligne a déjà été corrigée. Corrigez plutôt celle qui la remplace."""
