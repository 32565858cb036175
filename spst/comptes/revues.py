"""The periodic review of who holds what: frozen when it opens, decided line by line, signed, and never changed afterwards.

Nobody decides what he holds himself. The signature takes back what was decided so, in its own transaction. Serves PGSSI-S
(habilitations: « revue »), AUT-06.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from spst.comptes import comptes_queries, independance, octrois, revue_rules, sessions
from spst.comptes import services_comptes as comptes
from spst.comptes.comptes_queries import CompteVu
from spst.comptes.errors import (
    AuthentificationTooOld,
    LastDirection,
    OwnLigneRefused,
    RevueAlreadyOpen,
    RevueIncomplete,
    RevueNotFound,
    RevueSigned,
)
from spst.comptes.models import Compte, EquipeMembre, Habilitation, ReglageComptes, Revue, RevueLigne
from spst.comptes.revue_rules import GARDER, RETIRER, Reglages
from spst.habilitations import services as habilitations
from spst.habilitations.models import HabilitationNominative
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.tenants.models import Tenant
from spst.traces import services as traces
from spst.web import fresh
from spst.web.filters import personnel

_SIGNED = ("rang", "compte_id", "personne", "nature", "objet_id", "objet", "since", "until", "last_login_at",
           "decision", "commentaire", "decided_at", "decided_by")  # fmt: skip


@dataclass(frozen=True, slots=True)
class RevueVue:
    """`decidees`: lines that are decided; `retirees`: of these, those to take back. Names as people are shown."""

    id: UUID
    opened_at: datetime
    opened_by: str
    lignes: int
    decidees: int
    retirees: int
    signed_at: datetime | None
    signed_by: str | None
    empreinte: str | None

    @property
    def is_complete(self) -> bool:
        return self.decidees == self.lignes


@dataclass(frozen=True, slots=True)
class LigneVue:
    """One thing that one account held. `is_own`: whoever reads holds it, and does not decide of it."""

    id: UUID
    rang: int
    compte_id: UUID
    personne: str
    nature: str
    objet: str
    since: datetime
    until: datetime | None
    last_login_at: datetime | None
    decision: str | None
    commentaire: str | None
    decided_at: datetime | None
    decided_by: str | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Echeance:
    """By when the next review is signed. `ouverte`: the one under way; `derniere_on`: None before the first."""

    due_on: date
    is_late: bool
    derniere_on: date | None
    ouverte: RevueVue | None


# ──── Reading


def reglages(ctx: Context) -> Reglages:
    """What this SPST chose, or what is usual."""
    query = select(ReglageComptes.revue_mois, ReglageComptes.inusage_jours).where(
        ReglageComptes.tenant_id == ctx.tenant_id
    )
    row = ctx.session.execute(query).one_or_none()
    return Reglages(*row) if row else Reglages()


def echeance(ctx: Context) -> Echeance:
    """Counted from the last signature, or from the day on which the SPST came. Raises: AccessDenied."""
    habilitations.require(ctx, "revue.consult")
    found = _revues(ctx)
    last = max((one.signed_at for one in found if one.signed_at), default=None)
    start = last or ctx.session.scalars(select(Tenant.created_at).where(Tenant.id == ctx.tenant_id)).one()
    due = revue_rules.due_on(start.astimezone(PARIS).date(), reglages(ctx).revue_mois)
    return Echeance(
        due_on=due,
        is_late=due < today(ctx.clock),
        derniere_on=last.astimezone(PARIS).date() if last else None,
        ouverte=next((one for one in found if one.signed_at is None), None),
    )


def list_revues(ctx: Context) -> list[RevueVue]:
    """The latest first. Raises: AccessDenied."""
    habilitations.require(ctx, "revue.consult")
    traces.record(ctx, "revue.consult")
    return _revues(ctx)


def get_revue(ctx: Context, revue_id: UUID) -> tuple[RevueVue, list[LigneVue], bool | None]:
    """A review, its lines, and whether its fingerprint still agrees with them (None before it is signed).

    Raises: RevueNotFound, AccessDenied.
    """
    habilitations.require(ctx, "revue.consult")
    row = _row(ctx, revue_id)
    [vue] = [one for one in _revues(ctx) if one.id == revue_id]
    lignes = _lignes(ctx, revue_id)
    traces.record(ctx, "revue.consult")
    agrees = None if row.empreinte is None else _fingerprint(row, lignes) == row.empreinte
    names = _names(ctx)
    return vue, [_ligne(ctx, one, names) for one in lignes], agrees


def revue_of(ctx: Context, ligne_id: UUID) -> UUID:
    """The review that a line belongs to. Raises: RevueNotFound."""
    query = select(RevueLigne.revue_id).where(RevueLigne.tenant_id == ctx.tenant_id, RevueLigne.id == ligne_id)
    found = ctx.session.scalar(query)
    if found is None:
        raise RevueNotFound
    return found


# ──── Acts


def change_reglages(ctx: Context, chosen: Reglages) -> None:
    habilitations.require(ctx, "compte.update")
    one_at_a_time(ctx, "reglage_comptes", ctx.tenant_id)
    values = {
        "revue_mois": chosen.revue_mois,
        "inusage_jours": chosen.inusage_jours,
        "changed_at": ctx.clock.now(),
        "changed_by": ctx.acteur.id,
    }
    mine = update(ReglageComptes).where(ReglageComptes.tenant_id == ctx.tenant_id)
    if not ctx.session.execute(mine.values(**values)).rowcount:  # type: ignore[attr-defined]
        ctx.session.execute(insert(ReglageComptes).values(tenant_id=ctx.tenant_id, id=new_id(), **values))
    traces.record(ctx, "compte.update", details={"geste": "reglages"})


def open_revue(ctx: Context) -> UUID:
    """Freeze what every account holds now. Raises: RevueAlreadyOpen, AccessDenied."""
    habilitations.require(ctx, "compte.update")
    one_at_a_time(ctx, "revue", ctx.tenant_id)
    if any(one.signed_at is None for one in _revues(ctx)):
        raise RevueAlreadyOpen
    revue_id, held = new_id(), _held(ctx)
    ctx.session.execute(
        insert(Revue).values(
            tenant_id=ctx.tenant_id,
            id=revue_id,
            opened_at=ctx.clock.now(),
            opened_by=ctx.acteur.id,
            lignes=len(held),
        )
    )
    rows = [
        {"tenant_id": ctx.tenant_id, "id": new_id(), "revue_id": revue_id, "rang": rang, **one}
        for rang, one in enumerate(held, 1)
    ]
    if rows:
        ctx.session.execute(insert(RevueLigne), rows)
    traces.record(ctx, "compte.update", details={"geste": "revue_ouverte"})
    return revue_id


def decide(ctx: Context, ligne_id: UUID, decision: str, commentaire: str | None) -> UUID:
    """Keep or take back one line; until the signature it may be decided again. Returns the review.

    Raises: RevueNotFound, RevueSigned, OwnLigneRefused, AccessDenied.
    """
    habilitations.require(ctx, "compte.update")
    query = select(RevueLigne).where(RevueLigne.tenant_id == ctx.tenant_id, RevueLigne.id == ligne_id)
    ligne = ctx.session.scalar(query)
    if ligne is None:
        raise RevueNotFound
    _open_row(ctx, ligne.revue_id)
    if ligne.compte_id == ctx.acteur.id:
        raise OwnLigneRefused
    independance.check_gift(ctx, ligne.compte_id)
    ligne.decision, ligne.commentaire = decision, commentaire
    ligne.decided_at, ligne.decided_by = ctx.clock.now(), ctx.acteur.id
    ctx.session.flush()
    traces.record(ctx, "compte.update", details={"compte": str(ligne.compte_id), "geste": "revue_decision"})
    return ligne.revue_id


def keep_all(ctx: Context, revue_id: UUID, compte_id: UUID) -> int:
    """Keep whatever is not decided yet of one account; returns how many lines.

    Raises: RevueNotFound, RevueSigned, CompteNotFound, OwnLigneRefused, AccessDenied.
    """
    habilitations.require(ctx, "compte.update")
    _open_row(ctx, revue_id)
    octrois.head(ctx, compte_id)
    if compte_id == ctx.acteur.id:
        raise OwnLigneRefused
    independance.check_gift(ctx, compte_id)
    waiting = (
        RevueLigne.tenant_id == ctx.tenant_id,
        RevueLigne.revue_id == revue_id,
        RevueLigne.compte_id == compte_id,
        RevueLigne.decision.is_(None),
    )
    values = {"decision": GARDER, "decided_at": ctx.clock.now(), "decided_by": ctx.acteur.id}
    kept = ctx.session.execute(update(RevueLigne).where(*waiting).values(**values).returning(RevueLigne.id)).all()
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "revue_decision"})
    return len(kept)


def sign(ctx: Context, revue_id: UUID, auth_at: datetime | None) -> str:
    """Take back what was decided so, and close the review for good; its fingerprint. `auth_at`: the log-in of the session.

    Raises: RevueNotFound, RevueSigned, RevueIncomplete, AuthentificationTooOld, LastDirection, AccessDenied.
    """
    habilitations.require(ctx, "habilitation.revoke")
    row = _open_row(ctx, revue_id)
    lignes = _lignes(ctx, revue_id)
    left = sum(one.decision is None for one in lignes)
    if left or len(lignes) != row.lignes:
        raise RevueIncomplete(left)
    now = ctx.clock.now()
    if not fresh.is_recent(auth_at, now):
        raise AuthentificationTooOld
    for one in lignes:
        if one.decision == RETIRER:
            _take_back(ctx, one)
    row.signed_at, row.signed_by = now, ctx.acteur.id
    row.empreinte = _fingerprint(row, lignes)
    ctx.session.flush()
    traces.record(ctx, "habilitation.revoke", details={"geste": "revue_signee"})
    return row.empreinte


# ──── What an account holds, and taking it back


def _held(ctx: Context) -> list[dict[str, Any]]:
    nominatives: dict[UUID, list[HabilitationNominative]] = {}
    query = select(HabilitationNominative).where(
        HabilitationNominative.tenant_id == ctx.tenant_id, HabilitationNominative.revoked_at.is_(None)
    )
    for one in ctx.session.scalars(query.order_by(HabilitationNominative.code)):
        nominatives.setdefault(one.compte_id, []).append(one)
    members = select(EquipeMembre.id, EquipeMembre.starts_at).where(EquipeMembre.tenant_id == ctx.tenant_id)
    since = {membre_id: starts_at for membre_id, starts_at in ctx.session.execute(members)}  # noqa: C416 - rows, not pairs
    found = []
    for compte in comptes_queries.comptes(ctx):
        found += _held_by(compte, nominatives.get(compte.id, []), since)
    return found


def _held_by(
    compte: CompteVu, nominatives: list[HabilitationNominative], since: dict[UUID, datetime]
) -> list[dict[str, Any]]:
    of_him = {"compte_id": compte.id, "personne": compte.nom_complet, "last_login_at": compte.last_login_at}
    found = [
        _line("role", role.id, str(role.role), role.starts_at, role.ends_at)
        for role in compte.habilitations
        if role.is_open
    ]
    if not compte.has_left:
        found += [_line("nominative", one.id, one.code, one.granted_at) for one in nominatives]
        found += [_line("equipe", one.membre_id, one.nom, since[one.membre_id]) for one in compte.equipes]
    if not found and compte.suspended_at is None and not compte.has_left:
        found = [_line("compte", compte.id, "", compte.created_at)]
    return [of_him | one for one in found]


def _line(nature: str, objet_id: UUID, objet: str, since: datetime, until: datetime | None = None) -> dict[str, Any]:
    return {"nature": nature, "objet_id": objet_id, "objet": objet, "since": since, "until": until}


def _take_back(ctx: Context, ligne: RevueLigne) -> None:
    """What somebody took back meanwhile stays as he left it."""
    octrois.authorised(ctx, ligne.compte_id, "habilitation.revoke")
    now, mine = ctx.clock.now(), {"revoked_at": ctx.clock.now(), "revoked_by": ctx.acteur.id}
    match ligne.nature:
        case "role":
            held = comptes_queries.habilitation(ctx, ligne.objet_id)
            if held is not None and held.revoked_at is None:
                _take_role_back(ctx, ligne, held)
        case "nominative":
            _update(ctx, HabilitationNominative, ligne.objet_id, HabilitationNominative.revoked_at.is_(None), mine)
        case "equipe":
            _update(ctx, EquipeMembre, ligne.objet_id, EquipeMembre.ends_at.is_(None), {"ends_at": now})
        case _:
            why = {"suspended_at": now, "suspended_why": "Compte sans rôle, écarté par la revue des habilitations"}
            _update(ctx, Compte, ligne.compte_id, Compte.suspended_at.is_(None), why)


def _take_role_back(ctx: Context, ligne: RevueLigne, held: Habilitation) -> None:
    if held.role == Role.DIR:
        try:
            comptes.keep_a_direction(ctx, ligne.compte_id)
        except LastDirection as error:
            raise LastDirection(
                f"La ligne {ligne.rang} retirerait le dernier compte de direction\u00a0: décidez de la garder, puis signez."
            ) from error
    held.revoked_at, held.revoked_by = ctx.clock.now(), ctx.acteur.id
    ctx.session.flush()
    sessions.end_all(ctx, ligne.compte_id)


def _update(ctx: Context, table: Any, row_id: UUID, still: Any, values: dict[str, Any]) -> None:
    ctx.session.execute(
        update(table).where(table.tenant_id == ctx.tenant_id, table.id == row_id, still).values(**values)
    )


# ──── Rows


def _row(ctx: Context, revue_id: UUID, *, lock: bool = False) -> Revue:
    query = select(Revue).where(Revue.tenant_id == ctx.tenant_id, Revue.id == revue_id)
    found = ctx.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise RevueNotFound
    return found


def _open_row(ctx: Context, revue_id: UUID) -> Revue:
    """Locked: nobody decides while somebody signs."""
    row = _row(ctx, revue_id, lock=True)
    if row.signed_at is not None:
        raise RevueSigned
    return row


def _lignes(ctx: Context, revue_id: UUID) -> list[RevueLigne]:
    query = select(RevueLigne).where(RevueLigne.tenant_id == ctx.tenant_id, RevueLigne.revue_id == revue_id)
    return list(ctx.session.scalars(query.order_by(RevueLigne.rang).execution_options(populate_existing=True)))


def _fingerprint(row: Revue, lignes: list[RevueLigne]) -> str:
    head = {name: getattr(row, name) for name in ("id", "opened_at", "opened_by", "lignes", "signed_at", "signed_by")}
    content = revue_rules.canonical(head, [{name: getattr(one, name) for name in _SIGNED} for one in lignes])
    return revue_rules.fingerprint(content)


def _revues(ctx: Context) -> list[RevueVue]:
    query = (
        select(RevueLigne.revue_id, RevueLigne.decision, func.count())
        .where(RevueLigne.tenant_id == ctx.tenant_id, RevueLigne.decision.is_not(None))
        .group_by(RevueLigne.revue_id, RevueLigne.decision)
    )
    decided, taken = Counter[UUID](), Counter[UUID]()
    for revue_id, decision, number in ctx.session.execute(query):
        decided[revue_id] += number
        taken[revue_id] += number if decision == RETIRER else 0
    names = _names(ctx)
    rows = ctx.session.scalars(
        select(Revue).where(Revue.tenant_id == ctx.tenant_id).order_by(Revue.opened_at.desc(), Revue.id.desc())
    )
    return [
        RevueVue(
            id=row.id,
            opened_at=row.opened_at,
            opened_by=_said(names, row.opened_by) or "",
            lignes=row.lignes,
            decidees=decided[row.id],
            retirees=taken[row.id],
            signed_at=row.signed_at,
            signed_by=_said(names, row.signed_by),
            empreinte=row.empreinte,
        )
        for row in rows
    ]


def _ligne(ctx: Context, row: RevueLigne, names: dict[UUID, str]) -> LigneVue:
    same = ("id", "rang", "compte_id", "personne", "nature", "objet", "since", "until", "last_login_at", "decision",
            "commentaire", "decided_at")  # fmt: skip
    return LigneVue(
        **{name: getattr(row, name) for name in same},
        decided_by=_said(names, row.decided_by),
        is_own=row.compte_id == ctx.acteur.id,
    )


def _names(ctx: Context) -> dict[UUID, str]:
    query = select(Compte.id, Compte.civilite, Compte.prenom, Compte.nom).where(Compte.tenant_id == ctx.tenant_id)
    return {compte_id: personnel(*name) for compte_id, *name in ctx.session.execute(query)}


def _said(names: dict[UUID, str], compte_id: UUID | None) -> str | None:
    return None if compte_id is None else names.get(compte_id, "un compte inconnu")
