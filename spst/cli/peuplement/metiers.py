"""Trades with what their posts expose to, by codes of `nomenclature_exposition`, and the follow-up regime that results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metier:
    """`titres`: for a woman, for a man. `pcs`: PCS-ESE. `secteurs`: where the trade is found. `protection`: what one advises."""

    titres: tuple[str, str]
    pcs: str
    secteurs: tuple[str, ...]
    expositions: tuple[str, ...]
    gestes: str
    protection: str

    def titre(self, sexe: str) -> str:
        return self.titres[0 if sexe == "F" else 1]


@dataclass(frozen=True, slots=True)
class Secteur:
    """Companies of one activity: words of which their names are made, and the NAF code."""

    code: str
    naf: str
    noms: tuple[str, ...]


SECTEURS = {
    secteur.code: secteur
    for secteur in (
        Secteur("metal", "25.11Z", ("Chaudronnerie", "Soudure industrielle", "Ateliers", "Tôlerie")),
        Secteur("usinage", "25.62B", ("Mécanique de précision", "Usinage", "Décolletage")),
        Secteur("btp", "43.99C", ("Maçonnerie", "Construction", "Bâtiment")),
        Secteur("second_oeuvre", "43.21A", ("Électricité", "Couverture", "Échafaudages")),
        Secteur("sante", "86.10Z", ("Clinique", "Centre de soins", "Hôpital privé")),
        Secteur("ehpad", "87.10A", ("Résidence", "Maison de retraite")),
        Secteur("transport", "49.41A", ("Transports", "Messagerie", "Logistique")),
        Secteur("commerce", "47.11D", ("Supermarché", "Marché frais", "Comptoir")),
        Secteur("restauration", "56.10A", ("Restaurant", "Brasserie", "Traiteur")),
        Secteur("boulangerie", "10.71C", ("Boulangerie", "Fournil")),
        Secteur("proprete", "81.21Z", ("Propreté", "Nettoyage", "Multiservices")),
        Secteur("bureau", "69.20Z", ("Cabinet", "Conseil", "Expertise")),
        Secteur("numerique", "62.02A", ("Informatique", "Systèmes", "Études numériques")),
        Secteur("chimie", "20.59Z", ("Laboratoires", "Chimie fine")),
    )
}

METIERS = (
    Metier(
        ("Soudeuse TIG", "Soudeur TIG"), "623c", ("metal",), ("CMR", "BRUIT", "ROA", "POSTURE"),
        "assemblage d’inox au poste de soudage, meulage des cordons",
        "captage des fumées à la torche, masque à ventilation assistée, protecteurs contre le bruit",
    ),
    Metier(
        ("Chaudronnière", "Chaudronnier"), "623a", ("metal",), ("BRUIT", "MANUT", "VIBR", "ACD"),
        "débit, cintrage et pointage de tôles, port de pièces",
        "casque antibruit, palan pour les pièces lourdes, gants anticoupure",
    ),
    Metier(
        ("Opératrice sur commande numérique", "Opérateur sur commande numérique"), "623f", ("usinage", "metal"),
        ("BRUIT", "ACD", "EQUIPE"), "réglage et conduite de centres d’usinage, huiles de coupe, horaires en deux équipes",
        "crème barrière et gants nitrile, aspiration des brouillards d’huile, bouchons moulés",
    ),
    Metier(
        ("Fondeuse", "Fondeur"), "627a", ("metal",), ("TEMP", "BRUIT", "CMR", "EQUIPE"),
        "coulée et ébarbage de pièces, chaleur rayonnante, poussières de silice",
        "masque P3, vêtements aluminisés, pauses à l’abri de la chaleur et eau fraîche",
    ),
    Metier(
        ("Contrôleuse en radiographie industrielle", "Contrôleur en radiographie industrielle"), "475b", ("metal",),
        ("RI_A", "NUIT"), "tirs de gammagraphie sur soudures, souvent de nuit",
        "dosimètre opérationnel, balisage, distance et durée d’exposition au plus court",
    ),
    Metier(
        ("Maçonne", "Maçon"), "632a", ("btp",), ("MANUT", "POSTURE", "VIBR", "ACD", "TEMP"),
        "coffrage, ciment, port de parpaings, travail par tous les temps",
        "gants et bottes contre le ciment, aides à la manutention, hydratation par forte chaleur",
    ),
    Metier(
        ("Monteuse en échafaudages", "Monteur en échafaudages"), "632a", ("second_oeuvre", "btp"),
        ("CHUTE_ECH", "MANUT", "POSTURE"), "montage et démontage d’échafaudages, port de tubes et de planchers",
        "garde-corps de montage avant tout, harnais, levage mécanique des charges",
    ),
    Metier(
        ("Couvreuse", "Couvreur"), "632e", ("second_oeuvre",), ("AMIANTE", "POSTURE", "TEMP", "MANUT"),
        "réfection de toitures, dépose d’anciennes plaques en sous-section 4",
        "masque à ventilation assistée, mode opératoire amiante, douche en fin de poste",
    ),
    Metier(
        ("Électricienne du bâtiment", "Électricien du bâtiment"), "633a", ("second_oeuvre",), ("ELEC", "POSTURE"),
        "tirage de câbles, raccordements, travail bras levés",
        "consignation avant toute intervention, plate-forme individuelle plutôt qu’échelle",
    ),
    Metier(
        ("Infirmière de nuit", "Infirmier de nuit"), "431f", ("sante", "ehpad"), ("NUIT", "BIO2", "MANUT", "RPS"),
        "soins et surveillance de nuit en douze heures, transferts de patients",
        "vaccinations à jour, lève-personne, sieste courte avant la prise de poste",
    ),
    Metier(
        ("Aide-soignante", "Aide-soignant"), "526a", ("sante", "ehpad"), ("BIO2", "MANUT", "POSTURE"),
        "toilettes, transferts au lit, horaires alternés du matin et du soir",
        "lève-personne à deux, hygiène des mains, vaccinations à jour",
    ),
    Metier(
        ("Manipulatrice en radiologie", "Manipulateur en radiologie"), "433a", ("sante",), ("RI_B", "BIO2"),
        "scanner et salle interventionnelle, port du tablier plombé",
        "dosimétrie à lecture différée, écrans mobiles, tablier et protège-thyroïde",
    ),
    Metier(
        ("Technicienne de laboratoire", "Technicien de laboratoire"), "433c", ("sante", "chimie"), ("BIO3", "ACD"),
        "cultures en laboratoire confiné de niveau 3, solvants",
        "poste de sécurité microbiologique, procédure en cas d’accident d’exposition au sang",
    ),
    Metier(
        ("Opératrice de fabrication", "Opérateur de fabrication"), "675b", ("chimie",), ("CMR", "ACD", "NUIT"),
        "chargement de réacteurs, pesées de poudres, travail posté avec nuits",
        "transfert en vase clos, cagoule à adduction d’air, suivi biologique selon la fiche d’exposition",
    ),
    Metier(
        ("Conductrice routière", "Conducteur routier"), "641a", ("transport",), ("VIBR", "MANUT", "NUIT"),
        "longue distance, départs de nuit, chargement au hayon",
        "réglage du siège, pauses toutes les deux heures, transpalette électrique",
    ),
    Metier(
        ("Cariste", "Cariste"), "652a", ("transport", "commerce"), ("COND", "VIBR", "MANUT"),
        "conduite de chariot à mât rétractable, filmage, port ponctuel de colis",
        "vérification du siège et du klaxon à la prise de poste, dos droit pour les ports de charge",
    ),
    Metier(
        ("Préparatrice de commandes", "Préparateur de commandes"), "676c", ("transport", "commerce"),
        ("MANUT", "REPET", "EQUIPE"), "deux cents colis par heure en commande vocale, deux équipes",
        "palettes à hauteur, rotation des zones, signaler toute douleur dès le début",
    ),
    Metier(
        ("Employée libre-service", "Employé libre-service"), "554a", ("commerce",), ("MANUT", "REPET", "TEMP"),
        "mise en rayon, chambre froide, encaissement",
        "gants et veste de froid, escabeau à marches larges, alternance caisse et rayon",
    ),
    Metier(
        ("Cuisinière", "Cuisinier"), "636d", ("restauration", "sante"), ("TEMP", "REPET", "POSTURE"),
        "cuisson et dressage, chaleur, station debout, coupures",
        "chaussures antidérapantes, hydratation, plan de travail à la bonne hauteur",
    ),
    Metier(
        ("Boulangère", "Boulanger"), "636c", ("boulangerie",), ("NUIT", "MANUT", "ACD"),
        "pétrissage et cuisson à partir de trois heures, farine",
        "versement lent de la farine, aspiration plutôt que balai, consulter si rhinite ou sifflements",
    ),
    Metier(
        ("Agente d’entretien", "Agent d’entretien"), "684a", ("proprete", "ehpad"), ("ACD", "POSTURE", "REPET"),
        "nettoyage de bureaux tôt le matin, produits détergents",
        "gants adaptés aux produits, manche télescopique, jamais de mélange de produits",
    ),
    Metier(
        ("Comptable", "Comptable"), "543d", ("bureau", "transport", "metal", "sante"), (),
        "travail sur deux écrans, clôtures mensuelles",
        "écran à hauteur des yeux, pauses visuelles, alternance assis et debout",
    ),
    Metier(
        ("Assistante de direction", "Assistant de direction"), "542a", ("bureau", "usinage", "btp", "chimie"), ("RPS",),
        "accueil, agenda de plusieurs responsables, interruptions fréquentes",
        "temps protégés dans la journée, poste réglable, alerter quand la charge déborde",
    ),
    Metier(
        ("Développeuse", "Développeur"), "388a", ("numerique", "bureau"), (),
        "travail sur écran, télétravail trois jours par semaine",
        "second écran et vrai siège à la maison, marche à midi",
    ),
    Metier(
        ("Enfant artiste du spectacle", "Enfant artiste du spectacle"), "354c", (), (),
        "tournages de quelques heures pendant les vacances, avec autorisation préfectorale",
        "durée du travail selon l’âge, temps de repos, accompagnement par un adulte",
    ),
)  # fmt: skip


def regime_of(expositions: Iterable[str], sir: Mapping[str, str], *, mineur: bool = False) -> tuple[str, str]:
    """Follow-up regime of a post, and the article that gives it. `sir`: for each code, what the nomenclature says.

    Source: C. trav. art. R. 4624-23 (SIR), R. 4624-17 and R. 4624-18 (SIA), R. 4624-16 (SIS).
    """
    codes = tuple(expositions)
    if any(sir[code] == "yes" for code in codes):
        return "SIR", "R. 4153-40" if "JEUNE_TR" in codes else "R. 4624-23"
    if mineur:
        return "SIA", "R. 4624-18"
    if "NUIT" in codes:
        return "SIA", "R. 4624-17, L. 3122-5"
    if "BIO2" in codes:
        return "SIA", "R. 4426-7"
    return "SIS", "R. 4624-16"
