"""Sessions of professionals: their cookie, their limits, how they are seen, revoked and left."""

import re

import pytest
from flask.testing import FlaskClient
from joserfc import jws
from sqlalchemy import text

from spst.comptes import services_connexion as connexions
from spst.comptes import sessions
from spst.comptes.models_connexion import SessionOuverte
from spst.habilitations import publication
from spst.habilitations.choix import Choix
from spst.habilitations.publication import Avis, AvisCmt
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import today
from spst.web.cookies import hash_of, new_cookie_value
from spst.wiring.jobs import HOUSEKEEPING
from tests.comptes.test_psc_samples import RPPS
from tests.factories.monde import colleague
from tests.factories.politiques import published, seen
from tests.factories.releves import run
from tests.factories.site import ORIGIN, Site, query_of

COOKIE = "spst-pro-8000"
ENDED = "/connexion?suite=%2Fcompte&raison=terminee"


@pytest.fixture(scope="module", autouse=True)
def _invited(site_of_module: Site) -> None:
    site_of_module.invite(site_of_module.monde.a, RPPS["PSC-02"], Role.INF)
    site_of_module.invite(site_of_module.monde.a, RPPS["PSC-01"], Role.MDT)


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE, domain="127.0.0.1")
    assert found is not None
    return found.value


def is_inside(site: Site, client: FlaskClient) -> bool:
    return site.get(client, "/compte").status_code == 200


def test_whoever_finds_his_session_closed_reads_why_and_whoever_had_none_does_not(site: Site) -> None:
    client = site.entered("PSC-02")
    written(site, "DELETE FROM session WHERE id_hash = :mine", mine=hash_of(cookie_of(client)))
    sent = site.get(client, "/compte").headers["Location"]
    assert sent == ENDED
    assert "vous reviendrez à la même page" in site.get(client, sent).text
    assert site.get(site.app.test_client(), "/compte").headers["Location"] == "/connexion?suite=%2Fcompte"


def with_cookie(site: Site, value: str) -> FlaskClient:
    client = site.client()
    client.set_cookie(COOKIE, value, domain="127.0.0.1")
    return client


@pytest.mark.exigence("AUT-02")
def test_cookie_is_random_httponly_lax_and_only_its_hash_is_stored(site: Site) -> None:
    client = site.client()
    header = site.log_in(client, "PSC-02").headers.getlist("Set-Cookie")[-1]
    value = cookie_of(client)
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=Lax", header)
    assert hash_of(value) in {one.id_hash for one in site.sessions()}
    assert value not in str([vars(one) for one in site.sessions()])
    assert len({new_cookie_value() for _ in range(10_000)}) == 10_000


@pytest.mark.exigence("AUT-02")
def test_cookie_given_by_somebody_else_before_log_in_is_dead_after_it(site: Site) -> None:
    client = site.client()
    callback = site.callback(client, "PSC-02")
    fixed = cookie_of(client)
    site.get(client, callback)
    assert cookie_of(client) != fixed
    assert not is_inside(site, with_cookie(site, fixed))
    assert is_inside(site, client)


@pytest.mark.exigence("AUT-02")
def test_identifier_changes_at_log_in_and_again_at_the_choice(site: Site) -> None:
    client = site.client()
    callback = site.callback(client, "PSC-01")
    seen = [cookie_of(client)]
    assert site.get(client, callback).headers["Location"] == "/connexion/choix"
    seen.append(cookie_of(client))
    page = site.get(client, "/connexion/choix").text
    choice = re.findall(r'name="tenant_id"[^>]* value="([^"]+)"', page) or re.findall(r'value="([^"]+MDT[^"]+)"', page)
    site.post(client, "/connexion/choix", {"tenant_id": choice[0]})
    seen.append(cookie_of(client))
    assert len(set(seen)) == 3
    assert [is_inside(site, with_cookie(site, value)) for value in seen] == [False, False, True]


@pytest.mark.exigence("AUT-02")
def test_session_ends_after_fifteen_minutes_without_an_act(site: Site) -> None:
    client = site.entered("PSC-02")
    site.clock.move(minutes=14)
    assert is_inside(site, client)
    site.clock.move(minutes=14)
    assert is_inside(site, client)
    site.clock.move(minutes=15)
    assert not is_inside(site, client)


