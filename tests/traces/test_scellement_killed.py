"""The worker is killed without warning, again and again, while traces are written: one history, and every head is in it."""

import random
import threading

import pytest

from spst.adapters.tetes.dossier import FolderOfHeads
from spst.kernel import merkle
from spst.traces.sceau import Sceau, open_head
from tests.e2e.demonstration import free_ports
from tests.factories.attente import until
from tests.factories.programs import SEAL_KEY, Program, heads_of
from tests.factories.scelle import Scelle
from tests.scale import SCALE

KILLS = 8 * SCALE


@pytest.mark.exigence("TRA-03")
def test_a_worker_killed_at_any_moment_never_leaves_two_histories(scelle: Scelle) -> None:
    monde, stop = scelle.monde, threading.Event()
    copie = FolderOfHeads(heads_of(monde))

    def write() -> None:
        while not stop.is_set():
            scelle.write(3)
            scelle.write(1, monde.b)

    writer = threading.Thread(target=write)
    writer.start()
    chance = random.Random(20261123)
    with Program(monde, free_ports(1), "worker") as worker:
        for _ in range(KILLS):
            before = sealed(scelle)
            until(lambda before=before: sealed(scelle) > before, "the worker does not seal")  # type: ignore[misc]
            # A moment that the worker does not choose: so many lines later, whatever it is at.
            enough = written(scelle) + chance.randrange(1, 60)
            until(lambda enough=enough: written(scelle) >= enough, "nothing is written")  # type: ignore[misc]
            worker.kill()
            worker.start()
        stop.set()
        writer.join()
        until(lambda: waiting(scelle) == 0, "lines are left without seal")
        until(lambda: len(list(copie.all(monde.a.tenant_id))) == heads(scelle), "heads are left uncopied")
    for spst in (monde.a, monde.b):
        rows = scelle.rows("SELECT empreinte FROM trace_feuille WHERE tenant_id = %s ORDER BY rang", spst)
        leaves = [merkle.leaf_hash(row[0]) for row in rows]
        signed = [
            row[0] for row in scelle.rows("SELECT note FROM trace_tete WHERE tenant_id = %s ORDER BY taille", spst)
        ]
        assert list(copie.all(spst.tenant_id)) == signed
        cles = Sceau.derive(SEAL_KEY, spst.tenant_id).publiques
        for tete in (open_head(note, [cles]).tete for note in signed):
            assert tete.racine == merkle.root(leaves[: tete.taille])
        assert open_head(signed[-1], [cles]).tete.taille == len(leaves)


def sealed(scelle: Scelle) -> int:
    return int(scelle.sql("SELECT count(*) FROM trace_feuille")[0][0])


def written(scelle: Scelle) -> int:
    return int(scelle.sql("SELECT count(*) FROM trace")[0][0])


def waiting(scelle: Scelle) -> int:
    return written(scelle) - sealed(scelle)


def heads(scelle: Scelle) -> int:
    return int(scelle.rows("SELECT count(*) FROM trace_tete WHERE tenant_id = %s")[0][0])
