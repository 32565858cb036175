"""Marshmallow fields for what people type in French forms. Unknown fields are refused by `Form`."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")
_PARTS = re.compile(r"(\d{1,2})[ ./-](\d{1,2})[ ./-](\d{4})")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
CSRF_FIELD = "csrf_token"

REQUIRED = "Remplissez ce champ."
NOT_A_DATE = "Écrivez jour, mois, année\u00a0: 31121975 ou 31/12/1975."


class Form(Schema):
    """A form as a browser posts it. What the page does not have in it is refused, the forgery token aside."""

    class Meta:
        unknown = RAISE

    def read(self, posted: "MultiDict[str, str]") -> dict[str, Any]:
        """Raises: ValidationError."""
        if any(len(values) > 1 for _, values in posted.lists()):
            raise ValidationError("Un champ est répété.")
        loaded: dict[str, Any] = self.load({k: v for k, v in posted.items() if k != CSRF_FIELD})
        return loaded


def errors_by_field(error: ValidationError) -> dict[str, str]:
    """The first message of each field, for the page."""
    if not isinstance(error.messages, dict):
        return {}
    return {name: str(told[0] if isinstance(told, list) else told) for name, told in error.messages.items()}


class DateFr(fields.Field[date]):
    """A date as it is typed: 31121975, 31/12/1975, 31-12-1975, or ISO. An empty one is None when the field may be empty."""

    default_error_messages = {"required": REQUIRED, "null": REQUIRED, "invalid": NOT_A_DATE}  # noqa: RUF012 - marshmallow

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        if isinstance(value, str) and not value.strip():
            value = None
        return super().deserialize(value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        try:
            return parse_date(str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error


def parse_date(typed: str) -> date:
    """Raises: ValueError, with the sentence to show.

    >>> parse_date("31121975")
    datetime.date(1975, 12, 31)
    """
    text = typed.strip()
    if iso := _ISO.fullmatch(text):
        day, month, year = iso["day"], iso["month"], iso["year"]
    elif parts := (_DIGITS.fullmatch(text) or _PARTS.fullmatch(text)):
        day, month, year = parts.groups()
    else:
        raise ValueError(NOT_A_DATE)
    if not 1 <= int(month) <= 12:
        raise ValueError(f"Le mois {int(month)} n’existe pas. {NOT_A_DATE}")
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(f"Le jour {int(day)} n’existe pas dans ce mois. {NOT_A_DATE}") from error


class Ligne(fields.String):
    """One line of text, trimmed, without signs that nobody sees."""

    default_error_messages = {"required": REQUIRED, "null": REQUIRED}  # noqa: RUF012 - marshmallow

    def __init__(self, *, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.maximum = maximum

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text: str = _UNSEEN.sub("", super()._deserialize(value, attr, data, **kwargs)).strip()
        if self.required and not text:
            raise ValidationError(REQUIRED)
        if len(text) > self.maximum:
            raise ValidationError(f"{self.maximum} signes au plus.")
        return text