@pytest.mark.exigence("AUT-02")
def test_session_ends_after_four_hours_whatever_is_done(site: Site) -> None:
    client = site.entered("PSC-02")
    for _ in range(23):
        site.clock.move(minutes=10)
        assert is_inside(site, client)
    site.clock.move(minutes=10)
    assert not is_inside(site, client)


@pytest.mark.exigence("AUT-02")
def test_presence_tells_what_is_left_and_prolongs_nothing(site: Site) -> None:
    client = site.entered("PSC-02")
    left = []
    for _ in range(2):
        site.clock.move(minutes=7)
        answer = site.get(client, "/session", **{"X-Presence": "1", "Accept": "application/json"})
        left.append(answer.get_json()["restant_s"])
    assert left == pytest.approx([480, 60], abs=5)
    site.clock.move(minutes=2)
    assert site.get(client, "/session", **{"X-Presence": "1", "Accept": "application/json"}).status_code == 401


@pytest.mark.exigence("AUT-02")
def test_session_is_refused_in_another_browser_and_is_lost(site: Site) -> None:
    client = site.entered("PSC-02")
    thief = with_cookie(site, cookie_of(client))
    answer = thief.get("/compte", base_url=ORIGIN, headers={"User-Agent": "Another"})
    assert answer.status_code == 303
    assert not is_inside(site, client)


@pytest.mark.exigence("AUT-02")
def test_sessions_are_listed_and_one_is_closed_from_the_other(site: Site) -> None:
    here, there = site.entered("PSC-02"), site.entered("PSC-02")
    page = site.get(here, "/compte").text
    other = hash_of(cookie_of(there))
    assert other in page
    assert site.post(here, "/compte/sessions/fermer", {"session": other}).headers["Location"] == "/compte"
    assert (is_inside(site, here), is_inside(site, there)) == (True, False)
    assert site.traces("session.close")[-1].details == {"cause": "utilisateur"}


@pytest.mark.exigence("AUT-02")
def test_all_other_sessions_are_closed_at_once(site: Site) -> None:
    here, there = site.entered("PSC-02"), site.entered("PSC-02")
    site.post(here, "/compte/sessions/fermer-les-autres")
    assert (is_inside(site, here), is_inside(site, there)) == (True, False)


@pytest.mark.exigence("AUT-02")
def test_session_of_somebody_else_cannot_be_closed(site: Site) -> None:
    mine, theirs = site.entered("PSC-02"), site.client()
    site.log_in(theirs, "PSC-01")
    answer = site.post(mine, "/compte/sessions/fermer", {"session": hash_of(cookie_of(theirs))})
    assert answer.status_code == 404


@pytest.mark.exigence("AUT-02")
def test_revoked_session_is_refused_at_the_next_request_as_page_and_as_script(site: Site) -> None:
    page, script = site.entered("PSC-02"), site.entered("PSC-02")
    directrice = site.monde.a.directrice
    with site.monde.work(directrice) as ctx:
        account = ctx.session.connection().exec_driver_sql("SELECT acteur_id FROM session WHERE acteur_id IS NOT NULL")
        ended = sum(sessions.end_all(ctx, row.acteur_id) for row in account.all())
    assert ended >= 2
    assert site.get(page, "/compte").headers["Location"] == ENDED
    refused = site.get(script, "/compte", **{"X-Requested-With": "fetch"})
    assert (refused.status_code, refused.content_type) == (401, "application/json")


@pytest.mark.exigence("AUT-02")
def test_role_taken_away_or_account_suspended_closes_at_the_next_request(site: Site) -> None:
    compte = site.invite(site.monde.b, RPPS["PSC-08"], Role.ASS)
    client = site.entered("PSC-08")
    with site.monde.superuser.begin() as connection:
        connection.exec_driver_sql(f"UPDATE habilitation SET revoked_at = now() WHERE compte_id = '{compte.id}'")
    assert not is_inside(site, client)


