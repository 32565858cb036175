"""Who enters the register, and what changes there: nobody is created before those who may be the same person were looked for.

Source: RNIV, volet 1 (search before creation; a typed identity is provisoire; traits as the civil document writes them).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from spst.habilitations import services as habilitations
from spst.identite import perimetre, queries, rules
from spst.identite.errors import AlreadyEntered, ProchesNotSeen, TraitRefused, TravailleurNotFound
from spst.identite.models import StatutIns
from spst.identite.queries import TOKEN, TRAVAILLEUR, TravailleurVu
from spst.identite.rules import Traits
from spst.kernel import locks
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces


@dataclass(frozen=True, slots=True)
class IdentiteGardee:
    """An identity as the register writes it, whatever way it was typed."""

    traits: Traits
    premier_prenom: str
    nom_utilise: str | None
    prenom_utilise: str | None

    @property
    def names(self) -> tuple[str | None, ...]:
        return (
            self.traits.nom_naissance,
            self.traits.prenoms,
            self.premier_prenom,
            self.nom_utilise,
            self.prenom_utilise,
        )


@dataclass(frozen=True, slots=True)
class Examen:
    """What would be kept of an identity that somebody typed, and who of the register may be the same person."""

    gardee: IdentiteGardee
    proches: tuple[TravailleurVu, ...]


def found(ctx: Context, travailleur_id: UUID) -> TravailleurVu:
    """Somebody of the register whom the actor may find. Raises: TravailleurNotFound, AccessDenied."""
    seen = queries.find_travailleur(ctx, travailleur_id)
    if seen is None:
        raise TravailleurNotFound
    perimetre.check(ctx, travailleur_id)
    return seen


def examine(
    ctx: Context,
    *,
    nom_naissance: str,
    prenoms: str,
    date_naissance: date,
    sexe: str,
    lieu_naissance: str | None = None,
    premier_prenom: str | None = None,
    nom_utilise: str | None = None,
    prenom_utilise: str | None = None,
) -> Examen:
    """The search that precedes a creation: whoever was born that day and bears one of the names typed.

    Raises: AccessDenied, TraitRefused.
    """
    habilitations.require(ctx, "dossier.search")
    gardee = _kept(
        ctx, nom_naissance, prenoms, date_naissance, sexe, lieu_naissance, premier_prenom, nom_utilise, prenom_utilise
    )
    proches = _proches(ctx, gardee)
    traces.record(ctx, "dossier.search", details={"filtres": "nom+naissance", "resultats": len(proches)})
    return Examen(gardee, proches)


def _proches(ctx: Context, gardee: IdentiteGardee) -> tuple[TravailleurVu, ...]:
    """Those whom the actor may find, and nobody else."""
    return tuple(
        other
        for other in queries.born_on(ctx, gardee.traits.date_naissance, perimetre.travailleurs(ctx))
        if rules.are_close(gardee.names, (other.nom_naissance, other.prenoms, other.nom_utilise, other.prenom_utilise))
    )


def create_travailleur(
    ctx: Context,
    *,
    nom_naissance: str,
    prenoms: str,
    date_naissance: date,
    sexe: str,
    lieu_naissance: str | None = None,
    premier_prenom: str | None = None,
    nom_utilise: str | None = None,
    prenom_utilise: str | None = None,
    telephone: str | None = None,
    email: str | None = None,
    adresse: str | None = None,
    travailleur_id: UUID | None = None,
    proches_vus: Collection[UUID] | None = None,
) -> UUID:
    """Register somebody, with the status `provisoire`: no other can be typed (RNIV, EXI SI 07).

    `travailleur_id`: an id made with the form, so that two clicks register one person. `proches_vus`: those whom `examine`
    showed to the person who creates; None when nobody types, as in a migration.
    Raises: AccessDenied, TraitRefused, ContactRefused, ProchesNotSeen, AlreadyEntered.
    """
    habilitations.require(ctx, "identite.register")
    gardee = _kept(
        ctx, nom_naissance, prenoms, date_naissance, sexe, lieu_naissance, premier_prenom, nom_utilise, prenom_utilise
    )
    contact = _checked_contact(telephone, email, adresse)
    traces.record(ctx, "registre.update")
    if travailleur_id is not None and _is_entered(ctx, travailleur_id, gardee):
        return travailleur_id
    if proches_vus is not None:
        _check_seen(ctx, gardee, proches_vus)
    return _enter(ctx, travailleur_id or new_id(ctx.clock.now()), gardee, contact)


def _check_seen(ctx: Context, gardee: IdentiteGardee, vus: Collection[UUID]) -> None:
    """One creation at a time per birth date: two desks that register the same person see each other. Raises: ProchesNotSeen."""
    locks.one_at_a_time(ctx, f"registre|{gardee.traits.date_naissance.isoformat()}", ctx.tenant_id)
    if not {other.id for other in _proches(ctx, gardee)} <= set(vus):
        raise ProchesNotSeen


def _is_entered(ctx: Context, travailleur_id: UUID, gardee: IdentiteGardee) -> bool:
    """Raises: AlreadyEntered, when the id is that of somebody else."""
    known = queries.find_travailleur(ctx, travailleur_id)
    if known is not None and known.traits != gardee.traits:
        raise AlreadyEntered
    return known is not None


def _enter(ctx: Context, travailleur_id: UUID, gardee: IdentiteGardee, contact: dict[str, str | None]) -> UUID:
    """Under a savepoint: a second demand that runs at the same time finds what the first one entered."""
    traits, now = gardee.traits, ctx.clock.now()
    row = insert(TRAVAILLEUR).values(
        tenant_id=ctx.tenant_id,
        id=travailleur_id,
        nom_naissance=traits.nom_naissance,
        prenoms=traits.prenoms,
        premier_prenom=gardee.premier_prenom,
        nom_utilise=gardee.nom_utilise,
        prenom_utilise=gardee.prenom_utilise,
        date_naissance=traits.date_naissance,
        sexe=traits.sexe,
        lieu_naissance=traits.lieu_naissance,
        statut_ins=StatutIns.PROVISOIRE,
        nom_cle=rules.search_key(traits.nom_naissance, gardee.premier_prenom),
        created_at=now,
        updated_at=now,
        **contact,
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.execute(row)
            _add_tokens(ctx, travailleur_id, rules.name_tokens(*gardee.names))
    except IntegrityError:
        if not _is_entered(ctx, travailleur_id, gardee):
            raise
    return travailleur_id


def _kept(
    ctx: Context,
    nom: str,
    prenoms: str,
    birth: date,
    sexe: str,
    lieu: str | None,
    premier: str | None,
    nom_utilise: str | None,
    prenom_utilise: str | None,
) -> IdentiteGardee:
    """Raises: TraitRefused."""
    if sexe not in {"F", "M", "I"}:
        raise TraitRefused
    traits = Traits(
        nom_naissance=rules.normalise_nom(nom),
        prenoms=rules.normalise_prenoms(prenoms),
        date_naissance=rules.check_date_naissance(birth, today(ctx.clock)),
        sexe=sexe,
        lieu_naissance=rules.check_lieu_naissance(lieu) if lieu else None,
    )
    return IdentiteGardee(
        traits,
        rules.premier_prenom(traits.prenoms, premier),
        rules.normalise_nom(nom_utilise) if nom_utilise else None,
        rules.normalise_prenoms(prenom_utilise) if prenom_utilise else None,
    )


def _add_tokens(ctx: Context, travailleur_id: UUID, tokens: frozenset[str]) -> None:
    rows = [{"tenant_id": ctx.tenant_id, "token": token, "travailleur_id": travailleur_id} for token in sorted(tokens)]
    ctx.session.execute(insert(TOKEN).values(rows))


def update_contact(
    ctx: Context, travailleur_id: UUID, *, telephone: str | None, email: str | None, adresse: str | None
) -> None:
    """Raises: TravailleurNotFound, AccessDenied, ContactRefused."""
    found(ctx, travailleur_id)
    habilitations.require(ctx, "registre.update")
    _change(ctx, travailleur_id, _checked_contact(telephone, email, adresse))


def set_used_names(ctx: Context, travailleur_id: UUID, *, nom_utilise: str | None, prenom_utilise: str | None) -> None:
    """The names that somebody goes by, which a search finds too. Strict traits do not change here.

    Raises: TravailleurNotFound, AccessDenied, NomRefused.
    """
    seen = found(ctx, travailleur_id)
    habilitations.require(ctx, "registre.update")
    gardee = IdentiteGardee(
        seen.traits,
        seen.premier_prenom,
        rules.normalise_nom(nom_utilise) if nom_utilise else None,
        rules.normalise_prenoms(prenom_utilise) if prenom_utilise else None,
    )
    _change(ctx, travailleur_id, {"nom_utilise": gardee.nom_utilise, "prenom_utilise": gardee.prenom_utilise})
    ctx.session.execute(
        delete(TOKEN).where(TOKEN.c.tenant_id == ctx.tenant_id, TOKEN.c.travailleur_id == travailleur_id)
    )
    _add_tokens(ctx, travailleur_id, rules.name_tokens(*gardee.names))


def _change(ctx: Context, travailleur_id: UUID, values: dict[str, str | None]) -> None:
    ctx.session.execute(
        update(TRAVAILLEUR)
        .where(TRAVAILLEUR.c.tenant_id == ctx.tenant_id, TRAVAILLEUR.c.id == travailleur_id)
        .values(updated_at=ctx.clock.now(), **values)
    )
    traces.record(ctx, "registre.update")


def _checked_contact(telephone: str | None, email: str | None, adresse: str | None) -> dict[str, str | None]:
    """Raises: ContactRefused."""
    given = {"telephone": telephone, "email": email, "adresse": adresse}
    return {name: _CONTACT[name](text) if text and text.strip() else None for name, text in given.items()}


_CONTACT = {"telephone": rules.check_telephone, "email": rules.check_courriel, "adresse": rules.check_adresse}
