"""The workers of an SPST in batches: who they are, where they work, in which équipe's care."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from spst.cli.peuplement import entreprises, personnes
from spst.cli.peuplement.dossiers import Dossier, Poste
from spst.cli.peuplement.entreprises import Entreprise
from spst.cli.peuplement.etablissement import Spst
from spst.cli.peuplement.graine import Ids, generator
from spst.cli.peuplement.insi import PERSONNES_INSI, PersonneInsi
from spst.cli.peuplement.metiers import METIERS, Metier
from spst.cli.peuplement.personnes import EtatCivil
from spst.kernel.clock import add_months

_CONTRATS = (("CDI", 80), ("CDD", 9), ("interim", 5), ("apprenti", 4), ("saisonnier", 2))
_BEFORE, _BESIDE = 0.25, 0.05
_BY_SECTOR = {code: [m for m in METIERS if code in m.secteurs] for code in {s for m in METIERS for s in m.secteurs}}
_BY_TITLE = {metier.titres[1]: metier for metier in METIERS}
_NEW_HIRE = 17
"""One invented worker in so many was hired lately."""
_RANK_OF_SERIES = 50
"""Room in the order of ids for the test series, before the invented workers."""


def of_series(spst: Spst, today: date) -> Iterator[tuple[Dossier, PersonneInsi]]:
    """The persons of the INSi test series who work for a company of this SPST."""
    for rank, personne in enumerate(PERSONNES_INSI):
        if spst.demo.slug not in personne.spsts:
            continue
        source = generator(spst.demo.slug, "insi", rank)
        metier = _BY_TITLE[personne.metier]
        debut = today - timedelta(days=personne.depuis_jours)
        fin = date(1996, 6, 30) if personne.fini else None
        poste = Poste(
            metier=metier,
            entreprise=_company_for(spst, metier, rank),
            debut=date(1975, 9, 1) if personne.fini else debut,
            fin=fin,
            en_plus=personne.expositions,
            contrat="apprenti" if "JEUNE_TR" in personne.expositions else "CDI",
        )
        yield _dossier(spst, source, rank, personnes.of_series(personne), poste), personne


def invented(spst: Spst, rank: int, today: date) -> Dossier:
    """The n-th invented worker."""
    source = generator(spst.demo.slug, "travailleur", rank)
    civil = personnes.invented(spst.demo.slug, rank)
    company = entreprises.company(spst.demo, entreprises.employer_of(source, rank))
    seniority = timedelta(days=int(source.triangular(40, 7000, 900)))
    is_new = rank % _NEW_HIRE == 5
    if is_new:
        seniority = timedelta(days=31 + rank % 60)
    debut = max(add_months(civil.naissance, 18 * 12) + timedelta(days=30), today - seniority)
    kind = source.choices([name for name, _ in _CONTRATS], [weight for _, weight in _CONTRATS])[0]
    poste = Poste(
        source.choice(_BY_SECTOR[company.secteur]), company, min(debut, today - timedelta(days=30)), contrat=kind
    )
    dossier = _dossier(spst, source, _RANK_OF_SERIES + rank, civil, poste)
    if is_new and company.equipe is not None:
        dossier.equipe, dossier.par_secteur = spst.equipes[company.equipe], True
    dossier.autres = tuple(_others(spst, source, rank, poste, civil))
    return dossier


def _dossier(spst: Spst, source: Random, rank: int, civil: EtatCivil, poste: Poste) -> Dossier:
    ids = Ids(source, rank)
    return Dossier(
        id=ids(),
        travailleur_id=ids(),
        civil=civil,
        equipe=spst.equipes[rank % len(spst.equipes)],
        poste=poste,
        source=source,
        ids=ids,
    )


def _others(spst: Spst, source: Random, rank: int, poste: Poste, civil: EtatCivil) -> Iterator[Poste]:
    """A post held before with another employer, a second employment beside the first."""
    had_before, has_beside = source.random() < _BEFORE, source.random() < _BESIDE
    company = entreprises.company(spst.demo, int(source.random() * (1 + rank // entreprises.PER_COMPANY)))
    metier = source.choice(_BY_SECTOR[company.secteur])
    start = poste.debut - timedelta(days=source.randrange(400, 2500))
    if had_before and start > add_months(civil.naissance, 18 * 12):
        yield Poste(metier, company, start, poste.debut - timedelta(days=1))
    elif has_beside:
        yield Poste(metier, company, poste.debut + timedelta(days=15), contrat="CDD")


def _company_for(spst: Spst, metier: Metier, rank: int) -> Entreprise:
    """One of the first companies, of an activity where the trade is found when there is one."""
    first = [entreprises.company(spst.demo, n) for n in range(entreprises.AT_LEAST)]
    fitting = [one for one in first if one.secteur in metier.secteurs]
    return (fitting or first)[rank % len(fitting or first)]
