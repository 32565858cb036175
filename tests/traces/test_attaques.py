"""What was tried against the seal, by who owns the server or holds the application's role: it is named, or stops nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.adapters.tetes.dossier import FolderOfHeads
from spst.kernel.ids import new_id
from spst.traces import scellement
from spst.traces.sceau import Sceau, Tete, open_head, origin_of
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle
from tests.factories.verificateur import exported, run, run_json
from tests.traces.test_verification import assert_the_other_verifier_agrees, found, journal, verify

pytestmark = pytest.mark.exigence("TRA-03")
__all__ = ["journal"]


def last_waiting(journal: Scelle) -> str:
    return str(
        journal.rows("""SELECT id FROM trace t WHERE tenant_id = %s
                        AND NOT EXISTS (SELECT FROM trace_feuille f WHERE f.trace_id = t.id) ORDER BY id DESC LIMIT 1""")[
            0
        ][0]
    )


# ──── Hiding a line


def test_a_line_parked_at_a_place_before_the_first_is_found(journal: Scelle) -> None:
    journal.sql("ALTER TABLE trace_feuille DROP CONSTRAINT trace_feuille_rang_ck")
    journal.sql("INSERT INTO trace_feuille VALUES (%s, -1, %s, '')", journal.monde.a.tenant_id, last_waiting(journal))
    journal.seal()
    assert ("inseree", None) in found(verify(journal))
    journal.sql("DELETE FROM trace_feuille WHERE rang < 0")
    journal.sql("ALTER TABLE trace_feuille ADD CONSTRAINT trace_feuille_rang_ck CHECK (rang >= 0)")


def test_a_line_that_was_deleted_before_its_seal_is_missed_afterwards_too(journal: Scelle) -> None:
    journal.write(2)
    journal.sql(
        """DELETE FROM trace WHERE id = (SELECT id FROM trace t WHERE tenant_id = %s
           AND NOT EXISTS (SELECT FROM trace_feuille f WHERE f.trace_id = t.id) ORDER BY id OFFSET 1 LIMIT 1)""",
        journal.monde.a.tenant_id,
    )
    journal.seal()
    journal.write(1)
    journal.seal()
    assert found(verify(journal)) == [("trou", None)]
    assert_the_other_verifier_agrees(journal, verify(journal))


def test_a_line_parked_in_a_transaction_to_come_is_found(journal: Scelle) -> None:
    journal.sql("UPDATE trace SET xid = 4611686018427387904 WHERE id = %s", last_waiting(journal))
    journal.seal()
    assert ("inseree", None) in found(verify(journal))


def test_a_reason_that_was_hidden_from_its_worker_is_found(journal: Scelle) -> None:
    journal.sql(
        """UPDATE trace_reserve SET dossier_id = NULL WHERE trace_id = (
           SELECT trace_id FROM trace_feuille WHERE tenant_id = %s AND rang = 5)""",
        journal.monde.a.tenant_id,
    )
    assert found(verify(journal)) == [("alteree", 5)]


def test_a_line_of_one_spst_copied_into_another_is_not_sealed_there(journal: Scelle) -> None:
    journal.sql(
        """INSERT INTO trace SELECT (jsonb_populate_record(t, jsonb_build_object('tenant_id', %s::text,
           'xid', pg_current_xact_id()::text))).* FROM trace t WHERE tenant_id = %s ORDER BY id LIMIT 1""",
        journal.monde.b.tenant_id,
        journal.monde.a.tenant_id,
    )
    before = len(journal.rows("SELECT 1 FROM trace_feuille WHERE tenant_id = %s", journal.monde.b))
    journal.seal()
    assert len(journal.rows("SELECT 1 FROM trace_feuille WHERE tenant_id = %s", journal.monde.b)) == before
    assert "traces.ligne_forgee" in {evenement for evenement, _ in journal.told()}


# ──── Stopping the sealer


def forged(journal: Scelle, **values: Any) -> None:
    """By the application's own role, as any actor: a line that no process signed."""
    row = {
        "tenant_id": journal.monde.a.tenant_id,
        "id": new_id(),
        "at": datetime.now(UTC),
        "acteur_id": journal.monde.a.medecin.id,
        "correlation_id": new_id(),
        "writer_id": new_id(),
        "writer_n": 1,
        **values,
    }
    with journal.monde.work(journal.monde.a.medecin) as ctx:
        ctx.session.execute(
            text("""INSERT INTO trace (tenant_id, id, at, acteur_id, role, action, sections, decision, politique_version, regles,
                    details, correlation_id, origin, empreinte, writer_id, writer_n, signature)
                    VALUES (:tenant_id, :id, :at, :acteur_id, 'MDT', 'dossier.open', '{}', 'permis', '', '{}', '{}',
                    :correlation_id, 'test', '', :writer_id, :writer_n, '')"""),
            row,
        )


