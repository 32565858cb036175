"""Who acts: a person in a role of one SPST, a travailleur on his own record, or a named service."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5


class Famille(StrEnum):
    """Families of actors, as the walls of the database know them.

    A role decides what somebody may do; the family decides which sections the database opens at all.
    Source: C. trav. art. L. 4624-8, R. 4624-45-5.
    """

    SANTE = "sante"
    DELEGUE = "delegue"
    ADMINISTRATIF = "administratif"
    DIRECTION = "direction"
    EQUIPE = "equipe"
    TRAVAILLEUR = "travailleur"
    SERVICE = "service"


class Role(StrEnum):
    """Roles that a tenant grants, by their usual short codes, and the two that nobody grants (SAL, SRV)."""

    MDT = "MDT"
    COLL = "COLL"
    INT = "INT"
    INF = "INF"
    IPA = "IPA"
    MPC = "MPC"
    IPRP = "IPRP"
    ASST = "ASST"
    PRO = "PRO"
    ASS = "ASS"
    ADM = "ADM"
    DIR = "DIR"
    DPO = "DPO"
    AUD = "AUD"
    TECH = "TECH"
    SAL = "SAL"
    SRV = "SRV"

    @property
    def famille(self) -> Famille:
        return _FAMILLE[self]

    @property
    def label(self) -> str:
        """The role as it is written on screen, in French, when it is said of nobody in particular."""
        return _LABEL[self]

    def label_of(self, nom: str | None) -> str:
        """The role as it is said of somebody, whose name begins with the civilité.

        "Dr" does not tell: the label then stays as it is, and so does "médecin", which is said of both.

        >>> Role.INF.label_of("Mme Claire Vasseur"), Role.INF.label_of("M. Malo Le Roux")
        ('Infirmière en santé au travail', 'Infirmier en santé au travail')
        """
        return _FEMININE.get(self, self.label) if _is_madame(nom) else self.label

    def bref_of(self, nom: str | None) -> str:
        """The same in a word or two, for a narrow column.

        >>> Role.MDT.bref_of("Dr Claire Vasseur"), Role.COLL.bref_of("Mme Anne Roy"), Role.IPRP.bref_of(None)
        ('Médecin', 'Collaboratrice', 'IPRP')
        """
        if self in _BREF:
            return _BREF[self]
        return self.label_of(nom).split(" ", 1)[0]


_FAMILLE = {
    Role.MDT: Famille.SANTE,
    Role.COLL: Famille.SANTE,
    Role.INT: Famille.SANTE,
    Role.INF: Famille.SANTE,
    Role.IPA: Famille.SANTE,
    Role.MPC: Famille.SANTE,
    Role.IPRP: Famille.DELEGUE,
    Role.ASST: Famille.DELEGUE,
    Role.PRO: Famille.EQUIPE,
    Role.ASS: Famille.EQUIPE,
    Role.ADM: Famille.ADMINISTRATIF,
    Role.DIR: Famille.DIRECTION,
    Role.DPO: Famille.DIRECTION,
    Role.AUD: Famille.DIRECTION,
    Role.TECH: Famille.SERVICE,
    Role.SAL: Famille.TRAVAILLEUR,
    Role.SRV: Famille.SERVICE,
}

_LABEL = {
    Role.MDT: "Médecin du travail",
    Role.COLL: "Collaborateur médecin",
    Role.INT: "Interne en médecine du travail",
    Role.INF: "Infirmier en santé au travail",
    Role.IPA: "Infirmier en pratique avancée",
    Role.MPC: "Médecin praticien correspondant",
    Role.IPRP: "Intervenant en prévention des risques professionnels",
    Role.ASST: "Assistant de service de prévention et de santé au travail",
    Role.PRO: "Autre professionnel de l’équipe",
    Role.ASS: "Assistant de service social",
    Role.ADM: "Administratif",
    Role.DIR: "Direction",
    Role.DPO: "Délégué à la protection des données",
    Role.AUD: "Auditeur interne",
    Role.TECH: "Exploitation technique",
    Role.SAL: "Salarié",
    Role.SRV: "Traitement automatique",
}

_FEMININE = {
    Role.COLL: "Collaboratrice médecin",
    Role.INF: "Infirmière en santé au travail",
    Role.IPA: "Infirmière en pratique avancée",
    Role.IPRP: "Intervenante en prévention des risques professionnels",
    Role.ASST: "Assistante de service de prévention et de santé au travail",
    Role.PRO: "Autre professionnelle de l’équipe",
    Role.ASS: "Assistante de service social",
    Role.ADM: "Administrative",
    Role.DPO: "Déléguée à la protection des données",
    Role.AUD: "Auditrice interne",
}


_BREF = {
    Role.IPA: "IPA",
    Role.MPC: "Médecin correspondant",
    Role.IPRP: "IPRP",
    Role.PRO: "Équipe",
    Role.ASS: "Service social",
    Role.DPO: "DPO",
}


def _is_madame(nom: str | None) -> bool:
    return (nom or "").split()[:1] == ["Mme"]


@dataclass(frozen=True, slots=True)
class Acteur:
    """Somebody who acts in one tenant.

    `id`: the compte, the travailleur, or for a service a fixed id of its purpose.
    `session_hash`: hash of the session under which he acts, None for jobs and commands.
    `facteurs`: factors proved at log-in; fewer than two open no content (CSP L. 1470-1 to L. 1470-5).
    `purpose`: what a service is for; the database opens to it only the tables that name this purpose.
    """

    id: UUID
    role: Role
    session_hash: str | None = None
    facteurs: int = 0
    purpose: str | None = None

    @property
    def famille(self) -> Famille:
        return self.role.famille

    @property
    def wall(self) -> str:
        """The name under which the policies of the database know this actor."""
        return f"service:{self.purpose}" if self.purpose else str(self.famille)


def service(purpose: str) -> Acteur:
    """The account of an automatic job; the same purpose has the same id in every process."""
    return Acteur(uuid5(_SERVICES, purpose), Role.SRV, facteurs=2, purpose=purpose)


_SERVICES = UUID("6f1c0e2a-6a57-5e0b-9c0e-2f6d6a1b7c11")
