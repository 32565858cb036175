"""What was given in writing counts at each act: protocols, delegations, habilitations by name, and what the worker opposed."""

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy import text

from spst.comptes import nominatives
from spst.dmst import services as dmst
from spst.habilitations import services as habilitations
from spst.habilitations.moteur import Destinataire
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from tests.factories.monde import NATURES, Monde
from tests.factories.releves import run

SCREEN = "l’écran où le médecin délègue"
TRANSFER = "l’envoi lui-même, par messagerie sécurisée"


def regles(monde: Monde, acteur: Acteur, action: str, personne: str = "ADRUN") -> tuple[str, ...]:
    """The rule that is said to refuse the act; empty when it is allowed."""
    try:
        with monde.work(acteur) as ctx:
            habilitations.require(ctx, action, monde.a.personnes[personne].dossier_id)
    except AccessDenied as refusal:
        return cast(tuple[str, ...], refusal.facts["regles"])[:1]
    return ()


@pytest.fixture
def protocols(monde: Monde) -> Iterator[Monde]:
    yield monde
    run(monde, "UPDATE supervision SET revoked_at = NULL, starts_on = '2020-01-01', ends_on = '2099-01-01'")
    run(monde, "UPDATE supervision SET delegue_avis = false")
    run(monde, "UPDATE habilitation SET revoked_at = NULL")
    run(monde, "UPDATE compte SET suspended_at = NULL")


SUPERVISED = [role for role in NATURES if role is not Role.MPC]


@pytest.mark.exigence("HAB-05", partielle=SCREEN)
@pytest.mark.parametrize("role", SUPERVISED)
@pytest.mark.parametrize(
    "changed",
    [
        "revoked_at = now() - interval '1 second'",
        "ends_on = now() - interval '1 second'",
        "starts_on = now() + interval '1 hour'",
    ],
    ids=["révoqué", "échu", "à venir"],
)
def test_who_exercises_under_authority_acts_while_his_protocol_runs(protocols: Monde, role: Role, changed: str) -> None:
    acteur = protocols.a[role]
    assert regles(protocols, acteur, "dossier.open") == ()
    run(protocols, f"UPDATE supervision SET {changed} WHERE supervise_id = :who", who=acteur.id)
    assert regles(protocols, acteur, "dossier.open") == ("P-120",)
    assert regles(protocols, acteur, "visite.note") == ("P-120",)
    assert regles(protocols, protocols.a.medecin, "dossier.open") == ()


@pytest.mark.exigence("HAB-05", partielle=SCREEN)
@pytest.mark.parametrize(
    "gone",
    [
        "UPDATE habilitation SET revoked_at = now() - interval '1 second' WHERE compte_id = :who",
        "UPDATE compte SET suspended_at = now() - interval '1 second' WHERE id = :who",
    ],
    ids=["rôle retiré", "compte suspendu"],
)
def test_what_a_medecin_gave_stands_while_he_practises_here(protocols: Monde, gone: str) -> None:
    monde, asst, zoe = protocols, protocols.a[Role.ASST], protocols.a.zoe.dossier_id
    delegation = monde.delegate(monde.a, asst, "S1")
    try:
        assert regles(monde, monde.a.infirmier, "dossier.open") == ()
        assert regles(monde, asst, "identite.consult") == ()
        run(monde, gone, who=monde.a.medecin.id)
        assert regles(monde, monde.a.infirmier, "dossier.open") == ("P-120",)
        assert regles(monde, asst, "identite.consult") == ("P-113",)
        with monde.work(monde.a.infirmier) as ctx:
            assert not habilitations.permitted(ctx, zoe).can_consult("S3")
    finally:
        run(monde, "DELETE FROM delegation WHERE id = :id", id=delegation)


def test_protocol_of_another_spst_gives_nothing_here(protocols: Monde) -> None:
    run(protocols, "UPDATE supervision SET revoked_at = now() WHERE tenant_id = :a", a=protocols.a.tenant_id)
    assert regles(protocols, protocols.a.infirmier, "dossier.open") == ("P-120",)
    with protocols.work(protocols.b.infirmier, protocols.b) as ctx:
        habilitations.require(ctx, "dossier.open", protocols.b.zoe.dossier_id)


