"""The demonstration accounts: written once by whoever fills the data, shown at each start."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import pyotp

from spst.cli.demo.folder import DemoFolder, DemoRefused


@dataclass(frozen=True, slots=True)
class CompteDemonstration:
    """`entree`: where this person logs in, as a path of the site. `acces`: what to choose or type there, in French."""

    compte: str
    personne: str
    role: str
    spst: str
    entree: str
    acces: str
    mot_de_passe: str | None = None
    totp: str | None = None
    """Base32 secret of the second factor."""


def save_accounts(folder: DemoFolder, accounts: Iterable[CompteDemonstration]) -> None:
    rows = [asdict(account) for account in accounts]
    folder.write_secret(folder.accounts_file.name, json.dumps(rows, ensure_ascii=False, indent=1))


def load_accounts(folder: DemoFolder) -> list[CompteDemonstration]:
    """Raises: DemoRefused when the demonstration was never filled."""
    if not folder.accounts_file.exists():
        raise DemoRefused(
            f"Aucune démonstration n’est prête dans {folder.root}. Lancez d’abord make run, "
            "ou dites où elle est\u00a0: SPST_DATA=/autre/dossier"
        )
    rows = json.loads(folder.accounts_file.read_text(encoding="utf-8"))
    return [CompteDemonstration(**row) for row in rows]


def current_code(accounts: Sequence[CompteDemonstration], compte: str) -> str:
    """The code that the account's telephone would show now. Raises: DemoRefused."""
    with_codes = {account.compte: account.totp for account in accounts if account.totp}
    secret = with_codes.get(compte)
    if secret is None:
        known = ", ".join(sorted(with_codes)) or "aucun"
        raise DemoRefused(f"Pas de code pour «\u00a0{compte}\u00a0». Comptes à code\u00a0: {known}.")
    return pyotp.TOTP(secret).now()


def table(accounts: Sequence[CompteDemonstration], origin: str) -> str:
    """Accounts by SPST, each with where and how to enter."""
    lines = []
    for spst in dict.fromkeys(account.spst for account in accounts):
        lines.append(f"\n{spst}")
        for account in (a for a in accounts if a.spst == spst):
            password = f", mot de passe {account.mot_de_passe}" if account.mot_de_passe else ""
            code = f", code\u00a0: spst demo totp {account.compte}" if account.totp else ""
            lines.append(f"  {account.personne}, {account.role}")
            lines.append(f"      {origin}{account.entree}  {account.acces}{password}{code}")
    return "\n".join(lines)
