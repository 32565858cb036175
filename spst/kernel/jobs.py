"""The job queue as a use case sees it: work that runs once its transaction has committed, and not otherwise."""

from sqlalchemy import text

from spst.kernel.context import Context

QUEUE = "menage"

_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 0, NULL, NULL, jsonb_build_object('timestamp', CAST(:now AS bigint)), NULL)
    ]::procrastinate_job_to_defer_v1[])
""")


def wake(ctx: Context, task: str) -> None:
    """Have periodic work run at once, ahead of its time: it finds by itself what there is to do.

    Told twice, or to a worker that is not there, nothing is lost nor done twice: its own time comes anyway.
    """
    ctx.session.execute(_DEFER, {"queue": QUEUE, "task": task, "now": int(ctx.clock.now().timestamp())})