def test_a_number_that_no_process_gives_is_refused_by_the_database(journal: Scelle) -> None:
    with pytest.raises(DBAPIError, match="trace_writer_n_ck"):
        forged(journal, writer_n=-1)


def test_forged_lines_are_passed_over_once_and_lines_behind_them_are_sealed(
    journal: Scelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spst.traces.attente._PAGE", 3)
    journal.seal()
    for _ in range(10):
        forged(journal)
    journal.write(2)
    assert [journal.seal(), journal.seal()] == [2, 0]
    assert journal.told() == [("traces.ligne_forgee", {"tenant": str(journal.monde.a.tenant_id), "lignes": 10})]


def test_a_number_of_writer_beyond_reason_does_not_exhaust_whoever_verifies(journal: Scelle, tmp_path: Path) -> None:
    forged(journal, writer_n=2_000_000_000)
    assert ("forgee", None) in found(verify(journal))
    with journal.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
        (tmp_path / "j.zip").write_bytes(exported(ctx))
    assert run(tmp_path / "j.zip").returncode == 1


def test_a_lock_that_somebody_holds_is_told_and_the_others_are_sealed(journal: Scelle) -> None:
    tenant = journal.monde.a.tenant_id
    journal.write(1, journal.monde.b)
    with psycopg.connect(journal.monde.database.app_url.replace("+psycopg", "")) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"{tenant}|scellement|{tenant}"])
        assert journal.seal() == 1
        for _ in range(scellement.BUSY_ROUNDS):
            assert journal.seal() == 0
    assert ("traces.scellement_refuse", {"tenant": str(tenant), "raison": "verrou_tenu"}) in journal.told()
    assert journal.seal() == 2


def test_a_node_laid_down_ahead_of_time_stops_one_journal_is_told_and_is_found(scelle: Scelle) -> None:
    scelle.write(10)
    scelle.seal()
    scelle.sql("INSERT INTO trace_noeud VALUES (%s, 4, 0, sha256('x'))", scelle.monde.a.tenant_id)
    assert found(verify(scelle)) == [("noeud_altere", None)]
    scelle.write(10)
    scelle.write(1, scelle.monde.b)
    assert scelle.seal() == 1
    assert scelle.told()[-1][1]["raison"] == "arbre_altere"


def test_an_idle_transaction_of_the_application_does_not_hold_the_seal_for_ever(journal: Scelle) -> None:
    """It would keep the counter where it is; the server ends it."""
    with psycopg.connect(journal.monde.database.app_url.replace("+psycopg", "")) as idle:
        limit = idle.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert limit == ("1min",)


# ──── Two histories


def test_a_clock_that_went_astray_does_not_hide_a_head_behind_an_older_one(tmp_path: Path) -> None:
    tenant, secret = new_id(), bytes(32)
    copie = FolderOfHeads(tmp_path)
    for taille, ahead in ((13, 30), (16, 0)):
        at = datetime.now(UTC) + timedelta(days=ahead)
        note = Sceau.derive(secret, tenant).sign_head(Tete(origin_of(tenant), taille, bytes(32)), at)
        copie.add(tenant, taille, at, note)
    (tmp_path / str(tenant) / "Thumbs.db").write_bytes(b"\xff")
    last = copie.last(tenant)
    assert last is not None
    assert open_head(last, [Sceau.derive(secret, tenant).publiques]).tete.taille == 16
    assert len(list(copie.all(tenant))) == 2


# ──── What would make a verification fall over


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE trace SET details = '{\"a\": 12345678901234567890123}' WHERE id = %s", 5),
        ("UPDATE trace SET details = '{\"a\": 1e400}' WHERE id = %s", 5),
        ("UPDATE trace SET at = 'infinity' WHERE id = %s", 5),
        ("UPDATE trace SET at = '20000-01-01' WHERE id = %s", 5),
        ("UPDATE trace SET at = '-infinity' WHERE id = %s", 5),
    ],
)
def test_a_line_that_was_filled_with_what_no_program_reads_is_named(
    journal: Scelle, statement: str, place: int
) -> None:
    trace = journal.rows("SELECT trace_id FROM trace_feuille WHERE tenant_id = %s AND rang = 5")[0][0]
    journal.sql(statement.replace("%s", f"'{trace}'"))
    assert found(verify(journal)) == [("alteree", place)]


def test_a_place_at_the_end_of_numbers_is_named(journal: Scelle) -> None:
    journal.sql(
        "INSERT INTO trace_feuille VALUES (%s, 9223372036854775807, %s, '')", journal.monde.a.tenant_id, new_id()
    )
    assert ("supprimee", 12) in found(verify(journal))


# ──── Exports made by hand


