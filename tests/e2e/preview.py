"""Renders every page from sample view-models into build/preview: `python -m tests.e2e.preview`, then open the files.

Undefined variables are errors: what a template reads must be in the view-model documented at its head.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spst.web.assets import Assets
from spst.web.filters import FILTERS
from tests.e2e import samples

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "preview"


@cache
def environment() -> Environment:
    made = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined)
    made.filters.update(FILTERS)
    made.globals.update(asset=Assets().url, csrf_token=lambda: "preview")
    return made


def render(sample: samples.Sample) -> str:
    return environment().get_template(sample.template).render(**sample.model)


def write_all(folder: Path = FOLDER) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for sample in samples.every():
        path = folder / f"{sample.name}.html"
        path.write_text(render(sample), encoding="utf-8")
        made.append(path)
    return made


if __name__ == "__main__":
    write_all()
