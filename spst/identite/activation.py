"""Electronic identities and the travailleurs that they are: activation code, first link, check at each log-in.

These run as the service "portail", before anybody is known. Whatever fails, the caller gets None and nothing else: no name,
no reason, the same statements. The reason stands in an identity event that a professional of the SPST looks at.
Source: RNIV; référentiel d'identification électronique des usagers; C. trav. art. R. 4624-45-8.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, Select, Table, and_, insert, select, update

from spst.identite import queries, rules
from spst.identite.errors import CodeNotIssuable
from spst.identite.models import CodeActivation, EvenementIdentite, LienPortail, StatutIns
from spst.identite.queries import TRAVAILLEUR, TravailleurVu
from spst.identite.rules import IdentitePivot
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time

CODE_BYTES = 10
"""80 bits, in four groups of four signs: 64 at least, whatever a rate limit does."""
VALIDITY = timedelta(days=15)
TRIES = 5

_CODE = cast(Table, CodeActivation.__table__)
_LIEN = cast(Table, LienPortail.__table__)
_EVENEMENT = cast(Table, EvenementIdentite.__table__)
_NOBODY = UUID(int=0)

# Crockford's alphabet in place of RFC 4648's: no I, L, O nor U to misread; what is typed for them is understood.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_PRINT = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET)
_AS_TYPED = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class CodeRemis:
    """A code to hand over, shown once. `opened_at`: since when the travailleur enters his space already, if he does."""

    code: str
    expires_at: datetime
    opened_at: datetime | None


# ──── The code


def issue_code(ctx: Context, seen: TravailleurVu) -> CodeRemis:
    """A new code, shown once; those before it no longer open anything. `dmst.services.issue_code` authorises and traces it.

    Raises: CodeNotIssuable.
    """
    if _why_closed(ctx, seen) is not None:
        raise CodeNotIssuable
    one_at_a_time(ctx, "code_activation", seen.id)
    now, code = ctx.clock.now(), _new_code()
    ctx.session.execute(
        update(_CODE)
        .where(
            _CODE.c.tenant_id == ctx.tenant_id,
            _CODE.c.travailleur_id == seen.id,
            _CODE.c.used_at.is_(None),
            _CODE.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    ctx.session.execute(
        insert(_CODE).values(
            tenant_id=ctx.tenant_id,
            id=new_id(now),
            travailleur_id=seen.id,
            code_hash=_hashed(ctx, seen.id, code),
            issued_by=ctx.acteur.id,
            issued_at=now,
            expires_at=now + VALIDITY,
            tries_left=TRIES,
        )
    )
    return CodeRemis(code, now + VALIDITY, _opened_at(ctx, seen.id))


def _opened_at(ctx: Context, travailleur_id: UUID) -> datetime | None:
    return ctx.session.scalar(
        select(_LIEN.c.created_at)
        .where(
            _LIEN.c.tenant_id == ctx.tenant_id,
            _LIEN.c.travailleur_id == travailleur_id,
            _LIEN.c.suspended_at.is_(None),
        )
        .order_by(_LIEN.c.created_at.desc())
        .limit(1)
    )


def _new_code() -> str:
    signs = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().translate(_TO_PRINT)
    return "-".join(signs[start : start + 4] for start in range(0, len(signs), 4))


def _hashed(ctx: Context, travailleur_id: UUID, code: str) -> str:
    """80 random bits need no slow hash; tenant and person are bound in, so that a hash moved elsewhere opens nothing."""
    return hashlib.sha256(f"{ctx.tenant_id}|{travailleur_id}|{_plain(code)}".encode()).hexdigest()


def _plain(code: str) -> str:
    return "".join(c for c in code.upper().translate(_AS_TYPED) if c in _ALPHABET)


def is_whole(code: str) -> bool:
    """As many signs as a code has: what is shorter was typed in haste, and is not worth one of the tries."""
    return len(_plain(code)) == CODE_BYTES * 8 // 5


def _use_code(ctx: Context, travailleur_id: UUID, code: str) -> bool:
    """Use the code in force, or spend one of its tries. The row is locked: two tabs never try at once."""
    now = ctx.clock.now()
    query = (
        select(_CODE.c.id, _CODE.c.code_hash, _CODE.c.tries_left)
        .where(
            _CODE.c.tenant_id == ctx.tenant_id,
            _CODE.c.travailleur_id == travailleur_id,
            _CODE.c.used_at.is_(None),
            _CODE.c.revoked_at.is_(None),
            _CODE.c.expires_at > now,
            _CODE.c.tries_left > 0,
        )
        .order_by(_CODE.c.issued_at.desc())
        .limit(1)
        .with_for_update()
    )
    row = ctx.session.execute(query).one_or_none()
    is_right = hmac.compare_digest(_hashed(ctx, travailleur_id, code), row.code_hash if row else "")
    spent = {"used_at": now} if is_right else {"tries_left": row.tries_left - 1 if row else 0}
    ctx.session.execute(
        update(_CODE)
        .where(_CODE.c.tenant_id == ctx.tenant_id, _CODE.c.id == (row.id if row else _NOBODY))
        .values(spent)
    )
    return is_right


# ──── The match


def match_pivot(ctx: Context, pivot: IdentitePivot) -> UUID | None:
    """The one travailleur whose five strict traits this identity has, or None for every other reason there may be.

    He is qualifiée, alive and sixteen at least; nobody else of the SPST has the same traits.
    """
    seen, why = _matched(ctx, pivot)
    if why is not None:
        _add_event(ctx, why, seen.id if seen else None)
        return None
    return seen.id if seen else None


def _matched(ctx: Context, pivot: IdentitePivot) -> tuple[TravailleurVu | None, str | None]:
    traits = rules.pivot_traits(pivot)
    born = queries.born_on(ctx, traits.date_naissance if traits else today(ctx.clock))
    same = [seen for seen in born if traits is not None and rules.same_traits(seen.traits, traits)]
    qualified = [seen for seen in same if seen.statut_ins == StatutIns.QUALIFIEE]
    if len(qualified) > 1:
        return None, "portail_plusieurs"
    if not same:
        return None, "portail_aucun" if traits else "portail_traits_incomplets"
    seen = (qualified or same)[0]
    return seen, _why_closed(ctx, seen)


def _why_closed(ctx: Context, seen: TravailleurVu) -> str | None:
    if seen.statut_ins != StatutIns.QUALIFIEE:
        return "portail_non_qualifiee"
    if seen.decede_on is not None:
        return "portail_decede"
    if rules.age_on(seen.date_naissance, today(ctx.clock)) < rules.PORTAL_AGE:
        return "portail_moins_de_16_ans"
    return None


# ──── The link


def activate(ctx: Context, identite_id: UUID, pivot: IdentitePivot, code: str) -> UUID | None:
    """First link of an electronic identity to a travailleur: all five traits and the code that his SPST handed to him.

    Returns his id, or None whatever failed. The caller traces `portail.activate` in the travailleur's name.
    """
    travailleur_id = match_pivot(ctx, pivot)
    is_right = _use_code(ctx, travailleur_id or _NOBODY, code)
    if travailleur_id is None:
        return None
    if not is_right:
        _add_event(ctx, "portail_code_refuse", travailleur_id)
        return None
    return _link(ctx, identite_id, travailleur_id)


def _link(ctx: Context, identite_id: UUID, travailleur_id: UUID) -> UUID | None:
    """A link that was suspended is opened again; one to somebody else stays as it is, and a person looks at it."""
    known = _find_link(ctx, identite_id)
    if known is None:
        ctx.session.execute(
            insert(_LIEN).values(
                tenant_id=ctx.tenant_id,
                id=new_id(),
                travailleur_id=travailleur_id,
                identite_id=identite_id,
                created_at=ctx.clock.now(),
            )
        )
        return travailleur_id
    if known[0] != travailleur_id:
        _add_event(ctx, "portail_lien_a_autrui", travailleur_id)
        return None
    _change_link(ctx, identite_id, suspended_at=None, suspended_why=None)
    return travailleur_id


def linked_travailleur(ctx: Context, identite_id: UUID, pivot: IdentitePivot) -> UUID | None:
    """Whom this identity enters as, checked anew at each log-in: None when it has no link, or no longer one.

    Both identities can be corrected: any difference suspends the link until a new code is handed over.
    """
    known = _find_link(ctx, identite_id)
    seen = queries.find_travailleur(ctx, known[0] if known else _NOBODY)
    if known is None or seen is None or known[1]:
        return None
    traits = rules.pivot_traits(pivot)
    same = traits is not None and rules.same_traits(seen.traits, traits)
    why = _why_closed(ctx, seen) if same else "portail_traits_changes"
    if why is None:
        return seen.id
    _change_link(ctx, identite_id, suspended_at=ctx.clock.now(), suspended_why=why)
    _add_event(ctx, why, seen.id)
    return None


def link_stands(connection: Connection, tenant_id: UUID, identite_id: UUID, travailleur_id: UUID) -> bool:
    """Whether an open session goes on, asked at each request under the travailleur's own context.

    Its link is not suspended, and he is still qualifiée and alive. Traits are compared at the log-in: no session keeps them.
    """
    query = _standing(tenant_id, travailleur_id).where(_LIEN.c.identite_id == identite_id)
    return connection.execute(query).first() is not None


def may_enter(ctx: Context, travailleur_id: UUID) -> bool:
    """Whether some electronic identity still enters as this travailleur."""
    return ctx.session.execute(_standing(ctx.tenant_id, travailleur_id).limit(1)).first() is not None


def _standing(tenant_id: UUID, travailleur_id: UUID) -> Select[UUID]:
    """Links of a travailleur that stand; none once he is no longer qualifiée, or alive."""
    of_him = and_(TRAVAILLEUR.c.tenant_id == _LIEN.c.tenant_id, TRAVAILLEUR.c.id == _LIEN.c.travailleur_id)
    return (
        select(_LIEN.c.id)
        .join(TRAVAILLEUR, of_him)
        .where(
            _LIEN.c.tenant_id == tenant_id,
            _LIEN.c.travailleur_id == travailleur_id,
            _LIEN.c.suspended_at.is_(None),
            TRAVAILLEUR.c.statut_ins == str(StatutIns.QUALIFIEE),
            TRAVAILLEUR.c.decede_on.is_(None),
        )
    )


def _find_link(ctx: Context, identite_id: UUID) -> tuple[UUID, bool] | None:
    """Travailleur of a link, and whether it is suspended."""
    query = select(_LIEN.c.travailleur_id, _LIEN.c.suspended_at.is_not(None)).where(
        _LIEN.c.tenant_id == ctx.tenant_id, _LIEN.c.identite_id == identite_id
    )
    row = ctx.session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def _change_link(ctx: Context, identite_id: UUID, **values: object) -> None:
    ctx.session.execute(
        update(_LIEN).where(_LIEN.c.tenant_id == ctx.tenant_id, _LIEN.c.identite_id == identite_id).values(**values)
    )


def _add_event(ctx: Context, type_: str, travailleur_id: UUID | None) -> None:
    ctx.session.execute(
        insert(_EVENEMENT).values(
            tenant_id=ctx.tenant_id, id=new_id(), travailleur_id=travailleur_id, type=type_, at=ctx.clock.now()
        )
    )
