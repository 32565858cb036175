"""Reading visits: one of them whole, the timeline of a dossier, and what the worker reads of his own."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from spst.dmst import services as dmst
from spst.habilitations import services as habilitations
from spst.habilitations.services import Droits
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, today
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied
from spst.traces import services as traces
from spst.visites import queries, registre_queries, rules, textes
from spst.visites.errors import RendezVousNotFound
from spst.visites.rules import RUBRIQUES, Rubrique
from spst.visites.vues import (
    AddendumVu,
    Bandeau,
    Choix,
    ConclusionVue,
    LigneHistorique,
    NoteVue,
    Precedent,
    RubriqueVue,
    TypeOuvert,
    VisitePassee,
    VisiteVue,
    personne,
)

DERNIERES = 5


def types_open_to(ctx: Context, dossier_id: UUID, rendez_vous_id: UUID | None = None) -> Choix:
    """All the types of the day's law for a worker; those that the actor may not conduct are closed, with their article.

    Raises: NotFound, AccessDenied, RendezVousNotFound for one that is unknown or of somebody else.
    """
    habilitations.require(ctx, "visite.start", dossier_id)
    on = today(ctx.clock)
    regime = queries.regime_on(ctx, dossier_id, on)
    if rendez_vous_id and queries.dossier_of_rendez_vous(ctx, rendez_vous_id) != dossier_id:
        raise RendezVousNotFound
    libelle = queries.libelle_of_rendez_vous(ctx, rendez_vous_id) if rendez_vous_id else None
    types = tuple(
        TypeOuvert(type_, rules.closed_because(type_, ctx.acteur.role), regime is None or regime in type_.regimes)
        for type_ in queries.types_in_force(ctx, on)
    )
    suitable = [t.type.code for t in types if t.ferme is None and t.is_of_regime and t.type.libelle_agenda == libelle]
    traces.record(ctx, "dossier.open", dossier_id)
    return Choix(types, suitable[0] if len(suitable) == 1 else None)


def bandeau(ctx: Context, dossier_id: UUID) -> Bandeau:
    """Who a page is about, for one that opens the dossier or something in it; the regime for who may read S2. One statement.

    Raises: NotFound, AccessDenied.
    """
    decision = habilitations.require(ctx, "dossier.open", dossier_id, sections=["S1", "S2", "S3"])
    row = registre_queries.bandeau(ctx, dossier_id, today(ctx.clock))
    regime = row.regime if "S2" in decision.open_sections else None
    traces.record(ctx, "dossier.open", dossier_id, ["S2"] if regime else [])
    return Bandeau(
        dossier_id=dossier_id,
        depuis=row.created_at.astimezone(PARIS).date(),
        nom_naissance=row.nom_naissance,
        prenom=row.premier_prenom,
        nom_utilise=row.nom_utilise,
        prenom_utilise=row.prenom_utilise,
        naissance=row.date_naissance,
        lieu=row.lieu_naissance,
        sexe=row.sexe,
        statut_ins=row.statut_ins,
        poste=row.poste,
        employeur=row.employeur,
        regime=regime,
    )


def visite(ctx: Context, visite_id: UUID) -> VisiteVue:
    """A visit as the actor may read it: notes of all its authors, what the last one said, conclusion, addenda.

    Raises: NotFound, AccessDenied.
    """
    dossier_id = dmst.header(ctx, visite_id, "S3").dossier_id
    habilitations.require(ctx, "visite.consult", dossier_id)
    droits = habilitations.permitted(ctx, dossier_id)
    row = queries.visite(ctx, visite_id)
    told = _conclusion(ctx, row) if droits.can_consult("S5") else None
    traces.record(ctx, "visite.consult", dossier_id, ["S3", "S5"] if told else ["S3"])
    return VisiteVue(
        id=row.id,
        dossier_id=dossier_id,
        type_code=row.type_code,
        type=row.libelle,
        professionnel=personne(row),
        started_at=row.started_at,
        closed_at=row.closed_at,
        abandoned_at=row.abandoned_at,
        arrived_at=row.arrived_at,
        rubriques=_rubriques(ctx, row),
        conclusion=told,
        complements=_complements(ctx, row),
        dernieres=tuple(
            VisitePassee(past.id, past.libelle, past.started_at) for past in queries.closed_before(ctx, row, DERNIERES)
        ),
        peut_remplir=droits.can_fill("S3"),
        peut_cloturer=_may_close(ctx, row, droits),
        peut_abandonner=droits.can_fill("S3") and row.professionnel_id == ctx.acteur.id,
        peut_orienter=rules.may_refer(ctx.acteur.role),
    )


def _may_close(ctx: Context, row: Row[Any], droits: Droits) -> bool:
    """For the page, which hides an act that would be refused; the closing itself decides."""
    may_fill = droits.can_fill("S3") and droits.can_fill("S5")
    return may_fill and (row.professionnel_id == ctx.acteur.id or ctx.acteur.role is Role.MDT)


def _rubriques(ctx: Context, visite: Row[Any]) -> tuple[RubriqueVue, ...]:
    """`information` has no text of before: each visit tells the worker anew."""
    notes: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in queries.notes_of(ctx, visite.id):
        notes[row.rubrique].append(row)
    before: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in queries.previous_notes(ctx, visite):
        before[row.rubrique].append(row)
    return tuple(_rubrique(ctx, rubrique, notes[rubrique.code], before[rubrique.code]) for rubrique in RUBRIQUES)


def _rubrique(ctx: Context, rubrique: Rubrique, notes: list[Row[Any]], before: list[Row[Any]]) -> RubriqueVue:
    seen = [(row.auteur_id, _note(ctx, row)) for row in notes]
    return RubriqueVue(
        rubrique=rubrique,
        note=next((note for auteur_id, note in seen if auteur_id == ctx.acteur.id), None),
        autres=tuple(note for auteur_id, note in seen if auteur_id != ctx.acteur.id and note.texte.strip()),
        precedent=None if rubrique.pour_salarie else _precedent(ctx, before),
    )


def _note(ctx: Context, row: Row[Any]) -> NoteVue:
    texte = textes.read(ctx, row.dossier_id, textes.NOTE, row.id, row.texte_sealed)
    return NoteVue(personne(row), texte, row.revision, row.saved_at)


def _precedent(ctx: Context, rows: list[Row[Any]]) -> Precedent | None:
    texte = rules.joined([_note(ctx, row).texte for row in rows])
    return Precedent(texte, rows[0].started_at, personne(rows[0])) if texte else None


def _complements(ctx: Context, visite: Row[Any]) -> tuple[AddendumVu, ...]:
    if visite.closed_at is None:
        return ()
    return tuple(
        AddendumVu(
            personne(row),
            textes.read(ctx, row.dossier_id, textes.ADDENDUM, row.id, row.texte_sealed),
            row.added_at,
        )
        for row in queries.addenda_of(ctx, visite.id)
    )


def _conclusion(ctx: Context, row: Row[Any]) -> ConclusionVue | None:
    if row.conclusion_id is None:
        return None
    information = textes.read(ctx, row.dossier_id, textes.CONCLUSION, row.conclusion_id, row.information_sealed)
    return ConclusionVue(information, row.orientation_medecin, row.prochaine_visite_on)


def historique(ctx: Context, dossier_id: UUID) -> list[LigneHistorique]:
    """The visits of a dossier, latest first, with what each told the worker where S5 is open. One statement.

    An abandoned one stands there when something was written in it.

    Raises: NotFound, AccessDenied.
    """
    return _timeline(ctx, "dossier.open", dossier_id, closed_only=False)


def visites_for_worker(ctx: Context, dossier_id: UUID) -> list[LigneHistorique]:
    """What the worker reads of his visits: the closed ones and what was meant for him, never a note nor an addendum (POR-05).

    Raises: NotFound, AccessDenied.
    """
    return _timeline(ctx, "portail.visites", dossier_id, closed_only=True)


def _timeline(ctx: Context, action: str, dossier_id: UUID, *, closed_only: bool) -> list[LigneHistorique]:
    decision = habilitations.require(ctx, action, dossier_id, sections=["S3", "S5"])
    if "S3" not in decision.open_sections:
        closed = decision.sections["S3"]
        raise AccessDenied(closed.explication, action=action, dossier_id=dossier_id, regles=closed.rules)
    tells = "S5" in decision.open_sections
    lines = [
        LigneHistorique(
            id=row.id,
            type=row.libelle,
            professionnel=personne(row),
            started_at=row.started_at,
            closed_at=row.closed_at,
            abandoned_at=row.abandoned_at,
            conclusion=_conclusion(ctx, row) if tells else None,
        )
        for row in queries.visites_of(ctx, dossier_id, closed_only=closed_only)
    ]
    traces.record(ctx, action, dossier_id, decision.open_sections)
    return lines
