"""The words of a refusal: what was asked, by which rules it was closed, whom to ask by name, and what to do next."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import url_for

from spst.comptes import exercice
from spst.dmst import services as dmst
from spst.habilitations import explications
from spst.habilitations import services as habilitations
from spst.habilitations.actions import SECTIONS, TITRES
from spst.habilitations.explications import Explication, Origine
from spst.habilitations.politique import Recours, Regle, numero_of
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied
from spst.pilotage.politique import adresse_politique
from spst.web.filters import date_longue, enumeration
from spst.web.frame import login_url
from spst.web.ports import Lien, Refus, RegleCitee


class RefusalsExplained:
    """Implements `spst.web.ports.RefusalTable`."""

    def refusal(self, ctx: Context, action: str, dossier_id: UUID | None) -> AccessDenied | None:
        return explications.refusal(ctx, action, dossier_id)

    def explain(self, ctx: Context, facts: Mapping[str, object]) -> Refus | None:
        found = explications.of_refusal(ctx, facts)
        return None if found is None else _refus(ctx, found)

    def explain_section(self, ctx: Context, dossier_id: UUID, section: str | None) -> Refus | None:
        found = explications.of_section(ctx, dossier_id, section)
        return None if found is None else _refus(ctx, found)


def _refus(ctx: Context, found: Explication) -> Refus:
    reads = habilitations.may(ctx, "politique.consult")
    return Refus(
        titre=_titre(found),
        phrase=found.phrase,
        demande=found.acte,
        fonctions=", ".join(role.label for role in found.fonctions),
        volets=[(section, TITRES[section]) for section in found.sections],
        regles=[_cited(regle, found.version, reads=reads) for regle in found.regles],
        politique=_politique(found, reads=reads),
        recours=_recours(ctx, found),
        suites=list(_suites(found)),
    )


def _titre(found: Explication) -> str:
    if found.origine is Origine.MOTIF:
        return "Dites d’abord pourquoi vous ouvrez ce dossier"
    if found.recours is Recours.CONNEXION:
        return "Cet acte demande vos deux facteurs"
    if not found.sections:
        return "Cet acte revient à d’autres fonctions"
    if found.recours is Recours.SALARIE:
        return "Le salarié s’y oppose"
    closed = {1: "ce volet", len(SECTIONS): "ce dossier"}.get(len(found.sections), "ces volets")
    if found.origine is Origine.SERVICE:
        return f"Votre service vous ferme {closed}"
    return f"{closed.capitalize()} {'vous sont fermés' if closed == 'ces volets' else 'vous est fermé'}"


def _cited(regle: Regle, version: str, *, reads: bool) -> RegleCitee:
    url = adresse_politique(version, regle.id) if reads else None
    return RegleCitee(regle.id, regle.explication, regle.article, url)


def _politique(found: Explication, *, reads: bool) -> Lien:
    said = "Plafond national et politique livrée avec l’application"
    if found.published_at is not None:
        ours = f"version {numero_of(found.version)} de votre service"
        said = f"Plafond national et {ours}, en vigueur depuis le {date_longue(found.published_at)}"
    return Lien(said, adresse_politique(found.version) if reads else "")


def _recours(ctx: Context, found: Explication) -> str:
    if found.origine is Origine.MOTIF:
        return "Dites pourquoi, puis reprenez."
    match found.recours:
        case Recours.CONNEXION:
            return "Reconnectez-vous avec vos deux facteurs."
        case Recours.DIRECTION:
            return _named("Demandez à la direction de votre service", exercice.holders_of(ctx, Role.DIR))
        case Recours.PERSONNE:
            ask = _named(
                "Pour une question, le délégué à la protection des données", exercice.holders_of(ctx, Role.DPO)
            )
            return "Personne n’y déroge." if ctx.acteur.role is Role.DPO else f"Personne n’y déroge. {ask}"
        case Recours.SALARIE:
            kept = _medecins(ctx, found.dossier_id)
            reader = f" {enumeration(kept)} lit toujours ce dossier\u00a0: demandez-lui." if len(kept) == 1 else ""
            return f"Le salarié seul peut revenir sur son opposition.{reader}"
        case Recours.MEDECIN if found.dossier_id is None:
            return "Demandez à un médecin du travail de votre service."
        case Recours.MEDECIN:
            return _named("Demandez au médecin du travail de ce salarié", _medecins(ctx, found.dossier_id))


def _named(ask: str, names: Sequence[str]) -> str:
    return f"{ask}\u00a0: {enumeration(names)}." if names else f"{ask}."


def _medecins(ctx: Context, dossier_id: UUID | None) -> Sequence[str]:
    """Who follows is told to colleagues alone; not to a médecin praticien correspondant, who is no member of the SPST."""
    told = ctx.acteur.famille in {Famille.SANTE, Famille.DELEGUE} and ctx.acteur.role is not Role.MPC
    return dmst.medecins_of(ctx, dossier_id) if told and dossier_id is not None else ()


def _suites(found: Explication) -> Sequence[Lien]:
    if found.recours is Recours.CONNEXION:
        return [Lien("Me reconnecter", login_url())]
    if found.dossier_id is None:
        return []
    if found.origine is Origine.MOTIF:
        return [Lien("Dire pourquoi", url_for("dossier.show", dossier_id=found.dossier_id))]
    if found.exceptionnel:
        return [Lien("Demander un accès exceptionnel", url_for("exceptionnel.ask", dossier_id=found.dossier_id))]
    return []
