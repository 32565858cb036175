"""On the wire, against a mail server that we did not write."""

import email
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email import policy

import pytest

from spst.adapters.courriel import smtp
from spst.adapters.courriel.smtp import SmtpMessagerie
from spst.kernel.config import Config, ConfigurationMissing, Environment, SmtpPeer
from spst.kernel.errors import ServiceUnavailable
from spst.portail.ports_courriel import AdresseRefused, Message, MessageDelayed
from tests.factories.courrier import PASSWORD, SENDER, USER, Courrier, references
from tests.factories.ecoute import Written, listening

pytestmark = pytest.mark.exigence("TRA-04", partielle="prévenir par e-mail")

ESPACE = "https://portail.example.test/p/coteaux/courriel"
MESSAGE = Message(
    reference="0190abcd-0000-7000-8000-000000000001",
    expediteur="Prévention des Coteaux, L’Hérault",
    adresse="lou@example.test",
    sujet="Il y a du nouveau dans votre espace",
    texte="Bonjour,\n\n.Votre code\u00a0: 482 913\n.\nÀ bientôt\n",
    arret=ESPACE,
)


@pytest.fixture
def log() -> Iterator[Written]:
    with listening() as heard:
        yield heard


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_message_is_handed_over_behind_a_checked_certificate(courrier: Courrier, security: str) -> None:
    SmtpMessagerie(courrier.peer(security)).send(MESSAGE)
    [mail] = courrier.mails()
    assert (mail["secure"], mail["user"], mail["from"], mail["to"]) == (True, USER, SENDER, [MESSAGE.adresse])
    assert (mail["sender"], mail["subject"]) == (MESSAGE.expediteur, MESSAGE.sujet)
    assert mail["text"].rstrip() == MESSAGE.texte.rstrip()


def test_a_message_is_plain_text_said_to_be_automatic_and_nothing_follows_who_reads_it(courrier: Courrier) -> None:
    courrier.messagerie.send(MESSAGE)
    [mail] = courrier.mails()
    read = email.message_from_bytes(mail["raw"].encode("latin1"), policy=policy.default)
    assert set(read.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert (read.get_content_type(), read.get_content_charset()) == ("text/plain", "utf-8")
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["List-Unsubscribe"] == f"<{ESPACE}>"
    assert references([mail]) == [f"<{MESSAGE.reference}@spst.test>"]
    assert read.get_content().splitlines() == MESSAGE.texte.splitlines()


def test_this_machine_alone_is_spoken_to_in_clear(courrier: Courrier) -> None:
    SmtpMessagerie(courrier.peer("aucune", user=None)).send(MESSAGE)
    assert [mail["secure"] for mail in courrier.mails()] == [False]
    with pytest.raises(ConfigurationMissing, match="SPST_SMTP_SECURITY"):
        settings(SPST_SMTP_HOST="relais.example.test", SPST_SMTP_SECURITY="aucune")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("unknown", AdresseRefused),
        ("content", AdresseRefused),
        ("later", MessageDelayed),
        ("full", MessageDelayed),
        ("policy", MessageDelayed),
        ("sender", ServiceUnavailable),
        ("cut", ServiceUnavailable),
        ("cut_after", ServiceUnavailable),
    ],
)
def test_what_a_server_answers_is_told_apart(courrier: Courrier, fault: str, told: type[Exception]) -> None:
    courrier.fail(fault)
    with pytest.raises(told):
        courrier.messagerie.send(MESSAGE)
    courrier.messagerie.send(MESSAGE)
    mails = courrier.mails()
    assert len(mails) == (2 if fault == "cut_after" else 1)
    assert len(set(references(mails))) == 1, "who got it twice can tell"


@pytest.mark.parametrize(
    "changes",
    [
        {"port": "clear"},
        {"roots": None},
        {"port": 9},
        {"password": "un-autre"},
    ],
    ids=["no encryption offered", "unknown certificate", "nobody", "wrong password"],
)
def test_a_server_that_cannot_be_trusted_is_told_nothing(courrier: Courrier, changes: dict[str, object]) -> None:
    if isinstance(name := changes.get("port"), str):
        changes = {"port": courrier.ports[name]}
    client = SmtpMessagerie(replace(courrier.peer(), **changes))  # type: ignore[arg-type]
    with pytest.raises(ServiceUnavailable):
        client.send(MESSAGE)
    assert (courrier.mails(), courrier.received()["tries"]) == ([], 0)


