"""Errors of this room."""

from spst.kernel.errors import ActRefused, NotFound, RuleViolation, SpstError
from spst.web.ports import TooManyRequests


class TooManyAttempts(TooManyRequests):
    """Trop d’essais. Attendez avant de recommencer."""

    def __str__(self) -> str:
        return f"Trop d’essais. Attendez {_plain_delay(self.retry_after_s)} avant de recommencer."


class IdentifiantsRefused(SpstError):
    """Identifiant ou mot de passe refusé. Vérifiez les deux, puis recommencez."""


class CodeRefused(SpstError):
    """Code refusé. Attendez le code suivant de votre application, puis recommencez."""


class RppsRefused(RuleViolation):
    """Un numéro RPPS compte 11 chiffres. Retapez le vôtre : il est sur votre carte et dans l’application e-CPS."""


class PosteUnknown(RuleViolation):
    """Ce navigateur ne vous connaît pas encore : passez une première fois par la page de Pro Santé Connect."""


class InscriptionRefused(SpstError):
    """Ce code d’inscription n’est pas valable, ou il a expiré. Demandez-en un autre à votre direction."""


class FournisseurRefused(RuleViolation):
    """Ce fournisseur d’identité ne peut pas être enregistré ainsi."""


class CleRefused(SpstError):
    """Cette clé d’accès n’ouvre rien ici. Recommencez, ou entrez par mot de passe."""


class CleNotAdded(RuleViolation):
    """La clé n’a pas été ajoutée. Recommencez."""


class ConnexionTropAncienne(CleNotAdded):
    """Votre dernière entrée date de plus de cinq minutes. Entrez de nouveau, puis ajoutez la clé."""


class CleNotFound(RuleViolation):
    """Cette clé n’est plus dans votre liste."""


class PasswordRefused(RuleViolation):
    """Ce mot de passe ne convient pas."""


class CompteNotFound(NotFound):
    """Ce compte est introuvable dans votre service."""


class CompteRefused(RuleViolation):
    """Ce compte ne peut pas être créé ainsi."""


class OwnCompteRefused(CompteRefused, ActRefused):
    """Personne ne change son propre compte. Demandez à un autre administrateur."""


class CompteAlreadyExists(RuleViolation):
    """Un compte porte déjà ce numéro RPPS ou ce courriel dans votre service."""


class HabilitationRefused(RuleViolation):
    """Ce rôle ne peut pas être accordé à ce compte."""


class OwnHabilitationRefused(HabilitationRefused, ActRefused):
    """Personne ne s’accorde un rôle à soi-même. Demandez à un autre administrateur."""


class OwnGiftRefused(HabilitationRefused, ActRefused):
    """Cette personne a ouvert l’accès d’un collègue il y a moins de sept jours. Un autre administrateur fait cet acte."""


class OwnDemandeRefused(HabilitationRefused, ActRefused):
    """Personne ne confirme ce qu’il a demandé. Une autre personne de la direction doit le faire."""


class DemandeNotFound(NotFound):
    """Cette demande est introuvable dans votre service."""


class RevueNotFound(NotFound):
    """Cette revue est introuvable dans votre service."""


class RevueAlreadyOpen(RuleViolation):
    """Une revue est déjà en cours. Terminez-la et signez-la avant d’en ouvrir une autre."""


class RevueSigned(RuleViolation):
    """Cette revue est signée : elle ne change plus. Ouvrez-en une autre."""


class RevueIncomplete(RuleViolation):
    """Il reste des lignes sans décision. Décidez de chacune, puis signez."""

    def __init__(self, left: int) -> None:
        super().__init__(
            f"Il reste {left} ligne{'s' if left > 1 else ''} sans décision. Décidez de chacune, puis signez."
        )


class OwnLigneRefused(ActRefused):
    """Personne ne décide de ses propres droits. Une autre personne de la direction doit le faire."""


class AuthentificationTooOld(RuleViolation):
    """Signer demande une connexion de moins de cinq minutes. Reconnectez-vous : vos décisions sont enregistrées."""


class MoyenNotFound(NotFound):
    """Ce moyen est introuvable dans l’inventaire de votre service."""


class MoyenRefused(RuleViolation):
    """Ce moyen ne peut pas être inscrit ainsi."""


class MoyenAlreadyThere(MoyenRefused):
    """L’inventaire tient déjà cette référence. Corrigez la ligne qui la porte, ou retirez-la d’abord."""


class OrganisationRefused(RuleViolation):
    """Ce nom ne peut pas être donné ainsi."""


class HabilitationNotFound(NotFound):
    """Ce rôle est introuvable dans votre service."""


class LastDirection(RuleViolation):
    """C’est le dernier compte de direction de votre service. Ouvrez-en un autre avant de retirer celui-ci."""


def _plain_delay(seconds: int) -> str:
    if seconds < 60:
        return "moins d’une minute"
    minutes = -(-seconds // 60)
    return f"{minutes}\u00a0minute" + ("s" if minutes > 1 else "")
