"""No trait of anybody in an address: forms that name people post, scripts put nothing typed behind a question mark."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "frontend").rglob("*.ts"))

GET_FIELDS = {"periode", "du", "au", "qui", "acte", "volet", "decision", "dossier", "avant", "apres"}
"""Filters of the journal: days, an account's id or a role, an act, a section, a decision, an opaque reference; numbers of
versions of the policy. Nobody's trait."""

_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_FIELDS = re.compile(
    r'(?:<(?:input|select|textarea)\b[^>]*\bname=|\b(?:field|date_field|select|textarea|choice|check)\()"([^"{]+)"'
)


def markup(path: Path) -> str:
    return _COMMENT.sub("", path.read_text("utf-8"))


def forms(path: Path) -> list[tuple[str, set[str]]]:
    """Method and field names of each form of a template."""
    found = []
    for attributes, body in _FORM.findall(markup(path)):
        method = re.search(r'\bmethod="(\w+)"', attributes)
        found.append((method[1].lower() if method else "get", set(_FIELDS.findall(body))))
    return found


def test_every_form_is_seen() -> None:
    every = [form for path in TEMPLATES for form in forms(path)]
    assert len(every) == sum(markup(path).count("<form") for path in TEMPLATES) > 20
    assert any("naissance" in fields for _, fields in every)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_form_that_names_somebody_is_posted(path: Path) -> None:
    for method, fields in forms(path):
        assert method in {"get", "post", "dialog"}
        if method == "get":
            assert fields <= GET_FIELDS


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_page_asks_for_a_fragment_by_its_address(path: Path) -> None:
    """A fragment that comes by itself, from an address that the page wrote whole, holds nothing typed."""
    for element in re.findall(r"<(\w+)\b[^>]*\bhx-get=", markup(path)):
        assert element == "div"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_writes_an_address_with_something_typed(path: Path) -> None:
    assert not re.search(r"searchParams|\.search\s*[+=]|\?\$\{|[?&]\w+=", path.read_text("utf-8"))
