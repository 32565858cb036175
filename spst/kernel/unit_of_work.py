"""One transaction per request or job, in which tenant and actor are fixed; opened and committed at the edge, nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from spst.kernel.acteur import Acteur
from spst.kernel.context import Context, Motif
from spst.kernel.errors import AccessDenied, ActRefused, NotFound
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.signing import sign_context

_BIND = text("SELECT set_config('spst.ctx', :context, true)")


@contextmanager
def unit_of_work(
    runtime: Runtime,
    tenant_id: UUID,
    acteur: Acteur,
    motif: Motif,
    *,
    origin: str,
    dossier_id: UUID | None = None,
    delegation_id: UUID | None = None,
    correlation_id: UUID | None = None,
) -> Iterator[Context]:
    """Commit at the end, roll back on any error; a refusal is then recorded in a transaction of its own.

    Raises whatever the act raised. Nothing of the act outlives the `with`.
    """
    with runtime.engine.connect() as connection:
        context = Context(
            session=Session(bind=connection, expire_on_commit=False),
            runtime=runtime,
            tenant_id=tenant_id,
            acteur=acteur,
            motif=motif,
            correlation_id=correlation_id or new_id(),
            origin=origin,
            dossier_id=dossier_id,
            delegation_id=delegation_id,
        )
        try:
            with _transaction(context):
                yield context
        except (AccessDenied, ActRefused, NotFound) as refusal:
            context.session = Session(bind=connection, expire_on_commit=False)
            _record_refusal(context, refusal)
            raise


@contextmanager
def _transaction(context: Context) -> Iterator[None]:
    is_committing = False
    try:
        with context.session as session, session.begin():
            bind_context(context)
            yield
            session.flush()
            for hook in context.before_commit:
                hook(context)
            is_committing = True
    except BaseException:
        for undo in () if is_committing else context.after_rollback:
            undo()
        raise
    for confirm in context.after_commit:
        confirm()


def bind_context(context: Context) -> None:
    """Sign the context and set it for the current transaction; called again by jobs that last.

    The instant is the machine's own, whatever clock the use case was given: the database compares it with its own.
    """
    signed = sign_context(
        context.runtime.context_key,
        context.tenant_id,
        context.acteur,
        datetime.now(UTC),
        context.dossier_id,
        context.delegation_id,
    )
    context.session.execute(_BIND, {"context": signed})


def _record_refusal(context: Context, refusal: AccessDenied | ActRefused | NotFound) -> None:
    """Same connection, new transaction: the act is undone, its refusal stays."""
    context.before_commit.clear()
    context.after_commit.clear()
    context.after_rollback.clear()
    with _transaction(context):
        context.runtime.record_refusal(context, refusal)
