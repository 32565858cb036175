"""Traces leave with their dossier at the end of its retention, by one way, and what is left still proves the rest."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from spst.adapters.tetes.dossier import FolderOfHeads
from spst.cli import cli
from spst.kernel import merkle
from spst.kernel.acteur import service
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import destruction, preuve, registre, verification
from spst.traces.destruction import DestructionRefused
from spst.traces.ports import TetesUnavailable
from spst.traces.registre import Ecriture, open_entry
from spst.traces.sceau import Sceau, open_head
from spst.traces.tetes import Scelleur
from spst.wiring.jobs import Dehors, build_jobs
from tests.factories import verificateur
from tests.factories.monde import Personne
from tests.factories.programs import configuration
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle
from tests.factories.site import config_for
from tests.factories.terme import Terme
from tests.traces.test_verification import assert_the_other_verifier_agrees, found, verify

KEPT = pytest.mark.exigence("TRA-06", partielle="la conservation")
SEALED = pytest.mark.exigence("TRA-03")

OF_ZOE = 6
"""Lines of Zoé, at places 0-3 and 7-8; three of Pierre between, then one; two of B."""


@pytest.fixture
def zoe(terme: Terme) -> Personne:
    """At the end of her dossier's retention, all lines sealed."""
    scelle, monde = terme.scelle, terme.scelle.monde
    terme.past(monde.a.zoe)
    scelle.write(4)
    scelle.write(3, personne=monde.a.pierre)
    scelle.seal()
    scelle.write(2)
    scelle.write(1, personne=monde.a.pierre)
    scelle.write(2, monde.b)
    scelle.seal()
    return monde.a.zoe


def of_dossier(scelle: Scelle, personne: Personne) -> tuple[int, int]:
    """Its lines, and what stands beside them."""
    return tuple(
        scelle.sql(f"SELECT count(*) FROM {table} WHERE dossier_id = %s", personne.dossier_id)[0][0]
        for table in ("trace", "trace_reserve")
    )


def copies(terme: Terme) -> dict[int, str]:
    return dict(terme.scelle.scelleur.copie.destructions(terme.scelle.monde.a.tenant_id))


def seal_all(scelle: Scelle) -> None:
    """A destruction leaves its own line, of no dossier."""
    while scelle.seal():
        pass


# ──── What leaves, what stays


@KEPT
def test_rows_and_salts_leave_and_everything_that_was_sealed_stays(terme: Terme, zoe: Personne) -> None:
    scelle = terme.scelle
    tables = ("trace_feuille", "trace_noeud", "trace_tete", "trace_cle")
    before = {table: scelle.sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables}
    others = scelle.sql("SELECT * FROM trace WHERE dossier_id <> %s ORDER BY id", zoe.dossier_id)
    assert of_dossier(scelle, zoe) == (OF_ZOE, OF_ZOE)
    ecriture = terme.destroy(zoe)
    assert of_dossier(scelle, zoe) == (0, 0)
    assert {table: scelle.sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables} == before
    assert scelle.sql("SELECT * FROM trace WHERE dossier_id IS NOT NULL ORDER BY id") == others
    assert (ecriture.nombre, ecriture.rangs) == (OF_ZOE, (range(4), range(7, 9)))


