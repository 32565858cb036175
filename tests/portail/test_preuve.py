"""A worker takes his accesses away with their proof, and checks it without us: that it is true, and that it is whole."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient

from spst.dmst import services as dmst
from spst.kernel.acteur import Role
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.errors import AccessDenied
from spst.traces import preuve as preuves
from spst.traces import scellement
from tests.factories.scelle import Scelle
from tests.factories.verificateur import rewritten, run, run_json
from tests.portail.conftest import Portail, fresh_name
from tests.portail.test_pages import Followed, read, words

pytestmark = pytest.mark.exigence("TRA-04")


class Lue(Followed):
    """Somebody whose record was opened, refused, and opened again under a reason with words of its own."""

    def __init__(self, portail: Portail, scelle: Scelle) -> None:
        super().__init__(portail, portail.monde.a, nom=fresh_name())
        self.scelle = scelle
        self.opened()
        with pytest.raises(AccessDenied), portail.monde.work(self.spst[Role.IPRP]) as ctx:
            dmst.open_dossier(ctx, self.dossier_id)
        with portail.monde.work(self.spst.medecin, motif=Motif(CodeMotif.SUIVI, "rappel de vaccin")) as ctx:
            dmst.open_dossier(ctx, self.dossier_id)
        scelle.write(3)
        scelle.seal()

    def opened(self) -> None:
        with self._portail.monde.work(self.spst.medecin) as ctx:
            dmst.open_dossier(ctx, self.dossier_id)


@pytest.fixture
def lue(portail: Portail, scelle: Scelle) -> Lue:
    return Lue(portail, scelle)


def told(archive: ZipFile) -> str:
    """The words of the page of a file."""
    page = archive.read("LISEZ-MOI.html").decode().replace("\u00a0", " ")
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def taken(portail: Portail, client: FlaskClient, path: Path) -> Path:
    answer = portail.get(client, "/p/coteaux/acces/preuve")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    path.write_bytes(answer.data)
    answer.close()
    return path


def test_the_file_verifies_far_from_here_and_says_that_nothing_was_kept_from_him(
    portail: Portail, lue: Lue, tmp_path: Path
) -> None:
    client = lue.enters()
    lue.scelle.seal()
    archive = taken(portail, client, tmp_path / "preuve.zip")
    done = run(archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("La preuve tient : ")
    assert "Aucune autre ligne scellée ne vous concerne, depuis le début." in done.stdout
    report = run_json(archive)
    sealed = lue.scelle.sql(
        "SELECT count(*) FROM trace t JOIN trace_feuille f ON f.trace_id = t.id WHERE t.dossier_id = %s", lue.dossier_id
    )
    assert report["lignes"] == sealed[0][0]
    assert report["lignes"] >= 3


def test_the_page_of_the_file_tells_each_access_as_the_portal_does(portail: Portail, lue: Lue, tmp_path: Path) -> None:
    archive = ZipFile(taken(portail, lue.enters(), tmp_path / "preuve.zip"))
    page = told(archive)
    assert "médecin du travail, a ouvert votre dossier pour votre suivi (rappel de vaccin)." in page
    assert "a voulu ouvrir votre dossier. L’accès a été refusé." in page
    assert "python3 verify_traces.py preuve-acces-" in page
    assert set(archive.namelist()) == {
        "LISEZ-MOI.html", "preuve.json", "cles.jsonl", "tete.note", "lignes.jsonl", "attente.jsonl", "bord.json",
        "empreintes.bin", "verify_traces.py",
    }  # fmt: skip


def test_the_file_tells_nothing_of_anybody_else(portail: Portail, lue: Lue, tmp_path: Path) -> None:
    """What was sealed of the others is there, and is noise: neither their dossiers, nor who opened them, nor when."""
    archive = ZipFile(taken(portail, lue.enters(), tmp_path / "preuve.zip"))
    everything = b"".join(archive.read(name) for name in archive.namelist())
    others = lue.scelle.sql("SELECT id, dossier_id, correlation_id FROM trace WHERE dossier_id <> %s", lue.dossier_id)
    assert others
    for identifier in {one for row in others for one in row}:
        assert str(identifier).encode() not in everything
        assert identifier.bytes not in everything
    assert len(archive.read("empreintes.bin")) == 64 * json.loads(archive.read("preuve.json"))["taille"]


def test_taking_the_file_is_itself_an_access_that_the_list_shows(portail: Portail, lue: Lue, tmp_path: Path) -> None:
    client = lue.enters()
    before = len(portail.traces(lue.personne))
    taken(portail, client, tmp_path / "preuve.zip")
    (line,) = portail.traces(lue.personne)[before:]
    assert (line.action, line.acteur_id, line.sections) == ("portail.acces", lue.personne.travailleur_id, ["S8"])


def test_an_access_that_the_service_leaves_out_of_the_list_is_found_out(
    portail: Portail, lue: Lue, tmp_path: Path
) -> None:
    """Whoever owns the database takes the line away, and its place keeps what was sealed of it."""
    client = lue.enters()
    lue.scelle.seal()
    lue.scelle.sql(
        "DELETE FROM trace WHERE id = (SELECT id FROM trace WHERE dossier_id = %s ORDER BY id LIMIT 1)", lue.dossier_id
    )
    done = run(taken(portail, client, tmp_path / "preuve.zip"))
    assert done.returncode == 1
    assert "ligne qui vous concerne et que la liste ne montre pas (1)" in done.stdout


CHANGES: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str]] = {
    "a line left out": (lambda lines: lines.pop(0), "cachee"),
    "its words changed": (lambda lines: lines[0].update(entree=lines[0]["entree"].replace("MDT", "INF")), "alteree"),
    "its reason changed": (lambda lines: lines[0]["motif"].update(code="visite"), "alteree"),
    "its proof cut": (lambda lines: lines[0]["preuve"].pop(), "alteree"),
    "its proof turned": (lambda lines: lines[0]["preuve"].reverse(), "alteree"),
    "its place moved": (lambda lines: lines[0].update(rang=lines[0]["rang"] + 1), "alteree"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_was_changed_does_not_verify(portail: Portail, lue: Lue, tmp_path: Path, name: str) -> None:
    change, code = CHANGES[name]
    client = lue.enters()
    lue.scelle.seal()
    report = run_json(rewritten(taken(portail, client, tmp_path / "preuve.zip"), "lignes.jsonl", change))
    assert code in {one["code"] for one in report["constats"]}


def test_a_later_file_goes_on_from_an_earlier_one_and_a_rewritten_history_does_not(
    portail: Portail, lue: Lue, tmp_path: Path
) -> None:
    client = lue.enters()
    lue.scelle.seal()
    held = tmp_path / "tete.note"
    held.write_bytes(ZipFile(taken(portail, client, tmp_path / "une.zip")).read("tete.note"))
    lue.opened()
    lue.scelle.seal()
    assert run_json(taken(portail, client, tmp_path / "deux.zip"), "--tete", str(held))["tient"] is True
    lue.scelle.sql("DELETE FROM trace WHERE id = (SELECT trace_id FROM trace_feuille WHERE rang = 2)")
    for table in ("trace_feuille", "trace_noeud", "trace_tete"):
        lue.scelle.sql(f"DELETE FROM {table}")
    for head in lue.scelle.folder.rglob("*.note"):
        head.unlink()
    lue.scelle.ronde = scellement.Ronde()
    lue.scelle.seal()
    report = run_json(taken(portail, client, tmp_path / "trois.zip"), "--tete", str(held))
    assert [one["code"] for one in report["constats"]] == ["histoire_refaite"]


def test_in_a_large_journal_the_file_goes_back_to_a_signed_head_and_says_since_when(
    portail: Portail, lue: Lue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = lue.enters()
    lue.scelle.seal()
    lue.scelle.write(20)
    lue.scelle.seal()
    lue.opened()
    lue.scelle.seal()
    monkeypatch.setattr(preuves, "MOST", 10)
    archive = taken(portail, client, tmp_path / "preuve.zip")
    about = json.loads(ZipFile(archive).read("preuve.json"))
    assert about["depuis"] == about["taille"] - 1
    report = run_json(archive)
    assert (report["tient"], report["complet_depuis"] is not None) == (True, True)
    assert run_json(rewritten(archive, "lignes.jsonl", lambda lines: lines.pop()))["constats"][0]["code"] == "cachee"
    page = told(ZipFile(archive))
    assert "aucune autre ligne scellée ne concerne votre dossier" in page
    assert "Depuis le " in page


def test_before_the_first_seal_the_file_says_so(portail: Portail, scelle: Scelle, tmp_path: Path) -> None:
    followed = Followed(portail, portail.monde.a)
    client = followed.enters()
    archive = taken(portail, client, tmp_path / "preuve.zip")
    assert "Rien n’est encore scellé" in told(ZipFile(archive))
    report = run_json(archive)
    assert (report["tient"], report["lignes"], report["attente"] > 0) == (True, 0, True)
    assert "Sceau en attente" in words(read(portail, client, "acces"))


def test_the_list_says_when_it_was_sealed_under_which_key_and_offers_the_file(
    portail: Portail, lue: Lue, tmp_path: Path
) -> None:
    client = lue.enters()
    page = read(portail, client, "acces")
    assert "Liste scellée" in words(page)
    report = run_json(taken(portail, client, tmp_path / "preuve.zip"))
    assert f"La clé qu’il affiche doit être {report['cle']} ." in words(page)
    assert 'href="/p/coteaux/acces/preuve"' in page


def test_a_journal_that_was_broken_gives_no_file_and_says_so(portail: Portail, lue: Lue) -> None:
    client = lue.enters()
    lue.scelle.seal()
    lue.scelle.sql("DELETE FROM trace_feuille WHERE rang = 3")
    answer = portail.get(client, "/p/coteaux/acces/preuve")
    assert answer.status_code == 422
    assert "le journal de votre service a été abîmé" in words(answer.text)


def test_nobody_takes_the_file_of_another(portail: Portail, lue: Lue, tmp_path: Path) -> None:
    assert portail.get(portail.client(), "/p/coteaux/acces/preuve").status_code == 303
    other = Followed(portail, portail.monde.a)
    with ZipFile(taken(portail, other.enters(), tmp_path / "autre.zip")) as archive:
        assert str(lue.dossier_id) not in archive.read("lignes.jsonl").decode()
        assert "rappel de vaccin" not in archive.read("LISEZ-MOI.html").decode()
