"""The provider of an SPST's own staff: registered by the operator, tied to somebody of the second path by his enrolment code.

The key of a person is (iss, sub), inside one SPST. Whoever comes for the first time types the code that his direction handed
over; nothing that the provider says of him (e-mail, name) ties him to an account.

Serves CSP L. 1470-1 to L. 1470-5; ASVS 5.0, 6.8.
"""

import hashlib
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from spst.comptes import fournisseur_rules as rules
from spst.comptes import local, local_queries
from spst.comptes import services_connexion as connexions
from spst.comptes.errors import FournisseurRefused, InscriptionRefused
from spst.comptes.local import Tentative
from spst.comptes.models_connexion import Authentificateur, FournisseurSpst, IdentiteElectronique, LienFournisseur
from spst.comptes.ports import Fournisseur, PreuveFournisseur, PreuveRefused
from spst.comptes.preuves import Connexion, Moyen
from spst.comptes.services_connexion import Choix
from spst.habilitations import services as habilitations
from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants import queries as tenants
from spst.tenants.queries import SpstPublic
from spst.traces import services as traces

_TABLE, _SECRET = "fournisseur_spst", "client_secret_sealed"


@dataclass(frozen=True, slots=True)
class DemandeFournisseur:
    nom: str
    issuer: str
    client_id: str
    client_secret: str
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visiteur:
    """Somebody whom a provider proved with two factors, and who has still to say who he is here."""

    iss: str
    sub: str
    auth_time: datetime


# ──── The operator


def register(ctx: Context, demande: DemandeFournisseur) -> None:
    """The provider of this SPST from now on, instead of the one before; `ctx` is the operator's.

    Raises: FournisseurRefused, AccessDenied.
    """
    habilitations.require(ctx, "tenant.create")
    rules.check_issuer(demande.issuer)
    rules.check_evidence(demande.acr, demande.amr)
    if not all((demande.nom.strip(), demande.client_id, demande.client_secret)):
        raise FournisseurRefused("Donnez le nom du fournisseur, l’identifiant client et son secret.")
    _end(ctx)
    fournisseur_id = new_id()
    row = FournisseurSpst(
        tenant_id=ctx.tenant_id,
        id=fournisseur_id,
        nom=demande.nom.strip(),
        issuer=demande.issuer,
        client_id=demande.client_id,
        client_secret_sealed=ctx.runtime.keyring.seal_outside(_TABLE, _SECRET, fournisseur_id, demande.client_secret),
        acr=sorted(set(demande.acr)),
        amr=sorted(set(demande.amr)),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    _note(ctx, "fournisseur.enregistre", {"issuer": demande.issuer, "acr": row.acr, "amr": row.amr})


def withdraw(ctx: Context) -> None:
    """Raises: FournisseurRefused, when there is none; AccessDenied."""
    habilitations.require(ctx, "tenant.create")
    if not _end(ctx):
        raise FournisseurRefused("Ce service n’a pas de fournisseur d’identité.")
    _note(ctx, "fournisseur.retire", {})


def _end(ctx: Context) -> bool:
    live = update(FournisseurSpst).where(FournisseurSpst.tenant_id == ctx.tenant_id, FournisseurSpst.ended_at.is_(None))
    return bool(ctx.session.execute(live.values(ended_at=ctx.clock.now())).rowcount)  # type: ignore[attr-defined]


def _note(ctx: Context, evenement: str, facts: Mapping[str, Any]) -> None:
    faits = {"spst": str(ctx.tenant_id), **facts}
    traces.add_technical(ctx.session, ctx.clock, evenement, 2, faits, ctx.correlation_id)


# ──── Log-in


def of_spst(runtime: Runtime, slug: str) -> tuple[SpstPublic, Fournisseur | None]:
    """An SPST and its provider, when it has one. Raises: SpstNotFound."""
    with runtime.engine.connect() as connection:
        spst = tenants.by_slug(connection, slug)
    with _work(runtime, spst.id) as ctx:
        row = ctx.session.scalars(
            select(FournisseurSpst).where(
                FournisseurSpst.tenant_id == ctx.tenant_id, FournisseurSpst.ended_at.is_(None)
            )
        ).one_or_none()
        return spst, None if row is None else _opened(runtime, slug, row)


def judge(
    runtime: Runtime, spst: SpstPublic, fournisseur: Fournisseur, preuve: PreuveFournisseur, tentative: Tentative
) -> Visiteur:
    """Raises: PreuveRefused("un_facteur"), when nothing proves a second factor."""
    if not rules.proves_two_factors(preuve.acr, preuve.amr, fournisseur.acr, fournisseur.amr):
        _record(runtime, "connexion_fournisseur.un_facteur", 2, spst, {}, tentative)
        raise PreuveRefused("un_facteur")
    return Visiteur(preuve.iss, preuve.sub, preuve.auth_time)


def login(
    runtime: Runtime, spst: SpstPublic, visiteur: Visiteur, tentative: Tentative
) -> tuple[Connexion, tuple[Choix, ...]] | None:
    """What a known person may open in this SPST; None for somebody who has still to type his code. Raises: PreuveRefused."""
    identite_id = _linked(runtime, spst, visiteur)
    if identite_id is None:
        return None
    connexion = Connexion(identite_id, Moyen.FOURNISSEUR, visiteur.auth_time, tenant_id=spst.id)
    found = connexions.choices(runtime, connexion, tentative.correlation_id)
    if not any(one.ferme is None for one in found):
        _record(runtime, "connexion_fournisseur.fermee", 2, spst, {"identite": str(identite_id)}, tentative)
        raise PreuveRefused("aucun_role")
    return connexion, found


def link(runtime: Runtime, spst: SpstPublic, visiteur: Visiteur, typed: str, tentative: Tentative) -> None:
    """Tie somebody to the account whose enrolment code he holds; the code is spent.

    Raises: InscriptionRefused, TooManyAttempts.
    """
    started = local.start_enrolment(runtime, typed, tentative)
    with _work(runtime, spst.id) as ctx:
        habilitations.require(ctx, "session.open")
        connection = ctx.session.connection()
        found = local_queries.by_id(connection, runtime, started.identite_id)
        is_ours = found is not None and _issuer(ctx, started.identite_id) == local_queries.issuer(spst.id)
        spent = is_ours and local_queries.change(
            connection,
            runtime,
            started.identite_id,
            Authentificateur.inscription_hash == started.jeton,
            inscription_hash=None,
            inscription_expires_at=None,
        )
        if found is not None and spent:
            _keep(ctx, visiteur, started.identite_id, _enrolement(found.totp_sealed))
    facts = {"identite": str(started.identite_id)}
    _record(
        runtime, "fournisseur.lie" if spent else "fournisseur.lien_refuse", 1 if spent else 3, spst, facts, tentative
    )
    if not spent:
        raise InscriptionRefused


def _keep(ctx: Context, visiteur: Visiteur, identite_id: UUID, enrolement: bytes) -> None:
    """Whoever is linked again, after a new enrolment, is linked anew."""
    values = {"identite_id": identite_id, "enrolement": enrolement, "created_at": ctx.clock.now()}
    row = upsert(LienFournisseur).values(
        tenant_id=ctx.tenant_id, id=new_id(), iss=visiteur.iss, sub=visiteur.sub, **values
    )
    ctx.session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "iss", "sub"], set_=values))