@KEPT
def test_the_ledger_says_when_by_which_rule_on_whose_decision_which_places_and_no_dossier(
    terme: Terme, zoe: Personne
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    terme.destroy(zoe, "DIR-2066-12")
    ((note,),) = terme.scelle.rows("SELECT note FROM trace_destruction WHERE tenant_id = %s")
    cles = terme.scelle.scelleur.sceaux(terme.scelle.monde.a.tenant_id)[0].publiques
    ecriture = open_entry(note, [(0, cles)])
    assert (ecriture.numero, ecriture.precedente, ecriture.decision) == (1, registre.FIRST, "DIR-2066-12")
    assert str(ecriture.regle) == "ORDINAIRE 2022-11-17 R. 4624-45-9"
    assert before <= ecriture.at <= datetime.now(UTC)
    assert sum(one.nombre for one in ecriture.ecrivains) == OF_ZOE
    assert str(zoe.dossier_id) not in note
    assert str(zoe.travailleur_id) not in note
    assert copies(terme) == {1: note}


@KEPT
@SEALED
def test_the_journal_holds_afterwards_and_says_how_many_lines_left(terme: Terme, zoe: Personne) -> None:
    terme.destroy(zoe)
    seal_all(terme.scelle)
    rapport = verify(terme.scelle, destructions=copies(terme).items())
    assert (rapport.holds, rapport.detruites, rapport.taille) == (True, OF_ZOE, 11)
    assert_the_other_verifier_agrees(terme.scelle, rapport)
    with terme.scelle.monde.work(service("verification")) as ctx:
        assert verificateur.report(verificateur.exported(ctx))["detruites"] == OF_ZOE


@KEPT
def test_the_act_is_traced_without_naming_the_dossier(terme: Terme, zoe: Personne) -> None:
    terme.destroy(zoe)
    rows = terme.scelle.rows(
        "SELECT dossier_id, role, details FROM trace WHERE tenant_id = %s AND action = 'traces.destroy'"
    )
    assert rows == [(None, "SRV", {"lignes": OF_ZOE, "registre": 1})]


@KEPT
def test_entries_name_each_other(terme: Terme, zoe: Personne) -> None:
    terme.destroy(zoe)
    seal_all(terme.scelle)
    terme.past(terme.scelle.monde.a.pierre)
    second = terme.destroy(terme.scelle.monde.a.pierre)
    assert second.precedente == registre.note_hash(copies(terme)[1])
    seal_all(terme.scelle)
    assert verify(terme.scelle, destructions=copies(terme).items()).detruites == OF_ZOE + 4


@SEALED
def test_the_proof_of_another_worker_still_verifies(terme: Terme, zoe: Personne) -> None:
    terme.destroy(zoe)
    monde = terme.scelle.monde
    pierre = monde.a.pierre
    with monde.work(pierre.acteur, dossier_id=pierre.dossier_id) as ctx:
        taken = preuve.of_dossier(ctx, pierre.dossier_id)
        everybody = b"".join(preuve.empreintes(ctx, taken))
    assert taken.tete is not None
    cles = terme.scelle.scelleur.sceaux(monde.a.tenant_id)[0].publiques
    tete = open_head(taken.tete.note, [cles]).tete
    assert len(taken.places) == 4
    for place in taken.places:
        merkle.verify_inclusion(place.ligne.leaf, place.rang, tete.taille, place.chemin, tete.racine)
    leaves = [everybody[start : start + 64] for start in range(0, len(everybody), 64)]
    assert merkle.root(map(merkle.leaf_hash, leaves)) == tete.racine


# ──── No sooner, no other, by no other way


def refused(terme: Terme, personne: Personne, decision: str = "DIR-2066-12") -> str:
    before = of_dossier(terme.scelle, personne)
    with pytest.raises(DestructionRefused) as refusal:
        terme.destroy(personne, decision)
    assert of_dossier(terme.scelle, personne) == before
    assert copies(terme) == {}
    return str(refusal.value.facts["cause"])


@KEPT
def test_before_the_term_nothing_leaves(terme: Terme, zoe: Personne) -> None:
    assert refused(terme, terme.scelle.monde.a.pierre) == "avant_terme"
    assert refused(terme, terme.scelle.monde.b.zoe) == "avant_terme"


@KEPT
def test_a_line_without_seal_keeps_them_all(terme: Terme, zoe: Personne) -> None:
    terme.scelle.write(1)
    assert refused(terme, zoe) == "sans_sceau"


@KEPT
@SEALED
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE trace SET action = 'dossier.search' WHERE id = %s",
        "UPDATE trace_reserve SET motif = 'visite' WHERE trace_id = %s",
        "DELETE FROM trace_reserve WHERE trace_id = %s",
        "UPDATE trace SET signature = sha256('x') WHERE id = %s",
        "UPDATE trace_feuille SET empreinte = sha256('x') WHERE trace_id = %s",
    ],
)
def test_a_line_that_was_changed_is_not_destroyed_with_its_proof(terme: Terme, zoe: Personne, change: str) -> None:
    trace_id = terme.scelle.rows("SELECT trace_id FROM trace_feuille WHERE tenant_id = %s AND rang = 2")[0][0]
    terme.scelle.sql(change, trace_id)
    assert refused(terme, zoe) == "alteree"


@KEPT
@pytest.mark.parametrize("decision", ["", " ", "deux\nlignes", "x" * 81])
def test_a_destruction_is_decided(terme: Terme, zoe: Personne, decision: str) -> None:
    assert refused(terme, zoe, decision) == "decision"


