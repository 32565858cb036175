"""View-models of the register: a new identity, somebody's sheet, what changes in it (templates/espace_pro/salarie*.html)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for

from spst.dmst.services import EnTete, EquipeVue
from spst.entreprises.rules import TYPES, runs_on
from spst.entreprises.services import MOST_FOUND, ContratVu, EtablissementVu
from spst.espace_pro.liens import dossier_url, ferme_model
from spst.espace_pro.schemas_identites import PAR_SECTEUR
from spst.identite.services import Examen, TravailleurVu
from spst.kernel.acteur import Famille
from spst.kernel.ids import new_id
from spst.web.filters import date_courte

SEXES = {"F": "Féminin", "M": "Masculin", "I": "Indéterminé"}
CONTRATS = dict(
    zip(
        TYPES,
        ("CDI", "CDD", "Intérim", "Saisonnier", "Apprentissage", "Indépendant", "Particulier employeur"),
        strict=True,
    )
)
_UNKNOWN = "Cet employeur n’est pas au registre. Vérifiez le nom ou le SIRET."
_SEVERAL = "Plusieurs établissements correspondent. Choisissez dans la liste qui suit."
_TOO_MANY = f"Plus de {MOST_FOUND} établissements correspondent. Précisez le nom, ou tapez le SIRET."


@dataclass(frozen=True, slots=True)
class Saisie:
    """What was typed in a form, what was refused in it, and the establishments to choose from."""

    valeurs: Mapping[str, str] = field(default_factory=dict)
    erreurs: Mapping[str, str] = field(default_factory=dict)
    choix: Sequence[EtablissementVu] = ()

    @property
    def refus(self) -> str | None:
        """What no field of the page can show."""
        return next((said for name, said in self.erreurs.items() if name not in _FIELDS), None)


class EmployeurNotOne(Exception):
    """What was typed names no establishment, or several; `choix`: those."""

    def __init__(self, choix: Sequence[EtablissementVu]) -> None:
        super().__init__(_SEVERAL if choix else _UNKNOWN)
        self.choix = choix
        if len(choix) > MOST_FOUND:
            self.args, self.choix = (_TOO_MANY,), ()


_FIELDS = frozenset(
    "nom_naissance prenoms premier_prenom naissance sexe lieu nom_utilise prenom_utilise telephone email adresse "
    "employeur poste type debut fin equipe".split()
)


def chosen(found: Sequence[EtablissementVu], choice: UUID | None) -> EtablissementVu:
    """The one establishment that was meant. Raises: EmployeurNotOne."""
    meant = [one for one in found if one.id == choice] or found
    if len(meant) != 1:
        raise EmployeurNotOne(found)
    return meant[0]


def nouveau_model(saisie: Saisie, famille: Famille) -> dict[str, Any]:
    return {
        "action": url_for("identites.create"),
        "retour_url": url_for("recherche.show"),
        "operation_id": saisie.valeurs.get("operation_id") or str(new_id()),
        "constitue": famille is Famille.SANTE,
        **_formulaire(saisie),
    }


def _formulaire(saisie: Saisie) -> dict[str, Any]:
    return {
        "valeurs": saisie.valeurs,
        "erreurs": saisie.erreurs,
        "refus": saisie.refus,
        "etablissements": [(str(one.id), _etablissement(one)) for one in saisie.choix],
        "contrats": list(CONTRATS.items()),
    }


def _etablissement(one: EtablissementVu) -> str:
    return ", ".join(part for part in (one.nom, one.commune, f"SIRET {one.siret}") if part)


def verifier_model(
    typed: Mapping[str, str],
    examen: Examen,
    employeur: EtablissementVu | None,
    emplois: Mapping[UUID, Sequence[ContratVu]],
) -> dict[str, Any]:
    vus = ",".join(str(other.id) for other in examen.proches)
    hidden = {**typed, "vus": vus, "etablissement": str(employeur.id) if employeur else ""}
    return {
        "action": url_for("identites.create"),
        "champs": [(name, value) for name, value in hidden.items() if name != "etape"],
        "traits": _traits(typed, examen),
        "employeur": _etablissement(employeur) if employeur else None,
        "poste": typed.get("poste"),
        "proches": [_proche(other, emplois.get(other.id, ())) for other in examen.proches],
    }


def _traits(typed: Mapping[str, str], examen: Examen) -> list[dict[str, str | None]]:
    """Each trait as it will be kept, and as it was typed where that differs."""
    gardee, traits = examen.gardee, examen.gardee.traits
    kept = {
        "nom_naissance": ("Nom de naissance", traits.nom_naissance),
        "prenoms": ("Prénoms de naissance", traits.prenoms),
        "premier_prenom": ("Premier prénom", gardee.premier_prenom),
        "naissance": ("Date de naissance", date_courte(traits.date_naissance)),
        "sexe": ("Sexe", SEXES[traits.sexe]),
        "lieu": ("Lieu de naissance (code Insee)", traits.lieu_naissance),
        "nom_utilise": ("Nom utilisé", gardee.nom_utilise),
        "prenom_utilise": ("Prénom utilisé", gardee.prenom_utilise),
    }
    return [
        {"libelle": label, "garde": value, "saisi": _differing(typed.get(name, ""), name, value)}
        for name, (label, value) in kept.items()
        if value
    ]


def _differing(typed: str, name: str, kept: str | None) -> str | None:
    return typed if typed and typed != kept and name != "sexe" else None


def _proche(other: TravailleurVu, emplois: Sequence[ContratVu]) -> dict[str, Any]:
    return {
        "nom_naissance": other.nom_naissance,
        "prenom": other.premier_prenom,
        "prenoms": other.prenoms,
        "nom_utilise": other.nom_utilise,
        "naissance": other.date_naissance,
        "sexe": other.sexe,
        "statut_ins": other.statut_ins,
        "employeur": emplois[0].etablissement if emplois else None,
        "url": url_for("identites.show", travailleur_id=other.id),
    }


@dataclass(frozen=True, slots=True)
class Fiche:
    """What the register keeps of somebody, and whether he has a dossier that opens to the reader."""

    qui: TravailleurVu
    contrats: Sequence[ContratVu]
    entete: EnTete | None
    equipes: Sequence[EquipeVue] = ()
    du_secteur: Sequence[str] = ()


def fiche_model(seen: Fiche, famille: Famille, today: date, saisie: Saisie) -> dict[str, Any]:
    return {
        **_personne(seen, today),
        "modifier_url": url_for("identites.edit", travailleur_id=seen.qui.id),
        "a_un_dossier": seen.entete is not None,
        "dossier_url": _opened(seen),
        "ferme": ferme_model(seen.entete),
        "constituer": _constituer(seen) if seen.entete is None and famille is Famille.SANTE else None,
        "erreurs": saisie.erreurs,
        "refus": saisie.refus,
    }


def _opened(seen: Fiche) -> str | None:
    """The address of the dossier, for whom some section of it opens."""
    return dossier_url(seen.entete.dossier_id) if seen.entete is not None and seen.entete.opens else None


def _constituer(seen: Fiche) -> dict[str, Any]:
    own = [equipe for equipe in seen.equipes if equipe.is_own]
    return {
        "url": url_for("identites.constitute", travailleur_id=seen.qui.id),
        "equipes": [*_of_secteur(seen), *((str(equipe.id), equipe.nom) for equipe in seen.equipes)],
        "equipe": str(own[0].id) if len(own) == 1 else "",
    }


def _of_secteur(seen: Fiche) -> list[tuple[str, str]]:
    """Care by sector is offered when an équipe gives it."""
    if not seen.du_secteur:
        return []
    those = "Celle" if len(seen.du_secteur) == 1 else "Celles"
    return [(PAR_SECTEUR, f"{those} du secteur\u00a0: {', '.join(seen.du_secteur)}")]


def _personne(seen: Fiche, today: date) -> dict[str, Any]:
    who = seen.qui
    return {
        "nom_naissance": who.nom_naissance,
        "prenom": who.premier_prenom,
        "statut_ins": who.statut_ins,
        "traits": [
            ("Nom de naissance", who.nom_naissance),
            ("Prénoms de naissance", who.prenoms),
            ("Premier prénom", who.premier_prenom),
            ("Date de naissance", date_courte(who.date_naissance)),
            ("Sexe", SEXES[who.sexe]),
            ("Lieu de naissance (code Insee)", who.lieu_naissance),
        ],
        "usage": [
            ("Nom utilisé", who.nom_utilise),
            ("Prénom utilisé", who.prenom_utilise),
            ("Téléphone", who.telephone),
            ("Courriel", who.email),
            ("Adresse", who.adresse),
        ],
        "emplois": [_emploi(contrat, today) for contrat in reversed(seen.contrats)],
    }


def _emploi(contrat: ContratVu, today: date) -> dict[str, Any]:
    """An employment whose end is not known yet can be ended."""
    return {
        "poste": contrat.poste,
        "employeur": contrat.etablissement,
        "commune": contrat.commune,
        "type": CONTRATS.get(contrat.type, contrat.type),
        "debut": contrat.starts_on,
        "fin": contrat.ends_on,
        "etat": _etat(contrat, today),
        "fin_url": url_for("identites.end_emploi", travailleur_id=contrat.travailleur_id, contrat_id=contrat.id)
        if contrat.ends_on is None
        else None,
    }


def _etat(contrat: ContratVu, today: date) -> str | None:
    if runs_on(contrat.starts_on, contrat.ends_on, today):
        return None
    return "À venir" if contrat.starts_on > today else "Terminé"


def modifier_model(seen: Fiche, famille: Famille, today: date, refused: str | None, saisie: Saisie) -> dict[str, Any]:
    """`refused`: the address of the form whose values `saisie` shows again."""
    who = seen.qui
    kept = {
        "nom_utilise": who.nom_utilise or "",
        "prenom_utilise": who.prenom_utilise or "",
        "telephone": who.telephone or "",
        "email": who.email or "",
        "adresse": who.adresse or "",
    }
    contact_url = url_for("identites.update", travailleur_id=who.id)
    emploi_url = url_for("identites.add_emploi", travailleur_id=who.id)
    contact, emploi = (saisie if refused == url else Saisie() for url in (contact_url, emploi_url))
    return {
        **_personne(seen, today),
        **_retour(seen, famille),
        "refus": saisie.refus,
        "contact": {
            "action": contact_url,
            "valeurs": contact.valeurs or kept,
            "erreurs": contact.erreurs,
        },
        "emploi": {
            "action": emploi_url,
            "operation_id": emploi.valeurs.get("operation_id") or str(new_id()),
            **_formulaire(emploi),
        },
        "fin": {"url": refused, "valeurs": saisie.valeurs, "erreurs": saisie.erreurs},
    }


def _retour(seen: Fiche, famille: Famille) -> dict[str, str]:
    """To the dossier for the health professional to whom it opens, to the sheet for the others."""
    opened = _opened(seen)
    if opened is not None and famille is Famille.SANTE:
        return {"retour": "Revenir au dossier", "retour_url": opened}
    return {"retour": "Revenir à la fiche", "retour_url": url_for("identites.show", travailleur_id=seen.qui.id)}
