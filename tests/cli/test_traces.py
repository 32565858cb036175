"""`spst traces`: what an operator sees of a sealed journal, and what is written of his reading it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spst.cli import cli
from tests.factories.programs import configuration
from tests.factories.scelle import Scelle
from tests.factories.verificateur import run_json

pytestmark = pytest.mark.exigence("TRA-03")


@pytest.fixture
def journal(scelle: Scelle) -> Scelle:
    scelle.write(3)
    scelle.seal()
    scelle.write(1)
    return scelle


def spst(journal: Scelle, *arguments: str) -> Result:
    environment = configuration(journal.monde, 8000) | {"SPST_HEADS": str(journal.folder)}
    return CliRunner(env=environment).invoke(cli, ["traces", *arguments])


def test_the_head_is_shown_with_the_keys_that_verify_it(journal: Scelle) -> None:
    slug = journal.monde.a.slug
    facts = json.loads(spst(journal, "head", slug, "--json").output)
    assert facts["taille"] == 3
    assert [key.partition("+")[0] for key in facts["cles"]] == [f"traces.spst/{journal.monde.a.tenant_id}"] * 2
    shown = spst(journal, "head", slug).output
    assert shown.startswith(facts["tete"])
    assert facts["cles"][0] in shown


def test_a_journal_without_seal_has_no_head(scelle: Scelle) -> None:
    done = spst(scelle, "head", scelle.monde.a.slug)
    assert (done.exit_code, "Rien n’est encore scellé" in done.output) == (1, True)


def test_verifying_says_that_the_journal_holds_and_leaves_its_own_line(journal: Scelle) -> None:
    done = spst(journal, "verify", journal.monde.a.slug)
    assert done.exit_code == 0
    assert "Le journal tient\u00a0: 3 lignes, scellé le " in done.output
    assert "Le sceau s’arrête au rang 2." in done.output
    last = journal.rows("SELECT action, role, origin FROM trace WHERE tenant_id = %s ORDER BY id DESC LIMIT 1")
    assert last == [("journal.consult", "SRV", "cli")]


def test_verifying_a_journal_that_was_changed_names_the_place_and_fails(journal: Scelle) -> None:
    journal.sql("UPDATE trace SET role = 'INF' WHERE id = (SELECT trace_id FROM trace_feuille WHERE rang = 1)")
    done = spst(journal, "verify", journal.monde.a.slug)
    assert done.exit_code == 1
    assert "LE JOURNAL NE TIENT PAS. Premier rang en cause\u00a0: 1." in done.output
    facts = json.loads(spst(journal, "verify", journal.monde.a.slug, "--json").output)
    assert (facts["tient"], facts["premier"], facts["constats"][0]["code"]) == (False, 1, "alteree")


def test_the_copies_that_this_machine_reaches_are_compared(journal: Scelle) -> None:
    for table in ("trace_feuille", "trace_tete", "trace_cle"):
        journal.sql(f"DELETE FROM {table} WHERE tenant_id = %s", journal.monde.a.tenant_id)
    done = spst(journal, "verify", journal.monde.a.slug)
    assert (done.exit_code, "journal plus court qu’une tête connue ailleurs" in done.output) == (1, True)


def test_a_head_that_is_none_of_this_journal_is_refused(journal: Scelle, tmp_path: Path) -> None:
    held = tmp_path / "tete.note"
    held.write_text("rien\n", encoding="utf-8")
    done = spst(journal, "verify", journal.monde.a.slug, "--tete", str(held))
    assert (done.exit_code, "n’est pas de ce journal" in done.output) == (1, True)


def test_an_export_is_for_its_owner_alone_verifies_elsewhere_and_is_traced_before_it_is_written(
    journal: Scelle, tmp_path: Path
) -> None:
    path = tmp_path / "journal.zip"
    done = spst(journal, "export", journal.monde.a.slug, "-o", str(path))
    assert (done.exit_code, f"Lignes scellées écrites dans {path}\u00a0: 3." in done.output) == (0, True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (run_json(path)["tient"], run_json(path)["taille"]) == (True, 3)
    assert journal.rows("SELECT action FROM trace WHERE tenant_id = %s ORDER BY id DESC LIMIT 1") == [
        ("journal.export",)
    ]
    assert [file.name for file in tmp_path.glob(".*")] == []
    again = spst(journal, "export", journal.monde.a.slug, "-o", str(path))
    assert (again.exit_code, "existe déjà" in again.output) == (1, True)


def test_an_export_with_reasons_says_that_it_holds_a_secret(journal: Scelle, tmp_path: Path) -> None:
    done = spst(journal, "export", journal.monde.a.slug, "-o", str(tmp_path / "j.zip"), "--avec-motifs")
    assert "secret médical" in done.output


def test_an_spst_that_is_not_known_is_said_so(journal: Scelle) -> None:
    done = spst(journal, "verify", "inconnu")
    assert done.exit_code == 1