@pytest.mark.exigence("HAB-09", partielle="l’écran où le protocole et les salariés confiés sont tenus")
def test_medecin_correspondant_opens_only_whom_he_is_entrusted_with_under_a_protocol_and_outside_sir(
    protocols: Monde,
) -> None:
    monde, mpc, zoe = protocols, protocols.a[Role.MPC], protocols.a.zoe.dossier_id
    entrust = "INSERT INTO suivi (tenant_id, id, dossier_id, compte_id, starts_on)"
    run(
        monde,
        f"{entrust} VALUES (:tenant, gen_random_uuid(), :dossier, :mpc, '2020-01-01')",
        tenant=monde.a.tenant_id,
        dossier=zoe,
        mpc=mpc.id,
    )
    try:
        assert regles(monde, mpc, "dossier.open") == ()
        assert regles(monde, mpc, "dossier.open", "ADRTROIS") == ("P-111",)
        run(monde, "UPDATE supervision SET revoked_at = now() WHERE supervise_id = :mpc", mpc=mpc.id)
        assert regles(monde, mpc, "dossier.open") == ("P-121",)
    finally:
        run(monde, "DELETE FROM suivi WHERE compte_id = :mpc", mpc=mpc.id)


@pytest.mark.exigence("HAB-01")
def test_interne_issues_an_avis_only_when_his_protocol_delegates_it(protocols: Monde) -> None:
    interne = protocols.a[Role.INT]
    assert regles(protocols, interne, "avis.issue") == ("P-123",)
    assert regles(protocols, interne, "attestation.issue") == ()
    run(protocols, "UPDATE supervision SET delegue_avis = true WHERE supervise_id = :who", who=interne.id)
    assert regles(protocols, interne, "avis.issue") == ()
    assert regles(protocols, protocols.a.infirmier, "avis.issue") == ("P-122",)


# ──── What leaves (dmst.md 7, case 31)


@pytest.fixture
def transfer_opposed(monde: Monde) -> Iterator[Monde]:
    with monde.work(monde.a.medecin) as ctx:
        opposition = dmst.record_opposition(ctx, monde.a.zoe.dossier_id, portee="transfert")
    yield monde
    with monde.work(monde.a.medecin) as ctx:
        dmst.withdraw_opposition(ctx, opposition)


@pytest.mark.exigence("HAB-07", partielle=TRANSFER)
@pytest.mark.parametrize(("action", "rule"), [("transfert.request", "P-125"), ("transfert.send", "P-126")])
def test_opposition_to_transfers_stops_the_request_and_the_sending_and_the_refusal_is_traced(
    transfer_opposed: Monde, action: str, rule: str
) -> None:
    monde = transfer_opposed
    assert regles(monde, monde.a.medecin, action) == (rule,)
    with monde.superuser.connect() as connection:
        query = text("SELECT decision, action, regles FROM trace ORDER BY id DESC LIMIT 1")
        assert tuple(connection.execute(query).one()) == ("refuse", action, [rule])
    assert regles(monde, monde.a.medecin, action, "ADRTROIS") != (rule,)
    assert regles(monde, monde.a.infirmier, "dossier.open") == ()


@pytest.mark.exigence("HAB-07", partielle=TRANSFER)
def test_opposition_is_read_again_at_the_moment_of_sending(transfer_opposed: Monde) -> None:
    monde, zoe = transfer_opposed, transfer_opposed.a.zoe.dossier_id
    with pytest.raises(AccessDenied, match="rien n’est envoyé"), monde.work(monde.a.medecin) as ctx:
        habilitations.require_transmission(ctx, Destinataire.SPST, zoe, fondee=True)
    with monde.work(monde.a.medecin) as ctx:
        sent = habilitations.require_transmission(ctx, Destinataire.INSPECTION_MEDICALE, zoe, fondee=True)
    assert sent == ("S1", "S2", "S3", "S4", "S5")