@pytest.mark.exigence("AUT-02")
def test_log_out_kills_the_session_clears_the_browser_then_ends_the_one_of_the_provider(site: Site) -> None:
    client = site.entered("PSC-02")
    value = cookie_of(client)
    answer = site.post(client, "/deconnexion")
    assert answer.headers["Location"].startswith(f"{site.psc.url}/protocol/openid-connect/logout")
    asked = query_of(answer.headers["Location"])
    assert asked["id_token_hint"]
    assert asked["post_logout_redirect_uri"] == f"{ORIGIN}/"
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert not is_inside(site, with_cookie(site, value))
    assert client.get_cookie(COOKIE, domain="127.0.0.1") is None


@pytest.mark.exigence("AUT-02")
def test_leaving_the_application_only_says_that_the_provider_stays_open(site: Site) -> None:
    client = site.entered("PSC-02")
    answer = site.post(client, "/deconnexion", {"portee": "application"})
    assert "peut rester ouverte" in site.get(client, answer.headers["Location"]).text


@pytest.mark.exigence("AUT-02")
def test_purge_deletes_what_has_ended_and_nothing_else(site: Site) -> None:
    site.entered("PSC-02")
    runtime = site.app.extensions["spst"].runtime
    before = len(site.sessions())
    site.clock.move(minutes=16)
    client = site.client()
    site.depart(client)
    assert sessions.purge(runtime) == before
    assert len(site.sessions()) == 1


def tell(site: Site, token: str) -> int:
    """As the provider's server calls: no cookie, no forgery token, no origin."""
    answer = site.client().post("/connexion/psc/fin-de-session", base_url=ORIGIN, data={"logout_token": token})
    return answer.status_code


@pytest.mark.exigence("AUT-02")
def test_end_of_the_session_at_the_provider_ends_ours_once_and_only_that_one(site: Site) -> None:
    ended, kept = site.entered("PSC-02"), site.entered("PSC-02")
    sid = next(one.idp_sid or "" for one in site.sessions() if one.id_hash == hash_of(cookie_of(ended)))
    site.psc.admin("end_session", person="PSC-02")
    token = next(one for one in site.told.tokens if jws.extract_compact(one.encode()).payload.find(sid.encode()) > 0)
    assert tell(site, token) == 200
    assert (is_inside(site, ended), is_inside(site, kept)) == (False, True)
    assert site.traces("session.close")[-1].details == {"cause": "fournisseur"}
    assert tell(site, token) == 400
    assert site.refusals()[-1].faits == {"motif": "jti_rejoue"}


@pytest.mark.exigence("AUT-02")
def test_id_token_sent_as_a_logout_token_ends_nothing(site: Site) -> None:
    leaving, kept = site.entered("PSC-02"), site.entered("PSC-02")
    id_token = query_of(site.post(leaving, "/deconnexion").headers["Location"])["id_token_hint"]
    assert tell(site, id_token) == 400
    assert tell(site, "not-a-token") == 400
    assert tell(site, "") == 400
    assert is_inside(site, kept)


@pytest.mark.exigence("AUT-02")
def test_log_in_begun_and_left_is_purged_by_the_worker(site: Site) -> None:
    client, before = site.client(), {one.id_hash for one in site.sessions()}
    site.depart(client)
    (begun,) = {one.id_hash for one in site.sessions()} - before
    site.clock.move(minutes=16)
    housekeeping = {work.name: work for work in HOUSEKEEPING}["comptes.purge_sessions"]
    assert housekeeping.cron.startswith("*/10 ")
    assert housekeeping.run(site.app.extensions["spst"].runtime) >= 1
    assert begun not in {one.id_hash for one in site.sessions()}


def written(site: Site, statement: str, **values: object) -> None:
    """As whoever may write anything into the database, and knows no key."""
    with site.monde.superuser.begin() as connection:
        connection.execute(text(statement), values)


def noted(site: Site) -> list[tuple[int, dict[str, object]]]:
    return [(line.niveau, line.faits) for line in site.refusals() if line.evenement == "session.falsifiee"]


