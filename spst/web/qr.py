"""QR codes as SVG for the pages: black squares, in which nothing of the text stands as text."""

import segno
from markupsafe import Markup


def svg(text: str) -> Markup:
    made = segno.make(text, error="m", micro=False)
    return Markup(made.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))
