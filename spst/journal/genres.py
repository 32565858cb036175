"""The acts of the registry as the direction looks for them: one by one, or by genre. Pure data."""

from dataclasses import dataclass

from spst.habilitations import actions

_LABELS = {
    "lecture": "Lecture d’un dossier",
    "ecriture": "Écriture dans un dossier",
    "salarie": "Espace du salarié",
    "registre": "Registre et rendez-vous",
    "protocoles": "Délégations et accès exceptionnels",
    "comptes": "Comptes et habilitations",
    "pilotage": "Politique, revues et moyens",
    "journal": "Journal des accès",
    "systeme": "Sessions et exploitation",
}


@dataclass(frozen=True, slots=True)
class Choix:
    """What the filter may ask for. `value`: as an address carries it; `names`: of the actions."""

    value: str
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Genre:
    """Acts that are looked for together. `choix`: all of them, then each, in the order of the registry."""

    label: str
    choix: tuple[Choix, ...]


def genre_of(action: actions.Action) -> str:
    """Code of the genre of an act."""
    if action.name.startswith("portail."):
        return "salarie"
    if action.domaine is None:
        return "lecture" if action.mode is actions.Mode.CONSULTER else "ecriture"
    return action.domaine


def _genre(code: str) -> Genre:
    held = [one for one in actions.all() if genre_of(one) == code]
    whole = Choix(f"genre:{code}", f"{_LABELS[code]} (tout)", tuple(one.name for one in held))
    return Genre(_LABELS[code], (whole, *(Choix(one.name, one.label, (one.name,)) for one in held)))


GENRES = tuple(_genre(code) for code in _LABELS)
CHOIX = {choix.value: choix for genre in GENRES for choix in genre.choix}
