"""Names of invented people and companies."""

NOMS = """
ABADIE ALLARD AMBLARD ARNAUD ASTIER AUBERT AUBRY BAILLY BARBIER BARRAL BARRET BASTIDE BAUDRY BEAUFORT BELLET BENOIT BERGER
BERTHET BESSON BIANCHI BLANCHET BOISSIER BONNARD BONNET BOUCHER BOUDET BOUQUET BOURGEOIS BOUVIER BOYER BRETON BRUNEL BRUYERE
CADET CAMUS CARLIER CASTEL CHAMBON CHAPUIS CHARPENTIER CHARRIER CHATELAIN CHAUVET CHEVALIER CLAVEL CLEMENT COLIN COMBES
CORDIER COSTA COULON COURBET CROZET DASILVA DAVID DELORME DEVAUX DIALLO DIAS DJEBBAR DUBREUIL DUCLOS DUFOUR DUMAS DUMONT
DUPRE DURIEUX DUVAL ESPINASSE ETIENNE FABRE FARGE FAURE FAVIER FERREIRA FERRIER FLEURY FONTAINE FORESTIER FOURNEL FRAISSE
GAILLARD GALLET GARCIA GARNIER GAUDIN GAUTHIER GERMAIN GIRAUD GIRODET GONZALEZ GRANGE GRANJON GRENIER GUERIN GUICHARD HAMDI
HENRY HERITIER HUMBERT IMBERT JACQUET JOLIVET JOUVE JULLIEN KACI KELLER KHELIFI KONE KOWALSKI LABBE LACOMBE LACROIX LAFOND
LAGARDE LAMBERT LAPORTE LAURENT LAVAL LEFEVRE LEGRAND LEMAIRE LEROUX LOMBARD LOPES MAGNIN MARCHAND MARECHAL MARTEL MARTIN
MARTINEZ MASSON MATHIEU MERCIER MEUNIER MEYNIER MICHAUD MONNIER MONTAGNE MOREL MORETTI MOULIN MOUNIER MULLER NAVARRO NGUYEN
NICOLAS NOIR OLIVIER OUEDRAOGO PAGES PASCAL PAYET PELLETIER PEREIRA PERRET PERRIER PETIT PEYRARD PHILIPPE PICARD PINTO POIRIER
PONCET PORTE POULAIN PRADIER PREVOST PRUDHOMME QUENTIN RAMOS REYNAUD RICHARD RIVOIRE ROBERT ROCHE RODRIGUEZ ROLLAND ROMERO
ROSSI ROUSSEL ROUX ROYER SABATIER SALOMON SANCHEZ SAUNIER SAVARY SEGUIN SERRE SIMON SOULIER TARDY TERRIER TESSIER THEVENET
THIBAULT THOMAS TISSOT TOURE TRAORE VACHER VALENTIN VALLET VARENNE VERDIER VERNET VIAL VIDAL VIGNERON VILLARD VINCENT WEBER
YILMAZ ZANETTI ZIMMERMANN
""".split()