def _linked(runtime: Runtime, spst: SpstPublic, visiteur: Visiteur) -> UUID | None:
    with _work(runtime, spst.id) as ctx:
        row = ctx.session.scalars(
            select(LienFournisseur).where(
                LienFournisseur.tenant_id == ctx.tenant_id,
                LienFournisseur.iss == visiteur.iss,
                LienFournisseur.sub == visiteur.sub,
            )
        ).one_or_none()
        if row is None:
            return None
        found = local_queries.by_id(ctx.session.connection(), runtime, row.identite_id)
        return row.identite_id if found is not None and _enrolement(found.totp_sealed) == row.enrolement else None


def _enrolement(totp_sealed: bytes) -> bytes:
    """An enrolment by what it draws anew each time, and that nothing else changes."""
    return hashlib.sha256(totp_sealed).digest()


def _issuer(ctx: Context, identite_id: UUID) -> str | None:
    return ctx.session.scalar(select(IdentiteElectronique.iss).where(IdentiteElectronique.id == identite_id))


def _opened(runtime: Runtime, slug: str, row: FournisseurSpst) -> Fournisseur:
    secret = runtime.keyring.open_outside(_TABLE, _SECRET, row.id, row.client_secret_sealed)
    return Fournisseur(slug, row.nom, row.issuer, row.client_id, secret, frozenset(row.acr), frozenset(row.amr))


def _work(runtime: Runtime, tenant_id: UUID) -> AbstractContextManager[Context]:
    return unit_of_work(runtime, tenant_id, service("connexion"), Motif(CodeMotif.TECHNIQUE), origin="web")


def _record(
    runtime: Runtime, evenement: str, niveau: int, spst: SpstPublic, facts: Mapping[str, object], tentative: Tentative
) -> None:
    faits = {"spst": str(spst.id), **facts, "reseau": tentative.reseau}
    traces.record_technical(runtime.engine, runtime.clock, evenement, niveau, faits, tentative.correlation_id)


def refused(runtime: Runtime, spst: SpstPublic, motif: str, attacks: Collection[str], tentative: Tentative) -> None:
    """Note why a return from the provider opened nothing."""
    niveau = 3 if motif.startswith(tuple(attacks)) else 2
    _record(runtime, "connexion_fournisseur.refusee", niveau, spst, {"motif": motif}, tentative)