@pytest.mark.exigence("HAB-01")
def test_competent_spst_receives_all_but_the_journal_and_the_employer_nothing(monde: Monde) -> None:
    zoe = monde.a.zoe.dossier_id
    with monde.work(monde.a.medecin) as ctx:
        sent = habilitations.require_transmission(ctx, Destinataire.SPST, zoe, fondee=True)
    assert sent == ("S1", "S2", "S3", "S4", "S5", "S6", "S7")
    with pytest.raises(AccessDenied, match="que sur la demande"), monde.work(monde.a.medecin) as ctx:
        habilitations.require_transmission(ctx, Destinataire.SPST, zoe, fondee=False)
    for nobody in set(Destinataire) - {Destinataire.SPST, Destinataire.INSPECTION_MEDICALE}:
        with pytest.raises(AccessDenied, match="ne reçoivent rien"), monde.work(monde.a.medecin) as ctx:
            habilitations.require_transmission(ctx, nobody, zoe, fondee=True)


# ──── Registration (HAB-10)


def may_register(monde: Monde, role: Role) -> bool:
    with monde.work(monde.a[role]) as ctx:
        return habilitations.may(ctx, "identite.register")


@pytest.mark.exigence("HAB-10")
def test_front_desk_registers_while_the_direction_gives_it_by_name(monde: Monde) -> None:
    desk = monde.a[Role.ADM].id
    assert may_register(monde, Role.ADM)
    with monde.work(monde.a.directrice) as ctx:
        (held,) = nominatives.nominatives(ctx, desk)
        assert nominatives.revoke_nominative(ctx, held.id) == desk
    assert not may_register(monde, Role.ADM)
    with pytest.raises(AccessDenied, match="habilitation nominative"), monde.work(monde.a[Role.ADM]) as ctx:
        habilitations.require(ctx, "identite.register")
    with monde.work(monde.a.directrice) as ctx:
        nominatives.grant(ctx, desk, "enregistrement")
    assert may_register(monde, Role.ADM)


@pytest.mark.exigence("HAB-10")
def test_assistant_registers_by_a_delegation_on_identity_that_covers_every_dossier(monde: Monde) -> None:
    asst = monde.a[Role.ASST]
    assert not may_register(monde, Role.ASST)
    monde.delegate(monde.a, asst, "S2")
    monde.delegate(monde.a, asst, "S1", dossier_id=monde.a.zoe.dossier_id)
    assert not may_register(monde, Role.ASST)
    delegation = monde.delegate(monde.a, asst, "S1")
    assert may_register(monde, Role.ASST)
    run(monde, "UPDATE delegation SET revoked_at = now() - interval '1 second' WHERE id = :id", id=delegation)
    assert not may_register(monde, Role.ASST)


@pytest.mark.exigence("HAB-10")
@pytest.mark.parametrize("action", ["insi.call", "identite.verify", "identite.consult", "exposition.consult"])
def test_habilitation_to_register_opens_neither_matricule_nor_exposures(monde: Monde, action: str) -> None:
    assert regles(monde, monde.a[Role.ADM], action) == ("P-104",)


@pytest.mark.exigence("HAB-10")
@pytest.mark.parametrize("role", [Role.MDT, Role.COLL, Role.INT, Role.INF, Role.IPA])
def test_health_professionals_register_by_their_function(monde: Monde, role: Role) -> None:
    assert may_register(monde, role)
    with pytest.raises(nominatives.HabilitationRefused), monde.work(monde.a.directrice) as ctx:
        nominatives.grant(ctx, monde.a[role].id, "enregistrement")


@pytest.mark.exigence("HAB-10")
def test_nobody_gives_it_to_himself_and_only_the_direction_gives_it(monde: Monde) -> None:
    with pytest.raises(nominatives.OwnHabilitationRefused), monde.work(monde.a.directrice) as ctx:
        nominatives.grant(ctx, monde.a.directrice.id, "enregistrement")
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin) as ctx:
        nominatives.grant(ctx, monde.a[Role.ASST].id, "enregistrement")
    with pytest.raises(nominatives.CompteNotFound), monde.work(monde.a.directrice) as ctx:
        nominatives.grant(ctx, monde.b[Role.ADM].id, "enregistrement")
