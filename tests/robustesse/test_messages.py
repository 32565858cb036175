"""What each form says of what it refuses, field by field: in French, and never by an accident of ours."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict

from spst.pilotage import schemas as pilotage
from spst.web.fields import Form, errors_by_field
from tests.robustesse.valeurs import BIDI, CODE, DATES, IDS, NUMBERS, UNSEEN, WIDE

MODULES = ("spst.espace_pro.schemas", "spst.pilotage.schemas", "spst.visites.schemas")
VALUES = (*DATES, *NUMBERS, *IDS, *UNSEEN, *BIDI, *CODE, *WIDE, "", " ", "a" * 200_000)
ENGLISH = re.compile(r"\b(field|valid|missing|must|length|longer|shorter|null|unknown|value|not|greater|than)\b", re.I)
NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)


def schemas() -> Iterator[type[Schema]]:
    for name in MODULES:
        module = import_module(name)
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, Schema) and one.__module__ == name:
                yield one


def told(schema: type[Schema], posted: dict[str, str]) -> dict[str, str]:
    try:
        made = schema()
        made.read(MultiDict(posted)) if isinstance(made, Form) else made.load(posted)
    except ValidationError as error:
        return errors_by_field(error)
    return {}


@pytest.mark.parametrize("schema", [*schemas()], ids=lambda schema: schema.__name__)
def test_every_message_of_a_form_is_french(schema: type[Schema]) -> None:
    for name in (*schema().fields, "inattendu"):
        for value in VALUES:
            for field, sentence in told(schema, {name: value}).items():
                assert not ENGLISH.search(sentence), (name, value[:40], field, sentence)
                assert sentence[0].isupper() or sentence[0].isdigit(), (name, value[:40], field, sentence)
                assert sentence.endswith("."), (name, value[:40], field, sentence)


@pytest.mark.parametrize("name", ["debut", "fin"])
def test_a_role_granted_from_or_until_any_date_is_given_or_refused_in_french(name: str) -> None:
    for typed in DATES:
        _asked_of(pilotage.RoleForm(), {"role": "ADM", name: typed}, lambda read: pilotage.demande_role(read, NOW))


def test_filters_of_the_journal_take_or_refuse_any_date() -> None:
    for start in ("", *DATES):
        for end in ("", *DATES):
            posted = {"periode": "dates", "du": start, "au": end}
            _asked_of(pilotage.FiltresForm(), posted, lambda read: pilotage.filtres(read, date(2026, 11, 23)))


def _asked_of(schema: Any, posted: dict[str, str], then: Any) -> None:
    """A date is read, or refused with a sentence: no other error comes out of it."""
    try:
        then(schema.load({name: value for name, value in posted.items() if value}))
        said = {"_": "Lu."}
    except ValidationError as error:
        said = errors_by_field(error)
    except ValueError as error:
        said = {"_": str(error)}
    assert said, posted
    assert all(sentence.endswith(".") for sentence in said.values()), (posted, said)