@pytest.fixture
def archive(journal: Scelle, tmp_path: Path) -> Path:
    path = tmp_path / "journal.zip"
    with journal.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
        path.write_bytes(exported(ctx))
    return path


def remade(archive: Path, **files: Callable[[str], str]) -> Path:
    """With files changed as text; `cles_jsonl` names cles.jsonl."""
    with ZipFile(archive) as opened:
        content = {one: opened.read(one).decode() for one in opened.namelist()}
    for name, change in files.items():
        content[name.replace("_", ".")] = change(content[name.replace("_", ".")])
    out = archive.with_name("refait.zip")
    with ZipFile(out, "w") as made:
        for one, said in content.items():
            made.writestr(one, said)
    return out


def first(count: int) -> Callable[[str], str]:
    return lambda said: "".join(line + "\n" for line in said.splitlines()[:count])


def about(**values: Any) -> Callable[[str], str]:
    return lambda said: json.dumps({**json.loads(said), **values})


def test_a_journal_cut_shorter_than_a_head_that_one_holds_is_refused_whatever_it_says_of_itself(
    journal: Scelle, archive: Path, tmp_path: Path
) -> None:
    held = tmp_path / "tete.note"
    held.write_text(list(journal.scelleur.copie.all(journal.monde.a.tenant_id))[-1], encoding="utf-8")
    cut = {"lignes_jsonl": first(8), "tetes_jsonl": first(2), "attente_jsonl": first(0)}
    honest = remade(archive, **cut, journal_json=about(places=8, taille=8, ordre=0))
    assert run_json(honest, "--tete", str(held))["constats"][0]["code"] == "retour_en_arriere"
    for places in ("NaN", "1e3", "-1", "true", '"8"'):
        said = json.dumps({"places": "X"})[1:-1].replace('"X"', places)
        lying = remade(archive, **cut, journal_json=lambda text, said=said: text.replace('"places": 12', said))  # type: ignore[misc]
        assert run(lying, "--tete", str(held)).returncode == 2


def test_places_past_the_last_head_are_refused_whatever_the_file_says_of_itself(archive: Path) -> None:
    def more(said: str) -> str:
        last = json.loads(said.splitlines()[-1])
        return said + "".join(json.dumps({**last, "rang": rang}) + "\n" for rang in (12, 13))

    report = run_json(remade(archive, lignes_jsonl=more, journal_json=about(places=14, taille=14)))
    assert ("inseree", 12) in {(one["code"], one["rang"]) for one in report["constats"]}


def test_a_name_written_twice_is_refused(archive: Path) -> None:
    twice = remade(archive, journal_json=lambda said: said.replace("{", '{"taille": 12,', 1))
    assert run(twice).returncode == 2


def head(change: Callable[[str], str]) -> Callable[[str], str]:
    def changed(said: str) -> str:
        lines = [json.loads(line) for line in said.splitlines()]
        lines[1]["note"] = change(lines[1]["note"])
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    return changed


NOTES: dict[str, Callable[[str], str]] = {
    "the clock's signature twice, the journal's not": lambda note: note.replace(
        note.splitlines()[4], note.splitlines()[5]
    ),
    "a line that is none": lambda note: note + "n'importe quoi\n",
    "no end": lambda note: note[:-1],
    "a word after a signature": lambda note: note[:-1] + " mot\n",
    "a separator of lines": lambda note: note + "\u2028",
    "a hundred signatures": lambda note: note + f"{note.splitlines()[5]}\n" * 100,
}


@pytest.mark.parametrize("name", NOTES)
def test_both_verifiers_refuse_a_head_that_is_not_written_as_it_was_signed(
    journal: Scelle, archive: Path, name: str
) -> None:
    note = journal.rows("SELECT note FROM trace_tete WHERE tenant_id = %s AND taille = 8")[0][0]
    journal.sql(
        "UPDATE trace_tete SET note = %s WHERE tenant_id = %s AND taille = 8",
        NOTES[name](note),
        journal.monde.a.tenant_id,
    )
    assert found(verify(journal)) == [("tete_alteree", 4)]
    report = run_json(remade(archive, tetes_jsonl=head(NOTES[name])))
    assert [(one["code"], one["rang"]) for one in report["constats"]] == [("tete_alteree", 4)]


def test_whoever_compares_no_key_is_told_which_was_taken(archive: Path, tmp_path: Path) -> None:
    report = run_json(archive)
    assert (report["cle_comparee"], len(report["cle"])) == (False, 8)
    assert f"Clé {report['cle']}, lue dans ce fichier" in run(archive).stdout
    empty = tmp_path / "vide.txt"
    empty.write_text("\n")
    assert run(archive, "--cle", str(empty)).returncode == 2


def test_lines_that_wait_are_said_to_be_proved_by_nothing(archive: Path) -> None:
    assert "Rien ne prouve encore ce qui attend" in run(archive).stdout
