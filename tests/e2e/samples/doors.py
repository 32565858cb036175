"""Samples of the pages where somebody enters, or is told why not."""

from collections.abc import Iterator
from dataclasses import replace

from spst.habilitations.actions import TITRES
from spst.web.ports import Lien, Refus, RegleCitee
from tests.e2e.samples.common import LONG_COMPANY, LONG_FIRST, LONG_NAME, Model, Sample, at, frame, outside


def logins() -> Iterator[Sample]:
    def page(name: str, template: str, **connexion: object) -> Sample:
        return Sample(name, f"connexion/{template}.html", {"cadre": outside(), "connexion": connexion})

    yield page(
        "choix",
        "choix",
        psc_url="#psc",
        ecps_url="ecps.html",
        locale_url="locale.html",
        portail_url="#portail",
        message=None,
    )
    yield page(
        "choix-message",
        "choix",
        psc_url="#psc",
        ecps_url="ecps.html",
        locale_url="locale.html",
        portail_url=None,
        message="Votre session s’est fermée après 20 minutes sans activité. Rien n’est perdu.",
    )
    refused = "Identifiant ou mot de passe inconnu. Vérifiez-les, puis recommencez."
    for name, porte in {
        "locale": {"ouverte": True, "ailleurs": None},
        "locale-numero": {"ouverte": False, "ailleurs": "http://localhost:8000/connexion/locale"},
        "locale-sans-nom": {"ouverte": False, "ailleurs": None},
    }.items():
        yield page(
            name, "locale", action="/locale", identifiant="a.prigent", erreur=refused, retour_url="choix.html",
            cle=porte, cle_action="/locale/cle",
        )  # fmt: skip
    yield page("totp", "totp", action="/totp", secours_action="/secours", erreur=None, retour_url="choix.html")
    wrong = "Ce code ne convient pas. Attendez le suivant."
    yield page("totp-refuse", "totp", action="/totp", secours_action=None, erreur=wrong, retour_url="choix.html")
    services = [
        {"id": "1", "nom": "Santé au travail des Deux-Rives", "role": "Médecin du travail", "ferme": None},
        {"id": "2", "nom": LONG_COMPANY, "role": "Collaborateur médecin", "ferme": None},
        {"id": "3", "nom": "Prévention du Marais", "role": "", "ferme": "Service suspendu depuis le 1er mars 2026."},
    ]
    yield page("spst", "spst", action="/spst", nom="Dr Claire Vasseur", services=services)
    yield page("refusee", "refusee", retour_url="choix.html", reference="7F2K")
    yield page("fermee", "fermee", retour_url="choix.html", psc_ouverte=True)


def ecps() -> Iterator[Sample]:
    """The e-CPS asked for from here: the number, a browser that nobody has entered from, the two digits to compare."""
    ask: Model = {
        "action": "/ecps",
        "rpps": "",
        "connu": True,
        "erreur": None,
        "alerte": None,
        "reference": None,
        "psc_url": "#psc",
        "retour_url": "choix.html",
    }
    wait: Model = {
        "nombre": "07",
        "reste_s": 112,
        "reste": "1\u00a0min\u00a052\u00a0s",
        "panne": None,
        "pas_encore": None,
        "action": "/attente",
        "arret_action": "/arret",
        "retour_url": "ecps.html",
    }
    wrong = "Un chiffre de ce numéro RPPS est faux. Relisez-le sur votre carte ou dans l’application e-CPS."
    ended = "La demande a expiré sans réponse. Ouvrez l’application e-CPS sur votre téléphone, puis recommencez ici."
    silent = "Pro Santé Connect ne répond pas. Votre demande n’est pas refusée\u00a0: nous continuons à l’interroger."
    models: dict[str, tuple[str, Model]] = {
        "ecps": ("ecps", ask),
        "ecps-fautif": ("ecps", {**ask, "rpps": "10099000018", "erreur": wrong}),
        "ecps-fin": ("ecps", {**ask, "alerte": ended, "reference": "7F2K-0A1B-22C3"}),
        "ecps-inconnu": ("ecps", {**ask, "connu": False}),
        "ecps-attente": ("ecps_attente", wait),
        "ecps-attente-panne": ("ecps_attente", {**wait, "panne": silent}),
    }
    for name, (template, model) in models.items():
        yield Sample(name, f"connexion/{template}.html", {"cadre": outside(), "connexion": model})


