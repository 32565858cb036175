"""Errors of the register of companies; the docstring is what the user reads."""

from spst.kernel.errors import ActRefused, Conflict, NotFound, RuleViolation


class AdherentNotFound(NotFound):
    """Cette entreprise est introuvable. Repartez de la liste des adhérents."""


class EtablissementNotFound(NotFound):
    """Cet établissement est introuvable. Repartez de l’entreprise."""


class ContratNotFound(NotFound):
    """Ce contrat est introuvable. Repartez du salarié."""


class SirenRefused(RuleViolation):
    """Ce numéro SIREN ou SIRET n’est pas valide. Vérifiez ses chiffres."""


class SiretOfAnother(RuleViolation):
    """Ce SIRET n’est pas celui d’un établissement de cette entreprise\u00a0: il commence par un autre SIREN."""


class AlreadyRegistered(Conflict):
    """Cette entreprise ou cet établissement est déjà dans le registre."""


class ContratRefused(RuleViolation):
    """Ce contrat ne peut pas s’enregistrer. Indiquez un poste, un type de contrat connu, et une fin qui suit le début."""


class SecteurNotFound(NotFound):
    """Ce secteur est introuvable. Repartez de la liste des secteurs."""


class OwnPlacement(ActRefused):
    """Vous suivriez vous-même ces salariés. Demandez ce rattachement à un collègue, qui tient le registre."""


class PlacementChanged(Conflict):
    """Le secteur de cet établissement vient de changer. Vérifiez-le dans la liste, puis recommencez."""
