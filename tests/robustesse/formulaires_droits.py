"""Forms of rights: the policy, what is given in writing, exceptional access, accounts and their review."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from spst.habilitations.protocoles import Genre
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from tests.factories.monde import colleague
from tests.robustesse.formulaires import Formulaire, Values
from tests.robustesse.poste import Poste
from tests.robustesse.scene import Scene
from tests.robustesse.scene_droits import VU, Droits

Arrange = Callable[[Scene], tuple[Poste, str, Values]]
DRAFT = "/direction/politique/brouillon"


def later(days: int = 200) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%d/%m/%Y")


def _draft(tail: str, *, changed: bool = True, **values: tuple[str, ...]) -> Arrange:
    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        return Droits(scene).draft(changed=changed), f"{DRAFT}{tail}", values

    return arrange


def _new_draft(scene: Scene) -> tuple[Poste, str, Values]:
    Droits(scene).forget()
    return scene.of(Role.DIR), DRAFT, {}


def _proposed(tail: str, *, mine: bool = False, **values: tuple[str, ...]) -> Arrange:
    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        droits = Droits(scene)
        author = droits.draft(proposed=True)
        return author if mine else droits.colleague(Role.DIR), f"{DRAFT}{tail}", values

    return arrange


def _confirmed(scene: Scene) -> tuple[Poste, str, Values]:
    droits = Droits(scene)
    droits.draft(proposed=True)
    return droits.colleague(Role.DIR), f"{DRAFT}/confirmation", {"revision": (droits.revision(),)}


def _question(scene: Scene) -> tuple[Poste, str, Values]:
    Droits(scene).forget()
    values: Values = {"compte": (str(scene.a.infirmier.id),), "volet": ("S4", "S8"), "brouillon": ("", "oui")}
    return scene.of(Role.DIR), "/direction/politique/question", values


def _organised(path: str | Callable[[Scene], str], **given: Any) -> Arrange:
    """A part of the organisation, under a name that nothing bears yet. `given`: values, or which row of the scene."""

    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        tail = path if isinstance(path, str) else path(scene)
        others = {name: (str(one(scene)),) if callable(one) else one for name, one in given.items()}
        return scene.of(Role.DIR), f"/direction/equipes/{tail}", {"nom": (f"Nord {new_id()}",), **others}

    return arrange


def _writing(path: str, role: Role, **values: tuple[str, ...]) -> Arrange:
    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        Droits(scene).forget()
        person = {"personne": (str(scene.a[role].id),)}
        return scene.of(Role.MDT), f"/delegations/{path}", {**person, "debut": ("",), "fin": (later(),), **values}

    return arrange


def _replacement(scene: Scene) -> tuple[Poste, str, Values]:
    values: Values = {
        "medecin": (str(scene.a.medecin.id),),
        "personne": (str(scene.a.medecin_ailleurs.id),),
        "debut": (later(30),),
        "fin": (later(40),),
    }
    return scene.of(Role.DIR), "/delegations/remplacement", values


def _taken_back(genre: Genre) -> Arrange:
    return lambda s: (s.of(Role.MDT), f"/delegations/{genre}/{Droits(s).ecrit(genre)}/retrait", {})


def _exceptional(scene: Scene) -> tuple[Poste, str, Values]:
    Droits(scene).close_journal()
    values: Values = {"raison": ("urgence", "autre"), "texte": ("Malaise au poste.",)}
    return scene.of(Role.MDT), f"/dossiers/{scene.a.zoe.dossier_id}/acces-exceptionnel", values


def _ended(scene: Scene) -> tuple[Poste, str, Values]:
    Droits(scene).exceptionnel()
    return scene.of(Role.MDT), f"/dossiers/{scene.a.zoe.dossier_id}/acces-exceptionnel/fin", {}


def _read_again(scene: Scene) -> tuple[Poste, str, Values]:
    droits = Droits(scene)
    path = f"/acces-exceptionnels/{droits.exceptionnel()}/relecture"
    return droits.colleague(Role.MDT), path, {"avis": ("justifie", "injustifie"), "reponse": ("", "Vu.")}


def _examined(path: Callable[[Droits], str], **values: tuple[str, ...]) -> Arrange:
    return lambda s: (s.of(Role.DPO), f"/direction/acces-a-examiner/{path(Droits(s))}", values)


def _reported(scene: Scene) -> tuple[Poste, str, Values]:
    Droits(scene).forget_signalements()
    values: Values = {"ligne": ("",), "raison": ("manque", "autre"), "texte": ("", "Je ne comprends pas.")}
    return scene.of(Role.SAL), f"/p/{scene.a.slug}/acces/signaler", values


def _asked_whose(scene: Scene) -> tuple[Poste, str, Values]:
    droits = Droits(scene)
    droits.reidentification()
    values: Values = {
        "dossier": (droits.reference(),),
        "raison": ("controle", "autre"),
        "texte": ("Un accès hors de tout rendez-vous.",),
    }
    return scene.of(Role.DPO), "/direction/reidentifications", values


def _answered(scene: Scene) -> tuple[Poste, str, Values]:
    path = f"/reidentifications/{Droits(scene).reidentification()}/reponse"
    return scene.of(Role.MDT), path, {"accord": ("oui", "non"), "reponse": ("Vu.",)}


def _direction(path: Callable[[Droits], str], **values: tuple[str, ...]) -> Arrange:
    return lambda scene: (scene.of(Role.DIR), f"/direction/{path(Droits(scene))}", values)


def _confirmed_role(scene: Scene) -> tuple[Poste, str, Values]:
    droits = Droits(scene)
    return droits.colleague(Role.DIR), f"/direction/demandes/{droits.demande()}/confirmation", {}


def _nominative(scene: Scene) -> tuple[Poste, str, Values]:
    desk = colleague(scene.monde, scene.a, Role.ADM)
    return scene.of(Role.DIR), f"/direction/comptes/{desk.id}/nominatives", {"code": ("enregistrement",)}


def _moyen(path: Callable[[Droits], str]) -> Arrange:
    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        values: Values = {
            "nature": ("cps", "boite_mssante"),
            "reference": (new_id().hex,),
            "porteur": ("",),
            "service": ("Accueil",),
            "responsable": (str(scene.a.directrice.id),),
            "echeance": ("", later()),
        }
        return scene.of(Role.DIR), f"/direction/{path(Droits(scene))}", values

    return arrange


def _new_review(scene: Scene) -> tuple[Poste, str, Values]:
    Droits(scene).forget_revues()
    return scene.of(Role.DIR), "/direction/revues", {}


def _kept(scene: Scene) -> tuple[Poste, str, Values]:
    revue_id, _ = Droits(scene).revue()
    return scene.of(Role.DIR), f"/direction/revues/{revue_id}/comptes/{scene.a.medecin.id}", {}


def _undecided(scene: Scene) -> tuple[Poste, str, Values]:
    """A review with lines that nobody decided is not signed."""
    revue_id, _ = Droits(scene).revue()
    return scene.of(Role.DIR), f"/direction/revues/{revue_id}/signature", {}


def _given_again(genre: Genre) -> Arrange:
    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        poste, path, values = _taken_back(genre)(scene)
        poste.post(path, [])
        poste.get("/delegations")  # which says once what was done
        return poste, path.replace("/retrait", "/retablissement"), values

    return arrange


def _with_avis(tail: str, motif: str) -> Arrange:
    values = {"avis": ("favorable", "reserve"), "precision": ("", "Sans réserve."), "rendu_le": ("01/09/2026",)}

    def arrange(scene: Scene) -> tuple[Poste, str, Values]:
        droits = Droits(scene)
        poste = droits.draft()
        return poste, f"{DRAFT}{tail}", {**values, "motif": (motif,), "revision": (droits.revision(),)}

    return arrange


FORMS_DROITS = (
    Formulaire("politique.start", _new_draft),
    Formulaire("politique.set_cell", _draft("/cellule", case=("INF:S4:lire", "MDT:S8:ferme"))),
    Formulaire("politique.undo", _draft("/annulation")),
    Formulaire("politique.set_reglages", _draft("/reglages", inactivite=("10", "30"), motif_INF=("", "oui"))),
    Formulaire(
        "politique.note_avis",
        _with_avis("/avis", ""),
        ("rendu_le", "precision", "motif"),
    ),
    Formulaire("politique.propose", _with_avis("/proposition", "Essai"), ("rendu_le", "motif")),
    Formulaire("politique.abandon", _draft("/abandon")),
    Formulaire("politique.take_back", _proposed("/reprise", mine=True)),
    Formulaire("politique.send_back", _proposed("/renvoi", pourquoi=("À revoir.",)), ("pourquoi",)),
    Formulaire("politique.confirm", _confirmed),
    Formulaire("politique.question", _question),
    Formulaire(
        "delegations.give",
        _writing("delegation", Role.ASST, S1=("oui",), S2=("", "oui"), reference=("P 1",)),
        ("fin", "reference"),
    ),
    Formulaire("delegations.sign", _writing("protocole", Role.COLL, reference=("P 2",)), ("fin", "reference")),
    Formulaire("delegations.replace", _replacement, ("debut", "fin")),
    Formulaire("delegations.revoke_delegation", _taken_back(Genre.DELEGATION)),
    Formulaire("delegations.revoke_protocole", _taken_back(Genre.PROTOCOLE)),
    Formulaire("delegations.end_remplacement", _taken_back(Genre.REMPLACEMENT)),
    Formulaire("delegations.give_again", _given_again(Genre.DELEGATION)),
    Formulaire("delegations.sign_again", _given_again(Genre.PROTOCOLE)),
    Formulaire("delegations.replace_again", _given_again(Genre.REMPLACEMENT)),
    Formulaire("exceptionnel.start", _exceptional, ("texte",)),
    Formulaire("exceptionnel.end", _ended),
    Formulaire("exceptionnel.review", _read_again),
    Formulaire("reidentification.ask", _asked_whose, ("dossier", "texte")),
    Formulaire(
        "reidentification.close", _direction(lambda d: f"reidentifications/{d.reidentification(agreed=True)}/cloture")
    ),
    Formulaire("accords.decide", _answered, ("reponse",)),
    Formulaire(
        "dossier.say",
        lambda s: (s.of(Role.MDT), f"/dossiers/{s.a.zoe.dossier_id}/motif", {"motif": ("suivi", "droits")}),
    ),
    Formulaire(
        "comptes.plan_departure",
        _direction(lambda d: f"comptes/{d.scene.compte()}/depart", dernier_jour=("31/12/2098",)),
        ("dernier_jour",),
    ),
    Formulaire("comptes.cancel_departure", _direction(lambda d: f"comptes/{d.leaving()}/reintegration")),
    Formulaire("comptes.grant_nominative", _nominative),
    Formulaire("comptes.revoke_nominative", _direction(lambda d: f"nominatives/{d.nominative()}/retrait")),
    Formulaire(
        "comptes.restore_nominative",
        _direction(lambda d: f"nominatives/{d.nominative(revoked=True)}/retablissement"),
    ),
    Formulaire("portail_signalement.make", _reported, ("texte",)),
    Formulaire("alertes.take", _examined(lambda d: f"signalements/{d.only_signalement()}/prise")),
    Formulaire(
        "alertes.close",
        _examined(
            lambda d: f"signalements/{d.only_signalement()}/cloture",
            issue=("justifie", "injustifie"),
            reponse=("Il répondait.",),
        ),
        ("reponse",),
    ),
    Formulaire("alertes.reopen", _examined(lambda d: f"signalements/{d.only_signalement(closed=True)}/reouverture")),
    Formulaire("alertes.take_alerte", _examined(lambda d: f"inhabituels/{d.alerte()}/prise")),
    Formulaire(
        "alertes.close_alerte",
        _examined(
            lambda d: f"inhabituels/{d.alerte()}/cloture",
            issue=("erreur", "sans_objet"),
            motif=("Une formation.",),
            vu=(VU.isoformat(),),
        ),
        ("motif",),
    ),
    Formulaire("alertes.reopen_alerte", _examined(lambda d: f"inhabituels/{d.alerte(closed=True)}/reouverture")),
    Formulaire("comptes.confirm_demande", _confirmed_role),
    Formulaire("comptes.dismiss_demande", _direction(lambda d: f"demandes/{d.demande()}/ecart")),
    Formulaire("equipes.add_secteur", _organised("secteur"), ("nom",)),
    Formulaire(
        "equipes.add_centre",
        _organised("centre", commune=("Lyon", "L’Haÿ-les-Roses"), structure=lambda s: s.a.structure_id),
        ("nom", "commune"),
    ),
    Formulaire(
        "equipes.add_equipe",
        _organised("equipe", secteur=lambda s: s.a.secteur_id, centre=lambda s: s.a.centre_id),
        ("nom",),
    ),
    Formulaire("equipes.rename_secteur", _organised(lambda s: f"secteur/{s.a.secteur_id}/nom"), ("nom",)),
    Formulaire("equipes.rename_centre", _organised(lambda s: f"centre/{s.a.centre_id}/nom"), ("nom",)),
    Formulaire("equipes.rename_equipe", _organised(lambda s: f"equipe/{s.a.equipe_id}/nom"), ("nom",)),
    Formulaire("moyens.add", _moyen(lambda d: "moyens"), ("reference", "service", "echeance")),
    Formulaire("moyens.change", _moyen(lambda d: f"moyens/{d.moyen()}"), ("reference", "service", "echeance")),
    Formulaire(
        "moyens.withdraw", _direction(lambda d: f"moyens/{d.moyen()}/retrait", pourquoi=("Rendue",)), ("pourquoi",)
    ),
    Formulaire("revues.open_revue", _new_review),
    Formulaire("revues.keep_all", _kept),
    Formulaire("revues.sign", _undecided),
    Formulaire(
        "revues.decide",
        _direction(
            lambda d: f"revues/lignes/{d.revue()[1]}", decision=("garder", "retirer"), commentaire=("", "Utile.")
        ),
    ),
    Formulaire(
        "revues.change_reglages", _direction(lambda d: "revues/reglages", revue_mois=("3",), inusage_jours=("90",))
    ),
    Formulaire("connexion_ecps.start", lambda s: (s.nobody(), "/connexion/e-cps", {"rpps": ("10099000027",)})),
    Formulaire("connexion_ecps.stop", lambda s: (s.nobody(), "/connexion/e-cps/arret", {})),
    Formulaire("connexion_ecps.ask_what_became", lambda s: (s.nobody(), "/connexion/e-cps/attente", {})),
)
ACCEPTED_DROITS = {"politique.question": 200, "revues.sign": 422, "connexion_ecps.start": 403}