@KEPT
def test_a_key_that_did_not_sign_the_head_signs_no_entry(terme: Terme, zoe: Personne) -> None:
    terme.scelle.scelleur = Scelleur(bytes(32), terme.scelle.scelleur.copie)
    assert refused(terme, zoe) == "cle_inconnue"


def call(dossier: Personne, ranks: str = "'{0,1,2,3,7,8}'") -> str:
    return f"SELECT spst_destruction.destroy_traces('{dossier.dossier_id}', {ranks}, 1, 'note')"


@KEPT
def test_the_function_itself_holds_the_term_and_the_list(terme: Terme, zoe: Personne) -> None:
    """Whatever program calls it, in the true context."""
    pierre = terme.scelle.monde.a.pierre
    for statement, said in (
        (call(pierre, "'{4,5,6,9}'"), "are kept until"),
        (call(zoe, "'{0,1,2,3}'"), "other lines than those named"),
        (call(zoe, "'{}'"), "other lines than those named"),
    ):
        with pytest.raises(DBAPIError, match=said), terme.work() as ctx:
            ctx.session.execute(text(statement))
    terme.exposed(zoe, "CMR", None)
    with pytest.raises(DBAPIError, match="a day that nobody knows yet"), terme.work() as ctx:
        ctx.session.execute(text(call(zoe)))
    assert of_dossier(terme.scelle, zoe) == (OF_ZOE, OF_ZOE)


@KEPT
def test_the_function_asks_for_the_context_of_conservation_of_that_spst(terme: Terme, zoe: Personne) -> None:
    monde = terme.scelle.monde
    with psycopg.connect(monde.database.ops_url.replace("+psycopg", "")) as ops, pytest.raises(psycopg.Error):
        ops.execute(call(zoe))
    for acteur, tenant in (
        (monde.a.medecin, monde.a.tenant_id),
        (service("verification"), monde.a.tenant_id),
        (service("conservation"), monde.b.tenant_id),
    ):
        with (
            pytest.raises(SQLAlchemyError),
            unit_of_work(terme.ops, tenant, acteur, destruction.MOTIF, origin="test") as ctx,
        ):
            ctx.session.execute(text(call(zoe)))
    assert of_dossier(terme.scelle, zoe) == (OF_ZOE, OF_ZOE)


@KEPT
def test_the_application_does_not_execute_it(terme: Terme, zoe: Personne) -> None:
    monde = terme.scelle.monde
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(service("conservation")) as ctx:
        ctx.session.execute(text(call(zoe)))


@KEPT
@SEALED
@pytest.mark.parametrize("role", ["app_url", "owner_url", "ops_url", "superuser_url"])
@pytest.mark.parametrize("table", ["trace", "trace_reserve", "trace_destruction", "trace_feuille"])
def test_no_statement_of_anybody_takes_a_line_away_even_past_its_term(
    terme: Terme, zoe: Personne, role: str, table: str
) -> None:
    terme.destroy(zoe)
    terme.past(terme.scelle.monde.a.pierre)
    before = terme.scelle.sql(f"SELECT count(*) FROM {table}")
    with psycopg.connect(getattr(terme.scelle.monde.database, role).replace("+psycopg", "")) as connection:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", "SET ROLE spst_destruction"):
            if role == "superuser_url" and statement.startswith("SET"):
                continue
            try:
                changed = connection.execute(statement).rowcount
            except psycopg.errors.InsufficientPrivilege:
                connection.rollback()
            else:
                assert changed == 0, statement
                assert not statement.startswith(("SET", "TRUNCATE"))
    assert terme.scelle.sql(f"SELECT count(*) FROM {table}") == before
    assert before[0][0] > 0


# ──── Nothing half done


class Cut(FolderOfHeads):
    """The place of copies goes away between the commit and the copy, as a process that is killed there leaves it."""

    def add_destruction(self, *_: Any) -> None:
        raise TetesUnavailable("cut")


@KEPT
def test_a_destruction_that_does_not_commit_leaves_everything(terme: Terme, zoe: Personne) -> None:
    scelle = terme.scelle
    with pytest.raises(ZeroDivisionError), terme.work() as ctx:
        destruction.destroy_within(ctx, scelle.scelleur, zoe.dossier_id, "DIR-2066-12")
        _ = 1 // 0
    assert of_dossier(scelle, zoe) == (OF_ZOE, OF_ZOE)
    assert scelle.sql("SELECT * FROM trace_destruction") == []
    assert verify(scelle).holds


