"""Configuration: read once from the environment, complete and typed, or the process does not start."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class ConfigurationMissing(Exception):
    """A variable is absent or unreadable; the message names it."""


@dataclass(frozen=True, slots=True)
class OidcPeer:
    """An OpenID Connect provider as this deployment knows it."""

    issuer: str
    metadata_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmtpPeer:
    """A mail server that takes our messages (RFC 6409). `sender`: address that they come from.

    `security`: "starttls" (RFC 3207), "tls" from the first byte (RFC 8314), or "aucune", on this machine alone.
    `roots`: file of the PEM certificates that the server's own must lead to; None for those of the system.
    """

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    roots: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a process needs to know. Secrets never show in `repr`."""

    port: int
    public_url: str
    database_url: str = field(repr=False)
    context_key: bytes = field(repr=False)
    """Signs the context of each transaction; its twin stands in `spst_ctx.cle`."""
    trace_key: bytes = field(repr=False)
    """Signs each row of the traces; the database never holds it."""
    root_key: bytes = field(repr=False)
    """Wraps the keys of tenants (key store)."""
    keystore: Path
    psc: OidcPeer
    franceconnect: OidcPeer
    smtp: SmtpPeer | None = None
    """None: this deployment sends no e-mail, and its pages say so."""

    @property
    def libpq_url(self) -> str:
        """The same address for libpq, which the job queue speaks itself."""
        return self.database_url.replace("postgresql+psycopg://", "postgresql://", 1)

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Raises: ConfigurationMissing, naming the variable."""
        read = Environment(environ)
        port = int(read.optional("PORT", "8000"))
        return cls(
            port=port,
            public_url=_checked_public_url(read.optional("PUBLIC_URL", f"http://127.0.0.1:{port}")),
            database_url=read.text("DATABASE_URL"),
            context_key=read.key("SPST_CONTEXT_KEY"),
            trace_key=read.key("SPST_TRACE_KEY"),
            root_key=read.key("SPST_ROOT_KEY"),
            keystore=Path(read.text("SPST_KEYSTORE")),
            psc=read.peer("PSC"),
            franceconnect=read.peer("FC"),
            smtp=read.smtp(),
        )


@dataclass(frozen=True, slots=True)
class TimeStampPeer:
    """A time-stamping authority (RFC 3161). `roots`: file of the PEM certificates that its own must lead to."""

    url: str
    roots: Path


@dataclass(frozen=True, slots=True)
class SealConfig:
    """What sealing the traces needs, in the one program that seals. Secrets never show in `repr`."""

    key: bytes = field(repr=False)
    """Signs the heads of every SPST's journal; neither the database nor the web program holds it."""
    former_keys: tuple[bytes, ...] = field(repr=False)
    """Keys before this one, until each journal has named the new one."""
    heads: Path
    """Where heads are copied, out of reach of whoever owns the database."""
    tsa: TimeStampPeer | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "SealConfig":
        """Raises: ConfigurationMissing, naming the variable."""
        read = Environment(environ)
        return cls(
            key=read.key("SPST_SEAL_KEY"),
            former_keys=read.optional_keys("SPST_SEAL_KEY_FORMER"),
            heads=Path(read.text("SPST_HEADS")),
            tsa=TimeStampPeer(url, Path(read.text("SPST_TSA_ROOTS")))
            if (url := read.optional("SPST_TSA_URL", ""))
            else None,
        )


def _checked_public_url(url: str) -> str:
    """Cookies are only Secure over https: plain http is accepted on this machine alone."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return url.rstrip("/")
    raise ConfigurationMissing("PUBLIC_URL doit commencer par https:// (http:// seulement vers 127.0.0.1)")


class Environment:
    """Variables by name, each secret also as the file that NAME_FILE points to."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def optional(self, name: str, default: str) -> str:
        return self._environ.get(name) or default

    def text(self, name: str) -> str:
        """The variable, or the content of the file that NAME_FILE points to."""
        if path := self._environ.get(f"{name}_FILE"):
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigurationMissing(f"{name}_FILE : {path} est illisible") from error
        if value := self._environ.get(name):
            return value
        raise ConfigurationMissing(f"{name} (ou {name}_FILE) est absent de la configuration")

    def key(self, name: str) -> bytes:
        return _key(name, self.text(name))

    def optional_keys(self, name: str) -> tuple[bytes, ...]:
        """None, or several separated by spaces."""
        is_given = self._environ.get(name) or self._environ.get(f"{name}_FILE")
        return tuple(_key(name, one) for one in self.text(name).split()) if is_given else ()

    def peer(self, prefix: str) -> OidcPeer:
        return OidcPeer(*(self.text(f"{prefix}_{part.name.upper()}") for part in fields(OidcPeer)))

    def smtp(self) -> SmtpPeer | None:
        host = self.optional("SPST_SMTP_HOST", "")
        if not host:
            return None
        security = _checked_security(host, self.optional("SPST_SMTP_SECURITY", "starttls"))
        user = self.optional("SPST_SMTP_USER", "") or None
        roots = self.optional("SPST_SMTP_ROOTS", "")
        return SmtpPeer(
            host=host,
            port=_port("SPST_SMTP_PORT", self.optional("SPST_SMTP_PORT", _SMTP_PORTS[security])),
            security=security,
            sender=_checked_sender(self.text("SPST_SMTP_FROM")),
            user=user,
            password=self.text("SPST_SMTP_PASSWORD") if user else None,
            roots=Path(roots) if roots else None,
        )


_SMTP_PORTS = {"starttls": "587", "tls": "465", "aucune": "25"}


def _checked_security(host: str, security: str) -> str:
    """Addresses of workers cross no network in clear."""
    if security not in _SMTP_PORTS:
        raise ConfigurationMissing(f"SPST_SMTP_SECURITY doit être {', '.join(_SMTP_PORTS)}")
    if security == "aucune" and host not in _LOOPBACK:
        raise ConfigurationMissing("SPST_SMTP_SECURITY ne peut être « aucune » que vers 127.0.0.1")
    return security


def _checked_sender(address: str) -> str:
    mailbox, at, domain = address.partition("@")
    if not (mailbox and at and domain) or set(address) & set(" <>,;\r\n") or "@" in domain:
        raise ConfigurationMissing("SPST_SMTP_FROM doit être une adresse, sans nom")
    return address


def _port(name: str, written: str) -> int:
    if not written.isdecimal() or not 0 < int(written) < 65536:
        raise ConfigurationMissing(f"{name} doit être un numéro de port")
    return int(written)


def _key(name: str, encoded: str) -> bytes:
    try:
        value = base64.urlsafe_b64decode(encoded + "==")
    except (binascii.Error, ValueError) as error:
        raise ConfigurationMissing(f"{name} n’est pas en base64url") from error
    if len(value) != 32:
        raise ConfigurationMissing(f"{name} doit contenir 32 octets")
    return value
