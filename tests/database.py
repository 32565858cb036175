"""A database of its own for each test module, cloned from a template that the migrations built."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import psycopg
from psycopg import sql

from spst.cli.db import migrate
from spst.kernel.bootstrap import Passwords, bootstrap
from spst.kernel.cluster import Cluster

_TEMPLATE = "gabarit"


@dataclass(frozen=True, slots=True)
class Database:
    """Addresses for SQLAlchemy, one per role; `superuser_conninfo` is for libpq."""

    name: str
    app_url: str = field(repr=False)
    owner_url: str = field(repr=False)
    ops_url: str = field(repr=False)
    superuser_url: str = field(repr=False)
    context_key: bytes = field(repr=False)

    @property
    def superuser_conninfo(self) -> str:
        return self.superuser_url.replace("+psycopg", "", 1)


class Databases:
    """The databases of one test process, in its own cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._passwords = Passwords(owner=secrets.token_hex(16), app=secrets.token_hex(16), ops=secrets.token_hex(16))
        self._context_key = secrets.token_bytes(32)
        self._made = 0

    @contextmanager
    def clone(self) -> Iterator[Database]:
        """A migrated database, empty of tenants; dropped at the end with whoever is still connected to it."""
        template = self.template.name
        self._made += 1
        name = f"essai_{self._made}"
        # The other strategy writes each page to the journal of a server that forgets: eight times longer.
        self._administer("CREATE DATABASE {} TEMPLATE {} OWNER spst_owner STRATEGY FILE_COPY", name, template)
        try:
            yield self._describe(name)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """A database that was bootstrapped but not migrated: what a migration meets on a new installation."""
        self._made += 1
        name = f"essai_{self._made}"
        try:
            yield self._describe(name)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", name)

    @cached_property
    def template(self) -> Database:
        made = self._describe(_TEMPLATE)
        migrate(made.owner_url)
        return made

    def _describe(self, name: str) -> Database:
        """Bootstrap runs on clones too: grants on a database are not copied with it."""
        bootstrap(self._cluster.superuser_conninfo, name, self._passwords, self._context_key)
        return Database(
            name=name,
            app_url=self._cluster.url("spst_app", self._passwords.app, name),
            owner_url=self._cluster.url("spst_owner", self._passwords.owner, name),
            ops_url=self._cluster.url("spst_ops", self._passwords.ops, name),
            superuser_url=self._cluster.superuser_url.replace("/postgres?", f"/{name}?"),
            context_key=self._context_key,
        )

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._cluster.superuser_conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
