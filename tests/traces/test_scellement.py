"""The sealer: every committed trace gets one place, heads are signed within a round, and no history is sealed twice."""

import secrets
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from spst.adapters.tetes.dossier import FolderOfHeads
from spst.kernel import merkle
from spst.kernel.ids import new_id
from spst.kernel.notes import open_note
from spst.traces import arbre, scellement, tetes
from spst.traces import services as traces
from spst.traces.ports import TetesContradicted, TetesUnavailable
from spst.traces.sceau import Sceau, Tete, open_handover, open_head, origin_of
from spst.traces.tetes import Scelleur
from tests.factories.attente import until
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle

pytestmark = pytest.mark.exigence("TRA-03")


def notes(scelle: Scelle) -> list[str]:
    return [row[0] for row in scelle.rows("SELECT note FROM trace_tete WHERE tenant_id = %s ORDER BY taille")]


def heads(scelle: Scelle) -> list[Tete]:
    cles = [sceau.publiques for sceau in scelle.scelleur.sceaux(scelle.monde.a.tenant_id)]
    return [open_head(note, cles).tete for note in notes(scelle)]


def leaves(scelle: Scelle) -> list[bytes]:
    rows = scelle.rows("SELECT empreinte FROM trace_feuille WHERE tenant_id = %s ORDER BY rang")
    return [merkle.leaf_hash(row[0]) for row in rows]


def copies(scelle: Scelle) -> list[str]:
    return list(scelle.scelleur.copie.all(scelle.monde.a.tenant_id))


def test_a_round_seals_every_line_once_in_the_order_of_its_transaction(scelle: Scelle) -> None:
    scelle.write(5)
    scelle.write(2, scelle.monde.b)
    assert scelle.seal() == 7
    assert scelle.seal() == 0
    found = scelle.rows("""SELECT f.rang, t.xid FROM trace_feuille f JOIN trace t ON t.tenant_id = f.tenant_id
                           AND t.id = f.trace_id WHERE f.tenant_id = %s ORDER BY f.rang""")
    assert [row[0] for row in found] == list(range(5))
    assert [row[1] for row in found] == sorted(row[1] for row in found)


def test_the_head_is_that_of_the_leaves_signed_by_both_keys_and_copied_outside(scelle: Scelle) -> None:
    scelle.write(3)
    scelle.seal()
    scelle.write(4)
    scelle.seal()
    assert [tete.taille for tete in heads(scelle)] == [3, 7]
    for tete in heads(scelle):
        assert tete.racine == merkle.root(leaves(scelle)[: tete.taille])
        assert tete.origin == origin_of(scelle.monde.a.tenant_id)
    assert copies(scelle) == notes(scelle)
    sceau = Sceau.derive(scelle.scelleur.secret, scelle.monde.a.tenant_id)
    _, signatures = open_note(notes(scelle)[0], [sceau.journal.public, sceau.horloge.public])
    assert len(signatures) == 2
    kept = scelle.rows("SELECT journal, horloge, depuis, passage FROM trace_cle WHERE tenant_id = %s")
    assert kept == [(str(sceau.journal.public), str(sceau.horloge.public), 0, None)]


def test_the_keys_of_two_spsts_differ(scelle: Scelle) -> None:
    a, b = (Sceau.derive(scelle.scelleur.secret, spst.tenant_id) for spst in (scelle.monde.a, scelle.monde.b))
    assert a.journal.seed != b.journal.seed != a.horloge.seed


def test_a_line_whose_transaction_is_under_way_waits_and_comes_after_without_being_missed(scelle: Scelle) -> None:
    """The older transaction commits last: the younger line, though committed, is not sealed before it."""
    with scelle.monde.work(scelle.monde.a.medecin) as slow:
        slow.session.execute(text("SELECT pg_current_xact_id()"))
        scelle.write(2)
        assert scelle.seal() == 0
        traces.record(slow, "dossier.open", scelle.monde.a.pierre.dossier_id, ["S3"])
    assert scelle.seal() == 3
    order = scelle.rows("""SELECT t.dossier_id FROM trace_feuille f JOIN trace t ON t.tenant_id = f.tenant_id
                           AND t.id = f.trace_id WHERE f.tenant_id = %s ORDER BY f.rang""")
    assert order[0][0] == scelle.monde.a.pierre.dossier_id


