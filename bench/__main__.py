"""`make bench`: one JSON line per measure, service beside floor, page beside shell. It asserts no time."""

from collections.abc import Iterator

from bench import actes, habilitations, pages, plancher, scellement
from bench.mesure import Mesure, compare, medians
from bench.montage import Terrain, terrain


def measures(where: Terrain) -> Iterator[Mesure]:
    yield compare("consult", lambda: actes.consult(where), lambda: plancher.consult(where))
    yield compare("search", lambda: actes.search(where), lambda: plancher.search(where))
    yield compare("search.common_name", lambda: actes.search_common(where), lambda: plancher.search_common(where))
    yield compare("save_note", lambda: actes.save(where), lambda: plancher.save(where))
    yield (overhead := trace_overhead(where))
    for measure in pages.measures(where):
        yield measure
        if measure.measure == "page.consult":
            yield of_request(overhead, measure)
    yield from scellement.measures(where)
    yield from habilitations.measures()


def trace_overhead(where: Terrain) -> Mesure:
    """Consulting with its trace, beside the same without: the ratio less one is what tracing costs."""
    traced, untraced = medians(actes.consult(where), actes.consult_untraced(where))
    return Mesure("trace_overhead", traced, untraced, round(traced / untraced, 3))


def of_request(overhead: Mesure, page: Mesure) -> Mesure:
    """What tracing adds to the request that asks for the act, flush included."""
    without = page.p50_us - (overhead.p50_us - overhead.floor_p50_us)
    return Mesure("trace_overhead.page", page.p50_us, round(without, 1), round(page.p50_us / without, 3))


def main() -> None:
    with terrain() as where:
        for measure in measures(where):
            measure.show()


if __name__ == "__main__":
    main()
