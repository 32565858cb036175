"""Sample view-models of every page: ordinary, empty, and at their longest. People and companies are invented."""

from tests.e2e.samples.common import Sample
from tests.e2e.samples.desk import desk
from tests.e2e.samples.doors import ecps, errors, keys, logins, providers
from tests.e2e.samples.dossiers import dossiers
from tests.e2e.samples.habilitations import habilitations
from tests.e2e.samples.pilotage import pilotage
from tests.e2e.samples.secteurs import secteurs
from tests.e2e.samples.visites import visites

__all__ = ["Sample", "every"]


def every() -> list[Sample]:
    return [
        *desk(),
        *dossiers(),
        *visites(),
        *secteurs(),
        *pilotage(),
        *habilitations(),
        *logins(),
        *ecps(),
        *keys(),
        *providers(),
        *errors(),
    ]
