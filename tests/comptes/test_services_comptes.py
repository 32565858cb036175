"""Accounts and roles as a direction manages them, with the other SPST always there."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from spst.comptes import services_comptes as services
from spst.comptes import sessions
from spst.comptes.errors import (
    CompteAlreadyExists,
    CompteNotFound,
    CompteRefused,
    HabilitationNotFound,
    HabilitationRefused,
    LastDirection,
)
from spst.comptes.models import Habilitation
from spst.comptes.models_connexion import Rattachement
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied, NotFound
from spst.kernel.ids import new_id
from spst.web.ports import Espace
from tests.factories.monde import Monde, Spst, with_one_factor

ISSUER = "https://psc.test"


def new_account(monde: Monde, spst: Spst | None = None) -> UUID:
    spst = spst or monde.a
    email = f"compte-{new_id().hex[-10:]}@spst.test"
    with monde.work(spst.directrice, spst) as ctx:
        demande = DemandeCompte("Mme", "Laure", "Guérin-Test", email=email)
        return services.create_compte(ctx, demande, ISSUER).compte_id


def grant(monde: Monde, compte_id: UUID, role: Role = Role.ADM, by: Acteur | None = None) -> UUID:
    with monde.work(by or monde.a.directrice) as ctx:
        return services.grant_habilitation(ctx, compte_id, DemandeRole(role, ctx.clock.now()))


def open_session(monde: Monde, compte_id: UUID, role: Role = Role.ADM) -> None:
    with monde.work(monde.a.directrice) as ctx:
        sessions.add(
            ctx, Espace.PRO, id_hash=new_id().hex, acteur_id=compte_id, role=str(role), facteurs=2, agent_hash="a"
        )


def last_trace(monde: Monde, action: str) -> dict[str, object]:
    with monde.superuser.connect() as connection:
        row = connection.execute(
            text("SELECT acteur_id, decision, regles, details FROM trace WHERE action = :a ORDER BY id DESC LIMIT 1"),
            {"a": action},
        ).one()
    return dict(row._mapping)


def test_account_with_rpps_waits_for_pro_sante_connect(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        demande = DemandeCompte("Dr", "Claire", "Delmas-Test", rpps="1009 9000 027")
        created = services.create_compte(ctx, demande, ISSUER)
    assert created.inscription is None
    with monde.superuser.connect() as connection:
        found = connection.execute(
            text(
                "SELECT i.iss, i.sub, i.rpps, r.tenant_id FROM rattachement r"
                " JOIN identite_electronique i ON i.id = r.identite_id WHERE r.compte_id = :c"
            ),
            {"c": created.compte_id},
        ).one()
    assert tuple(found) == (ISSUER, None, "10099000027", monde.a.tenant_id)


def test_same_professional_in_two_spsts_is_one_identity_and_two_accounts(monde: Monde) -> None:
    created = []
    for spst in (monde.a, monde.b):
        with monde.work(spst.directrice, spst) as ctx:
            demande = DemandeCompte("M.", "Marc", "Ferrand-Test", rpps="10099000134")
            created.append(services.create_compte(ctx, demande, ISSUER).compte_id)
    with monde.superuser.connect() as connection:
        found = connection.execute(
            select(Rattachement.identite_id, Rattachement.tenant_id).where(Rattachement.compte_id.in_(created))
        ).all()
    assert len({row.identite_id for row in found}) == 1
    assert {row.tenant_id for row in found} == {monde.a.tenant_id, monde.b.tenant_id}


def test_account_without_rpps_gets_a_code_once(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        demande = DemandeCompte("Mme", "Laure", "Guérin-Test", email="Laure.Guerin@coteaux.test ")
        created = services.create_compte(ctx, demande, ISSUER)
    assert created.inscription is not None
    assert last_trace(monde, "compte.create")["details"] == {"compte": str(created.compte_id)}
    with monde.work(monde.a.directrice) as ctx:
        seen = services.get_compte(ctx, created.compte_id)
    assert (seen.inscription, seen.email) == ("a_faire", "Laure.Guerin@coteaux.test")
    with pytest.raises(CompteAlreadyExists), monde.work(monde.a.directrice) as ctx:
        services.create_compte(ctx, DemandeCompte("Mme", "L", "G", email="laure.guerin@COTEAUX.test"), ISSUER)


def test_granted_role_is_traced_with_the_account_and_the_role(monde: Monde) -> None:
    compte_id = new_account(monde)
    grant(monde, compte_id, Role.ASST)
    trace = last_trace(monde, "habilitation.grant")
    assert trace["details"] == {"compte": str(compte_id), "role": "ASST"}
    assert (trace["acteur_id"], trace["decision"]) == (monde.a.directrice.id, "permis")


def test_direction_does_not_grant_herself_a_role(monde: Monde) -> None:
    with pytest.raises(HabilitationRefused):
        grant(monde, monde.a.directrice.id, Role.MDT)


def test_medecin_praticien_correspondant_is_refused_in_an_autonomous_service(monde: Monde) -> None:
    with monde.work(monde.b.directrice, monde.b) as ctx:
        demande = DemandeCompte("Dr", "Paul", "Nivelle-Test", rpps="10099000217")
        compte_id = services.create_compte(ctx, demande, ISSUER).compte_id
    with pytest.raises(HabilitationRefused), monde.work(monde.b.directrice, monde.b) as ctx:
        services.grant_habilitation(ctx, compte_id, DemandeRole(Role.MPC, ctx.clock.now()))


def test_revoked_role_ends_the_sessions_at_once(monde: Monde) -> None:
    """AUTZ-05: what the direction takes away is gone at the next request."""
    compte_id = new_account(monde)
    habilitation_id = grant(monde, compte_id)
    open_session(monde, compte_id)
    with monde.work(monde.a.directrice) as ctx:
        assert len(services.list_sessions(ctx, compte_id)) == 1
    with monde.work(monde.a.directrice) as ctx:
        services.revoke_habilitation(ctx, habilitation_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.list_sessions(ctx, compte_id) == []
    with monde.work(monde.a.directrice) as ctx:
        seen = services.get_compte(ctx, compte_id)
    assert [h.etat for h in seen.habilitations] == ["retiree"]
    with pytest.raises(HabilitationRefused, match="déjà"), monde.work(monde.a.directrice) as ctx:
        services.revoke_habilitation(ctx, habilitation_id)
    with pytest.raises(HabilitationNotFound), monde.work(monde.a.directrice) as ctx:
        services.revoke_habilitation(ctx, new_id())


def test_role_that_was_not_taken_back_is_not_given_again(monde: Monde) -> None:
    habilitation_id = grant(monde, new_account(monde))
    with pytest.raises(HabilitationRefused), monde.work(monde.a.directrice) as ctx:
        services.restore_habilitation(ctx, habilitation_id)
    with monde.work(monde.a.directrice) as ctx:
        services.revoke_habilitation(ctx, habilitation_id)
    for role in (Role.DPO, Role.MDT):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            services.restore_habilitation(ctx, habilitation_id)
    with monde.work(monde.a.directrice) as ctx:
        services.restore_habilitation(ctx, habilitation_id)
    with pytest.raises(HabilitationRefused, match="déjà ce rôle"), monde.work(monde.a.directrice) as ctx:
        services.restore_habilitation(ctx, habilitation_id)


def test_session_of_an_account_is_closed_from_outside(monde: Monde) -> None:
    compte_id = new_account(monde)
    grant(monde, compte_id)
    open_session(monde, compte_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.revoke_sessions(ctx, compte_id) == 1
    assert last_trace(monde, "session.revoke")["details"] == {"compte": str(compte_id)}


def test_suspended_account_loses_its_sessions_and_comes_back(monde: Monde) -> None:
    compte_id = new_account(monde)
    grant(monde, compte_id)
    open_session(monde, compte_id)
    with monde.work(monde.a.directrice) as ctx:
        services.suspend_compte(ctx, compte_id, "Fin de contrat")
    with monde.work(monde.a.directrice) as ctx:
        seen = services.get_compte(ctx, compte_id)
        assert (seen.sessions, seen.suspended_why) == (0, "Fin de contrat")
    with pytest.raises(HabilitationRefused):
        grant(monde, compte_id, Role.IPRP)
    with monde.work(monde.a.directrice) as ctx:
        services.resume_compte(ctx, compte_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, compte_id).suspended_at is None


def test_last_direction_cannot_be_taken_away(monde: Monde) -> None:
    with monde.superuser.connect() as connection:
        mine = connection.scalar(
            select(Habilitation.id).where(
                Habilitation.tenant_id == monde.b.tenant_id, Habilitation.compte_id == monde.b.directrice.id
            )
        )
    assert mine is not None
    with pytest.raises(LastDirection), monde.work(monde.b.directrice, monde.b) as ctx:
        services.revoke_habilitation(ctx, mine)


def test_a_direction_that_never_enrolled_does_not_replace_the_last_one(monde: Monde) -> None:
    compte_id = new_account(monde, monde.b)
    with monde.work(monde.b.directrice, monde.b) as ctx:
        services.grant_habilitation(ctx, compte_id, DemandeRole(Role.DIR, ctx.clock.now()))
    with monde.work(monde.b.directrice, monde.b) as ctx:
        assert services.is_last_direction(ctx, monde.b.directrice.id)


def test_a_role_that_ended_is_not_withdrawn(monde: Monde) -> None:
    compte_id = new_account(monde)
    ended = grant(monde, compte_id)
    with monde.superuser.begin() as connection:
        connection.execute(
            text(
                "UPDATE habilitation SET ends_at = starts_at + '1s', starts_at = starts_at - '1 day'::interval"
                " WHERE id = :id"
            ),
            {"id": ended},
        )
        connection.execute(
            text("UPDATE habilitation SET ends_at = now() - '1 hour'::interval WHERE id = :id"), {"id": ended}
        )
    with pytest.raises(HabilitationRefused, match="terminé"), monde.work(monde.a.directrice) as ctx:
        services.revoke_habilitation(ctx, ended)


@pytest.mark.exigence("TRA-01", partielle="refus qu’une pièce prononce après la politique")
def test_nobody_suspends_enrols_nor_grants_himself_and_who_tried_is_traced(monde: Monde) -> None:
    me = monde.a.directrice
    with pytest.raises(CompteRefused), monde.work(me) as ctx:
        services.suspend_compte(ctx, me.id, "x")
    assert last_trace(monde, "compte.update")["decision"] == "refuse"
    with pytest.raises(CompteRefused), monde.work(me) as ctx:
        services.renew_inscription(ctx, me.id)
    with pytest.raises(HabilitationRefused):
        grant(monde, me.id, Role.DPO)
    refused = last_trace(monde, "habilitation.grant")
    assert (refused["acteur_id"], refused["decision"]) == (me.id, "refuse")


def test_new_code_is_given_to_an_account_of_the_second_path_only(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        assert services.renew_inscription(ctx, new_account(monde)).code
    with pytest.raises(CompteRefused), monde.work(monde.a.directrice) as ctx:
        services.renew_inscription(ctx, monde.a.medecin.id)


def test_account_joins_and_leaves_an_equipe(monde: Monde) -> None:
    compte_id = new_account(monde)
    with monde.work(monde.a.directrice) as ctx:
        services.join_equipe(ctx, compte_id, monde.a.equipe_id)
    with monde.work(monde.a.directrice) as ctx:
        (equipe,) = services.get_compte(ctx, compte_id).equipes
    assert equipe.nom == "Équipe Vasseur"
    with pytest.raises(CompteRefused), monde.work(monde.a.directrice) as ctx:
        services.join_equipe(ctx, compte_id, monde.a.equipe_id)
    with monde.work(monde.a.directrice) as ctx:
        services.leave_equipe(ctx, equipe.membre_id)
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, compte_id).equipes == ()


def test_role_that_has_ended_is_no_longer_counted(monde: Monde) -> None:
    compte_id = new_account(monde)
    with monde.work(monde.a.directrice) as ctx:
        ends = ctx.clock.now() + timedelta(days=30)
        services.grant_habilitation(ctx, compte_id, DemandeRole(Role.IPRP, ctx.clock.now(), ends))
    with monde.work(monde.a.directrice) as ctx:
        assert services.get_compte(ctx, compte_id).roles == (Role.IPRP,)


@pytest.mark.parametrize("role", [Role.DPO, Role.AUD, Role.MDT, Role.INF, Role.ADM, Role.IPRP, Role.PRO])
def test_other_roles_neither_read_nor_change_accounts(monde: Monde, role: Role) -> None:
    compte_id = new_account(monde)
    for act in (
        lambda ctx: services.list_comptes(ctx),
        lambda ctx: services.suspend_compte(ctx, compte_id, "x"),
        lambda ctx: services.create_compte(ctx, DemandeCompte("M.", "A", "B", email="a@b.fr"), ISSUER),
        lambda ctx: services.grant_habilitation(ctx, compte_id, DemandeRole(Role.ADM, ctx.clock.now())),
    ):
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            act(ctx)


def test_one_factor_opens_no_account(monde: Monde) -> None:
    with pytest.raises(AccessDenied), monde.work(with_one_factor(monde.a.directrice)) as ctx:
        services.list_comptes(ctx)


def test_accounts_of_the_other_spst_are_unknown_here(monde: Monde) -> None:
    there = new_account(monde, monde.b)
    with monde.work(monde.a.directrice) as ctx:
        assert there not in {compte.id for compte in services.list_comptes(ctx)}
    for act in (
        lambda ctx: services.get_compte(ctx, there),
        lambda ctx: services.suspend_compte(ctx, there, "x"),
        lambda ctx: services.revoke_sessions(ctx, there),
        lambda ctx: services.grant_habilitation(ctx, there, DemandeRole(Role.ADM, ctx.clock.now())),
    ):
        with pytest.raises(CompteNotFound), monde.work(monde.a.directrice) as ctx:
            act(ctx)
    with pytest.raises(NotFound), monde.work(monde.a.directrice) as ctx:
        services.join_equipe(ctx, new_account(monde), monde.b.equipe_id)


def test_search_finds_words_of_the_name_in_any_order(monde: Monde) -> None:
    with monde.work(monde.a.directrice) as ctx:
        found = services.list_comptes(ctx, "vasseur cla")
    assert {compte.nom for compte in found} == {"VASSEUR"}
    with monde.work(monde.a.directrice) as ctx:
        assert services.list_comptes(ctx, "100%_") == []
