"""View-models of the pages of one visit, as their templates document them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from spst.kernel.clock import PARIS
from spst.kernel.ids import new_id
from spst.visites import rules
from spst.visites.rules import TypeLegal
from spst.visites.vues import Bandeau, Choix, NoteVue, RubriqueVue, TypeOuvert, VisiteVue
from spst.web.filters import articles_lies, date_longue

REGIMES = {"SIS": "Suivi simple", "SIA": "Suivi adapté", "SIR": "Suivi renforcé"}


def bandeau_model(seen: Bandeau) -> dict[str, Any]:
    """`bandeau` of templates/components/dossier.html."""
    return {
        "nom_naissance": seen.nom_naissance,
        "prenom": seen.prenom,
        "nom_utilise": seen.nom_utilise,
        "prenom_utilise": seen.prenom_utilise,
        "naissance": seen.naissance,
        "lieu": f"{seen.lieu} (code Insee)" if seen.lieu else None,
        "sexe": seen.sexe,
        "emploi": seen.poste,
        "employeur": seen.employeur,
        "suivi": f"{REGIMES[seen.regime]} ({seen.regime})" if seen.regime else None,
        "statut_ins": seen.statut_ins,
        "attributs": [],
        "dossier_url": dossier_url(seen.dossier_id),
    }


def dossier_url(dossier_id: object, **query: object) -> str:
    return url_for("dossier.show", dossier_id=dossier_id, **query)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Saisie:
    """What was typed and could not be kept, with the sentence that says why, by rubric."""

    textes: dict[str, str] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)
    complement: str = ""
    erreur_complement: str | None = None
    cloture_demandee: bool = False
    abandon_demande: bool = False
    cloture: dict[str, str] = field(default_factory=dict)
    erreurs_cloture: dict[str, str] = field(default_factory=dict)
    perdu: str | None = None
    """Typed in a visit abandoned meanwhile: nothing takes it any more."""

    @property
    def is_refused(self) -> bool:
        return bool(self.erreurs or self.erreur_complement or self.perdu is not None)


def visite_model(seen: VisiteVue, suivi: str | None, saisie: Saisie) -> dict[str, Any]:
    """`visite` of templates/espace_pro/visite.html."""
    ouverte = seen.closed_at is None and seen.abandoned_at is None
    return {
        "type": seen.type,
        "le": seen.started_at.astimezone(PARIS).date(),
        "debut": seen.started_at if rules.has_hour(seen.started_at) else None,
        "auteur": seen.professionnel.affiche,
        "suivi": suivi,
        "dossier_url": dossier_url(seen.dossier_id),
        "ouverte": ouverte,
        "close_le": seen.closed_at,
        "abandonnee_le": seen.abandoned_at,
        "perdu": saisie.perdu,
        "url": url_for("visites.show", visite_id=seen.id),
        "autosave_url": url_for("visites.save_note", visite_id=seen.id),
        "enregistrer_url": url_for("visites.save_note", visite_id=seen.id),
        "cloturer_url": url_for("visites.close", visite_id=seen.id) if seen.peut_cloturer else None,
        "abandonner_url": url_for("visites.abandon", visite_id=seen.id) if ouverte and seen.peut_abandonner else None,
        "abandon_demande": saisie.abandon_demande,
        "cloture_demandee": saisie.cloture_demandee,
        "cloture": {
            "orienter": seen.peut_orienter,
            "valeurs": saisie.cloture,
            "erreurs": saisie.erreurs_cloture,
        },
        "suites": _suites(seen),
        "rubriques": [_rubrique_model(rubrique, seen, saisie) for rubrique in seen.rubriques],
        "peut_remplir": seen.peut_remplir,
        "complements": [
            {"le": added.added_at, "auteur": added.auteur.affiche, "texte": added.texte} for added in seen.complements
        ],
        "completer": _completer(seen, saisie) if seen.closed_at is not None and seen.peut_remplir else None,
        "dernieres": [
            {
                "le": past.started_at.astimezone(PARIS).date(),
                "type": past.type,
                "url": url_for("visites.show", visite_id=past.id),
            }
            for past in seen.dernieres
        ],
    }


def _suites(seen: VisiteVue) -> list[tuple[str, str]]:
    told = seen.conclusion
    if told is None:
        return []
    lines = [("Orientation", "Vers le médecin du travail")] if told.orientation_medecin else []
    if told.prochaine_visite_on:
        lines.append(("Prochaine visite avant le", date_longue(told.prochaine_visite_on)))
    return lines


def _completer(seen: VisiteVue, saisie: Saisie) -> dict[str, Any]:
    return {
        "url": url_for("visites.complete", visite_id=seen.id),
        "texte": saisie.complement,
        "erreur": saisie.erreur_complement,
    }


def _rubrique_model(seen: RubriqueVue, visite: VisiteVue, saisie: Saisie) -> dict[str, Any]:
    code = seen.rubrique.code
    notes, texte = _shown(seen, visite)
    before = seen.precedent
    return {
        "code": code,
        "titre": seen.rubrique.titre,
        "texte": saisie.textes.get(code, texte),
        "revision": seen.note.revision if seen.note else 0,
        "enregistre_le": seen.note.saved_at if seen.note and code not in saisie.textes else None,
        "aide": seen.rubrique.aide,
        "pour_salarie": seen.rubrique.pour_salarie,
        "maximum": rules.TEXTE_MAX,
        "erreur": saisie.erreurs.get(code),
        "precedent": before
        and {
            "texte": before.texte,
            "le": before.le.astimezone(PARIS).date(),
            "auteur": before.auteur.affiche,
        },
        "autres": [{"auteur": note.auteur.affiche, "texte": note.texte, "le": note.saved_at} for note in notes]
        + _other_window(seen, saisie),
    }


def _shown(seen: RubriqueVue, visite: VisiteVue) -> tuple[tuple[NoteVue, ...], str]:
    """Notes of colleagues, and the main text: one's own note, or on a closed visit what was handed over."""
    if seen.rubrique.pour_salarie and visite.conclusion is not None:
        return (), visite.conclusion.information
    return seen.autres, seen.note.texte if seen.note else ""


