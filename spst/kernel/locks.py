"""Acts of which one must see what the other did, though they touch different rows: they run one after the other."""

from uuid import UUID

from sqlalchemy import text

from spst.kernel.context import Context

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")
_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:what, 0))")
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:what, 0))")


def is_alone(ctx: Context, what: str, about: UUID) -> bool:
    """Whether no other transaction of this SPST is at `what` about the same thing; if so, held until this one ends."""
    return bool(ctx.session.scalar(_TRY, {"what": f"{ctx.tenant_id}|{what}|{about}"}))


def one_at_a_time(ctx: Context, what: str, about: UUID) -> None:
    """Wait until no other transaction of this SPST is at `what` about the same thing; held until this one ends.

    Statements sent afterwards see what the other one committed.
    """
    ctx.session.execute(_LOCK, {"what": f"{ctx.tenant_id}|{what}|{about}"})


def hold_off(ctx: Context, what: str, about: UUID) -> None:
    """Wait until nobody is at `what` about the same thing, and keep everybody from it until this transaction ends.

    Several may hold it off together.
    """
    ctx.session.execute(_SHARED, {"what": f"{ctx.tenant_id}|{what}|{about}"})
