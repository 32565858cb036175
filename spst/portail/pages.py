"""What each page reads: the doors of the rooms below, joined for the person whose dossier it is.

They authorise and trace; the first act of a page names its line: `portail.dossier`, `portail.visites` or `portail.acces`.
"""

from datetime import datetime, timedelta
from uuid import UUID

from spst.comptes import exercice
from spst.dmst import services as dmst
from spst.expositions import services as expositions
from spst.habilitations import exceptionnel
from spst.habilitations.exceptionnel import AVIS, RAISONS
from spst.journal import services as journal
from spst.journal import signalements
from spst.journal.rules import REFUSE
from spst.kernel.context import Context
from spst.portail import queries, vues
from spst.visites import services as visites
from spst.web.filters import prenom

_TOLD = timedelta(days=92)


def accueil(ctx: Context, dossier_id: UUID) -> vues.Accueil:
    """Raises: DossierNotFound, AccessDenied."""
    dossier = dmst.open_dossier(ctx, dossier_id)
    lues = visites.visites_for_worker(ctx, dossier_id)
    personne = dossier.identite
    return vues.Accueil(
        prenom=prenom(personne.prenom_utilise or personne.premier_prenom),
        equipes=vues.equipes(dossier.equipe),
        emplois=tuple(f"{contrat.poste}, {contrat.etablissement}" for contrat in dossier.emplois),
        rendez_vous=queries.next_rendez_vous(ctx, personne.id),
        derniere=vues.visite(lues[0]) if lues else None,
        exceptionnels=_exceptionnels(ctx, dossier_id, since=ctx.clock.now() - _TOLD),
    )


def _exceptionnels(ctx: Context, dossier_id: UUID, since: datetime | None = None) -> tuple[vues.Exceptionnel, ...]:
    """The latest first; the first page tells those of the last three months, the list of accesses all of them."""
    found = [one for one in exceptionnel.of_dossier(ctx, dossier_id) if since is None or one.opened_at >= since]
    names = exercice.names_of(ctx, [one.compte_id for one in found]) if found else {}
    return tuple(
        vues.Exceptionnel(
            le=one.opened_at,
            qui=names.get(one.compte_id, "Un médecin du travail"),
            raison=RAISONS[one.raison],
            texte=one.texte,
            avis=None if one.avis is None else AVIS[one.avis],
            reponse=one.reponse,
        )
        for one in found
    )


def mes_visites(ctx: Context, dossier_id: UUID) -> list[vues.VisiteLue]:
    """Raises: DossierNotFound, AccessDenied."""
    return [vues.visite(ligne) for ligne in visites.visites_for_worker(ctx, dossier_id)]


def parcours(ctx: Context, dossier_id: UUID) -> vues.Parcours:
    """Raises: DossierNotFound, AccessDenied."""
    return vues.parcours(expositions.curriculum(ctx, dossier_id))


def mon_identite(ctx: Context, dossier_id: UUID) -> vues.Identite:
    """Raises: DossierNotFound, AccessDenied."""
    dossier = dmst.open_dossier(ctx, dossier_id)
    s1 = dossier.s1
    matricule = s1.matricule.valeur if s1 and s1.matricule else None
    return vues.identite(dossier.identite, matricule, s1.medecin_traitant if s1 else None)


def mes_droits(ctx: Context, dossier_id: UUID) -> vues.Droits:
    """Raises: DossierNotFound, AccessDenied."""
    dossier = dmst.open_dossier(ctx, dossier_id)
    return vues.Droits(
        medecins=tuple(membre.nom for membre in dossier.medecins),
        oppositions=dossier.s7 or (),
        informations=dossier.s6 or (),
    )


def qui_a_ouvert(ctx: Context, dossier_id: UUID, *, refus_seuls: bool, avant: UUID | None) -> vues.ListeAcces:
    """Raises: DossierNotFound, AccessDenied."""
    page = journal.accesses_of(ctx, dossier_id, before=avant, decision=REFUSE if refus_seuls else None)
    sceau = journal.seal(ctx)
    is_suite = avant is not None
    told = () if is_suite or refus_seuls else _exceptionnels(ctx, dossier_id)
    return vues.liste(page, refus_seuls, is_suite, sceau, told, signalements.of_dossier(ctx, dossier_id))
