"""The two SPSTs of the demonstration, how they are organised, and their staff as Pro Santé Connect's stand-in knows it.

The people are invented; `simulators/psc/personnes.json` shows the same ones at log-in.
"""

from dataclasses import dataclass

from spst.kernel.acteur import Role
from spst.web.filters import personnel


@dataclass(frozen=True, slots=True)
class EquipeDemo:
    nom: str
    secteur: str
    centre: str
    commune: str
    siret: str
    communes: tuple[str, ...] = ()
    """Where the establishments of its sector stand, the rest being the first one's."""


@dataclass(frozen=True, slots=True)
class SpstDemo:
    slug: str
    nom: str
    type: str
    siren: str
    sirets: tuple[str, ...]
    telephone: str
    """Of the numbers that the ARCEP keeps for fiction."""
    courriel: str
    equipes: tuple[EquipeDemo, ...]
    employeurs: tuple[str, ...]
    """Activities of the companies that it follows."""


COTEAUX = SpstDemo(
    "coteaux",
    "SPSTI TEST DES COTEAUX",
    "SPSTI",
    "900000118",
    ("90000011800019", "90000011800027"),
    "0465710118",
    "accueil@coteaux.test",
    (
        EquipeDemo("Équipe Rouvière", "Lyon et première couronne", "Centre Lyon 3e", "Lyon", "90000011800019"),
        EquipeDemo(
            "Équipe Charvolin", "Beaujolais", "Centre Villefranche", "Villefranche-sur-Saône", "90000011800027",
            ("Tarare", "Belleville-en-Beaujolais"),
        ),
    ),
    (
        "btp", "sante", "commerce", "metal", "bureau", "transport", "restauration", "second_oeuvre", "ehpad", "proprete",
        "numerique", "usinage", "boulangerie", "chimie",
    ),
)  # fmt: skip
METALLURGIE = SpstDemo(
    "metallurgie",
    "SPST AUTONOME TEST METALLURGIE",
    "SPSTA",
    "900000225",
    ("90000022500012",),
    "0465710225",
    "accueil@metallurgie.test",
    (EquipeDemo("Équipe de la Forge", "Bassin stéphanois", "Centre de la Forge", "Saint-Étienne", "90000022500012"),),
    ("metal", "usinage", "metal", "transport", "bureau"),
)
SPSTS = (COTEAUX, METALLURGIE)


@dataclass(frozen=True, slots=True)
class Professionnel:
    """Somebody who logs in through Pro Santé Connect. `equipes`: ranks in the SPST's list.

    `hors_structure`: the SPST vouches for somebody whom PSC places elsewhere. `remarque`: what the demonstration shows by him.
    """

    psc: str
    rpps: str
    civilite: str
    prenom: str
    nom: str
    role: Role
    spst: str
    equipes: tuple[int, ...] = ()
    hors_structure: bool = False
    attestation: str | None = None
    remarque: str = ""

    @property
    def personne(self) -> str:
        return personnel(self.civilite, self.prenom, self.nom)


_CONVENTION = "Convention MPC-2026-03 signée le 12 janvier 2026 (L. 4623-1 IV)"
_GONE = (
    "n’entre pas\u00a0: Pro Santé Connect n’atteste plus d’activité dans ce service. La page ne dit pas pourquoi, le journal "
    "technique le sait"
)

