"""Errors of this room."""

from spst.kernel.errors import ActRefused, Conflict, NotFound, RuleViolation


class PolitiqueRefused(RuleViolation):
    """Cette politique ne peut pas s’appliquer. Une politique de SPST ne fait que restreindre le plafond national."""


class ChoixRefused(RuleViolation):
    """Ce choix n’est pas dans la liste. Rechargez la page, puis recommencez."""


class BrouillonNotFound(NotFound):
    """Aucun brouillon n’est ouvert. Repartez de la politique en vigueur."""


class VersionNotFound(NotFound):
    """Cette version de la politique est introuvable dans votre service."""


class BrouillonAlreadyOpen(RuleViolation):
    """Un brouillon est déjà ouvert. Votre service en prépare un à la fois."""


class BrouillonProposed(RuleViolation):
    """Ce brouillon est proposé à la publication. Reprenez-le pour le modifier."""


class BrouillonNotReady(RuleViolation):
    """Ce brouillon n’est pas prêt à être proposé."""


class BrouillonChanged(Conflict):
    """Le brouillon a changé depuis que vous l’avez lu. Relisez-le, puis recommencez."""


class OwnProposal(ActRefused):
    """Personne ne confirme ce qu’il a proposé. Demandez à une autre personne de la direction."""


class NotYetTwoPeople(ActRefused):
    """Cet acte demande deux personnes, et un collègue a eu en main le code d’inscription de l’une d’elles."""


class EcritNotFound(NotFound):
    """Cette délégation ou ce protocole est introuvable dans votre service."""


class EcritRefused(RuleViolation):
    """Cet écrit ne peut pas être donné ainsi."""


class NotHisEcrit(EcritRefused, ActRefused):
    """Seul le médecin qui l’a donné peut le changer."""


class AccesExceptionnelNotFound(NotFound):
    """Cet accès exceptionnel est introuvable dans votre service."""


class AccesExceptionnelRefused(RuleViolation):
    """Cet accès exceptionnel n’est pas possible."""


class AccesExceptionnelAlreadyRuns(RuleViolation):
    """Un accès exceptionnel à ce dossier est déjà en cours pour vous."""


class OwnAccesExceptionnel(ActRefused):
    """Personne ne relit son propre accès. Un autre médecin du travail le fera."""