def providers() -> Iterator[Sample]:
    """The door of an SPST that has a provider of its own, names at their longest."""
    usual: Model = {"spst": LONG_COMPANY, "nom": "Annuaire fédéré des " + LONG_COMPANY}
    models: dict[str, tuple[str, Model]] = {
        "fournisseur": ("fournisseur", {"depart_url": "#depart"}),
        "fournisseur-lien": ("fournisseur_lien", {"erreur": None, "retour_url": "fournisseur.html"}),
        "fournisseur-refuse": ("fournisseur_lien", {"erreur": "Ce code a expiré.", "retour_url": "fournisseur.html"}),
        "un-facteur": ("un_facteur", {}),
    }
    for name, (template, values) in models.items():
        yield Sample(name, f"connexion/{template}.html", {"cadre": outside(), "fournisseur": {**usual, **values}})


def keys() -> Iterator[Sample]:
    """One's own passkeys: none, several at their longest, too late to add one, none possible."""
    several = [
        {"id": "1", "nom": "Portable du bureau", "created_at": at(9, 2), "last_used_at": at(10, 40)},
        {"id": "2", "nom": "W" * 60, "created_at": at(9, 4), "last_used_at": None},
    ]
    usual: Model = {
        "liste": several,
        "fraiche": True,
        "nom": "",
        "erreur": None,
        "entrer_url": "locale.html",
        "porte": {"ouverte": True, "ailleurs": None},
    }
    models: dict[str, Model] = {
        "cles": {},
        "cles-aucune": {"liste": [], "nom": "Tablette", "erreur": "La clé n’a pas été ajoutée. Recommencez."},
        "cles-tard": {"fraiche": False},
        "cles-numero": {"porte": {"ouverte": False, "ailleurs": "http://localhost:8000/compte/cles"}},
        "cles-psc": {"liste": None},
    }
    for name, changes in models.items():
        yield Sample(name, "connexion/cles.html", {"cadre": frame(""), "cles": {**usual, **changes}})


def errors() -> Iterator[Sample]:
    followed = RegleCitee(
        "P-110", "Vous ne suivez pas ce salarié. Seule son équipe de suivi ouvre son dossier.", "L. 1110-4 I CSP"
    )
    closed_here = RegleCitee(
        "R-131", "Votre service ferme le volet S4 (Courriers) aux infirmiers.", "R. 4624-45-5", "politique.html"
    )
    refused = Refus(
        titre="Ce dossier vous est fermé",
        phrase="Vous ne suivez pas ce salarié. Seule son équipe de suivi ouvre son dossier (L. 1110-4 I CSP, R. 4624-45-5).",
        demande="Ouvrir le dossier",
        fonctions="",
        volets=list(TITRES.items()),
        regles=[followed, closed_here],
        politique=Lien("Plafond national et version 12 de votre service, en vigueur depuis le 1er septembre 2026", ""),
        recours="Demandez au médecin du travail de ce salarié\u00a0: Dr Claire Vasseur.",
    )
    asked = replace(
        refused,
        titre="Votre service vous ferme ce volet",
        phrase="Votre service ferme le volet S4 (Courriers) aux médecins (R. 4624-45-5).",
        volets=[("S4", "Courriers")],
        regles=[closed_here],
        politique=Lien("Plafond national et version 12 de votre service", "politique.html"),
        recours=f"Demandez à la direction de votre service\u00a0: {LONG_FIRST} {LONG_NAME} et Mme Hélène Prigent.",
        suites=[Lien("Demander un accès exceptionnel", "403.html")],
    )

    def refusal(explained: Refus) -> Model:
        told = {"titre": explained.titre, "phrase": explained.phrase, "reference": "7f2k-11aa-90bc"}
        return {
            **told,
            "explication": explained,
            "question": False,
            "retour_url": "journee.html",
            "retour": "Revenir à l’accueil",
        }

    conflict = {"phrase": "M. Le Roux a changé l’identité à 10 h 41.", "retour_url": "dossier.html"}
    models: dict[str, Model] = {
        "404": {},
        "403": {"refus": refusal(refused)},
        "409": {"conflit": conflict},
        "413": {"limite": {"taille": "100\u202f000 signes", "retour_url": "visite.html"}},
        "429": {"attente": {"secondes": 30}},
        "503": {"panne": {"phrase": None, "reference": "7F2K"}},
        "500": {"reference": "7F2K"},
    }
    for code, model in models.items():
        yield Sample(code, f"errors/{code}.html", {"cadre": frame(""), **model})
    question = {**refusal(asked), "question": True}
    yield Sample("403-volet", "errors/403.html", {"cadre": frame(""), "refus": question})
    closed = {"phrase": "Cette partie ne se lit pas d’ici.", "article": "R. 4624-45-5"}
    told = {"phrase": "Rechargez la page, puis recommencez.", "reference": "7F2K"}
    for code, model in {**models, "403": {"refus": closed}, "422": {"demande": told}}.items():
        if code not in {"409", "413"}:
            values = {"cadre": frame("", nav=[], recherche=None, moi=None, session=None), **model}
            yield Sample(f"portail-{code}", f"errors/portail/{code}.html", values)
