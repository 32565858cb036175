"""`spst tenant`: the life of an SPST, by the operator alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from spst.cli.output import json_option, show
from spst.comptes import services_comptes
from spst.comptes.octroi_rules import DemandeCompte
from spst.comptes.services_comptes import Administrateur, CompteCreated
from spst.kernel.acteur import Role, service
from spst.kernel.config import Config, Environment
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
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
