"""What is written in a dossier outside of visits and exposures: each act authorised, sealed and traced."""

from datetime import date
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from spst.dmst import queries, rules, suivi_queries, textes
from spst.dmst.entetes import add_header, header
from spst.dmst.errors import (
    DossierAlreadyExists,
    EquipeNotFound,
    EquipeRequired,
    OppositionAlreadyRecorded,
    OppositionNotInForce,
    SecteurWithoutEquipe,
    TexteRefused,
)
from spst.dmst.ouverture import dossier_row
from spst.dmst.queries import COURRIER, DOSSIER, INFORMATION, MEDECIN_TRAITANT, OPPOSITION, REGIME, SUIVI
from spst.dmst.vues import EquipeVue
from spst.habilitations import services as habilitations
from spst.identite import activation
from spst.identite import services as identite
from spst.identite.activation import CodeRemis
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.tenants import queries as tenants
from spst.traces import services as traces


def create_dossier(
    ctx: Context, travailleur_id: UUID, *, equipe_id: UUID | None = None, par_secteur: bool = False
) -> UUID:
    """Constitute the dossier of somebody of the register: one per travailleur and SPST (R. 4624-45-3).

    `equipe_id`: who will follow it; by default the one équipe of the actor. `par_secteur`: none is entrusted with it, and
    those of the sector where he works follow it, as long as there are any today (L. 1110-4 I CSP).
    It begins under suivi simple (R. 4624-16).
    Its key is made first: a key without dossier is harmless, the reverse is not.
    Raises: TravailleurNotFound, AccessDenied, EquipeRequired, EquipeNotFound, SecteurWithoutEquipe, DossierAlreadyExists.
    """
    identite.identite(ctx, travailleur_id)
    habilitations.require(ctx, "dossier.create")
    if par_secteur and not suivi_queries.equipes_du_secteur(ctx, travailleur_id):
        raise SecteurWithoutEquipe
    equipe = None if par_secteur else _equipe(ctx, equipe_id)
    dossier_id, day = new_id(ctx.clock.now()), today(ctx.clock)
    ctx.runtime.keyring.create_dossier_key(ctx.tenant_id, dossier_id)
    try:
        ctx.session.execute(
            insert(DOSSIER).values(
                tenant_id=ctx.tenant_id,
                id=dossier_id,
                travailleur_id=travailleur_id,
                created_at=ctx.clock.now(),
                created_by=ctx.acteur.id,
            )
        )
    except IntegrityError as error:
        raise DossierAlreadyExists from error
    of_dossier = {"tenant_id": ctx.tenant_id, "dossier_id": dossier_id}
    if equipe is not None:
        ctx.session.execute(insert(SUIVI).values(id=new_id(), equipe_id=equipe, starts_on=day, **of_dossier))
    ctx.session.execute(
        insert(REGIME).values(id=new_id(), regime="SIS", effective_from=day, article="R. 4624-16", **of_dossier)
    )
    traces.record(ctx, "dossier.create", dossier_id, ["S1"])
    return dossier_id


def equipes(ctx: Context) -> tuple[EquipeVue, ...]:
    """Équipes that may follow somebody, those of the actor first: what `create_dossier` is offered."""
    own = set(queries.equipes_of_actor(ctx))
    every = [EquipeVue(equipe_id, nom, equipe_id in own) for equipe_id, nom in tenants.equipes(ctx)]
    return tuple(sorted(every, key=lambda equipe: not equipe.is_own))


def _equipe(ctx: Context, equipe_id: UUID | None) -> UUID:
    if equipe_id is not None:
        if not queries.has_equipe(ctx, equipe_id):
            raise EquipeNotFound
        return equipe_id
    own = queries.equipes_of_actor(ctx)
    if len(own) != 1:
        raise EquipeRequired
    return own[0]


def issue_code(ctx: Context, dossier_id: UUID) -> CodeRemis:
    """A code by which the travailleur opens his portal, shown once, to be handed over or posted; earlier ones end.

    Raises: DossierNotFound, AccessDenied, CodeNotIssuable.
    """
    row = dossier_row(ctx, dossier_id)
    habilitations.require(ctx, "code_activation.issue", dossier_id)
    given = activation.issue_code(ctx, identite.identite(ctx, row.travailleur_id))
    traces.record(ctx, "code_activation.issue", dossier_id, ["S1"])
    return given


def set_medecin_traitant(ctx: Context, dossier_id: UUID, *, nom: str, contact: str) -> UUID:
    """Note the médecin traitant (S1); the one noted before stays in the dossier.

    Raises: DossierNotFound, AccessDenied, TexteRequired, TexteTooLong, TexteRefused.
    """
    dossier_row(ctx, dossier_id)
    habilitations.require(ctx, "identite.update", dossier_id)
    name, reach = textes.checked(nom), textes.checked(contact)
    row_id = add_header(ctx, dossier_id, "S1")
    ctx.session.execute(
        insert(MEDECIN_TRAITANT).values(
            tenant_id=ctx.tenant_id,
            id=row_id,
            dossier_id=dossier_id,
            nom_sealed=textes.seal(ctx, dossier_id, MEDECIN_TRAITANT, "nom_sealed", row_id, name),
            contact_sealed=textes.seal(ctx, dossier_id, MEDECIN_TRAITANT, "contact_sealed", row_id, reach),
            created_at=ctx.clock.now(),
            created_by=ctx.acteur.id,
        )
    )
    traces.record(ctx, "identite.update", dossier_id, ["S1"])
    return row_id


