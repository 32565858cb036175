"""Base of every mapped class. A tenant table has the key `(tenant_id, id)`, so that the tenant can become a distribution key."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, LargeBinary, MetaData, Table
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from spst.kernel.ids import new_id
from spst.kernel.row_security import Wall


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pk",
            "ix": "%(table_name)s_%(column_0_N_name)s_ix",
            "uq": "%(table_name)s_%(column_0_N_name)s_uq",
            "fk": "%(table_name)s_%(column_0_N_name)s_fk",
            "ck": "%(table_name)s_%(constraint_name)s_ck",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: PgUuid(as_uuid=True),
        bytes: LargeBinary(),
    }


class TenantRow:
    """Mixin of tenant tables: key, and the tenant first in it."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


def behind(wall: Wall) -> dict[str, Any]:
    """Last item of `__table_args__` of a tenant table."""
    return {"info": {"wall": wall}}


def outside_tenants(reason: str, wall: Wall | None = None) -> dict[str, Any]:
    """Last item of `__table_args__` of a global table; the reason stands in the written list that a test reads.

    `wall`: what holds the writing of a table whose rows are each of one tenant (`Wall.read_by_all`).
    """
    return {"info": {"global": reason, "wall": wall}}


def to_tenant_row(target: str, *columns: str, **kwargs: Any) -> ForeignKeyConstraint:
    """Composite foreign key `(tenant_id, columns…)` to `target(tenant_id, id…)`: another tenant's row cannot be named.

    `columns`: the first points to `id`, the others to columns of the same name in `target`.
    """
    local = ["tenant_id", *columns]
    remote = [f"{target}.tenant_id", f"{target}.id", *(f"{target}.{name}" for name in columns[1:])]
    return ForeignKeyConstraint(local, remote, **kwargs)


def wall_of(table: Table) -> Wall | None:
    return table.info.get("wall")