NOMS_COMPOSES = (
    """
D'ALMEIDA|DE LA BRUNETIERE|DE OLIVEIRA|DELL'AQUILA|DES GRANGES|D'HAUTEVILLE DE SAINT-AUBIN|DU PLESSIS|EL AMRANI|BEN YOUSSEF
L'HERMITTE|LE GUEN|LE TALLEC|M'BAYE|N'DIAYE|N'GUESSAN|O'CONNOR|SAINT-ANDRE|SAINTE-CROIX|VAN DER MEERSCH|VON BERGEN|DI GIACOMO
DE CASTELNAU-MONTREDON DE LA ROCHE-AYMON|ABD EL KADER|TRAN VAN|LA PORTA|AIT-BRAHIM|D'AGOSTINO|DOS SANTOS FERREIRA|LO PRESTI
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

# Family names as companies write them, where capitals lose an accent.
ACCENTS = {
    "BENOIT": "Benoît",
    "BRUYERE": "Bruyère",
    "CLEMENT": "Clément",
    "DUPRE": "Dupré",
    "ETIENNE": "Étienne",
    "GUERIN": "Guérin",
    "HERITIER": "Héritier",
    "KONE": "Koné",
    "LABBE": "Labbé",
    "LEFEVRE": "Lefèvre",
    "MARECHAL": "Maréchal",
    "MULLER": "Müller",
    "OUEDRAOGO": "Ouédraogo",
    "PAGES": "Pagès",
    "PREVOST": "Prévost",
    "SEGUIN": "Séguin",
    "TOURE": "Touré",
    "TRAORE": "Traoré",
}

PRENOMS_FEMININS = """
Adèle Agnès Aïcha Alice Aline Amandine Amélie Anaïs Andréa Anne Anne-Laure Anne-Sophie Annick Aude Audrey Aurélie Béatrice
Bérengère Brigitte Camille Carole Caroline Cécile Céline Chantal Charlène Charlotte Chloé Christelle Christiane Christine Claire
Claudine Clémence Corinne Cynthia Delphine Denise Dominique Élise Élodie Émilie Emma Estelle Eva Fabienne Fanny Fatima Fatoumata
Florence Françoise Gaëlle Géraldine Hélène Inès Isabelle Jeanne Jennifer Jessica Joëlle Julie Juliette Karine Kelly Khadija
Laëtitia Laura Laurence Léa Linda Lucie Magali Manon Maria Marie Marie-Christine Marie-Ève Marie-Noëlle Marine Marion Maryse
Mathilde Mélanie Michèle Mireille Morgane Muriel Myriam Nadège Nadia Nathalie Noémie Océane Odile Ophélie Pascale Patricia
Pauline Rachel Régine Sabrina Samira Sandra Sandrine Sarah Séverine Sonia Sophie Stéphanie Sylvie Tiphaine Valérie Vanessa
Véronique Virginie Yasmine Yvette
""".split()

PRENOMS_MASCULINS = """
Abdel Adrien Ahmed Alain Alexandre Alexis Amadou André Anthony Antoine Arnaud Arthur Aurélien Baptiste Bastien Benjamin Benoît
Bernard Bruno Cédric Christian Christophe Clément Cyril Damien Daniel David Denis Didier Dimitri Dominique Dylan Éric Étienne
Fabien Fabrice Florian François Franck Frédéric Gaëtan Gérard Gilles Grégory Guillaume Hervé Hugo Ibrahima Jacques Jean
Jean-Baptiste Jean-Christophe Jean-Luc Jean-Marc Jean-Pierre Jérémy Jérôme Joël Jonathan Jordan José Julien Karim Kevin Laurent
Léo Loïc Luc Lucas Ludovic Malik Marc Marcel Mathieu Maxence Maxime Michaël Michel Mickaël Mohamed Moussa Nathan Nicolas Noël
Olivier Pascal Patrice Patrick Paul Paul-Henri Philippe Pierre Pierre-Yves Quentin Rachid Raphaël Régis Rémi Rémy Romain
Sébastien Serge Simon Stéphane Steven Théo Thibault Thierry Thomas Tristan Valentin Victor Vincent Walid Xavier Yannick Yves
Zinedine
""".split()

# INSEE codes of communes and, for people born abroad, of countries.
LIEUX_NAISSANCE = """
69123 69123 69381 69388 42218 42218 38185 63113 13055 13208 06088 31555 33063 34172 35238 44109 45234 57463 59350 67482 75112
75120 76540 80021 83137 92050 93066 14118 17300 18033 2A004 2B033 97105 97209 97302 97411 99352 99350 99351 99139 99127 99134
99122 99109 99341 99326
""".split()

VOIES = (
    "rue des Lilas",
    "avenue de la Gare",
    "chemin du Moulin",
    "impasse des Vergers",
    "rue de l’Église",
    "place du Marché",
    "montée des Tilleuls",
    "allée Marie-Curie",
    "route de la Vallée",
    "quai des Bateliers",
    "rue Louise-Michel",
    "cours de la République",
)
