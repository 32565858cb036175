"""Signed notes: the example of the specification, what openssl says of ours, and what is refused."""

import base64
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from spst.kernel.notes import (
    ED25519,
    MAX_SIGNATURES,
    TIMESTAMPED,
    NoteRefused,
    SigningKey,
    VerifierKey,
    open_note,
    sign,
    text_of,
)

pytestmark = pytest.mark.exigence("TRA-03", partielle="the format of signed heads")

PUBLISHED_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
"""c2sp.org/signed-note v1.0.0, its own example."""

AT = datetime(2026, 11, 23, 9, 30, 5, 999999, tzinfo=UTC)
JOURNAL = SigningKey("exemple.fr/traces", ED25519, bytes(range(32)))
HORLOGE = SigningKey("exemple.fr/traces", TIMESTAMPED, bytes(range(32, 64)))
TEXT = "exemple.fr/traces\n7\n3bib6EA+MJMldQ06Y80Pzpd5KdZ0bG5xyHzfR6S3yXM=\n"


def test_the_example_of_the_specification_is_opened() -> None:
    text, signatures = open_note(PUBLISHED_NOTE, [VerifierKey.parse(PUBLISHED_KEY)])
    assert text == "This is an example message.\n"
    assert [str(one.key) for one in signatures] == [PUBLISHED_KEY]


@pytest.mark.parametrize(
    ("key", "instant_bytes", "header"),
    [(JOURNAL, 0, ""), (HORLOGE, 8, f"cosignature/v1\ntime {int(AT.timestamp())}\n")],
    ids=["text", "text and instant"],
)
def test_openssl_verifies_a_signature_line_of_ours_over_what_the_specification_says(
    tmp_path: Path, key: SigningKey, instant_bytes: int, header: str
) -> None:
    body = base64.b64decode(sign(TEXT, [key], AT).splitlines()[-1].split(" ")[2])
    public = Ed25519PublicKey.from_public_bytes(key.public.raw)
    for name, content in (
        ("key.pem", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
        ("text", f"{header}{TEXT}".encode()),
        ("signature", body[4 + instant_bytes :]),
    ):
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "text"]
    said = subprocess.run(
        [*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout.strip()) == (0, "Signature Verified Successfully")


def test_a_timestamped_key_says_when_to_the_second() -> None:
    _, signatures = open_note(sign(TEXT, [JOURNAL, HORLOGE], AT), [JOURNAL.public, HORLOGE.public])
    assert [one.at for one in signatures] == [None, AT.replace(microsecond=0)]


def test_the_keys_of_both_kinds_are_never_taken_for_one_another() -> None:
    same_seed = SigningKey(JOURNAL.name, TIMESTAMPED, JOURNAL.seed)
    assert same_seed.public.id != JOURNAL.public.id
    with pytest.raises(NoteRefused, match="no key"):
        open_note(sign(TEXT, [same_seed], AT), [JOURNAL.public])


def test_signatures_of_keys_that_are_not_held_are_not_looked_at() -> None:
    other = SigningKey("temoin.example/1", ED25519, bytes(32))
    text, signatures = open_note(sign(TEXT, [other, JOURNAL], AT), [JOURNAL.public])
    assert (text, len(signatures)) == (TEXT, 1)
    with pytest.raises(NoteRefused, match="no key"):
        open_note(sign(TEXT, [other], AT), [JOURNAL.public])


def test_a_false_signature_of_a_known_key_refuses_the_note_whatever_the_others_say() -> None:
    good, wrong = sign(TEXT, [JOURNAL], AT), sign("autre\n", [HORLOGE], AT)
    with pytest.raises(NoteRefused, match="does not hold"):
        open_note(good + wrong.splitlines()[-1] + "\n", [JOURNAL.public, HORLOGE.public])


@pytest.mark.parametrize(
    "altered",
    [
        lambda note: note.replace("\n7\n", "\n8\n"),
        lambda note: note.replace("\n7\n", "\n7\n\n"),
        lambda note: note + "— x y\n",
        lambda note: note[:-1],
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("7", "7\r"),
        lambda note: note.partition("\n\n")[0] + "\n\n",
        lambda note: note + note.splitlines()[-1] + "\n" * 2,
        lambda note: note.partition("\n\n")[0] + "\n\n" + (note.splitlines()[-1] + "\n") * (MAX_SIGNATURES + 1),
        lambda note: note.replace("— ", "- "),
        lambda note: "",
    ],
)
def test_a_note_that_was_altered_is_refused(altered) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NoteRefused):
        open_note(altered(sign(TEXT, [JOURNAL], AT)), [JOURNAL.public])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "example.com/foo",
        PUBLISHED_KEY.replace("530d903a", "530d903b"),
        PUBLISHED_KEY.replace("example.com", "example.org"),
        PUBLISHED_KEY[:-4],
        PUBLISHED_KEY.replace("+Ae", "+Ce"),
        "a b+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_a_key_that_is_not_one_is_refused(line: str) -> None:
    with pytest.raises(NoteRefused):
        VerifierKey.parse(line)


def test_a_text_that_could_hide_lines_is_not_signed() -> None:
    for text in ("sans fin de ligne", "retour\r\n", "échap\x1b[0m\n"):
        with pytest.raises(NoteRefused):
            sign(text, [JOURNAL], AT)
    assert text_of(sign("une ligne\n\net une autre\n", [JOURNAL], AT)) == "une ligne\n\net une autre\n"


def test_a_private_key_never_shows() -> None:
    assert JOURNAL.seed.hex() not in repr(JOURNAL)
    assert repr(JOURNAL.seed) not in repr(JOURNAL)
