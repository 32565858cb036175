"""Days that the direction types, there and back."""

from datetime import UTC, date, datetime

import pytest

from spst.kernel.acteur import Role
from spst.pilotage import schemas
from spst.web.filters import date_courte, dernier_jour

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("debut", "fin"),
    [
        (date(2026, 6, 1), date(2026, 12, 31)),  # year end
        (date(2026, 3, 28), date(2026, 3, 29)),  # the clocks go forward
        (date(2026, 3, 29), date(2026, 3, 30)),
        (date(2026, 10, 24), date(2026, 10, 25)),  # the clocks go back
        (date(2026, 10, 25), date(2026, 10, 26)),
        (date(2028, 2, 28), date(2028, 2, 29)),
        (date(2026, 7, 14), date(2026, 7, 14)),  # one day
    ],
)
def test_days_of_a_role_are_shown_as_they_were_typed(debut: date, fin: date) -> None:
    values = {"role": Role.ADM, "debut": debut, "fin": fin, "hors_structure": "", "attestation": ""}
    demande = schemas.demande_role(values, NOW)
    assert demande.ends_at is not None
    assert date_courte(demande.starts_at) == f"{debut:%d/%m/%Y}"
    assert date_courte(dernier_jour(demande.ends_at)) == f"{fin:%d/%m/%Y}"
