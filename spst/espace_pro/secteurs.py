"""View-models of the sectors (templates/espace_pro/secteur*.html)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for

from spst.entreprises.services import PER_PAGE, EtablissementPlace, PageEtablissements, SecteurVu
from spst.espace_pro.liens import pages_model
from spst.web.filters import enumeration, pluriel

TOO_MANY = "Plus de {} établissements correspondent. Précisez le nom, ou tapez le SIRET."


@dataclass(frozen=True, slots=True)
class Recherche:
    """What was typed to find an establishment; `cle`: the id under which the session keeps it."""

    q: str = ""
    cle: str | None = None
    saisie: str = ""
    erreur: str | None = None


@dataclass(frozen=True, slots=True)
class Choisis:
    """The establishments about to move; `confies`: how many of each have a dossier entrusted to an équipe."""

    lignes: Sequence[EtablissementPlace]
    confies: Mapping[UUID, int]
    retour: str

    @property
    def salaries(self) -> int:
        return sum(one.salaries for one in self.lignes)

    @property
    def entrusted(self) -> int:
        return sum(self.confies.get(one.id, 0) for one in self.lignes)

    @property
    def those(self) -> str:
        return "cet établissement" if len(self.lignes) == 1 else f"ces {len(self.lignes)} établissements"


def secteurs_model(
    secteurs: Sequence[SecteurVu],
    counts: Mapping[UUID | None, int],
    found: PageEtablissements,
    page: int,
    asked: Recherche,
) -> dict[str, Any]:
    """`found`: what the search found, or the establishments that have no sector."""
    return {
        "titre": _titre(counts.get(None, 0)),
        "secteurs": [_secteur(one, counts) for one in secteurs],
        "recherche_url": url_for("secteurs.search"),
        "saisie": asked.saisie or asked.q,
        "q": asked.q,
        "erreur": asked.erreur,
        "tous_url": url_for("secteurs.show") if asked.q else None,
        "liste": _liste(found, page, {one.id: one.nom for one in secteurs}, "secteurs.show", r=asked.cle),
    }


def _titre(without: int) -> str:
    if not without:
        return "Tous les établissements ont un secteur"
    return f"{pluriel(without, 'établissement')} {'n’a' if without == 1 else 'n’ont'} pas de secteur"


def _secteur(one: SecteurVu, counts: Mapping[UUID | None, int]) -> dict[str, Any]:
    return {
        "nom": one.nom,
        "equipes": ", ".join(one.equipes) or None,
        "nombre": counts.get(one.id, 0),
        "url": url_for("secteurs.secteur", secteur_id=one.id),
    }


def secteur_model(seen: SecteurVu, found: PageEtablissements, page: int) -> dict[str, Any]:
    return {
        "nom": seen.nom,
        "equipes": ", ".join(seen.equipes) or None,
        "retour_url": url_for("secteurs.show"),
        "liste": _liste(found, page, {seen.id: seen.nom}, "secteurs.secteur", secteur_id=seen.id),
    }


def _liste(
    found: PageEtablissements, page: int, noms: Mapping[UUID, str], endpoint: str, **query: Any
) -> dict[str, Any]:
    return {
        "lignes": [_ligne(one, noms) for one in found.lignes],
        "total": found.total,
        "pages": pages_model(page, found.total, PER_PAGE, endpoint, **query),
        "choix_url": url_for("secteurs.choose"),
        "retour": url_for(endpoint, page=page if page > 1 else None, **query),
        "tous": ",".join(str(one.id) for one in found.lignes),
    }


def _ligne(one: EtablissementPlace, noms: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "nom": one.nom,
        "commune": one.commune,
        "siret": one.siret,
        "salaries": one.salaries,
        "secteur": noms.get(one.secteur_id) if one.secteur_id else None,
        "depuis": one.depuis,
    }


def choix_model(
    seen: Choisis, secteurs: Sequence[SecteurVu], choisi: str = "", erreurs: Mapping[str, str] | None = None
) -> dict[str, Any]:
    noms = {one.id: one.nom for one in secteurs}
    return {
        "action": url_for("secteurs.place"),
        "titre": f"Dans quel secteur rattacher {seen.those}\u00a0?",
        "lignes": [_ligne(one, noms) for one in seen.lignes],
        "retour": seen.retour,
        "choix": [_choix(one, seen) for one in secteurs],
        "choisi": choisi,
        "erreurs": erreurs or {},
        "a_savoir": _a_savoir(seen),
    }


def _choix(one: SecteurVu, seen: Choisis) -> dict[str, str | None]:
    stand = all(place.secteur_id == one.id for place in seen.lignes)
    here = "y est déjà" if len(seen.lignes) == 1 else "y sont déjà"
    return {
        "code": str(one.id),
        "titre": one.nom,
        "consequence": _consequence(one.equipes, seen),
        "ferme": f"{seen.those[0].upper()}{seen.those[1:]} {here}." if stand else None,
    }


def _consequence(equipes: Sequence[str], seen: Choisis) -> str:
    """Who will follow whom; those whose dossier an équipe was entrusted with do not change."""
    number = seen.salaries - seen.entrusted
    who = f"{pluriel(number, 'salarié')} de {seen.those}" if number else f"les salariés à venir de {seen.those}"
    if not equipes:
        return f"Ce secteur n’a pas d’équipe\u00a0: personne ne suivra {who}."
    return f"{enumeration(equipes)} {'suivra' if len(equipes) == 1 else 'suivront'} {who}."


def _a_savoir(seen: Choisis) -> list[str]:
    told = []
    if seen.entrusted:
        their = "a un dossier confié" if seen.entrusted == 1 else "ont un dossier confié"
        kept = "son suivi ne change pas" if seen.entrusted == 1 else "leur suivi ne change pas"
        told.append(
            f"{pluriel(seen.entrusted, 'salarié')} de {seen.those} {their} à une équipe, quel que soit le secteur\u00a0: {kept}."
        )
    if any(one.secteur_id for one in seen.lignes):
        told.append(
            "Les équipes du secteur quitté cessent aussitôt de lire les dossiers qu’elles ne suivaient que par lui."
        )
    return told


def done(seen: Sequence[object], nom: str) -> str:
    """What the toast says."""
    if not seen:
        return f"Rien n’a changé\u00a0: tout y était déjà ({nom})."
    return f"{pluriel(len(seen), 'établissement')} {'est rattaché' if len(seen) == 1 else 'sont rattachés'} ({nom})."