@KEPT
def test_a_copy_that_was_not_made_is_made_by_the_next_round_of_the_worker(terme: Terme, zoe: Personne) -> None:
    scelle, monde = terme.scelle, terme.scelle.monde
    whole = scelle.scelleur
    scelle.scelleur = Scelleur(whole.secret, Cut(scelle.folder))
    with pytest.raises(TetesUnavailable):
        terme.destroy(zoe)
    scelle.scelleur = whole
    assert (of_dossier(scelle, zoe), copies(terme)) == ((0, 0), {})
    seal_all(scelle)
    assert verify(scelle).holds
    destruction.tell_due(monde.runtime, whole)
    assert list(copies(terme)) == [1]
    assert destruction.copy_missing(monde.runtime, whole, monde.a.tenant_id) == 0


@KEPT
def test_the_nightly_job_tells_and_destroys_nothing(terme: Terme, zoe: Personne) -> None:
    monde = terme.scelle.monde
    assert destruction.tell_due(monde.runtime, terme.scelle.scelleur) == 1
    told = terme.scelle.sql("SELECT niveau, faits FROM journal_technique WHERE evenement = 'traces.terme_atteint'")
    assert told == [(1, {"tenant": str(monde.a.tenant_id), "dossiers": 1})]
    assert of_dossier(terme.scelle, zoe) == (OF_ZOE, OF_ZOE)
    terme.destroy(zoe)
    assert destruction.tell_due(monde.runtime, terme.scelle.scelleur) == 0


@SEALED
def test_a_journal_that_is_gone_through_loses_no_line_meanwhile(terme: Terme, zoe: Personne) -> None:
    with terme.scelle.monde.work(VERIFICATION, motif=TECHNIQUE) as reading:
        assert verification.verify(reading).holds
        with pytest.raises(DBAPIError, match="lock timeout"), terme.work() as ctx:
            ctx.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            destruction.destroy_within(ctx, terme.scelle.scelleur, zoe.dossier_id, "DIR-2066-12")
    assert terme.destroy(zoe).nombre == OF_ZOE


@KEPT
def test_the_worker_tells_and_copies_each_night_before_it_verifies(terme: Terme) -> None:
    monde, config = (
        terme.scelle.monde,
        replace(config_for("http://127.0.0.1:9"), database_url=terme.scelle.monde.database.app_url),
    )
    tasks = build_jobs(monde.runtime, config, Dehors(terme.scelle.scelleur)).tasks
    assert {"traces.tell_due", "traces.verify_all", "traces.purge_journal_technique", "journal.watch"} <= tasks.keys()


# ──── What is tried against the ledger


@contextmanager
def put_back(scelle: Scelle, *tables: str) -> Iterator[None]:
    """Rows that leave these tables inside come back afterwards, as from a backup."""
    for table in tables:
        scelle.sql(f"CREATE TABLE garde_{table} AS SELECT * FROM {table}")
    yield
    for table in tables:
        scelle.sql(f"INSERT INTO {table} SELECT * FROM garde_{table} ON CONFLICT DO NOTHING")
        scelle.sql(f"DROP TABLE garde_{table}")


@pytest.fixture
def gone(terme: Terme, zoe: Personne) -> Terme:
    """Zoé's lines were destroyed, then Pierre's, and the acts sealed."""
    terme.destroy(zoe)
    seal_all(terme.scelle)
    terme.past(terme.scelle.monde.a.pierre)
    terme.destroy(terme.scelle.monde.a.pierre)
    seal_all(terme.scelle)
    assert verify(terme.scelle, destructions=copies(terme).items()).holds
    return terme


def signed_by(secret: bytes, terme: Terme, note: str, **changes: Any) -> str:
    tenant = terme.scelle.monde.a.tenant_id
    cles = terme.scelle.scelleur.sceaux(tenant)[0].publiques
    made = replace(open_entry(note, [(0, cles)]), **changes)
    return registre.sign_entry(Sceau.derive(secret, tenant), made)


