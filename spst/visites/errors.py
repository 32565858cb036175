"""Errors of this room; the docstring is what the user reads."""

from datetime import datetime

from spst.kernel.errors import ActRefused, Conflict, NotFound, RuleViolation


class RendezVousNotFound(NotFound):
    """Ce rendez-vous est introuvable. Repartez de la journée."""


class RendezVousNotAllowed(RuleViolation):
    """Ce rendez-vous ne peut pas prendre cet état."""


class TypeNotInForce(RuleViolation):
    """Ce type de visite n’existe pas à cette date. Choisissez-en un dans la liste."""


class TypeNotAllowed(ActRefused):
    """Votre rôle ne mène pas ce type de visite."""


class DateNotAllowed(RuleViolation):
    """Cette date ne convient pas."""


class VisiteAlreadyOpen(Conflict):
    """Cette visite est déjà ouverte. Retrouvez-la dans le dossier."""


class VisiteAlreadyClosed(Conflict):
    """Cette visite est déjà clôturée. Elle ne change plus\u00a0: ajoutez un complément."""


class VisiteAbandoned(Conflict):
    """Cette visite a été abandonnée. Elle ne change plus."""


class AbandonNotAllowed(ActRefused):
    """Seul le professionnel qui a ouvert la visite peut l’abandonner."""


class VisiteStillOpen(RuleViolation):
    """Cette visite est encore ouverte\u00a0: écrivez dans ses notes. Un complément s’ajoute après la clôture."""


class ClotureNotAllowed(ActRefused):
    """La clôture revient au professionnel qui mène la visite, ou au médecin du travail."""


class InformationRequired(RuleViolation):
    """Écrivez ce que vous remettez au salarié sur ses risques et leur prévention (R. 4624-45-4, 5°)."""


class OrientationNotAllowed(RuleViolation):
    """Le médecin du travail n’oriente pas vers lui-même. L’orientation suit une visite menée par un autre (R. 4624-13)."""


class RubriqueUnknown(RuleViolation):
    """Cette rubrique n’existe pas dans la visite. Rechargez la page."""


class TexteRefused(RuleViolation):
    """Ce texte contient un caractère invisible qui ne peut pas être gardé. Retapez-le, ou collez-le sans mise en forme."""


class TexteTooLong(RuleViolation):
    """Ce texte est trop long\u00a0: 20\u202f000 signes au plus par rubrique. Raccourcissez-le, ou répartissez-le."""


class TexteRequired(RuleViolation):
    """Écrivez le complément avant de le signer."""


class NoteConflict(Conflict):
    """Ce texte a changé dans une autre fenêtre. Gardez l’un ou l’autre."""

    def __init__(self, *, revision: int, texte: str, saved_at: datetime, auteur: str | None) -> None:
        """What the server holds; `auteur` None: the reader himself. It stays out of `facts`: a log never sees a text."""
        super().__init__(revision=revision)
        self.revision = revision
        self.texte = texte
        self.saved_at = saved_at
        self.auteur = auteur
