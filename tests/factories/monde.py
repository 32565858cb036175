"""A small world, always with two SPSTs: whoever writes a test meets the other tenant in it.

Rows are laid down by the superuser, so that a test about a wall does not rest on the walls.
"""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from spst.adapters.cles.fichier import FileKeyStore
from spst.comptes.models import Compte, EquipeMembre, Habilitation
from spst.dmst.models import Dossier, Regime, Suivi
from spst.entreprises.models import Adherent, Contrat, Etablissement
from spst.habilitations import actions
from spst.habilitations.models import Delegation, HabilitationNominative, Supervision
from spst.identite import rules as identite_rules
from spst.identite.models import NomToken, Travailleur
from spst.kernel.acteur import Acteur, Role
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.crypto.keyring import Keyring
from spst.kernel.database import open_engine
from spst.kernel.ids import new_id
from spst.kernel.models import Base
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants.models import Centre, Equipe, Secteur, Structure, Tenant
from spst.traces import services as traces
from spst.wiring.plugs import plug_rooms
from tests.database import Database

FOLLOW_UP = Motif(CodeMotif.SUIVI)
LONG_AGO = datetime(2020, 1, 6, 8, tzinfo=UTC)
STAFF = tuple(role for role in Role if role not in {Role.SAL, Role.SRV, Role.TECH})
IN_A_TEAM = (Role.MDT, Role.COLL, Role.INT, Role.INF, Role.IPA, Role.IPRP, Role.ASST)


@dataclass(frozen=True, slots=True)
class Personne:
    """A worker of an SPST and his dossier; `acteur` is himself, in the portal."""

    travailleur_id: UUID
    dossier_id: UUID
    nom: str
    acteur: Acteur


@dataclass(slots=True)
class Spst:
    """One tenant. `zoe` and `pierre` are followed by the first équipe, `toussaint` by the second.

    Both équipes stand in one sector, in which no establishment was placed.
    """

    tenant_id: UUID
    slug: str
    structure_id: UUID
    centre_id: UUID
    equipe_id: UUID
    autre_equipe_id: UUID
    staff: dict[Role, Acteur] = field(default_factory=dict)
    personnes: dict[str, Personne] = field(default_factory=dict)
    etablissement_id: UUID = field(default_factory=new_id)
    secteur_id: UUID = field(default_factory=new_id)
    medecin_ailleurs: Acteur = field(default_factory=lambda: Acteur(new_id(), Role.MDT, "s-ailleurs", 2))
    """A médecin du travail of the second équipe."""

    def __getitem__(self, role: Role) -> Acteur:
        return self.staff[role]

    @property
    def medecin(self) -> Acteur:
        return self.staff[Role.MDT]

    @property
    def infirmier(self) -> Acteur:
        return self.staff[Role.INF]

    @property
    def directrice(self) -> Acteur:
        return self.staff[Role.DIR]

    @property
    def zoe(self) -> Personne:
        return self.personnes["ADRUN"]

    @property
    def pierre(self) -> Personne:
        return self.personnes["D'ARTAGNAN DE L'HERAULT"]

    @property
    def toussaint(self) -> Personne:
        return self.personnes["ADRTROIS"]


@dataclass(slots=True)
class Monde:
    runtime: Runtime
    superuser: Engine
    database: Database
    root_key: bytes
    keystore: Path
    a: Spst
    b: Spst

    def work(
        self,
        acteur: Acteur,
        spst: Spst | None = None,
        *,
        dossier_id: UUID | None = None,
        delegation_id: UUID | None = None,
        motif: Motif = FOLLOW_UP,
    ) -> AbstractContextManager[Context]:
        """A unit of work of `acteur`, in A unless told otherwise."""
        tenant = (spst or self.a).tenant_id
        return unit_of_work(
            self.runtime, tenant, acteur, motif, origin="test", dossier_id=dossier_id, delegation_id=delegation_id
        )

    def add(self, *rows: Base) -> None:
        """Lay rows down as the superuser, in the order of their tables."""
        order = {table.name: rank for rank, table in enumerate(Base.metadata.sorted_tables)}
        with Session(self.superuser, expire_on_commit=False) as session, session.begin():
            for row in sorted(rows, key=lambda row: order[row.__tablename__]):
                session.add(row)
                session.flush()

    def delegate(self, spst: Spst, delegue: Acteur, *sections: str, **changes: Any) -> UUID:
        """A delegation of the médecin to `delegue`, in force for a year unless told otherwise; returns its id."""
        now = datetime.now(UTC)
        values = {
            "delegant_id": spst.medecin.id,
            "delegue_id": delegue.id,
            "sections": list(sections),
            "dossier_id": None,
            "starts_on": now - timedelta(days=1),
            "ends_on": now + timedelta(days=365),
            "protocole": "Protocole 2026-04",
            "created_at": now - timedelta(days=1),
        }
        row = Delegation(tenant_id=spst.tenant_id, id=new_id(), **{**values, **changes})
        self.add(row)
        return row.id


