"""Opening a dossier: sections decided one by one, those that are open read, one trace for what was really read."""

from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table

from spst.dmst import queries, suivi_queries, textes
from spst.dmst.errors import DossierNotFound
from spst.dmst.queries import COURRIER, INFORMATION, MEDECIN_TRAITANT, OPPOSITION, EnTeteRow
from spst.dmst.rules import READ_ON_OPENING, shows_free_text
from spst.dmst.vues import (
    CourrierVu,
    DossierVu,
    IdentiteVue,
    InformationVue,
    MedecinTraitantVu,
    Membre,
    OppositionVue,
    SectionLegale,
    SectionVue,
)
from spst.entreprises import services as entreprises
from spst.habilitations import services as habilitations
from spst.identite import services as identite
from spst.identite.queries import MatriculeRow
from spst.kernel.acteur import Famille, Role
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.traces import services as traces
from spst.web.filters import personnel


def open_dossier(ctx: Context, dossier_id: UUID) -> DossierVu:
    """The dossier as the actor may read it; the travailleur opens his own by the same door.

    The trace names the sections that were read, not those that could have been.
    Raises: DossierNotFound, AccessDenied. Source: C. trav. art. R. 4624-45-5.
    """
    row = dossier_row(ctx, dossier_id)
    action = "portail.dossier" if ctx.acteur.famille is Famille.TRAVAILLEUR else "dossier.open"
    decision = habilitations.require(ctx, action, dossier_id)
    droits = habilitations.permitted(ctx, dossier_id)
    read = [section for section in READ_ON_OPENING if section in decision.open_sections]
    opened = DossierVu(
        id=dossier_id,
        created_at=row.created_at,
        identite=identite.identite(ctx, row.travailleur_id),
        emplois=entreprises.emploi_actuel(ctx, [row.travailleur_id]).get(row.travailleur_id, ()),
        equipe=_membres(suivi_queries.followers(ctx, dossier_id)),
        sections=tuple(SectionVue(legale, droits.sections[legale.code]) for legale in sections(ctx)),
        s1=_s1(ctx, dossier_id) if "S1" in read else None,
        s4=_s4(ctx, dossier_id) if "S4" in read else None,
        s6=_s6(ctx, dossier_id) if "S6" in read else None,
        s7=_s7(ctx, dossier_id) if "S7" in read else None,
    )
    traces.record(ctx, action, dossier_id, read)
    return opened


def sections(ctx: Context, day: date | None = None) -> tuple[SectionLegale, ...]:
    """The parts of the dossier in the text in force that day, today by default."""
    return queries.sections_at(ctx, day or today(ctx.clock))


def dossier_row(ctx: Context, dossier_id: UUID) -> EnTeteRow:
    """Raises: DossierNotFound."""
    row = queries.find_dossier(ctx, dossier_id)
    if row is None:
        raise DossierNotFound
    return row


def _s1(ctx: Context, dossier_id: UUID) -> IdentiteVue:
    row = queries.identite_row(ctx, dossier_id)
    matricule = None
    if row.matricule_id is not None:
        sealed = MatriculeRow(row.matricule_id, row.matricule_sealed, row.oid)
        matricule = identite.open_matricule(ctx, dossier_id, sealed)
    return IdentiteVue(matricule, _medecin_traitant(ctx, dossier_id, row))


def _medecin_traitant(ctx: Context, dossier_id: UUID, row: Row[Any]) -> MedecinTraitantVu | None:
    if row.id is None:
        return None
    return MedecinTraitantVu(
        nom=textes.read(ctx, dossier_id, MEDECIN_TRAITANT, "nom_sealed", row.id, row.nom_sealed),
        contact=textes.read(ctx, dossier_id, MEDECIN_TRAITANT, "contact_sealed", row.id, row.contact_sealed),
        created_at=row.created_at,
        auteur=_auteur(row),
    )


def _s4(ctx: Context, dossier_id: UUID) -> tuple[CourrierVu, ...]:
    whole = shows_free_text(ctx.acteur.famille)

    def read(row: Row[Any], column: str) -> str:
        return textes.read(ctx, dossier_id, COURRIER, column, row.id, getattr(row, column))

    return tuple(
        CourrierVu(
            id=row.id,
            sens=row.sens,
            date_courrier=row.date_courrier,
            correspondant=read(row, "correspondant_sealed"),
            objet=read(row, "objet_sealed") if whole else None,
            texte=read(row, "texte_sealed") if whole else None,
            auteur=_auteur(row),
        )
        for row in queries.courriers(ctx, dossier_id)
    )


def _s6(ctx: Context, dossier_id: UUID) -> tuple[InformationVue, ...]:
    return tuple(
        InformationVue(
            id=row.id,
            notice_version=row.notice_version,
            canal=row.canal,
            given_on=row.given_on,
            precision=_precision(ctx, dossier_id, INFORMATION, row),
            auteur=_auteur(row),
        )
        for row in queries.informations(ctx, dossier_id)
    )


def _s7(ctx: Context, dossier_id: UUID) -> tuple[OppositionVue, ...]:
    return tuple(
        OppositionVue(
            id=row.id,
            portee=row.portee,
            declared_at=row.declared_at,
            withdrawn_at=row.withdrawn_at,
            precision=_precision(ctx, dossier_id, OPPOSITION, row),
            auteur=_auteur(row),
        )
        for row in queries.oppositions(ctx, dossier_id)
    )


def _precision(ctx: Context, dossier_id: UUID, table: Table, row: Row[Any]) -> str | None:
    """What the professional or the travailleur added; the travailleur reads what he said himself."""
    if row.nom is not None and not shows_free_text(ctx.acteur.famille):
        return None
    return textes.read_optional(ctx, dossier_id, table, "precision_sealed", row.id, row.precision_sealed)


def _auteur(row: Row[Any]) -> str | None:
    return personnel(row.civilite, row.prenom, row.nom) if row.nom is not None else None


def medecins_of(ctx: Context, dossier_id: UUID) -> tuple[str, ...]:
    """The médecins du travail who follow a dossier today, as every page names them: to whom a refusal sends. No content."""
    equipe = _membres(suivi_queries.followers(ctx, dossier_id))
    return tuple(membre.nom for membre in equipe if Role.MDT in membre.roles)


def _membres(rows: list[Row[Any]]) -> tuple[Membre, ...]:
    """Rows come in the order of names, one per role."""
    found = []
    for compte_id, group in groupby(rows, key=lambda row: row.id):
        each = list(group)
        roles = sorted({Role(row.role) for row in each if row.role is not None}, key=list(Role).index)
        found.append(Membre(compte_id, _auteur(each[0]) or "", tuple(roles), each[0].equipe, each[0].par_secteur))
    return tuple(found)
