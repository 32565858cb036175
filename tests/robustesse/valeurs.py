"""Values that people, programs and attackers put in a field."""

from dataclasses import dataclass

from hypothesis import strategies as st

ABSENT, REPEATED = "absent", "repeated"


@dataclass(frozen=True, slots=True)
class Champ:
    """What arrives for one field: a value, nothing at all, or the value twice."""

    valeur: str
    comment: str = ""

    def pairs(self, name: str) -> list[tuple[str, str]]:
        return [(name, self.valeur)] * {ABSENT: 0, REPEATED: 2}.get(self.comment, 1)


UNSEEN = ("\x00", "a\x00b", "\x1b[31mrouge\x1b[0m", "\x07\x08\x0b\x0c\x7f\x85", "\r", "\ufeff", "a\u200db", "\u2028")
BIDI = ("\u202egnilrevo\u202c", "\u2066isolé\u2069", "\u200f‏", "abc\u202a")
HALF = ("\ud83d", "\udc00abc", "\ufffd", "\ufffe\uffff", "\U0010ffff")
WIDE = ("👩‍⚕️ 🏳️‍🌈", "𝓩𝓸é", "ÿ" * 300, "ﷺ" * 50, "Z̸̢͎a̶̡l̷g̸o̵")
CODE = (
    "'; DROP TABLE dossier; --", "' OR 1=1 --", "%' AND 1=(SELECT 1/0) --", "\\'; SELECT pg_sleep(9)--",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</textarea><b>", "javascript:alert(1)",
    "{{7*7}}", "{% raise %}", "${7*7}", "%s%n%x", "{0.__class__}", "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "../../../../etc/passwd", "=HYPERLINK(\"http://x\")", "\n\nSet-Cookie: a=b",
)  # fmt: skip
DATES = (
    "31/02/2026", "00/00/0000", "01/01/0001", "31/12/9999", "0001-01-01", "9999-12-31", "29022025", "1/1/1", "32012026",
    "٣١/١٢/١٩٧٥", "2026-W01-1", "hier", "12/31/2026", "-1/01/2026", "01/01/10000", "01/01/1900", "31121975",
)  # fmt: skip
NUMBERS = (
    "-1",
    "0",
    "1e400",
    "NaN",
    "Infinity",
    "9" * 30,
    "9" * 5000,
    "0x10",
    "1_000",
    "١٢",
    "2147483648",
    "-0",
    "1.5",
)
IDS = (
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "pas-un-uuid", "{}", "urn:uuid:",
    "0190163d8694739b8ba9c7ff1a1a1a1a", "null", "undefined", "true", "oui", "[]",
)  # fmt: skip
LONG = ("é" * 6_000, "a " * 60_000, "\n" * 5_000)

_TEXTS = (*UNSEEN, *BIDI, *HALF, *WIDE, *CODE, *LONG, "", " ", "\t\n")
_ANY = st.text(max_size=60)


def champ(plausible: tuple[str, ...]) -> st.SearchStrategy[Champ]:
    """Mostly what a page of ours would send, so that the other fields of the form are reached."""
    right = st.sampled_from(plausible or ("",))
    return st.one_of(
        st.builds(Champ, right),
        st.builds(Champ, right),
        st.builds(Champ, st.sampled_from(_near(plausible))),
        st.builds(Champ, st.sampled_from(_TEXTS)),
        st.builds(Champ, _ANY),
        st.builds(Champ, right, st.sampled_from((ABSENT, REPEATED))),
    )


def _near(plausible: tuple[str, ...]) -> tuple[str, ...]:
    """Values of the kind that the field expects, and that it does not expect."""
    sample = max(plausible, default="", key=len)
    if "/" in sample:
        return DATES
    if sample.isdigit():
        return (*NUMBERS, *DATES)
    return (*IDS, *NUMBERS) if "-" in sample else (*DATES, *IDS, *NUMBERS)