@pytest.fixture(scope="module")
def monde(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monde]:
    root_key, keystore = secrets.token_bytes(32), tmp_path_factory.mktemp("cles") / "cles.sqlite"
    runtime = make_runtime(database, root_key, keystore)
    superuser = create_engine(database.superuser_url)
    made = Monde(
        runtime=runtime,
        superuser=superuser,
        database=database,
        root_key=root_key,
        keystore=keystore,
        a=_spst("coteaux", "SPSTI TEST DES COTEAUX", "SPSTI", "900000118", "90000011800019"),
        b=_spst("metallurgie", "SPST AUTONOME TEST METALLURGIE", "SPSTA", "900000225", "90000022500012"),
    )
    for spst in (made.a, made.b):
        _populate(made, spst)
    yield made
    runtime.engine.dispose()
    superuser.dispose()


def make_runtime(database: Database, root_key: bytes, keystore: Path) -> Runtime:
    plug_rooms()
    return Runtime(
        engine=open_engine(database.app_url),
        context_key=database.context_key,
        trace_key=secrets.token_bytes(32),
        keyring=Keyring(root_key, FileKeyStore(keystore)),
        record_refusal=traces.record_refusal,
        traced_facts={action.name: action.facts for action in actions.all()},
    )


_TENANTS: dict[str, tuple[str, str, str, str]] = {}


def _spst(slug: str, nom: str, type_: str, siren: str, siret: str) -> Spst:
    _TENANTS[slug] = (nom, type_, siren, siret)
    return Spst(new_id(), slug, new_id(), new_id(), new_id(), new_id())


def _populate(monde: Monde, spst: Spst) -> None:
    monde.runtime.keyring.create_tenant_key(spst.tenant_id)
    monde.add(*_organisation(spst))
    for role in STAFF:
        if role is Role.MPC and _TENANTS[spst.slug][1] != "SPSTI":
            continue
        spst.staff[role] = Acteur(new_id(), role, session_hash=f"s-{role}", facteurs=2)
        monde.add(*_account(spst, spst.staff[role], spst.equipe_id if role in IN_A_TEAM else None))
    monde.add(*_protocoles(spst))
    monde.add(*_account(spst, spst.medecin_ailleurs, spst.autre_equipe_id, rpps_offset=500))
    for rank, traits in enumerate(_PEOPLE):
        equipe = spst.autre_equipe_id if traits["nom_naissance"] == "ADRTROIS" else spst.equipe_id
        personne = _person(spst, traits)
        monde.runtime.keyring.create_dossier_key(spst.tenant_id, personne.dossier_id)
        monde.add(*_dossier(spst, personne, traits, equipe, rank))
        spst.personnes[personne.nom] = personne


def _organisation(spst: Spst) -> list[Base]:
    nom, type_, siren, siret = _TENANTS[spst.slug]
    key = {"tenant_id": spst.tenant_id}
    adherent = new_id()
    team = {"secteur_id": spst.secteur_id, "centre_id": spst.centre_id}
    return [
        Tenant(id=spst.tenant_id, slug=spst.slug, nom=nom, type=type_, siren=siren, created_at=LONG_AGO),
        Structure(id=spst.structure_id, siret=siret, nom=nom, **key),
        Centre(id=spst.centre_id, structure_id=spst.structure_id, nom="Centre Rive-Sud", commune="Lyon", **key),
        Secteur(id=spst.secteur_id, nom="Secteur sud", **key),
        Equipe(id=spst.equipe_id, nom="Équipe Vasseur", **team, **key),
        Equipe(id=spst.autre_equipe_id, nom="Équipe Besson", **team, **key),
        Adherent(id=adherent, siren="732829320", raison_sociale="Chantiers de la Brière", **key),
        Etablissement(
            id=spst.etablissement_id, adherent_id=adherent, siret="73282932000074", nom="Chantiers de la Brière", **key
        ),
    ]