def _other_window(seen: RubriqueVue, saisie: Saisie) -> list[dict[str, Any]]:
    """Without script, a conflict shows beside what was typed the text that is kept."""
    if seen.rubrique.code not in saisie.textes or seen.note is None:
        return []
    return [{"auteur": "Texte enregistré", "texte": seen.note.texte, "le": seen.note.saved_at}]


def nouvelle_model(
    choix: Choix,
    action: str,
    adresse: str,
    dossier: str,
    *,
    posted: dict[str, str],
    erreurs: dict[str, str],
    today: str,
) -> dict[str, Any]:
    """`nouvelle` of templates/espace_pro/visite_nouvelle.html."""
    return {
        "action": action,
        "adresse": adresse,
        "operation_id": posted.get("operation_id") or str(new_id()),
        "date": posted.get("date", today),
        "erreurs": erreurs,
        "choisi": posted.get("type") or choix.propose,
        "dossier_url": dossier,
        "groupes": _groups(each for each in choix.types if _suits(each)),
        "autres": _groups(each for each in choix.types if not _suits(each)),
    }


def _groups(types: Iterable[TypeOuvert]) -> list[dict[str, Any]]:
    """By scheduling label, in the order of the law."""
    groups: dict[str, list[TypeOuvert]] = {}
    for type_ in types:
        groups.setdefault(type_.type.libelle_agenda, []).append(type_)
    return [{"titre": titre, "types": [_type_model(each) for each in own]} for titre, own in groups.items()]


def _suits(seen: TypeOuvert) -> bool:
    """Of the worker's regime, and open to whoever reads the page."""
    return seen.is_of_regime and seen.ferme is None


def _type_model(seen: TypeOuvert) -> dict[str, Any]:
    return {
        "code": seen.type.code,
        "libelle": seen.type.libelle,
        "consequence": articles_lies(_consequence(seen.type, is_of_regime=seen.is_of_regime)),
        "ferme": articles_lies(seen.ferme) if seen.ferme else None,
    }


def _consequence(type_: TypeLegal, *, is_of_regime: bool) -> str:
    parts = []
    if not is_of_regime:
        parts.append(f"Pour un autre régime\u00a0: {', '.join(REGIMES[code].lower() for code in type_.regimes)}.")
    if type_.interval_max_mois:
        parts.append(f"Suivante dans les {type_.interval_max_mois} mois au plus.")
    return " ".join([*parts, f"{type_.article.replace('; ', ', ')}."])
