"""`spst tenant`: the life of an SPST, by the operator alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from spst.cli.output import json_option, show
from spst.comptes import fournisseurs, services_comptes
from spst.comptes.fournisseurs import DemandeFournisseur
from spst.comptes.octroi_rules import DemandeCompte
from spst.comptes.services_comptes import Administrateur, CompteCreated
from spst.kernel.acteur import Role, service
from spst.kernel.config import Config, Environment
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.tenants import queries as tenants
from spst.tenants.models import TypeSpst
from spst.tenants.services import DemandeSpst
from spst.web.filters import personnel
from spst.wiring.runtime import build_runtime

_ADMIN = "Civilité;Prénom;Nom;courriel[;DIR|DPO]"


class AdminType(click.ParamType[Administrateur]):
    """ "Mme;Anne;Prigent;anne.prigent@exemple.fr;DPO": the role is DIR when it is left out."""

    name = _ADMIN

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Administrateur:
        if isinstance(value, Administrateur):
            return value
        parts = [part.strip() for part in str(value).split(";")]
        if len(parts) not in {4, 5} or not all(parts):
            self.fail(f"attendu\u00a0: {_ADMIN}", param, ctx)
        role = parts[4] if len(parts) == 5 else "DIR"
        if role not in {"DIR", "DPO"}:
            self.fail(f"rôle inconnu\u00a0: {role} (DIR ou DPO)", param, ctx)
        return Administrateur(DemandeCompte(parts[0], parts[1], parts[2], email=parts[3]), Role(role))


@click.group(help="Services de prévention et de santé au travail.")
def tenant() -> None:
    pass


@tenant.command(help="Crée un SPST et inscrit ses deux premiers administrateurs, par DATABASE_URL_OPS.")
@click.option("--nom", required=True)
@click.option("--slug", required=True, help="Son adresse dans le portail\u00a0: minuscules, chiffres, tirets.")
@click.option("--type", "type_", required=True, type=click.Choice([str(one) for one in TypeSpst]))
@click.option("--siren", required=True)
@click.option("--siret", "sirets", required=True, multiple=True, help="Un par établissement, le siège d’abord.")
@click.option("--finess")
@click.option("--agrement", help="Référence de l’agrément.")
@click.option("--telephone", help="Où les salariés joignent le service\u00a0: écrit dans leur espace.")
@click.option("--courriel", help="De même.")
@click.option("--centre", default="Centre principal", show_default=True, help="Premier centre.")
@click.option("--commune", default="Non précisée", show_default=True, help="Commune du premier centre.")
@click.option("--admin", "admins", required=True, multiple=True, type=AdminType(), metavar=_ADMIN, help="Deux fois.")
@json_option
def create(
    as_json: bool, type_: str, sirets: tuple[str, ...], admins: tuple[Administrateur, ...], **values: Any
) -> None:
    if len(admins) != 2:
        raise click.UsageError("Donnez --admin deux fois\u00a0: un service commence avec deux administrateurs.")
    config = replace(Config.from_environment(), database_url=Environment().text("DATABASE_URL_OPS"))
    demande = DemandeSpst(type=TypeSpst(type_), sirets=sirets, **values)
    tenant_id, motif = new_id(), Motif(CodeMotif.TECHNIQUE)
    with (
        _runtime(config) as runtime,
        unit_of_work(runtime, tenant_id, service("exploitation"), motif, origin="cli") as ctx,
    ):
        created = services_comptes.open_spst(ctx, demande, admins, config.psc.issuer)
    page = f"{config.public_url}/inscription"
    inscriptions = [_inscription(one, compte, page) for one, compte in zip(admins, created, strict=True)]
    facts = {"id": tenant_id, "slug": demande.slug, "inscriptions": inscriptions}
    show(facts, _sentence(demande.nom, inscriptions), as_json=as_json)


@tenant.command(
    help="Enregistre le fournisseur d’identité OpenID Connect d’un SPST, par DATABASE_URL_OPS. Le secret du client est lu dans "
    "SPST_OIDC_SECRET (ou SPST_OIDC_SECRET_FILE)."
)
@click.argument("slug")
@click.option("--nom", help="Comme le personnel l’appelle\u00a0: il est sur le bouton.")
@click.option("--issuer", help="Émetteur, tel que le fournisseur l’écrit dans ses jetons.")
@click.option("--client-id")
@click.option("--acr", multiple=True, help="Niveau qui prouve deux facteurs. Plusieurs fois\u00a0: l’un d’eux suffit.")
@click.option("--amr", multiple=True, help="Méthode qui prouve un second facteur (mfa, otp, hwk…). De même.")
@click.option("--retirer", is_flag=True, help="Retire le fournisseur\u00a0: plus personne n’entre par lui.")
@json_option
def oidc(
    as_json: bool,
    slug: str,
    nom: str | None,
    issuer: str | None,
    client_id: str | None,
    acr: tuple[str, ...],
    amr: tuple[str, ...],
    retirer: bool,
) -> None:
    if retirer == any((nom, issuer, client_id, acr, amr)):
        raise click.UsageError("Donnez --nom, --issuer, --client-id et une preuve (--acr, --amr), ou --retirer seul.")
    if not retirer and not (nom and issuer and client_id and (acr or amr)):
        raise click.UsageError("Il manque --nom, --issuer, --client-id, ou une preuve (--acr, --amr).")
    environment = Environment()
    config = replace(Config.from_environment(), database_url=environment.text("DATABASE_URL_OPS"))
    secret = "" if retirer else environment.text("SPST_OIDC_SECRET")
    demande = DemandeFournisseur(nom or "", issuer or "", client_id or "", secret, acr, amr)
    with _runtime(config) as runtime:
        with runtime.engine.connect() as connection:
            spst = tenants.by_slug(connection, slug)
        motif = Motif(CodeMotif.TECHNIQUE)
        with unit_of_work(runtime, spst.id, service("exploitation"), motif, origin="cli") as ctx:
            fournisseurs.withdraw(ctx) if retirer else fournisseurs.register(ctx, demande)
    page = f"{config.public_url}/connexion/service/{slug}"
    facts = {"slug": slug, "fournisseur": None if retirer else nom, "entree": page, "retour": f"{page}/retour"}
    show(facts, _said_of_provider(spst.nom, nom, page), as_json=as_json)


def _said_of_provider(spst: str, nom: str | None, page: str) -> str:
    if nom is None:
        return f"{spst} n’a plus de fournisseur d’identité."
    return f"{spst} entre par {nom}, à {page}. Adresse de retour à déclarer chez lui\u00a0: {page}/retour"


@contextmanager
def _runtime(config: Config) -> Iterator[Runtime]:
    runtime = build_runtime(config)
    try:
        yield runtime
    finally:
        runtime.engine.dispose()


def _inscription(administrateur: Administrateur, created: CompteCreated, page: str) -> dict[str, str]:
    if created.inscription is None:
        raise click.UsageError("Un administrateur inscrit ici n’a pas de numéro RPPS.")
    compte = administrateur.compte
    return {
        "personne": personnel(compte.civilite, compte.prenom, compte.nom),
        "role": str(administrateur.role),
        "identifiant": compte.email or "",
        "adresse": page,
        "code": created.inscription.code,
        "expire_le": created.inscription.expires_at.isoformat(timespec="minutes"),
    }


def _sentence(nom: str, inscriptions: list[dict[str, str]]) -> str:
    lines = [f"{nom} est créé. Remettez à chacun son code, qui sert une fois et expire dans 15\u00a0jours\u00a0:"]
    lines += [
        f"  {one['personne']} ({one['role']})\u00a0: {one['adresse']}  code {one['code']}" for one in inscriptions
    ]
    return "\n".join(lines)
