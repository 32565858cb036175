"""Submission of a message to a mail server (RFC 5321, RFC 6409), with the standard library.

The connection is encrypted before anything is said on it (RFC 3207, RFC 8314) and the server's certificate checked, except on
this machine. Nothing that the server says is kept beyond its code: it may repeat the address.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from spst.kernel.config import SmtpPeer
from spst.kernel.errors import ServiceUnavailable
from spst.portail.ports_courriel import AdresseRefused, Message, MessageDelayed

_TIMEOUT_S = 15.0
"""Of the connection, then of each answer."""
_LONGEST_S = 60.0
"""Of all of it, once connected: a server that answers a sign at a time holds the queue no longer."""
_POLICY_STATUS = re.compile(r"5\.7\.\d")
"""Enhanced status of security or policy (RFC 3463, 3.8): it is about whoever sends, and no fault of the address."""


_NO_ADDRESS = 501


class SmtpMessagerie:
    """Implements `portail.ports_courriel.Messagerie`."""

    def __init__(self, peer: SmtpPeer) -> None:
        self._peer = peer
        self._tls = ssl.create_default_context(cafile=peer.roots)

    def send(self, message: Message) -> None:
        mail = self._mail(message)
        with self._session() as smtp:
            try:
                smtp.sendmail(self._peer.sender, message.adresse, mail)
            except smtplib.SMTPRecipientsRefused as refusal:
                raise _refused(*next(iter(refusal.recipients.values()))) from None
            except smtplib.SMTPDataError as refusal:
                raise _refused(refusal.smtp_code, refusal.smtp_error) from None

    def _mail(self, message: Message) -> bytes:
        """Raises: AdresseRefused, for what is no address: a line break in it would be a header of whoever typed it."""
        domain = self._peer.sender.rpartition("@")[2]
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = Address(message.expediteur, addr_spec=self._peer.sender)
        try:
            mail["To"] = Address(addr_spec=message.adresse)
            message.adresse.encode("ascii")
        except (ValueError, LookupError, MessageError):
            raise AdresseRefused(_NO_ADDRESS) from None
        mail["Subject"] = message.sujet
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = f"<{message.reference}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["List-Unsubscribe"] = f"<{message.arret}>"
        mail.set_content(message.texte, cte="quoted-printable")
        return mail.as_bytes()

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Raises: ServiceUnavailable, for all that is no answer about a message."""
        try:
            smtp = self._connected()
            try:
                with _bounded(smtp):
                    self._introduce(smtp)
                    yield smtp
            finally:
                _leave(smtp)
        except (smtplib.SMTPException, OSError) as error:
            raise ServiceUnavailable("Le serveur de messagerie ne répond pas.") from error

    def _connected(self) -> smtplib.SMTP:
        host, port, named = self._peer.host, self._peer.port, self._peer.sender.rpartition("@")[2]
        if self._peer.security == "tls":
            return smtplib.SMTP_SSL(host, port, local_hostname=named, timeout=_TIMEOUT_S, context=self._tls)
        return smtplib.SMTP(host, port, local_hostname=named, timeout=_TIMEOUT_S)

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        """A server that offers no encryption where it is asked for is told nothing."""
        if self._peer.security == "starttls":
            smtp.starttls(context=self._tls)
        if self._peer.user is not None:
            smtp.login(self._peer.user, self._peer.password or "")


def _refused(code: int, said: bytes | str) -> AdresseRefused | MessageDelayed:
    told = said if isinstance(said, str) else said.decode("ascii", "replace")
    is_final = code >= 500 and not _POLICY_STATUS.match(told)
    return AdresseRefused(code) if is_final else MessageDelayed(code)


@contextmanager
def _bounded(smtp: smtplib.SMTP) -> Iterator[None]:
    watchdog = threading.Timer(_LONGEST_S, _cut, (smtp,))
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _cut(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        with suppress(OSError):
            smtp.sock.shutdown(socket.SHUT_RDWR)


def _leave(smtp: smtplib.SMTP) -> None:
    """Politely or not: what was accepted is, whatever the server answers to this."""
    with suppress(smtplib.SMTPException, OSError):
        if smtp.sock is not None:
            smtp.quit()
    smtp.close()
