"""Timing two ways of doing the same thing, in turns, so that both meet the same machine."""

import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

Act = Callable[[int], object]
"""Does the thing once; told how often it was done before, so that each time is another dossier."""

_WARM_UP = 60
_TURNS = 400
_SECONDS = 4.0
PROCESSES = 2
LANE = 1_000_000
"""Processes count from different multiples of this, so that each can keep to rows of its own."""


@dataclass(frozen=True, slots=True)
class Mesure:
    """Times in microseconds, throughput in acts per second of `PROCESSES` processes."""

    measure: str
    p50_us: float
    floor_p50_us: float
    ratio: float
    throughput: float | None = None
    floor_throughput: float | None = None

    def show(self) -> None:
        sys.stdout.write(json.dumps(asdict(self)) + "\n")
        sys.stdout.flush()


def medians(*acts: Act, turns: int = _TURNS) -> list[float]:
    """Median time of each act, one after the other in each turn."""
    for n in range(_WARM_UP):
        for act in acts:
            act(n)
    times: list[list[int]] = [[] for _ in acts]
    for n in range(turns):
        for act, spent in zip(acts, times, strict=True):
            start = time.perf_counter_ns()
            act(n)
            spent.append(time.perf_counter_ns() - start)
    return [round(statistics.median(spent) / 1000, 1) for spent in times]


def throughput(prepare: Callable[[], Act], processes: int = PROCESSES, seconds: float = _SECONDS) -> float:
    """Acts per second of several processes at once; each prepares its own connections."""
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        done: list[int] = manager.list()  # type: ignore[assignment]
        barrier = manager.Barrier(processes)
        workers = [
            context.Process(target=_work, args=(prepare, barrier.wait, done.append, seconds, rank * LANE))
            for rank in range(processes)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        counts: Sequence[int] = list(done)
    return round(sum(counts) / seconds, 1)


def _work(
    prepare: Callable[[], Act], wait: Callable[[], object], report: Callable[[int], None], seconds: float, n: int
) -> None:
    act = prepare()
    for warm in range(20):
        act(n + warm)
    wait()
    start, first = time.perf_counter(), n
    while time.perf_counter() - start < seconds:
        act(n)
        n += 1
    report(n - first)


def compare(name: str, service: Callable[[], Act], floor: Callable[[], Act]) -> Mesure:
    ours, theirs = medians(service(), floor())
    return Mesure(name, ours, theirs, round(ours / theirs, 2), throughput(service), throughput(floor))