def _account(spst: Spst, acteur: Acteur, equipe: UUID | None, rpps_offset: int = 0) -> list[Base]:
    key = {"tenant_id": spst.tenant_id}
    number = 81000000000 + 10 * (list(Role).index(acteur.role) + rpps_offset)
    rows: list[Base] = [
        Compte(
            id=acteur.id,
            civilite="Dr" if acteur.role is Role.MDT else "Mme",
            nom="VASSEUR" if acteur.role is Role.MDT else f"TEST-{acteur.role}",
            prenom="Claire",
            rpps=str(number),
            email=f"{acteur.role.lower()}{rpps_offset}@{spst.slug}.test",
            created_at=LONG_AGO,
            **key,
        ),
        Habilitation(
            compte_id=acteur.id,
            role=str(acteur.role),
            starts_at=LONG_AGO,
            granted_by=acteur.id,
            granted_at=LONG_AGO,
            **key,
        ),
    ]
    if equipe:
        rows.append(EquipeMembre(compte_id=acteur.id, equipe_id=equipe, starts_at=LONG_AGO, **key))
    return rows


def colleague(monde: Monde, spst: Spst, role: Role) -> Acteur:
    """Somebody else in the same role."""
    made = Acteur(new_id(), role, session_hash=f"s-{role}-{new_id()}", facteurs=2)
    monde.add(*_account(spst, made, spst.equipe_id if role in IN_A_TEAM else None, rpps_offset=next(_OFFSETS)))
    return made


_OFFSETS = count(1000, len(Role))

NATURES = {
    Role.COLL: "cooperation",
    Role.INF: "cooperation",
    Role.IPA: "cooperation",
    Role.INT: "maitrise_stage",
    Role.MPC: "collaboration",
}


def _protocoles(spst: Spst) -> list[Base]:
    """What lets each work: a protocol with the médecin, and for the front desk the habilitation to register."""
    key = {"tenant_id": spst.tenant_id}
    return [
        *(
            Supervision(
                medecin_id=spst.medecin.id,
                supervise_id=spst[role].id,
                nature=nature,
                delegue_avis=False,
                protocole="Protocole 2026-01",
                starts_on=LONG_AGO,
                ends_on=datetime(2099, 1, 1, tzinfo=UTC),
                created_at=LONG_AGO,
                **key,
            )
            for role, nature in NATURES.items()
            if role in spst.staff
        ),
        HabilitationNominative(
            compte_id=spst[Role.ADM].id,
            code="enregistrement",
            granted_at=LONG_AGO,
            granted_by=spst.directrice.id,
            **key,
        ),
    ]


_PEOPLE: tuple[dict[str, Any], ...] = (
    {"nom_naissance": "ADRUN", "prenoms": "ZOE", "sexe": "F", "date_naissance": date(1975, 12, 31)},
    {
        "nom_naissance": "D'ARTAGNAN DE L'HERAULT",
        "prenoms": "PIERRE-ALAIN MURIEL FLORIANT",
        "sexe": "M",
        "date_naissance": date(2001, 6, 17),
    },
    {"nom_naissance": "ADRTROIS", "prenoms": "TOUSSAINT", "sexe": "M", "date_naissance": date(1960, 1, 1)},
)


def _person(spst: Spst, traits: dict[str, Any]) -> Personne:
    travailleur_id = new_id()
    acteur = Acteur(travailleur_id, Role.SAL, session_hash="s-portail", facteurs=2)
    return Personne(travailleur_id, new_id(), traits["nom_naissance"], acteur)


def _dossier(spst: Spst, personne: Personne, traits: dict[str, Any], equipe: UUID, rank: int) -> list[Base]:
    key = {"tenant_id": spst.tenant_id}
    of_dossier = {"dossier_id": personne.dossier_id, **key}
    premier = traits["prenoms"].split(" ")[0]
    tokens = identite_rules.name_tokens(traits["nom_naissance"], traits["prenoms"])
    return [
        Travailleur(
            id=personne.travailleur_id,
            **traits,
            premier_prenom=premier,
            lieu_naissance="63220",
            statut_ins="qualifiee" if rank < 2 else "provisoire",
            nom_cle=identite_rules.search_key(traits["nom_naissance"], premier),
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
            **key,
        ),
        *(NomToken(token=token, travailleur_id=personne.travailleur_id, **key) for token in sorted(tokens)),
        Dossier(
            id=personne.dossier_id,
            travailleur_id=personne.travailleur_id,
            created_at=LONG_AGO,
            created_by=spst.medecin.id,
            **key,
        ),
        Suivi(equipe_id=equipe, starts_on=LONG_AGO.date(), **of_dossier),
        Regime(regime="SIS", effective_from=LONG_AGO.date(), article="R. 4624-16", **of_dossier),
        Contrat(
            travailleur_id=personne.travailleur_id,
            etablissement_id=spst.etablissement_id,
            type="CDI",
            poste="Soudeuse TIG",
            starts_on=LONG_AGO.date(),
            **key,
        ),
    ]


def with_one_factor(acteur: Acteur) -> Acteur:
    return replace(acteur, facteurs=1)
