"""Every form of the application: who may send it, where to, what it holds, what its page shows again."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import uuid4

from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from tests.robustesse.poste import Poste
from tests.robustesse.scene import Scene

Values = dict[str, tuple[str, ...]]


def today() -> str:
    return datetime.now(UTC).strftime("%d/%m/%Y")


@dataclass(frozen=True, slots=True)
class Formulaire:
    """`arrange` brings the world to a state in which the act may be done, and returns browser, path and right values.

    `shown`: fields that the page of a refusal (422) holds again. `kept_apart`: a refusal may leave what was written before,
    each note in a transaction of its own, what is noted of a refusal at the door of the portal, and a try that was spent.
    """

    endpoint: str
    arrange: Callable[[Scene], tuple[Poste, str, Values]]
    shown: tuple[str, ...] = ()
    kept_apart: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    accepted: int = 303
    """The answer to the first of each right value; a refusal where a right one cannot be known in advance."""


def _dossier(scene: Scene, tail: str) -> str:
    return f"/dossiers/{scene.a.zoe.dossier_id}/{tail}"


def _medecin(tail: str, **values: tuple[str, ...]) -> Callable[[Scene], tuple[Poste, str, Values]]:
    return lambda scene: (scene.of(Role.MDT), _dossier(scene, tail), values)


def _direction(path: Callable[[Scene], str], **values: tuple[str, ...]) -> Callable[[Scene], tuple[Poste, str, Values]]:
    return lambda scene: (scene.of(Role.DIR), f"/direction/{path(scene)}", values)


def _start(scene: Scene) -> tuple[Poste, str, Values]:
    scene.forget_visits()
    values: Values = {"type": ("DEM_MDT", "EMAI"), "date": (today(),), "operation_id": (str(new_id()), str(uuid4()))}
    return scene.of(Role.MDT), _dossier(scene, "visites"), values


def _visit(tail: str, values: Values) -> Callable[[Scene], tuple[Poste, str, Values]]:
    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        scene.forget_visits()
        return scene.of(Role.MDT), f"/visites/{scene.visite()}/{tail}", values

    return arrange


def _addendum(scene: Scene) -> tuple[Poste, str, Values]:
    scene.forget_visits()
    return scene.of(Role.MDT), f"/visites/{scene.closed()}/complements", {"texte": ("Audiogramme reçu.",)}


def _statut(scene: Scene) -> tuple[Poste, str, Values]:
    scene.forget_visits()
    values: Values = {"statut": ("arrive", "absent", "excuse", "convoque", "en_cours", "recu")}
    return scene.of(Role.MDT), f"/rendez-vous/{scene.rendez_vous()}/statut", values


def _opposition(scene: Scene) -> tuple[Poste, str, Values]:
    scene.lift_oppositions()
    return scene.of(Role.MDT), _dossier(scene, "oppositions"), {"objet": ("mpc", "transfert")}


def _grant(scene: Scene) -> tuple[Poste, str, Values]:
    values: Values = {
        "role": ("ADM", "DPO", "IPRP"),
        "debut": ("", today()),
        "fin": ("", "31/12/2099"),
        "hors_structure": ("", "oui"),
        "attestation": ("", "Délibération du 4 mai"),
    }
    return scene.of(Role.DIR), f"/direction/comptes/{scene.compte()}/roles", values


def _own_session(scene: Scene) -> tuple[Poste, str, Values]:
    medecin = scene.a.medecin
    return scene.of(Role.MDT), "/compte/sessions/fermer", {"session": (scene.session_of(medecin), "a" * 64)}


def _choice(scene: Scene) -> tuple[Poste, str, Values]:
    return (
        scene.choosing(),
        "/connexion/choix",
        {"tenant_id": (f"{scene.a.tenant_id}.DPO.", f"{scene.a.tenant_id}.DIR.")},
    )


CONTACT: Values = {
    "nom_utilise": ("Le Floc’h", ""),
    "prenom_utilise": ("", "Zoé"),
    "telephone": ("06 12 34 56 78", ""),
    "email": ("", "zoe@exemple.test"),
    "adresse": ("1 rue du Port\r\n44000 Nantes", ""),
}
EMPLOI: Values = {
    "employeur": ("73282932000074", "chantiers de la briere"),
    "etablissement": ("",),
    "poste": ("Cariste",),
    "type": ("CDI", "interim"),
    "debut": ("01/09/2026",),
}
IDENTITE: Values = {
    "nom_naissance": ("Kerbrat",),
    "prenoms": ("Maëlys, Anne",),
    "premier_prenom": ("", "Maëlys"),
    "sexe": ("F", "I"),
    "lieu": ("29019", "2A004"),
    "etape": ("creer", "verifier"),
    "vus": ("",),
}
IDENTITE_SHOWN = (
    "nom_naissance",
    "prenoms",
    "premier_prenom",
    "naissance",
    "lieu",
    *CONTACT,
    "employeur",
    "poste",
    "debut",
)


_DAYS = count()


def _chosen(scene: Scene) -> Values:
    return {"etablissement": (str(scene.a.etablissement_id),), "retour": ("/secteurs",)}


def _salarie(scene: Scene, tail: str) -> str:
    return f"/salaries/{scene.a.zoe.travailleur_id}/{tail}"


def _identite(scene: Scene) -> tuple[Poste, str, Values]:
    """Born on a day of his own: nobody of the register may be the same person."""
    born = date(1950, 1, 1) + timedelta(days=next(_DAYS))
    own: Values = {"naissance": (born.strftime("%d/%m/%Y"),), "operation_id": (str(new_id()), str(uuid4()))}
    return scene.of(Role.ADM), "/salaries/nouveau", {**IDENTITE, **CONTACT, **EMPLOI, **own}


def _emploi(scene: Scene) -> tuple[Poste, str, Values]:
    return scene.of(Role.ADM), _salarie(scene, "emplois"), {**EMPLOI, "operation_id": (str(new_id()), str(uuid4()))}


NOTE: Values = {
    "rubrique": ("entretien", "information"),
    "texte": ("Acouphènes brefs.",),
    "revision": ("0", "1"),
    "operation_id": (str(uuid4()), str(uuid4())),
}
WHOLE_NOTE: Values = {
    "texte.entretien": ("Acouphènes brefs.", ""),
    "revision.entretien": ("0",),
    "texte.information": ("Portez vos bouchons moulés.", "Portez vos gants."),
    "revision.information": ("1", "0"),
}
LETTER: Values = {
    "sens": ("recu", "envoye"),
    "date_courrier": ("04/05/2026", "2026-05-04"),
    "correspondant": ("Dr Amiel",),
    "objet": ("Avis ORL",),
    "texte": ("Chère consœur,\r\nmerci.",),
}
EXPOSURE: Values = {
    "agent": ("BRUIT",),
    "debut": ("01/01/2021",),
    "fin": ("", "31/12/2021"),
    "source": ("declare", "mesure"),
    "precision": ("", "Atelier 4"),
}
ACCOUNT: Values = {
    "civilite": ("Mme", "Dr"),
    "prenom": ("Anne",),
    "nom": ("Prigent",),
    "rpps": ("", "810000000000"),
    "email": (f"{uuid4().hex}@essai.test", ""),
}
SEARCH: Values = {"q": ("adr", "adrûn zo"), "naissance": ("", "31/12/1975")}
END: Values = {"confirme": ("oui",), "orientation_medecin": ("", "oui"), "prochaine_visite_on": ("", "01/10/2027")}
LOGOUT_TOKEN: Values = {"logout_token": ("eyJhbGciOiJub25lIn0.e30.", "a.b.c")}

_FORMS = (
    Formulaire("visites.start", _start, ("date", "operation_id")),
    Formulaire("visites.save_note", _visit("notes", NOTE), headers={"X-Requested-With": "fetch"}),
    Formulaire("visites.close", _visit("cloture", END), ("prochaine_visite_on",), kept_apart=True),
    Formulaire("visites.abandon", _visit("abandon", {})),
    Formulaire("visites.complete", _addendum, ("texte",)),
    Formulaire("visites.set_statut", _statut),
    Formulaire(
        "actes.medecin_traitant",
        _medecin("medecin-traitant", nom=("Dr Kerhoas",), contact=("02 40 00 00 00",)),
        ("nom", "contact"),
    ),
    Formulaire(
        "actes.add_courrier", _medecin("courriers", **LETTER), ("date_courrier", "correspondant", "objet", "texte")
    ),
    Formulaire("actes.inform", _medecin("informations", support=("remise", "courrier", "portail"))),
    Formulaire("actes.oppose", _opposition),
    Formulaire(
        "actes.lift_opposition", lambda s: (s.of(Role.MDT), _dossier(s, f"oppositions/{s.opposition()}/levee"), {})
    ),
    Formulaire("actes.add_exposition", _medecin("expositions", **EXPOSURE), ("debut", "fin", "precision")),
    Formulaire(
        "actes.end_exposition",
        lambda s: (s.of(Role.MDT), _dossier(s, f"expositions/{s.exposition()}/fin"), {"fin": ("04/05/2026",)}),
        ("fin",),
    ),
    Formulaire("actes.activation", _medecin("activation")),
    Formulaire("recherche.keep", lambda s: (s.of(Role.MDT), "/recherche", SEARCH)),
    Formulaire("recherche.suggest", lambda s: (s.of(Role.MDT), "/recherche/suggestions", {"q": SEARCH["q"]})),
    Formulaire("comptes.search_comptes", _direction(lambda s: "comptes/recherche", q=("Prigent", "8100"))),
    Formulaire("identites.create", _identite, IDENTITE_SHOWN),
    Formulaire(
        "identites.update",
        lambda s: (s.of(Role.ADM), _salarie(s, "modifier"), CONTACT),
        tuple(CONTACT),
    ),
    Formulaire("identites.add_emploi", _emploi, ("employeur", "poste", "debut")),
    Formulaire(
        "identites.end_emploi",
        lambda s: (s.of(Role.ADM), _salarie(s, f"emplois/{s.contrat()}/fin"), {"fin": ("04/05/2026",)}),
        ("fin",),
    ),
    Formulaire(
        "identites.constitute",
        lambda s: (s.of(Role.MDT), f"/salaries/{s.enregistre()}/dossier", {"equipe": (str(s.a.equipe_id),)}),
    ),
    Formulaire("secteurs.search", lambda s: (s.of(Role.ADM), "/secteurs/recherche", {"q": ("briere", "")})),
    Formulaire("secteurs.choose", lambda s: (s.of(Role.ADM), "/secteurs/choix", _chosen(s))),
    Formulaire(
        "secteurs.place",
        lambda s: (
            s.of(Role.ADM),
            "/secteurs/rattachement",
            {**_chosen(s), "secteur": (str(s.a.secteur_id),)},
        ),
    ),
    Formulaire("secteurs.undo", lambda s: (s.of(Role.ADM), "/secteurs/annulation", {})),
    Formulaire("comptes.create_compte", _direction(lambda s: "comptes", **ACCOUNT), ("prenom", "nom", "rpps", "email")),
    Formulaire("comptes.grant", _grant, ("debut", "fin", "attestation")),
    Formulaire("comptes.revoke", _direction(lambda s: f"roles/{s.habilitation()}/retrait")),
    Formulaire("comptes.restore", _direction(lambda s: f"roles/{s.habilitation_retiree()}/retablissement")),
    Formulaire(
        "comptes.suspend", _direction(lambda s: f"comptes/{s.compte()}/suspension", motif=("Départ",)), ("motif",)
    ),
    Formulaire(
        "comptes.rename",
        _direction(lambda s: f"comptes/{s.compte()}/nom", civilite=("M.", "Dr"), prenom=("Maël",), nom=("Neuf",)),
        ("prenom", "nom"),
    ),
    Formulaire("comptes.resume", _direction(lambda s: f"comptes/{s.compte()}/reprise")),
    Formulaire("comptes.renew_inscription", _direction(lambda s: f"comptes/{s.local()[0]}/inscription")),
    Formulaire("comptes.revoke_sessions", _direction(lambda s: f"comptes/{s.compte()}/sessions/fermer")),
    Formulaire(
        "comptes.join_equipe",
        lambda s: (s.of(Role.DIR), f"/direction/comptes/{s.compte()}/equipes", {"equipe": (str(s.a.equipe_id),)}),
    ),
    Formulaire("comptes.leave_equipe", _direction(lambda s: f"equipes/membres/{s.membre()}/retrait")),
    Formulaire("connexion.close_one", _own_session),
    Formulaire("connexion.close_others", lambda s: (s.of(Role.MDT), "/compte/sessions/fermer-les-autres", {})),
    Formulaire("connexion.choose", _choice),
    Formulaire("connexion.leave", lambda s: (s.of(Role.MDT), "/deconnexion", {"portee": ("application", "")})),
    Formulaire("connexion.end_from_provider", lambda s: (s.nobody(), "/connexion/psc/fin-de-session", LOGOUT_TOKEN)),
    Formulaire(
        "connexion_locale.check_password",
        lambda s: (
            s.nobody(),
            "/connexion/locale",
            {"identifiant": ("anne@essai.test",), "mot_de_passe": ("cheval agrafe pile correcte",)},
        ),
        ("identifiant",),
    ),
    Formulaire(
        "connexion_locale.check_code", lambda s: (s.between_factors(), "/connexion/locale/code", {"code": ("123456",)})
    ),
    Formulaire(
        "connexion_locale.check_recovery_code",
        lambda s: (s.between_factors(), "/connexion/locale/secours", {"code_secours": ("ABCDE-FGHJK",)}),
    ),
    Formulaire(
        "connexion_locale.start_inscription",
        lambda s: (s.nobody(), "/inscription", {"code": (s.local()[2], "ABCDE-FGHJK-MNPQR-STVWX")}),
    ),
    Formulaire(
        "connexion_locale.choose_password",
        lambda s: (
            s.enrolling(),
            "/inscription/mot-de-passe",
            {"mot_de_passe": ("cheval agrafe pile correcte",), "confirmation": ("cheval agrafe pile correcte",)},
        ),
    ),
    Formulaire(
        "connexion_locale.confirm_application",
        lambda s: (s.enrolling(with_password=True), "/inscription/application", {"code": ("123456",)}),
    ),
    Formulaire("cles.ask_entry", lambda s: (s.nobody(), "/connexion/locale/cle/defi", {})),
    Formulaire("cles.enter", lambda s: (s.nobody(), "/connexion/locale/cle", {"reponse": ("{}",)})),
    Formulaire("cles.ask_creation", lambda s: (s.of(Role.DIR), "/compte/cles/defi", {})),
    Formulaire("cles.add", lambda s: (s.of(Role.DIR), "/compte/cles", {"nom": ("Portable",), "reponse": ("{}",)})),
    Formulaire("cles.remove", lambda s: (s.of(Role.DIR), "/compte/cles/retrait", {"cle": (str(s.a.tenant_id),)})),
    Formulaire(
        "fournisseur.link", lambda s: (s.nobody(), f"/connexion/service/{s.a.slug}/lien", {"code": ("ABCDE-FGHJK",)})
    ),
    Formulaire(
        "portail_connexion.activation",
        lambda s: (s.awaited(), f"/p/{s.a.slug}/activation", {"code": ("ABCD-EFGH-JKMN-PQRS",)}),
        kept_apart=True,
    ),
    Formulaire(
        "portail_courriel.ask",
        lambda s: (s.asker(), f"/p/{s.a.slug}/courriel", {"adresse": ("zoe.adrun@example.test",)}),
        shown=("adresse",),
    ),
    Formulaire("portail_courriel.ask_again", lambda s: (s.asker(waits=True), f"/p/{s.a.slug}/courriel/renvoi", {})),
    Formulaire(
        "portail_courriel.confirm",
        lambda s: (s.asker(waits=True), f"/p/{s.a.slug}/courriel/code", {"code": (s.awaited_code(),)}),
        kept_apart=True,
    ),
    Formulaire("portail_courriel.stop", lambda s: (s.asker(waits=True), f"/p/{s.a.slug}/courriel/arret", {})),
    Formulaire("portail_connexion.logout", lambda s: (s.of(Role.SAL), f"/p/{s.a.slug}/deconnexion", {})),
)
_ACCEPTED = {
    "visites.save_note": 200,
    "recherche.suggest": 200,
    "actes.activation": 200,
    "secteurs.choose": 200,
    "secteurs.undo": 409,
    "comptes.create_compte": 200,
    "comptes.renew_inscription": 200,
    "connexion_locale.check_password": 401,
    "connexion_locale.check_code": 401,
    "connexion_locale.check_recovery_code": 401,
    "connexion_locale.confirm_application": 422,
    "cles.ask_entry": 200,
    "cles.enter": 401,
    "cles.ask_creation": 422,
    "cles.add": 422,
    "fournisseur.link": 404,
    "portail_connexion.activation": 403,
    "connexion.end_from_provider": 400,
}
"""Answers other than a redirect: a page that shows something once, or the refusal of a code that nobody has."""
FORMS = {form.endpoint: replace(form, accepted=_ACCEPTED.get(form.endpoint, 303)) for form in _FORMS}
WITHOUT_SCRIPT = Formulaire("visites.save_note", _visit("notes", WHOLE_NOTE), kept_apart=True)