OTHER_COOKIE = new_cookie_value()
FORGERIES = {
    "id_hash": f"'{hash_of(OTHER_COOKIE)}'",
    "espace": "'portail'",
    "identite_id": "(SELECT id FROM identite_electronique WHERE id <> session.identite_id LIMIT 1)",
    "tenant_id": "(SELECT id FROM tenant WHERE id <> session.tenant_id LIMIT 1)",
    "acteur_id": "(SELECT id FROM compte WHERE id <> session.acteur_id LIMIT 1)",
    "role": "'MDT'",
    "dossier_id": "(SELECT id FROM dossier LIMIT 1)",
    "facteurs": "1",
    "auth_at": "auth_at + interval '1 microsecond'",
    "situation": "'13002526500013'",
    "agent_hash": "repeat('a', 64)",
    "inactivite_min": "30",
    "created_at": "created_at + interval '1 microsecond'",
    "expires_at": "expires_at + interval '1 year'",
    "data": """jsonb_build_object('connexion', '{}'::jsonb)""",
    "sceau": "sha256(sceau)",
}


@pytest.mark.exigence("AUT-02")
@pytest.mark.parametrize("column", FORGERIES)
def test_session_changed_in_the_database_is_nobodys_and_noted(site: Site, column: str) -> None:
    client, before = site.entered("PSC-02"), len(noted(site))
    assert is_inside(site, client)
    mine = hash_of(cookie_of(client))
    written(site, f"UPDATE session SET {column} = {FORGERIES[column]} WHERE id_hash = :mine", mine=mine)
    if column == "id_hash":
        client, mine = with_cookie(site, OTHER_COOKIE), hash_of(OTHER_COOKIE)
    assert site.get(client, "/compte").headers["Location"] == ENDED
    assert mine not in {one.id_hash for one in site.sessions()}
    assert noted(site)[before:] == [(3, {})]


@pytest.mark.exigence("AUT-02")
def test_every_column_that_says_who_acts_is_sealed() -> None:
    """What a seal may leave out is written here with open eyes."""
    left_out = {"last_seen_at", "idp_sid", "idp_sealed"}
    assert {column.name for column in SessionOuverte.__table__.columns} == set(FORGERIES) | left_out


@pytest.mark.exigence("AUT-02")
@pytest.mark.parametrize("columns", [("sceau",), ("sceau", "tenant_id", "acteur_id", "role", "identite_id")])
def test_seal_of_another_session_opens_nothing(site: Site, columns: tuple[str, ...]) -> None:
    """Nor does all that the other session says, moved with it under the cookie of mine."""
    mine, theirs = site.entered("PSC-02"), site.at_work(site.monde.b.medecin, site.monde.b)
    moved = ", ".join(f"{column} = o.{column}" for column in columns)
    written(
        site,
        f"UPDATE session s SET {moved} FROM session o WHERE s.id_hash = :mine AND o.id_hash = :theirs",
        mine=hash_of(cookie_of(mine)),
        theirs=hash_of(cookie_of(theirs)),
    )
    before = len(noted(site))
    assert (is_inside(site, mine), is_inside(site, theirs)) == (False, True)
    assert noted(site)[before:] == [(3, {})]


@pytest.mark.exigence("AUT-02")
def test_session_written_by_sql_alone_opens_nothing(site: Site) -> None:
    model, value = site.entered("PSC-02"), new_cookie_value()
    names = [column.name for column in SessionOuverte.__table__.columns if column.name != "id_hash"]
    written(
        site,
        f"INSERT INTO session (id_hash, {', '.join(names)}) SELECT :new, {', '.join(names)} FROM session"
        " WHERE id_hash = :model",
        new=hash_of(value),
        model=hash_of(cookie_of(model)),
    )
    assert (is_inside(site, with_cookie(site, value)), is_inside(site, model)) == (False, True)


@pytest.mark.exigence("AUT-02")
@pytest.mark.parametrize("act", ["save_data", "rename"])
def test_change_slipped_in_during_a_request_is_not_sealed_with_what_the_request_writes(site: Site, act: str) -> None:
    client, before = site.entered("PSC-02"), len(noted(site))
    mine, store = hash_of(cookie_of(client)), site.app.extensions["spst"].sessions
    written(site, "UPDATE session SET role = 'MDT' WHERE id_hash = :mine", mine=mine)
    if act == "save_data":
        store.save_data(mine, {"toast": "bonjour"})
    else:
        store.rename(mine, hash_of(new_cookie_value()))
    assert mine not in {one.id_hash for one in site.sessions()}
    assert noted(site)[before:] == [(3, {})]


