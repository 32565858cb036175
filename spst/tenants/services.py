"""The door: what is public of an SPST, and its creation."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.tenants import queries, rules
from spst.tenants.errors import SpstAlreadyExists
from spst.tenants.models import Centre, Equipe, Secteur, Structure, Tenant, TypeSpst
from spst.tenants.queries import SpstPublic
from spst.traces import services as traces


@dataclass(frozen=True, slots=True)
class DemandeSpst:
    """An SPST to be created. The first of `sirets` is its head office, where the first centre stands."""

    nom: str
    slug: str
    type: TypeSpst
    siren: str
    sirets: tuple[str, ...]
    finess: str | None = None
    agrement: str | None = None
    telephone: str | None = None
    courriel: str | None = None
    centre: str = "Centre principal"
    commune: str = "Non précisée"
    secteur: str = "Secteur 1"
    equipe: str = "Équipe 1"


def get_public(runtime: Runtime, slug: str) -> SpstPublic:
    """Raises: SpstNotFound."""
    with runtime.engine.connect() as connection:
        return queries.by_slug(connection, slug)


def get_public_by_id(runtime: Runtime, tenant_id: UUID) -> SpstPublic:
    """Raises: SpstNotFound."""
    with runtime.engine.connect() as connection:
        return queries.by_id(connection, tenant_id)


def in_service(runtime: Runtime) -> list[SpstPublic]:
    """Every SPST that is not suspended, for the jobs that go through them all."""
    with runtime.engine.connect() as connection:
        return queries.in_service(connection)


def checked(demande: DemandeSpst) -> DemandeSpst:
    """The same with its numbers compact.

    Raises: IdentiteLegaleRefused.
    """
    clean = replace(
        demande,
        siren=rules.compact(demande.siren),
        sirets=tuple(dict.fromkeys(map(rules.compact, demande.sirets))),
        finess=rules.compact(demande.finess) if demande.finess else None,
        telephone=rules.compact(demande.telephone) if demande.telephone else None,
    )
    rules.check_slug(clean.slug)
    rules.check_siren(clean.siren)
    rules.check_finess(clean.finess)
    rules.check_telephone(clean.telephone)
    rules.check_courriel(clean.courriel)
    for siret in clean.sirets:
        rules.check_siret(siret, clean.siren)
    return clean


def create_tenant(ctx: Context, demande: DemandeSpst) -> None:
    """Create the SPST whose id the context names: public row, structures, first centre, secteur and équipe, key.

    Only `spst_ops` may add to the public table, so `ctx` stands on a connection of that role. Whoever calls has authorised
    `tenant.create`: decisions are taken in a room above this one.
    Raises: IdentiteLegaleRefused, SpstAlreadyExists.
    """
    demande = checked(demande)
    ctx.runtime.keyring.create_tenant_key(ctx.tenant_id)
    _add_public(ctx, demande)
    _add_organisation(ctx, demande)
    traces.record(ctx, "tenant.create")


def _add_public(ctx: Context, demande: DemandeSpst) -> None:
    names = ("slug", "nom", "type", "siren", "finess", "agrement", "telephone", "courriel")
    values: dict[str, Any] = {name: getattr(demande, name) for name in names}
    try:
        ctx.session.execute(insert(Tenant).values(id=ctx.tenant_id, created_at=ctx.clock.now(), **values))
    except IntegrityError as error:
        raise SpstAlreadyExists(
            f"Un service porte déjà le SIREN {demande.siren} ou l’adresse {demande.slug}."
        ) from error


def _add_organisation(ctx: Context, demande: DemandeSpst) -> None:
    """A structure by SIRET, then one centre, one secteur and one équipe, so that accounts have where to stand."""
    key = {"tenant_id": ctx.tenant_id}
    structures = [(new_id(), siret) for siret in demande.sirets]
    for structure_id, siret in structures:
        ctx.session.add(Structure(id=structure_id, siret=siret, finess=demande.finess, nom=demande.nom, **key))
    ctx.session.flush()
    centre = Centre(id=new_id(), structure_id=structures[0][0], nom=demande.centre, commune=demande.commune, **key)
    secteur = Secteur(id=new_id(), nom=demande.secteur, **key)
    ctx.session.add_all([centre, secteur])
    ctx.session.flush()
    ctx.session.add(Equipe(id=new_id(), nom=demande.equipe, secteur_id=secteur.id, centre_id=centre.id, **key))
