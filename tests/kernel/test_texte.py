"""Signs that nobody sees do not reach a dossier; those that make other signs do."""

import pytest

from spst.kernel.texte import visible


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Soudeuse TIG, 68,5 kg", "Soudeuse TIG, 68,5 kg"),
        ("espaces\u00a0: \u202f; \u2003", "espaces\u00a0: \u202f; \u2003"),
        ("pas d\u200b\u2060\u00ad’allergie\ufeff", "pas d’allergie"),
        ("Dr \u202eenioteL\u202c \u2066x\u2069", "Dr enioteL x"),
        ("fumeur\u200d\u200c \u200e\u200f\u061cnon", "fumeur non"),
        ("\u3164\u2800\u115f\u180e", ""),
        ("caché\U000e0041\U000e0042", "caché"),
        ("ligne\u2028suivante", "ligne\nsuivante"),
        ("👩‍⚕️ et 👩🏽‍🔧 et 👨‍👩‍👧 et ❤️‍🩹", "👩‍⚕️ et 👩🏽‍🔧 et 👨‍👩‍👧 et ❤️‍🩹"),
        ("\u200d👩\u200d", "👩"),
        ("مرحبا \u200f! می\u200cخواهم", "مرحبا \u200f! می\u200cخواهم"),
    ],
)
def test_a_text_holds_only_what_its_reader_sees(typed: str, kept: str) -> None:
    assert visible(typed) == kept
    assert visible(kept) == kept
