"""Samples of the policy under preparation, of what is given in writing, of exceptional access."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from spst.espace_pro.routes_dossier import MOTIFS
from spst.habilitations import choix as choices
from spst.habilitations import politique as politiques
from spst.habilitations.choix import Choix, Niveau
from spst.habilitations.exceptionnel import RAISONS
from spst.habilitations.publication import Avis, AvisCmt, BrouillonVu, VersionVue
from spst.habilitations.rules import ACTES
from spst.habilitations.simulation import Essai
from spst.journal.reidentification import RAISONS as RAISONS_DE_DEMANDE
from spst.journal.reidentification import DemandeVue, Etat, Raison
from spst.kernel.acteur import Role
from spst.pilotage import politique
from spst.pilotage.routes_politique import AVIS
from tests.e2e.samples.common import TODAY, Model, Sample, at, frame
from tests.e2e.samples.pilotage import of_direction, policy

AGNES, LOIC = UUID(int=1), UUID(int=2)
CMT = Avis(AvisCmt.RESERVE, date(2026, 11, 18), "Les courriers de reprise restent lus par l’infirmier.")


def _made() -> Choix:
    made = choices.with_niveau(_shipped().choix, Role.INF, "S4", Niveau.LIRE)
    made = choices.with_niveau(made, Role.MPC, "S4", Niveau.FERME)
    return choices.with_reglages(made, [Role.INF, Role.COLL], 10)


def _shipped() -> VersionVue:
    compiled = politiques.compile_politique(politiques.default_text(), 0)
    return VersionVue(0, choices.choix_of(compiled), compiled)


def _version() -> VersionVue:
    compiled = politiques.compile_politique(choices.texte_of(_made()), 1)
    return VersionVue(
        1, _made(), compiled, at(10, 42), LOIC, at(9, 12), AGNES, "Les courriers restent aux médecins.", CMT
    )


def draft(made: Choix, **changes: object) -> Model:
    compiled, before = politiques.compile_politique(choices.texte_of(made), 1), _shipped()
    seen = BrouillonVu(
        revision=4,
        base=0,
        choix=made,
        avant=before.choix,
        politique=compiled,
        ecarts=choices.ecarts(before.choix, made),
        can_undo=made != before.choix,
        saved_at=at(11, 8, 41),
        saved_by=AGNES,
        avis=CMT if made != before.choix else None,
        motif=None,
        proposed_at=None,
        proposed_by=None,
        returned_why=None,
    )
    return {
        "vu": seen,
        "prochaine": 1,
        "en_vigueur": before,
        "colonnes": politique.COLONNES,
        "lignes": politique.matrice(compiled, avant=before.choix),
        "enregistre_par": "Mme Agnès Pradel-Test",
        "propose_par": None,
        "roles": [(str(role), role.label, role in made.motifs) for role in choices.ROLES],
        "inactivites": [(str(minutes), f"{minutes} minutes") for minutes in choices.INACTIVITES_MIN],
        "avis": AVIS,
        "cas_verifies": 565,
        "cas_ouverts": (),
        "comptes": [
            {
                "nom": "M. Malo Le Roux",
                "role": "Infirmier en santé au travail",
                "gagne": "",
                "perd": "remplir courriers",
            }
        ]
        if made != before.choix
        else [],
        "essai_url": "/politique-essai.html",
        "prepare": True,
        "est_a_moi": False,
        "obstacle": None,
        "reprise": {"form": "", "valeurs": {}, "erreurs": {}},
        **changes,
    }


def _proposed() -> Model:
    model = draft(_made())
    seen: BrouillonVu = model["vu"]
    fields = {name: getattr(seen, name) for name in BrouillonVu.__slots__}
    proposed = {"proposed_at": at(9, 12), "proposed_by": AGNES, "motif": "Les courriers restent aux médecins."}
    return {**model, "vu": BrouillonVu(**{**fields, **proposed}), "propose_par": "Mme Agnès Pradel-Test"}


_WAIT = (
    "Un collègue a, à lui seul, ouvert votre accès il y a moins de sept jours\u00a0: vous pourrez confirmer après le "
    "30 novembre 2026. D’ici là, une autre personne de la direction le peut."
)


def _essai() -> Model:
    line = {"role": "Infirmier en santé au travail", "effet": "Ne pourrait plus\u00a0: courriers"}
    return {
        "essai": Essai(48213, 312, 40, 9, ()),
        "jours": 90,
        "lignes": [{**line, "nom": f"M. Malo Le Roux {rank}", "nombre": 118 - rank} for rank in range(7)],
    }


def _question() -> Model:
    answer = {
        "qui": "Mme Lina Ouazzani-Test",
        "role": "Intervenante en prévention",
        "volet": "S2, emplois et expositions",
        "acces": [
            {"mode": "Lire", "allowed": True, "explication": "Volet délégué (R. 4624-45-5 al. 2).", "regle": "P-013"},
            {"mode": "Remplir", "allowed": False, "explication": "Votre service l’ouvre en lecture.", "regle": "R-199"},
        ],
        "conditions": [
            {"oui": True, "phrase": "Une délégation est en cours."},
            {"oui": False, "phrase": "Sans équipe."},
        ],
    }
    return {
        "comptes": [("1", "Mme Lina Ouazzani-Test")],
        "sections": [("S2", "S2, emplois et expositions")],
        "valeurs": {"compte": "1", "volet": "S2"},
        "erreurs": {},
        "reponses": [answer],
        "brouillon": True,
        "essaye": False,
    }


def _ecrit(genre: str, quoi: str, etat: str = "en_cours", **changes: object) -> Model:
    return {
        "genre": genre,
        "donneur": "Vous",
        "beneficiaire": "Mme Lina Ouazzani-Test",
        "quoi": quoi,
        "reference": "Protocole 2026-05",
        "debut": TODAY,
        "fin": TODAY + timedelta(days=300),
        "etat": etat,
        "reste": 300,
        "dossier_url": None,
        "retrait_url": "#retirer",
        "retablir_url": None,
        **changes,
    }


def delegations(**changes: object) -> Model:
    people = [("1", "Mme Lina Ouazzani-Test, intervenante en prévention des risques professionnels")]
    return {
        "en_cours": [
            _ecrit(
                "delegation", "Identité (S1), Emplois et expositions (S2)\u00a0: lire les volets délégués", reste=12
            ),
            _ecrit("protocole", "Exercice sous l’autorité du médecin, avis rendus en son nom compris"),
            _ecrit("remplacement", "Suivi des salariés que le médecin suit", "a_venir", reference=None, reste=None),
            _ecrit("delegation", "Identité (S1), pour un dossier", dossier_url="#dossier"),
            _ecrit("delegation", "Emplois et expositions (S2)", "suspendu", reste=None, retablir_url="#redonner"),
        ],
        "passes": [_ecrit("delegation", "Identité (S1)", "retire", retrait_url=None, retablir_url="#retablir")],
        "delegues": people,
        "supervises": people,
        "exceptionnels_url": "#exceptionnels",
        "remplacants": people,
        "medecins": None,
        "sections": (("S1", "Identité (S1)"), ("S2", "Emplois et expositions (S2)")),
        "actes": [(code, groupe.label) for code, groupe in ACTES.items()],
        "dossier": None,
        "reprise": {"form": "", "valeurs": {}, "erreurs": {}},
        **changes,
    }


def _exceptional(**changes: object) -> Model:
    return {
        "qui": "ADRUN Zoé, née le 3 mai 1990",
        "action": "#ouvrir",
        "volets": "courriers et journal des accès",
        "raisons": [(str(code), label) for code, label in RAISONS.items()],
        "valeurs": {},
        "erreurs": {},
        "reconnexion_url": None,
        "retour_url": "#dossier",
        **changes,
    }


def _queue() -> Model:
    line = {
        "id": "1",
        "qui": "Dr Bastien Charvolin-Test",
        "reference": "7F2K-93QD",
        "le": at(9, 4),
        "raison": RAISONS[next(iter(RAISONS))],
        "texte": "Malaise au poste, le médecin qui suit ce salarié est absent.",
        "action": "#relire",
    }
    lines = [{**line, "due": at(8, 0), "reference": "2XQP-7T4M"}, {**line, "due": at(9, 4) + timedelta(days=3)}]
    past = {name: line[name] for name in ("qui", "reference", "le")} | {"est_a_moi": False, "relu_at": at(9, 40)}
    past |= {"avis": "injustifié", "relu_par": "Dr Claire Vasseur-Test", "reponse": "Le médecin de garde répondait."}
    mine = {**past, "est_a_moi": True, "avis": None, "relu_at": None, "relu_par": None, "reponse": None}
    typed = {"id": "1", "valeurs": {"reponse": "Joignable."}, "erreurs": {"avis": "Dites si le motif est justifié."}}
    return {"maintenant": at(10, 0), "lignes": lines, "passes": [mine, past], "reprise": typed}


def habilitations() -> Iterator[Sample]:
    """Pages of the direction, then of the médecins."""
    direction = {"cadre": of_direction("Politique")}
    for name, model in (
        ("brouillon", draft(_made())),
        ("brouillon-vide", draft(_shipped().choix)),
        ("propose", _proposed()),
        ("propose-attente", {**_proposed(), "obstacle": _WAIT}),
    ):
        template = "pilotage/politique_brouillon.html"
        yield Sample(f"politique-{name}", template, {**direction, "brouillon": model})
    yield Sample("politique-essai", "pilotage/politique_essai.html", {**direction, "essai": _essai()})
    people = {"vue": _version(), "proposee_par": "Mme Agnès Pradel-Test", "confirmee_par": "M. Loïc Kervazo-Test"}
    lines = [
        {**people, "changements": choices.ecarts(_shipped().choix, _made())},
        {"vue": _shipped(), "changements": (), "proposee_par": None, "confirmee_par": None},
    ]
    versions = {**direction, "versions": {"lignes": lines, "avis": AVIS}}
    yield Sample("politique-versions", "pilotage/politique_versions.html", versions)
    one = {**policy(version="1-eadf994b", numero=1, publiee_le=at(10, 42)), **people, "avis": AVIS}
    yield Sample("politique-version", "pilotage/politique_version.html", {**direction, "politique": one})
    compared = {
        "versions": [("1", "Version 1"), ("0", "Version livrée avec l’application")],
        "avant": _shipped(),
        "apres": _version(),
        "ecarts": choices.ecarts(_shipped().choix, _made()),
        "lignes": politique.matrice(_version().politique, avant=_shipped().choix),
        "colonnes": politique.COLONNES,
    }
    yield Sample("politique-comparaison", "pilotage/politique_comparaison.html", {**direction, "comparaison": compared})
    yield Sample("politique-question", "pilotage/politique_question.html", {**direction, "question": _question()})
    yield from _of_medecins()


def _of_medecins() -> Iterator[Sample]:
    cadre = {"cadre": frame("Dossiers")}
    template = "espace_pro/delegations.html"
    yield Sample("delegations", template, {**cadre, "delegations": delegations(dossier=str(UUID(int=3)))})
    nothing = delegations(en_cours=[], passes=[], delegues=None, supervises=None, remplacants=None)
    yield Sample("delegations-vide", template, {**cadre, "delegations": nothing})
    refused = {"form": "deleguer", "valeurs": {"reference": "P"}, "erreurs": {"": "Seuls S1 et S2 se délèguent."}}
    yield Sample("delegations-refus", template, {**cadre, "delegations": delegations(reprise=refused)})
    motif = {
        "qui": "ADRUN Zoé, née le 3 mai 1990",
        "action": "#dire",
        "motifs": MOTIFS,
        "erreur": "Choisissez un motif.",
    }
    yield Sample("motif", "espace_pro/motif.html", {**cadre, "demande": motif})
    asked = "espace_pro/acces_exceptionnel.html"
    yield Sample("exceptionnel", asked, {**cadre, "demande": _exceptional()})
    again = _exceptional(reconnexion_url="#psc", valeurs={"texte": "Malaise"})
    yield Sample("exceptionnel-reconnexion", asked, {**cadre, "demande": again})
    queue = "espace_pro/acces_exceptionnels.html"
    yield Sample("exceptionnels", queue, {**cadre, "relectures": _queue()})
    nothing = {"id": None, "valeurs": {}, "erreurs": {}}
    asked = "espace_pro/reidentifications.html"
    for name, demandes in (("", _demandes()), ("-vide", {"lignes": [], "reprise": nothing})):
        yield Sample(f"demandes-de-reidentification{name}", asked, {**cadre, "demandes": demandes})
    empty = {"maintenant": at(10, 0), "lignes": [], "passes": [], "reprise": nothing}
    yield Sample("exceptionnels-vide", queue, {**cadre, "relectures": empty})


def _demandes() -> Model:
    vue = DemandeVue(
        UUID(int=4), "D-7F2K-93QD", UUID(int=5), at(8, 0), at(18, 0), Raison.CONTROLE,
        "Un accès à 23\u00a0h, hors de tout rendez-vous.", Etat.ATTENTE, None, None, None, None,
    )  # fmt: skip
    first = {"vue": vue, "qui": "Mme\u00a0Agnès Pradel-Test", "raison": RAISONS_DE_DEMANDE[vue.raison], "action": "#1"}
    other = {**first, "vue": replace(vue, id=UUID(int=6), reference="D-1M4T-8KQC"), "action": "#2"}
    erreurs = {"reponse": "Dites pourquoi vous refusez."}
    return {"lignes": [first, other], "reprise": {"id": vue.id, "valeurs": {"accord": "non"}, "erreurs": erreurs}}
