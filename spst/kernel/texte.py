"""Signs of a text that nobody sees. Pure functions."""

import re
import unicodedata

_WITHOUT_INK = re.compile(
    "[\xad\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_MARKS = re.compile("[\u061c\u200c-\u200f]")
_SEPARATORS = re.compile("[\u2028\u2029]")
_JOINER, _AS_EMOJI = "\u200d", "\ufe0f"
_RIGHT_TO_LEFT = {"R", "AL"}


def visible(texte: str) -> str:
    """The text without what hides in it or turns its reading: two that look alike are alike.

    Direction marks and joiners stay in a text written from right to left, which needs them; so do those that make one emoji
    of several.

    >>> visible("non\u200b fumeur \u202e!")
    'non fumeur !'
    """
    inked = _WITHOUT_INK.sub("", _SEPARATORS.sub("\n", texte))
    if not _MARKS.search(inked) or any(unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT for sign in _letters(inked)):
        return inked
    return _MARKS.sub(lambda mark: mark.group() if _joins_emoji(inked, mark.start()) else "", inked)


def _letters(texte: str) -> str:
    """The marks themselves are of a direction."""
    return _MARKS.sub("", texte)


def _joins_emoji(texte: str, at: int) -> bool:
    return texte[at] == _JOINER and _is_emoji(texte[at - 1 : at]) and _is_emoji(texte[at + 1 : at + 2])


def _is_emoji(sign: str) -> bool:
    """A pictograph, the tint of its skin, or what says that it is drawn as one."""
    return bool(sign) and (
        sign == _AS_EMOJI or "\U0001f3fb" <= sign <= "\U0001f3ff" or unicodedata.category(sign) == "So"
    )
