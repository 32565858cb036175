"""Rows of an SPST before its workers: organisation, accounts, grants, delegations."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from spst.cli.peuplement.calendrier import Conducteur
from spst.cli.peuplement.chargement import Lot
from spst.cli.peuplement.graine import Ids, generator
from spst.cli.peuplement.organisation import (
    ADMINISTRATION,
    DELEGATIONS,
    PROFESSIONNELS,
    EquipeDemo,
    Professionnel,
    SpstDemo,
)
from spst.kernel.acteur import Acteur, Role, service

OPENED = datetime(2014, 1, 6, 8, tzinfo=UTC)
"""Since when the SPSTs and their accounts exist."""
_JOINED = {Role.COLL: date(2024, 1, 8), Role.INT: date(2026, 5, 4)}
_FIRST_ADMINISTRATORS = (Role.DIR, Role.DPO)
"""Granted by the operator, when the SPST was opened: nobody grants himself a role."""
_NATURES = {
    Role.COLL: "cooperation",
    Role.INF: "cooperation",
    Role.IPA: "cooperation",
    Role.INT: "maitrise_stage",
    Role.MPC: "collaboration",
}
_CONDUCTING = (Role.MDT, Role.COLL, Role.INT, Role.INF)


@dataclass(slots=True)
class Equipe:
    id: UUID
    centre_id: UUID
    secteur_id: UUID
    nom: str
    conducteurs: list[Conducteur] = field(default_factory=list)

    @property
    def medecin_id(self) -> UUID:
        return next(one.compte_id for one in self.conducteurs if one.role is Role.MDT)


@dataclass(slots=True)
class Spst:
    """An SPST under construction. `comptes`: ids by PSC id or e-mail address."""

    demo: SpstDemo
    tenant_id: UUID
    equipes: list[Equipe] = field(default_factory=list)
    comptes: dict[str, UUID] = field(default_factory=dict)

    @property
    def medecin(self) -> Acteur:
        """In whose name the dossiers are laid down."""
        return Acteur(self.equipes[0].medecin_id, Role.MDT, facteurs=2)


def found(demo: SpstDemo) -> Spst:
    """The SPST with its ids, which are the same in every demonstration."""
    ids = Ids(generator(demo.slug, "organisation"))
    spst = Spst(demo, ids())
    # Ids of their own: those of the accounts stay what they were.
    secteurs = Ids(generator(demo.slug, "secteur"))
    spst.equipes = [Equipe(ids(), ids(), secteurs(), one.nom) for one in demo.equipes]
    for psc in (one.psc for one in PROFESSIONNELS if one.spst == demo.slug):
        spst.comptes[psc] = ids()
    for email in (one.email for one in ADMINISTRATION if one.spst == demo.slug):
        spst.comptes[email] = ids()
    for one in _staff(demo):
        if one.role in _CONDUCTING and not one.remarque:
            member = Conducteur(one.role, spst.comptes[one.psc], _JOINED.get(one.role, OPENED.date()))
            for rank in one.equipes:
                spst.equipes[rank].conducteurs.append(member)
    return spst


def _staff(demo: SpstDemo) -> list[Professionnel]:
    return [one for one in PROFESSIONNELS if one.spst == demo.slug]


def organisation(spst: Spst, psc_issuer: str, known_identities: set[UUID]) -> Lot:
    """Tenant, structures, équipes, accounts and grants. `known_identities`: those that another SPST brought already."""
    demo, lot = spst.demo, Lot(spst.tenant_id)
    lot.add(
        "tenant",
        id=spst.tenant_id,
        slug=demo.slug,
        nom=demo.nom,
        type=demo.type,
        siren=demo.siren,
        telephone=demo.telephone,
        courriel=demo.courriel,
        created_at=OPENED,
    )
    ids = Ids(generator(demo.slug, "structure"), 1)
    structures = {siret: ids() for siret in demo.sirets}
    for siret, structure_id in structures.items():
        lot.add("structure", id=structure_id, siret=siret, nom=demo.nom)
    for equipe, one in zip(spst.equipes, demo.equipes, strict=True):
        _add_equipe(lot, ids, equipe, one, structures[one.siret])
    for professionnel in _staff(demo):
        _add_professionnel(lot, ids, spst, professionnel, psc_issuer, known_identities)
    for person in (one for one in ADMINISTRATION if one.spst == demo.slug):
        _add_compte(lot, spst.comptes[person.email], person.civilite, person.nom, person.prenom, email=person.email)
        _add_grant(lot, ids, spst, spst.comptes[person.email], person.role)
        if person.role is Role.ADM:
            _add_enregistrement(lot, ids, spst, spst.comptes[person.email])
    return lot


def _add_equipe(lot: Lot, ids: Ids, equipe: Equipe, one: EquipeDemo, structure_id: UUID) -> None:
    lot.add("centre", id=equipe.centre_id, structure_id=structure_id, nom=one.centre, commune=one.commune)
    lot.add("secteur", id=equipe.secteur_id, nom=one.secteur)
    lot.add("equipe", id=equipe.id, nom=one.nom, secteur_id=equipe.secteur_id, centre_id=equipe.centre_id)


def _add_professionnel(
    lot: Lot, ids: Ids, spst: Spst, one: Professionnel, psc_issuer: str, known_identities: set[UUID]
) -> None:
    compte_id, identite_id = spst.comptes[one.psc], Ids(generator("identite", one.psc))()
    since = datetime.combine(_JOINED.get(one.role, OPENED.date()), OPENED.time(), UTC)
    _add_compte(lot, compte_id, one.civilite, one.nom, one.prenom, rpps=one.rpps)
    _add_grant(lot, ids, spst, compte_id, one.role, since, one.hors_structure, one.attestation)
    for rank in one.equipes:
        lot.add("equipe_membre", id=ids(), compte_id=compte_id, equipe_id=spst.equipes[rank].id, starts_at=since)
    if identite_id not in known_identities:
        lot.add("identite_electronique", id=identite_id, iss=psc_issuer, rpps=one.rpps)
        known_identities.add(identite_id)
    lot.add("rattachement", id=ids(), identite_id=identite_id, compte_id=compte_id, created_at=since)


def _add_compte(
    lot: Lot, compte_id: UUID, civilite: str, nom: str, prenom: str, rpps: str | None = None, email: str | None = None
) -> None:
    """Its disuse counts from the day on which the demonstration is made, not from the opening of its service."""
    lot.add(
        "compte",
        id=compte_id,
        civilite=civilite,
        nom=nom,
        prenom=prenom,
        rpps=rpps,
        email=email,
        created_at=OPENED,
        counted_from=datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
        inusite=False,
    )


def _add_grant(
    lot: Lot,
    ids: Ids,
    spst: Spst,
    compte_id: UUID,
    role: Role,
    since: datetime = OPENED,
    hors_structure: bool = False,
    attestation: str | None = None,
) -> None:
    """Granted by the direction, whose own role the operator granted."""
    direction = next(spst.comptes[one.email] for one in ADMINISTRATION if one.spst == spst.demo.slug)
    by = service("exploitation").id if role in _FIRST_ADMINISTRATORS else direction
    lot.add(
        "habilitation",
        id=ids(),
        compte_id=compte_id,
        role=str(role),
        starts_at=since,
        granted_by=by,
        granted_at=since,
        hors_structure=hors_structure,
        attestation=attestation,
    )


def _add_enregistrement(lot: Lot, ids: Ids, spst: Spst, compte_id: UUID) -> None:
    """The front desk registers identities: the direction gave it to each by name."""
    granted_by = spst.comptes[next(one.email for one in ADMINISTRATION if one.spst == spst.demo.slug)]
    lot.add(
        "habilitation_nominative",
        id=ids(),
        compte_id=compte_id,
        code="enregistrement",
        granted_at=OPENED,
        granted_by=granted_by,
    )


def ecrits(spst: Spst, today: date) -> Iterator[tuple[Acteur, Lot]]:
    """What each médecin gives in writing, which he alone may lay down (R. 4624-45-5 al. 2, R. 4623-14 II)."""
    given: dict[UUID, Lot] = defaultdict(lambda: Lot(spst.tenant_id))
    _protocoles(spst, today, given)
    _delegations(spst, today, given)
    for medecin_id, lot in given.items():
        yield Acteur(medecin_id, Role.MDT, facteurs=2), lot


def _protocoles(spst: Spst, today: date, given: Mapping[UUID, Lot]) -> None:
    """Whoever exercises under the authority of a médecin does so by a protocol of this year (R. 4623-14 II, R. 4623-41)."""
    ids = Ids(generator(spst.demo.slug, "supervision"), 3)
    start = datetime.combine(today, OPENED.time(), UTC) - timedelta(days=120)
    medecins = [one for one in _staff(spst.demo) if one.role is Role.MDT and not one.remarque]
    supervised = [one for one in _staff(spst.demo) if one.role in _NATURES]
    signed = [(one, medecin) for one in supervised for medecin in _near(one, medecins)]
    for one, medecin in signed:
        medecin_id = spst.comptes[medecin.psc]
        given[medecin_id].add(
            "supervision",
            id=ids(),
            medecin_id=medecin_id,
            supervise_id=spst.comptes[one.psc],
            nature=_NATURES[one.role],
            delegue_avis=False,
            protocole=f"Protocole {start.year}-{_NATURES[one.role].upper()[:4]}",
            starts_on=start,
            ends_on=start + timedelta(days=365),
            created_at=start,
        )


def _near(one: Professionnel, medecins: list[Professionnel]) -> list[Professionnel]:
    """Those of his équipes; all of them for a médecin praticien correspondant, who is in none."""
    return [medecin for medecin in medecins if not one.equipes or set(medecin.equipes) & set(one.equipes)]


def _delegations(spst: Spst, today: date, given: Mapping[UUID, Lot]) -> None:
    """Those in force, for a year from two months ago."""
    ids = Ids(generator(spst.demo.slug, "delegation"), 2)
    start = datetime.combine(today, OPENED.time(), UTC) - timedelta(days=60)
    for one in (one for one in DELEGATIONS if one.spst == spst.demo.slug):
        delegant_id = spst.comptes[one.delegant]
        given[delegant_id].add(
            "delegation",
            id=ids(),
            delegant_id=delegant_id,
            delegue_id=spst.comptes[one.delegue],
            sections=list(one.sections),
            starts_on=start,
            ends_on=start + timedelta(days=365),
            protocole=one.protocole,
            created_at=start,
        )
