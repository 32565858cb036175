"""The door of the dossier."""

from spst.dmst.entetes import Header, add_header, header

__all__ = ["Header", "add_header", "header"]