@SEALED
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM trace_destruction WHERE numero = 2", [("supprimee", 4)]),
        ("DELETE FROM trace_destruction", [("supprimee", 0)]),
        ("DELETE FROM trace_destruction WHERE numero = 1", [("supprimee", 0), ("destruction_alteree", None)]),
        (
            "UPDATE trace_destruction SET note = replace(note, 'DIR-2066-12', 'DIR-2066-13') WHERE numero = 2",
            [("supprimee", 4), ("destruction_alteree", None)],
        ),
        (
            "UPDATE trace_destruction SET note = 'rien' WHERE numero = 1",
            [("supprimee", 0), ("destruction_alteree", None)],
        ),
        ("UPDATE trace_destruction SET numero = 3 WHERE numero = 2", [("destruction_alteree", None)]),
    ],
)
def test_an_entry_that_is_altered_or_missing_is_named(
    gone: Terme, statement: str, expected: list[tuple[str, int | None]]
) -> None:
    gone.scelle.sql(statement)
    rapport = verify(gone.scelle)
    assert found(rapport) == expected
    assert_the_other_verifier_agrees(gone.scelle, rapport)
    held = verify(gone.scelle, destructions=copies(gone).items())
    assert "destruction_perdue" in {code for code, _ in found(held)}


@SEALED
def test_an_entry_that_another_key_signed_is_none(gone: Terme) -> None:
    forged = signed_by(bytes(32), gone, copies(gone)[2])
    gone.scelle.sql("UPDATE trace_destruction SET note = %s WHERE numero = 2", forged)
    rapport = verify(gone.scelle)
    assert found(rapport) == [("supprimee", 4), ("destruction_alteree", None)]
    assert_the_other_verifier_agrees(gone.scelle, rapport)


@SEALED
def test_an_entry_of_the_true_key_that_names_other_bytes_is_told(gone: Terme) -> None:
    false = signed_by(gone.scelle.scelleur.secret, gone, copies(gone)[2], resume=bytes(32))
    gone.scelle.sql("UPDATE trace_destruction SET note = %s WHERE numero = 2", false)
    rapport = verify(gone.scelle)
    assert found(rapport) == [("destruction_alteree", 4)]
    assert_the_other_verifier_agrees(gone.scelle, rapport)


@SEALED
def test_lines_that_came_back_from_a_backup_contradict_the_ledger(terme: Terme, zoe: Personne) -> None:
    with put_back(terme.scelle, "trace", "trace_reserve"):
        terme.destroy(zoe)
    rapport = verify(terme.scelle)
    assert found(rapport) == [("destruction_dementie", 0)]
    assert rapport.constats[0].nombre == OF_ZOE
    assert_the_other_verifier_agrees(terme.scelle, rapport)


@SEALED
def test_a_salt_that_came_back_alone_does_too(terme: Terme, zoe: Personne) -> None:
    with put_back(terme.scelle, "trace_reserve"):
        terme.destroy(zoe)
    assert found(verify(terme.scelle)) == [("destruction_dementie", 0)]


@SEALED
def test_a_whole_backup_of_before_is_known_by_the_copies(terme: Terme, zoe: Personne) -> None:
    with put_back(terme.scelle, "trace", "trace_reserve"):
        terme.destroy(zoe)
    terme.scelle.sql("DELETE FROM trace_destruction")
    assert verify(terme.scelle).holds
    assert found(verify(terme.scelle, destructions=copies(terme).items())) == [("destruction_perdue", None)]


@SEALED
def test_a_line_that_no_entry_names_stays_a_line_deleted(gone: Terme) -> None:
    scelle = gone.scelle
    scelle.write(2)
    seal_all(scelle)
    scelle.sql(
        "DELETE FROM trace WHERE id = (SELECT trace_id FROM trace_feuille WHERE tenant_id = %s AND rang = 12)",
        scelle.monde.a.tenant_id,
    )
    rapport = verify(scelle)
    assert found(rapport) == [("supprimee", 12)]
    assert_the_other_verifier_agrees(scelle, rapport)


@SEALED
@pytest.mark.parametrize("lost", ["in the middle", "the first"])
def test_a_number_that_was_destroyed_hides_none_that_is_missing(terme: Terme, lost: str) -> None:
    """A line that was taken away before its seal, by the same writer that wrote those that were destroyed."""
    scelle, monde = terme.scelle, terme.scelle.monde
    terme.past(monde.a.zoe)
    scelle.write(3, personne=monde.a.pierre)
    n = 2 if lost == "in the middle" else 1
    scelle.sql("DELETE FROM trace WHERE tenant_id = %s AND writer_n = %s", monde.a.tenant_id, n)
    scelle.sql("DELETE FROM trace_reserve r WHERE NOT EXISTS (SELECT FROM trace t WHERE t.id = r.trace_id)")
    scelle.write(2)
    scelle.seal()
    terme.destroy(monde.a.zoe)
    seal_all(scelle)
    rapport = verify(scelle)
    assert found(rapport) == [("trou", None)]
    assert rapport.constats[0].nombre == 1
    assert_the_other_verifier_agrees(scelle, rapport)


