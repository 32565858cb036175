"""Invented companies: ten workers each on average, the older ones larger."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from uuid import UUID

from spst.cli.peuplement import noms
from spst.cli.peuplement.chargement import Lot
from spst.cli.peuplement.etablissement import OPENED, Spst
from spst.cli.peuplement.graine import Ids, generator
from spst.cli.peuplement.metiers import SECTEURS
from spst.cli.peuplement.organisation import ADMINISTRATION, SpstDemo
from spst.kernel.acteur import Role
from spst.tenants.rules import has_luhn_key

PER_COMPANY = 10
AT_LEAST = 14
"""So many even when there are few workers: one of each activity."""
COMMUNES = ("Lyon", "Villeurbanne", "Saint-Étienne", "Tarare", "Givors", "Belleville-en-Beaujolais")
_UNPLACED = 13
"""One company in so many came lately, and stands in no sector yet."""
_FIRST_SIREN = 100_000
"""Eight digits with leading zeros, which no company bears, then the key."""
_SUFFIXES = ("", " & Fils", " Frères", " SAS", " Rhône", " Loire", " et Associés")


@dataclass(frozen=True, slots=True)
class Entreprise:
    adherent_id: UUID
    etablissement_id: UUID
    nom: str
    secteur: str
    siren: str
    siret: str
    commune: str
    equipe: int | None
    """Rank of the équipe whose sector it stands in; None while nobody has placed it."""
    placement_id: UUID


@lru_cache(maxsize=4096)
def company(demo: SpstDemo, rank: int) -> Entreprise:
    """The n-th company of an SPST."""
    source = generator(demo.slug, "entreprise", rank)
    ids = Ids(source, rank)
    code = demo.employeurs[rank % len(demo.employeurs)]
    siren = _with_key(f"{_FIRST_SIREN + rank:08d}")
    adherent_id, etablissement_id, nom = ids(), ids(), _name(source, code)
    commune = source.choice(COMMUNES)
    return Entreprise(
        adherent_id=adherent_id,
        etablissement_id=etablissement_id,
        nom=nom,
        secteur=code,
        siren=siren,
        siret=_with_key(f"{siren}0001"),
        commune=commune,
        equipe=None if rank % _UNPLACED == _UNPLACED - 1 else _equipe_of(demo, commune),
        placement_id=ids(),
    )


def _equipe_of(demo: SpstDemo, commune: str) -> int:
    return next((rank for rank, equipe in enumerate(demo.equipes) if commune in equipe.communes), 0)


def employer_of(source: Random, rank: int) -> int:
    """Rank of the company of the n-th worker: the newest one, or an older one, which grows."""
    newest = rank // PER_COMPANY
    return newest if source.random() < 0.7 else int(newest * source.random() ** 2)


def number_for(workers: int) -> int:
    return max(AT_LEAST, 1 + (workers - 1) // PER_COMPANY)


def add_companies(lot: Lot, spst: Spst, ranks: range) -> None:
    """Companies, their establishment, and its sector, placed by the administration."""
    clerk = next(
        spst.comptes[one.email] for one in ADMINISTRATION if (one.spst, one.role) == (spst.demo.slug, Role.ADM)
    )
    for rank in ranks:
        one = company(spst.demo, rank)
        lot.add("adherent", id=one.adherent_id, siren=one.siren, raison_sociale=one.nom)
        lot.add(
            "etablissement",
            id=one.etablissement_id,
            adherent_id=one.adherent_id,
            siret=one.siret,
            nom=one.nom,
            naf=SECTEURS[one.secteur].naf,
            commune=one.commune,
        )
        if one.equipe is not None:
            lot.add(
                "secteur_etablissement",
                id=one.placement_id,
                secteur_id=spst.equipes[one.equipe].secteur_id,
                etablissement_id=one.etablissement_id,
                starts_on=OPENED.date(),
                created_at=OPENED,
                created_by=clerk,
            )


def _name(source: Random, code: str) -> str:
    owner = source.choice(noms.NOMS)
    return f"{source.choice(SECTEURS[code].noms)} {noms.ACCENTS.get(owner, owner.title())}{source.choice(_SUFFIXES)}"


def _with_key(digits: str) -> str:
    return next(f"{digits}{key}" for key in range(10) if has_luhn_key(f"{digits}{key}"))
