"""Periods of jobs and exposures, and where they are known from: pure functions on values."""

from datetime import date

from spst.expositions.errors import PeriodeBeforeBirth, PeriodeRefused, SourceUnknown

SOURCES = {
    "declare": "Déclaré par le salarié",
    "etude_poste": "Étude de poste",
    "fds": "Fiche de données de sécurité",
    "duerp": "Document unique",
    "fiche_entreprise": "Fiche d’entreprise",
    "mesure": "Mesure",
    "liste_employeur": "Liste de l’employeur",
}
"""Where an exposure is known from (L. 4624-8 al. 4)."""

SOURCES_EMPLOI = {"declare": "Déclaré par le salarié", "contrat": "Contrat"}


def check_source(source: str, known: dict[str, str]) -> str:
    """Raises: SourceUnknown."""
    if source not in known:
        raise SourceUnknown
    return source


def check_period(starts_on: date, ends_on: date | None, today: date, birth: date) -> None:
    """An exposure begins when it is known, at the latest today; its end may be known in advance. Both days are included.

    Raises: PeriodeRefused, PeriodeBeforeBirth.
    """
    if starts_on < birth:
        raise PeriodeBeforeBirth
    if starts_on > today or (ends_on is not None and ends_on < starts_on):
        raise PeriodeRefused


def is_running(starts_on: date, ends_on: date | None, day: date) -> bool:
    """Both bounds included: the last day is a day of exposure."""
    return starts_on <= day and (ends_on is None or day <= ends_on)
