"""Samples of the direction's pages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from spst.comptes.comptes_queries import CompteVu, EquipeVue, HabilitationVue
from spst.comptes.demandes import DemandeVue
from spst.comptes.moyens import NATURES, MoyenVu, etat_of
from spst.comptes.nominatives import CODES, NominativeVue
from spst.comptes.noms import NomAncien
from spst.comptes.octroi_rules import CIVILITES
from spst.comptes.organisation import CentreVu, EquipeOrganisee, Organisation, SecteurOrganise
from spst.comptes.remises import RemiseVue
from spst.comptes.revue_rules import Reglages
from spst.comptes.revues import Echeance, LigneVue, RevueVue
from spst.habilitations import politique as politiques
from spst.habilitations.actions import SECTIONS, TITRES
from spst.habilitations.exceptionnel import Compte
from spst.journal.genres import CHOIX, GENRES
from spst.journal.instructions import ISSUES
from spst.journal.reidentification import RAISONS, Etat, Identite, Raison
from spst.journal.reidentification import DemandeVue as Demande
from spst.journal.rules import DECISIONS, Filtres
from spst.journal.rules import Ligne as LigneDuJournal
from spst.journal.services import Chiffres, PageJournal
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from spst.pilotage import politique, routes_revues, schemas
from spst.pilotage.politique import Case, LigneMatrice
from tests.e2e.samples.common import Model, Sample, at, frame

DIRECTION = ("Pilotage", "Journal des accès", "Accès à examiner", "Comptes", "Politique")


def pilotage() -> Iterator[Sample]:
    yield Sample("politique", "pilotage/politique.html", {"cadre": of_direction("Politique"), "politique": policy()})
    published = policy(version="12-eadf994b", numero=12, publiee_le=at(10, 42))
    yield Sample(
        "politique-publiee", "pilotage/politique.html", {"cadre": of_direction("Politique"), "politique": published}
    )
    yield from _alertes()
    yield Sample(
        "journal", "pilotage/journal.html", {"cadre": of_direction("Journal des accès"), "journal": _journal()}
    )
    yield from _reidentifications()
    yield from _accounts()


def _journal() -> Model:
    hours = (0,) * 8 + (12, 30, 41, 22, 3, 18, 35, 33, 20, 6) + (0,) * 6
    days = (date(2026, 11, 17), date(2026, 11, 23))
    lines = tuple(
        LigneDuJournal(
            UUID(int=rank), at(9, rank), "Dr\u00a0Claire Vasseur-Test", "Médecin du travail", acte, sections, reference,
            decision, ("P-001",), "12-eadf994b", "dossier.open", "MDT", UUID(int=9), UUID(int=8), "",
        )
        for rank, (acte, sections, reference, decision) in enumerate((
            ("Ouvrir le dossier", SECTIONS, "D-7F2K-93QD", "permis"),
            ("Lire une visite", ("S3",), "D-7F2K-93QD", "refuse"),
            ("Accorder une habilitation\u00a0: Mme\u00a0Anne Durand-Test, Administrative", (), None, "permis"),
        ))
    )  # fmt: skip
    return {
        "page": PageJournal(lines, 3, None, None),
        "chiffres": Chiffres(*days, 220, 3, hours),
        "pic": max(hours),
        "filtres": Filtres(*days, acte=CHOIX["genre:comptes"], reference="D-7F2K-93QD"),
        "valeurs": {"periode": "dates", "du": "17/11/2026", "au": "23/11/2026", "qui": "", "acte": "genre:comptes",
                    "volet": "", "decision": "", "dossier": "D-7F2K-93QD"},
        "erreurs": {},
        "adresse": lambda version, regle=None: f"#{regle or version}",
        "periodes": list(schemas.PERIODES.items()),
        "personnes": [("", "Toutes"), ("role:MDT", "Médecin du travail")],
        "actes": [(genre.label, [(one.value, one.label) for one in genre.choix]) for genre in GENRES],
        "volets": [("", "Tous"), *TITRES.items()],
        "decisions": [("", "Toutes"), *DECISIONS.items()],
        "periode_query": "periode=30",
        "exports": [("Exporter en CSV", "#csv"), ("Exporter en FHIR", "#fhir")],
        "reidentifier_url": "#de-qui",
        "plus_recents": None,
        "plus_anciens": None,
    }  # fmt: skip


def _reidentifications() -> Iterator[Sample]:
    lines = [_asked(etat, rank) for rank, etat in enumerate(Etat)]
    reasons = [("", "Choisir"), *((str(code), label) for code, label in RAISONS.items())]
    cadre, template = {"cadre": of_direction("Journal des accès")}, "pilotage/reidentifications.html"
    full: Model = {"lignes": lines, "raisons": reasons, "valeurs": {"dossier": "D-7F2K-93QD"}, "erreurs": {}}
    yield Sample("reidentifications", template, {**cadre, "demandes": full})
    refused = {
        "valeurs": {"dossier": "D-1"},
        "erreurs": {"dossier": "Une référence s’écrit D-7F2K-901M."},
        "lignes": [],
    }
    yield Sample("reidentifications-refus", template, {**cadre, "demandes": {**full, **refused}})
    told = {**_asked(Etat.ACCORDEE, 1), "identite": Identite("ADRUN", "Zoé", date(1990, 5, 3))}
    yield Sample("reidentification", "pilotage/reidentification.html", {**cadre, "demande": told})


def _asked(etat: Etat, rank: int) -> Model:
    is_decided = etat in {Etat.ACCORDEE, Etat.REFUSEE, Etat.CLOSE}
    vue = Demande(
        UUID(int=rank), "D-7F2K-93QD", UUID(int=5), at(8, rank), at(18, 0), Raison.CONTROLE, "Accès à 23\u00a0h.", etat,
        at(9, 0) if is_decided else None, UUID(int=6) if is_decided else None,
        "Rien ne le demande." if etat is Etat.REFUSEE else None, at(19, 0) if is_decided else None,
    )  # fmt: skip
    return {
        "vue": vue, "raison": RAISONS[vue.raison], "medecin": "Dr\u00a0Claire Vasseur-Test" if is_decided else None,
        "lire_url": "#lire" if etat is Etat.ACCORDEE else None,
        "clore_url": "#clore" if etat in {Etat.ATTENTE, Etat.ACCORDEE} else None,
    }  # fmt: skip


_DIRECTOR, _SECOND = "Mme\u00a0Agnès Pradel-Test", "M.\u00a0Loïc Kervazo-Test"


def _alertes() -> Iterator[Sample]:
    in_frame = {"cadre": of_direction("Accès à examiner")}
    ouverts = [
        _cas(),
        _cas(etat="en_cours", ligne=None, raison="Un accès dont j’ai connaissance n’est pas dans la liste"),
    ]
    clos = [_cas(etat="clos", issue=one, issue_libelle=label) for one, label in ISSUES.items()]
    days = [_jour(), _jour(etat="en_cours", phrases=["Un dossier porte son nom et son prénom."], score=100)]
    over = [_jour(etat="clos", issue="erreur", issue_libelle="Erreur sans intention")]
    listed = {
        "ouverts": ouverts,
        "clos": clos,
        "regles": days,
        "regles_closes": over,
        "aujourd_hui": date(2026, 12, 24),
    }
    yield Sample("alertes", "pilotage/alertes.html", in_frame | {"alertes": listed})
    yield Sample(
        "alertes-vide",
        "pilotage/alertes.html",
        in_frame | {"alertes": dict.fromkeys(listed, ()) | {"aujourd_hui": date(2026, 12, 24)}},
    )
    done = {"le": at(11, 0), "qui": _DIRECTOR, "issue": None, "texte": None}
    closed = done | {
        "geste": "Clos",
        "issue": "Accès justifié",
        "texte": "Votre médecin préparait votre visite du 2 décembre.",
    }
    yield Sample("alerte", "pilotage/alerte.html", in_frame | {"cas": _cas()})
    refused = _cas(erreurs={"reponse": "Remplissez ce champ."}, valeurs={"issue": "erreur"}, est_a_moi=False)
    yield Sample("alerte-refus", "pilotage/alerte.html", in_frame | {"cas": refused})
    suites = [done | {"geste": "Pris en charge"}, closed]
    ended = _cas(etat="clos", issue="justifie", issue_libelle="Accès justifié", suites=suites, texte=None)
    yield Sample("alerte-close", "pilotage/alerte.html", in_frame | {"cas": ended})
    for name, changes in (
        ("nouvelle", {}),
        ("close", {"etat": "clos", "issue": "erreur", "issue_libelle": "Erreur sans intention", "suites": suites}),
    ):
        yield Sample(f"alerte-regles-{name}", "pilotage/alerte_regles.html", in_frame | {"cas": _jour(**changes)})
    yield Sample("alerte-a-moi", "pilotage/alerte.html", in_frame | {"cas": _cas(est_a_moi=True, ligne=None)})


def _jour(**changes: object) -> Model:
    phrases = [
        "48 dossiers en moins d’une heure (d’habitude 3).",
        "18 dossiers sur 48 sans rendez-vous proche, et sans rien y écrire.",
        "2 dossiers portent son nom de famille, sans rendez-vous proche.",
    ]
    return {
        "url": "alerte-regles.html", "qui": "Dr\u00a0Marie-Antoinette de la Tour d’Auvergne-Test", "jour": date(2026, 11, 23),
        "score": 90, "phrases": phrases, "signaux": [{"phrase": one, "points": 50} for one in phrases], "le": at(21, 4),
        "maj": at(21, 40), "vu": "1", "etat": "nouveau", "issue": None, "issue_libelle": None, "suites": [], "est_a_moi": False,
        "issues": [(str(one), label) for one, label in ISSUES.items()], "journal_url": "#journal", "valeurs": {}, "erreurs": {},
        **changes,
    }  # fmt: skip


def _cas(**changes: object) -> Model:
    ligne = LigneDuJournal(
        new_id(), at(21, 4, 7), "Dr\u00a0Marie-Antoinette de la Tour d’Auvergne-Test", "Médecin du travail", "Ouvrir le dossier",
        ("S1", "S2", "S3"), "D-7F2K-93QD", "permis", ("P-001",), "12-eadf994b", "dossier.open", "MDT", new_id(), new_id(), "",
    )  # fmt: skip
    words = (
        "Je n’étais pas au travail ce jour-là, et je ne connais pas ce médecin. Pourquoi a-t-il lu mes visites\u00a0?"
    )
    return {
        "url": "alerte.html", "ligne": ligne, "reference": "D-7F2K-93QD", "le": at(9, 30), "due": date(2026, 12, 23),
        "raison": "Je ne connais pas cette personne", "etat": "nouveau", "issue": None, "issue_libelle": None, "texte": words,
        "est_a_moi": False, "efface": False, "vu": None, "suites": [], "journal_url": "#journal",
        "issues": [(str(one), label) for one, label in ISSUES.items()], "valeurs": {}, "erreurs": {}, **changes,
    }  # fmt: skip


def _accounts() -> Iterator[Sample]:
    nurse, alone = _compte("Mme", "Claire", "VASSEUR-TEST", Role.INF), _compte("M.", "Yves", "ROLLAND-TEST", Role.ADM)
    waiting = (_demande(nurse, mine=False), _demande(alone, mine=True))
    in_frame = {"cadre": of_direction("Comptes")}
    liste = {"q": "", "saisie": "", "comptes": [nurse, alone], "erreur": None, "demandes": waiting}
    yield Sample("comptes", "pilotage/comptes.html", in_frame | {"liste": liste})
    yield Sample("compte", "pilotage/compte.html", in_frame | {"fiche": _fiche(nurse, waiting[:1])})
    yield Sample(
        "direction-accueil",
        "pilotage/accueil.html",
        {"cadre": of_direction("Pilotage"), "accueil": _home(waiting, alone)},
    )
    for name, vue in (("revue", _revue()), ("revue-signee", _revue(signed=True))):
        yield Sample(name, "pilotage/revue.html", in_frame | {"revue": _lines(vue)})
    listed = {"revues": [_revue(), _revue(signed=True)], "echeance": _echeance(), "reglages": Reglages(), "agit": True}
    listed |= {"refus": None, "erreurs": {}, "intervalles": [("3", "3 mois")], "inusages": [("90", "90 jours")]}
    yield Sample("revues", "pilotage/revues.html", in_frame | {"liste": listed})
    held = [_moyen("cps", 12), _moyen("certificat_organisation", -3), _moyen("boite_mssante", None)]
    names = ("Mme Claire Vasseur-Test", "M. Yves Rolland-Test")
    inventory = {"moyens": held, "habilites": dict.fromkeys(CODES, names), "codes": CODES, "agit": True}
    inventory |= {"personnes": [("1", names[0])], "natures": list(NATURES.items()), "valeurs": {}, "erreurs": {}}
    yield Sample("moyens", "pilotage/moyens.html", in_frame | {"inventaire": inventory})
    yield Sample("moyen", "pilotage/moyen.html", in_frame | {"inventaire": inventory | {"moyen": held[0]}})
    yield from _equipes(in_frame, names)
    file = {"habilites": names, "certificats": held[1:2], "cartes": held[:1]}
    yield Sample("moyens-insi", "pilotage/moyens_insi.html", in_frame | {"dossier": file})


def _equipes(in_frame: Model, names: tuple[str, ...]) -> Iterator[Sample]:
    teams = (
        EquipeOrganisee(UUID(int=1), "Équipe Vasseur", "Centre Rive-Sud", tuple((new_id(), name) for name in names)),
        EquipeOrganisee(UUID(int=2), "Équipe Besson", "Centre Rive-Sud", ()),
    )
    secteurs = (SecteurOrganise(UUID(int=3), "Secteur sud", teams), SecteurOrganise(UUID(int=4), "Bâtiment", ()))
    vue = Organisation(secteurs, (CentreVu(UUID(int=5), "Centre Rive-Sud", "Lyon"),), ((UUID(int=6), "Siège"),))
    view = {
        "vue": vue,
        "secteurs": [(str(one.id), one.nom) for one in secteurs],
        "centres": [("5", "Centre Rive-Sud, Lyon")],
        "structures": [("6", "Santé au travail des Deux-Rives, 13002526500013")],
    }
    refused = {
        "form": "equipe",
        "valeurs": {"nom": "Équipe Vasseur"},
        "erreurs": {"nom": "Une équipe porte déjà ce nom."},
    }
    for name, reprise in (("equipes", {"form": "", "valeurs": {}, "erreurs": {}}), ("equipes-refus", refused)):
        yield Sample(name, "pilotage/equipes.html", in_frame | {"organisation": view | {"reprise": reprise}})


def _compte(civilite: str, given: str, name: str, role: Role) -> CompteVu:
    held = HabilitationVue(
        new_id(),
        role,
        at(8, 0),
        None,
        None,
        False,
        None,
        _DIRECTOR,
        _SECOND,
        "en_cours",
    )
    return CompteVu(
        id=new_id(), civilite=civilite, prenom=given, nom=name, rpps="81000000123", email=None, created_at=at(8, 0),
        suspended_at=None, suspended_why=None, departs_at=at(9, 0), last_login_at=at(8, 0), counted_from=at(8, 0), inusite=False,
        has_left=False, inscription=None, inscription_expires_at=None, sessions=1, habilitations=(held,),
        equipes=(EquipeVue(new_id(), new_id(), "Équipe Vasseur"),),
    )  # fmt: skip


def _demande(compte: CompteVu, *, mine: bool) -> DemandeVue:
    return DemandeVue(
        new_id(),
        compte.id,
        compte.nom_complet,
        Role.IPA,
        at(8, 0),
        None,
        mine,
        None,
        at(9, 0),
        _SECOND,
        False,
        mine,
    )


def _fiche(compte: CompteVu, waiting: tuple[DemandeVue, ...]) -> Model:
    return {
        "compte": compte, "sessions": [], "equipes": [("1", "Équipe Besson")], "roles": [("INF", "Infirmier")],
        "roles_fermes": [], "preuve": "Pro Santé Connect doit attester la profession du rôle.", "retablir": set(),
        "demandes": waiting,
        "anciens_noms": (NomAncien("Mme\u00a0Claire Ancien-Test", at(8, 0), _DIRECTOR),) if not compte.rpps else (),
        "civilites": [(one, one) for one in CIVILITES],
        "remise": None if compte.rpps else RemiseVue(at(8, 55), _DIRECTOR),
        "seule_direction": False, "codes": CODES, "a_donner": ["insi", "mssante"],
        "nominatives": (NominativeVue(new_id(), "dmp_alimenter", at(9, 0), _DIRECTOR),),
        "is_own": False, "derniere_direction": False, "reprise": None,
    }  # fmt: skip


def _home(waiting: tuple[DemandeVue, ...], unused: CompteVu) -> Model:
    hours = [0] * 8 + [12, 30, 41, 22, 3, 18, 35, 33, 20, 6] + [0] * 6
    figures = {"start": date(2026, 11, 17), "end": date(2026, 11, 23), "acces": 220, "refus": 3, "par_heure": hours}
    counts: Model = {
        "actifs": 24,
        "sans_role": 1,
        "suspendus": 2,
        "inscriptions": 0,
        "sessions": 5,
        "roles": [("Médecin du travail", 5)],
    }
    told = [
        {"qui": "Dr Claire Vasseur-Test", "reference": "D-7F2K-93QD", "le": at(9, 4), "fin": at(10, 4), "avis": avis}
        for avis in (None, "justifie", "injustifie")
    ]
    sleeping = [replace(unused, inusite=True, suspended_at=at(2, 0)), unused]
    view = {"chiffres": figures, "pic": max(hours), "comptes": counts, "demandes": waiting, "echeance": _echeance()}
    waits = {
        "exceptionnels": Compte(3, 2, 1, 0),
        "avertissements": told,
        "politique_proposee_le": at(2, 0),
        "a_examiner": 2,
    }
    return view | waits | {"inusites": sleeping}


def _echeance() -> Echeance:
    return Echeance(date(2026, 10, 31), True, date(2026, 7, 31), _revue())


def _revue(*, signed: bool = False) -> RevueVue:
    end = (at(10, 0), _DIRECTOR, "3f" * 32) if signed else (None, None, None)
    return RevueVue(UUID(int=7), at(8, 0), _DIRECTOR, 5, 5 if signed else 3, 1, *end)


def _lines(vue: RevueVue) -> Model:
    people = [
        _held(_DIRECTOR, [("role", "DIR")], own=True, decided=vue.signed_at is not None),
        _held("Mme\u00a0Claire Vasseur-Test", [("role", "INF"), ("equipe", "Équipe Vasseur")], decided=True),
        _held(
            "M.\u00a0Yves Rolland-Test",
            [("role", "ADM"), ("nominative", "enregistrement")],
            decided=vue.signed_at is not None,
        ),
    ]
    return {
        "vue": vue, "comptes": people, "concorde": True if vue.signed_at else None, "agit": vue.signed_at is None,
        "a_decider": 2, "recente": True, "par_psc": True, "psc_url": "#psc", "refus": None, "saisies": {},
        "natures": routes_revues.NATURES, "decisions": routes_revues.DECISIONS, "droit": routes_revues.droit_of,
    }  # fmt: skip


def _held(name: str, things: list[tuple[str, str]], *, decided: bool, own: bool = False) -> tuple[UUID, list[LigneVue]]:
    compte_id, choices = new_id(), ("garder", "retirer")
    return compte_id, [
        LigneVue(
            new_id(), rank, compte_id, name, nature, objet, at(8, 0), None, at(8, 0),
            choices[rank % 2] if decided else None, "Changement de poste" if decided else None,
            at(9, 0) if decided else None, _SECOND if decided else None, own,
        )
        for rank, (nature, objet) in enumerate(things)
    ]  # fmt: skip


def _moyen(nature: str, days: int | None) -> MoyenVu:
    ends = None if days is None else date(2026, 11, 23) + timedelta(days=days)
    return MoyenVu(
        new_id(), nature, "8012 3456 7890", None, "Accueil", "Accueil", new_id(), _DIRECTOR, ends, None, None,
        etat_of(days), days,
    )  # fmt: skip


def of_direction(current: str) -> Model:
    nav = [{"libelle": name, "url": "#", "courant": name == current, "compte": None} for name in DIRECTION]
    me = {
        "nom": "Mme Agnès Pradel-Test",
        "role": "Direction",
        "compte_url": "#compte",
        "deconnexion_url": "/deconnexion",
    }
    return frame("", nav=nav, recherche=None, moi=me)


def policy(**changes: object) -> Model:
    return {
        "version": "0-eadf994b",
        "publiee_le": None,
        "colonnes": politique.COLONNES,
        "lignes": [LigneMatrice(code, titre, tuple(_cells(rank))) for rank, (code, titre) in enumerate(TITRES.items())],
        "legales": [{"code": code, "contenu": titre, "article": "R. 4624-45-4"} for code, titre in TITRES.items()],
        "regles": politique.regles(politiques.ceiling_alone()),
        "numero": 0,
        "reglages": {"inactivite_min": 15, "motifs": []},
        "brouillon": None,
        "prepare": True,
        **changes,
    }


def _cells(rank: int) -> Iterator[Case]:
    kinds = (
        Case("remplir"),
        Case("lire", precision="sans contenu"),
        Case("ferme", article="R-001"),
        Case("loi", article="R. 4624-45-5"),
    )
    for column, (role, _, _) in enumerate(politique.COLONNES):
        case = kinds[(rank + column) % len(kinds)]
        yield Case(case.etat, case.article, case.precision, role.label)
