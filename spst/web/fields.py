"""Marshmallow fields for what people type in French forms. Unknown fields are refused by `Form`."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")
_PARTS = re.compile(r"(\d{1,2})[ ./-](\d{1,2})[ ./-](\d{4})")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Signs without ink or that turn the reading: a name made of them would be nobody's on screen and in the traces."""
CSRF_FIELD = "csrf_token"
_YEARS = range(1900, 2200)
"""What a date about somebody at work can be; any other year was mistyped."""

REQUIRED = "Remplissez ce champ."
NOT_A_DATE = "Écrivez jour, mois, année\u00a0: jj/mm/aaaa, ou les huit chiffres à la suite."
REFUSED = "Cette valeur n’a pas la forme attendue. Corrigez-la, puis recommencez."
UNEXPECTED = "Ce formulaire n’a pas la forme attendue. Rechargez la page, puis recommencez."


class French(Schema):
    """A schema that answers in French, also where a field says nothing of its own."""

    error_messages = {"unknown": UNEXPECTED, "type": UNEXPECTED}  # noqa: RUF012 - marshmallow

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        said = {"required": REQUIRED, "null": REQUIRED}
        field_obj.error_messages = {
            code: said.get(code, REFUSED) if _is_of_library(field_obj, code, sentence) else sentence
            for code, sentence in field_obj.error_messages.items()
        }


def _is_of_library(field_obj: fields.Field[Any], code: str, sentence: Any) -> bool:
    return any(
        sentence == vars(kind).get("default_error_messages", {}).get(code)
        for kind in type(field_obj).__mro__
        if kind.__module__.startswith("marshmallow.")
    )


class Form(French):
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
    if int(year) not in _YEARS:
        raise ValueError(f"L’année {year} ne convient pas. {NOT_A_DATE}")
    if not 1 <= int(month) <= 12:
        raise ValueError(f"Le mois {int(month)} n’existe pas. {NOT_A_DATE}")
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(f"Le jour {int(day)} n’existe pas dans ce mois. {NOT_A_DATE}") from error


class Ligne(fields.String):
    """One line of text, trimmed, composed, without signs that nobody sees."""

    default_error_messages = {"required": REQUIRED, "null": REQUIRED}  # noqa: RUF012 - marshmallow

    def __init__(self, *, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.maximum = maximum

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        typed: str = super()._deserialize(value, attr, data, **kwargs)
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", typed)).strip()
        if self.required and not text:
            raise ValidationError(REQUIRED)
        if len(text) > self.maximum:
            raise ValidationError(f"{self.maximum} signes au plus.")
        return text
