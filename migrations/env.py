"""Alembic's environment. Migrations run as `spst_owner`, give up soon on a lock, and know the whole metadata."""

import os

from alembic import context
from sqlalchemy import create_engine, pool, text

from spst.wiring.models import is_ours, load_models

metadata = load_models().metadata


def _url() -> str:
    url = context.config.get_main_option("sqlalchemy.url") or os.environ.get("DATABASE_URL_OWNER")
    if not url:
        raise SystemExit("DATABASE_URL_OWNER est absent : les migrations passent par le rôle spst_owner")
    return url


def run() -> None:
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            include_object=is_ours,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
