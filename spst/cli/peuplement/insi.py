"""The persons whom the test base of the téléservice INSi answers for (code 00), as workers of the demonstration.

Source: CNDA test cases 2.03 to 2.08, as published in padoa/tlsi-ins and in public INSi clients. HERMANN's key does not satisfy
the rule of NIR keys, and PROVISOIRE has a NIA: both are kept as the téléservice serves them. DE VINCI's matricule is not
published: his identity stays provisional. All are public test identities.
"""

from dataclasses import dataclass
from datetime import date

NIR = "1.2.250.1.213.1.4.8"
NIA = "1.2.250.1.213.1.4.9"


@dataclass(frozen=True, slots=True)
class PersonneInsi:
    """`post`: their trade in the demonstration, by its title for a man, with exposures that it adds."""

    nom: str
    prenoms: str
    sexe: str
    naissance: date
    lieu: str
    spsts: tuple[str, ...]
    metier: str
    matricule: str | None
    oid: str = NIR
    expositions: tuple[str, ...] = ()
    depuis_jours: int = 3000
    """How long they have held the post."""
    fini: bool = False


_A, _B = "coteaux", "metallurgie"

PERSONNES_INSI = (
    PersonneInsi(
        "ADRUN", "ZOE", "F", date(1975, 12, 31), "63220", (_A, _B), "Soudeur TIG", "275126322074974"
    ),
    PersonneInsi(
        "D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN MURIEL FLORIANT", "M", date(2001, 6, 17), "63220", (_A,),
        "Monteur en échafaudages", "101066322075460", depuis_jours=1100,
    ),
    PersonneInsi("ADRTROIS", "TOUSSAINT", "M", date(1960, 1, 1), "2B020", (_A,), "Conducteur routier", "160012B02077713"),
    PersonneInsi("ADRTROIS", "DOMINIQUE", "F", date(1997, 2, 26), "2A020", (_A,), "Infirmier de nuit", "297022A02077878"),
    PersonneInsi(
        "ECETINSI", "PIERRE-ALAIN MURIEL FLORIANT", "M", date(2009, 7, 14), "63220", (_B,), "Chaudronnier",
        "109076322083489", expositions=("JEUNE_TR",), depuis_jours=70,
    ),
    PersonneInsi(
        "PROVISOIRE", "MATRICULE", "M", date(2009, 7, 1), "63220", (_A,), "Cuisinier", "109076322088835", NIA,
        depuis_jours=75,
    ),
    PersonneInsi(
        "DE VINCI", "LEONARDO", "M", date(2014, 2, 1), "63220", (_A,), "Enfant artiste du spectacle", None, depuis_jours=40
    ),
    PersonneInsi(
        "TCHITCHI", "CATARINA BELLA", "F", date(1936, 6, 21), "63220", (_A,), "Agent d’entretien", "236066322083656",
        fini=True,
    ),
    PersonneInsi("CORSE", "ANTHONY", "M", date(1980, 3, 2), "2B020", (_B,), "Fondeur", "180032B02040123"),
    PersonneInsi("HERMANN", "GATIEN", "M", date(1981, 3, 24), "63220", (_A,), "Cariste", "181036322045660"),
    PersonneInsi(
        "NESSI", "MICHELANGELO ANTHONY", "M", date(2010, 8, 7), "63220", (_A,), "Boulanger", "110086322083060",
        depuis_jours=60,
    ),
)  # fmt: skip
