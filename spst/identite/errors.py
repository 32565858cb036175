"""Errors of identity; the docstring is what the user reads. None of them carries a trait."""

from spst.kernel.errors import Conflict, NotFound, RuleViolation


class TravailleurNotFound(NotFound):
    """Ce salarié est introuvable. Repartez de la recherche."""


class TraitRefused(RuleViolation):
    """Ce trait d’identité ne peut pas s’enregistrer tel qu’il est écrit."""


class NomRefused(TraitRefused):
    """Un nom ne contient que des lettres, des espaces, des apostrophes et des traits d’union. Corrigez la saisie."""


class PremierPrenomInconsistent(TraitRefused):
    """Le premier prénom n’est pas celui par lequel commence la liste des prénoms de naissance."""


class DateNaissanceRefused(TraitRefused):
    """Cette date de naissance est impossible. Vérifiez le jour, le mois et l’année."""


class LieuNaissanceRefused(TraitRefused):
    """Le lieu de naissance s’écrit par son code INSEE à cinq caractères, celui de la commune, ou du pays à l’étranger."""


class MatriculeRefused(TraitRefused):
    """Ce matricule INS n’est pas valide. Vérifiez ses quinze caractères\u00a0: la clé ne correspond pas."""


class MatriculeAlreadyUsed(Conflict):
    """Ce matricule INS est déjà celui d’un autre dossier. Signalez-le à la cellule d’identitovigilance."""


class ContactRefused(RuleViolation):
    """Cette adresse ou ce numéro n’est pas valide. Vérifiez la saisie."""


class TelephoneRefused(ContactRefused):
    """Ce numéro n’est pas valide. Écrivez-le en chiffres\u00a0: 0612345678, ou +33612345678."""


class CourrielRefused(ContactRefused):
    """Ce courriel n’est pas valide. Écrivez-le comme anne.prigent@exemple.fr."""


class AdresseRefused(ContactRefused):
    """Cette adresse est trop longue, ou contient des signes invisibles. Recopiez-la au clavier."""


class ProchesNotSeen(RuleViolation):
    """Une personne du registre porte ces noms et cette date de naissance. Comparez avant de créer."""


class AlreadyEntered(Conflict):
    """Ce formulaire a déjà servi à enregistrer quelqu’un d’autre. Relisez la saisie, puis recommencez."""


class CodeNotIssuable(RuleViolation):
    """Un code d’activation demande une identité qualifiée, celle d’une personne en vie de seize ans ou plus."""