def test_sealing_in_small_batches_loses_nothing_and_repeats_nothing(
    scelle: Scelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scelle.monde.work(scelle.monde.a.medecin) as ctx:
        for name in ("zoe", "pierre", "toussaint"):
            traces.record(ctx, "dossier.open", getattr(scelle.monde.a, name).dossier_id, ["S3"])
    scelle.write(4)
    monkeypatch.setattr(scellement, "BATCH", 2)
    assert scelle.seal() == 7
    assert [tete.taille for tete in heads(scelle)] == [2, 4, 6, 7]
    assert scelle.rows("SELECT count(DISTINCT trace_id) FROM trace_feuille WHERE tenant_id = %s") == [(7,)]


def test_a_tree_that_grew_in_many_rounds_proves_each_of_its_leaves(scelle: Scelle) -> None:
    for count in (1, 2, 30, 5):
        scelle.write(count)
        scelle.seal()
    kept = leaves(scelle)
    with scelle.monde.work(scelle.monde.a.medecin) as ctx:
        for index in range(len(kept)):
            proof = merkle.prove(merkle.inclusion_spans(index, len(kept)), lambda nodes: arbre.read_nodes(ctx, nodes))
            merkle.verify_inclusion(kept[index], index, len(kept), proof, heads(scelle)[-1].racine)


def test_a_line_that_no_process_of_ours_signed_is_never_sealed_and_told_of_once(scelle: Scelle) -> None:
    scelle.write(2)
    scelle.sql(
        """INSERT INTO trace SELECT (jsonb_populate_record(t, jsonb_build_object('id', %s::text, 'writer_n', 999))).*
           FROM trace t WHERE tenant_id = %s ORDER BY id LIMIT 1""",
        str(new_id()),
        scelle.monde.a.tenant_id,
    )
    assert [scelle.seal(), scelle.seal()] == [2, 0]
    scelle.write()
    assert scelle.seal() == 1
    assert scelle.told() == [("traces.ligne_forgee", {"tenant": str(scelle.monde.a.tenant_id), "lignes": 1})]


class Cut(BaseException):
    pass


def test_a_process_that_dies_before_its_commit_leaves_nothing_of_a_sealing(
    scelle: Scelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    scelle.write(3)

    def cut(*_: Any, **__: Any) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(tetes, "add", cut)
        with pytest.raises(Cut):
            scelle.seal()
    assert (leaves(scelle), notes(scelle), copies(scelle)) == ([], [], [])
    assert scelle.seal() == 3


def test_a_head_that_was_committed_and_not_copied_is_copied_by_the_next_process(
    scelle: Scelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    scelle.write(3)

    def cut(*_: Any) -> None:
        raise TetesUnavailable("disk gone")

    with monkeypatch.context() as patch:
        patch.setattr(FolderOfHeads, "add", cut)
        assert scelle.seal() == 0
    assert (len(notes(scelle)), copies(scelle)) == (1, [])
    assert scelle.told() == [
        ("traces.scellement_refuse", {"tenant": str(scelle.monde.a.tenant_id), "raison": "copie_indisponible"})
    ]
    scelle.write()
    assert scelle.seal() == 1
    assert copies(scelle) == notes(scelle)


def test_two_sealers_at_once_share_the_lines_and_make_one_history(scelle: Scelle) -> None:
    scelle.write(40)
    sealed: list[int] = []

    def work() -> None:
        sealed.append(scellement.go_round(scelle.monde.runtime, scelle.scelleur, scellement.Ronde()))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sealed) == 40
    assert heads(scelle)[-1] == Tete(origin_of(scelle.monde.a.tenant_id), 40, merkle.root(leaves(scelle)))


def test_a_database_brought_back_from_a_backup_is_not_sealed_further(scelle: Scelle) -> None:
    """What is sealed after the backup would be a second history: heads that were copied outside say so."""
    scelle.write(3)
    scelle.seal()
    scelle.write(2)
    scelle.seal()
    for statement in (
        "DELETE FROM trace_tete WHERE taille > 3",
        "DELETE FROM trace_noeud WHERE rang < 0",
        "DELETE FROM trace WHERE id IN (SELECT trace_id FROM trace_feuille WHERE rang >= 3)",
        "DELETE FROM trace_feuille WHERE rang >= 3",
    ):
        scelle.sql(statement)
    scelle.write()
    assert scelle.seal() == 0
    assert scelle.told()[-1][1]["raison"] == "retour_en_arriere"
    assert len(notes(scelle)) == 1


REWRITINGS = {
    "the last head altered": ("UPDATE trace_tete SET note = replace(note, E'\\n3\\n', E'\\n2\\n')", "tete_alteree"),
    "the last head signed by somebody else": ("UPDATE trace_tete SET note = %(autre)s", "cle_inconnue"),
    "a leaf altered": ("UPDATE trace_feuille SET empreinte = sha256('x') WHERE rang = 2", "arbre_altere"),
    "a leaf taken away": ("DELETE FROM trace_feuille WHERE rang = 2", "arbre_altere"),
    "the heads taken away": ("DELETE FROM trace_tete", "retour_en_arriere"),
}


@pytest.mark.parametrize("name", REWRITINGS)
def test_a_database_that_was_rewritten_is_not_sealed_further(scelle: Scelle, name: str) -> None:
    scelle.write(3)
    scelle.seal()
    statement, code = REWRITINGS[name]
    tenant = scelle.monde.a.tenant_id
    stranger = Sceau.derive(bytes(32), tenant).sign_head(heads(scelle)[0], scelle.monde.runtime.clock.now())
    if "autre" in statement:
        scelle.sql("UPDATE trace_tete SET note = %s", stranger)
    else:
        scelle.sql(statement)
    scelle.write()
    assert scelle.seal() == 0
    assert scelle.told()[-1] == ("traces.scellement_refuse", {"tenant": str(tenant), "raison": code})


def test_a_refusal_is_told_once_and_does_not_stop_the_other_spst(scelle: Scelle) -> None:
    scelle.write(3)
    scelle.write(1, scelle.monde.b)
    scelle.seal()
    scelle.sql("UPDATE trace_feuille SET empreinte = sha256('x') WHERE tenant_id = %s", scelle.monde.a.tenant_id)
    scelle.write()
    scelle.write(2, scelle.monde.b)
    assert [scelle.seal(), scelle.seal()] == [2, 0]
    assert len(scelle.told()) == 1


def test_a_disk_that_is_not_mounted_stops_the_sealing_and_loses_nothing(scelle: Scelle, tmp_path: Path) -> None:
    scelle.write(2)
    scelle.seal()
    away = tmp_path / "demontee"
    shutil.move(scelle.folder, away)
    scelle.write()
    assert scelle.seal() == 0
    assert scelle.told()[-1][1]["raison"] == "copie_indisponible"
    shutil.move(away, scelle.folder)
    assert scelle.seal() == 1
    assert copies(scelle) == notes(scelle)


def test_a_new_secret_goes_on_when_the_old_one_names_it_and_old_heads_still_verify(scelle: Scelle) -> None:
    scelle.write(2)
    scelle.seal()
    old, tenant = scelle.scelleur.secret, scelle.monde.a.tenant_id
    scelle.scelleur = Scelleur(secrets.token_bytes(32), scelle.scelleur.copie)
    scelle.write()
    assert scelle.seal() == 0
    assert scelle.told()[-1][1]["raison"] == "cle_inconnue"
    scelle.scelleur = Scelleur(scelle.scelleur.secret, scelle.scelleur.copie, (old,))
    assert scelle.seal() == 1
    before, after = (Sceau.derive(secret, tenant).publiques for secret in (old, scelle.scelleur.secret))
    (passage,) = (row[0] for row in scelle.rows("SELECT passage FROM trace_cle WHERE tenant_id = %s AND depuis > 0"))
    assert open_handover(passage, [before]) == (after, 2)
    first, second = notes(scelle)
    assert (open_head(first, [before]).tete.taille, open_head(second, [after]).tete.taille) == (2, 3)
    scelle.scelleur = Scelleur(scelle.scelleur.secret, scelle.scelleur.copie)
    scelle.write()
    assert scelle.seal() == 1


def test_a_database_brought_to_another_server_is_sealed_on_whatever_its_counter_says(scelle: Scelle) -> None:
    """Transactions are numbered anew there: lines of the old server may bear numbers that are still to come."""
    scelle.write(3)
    scelle.seal()
    scelle.write(2)
    scelle.sql("UPDATE trace SET xid = xid + 1000000")
    scelle.sql("UPDATE trace_tete SET xid = xid + 1000000")
    scelle.write(2)
    assert scelle.seal() == 4
    scelle.write()
    assert scelle.seal() == 1
    assert len(leaves(scelle)) == 8


def test_only_the_sealer_adds_to_the_tree_and_nobody_changes_it(scelle: Scelle) -> None:
    scelle.write(2)
    scelle.seal()
    for acteur in (scelle.monde.a.medecin, scelle.monde.a.directrice, VERIFICATION):
        with pytest.raises(Exception, match="row-level security"), scelle.monde.work(acteur) as ctx:
            arbre.append(ctx, arbre.frontier(ctx, 2), [(new_id(), b"x" * 64)])
    for statement in ("UPDATE trace_feuille SET rang = 9", "DELETE FROM trace_tete", "TRUNCATE trace_noeud"):
        with pytest.raises(Exception, match="append-only"), scelle.monde.superuser.begin() as connection:
            connection.execute(text(statement))


def test_the_sealer_never_reads_why_a_dossier_was_opened(scelle: Scelle) -> None:
    scelle.write()
    with scelle.monde.work(scellement._SEALER, motif=TECHNIQUE) as ctx:
        assert ctx.session.execute(text("SELECT count(*) FROM trace")).scalar_one() == 1
        assert ctx.session.execute(text("SELECT count(*) FROM trace_reserve")).scalar_one() == 0


def test_a_sealer_that_keeps_going_seals_within_two_rounds_and_stops_when_asked(scelle: Scelle) -> None:
    stop = threading.Event()
    arguments = (scelle.monde.runtime, scelle.scelleur, stop, 0.02)
    thread = threading.Thread(target=scellement.keep_sealing, args=arguments)
    thread.start()
    scelle.write(3)
    until(lambda: len(leaves(scelle)) == 3, "the sealer does not seal")
    stop.set()
    thread.join(10)
    assert (len(leaves(scelle)), thread.is_alive()) == (3, False)


def test_a_copy_is_written_whole_and_never_over_another(tmp_path: Path) -> None:
    root = tmp_path / "tetes"
    root.mkdir()
    copie, tenant = FolderOfHeads(root), new_id()
    at = datetime(2026, 11, 23, tzinfo=UTC)
    copie.add(tenant, 3, at, "une tête\n")
    copie.add(tenant, 3, at, "une tête\n")
    with pytest.raises(TetesContradicted):
        copie.add(tenant, 3, at, "une autre\n")
    copie.add(tenant, 20, at, "la suivante\n")
    assert list(copie.all(tenant)) == ["une tête\n", "la suivante\n"]
    assert copie.last(tenant) == "la suivante\n"
    assert copie.last(new_id()) is None
    assert [path.suffix for path in root.rglob("*.*")] == [".note", ".note"]
    with pytest.raises(TetesUnavailable):
        FolderOfHeads(tmp_path / "absente").last(tenant)