PROFESSIONNELS = (
    Professionnel("PSC-01", "10099000019", "Dr", "Camille", "ROUVIERE-TEST", Role.MDT, "coteaux", (0,)),
    Professionnel("PSC-09", "10099000092", "Dr", "Bastien", "CHARVOLIN-TEST", Role.MDT, "coteaux", (1,)),
    Professionnel("PSC-11", "10099000118", "Dr", "Théo", "GRANDVAUX-TEST", Role.COLL, "coteaux", (1,)),
    Professionnel("PSC-03", "10099000035", "Mme", "Inès", "BAUMGARTNER-TEST", Role.INT, "coteaux", (0,)),
    Professionnel("PSC-02", "10099000027", "M.", "Yanis", "DELMAS-TEST", Role.INF, "coteaux", (0, 1)),
    Professionnel("PSC-04", "10099000043", "Mme", "Maëlle", "LE GOFF-TEST", Role.ASST, "coteaux", (0, 1)),
    Professionnel("PSC-12", "10099000126", "Mme", "Lina", "OUAZZANI-TEST", Role.IPRP, "coteaux", (0, 1)),
    Professionnel(
        "PSC-06", "10099000068", "Dr", "Hélène", "VALMONT-TEST", Role.MPC, "coteaux", (),
        hors_structure=True, attestation=_CONVENTION, remarque="voit les seuls salariés qui lui sont confiés",
    ),
    Professionnel("PSC-05", "10099000050", "M.", "David", "OKONKWO-TEST", Role.IPRP, "coteaux", (0,), remarque=_GONE),
    Professionnel("PSC-07", "10099000076", "Dr", "Samuel", "MOREAU-TEST", Role.MDT, "coteaux", (1,), remarque=_GONE),
    Professionnel("PSC-01", "10099000019", "Dr", "Camille", "ROUVIERE-TEST", Role.MDT, "metallurgie", (0,)),
    Professionnel("PSC-10", "10099000100", "Mme", "Salomé", "PEYRACHE-TEST", Role.INF, "metallurgie", (0,)),
    Professionnel("PSC-13", "10099000134", "M.", "Jonas", "VERNAISON-TEST", Role.ASST, "metallurgie", (0,)),
    Professionnel("PSC-08", "10099000084", "Mme", "Noémie", "FERRAND-TEST", Role.ASS, "metallurgie", (0,)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Administration:
    """Staff without RPPS: password and time-based code."""

    spst: str
    civilite: str
    prenom: str
    nom: str
    role: Role
    rang: int = 1
    """Which of those who hold this role there."""

    @property
    def email(self) -> str:
        return f"{self.role.lower()}{self.rang if self.rang > 1 else ''}@{self.spst}.test"

    @property
    def personne(self) -> str:
        return personnel(self.civilite, self.prenom, self.nom)


ADMINISTRATION = (
    Administration("coteaux", "Mme", "Agnès", "PRADEL-TEST", Role.DIR),
    Administration("coteaux", "M.", "Hugues", "SAINT-CYR-TEST", Role.DPO),
    Administration("coteaux", "M.", "Loïc", "KERVAZO-TEST", Role.DIR, rang=2),
    Administration("coteaux", "Mme", "Nora", "BELKACEM-TEST", Role.ADM),
    Administration("metallurgie", "M.", "Étienne", "FOURNERON-TEST", Role.DIR),
    Administration("metallurgie", "Mme", "Sylviane", "ROCHETTE-TEST", Role.DPO),
    Administration("metallurgie", "Mme", "Irène", "DALMASSO-TEST", Role.DIR, rang=2),
    Administration("metallurgie", "M.", "Ugo", "MARCOUX-TEST", Role.ADM),
)


@dataclass(frozen=True, slots=True)
class DelegationDemo:
    spst: str
    delegant: str
    delegue: str
    sections: tuple[str, ...]
    protocole: str


DELEGATIONS = (
    DelegationDemo(
        "coteaux", "PSC-01", "PSC-04", ("S1", "S2"), "Protocole 2026-02 (assistante, identité et expositions)"
    ),
    DelegationDemo("coteaux", "PSC-01", "PSC-12", ("S2",), "Protocole 2026-05 (IPRP, expositions)"),
    DelegationDemo("coteaux", "PSC-09", "PSC-04", ("S1", "S2"), "Protocole 2026-07 (assistante, équipe Charvolin)"),
    DelegationDemo("coteaux", "PSC-09", "PSC-12", ("S2",), "Protocole 2026-08 (IPRP, équipe Charvolin)"),
)