def add_courrier(
    ctx: Context, dossier_id: UUID, *, sens: str, date_courrier: date, correspondant: str, objet: str, texte: str
) -> UUID:
    """File a letter between health professionals (S4); it never changes afterwards. `sens`: recu, envoye.

    Raises: DossierNotFound, AccessDenied, DateNotAllowed, TexteRequired, TexteTooLong, TexteRefused.
    """
    dossier_row(ctx, dossier_id)
    habilitations.require(ctx, "courrier.add", dossier_id)
    if sens not in rules.SENS:
        raise TexteRefused
    rules.check_past(date_courrier, today(ctx.clock))
    parts = {
        "correspondant_sealed": textes.checked(correspondant),
        "objet_sealed": textes.checked(objet),
        "texte_sealed": textes.checked(texte, textes.LONG),
    }
    row_id = add_header(ctx, dossier_id, "S4")
    sealed = {column: textes.seal(ctx, dossier_id, COURRIER, column, row_id, part) for column, part in parts.items()}
    ctx.session.execute(
        insert(COURRIER).values(
            tenant_id=ctx.tenant_id,
            id=row_id,
            dossier_id=dossier_id,
            sens=sens,
            date_courrier=date_courrier,
            created_at=ctx.clock.now(),
            created_by=ctx.acteur.id,
            **sealed,
        )
    )
    traces.record(ctx, "courrier.add", dossier_id, ["S4"])
    return row_id


def give_information(
    ctx: Context,
    dossier_id: UUID,
    *,
    notice_version: str,
    canal: str,
    given_on: date | None = None,
    precision: str | None = None,
) -> UUID:
    """Note that the travailleur was informed of his rights and of who may read his dossier (S6; R. 4624-45-6).

    Raises: DossierNotFound, AccessDenied, DateNotAllowed, TexteRequired, TexteTooLong, TexteRefused.
    """
    dossier_row(ctx, dossier_id)
    habilitations.require(ctx, "information.give", dossier_id)
    if canal not in rules.CANAUX:
        raise TexteRefused
    day = rules.check_past(given_on or today(ctx.clock), today(ctx.clock))
    version, detail = textes.checked(notice_version), textes.optional(precision)
    row_id = add_header(ctx, dossier_id, "S6")
    ctx.session.execute(
        insert(INFORMATION).values(
            tenant_id=ctx.tenant_id,
            id=row_id,
            dossier_id=dossier_id,
            notice_version=version,
            canal=canal,
            given_on=day,
            precision_sealed=textes.seal_optional(ctx, dossier_id, INFORMATION, "precision_sealed", row_id, detail),
            created_at=ctx.clock.now(),
            created_by=ctx.acteur.id,
        )
    )
    traces.record(ctx, "information.give", dossier_id, ["S6"])
    return row_id


def record_opposition(ctx: Context, dossier_id: UUID, *, portee: str, precision: str | None = None) -> UUID:
    """Record an opposition of the travailleur (S7), by himself or by whoever he told: it closes the dossier at once.

    `portee`: mpc, professionnels, transfert. Source: C. trav. art. R. 4624-45-6, R. 4624-45-8 al. 3.
    Raises: DossierNotFound, AccessDenied, OppositionNotAllowed, OppositionAlreadyRecorded.
    """
    dossier_row(ctx, dossier_id)
    habilitations.require(ctx, "opposition.record", dossier_id)
    rules.check_portee(portee)
    detail = textes.optional(precision)
    row_id = add_header(ctx, dossier_id, "S7")
    try:
        ctx.session.execute(
            insert(OPPOSITION).values(
                tenant_id=ctx.tenant_id,
                id=row_id,
                dossier_id=dossier_id,
                portee=portee,
                declared_at=ctx.clock.now(),
                precision_sealed=textes.seal_optional(ctx, dossier_id, OPPOSITION, "precision_sealed", row_id, detail),
                created_by=ctx.acteur.id,
            )
        )
    except IntegrityError as error:
        raise OppositionAlreadyRecorded from error
    traces.record(ctx, "opposition.record", dossier_id, ["S7"])
    return row_id


def withdraw_opposition(ctx: Context, opposition_id: UUID) -> None:
    """Lift an opposition; it stays in the dossier with both its dates.

    Raises: ObjetNotFound, AccessDenied, OppositionNotInForce.
    """
    dossier_id = header(ctx, opposition_id, "S7").dossier_id
    habilitations.require(ctx, "opposition.record", dossier_id)
    lifted = ctx.session.execute(
        update(OPPOSITION)
        .where(
            OPPOSITION.c.tenant_id == ctx.tenant_id,
            OPPOSITION.c.id == opposition_id,
            OPPOSITION.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=ctx.clock.now())
        .returning(OPPOSITION.c.id)
    )
    if lifted.one_or_none() is None:
        raise OppositionNotInForce
    traces.record(ctx, "opposition.record", dossier_id, ["S7"])
