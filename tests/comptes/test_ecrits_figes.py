"""With the services broken: statements that a session of the direction, or of a professional, would send by itself."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.comptes import demandes, revues
from spst.comptes import services_comptes as services
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.kernel.acteur import Acteur, Role
from spst.kernel.ids import new_id
from tests.factories.monde import Monde, colleague
from tests.factories.releves import run

pytestmark = pytest.mark.exigence("AUT-06")

_ROLE = (
    "INSERT INTO habilitation (tenant_id, id, compte_id, role, starts_at, ends_at, granted_by, granted_at, hors_structure,"
    " demande_id, confirmed_by, confirmed_at) VALUES (:t, gen_random_uuid(), {who}, '{role}', now(), {end}, {by}, now(),"
    " false, {demande}, {second}, {at})"
)


def role(who: str, code: str, **changes: str) -> str:
    given = {"end": "NULL", "by": ":me", "demande": "NULL", "second": "NULL", "at": "NULL", **changes}
    return _ROLE.format(who=who, role=code, **given)


CONFIRMED = {"second": ":me", "at": "now()"}
BY_THE_DIRECTION = {
    "link of a colleague moved to oneself": (
        "UPDATE rattachement SET compte_id = :me WHERE tenant_id = :t AND compte_id <> :me",
        "stays written",
    ),
    "role confirmed without a demand": (role(":her", "DPO", by=":other", **CONFIRMED), "two people"),
    "role given to oneself": (role(":me", "ADM"), "himself a right"),
    "role taken back in the name of another": (
        "UPDATE habilitation SET revoked_at = now(), revoked_by = :other WHERE compte_id = :her",
        "somebody else",
    ),
    "attestation rewritten": ("UPDATE habilitation SET attestation = 'x' WHERE compte_id = :her", "stays written"),
    "équipe joined by oneself": (
        "INSERT INTO equipe_membre (tenant_id, id, compte_id, equipe_id, starts_at)"
        " VALUES (:t, gen_random_uuid(), :me, :equipe, now())",
        "himself a right",
    ),
    "équipe joined in the past": (
        "INSERT INTO equipe_membre (tenant_id, id, compte_id, equipe_id, starts_at)"
        " VALUES (:t, gen_random_uuid(), :her, :equipe, now() - interval '1 year')",
        "for the past",
    ),
    "équipe moved": ("UPDATE equipe SET secteur_id = gen_random_uuid() WHERE id = :equipe", "stays written"),
    "member replaced": ("UPDATE equipe_membre SET compte_id = :me WHERE tenant_id = :t", "stays written"),
    "nominative to oneself": (
        "INSERT INTO habilitation_nominative (tenant_id, id, compte_id, code, granted_at, granted_by)"
        " VALUES (:t, gen_random_uuid(), :me, 'insi', now(), :me)",
        "himself a right",
    ),
    "nominative in the name of another": (
        "INSERT INTO habilitation_nominative (tenant_id, id, compte_id, code, granted_at, granted_by)"
        " VALUES (:t, gen_random_uuid(), :her, 'insi', now(), :other)",
        "somebody else",
    ),
    "own name": ("UPDATE compte SET nom = 'Autre' WHERE id = :me", "his own name"),
    "creation of an account": (
        "UPDATE compte SET created_at = now() - interval '9 years' WHERE id = :her",
        "stays written",
    ),
    "former name invented": (
        "INSERT INTO compte_nom (tenant_id, id, compte_id, civilite, prenom, nom, until_at, changed_by)"
        " VALUES (:t, gen_random_uuid(), :her, 'M.', 'Faux', 'Nom', now(), :other)",
        "compte_nom",
    ),
    "review signed as it opens": (
        "INSERT INTO revue (tenant_id, id, opened_at, opened_by, lignes, signed_at, signed_by, empreinte)"
        " VALUES (:t, gen_random_uuid(), now(), :me, 0, now(), :me, repeat('0', 64))",
        "somebody else",
    ),
    "policy of one person": (
        "INSERT INTO politique_version (tenant_id, id, numero, texte, published_at, published_by, proposed_at, proposed_by)"
        " VALUES (:t, gen_random_uuid(), 999, '', now(), :me, now(), :other)",
        "two people",
    ),
}


@pytest.fixture
def other(monde: Monde) -> Acteur:
    return colleague(monde, monde.a, Role.DIR)


def refused(monde: Monde, who: Acteur, statement: str, said: str, **values: Any) -> None:
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    with pytest.raises(DBAPIError, match=said), monde.work(who) as ctx:
        ctx.session.execute(text(statement), named)


@pytest.mark.parametrize("who", [Role.DIR, Role.AUD])
@pytest.mark.parametrize(("statement", "said"), BY_THE_DIRECTION.values(), ids=BY_THE_DIRECTION)
def test_direction_rewrites_nothing_and_gives_itself_nothing(
    monde: Monde, other: Acteur, who: Role, statement: str, said: str
) -> None:
    me, her = monde.a[who], colleague(monde, monde.a, Role.ADM)
    with monde.work(monde.a.directrice) as ctx:
        services.create_compte(ctx, DemandeCompte("M.", "A", "B", email=f"{new_id()}@a.test"), "x")
        services.join_equipe(ctx, her.id, monde.a.equipe_id)
    ids = {"t": monde.a.tenant_id, "me": me.id, "her": her.id, "other": other.id, "equipe": monde.a.equipe_id}
    refused(monde, me, statement, said, **ids)


BY_A_PROFESSIONAL = {
    "delegation in the name of the médecin": (
        Role.INF,
        "INSERT INTO delegation (tenant_id, id, delegant_id, delegue_id, sections, starts_on, ends_on, protocole, created_at)"
        " VALUES (:t, gen_random_uuid(), :doctor, :me, '{{S1}}', now(), now() + interval '1 day', 'x', now())",
    ),
    "protocol in the name of the médecin": (
        Role.COLL,
        "INSERT INTO supervision (tenant_id, id, medecin_id, supervise_id, nature, delegue_avis, protocole, starts_on, ends_on,"
        " created_at) VALUES (:t, gen_random_uuid(), :doctor, :me, 'cooperation', false, 'x', now(), now() + interval '1 day',"
        " now())",
    ),
    "exceptional access read again by another": (
        Role.MDT,
        "INSERT INTO acces_exceptionnel (tenant_id, id, dossier_id, compte_id, opened_at, expires_at, relu_at, relu_by, avis)"
        " VALUES (:t, gen_random_uuid(), :dossier, :me, now(), now() + interval '1 day', now(), :other, 'justifie')",
    ),
}


@pytest.mark.exigence("HAB-05")
@pytest.mark.parametrize(("who", "statement"), BY_A_PROFESSIONAL.values(), ids=BY_A_PROFESSIONAL)
def test_professional_writes_in_nobody_elses_name(monde: Monde, other: Acteur, who: Role, statement: str) -> None:
    ids = {"t": monde.a.tenant_id, "me": monde.a[who].id, "doctor": monde.a.medecin.id, "other": other.id}
    refused(monde, monde.a[who], statement.replace("{{", "{").replace("}}", "}"), "somebody else", **ids,
            dossier=monde.a.zoe.dossier_id)  # fmt: skip


@pytest.mark.parametrize(
    "widened",
    [{"end": "now() + interval '9 years'"}, {"end": "NULL"}],
    ids=["longer", "for ever"],
)
def test_second_person_gives_what_was_asked_and_nothing_wider(
    monde: Monde, other: Acteur, widened: dict[str, str]
) -> None:
    her = colleague(monde, monde.a, Role.ADM)
    with monde.work(monde.a.directrice) as ctx:
        now = ctx.clock.now()
        services.grant_habilitation(ctx, her.id, DemandeRole(Role.INF, now, now.replace(year=now.year + 1)))
        [asked] = demandes.waiting(ctx, her.id)
    close = "UPDATE role_demande SET closed_at = now(), closed_by = :me, issue = 'accordee' WHERE id = :demande"
    grant = role(":her", "INF", by=":asker", demande=":demande", **CONFIRMED, **widened)
    ids = {"me": other.id, "demande": asked.id}
    with pytest.raises(DBAPIError, match="two people"), monde.work(other) as ctx:
        ctx.session.execute(text(close), ids)
        ctx.session.execute(text(grant), {**ids, "her": her.id, "asker": monde.a.directrice.id, "t": monde.a.tenant_id})


def test_line_of_the_review_is_decided_in_ones_own_name_and_never_for_oneself(monde: Monde, other: Acteur) -> None:
    with monde.work(monde.a.directrice) as ctx:
        revues.open_revue(ctx)
    decide = "UPDATE revue_ligne SET decision = 'garder', decided_at = now(), decided_by = :by WHERE compte_id = :whose"
    me = monde.a.directrice
    refused(monde, me, decide, "somebody else", by=other.id, whose=other.id)
    refused(monde, me, decide, "himself a right", by=me.id, whose=me.id)
    run(monde, "DELETE FROM revue_ligne")
    run(monde, "DELETE FROM revue")


def test_who_left_is_not_brought_back_with_his_rights(monde: Monde) -> None:
    her = colleague(monde, monde.a, Role.ADM)
    run(monde, "UPDATE compte SET departs_at = now() - interval '1 day' WHERE id = :id", id=her.id)
    refused(
        monde, monde.a.directrice, "UPDATE compte SET departs_at = NULL WHERE id = :id", "without any right", id=her.id
    )


@pytest.mark.exigence("HAB-05")
def test_replacement_is_neither_moved_nor_brought_back(monde: Monde) -> None:
    replacement = {"t": monde.a.tenant_id, "id": new_id(), "m": monde.a.medecin.id, "r": monde.a[Role.COLL].id}
    run(
        monde,
        "INSERT INTO remplacement (tenant_id, id, medecin_id, remplacant_id, created_by, starts_on, ends_on, created_at,"
        " revoked_at) VALUES (:t, :id, :m, :r, :m, now(), now() + interval '1 day', now(), now())",
        **replacement,
    )
    moved = "UPDATE remplacement SET remplacant_id = :r WHERE id = :id"
    refused(monde, monde.a.directrice, moved, "stays written", id=replacement["id"], r=monde.a.medecin_ailleurs.id)
    back = "UPDATE remplacement SET revoked_at = NULL WHERE id = :id"
    refused(monde, monde.a.medecin, back, "taken back stays", id=replacement["id"])
    run(monde, "DELETE FROM remplacement")