@pytest.mark.exigence("AUT-02")
def test_what_the_session_keeps_is_read_back_under_its_seal(site: Site) -> None:
    client = site.entered("PSC-02")
    mine, store = hash_of(cookie_of(client)), site.app.extensions["spst"].sessions
    store.save_data(mine, {"é": [("a", 1)], "b": {"z": 0.1, "a": 1.0, "1": None}, "texte": "\u2028 œ \U0001f600"})
    renamed = new_cookie_value()
    store.rename(mine, hash_of(renamed))
    assert is_inside(site, with_cookie(site, renamed))


@pytest.mark.exigence("AUT-02")
def test_end_at_the_provider_signs_no_context_for_a_session_that_was_changed(site: Site) -> None:
    client, before = site.entered("PSC-02"), len(noted(site))
    mine = hash_of(cookie_of(client))
    sid = next(one.idp_sid or "" for one in site.sessions() if one.id_hash == mine)
    other = site.monde.b
    written(
        site,
        "UPDATE session SET tenant_id = :tenant, acteur_id = :acteur, role = 'MDT' WHERE id_hash = :mine",
        tenant=other.tenant_id,
        acteur=other.medecin.id,
        mine=mine,
    )
    closed = len(site.traces("session.close"))
    site.psc.admin("end_session", person="PSC-02")
    token = next(one for one in site.told.tokens if jws.extract_compact(one.encode()).payload.find(sid.encode()) > 0)
    assert tell(site, token) == 200
    assert len(site.traces("session.close")) == closed
    assert noted(site)[before:] == [(3, {})]


@pytest.mark.exigence("AUT-02")
def test_id_token_laid_in_a_session_that_was_changed_is_not_handed_over_when_it_is_closed(site: Site) -> None:
    here, there = site.entered("PSC-02"), hash_of(cookie_of(site.entered("PSC-02")))
    (acteur_id,) = {one.acteur_id for one in site.sessions() if one.id_hash == there}
    written(site, "UPDATE session SET facteurs = 1 WHERE id_hash = :there", there=there)
    before = len(noted(site))
    assert acteur_id is not None
    with site.monde.work(Acteur(acteur_id, Role.INF, hash_of(cookie_of(here)), 2)) as ctx:
        assert connexions.close_session(ctx, there) is None
    assert there not in {one.id_hash for one in site.sessions()}
    assert noted(site)[before:] == [(3, {})]


@pytest.mark.exigence("HAB-02")
@pytest.mark.exigence("AUT-02")
def test_session_closes_after_the_idleness_that_the_policy_of_its_spst_allows(site: Site) -> None:
    with published(site.monde, Choix(inactivite_min=5)):
        client = site.entered("PSC-02")
        site.clock.move(minutes=4)
        assert is_inside(site, client)
        site.clock.move(minutes=5)
        assert not is_inside(site, client)


@pytest.mark.exigence("HAB-02")
@pytest.mark.exigence("AUT-02")
def test_sessions_that_are_open_follow_a_limit_as_soon_as_it_is_published(site: Site) -> None:
    nurse, director = site.entered("PSC-02"), colleague(site.monde, site.monde.a, Role.DIR)
    with site.monde.work(site.monde.a.directrice) as ctx:
        publication.start(ctx)
        publication.set_reglages(ctx, frozenset(), 5)
        publication.propose(ctx, seen(ctx), "Les postes sont partagés.", Avis(AvisCmt.FAVORABLE, today(ctx.clock)))
    with site.monde.work(director) as ctx:
        publication.confirm(ctx, seen(ctx))
    try:
        site.clock.move(minutes=4)
        assert is_inside(site, nurse)
        site.clock.move(minutes=5)
        assert not is_inside(site, nurse)
    finally:
        run(site.monde, "DELETE FROM politique_brouillon")
        run(site.monde, "DELETE FROM politique_version")