@pytest.mark.parametrize("bound", ["_TIMEOUT_S", "_LONGEST_S"])
def test_a_server_that_says_nothing_is_left(courrier: Courrier, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(smtp, bound, 0.5)
    courrier.fail("hold")
    with pytest.raises(ServiceUnavailable):
        courrier.messagerie.send(MESSAGE)
    assert courrier.received()["holding"] == 1


def test_a_certificate_for_another_name_is_refused(courrier: Courrier) -> None:
    """The same server, by a name of this machine that its certificate does not hold."""
    with pytest.raises(ServiceUnavailable) as told:
        SmtpMessagerie(courrier.peer(host="localhost")).send(MESSAGE)
    assert isinstance(told.value.__cause__, ssl.SSLCertVerificationError)
    assert courrier.received()["tries"] == 0


@pytest.mark.parametrize(
    "adresse",
    [
        "lou@example.test\r\nBcc: tous@example.test",
        "lou@example.test\nRCPT TO:<tous@example.test>",
        "lou@example.test>\r\nDATA",
        "lou@example.test, tous@example.test",
        "loué@example.test",
        "lou",
        "",
    ],
)
def test_what_is_no_address_never_reaches_a_server(courrier: Courrier, adresse: str) -> None:
    with pytest.raises(AdresseRefused):
        courrier.messagerie.send(replace(MESSAGE, adresse=adresse))
    assert courrier.received()["tries"] == 0


@pytest.mark.parametrize("field", ["sujet", "arret", "reference", "expediteur"])
def test_a_line_break_makes_no_header_of_any_other_part(courrier: Courrier, field: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)linefeed|newline|CR|line"):
        courrier.messagerie.send(replace(MESSAGE, **{field: "Bonjour\r\nBcc: tous@example.test"}))
    assert courrier.received()["tries"] == 0


def test_neither_address_nor_words_of_a_server_are_shown_or_logged(courrier: Courrier, log: Written) -> None:
    for fault in ("unknown", "later", "cut"):
        courrier.fail(fault)
        with pytest.raises((AdresseRefused, MessageDelayed, ServiceUnavailable)) as told:
            courrier.messagerie.send(MESSAGE)
        assert "lou" not in str(told.value)
        assert "user" not in str(told.value)
    assert MESSAGE.adresse not in repr(MESSAGE)
    assert PASSWORD not in repr(courrier.peer())
    assert "lou@" not in " ".join([*log.lines, *log.values])


# ──── Settings


def settings(**given: str) -> SmtpPeer | None:
    return Environment({"SPST_SMTP_FROM": SENDER, **given}).smtp()


def test_without_a_server_nothing_else_is_asked() -> None:
    assert Environment({}).smtp() is None
    assert Config.__dataclass_fields__["smtp"].default is None


def test_a_server_is_spoken_to_by_starttls_unless_told_otherwise() -> None:
    assert settings(SPST_SMTP_HOST="relais.example.test") == SmtpPeer("relais.example.test", 587, "starttls", SENDER)
    given = settings(
        SPST_SMTP_HOST="relais.example.test", SPST_SMTP_SECURITY="tls", SPST_SMTP_USER=USER, SPST_SMTP_PASSWORD=PASSWORD
    )
    assert given == SmtpPeer("relais.example.test", 465, "tls", SENDER, USER, PASSWORD)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SPST_SMTP_FROM": ""}, "SPST_SMTP_FROM"),
        ({"SPST_SMTP_FROM": "SPST <spst@example.test>"}, "SPST_SMTP_FROM"),
        ({"SPST_SMTP_FROM": "spst"}, "SPST_SMTP_FROM"),
        ({"SPST_SMTP_PORT": "0"}, "SPST_SMTP_PORT"),
        ({"SPST_SMTP_PORT": "smtp"}, "SPST_SMTP_PORT"),
        ({"SPST_SMTP_SECURITY": "parfois"}, "SPST_SMTP_SECURITY"),
        ({"SPST_SMTP_USER": USER}, "SPST_SMTP_PASSWORD"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_stops_the_program_by_its_name(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationMissing, match=named):
        settings(SPST_SMTP_HOST="relais.example.test", **given)
