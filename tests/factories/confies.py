"""Workers entrusted by name to a médecin praticien correspondant, and what takes them from him again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from spst.dmst import services as dmst
from spst.dmst.models import Regime, Suivi
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import today
from spst.kernel.ids import new_id
from tests.factories.monde import LONG_AGO, Monde, Personne
from tests.factories.releves import forget_oppositions, run


@contextmanager
def entrusted(monde: Monde, *people: Personne, ended: bool = False, to: Acteur | None = None) -> Iterator[None]:
    """To the MPC of A unless told otherwise. `ended`: until yesterday."""
    ends_on = today(monde.runtime.clock) - timedelta(days=1) if ended else None
    rows = [
        Suivi(
            tenant_id=monde.a.tenant_id,
            id=new_id(),
            dossier_id=one.dossier_id,
            compte_id=(to or monde.a[Role.MPC]).id,
            starts_on=LONG_AGO.date(),
            ends_on=ends_on,
        )
        for one in people
    ]
    ids = [row.id for row in rows]
    monde.add(*rows)
    try:
        yield
    finally:
        run(monde, "DELETE FROM suivi WHERE id = ANY (:ids)", ids=ids)


@contextmanager
def under_sir(monde: Monde, personne: Personne) -> Iterator[None]:
    row = Regime(
        tenant_id=monde.a.tenant_id,
        id=new_id(),
        dossier_id=personne.dossier_id,
        regime="SIR",
        effective_from=LONG_AGO.date(),
        article="R. 4624-22",
    )
    regime_id = row.id
    monde.add(row)
    try:
        yield
    finally:
        run(monde, "DELETE FROM regime WHERE id = :id", id=regime_id)


@contextmanager
def opposed(monde: Monde, personne: Personne, *portees: str) -> Iterator[None]:
    """The oppositions of a worker of A, as his médecin records them; lifted at the end."""
    oppose(monde, personne, *portees)
    try:
        yield
    finally:
        forget_oppositions(monde, personne.dossier_id)


def oppose(monde: Monde, personne: Personne, *portees: str) -> list[UUID]:
    with monde.work(monde.a.medecin) as ctx:
        return [dmst.record_opposition(ctx, personne.dossier_id, portee=portee) for portee in portees]
