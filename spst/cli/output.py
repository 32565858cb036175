"""How commands print facts: a sentence for people, one JSON object for programs."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help="Répond par un objet JSON."
)


def show(facts: Mapping[str, object], sentence: str, *, as_json: bool) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False, default=str) if as_json else sentence)
