"""Errors of the journal; the docstring is what its reader is told."""

from spst.kernel.errors import ActRefused, Conflict, NotFound, RuleViolation


class PreuveUnavailable(RuleViolation):
    """La preuve ne peut pas être faite : le journal de votre service a été abîmé. Prévenez-le, il doit vous répondre."""


class AccesNotFound(NotFound):
    """Cet accès n’est pas dans votre liste."""


class SignalementRefused(RuleViolation):
    """Ce signalement n’est pas possible."""


class AlreadyReported(RuleViolation):
    """Vous avez déjà signalé cet accès. La réponse s’inscrira dans votre espace."""


class CasNotFound(NotFound):
    """Cet accès à examiner est introuvable dans votre service."""


class CasTaken(RuleViolation):
    """Cet accès est déjà pris en charge ou clos. Rechargez la page."""


class CasClosed(RuleViolation):
    """Cet accès est déjà clos. Rechargez la page pour lire la réponse."""


class CasNotClosed(RuleViolation):
    """Cet accès n’est pas clos."""


class OwnCas(ActRefused):
    """Personne ne juge son propre accès. Un autre délégué à la protection des données le fera."""


class CasChanged(Conflict):
    """D’autres accès se sont ajoutés depuis que vous avez lu cette page. Relisez-la, puis concluez."""


class ReferenceUnknown(RuleViolation):
    """Aucun dossier de votre service n’a cette référence. Relisez-la au journal."""


class ReferenceAmbiguous(RuleViolation):
    """Cette référence est celle de plusieurs dossiers\u00a0: personne ne peut dire duquel il s’agit."""


class ReidentificationNotFound(NotFound):
    """Cette demande est introuvable dans votre service."""


class ReidentificationRefused(RuleViolation):
    """Cette demande est close. Rechargez la page."""


class NotHisReidentification(ActRefused):
    """Seule la personne qui a fait cette demande en lit la réponse, et la clôt."""


class OwnReidentification(ActRefused):
    """Personne ne répond à sa propre demande. Un autre médecin du travail le fera."""


class AccordEnded(ActRefused):
    """Aucun accord n’est en cours pour cette demande. Faites-en une autre s’il le faut encore."""
