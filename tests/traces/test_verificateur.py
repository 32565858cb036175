"""The stand-alone verifier as a stranger runs it: one file, no database, nothing of the product; and files made to hurt it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from spst.kernel.context import CodeMotif, Motif
from spst.traces import services as traces
from spst.traces.sceau import Sceau
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle
from tests.factories.verificateur import TOOL, exported, rewritten, run, run_json

pytestmark = pytest.mark.exigence("TRA-03")


@pytest.fixture
def journal(scelle: Scelle) -> Scelle:
    for _ in range(2):
        scelle.write(3)
        scelle.seal()
    with scelle.monde.work(scelle.monde.a.medecin, motif=Motif(CodeMotif.SUIVI, "CANARI-précision")) as ctx:
        traces.record(ctx, "dossier.open", scelle.monde.a.zoe.dossier_id, ["S3"])
    scelle.seal()
    scelle.write()
    return scelle


@pytest.fixture
def archive(journal: Scelle, tmp_path: Path) -> Path:
    return saved(journal, tmp_path / "journal.zip")


def saved(journal: Scelle, path: Path, *, with_reasons: bool = False) -> Path:
    with journal.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
        path.write_bytes(exported(ctx, with_reasons=with_reasons))
    return path


def test_an_export_verifies_far_from_the_product_and_says_where_the_seal_ends(archive: Path) -> None:
    done = run(archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Le journal tient : 7 lignes, scellé le 20")
    assert "Le sceau s’arrête au rang 6." in done.stdout
    assert "Sans sceau encore : 1 ligne." in done.stdout


def test_it_needs_nothing_but_the_standard_library_and_cryptography() -> None:
    lines = [line.split() for line in TOOL.read_text(encoding="utf-8").splitlines()]
    imported = {words[1].partition(".")[0] for words in lines if words[:1] in (["import"], ["from"])}
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_reasons_stand_in_an_export_only_when_they_are_asked_for(journal: Scelle, tmp_path: Path) -> None:
    without, with_reasons = (saved(journal, tmp_path / f"{flag}.zip", with_reasons=flag) for flag in (False, True))
    said = {path: ZipFile(path).read("lignes.jsonl").decode() for path in (without, with_reasons)}
    assert "CANARI" not in said[without]
    assert '"suivi"' not in said[without]
    assert "CANARI-précision" in said[with_reasons]
    assert run_json(with_reasons)["tient"] is True


def test_a_reason_that_is_not_the_one_the_line_commits_to_is_found(journal: Scelle, tmp_path: Path) -> None:
    archive = saved(journal, tmp_path / "motifs.zip", with_reasons=True)
    other = rewritten(archive, "lignes.jsonl", lambda lines: lines[4]["ligne"]["motif"].update(code="visite"))
    done = run(other)
    assert done.returncode == 1
    assert "LE JOURNAL NE TIENT PAS. Premier rang en cause : 4." in done.stdout
    assert "ligne modifiée après son scellement (1, à partir du rang 4)" in done.stdout


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("lignes.jsonl", lambda lines: lines.pop(2), "supprimee"),
        ("lignes.jsonl", lambda lines: lines[2].update(ligne=None), "supprimee"),
        ("lignes.jsonl", lambda lines: lines[2]["ligne"].pop("entree"), "alteree"),
        ("lignes.jsonl", lambda lines: lines[2]["ligne"].update(sel="00"), "alteree"),
        ("lignes.jsonl", lambda lines: lines.pop(), "supprimee"),
        ("tetes.jsonl", lambda lines: lines[0].update(le="2020-01-01T00:00:00+00:00"), "tete_alteree"),
        ("cles.jsonl", lambda lines: lines[0].update(depuis=3), "cle_inconnue"),
        ("attente.jsonl", lambda lines: lines[0].update(empreinte="00" * 64), "alteree"),
    ],
)
def test_a_file_that_was_changed_on_its_way_is_found_out(archive: Path, name: str, change: Any, code: str) -> None:
    report = run_json(rewritten(archive, name, change))
    assert code in {one["code"] for one in report["constats"]}
    assert report["tient"] is False


def test_a_head_and_a_key_that_one_holds_are_compared(journal: Scelle, archive: Path, tmp_path: Path) -> None:
    held, keys = tmp_path / "tete.note", tmp_path / "cle.txt"
    held.write_text(next(iter(journal.scelleur.copie.all(journal.monde.a.tenant_id))), encoding="utf-8")
    mine = Sceau.derive(journal.scelleur.secret, journal.monde.a.tenant_id).publiques
    keys.write_text(mine.lines, encoding="utf-8")
    assert run_json(archive, "--tete", str(held), "--cle", str(keys))["tient"] is True
    keys.write_text(Sceau.derive(bytes(32), journal.monde.a.tenant_id).publiques.lines, encoding="utf-8")
    report = run_json(archive, "--cle", str(keys))
    assert report["constats"][0]["code"] == "cle_inconnue"


def test_a_head_that_is_none_of_this_journal_is_refused(journal: Scelle, archive: Path, tmp_path: Path) -> None:
    held = tmp_path / "tete.note"
    held.write_text("n’importe quoi\n\n— x y\n", encoding="utf-8")
    done = run(archive, "--tete", str(held))
    assert (done.returncode, done.stdout) == (2, "")
    assert "n’est pas signée par une clé de ce journal" in done.stderr


def bomb(path: Path) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as made:
        made.writestr("journal.json", b" " * 60_000_000)


def long_line(path: Path) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as made:
        made.writestr("journal.json", '{"origine": "x", "taille": 0, "places": 0}')
        made.writestr("cles.jsonl", "[" * 2_000_000)


def deep(path: Path) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as made:
        made.writestr("journal.json", "[" * 900_000)


HOSTILE: dict[str, Callable[[Path], Any]] = {
    "not a zip": lambda path: path.write_bytes(b"PK\x03\x04 not really"),
    "empty": lambda path: path.write_bytes(b""),
    "another zip": lambda path: ZipFile(path, "w").writestr("../../etc/passwd", "x"),
    "a bomb": bomb,
    "a line without end": long_line,
    "brackets without end": deep,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_hurt_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.zip"
    HOSTILE[name](path)
    done = run(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Fichier illisible")
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    done = run(tmp_path / "absent.zip")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
