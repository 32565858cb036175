"""Whoever carries our messages to a mailbox, in our words."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one person. `reference`: the same each time it is handed over; `arret`: page on which he stops them."""

    reference: str
    expediteur: str
    adresse: str = field(repr=False)
    sujet: str
    texte: str = field(repr=False)
    arret: str


class AdresseRefused(Exception):
    """The server refuses this address for good. `code`: of its answer; what it says may hold the address, and is not kept."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class MessageDelayed(Exception):
    """The server does not take this message now. `code`: of its answer."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Messagerie(Protocol):
    """Implemented by `adapters.courriel`."""

    def send(self, message: Message) -> None:
        """Returns once a server answers for the message.

        Raises: AdresseRefused; MessageDelayed; ServiceUnavailable, when nobody knows whether it was taken, or none would be.
        """
