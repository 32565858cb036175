"""Policies that an SPST published, laid down as they are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from spst.habilitations import choix as choices
from spst.habilitations import publication
from spst.habilitations.choix import Choix, Niveau
from spst.habilitations.models import PolitiqueVersion
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from tests.factories.monde import LONG_AGO, Monde, Spst
from tests.factories.releves import run


def seen(ctx: Context) -> int:
    """The revision of the open draft, as somebody who has just read it holds it."""
    found = publication.brouillon(ctx)
    assert found is not None
    return found.revision


def closing(role: Role, section: str) -> Choix:
    return choices.with_niveau(Choix(), role, section, Niveau.FERME)


def publish(monde: Monde, made: Choix, spst: Spst | None = None, at: datetime = LONG_AGO) -> None:
    """Version 1 of A, unless told otherwise."""
    spst = spst or monde.a
    monde.add(
        PolitiqueVersion(
            tenant_id=spst.tenant_id,
            id=new_id(),
            numero=1,
            texte=choices.texte_of(made),
            choix=choices.to_json(made),
            published_at=at,
            published_by=spst.directrice.id,
        )
    )


@contextmanager
def published(monde: Monde, made: Choix) -> Iterator[None]:
    """In force in A meanwhile, and nothing else than what ships with the product in B."""
    publish(monde, made)
    try:
        yield
    finally:
        for table in ("acces_exceptionnel_motif", "acces_exceptionnel", "politique_version"):
            run(monde, f"DELETE FROM {table}")