# ──── The command


def spst(terme: Terme, *arguments: str) -> Result:
    monde = terme.scelle.monde
    key = configuration(monde, 8000)
    environment = key | {
        "SPST_HEADS": str(terme.scelle.folder),
        "DATABASE_URL_OPS": monde.database.ops_url,
        "SPST_SEAL_KEY": urlsafe_b64encode(terme.scelle.scelleur.secret).decode(),
    }
    return CliRunner(env=environment).invoke(cli, ["traces", "destroy", monde.a.slug, *arguments])


@KEPT
def test_the_command_shows_what_would_leave_and_why_and_changes_nothing(terme: Terme, zoe: Personne) -> None:
    done = spst(terme)
    assert done.exit_code == 0
    assert "Au terme de leur conservation\u00a0: 1 dossier." in done.output
    assert f"{zoe.dossier_id}" in done.output
    assert "6 lignes  Quarante ans après la dernière visite dans le service (R. 4624-45-9)" in done.output
    facts = json.loads(spst(terme, "--json").output)
    assert [(one["dossier"], one["lignes"]) for one in facts["dossiers"]] == [(str(zoe.dossier_id), OF_ZOE)]
    assert of_dossier(terme.scelle, zoe) == (OF_ZOE, OF_ZOE)


@KEPT
def test_the_command_destroys_when_told_to_on_a_decision(terme: Terme, zoe: Personne) -> None:
    assert spst(terme, "--executer").exit_code == 2
    other = str(terme.scelle.monde.a.pierre.dossier_id)
    assert "Aucun dossier" in spst(terme, "--executer", "--decision", "DIR-2066-12", "--dossier", other).output
    done = spst(terme, "--executer", "--decision", "DIR-2066-12")
    assert (done.exit_code, done.output) == (0, "Détruit\u00a0: 6 lignes de 1 dossier. Le registre signé le dit.\n")
    assert of_dossier(terme.scelle, zoe) == (0, 0)
    assert "Aucun dossier n’est au terme" in spst(terme).output


@KEPT
def test_a_dossier_that_is_refused_does_not_stop_the_next(terme: Terme, zoe: Personne) -> None:
    pierre = terme.scelle.monde.a.pierre
    terme.past(pierre)
    terme.scelle.write(1)
    done = spst(terme, "--executer", "--decision", "DIR-2066-12")
    assert done.exit_code == 1
    assert "Détruit\u00a0: 4 lignes de 1 dossier." in done.output
    assert f"Gardé\u00a0: {zoe.dossier_id}, une de ses traces attend son sceau." in done.output
    assert (of_dossier(terme.scelle, zoe)[0], of_dossier(terme.scelle, pierre)) == (OF_ZOE + 1, (0, 0))


@KEPT
def test_the_command_says_that_a_copy_is_still_to_be_made(terme: Terme, zoe: Personne) -> None:
    (terme.scelle.folder / str(terme.scelle.monde.a.tenant_id) / "destructions").write_text("pas un dossier")
    done = spst(terme, "--executer", "--decision", "DIR-2066-12")
    assert (done.exit_code, "la copie hors de la base reste à faire" in done.output) == (1, True)
    assert of_dossier(terme.scelle, zoe) == (0, 0)


@KEPT
def test_copies_lie_beside_the_heads_and_are_never_rewritten(terme: Terme, zoe: Personne) -> None:
    terme.destroy(zoe)
    tenant = terme.scelle.monde.a.tenant_id
    path: Path = terme.scelle.folder / str(tenant) / "destructions" / "000000000000001.note"
    assert path.read_text(encoding="utf-8") == copies(terme)[1]
    assert len(list(terme.scelle.scelleur.copie.all(tenant))) == 2


@KEPT
def test_an_entry_is_written_in_one_way_only(terme: Terme, zoe: Personne) -> None:
    made = terme.destroy(zoe)
    assert Ecriture.parse(made.text) == made
