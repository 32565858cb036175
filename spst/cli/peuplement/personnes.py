"""Civil identities of invented workers, and of those of the INSi test series."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from spst.cli.peuplement import noms
from spst.cli.peuplement.graine import generator
from spst.cli.peuplement.insi import PersonneInsi
from spst.identite import rules

_PYRAMID_FROM = 1960
_PYRAMID = (2, 3, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 7, 7, 6, 5)
"""Weights of births by three years from 1960 on: fewer of the oldest and of the youngest."""
_HOMONYM, _COMPOUND, _PARTICLE, _MARRIED, _CALLED = 0.012, 0.08, 0.05, 0.3, 0.06
_SEEN = 0.78
"""Whose identity document the service has seen. No invented person has an INS, hence neither `recuperee` nor `qualifiee`."""


@dataclass(frozen=True, slots=True)
class EtatCivil:
    """Names in capitals without accents, as the RNIV writes them and the register keeps them."""

    nom: str
    prenoms: str
    premier: str
    sexe: str
    naissance: date
    lieu: str
    nom_utilise: str | None = None
    prenom_utilise: str | None = None
    statut: str = "provisoire"

    @property
    def cle(self) -> str:
        return rules.search_key(self.nom, self.premier)

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset().union(
            *map(_tokens, (self.nom, self.prenoms, self.premier, self.nom_utilise, self.prenom_utilise))
        )


@lru_cache(maxsize=50_000)
def _tokens(name: str | None) -> frozenset[str]:
    return rules.name_tokens(name)


def invented(slug: str, rank: int) -> EtatCivil:
    """The n-th invented worker of an SPST. Now and then somebody bears the names of the one before him."""
    source = generator(slug, "civil", rank)
    born = _birth(source)
    sexe = "F" if source.random() < 0.46 else "M"
    if rank and source.random() < _HOMONYM:
        other = invented(slug, rank - 1)
        return replace(other, naissance=born, lieu=source.choice(noms.LIEUX_NAISSANCE), statut="provisoire")
    nom = _nom(source)
    prenoms = _prenoms(source, sexe)
    return EtatCivil(
        nom=nom,
        prenoms=" ".join(map(_capitals, prenoms)),
        premier=_capitals(prenoms[0]),
        sexe=sexe,
        naissance=born,
        lieu=source.choice(noms.LIEUX_NAISSANCE),
        nom_utilise=_nom_utilise(source, nom, sexe),
        prenom_utilise=_capitals(prenoms[-1]) if source.random() < _CALLED else None,
        statut="validee" if source.random() < _SEEN else "provisoire",
    )


def of_series(personne: PersonneInsi) -> EtatCivil:
    """Qualified where traits and matricule are published."""
    return EtatCivil(
        nom=personne.nom,
        prenoms=personne.prenoms,
        premier=personne.prenoms.split(" ")[0],
        sexe=personne.sexe,
        naissance=personne.naissance,
        lieu=personne.lieu,
        statut="qualifiee" if personne.matricule else "provisoire",
    )


def _birth(source: Random) -> date:
    year = _PYRAMID_FROM + 3 * source.choices(range(len(_PYRAMID)), _PYRAMID)[0] + source.randrange(3)
    return date(year, 1, 1) + timedelta(days=source.randrange(365))


def _nom(source: Random) -> str:
    chance = source.random()
    if chance < _PARTICLE:
        return source.choice(noms.NOMS_COMPOSES)
    if chance < _PARTICLE + _COMPOUND:
        return "-".join(source.sample(noms.NOMS, 2))
    return source.choice(noms.NOMS)


def _prenoms(source: Random, sexe: str) -> list[str]:
    usual = noms.PRENOMS_FEMININS if sexe == "F" else noms.PRENOMS_MASCULINS
    return source.sample(usual, source.choices((1, 2, 3), (30, 45, 25))[0])


def _nom_utilise(source: Random, nom: str, sexe: str) -> str | None:
    """A spouse's name, or one joined to one's own."""
    spouse = _nom(source)
    if sexe == "F" and source.random() < _MARRIED:
        return spouse if source.random() < 0.7 else f"{nom}-{spouse}"
    return None


@lru_cache(maxsize=1000)
def _capitals(prenom: str) -> str:
    return rules.normalise_prenoms(prenom)
