from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner

from spst.cli import cli
from spst.cli.demo.accounts import CompteDemonstration, current_code, load_accounts, save_accounts, table
from spst.cli.demo.folder import DemoFolder, DemoRefused

DIRECTRICE = CompteDemonstration(
    compte="directrice@exemple.test",
    personne="Camille EXEMPLE",
    role="direction",
    spst="SPST de l’Exemple",
    entree="/connexion",
    acces="adresse directrice@exemple.test",
    mot_de_passe="phrase de passe fictive",
    totp="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
)


@pytest.fixture
def folder(reachable_dir: Callable[[], Path]) -> DemoFolder:
    return DemoFolder(reachable_dir() / "demo")


def test_secrets_are_made_per_folder_and_stay_the_same(folder: DemoFolder, reachable_dir: Callable[[], Path]) -> None:
    first = folder.environment()
    assert folder.environment() == first
    other = DemoFolder(reachable_dir() / "demo").environment()
    for name in (
        "SPST_CONTEXT_KEY_FILE",
        "SPST_TRACE_KEY_FILE",
        "SPST_ROOT_KEY_FILE",
        "SPST_SEAL_KEY_FILE",
        "PSC_CLIENT_SECRET_FILE",
    ):
        assert Path(first[name]).read_text() != Path(other[name]).read_text()


def test_secrets_are_readable_by_their_owner_alone_and_never_in_the_environment(folder: DemoFolder) -> None:
    for name, value in folder.environment().items():
        if name.endswith("_FILE"):
            assert Path(value).stat().st_mode & 0o777 == 0o600
            assert Path(value).parent.stat().st_mode & 0o777 == 0o700
        else:
            assert value.startswith(str(folder.root))


def test_one_folder_serves_one_demonstration_at_a_time(folder: DemoFolder) -> None:
    with folder.locked(), pytest.raises(DemoRefused, match="SPST_DATA="), DemoFolder(folder.root).locked():
        pass


def test_reset_removes_what_the_demonstration_made_and_nothing_else(folder: DemoFolder) -> None:
    before = folder.secret("SPST_ROOT_KEY")
    mine = folder.root / "mes-notes.txt"
    mine.write_text("à garder")
    folder.reset()
    assert mine.read_text() == "à garder"
    assert folder.secret("SPST_ROOT_KEY") != before


def test_a_fill_that_was_cut_short_is_known_as_such(folder: DemoFolder) -> None:
    with pytest.raises(RuntimeError), folder.filling():
        raise RuntimeError
    assert folder.is_half_filled
    folder.reset()
    assert not folder.is_half_filled


def test_accounts_are_found_again_with_their_code(folder: DemoFolder) -> None:
    save_accounts(folder, [DIRECTRICE])
    accounts = load_accounts(folder)
    assert accounts == [DIRECTRICE]
    assert pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").verify(
        current_code(accounts, DIRECTRICE.compte), valid_window=1
    )
    assert folder.accounts_file.stat().st_mode & 0o777 == 0o600


def test_the_table_says_where_and_how_to_enter() -> None:
    shown = table([DIRECTRICE], "http://127.0.0.1:8000")
    for part in (DIRECTRICE.spst, "http://127.0.0.1:8000/connexion", "phrase de passe fictive", "spst demo totp"):
        assert part in shown


def test_the_code_of_an_unknown_account_is_refused_with_those_that_have_one(folder: DemoFolder) -> None:
    save_accounts(folder, [DIRECTRICE])
    with pytest.raises(DemoRefused, match=r"Comptes à code\W+directrice@exemple.test"):
        current_code(load_accounts(folder), "inconnue")


def test_totp_answers_in_json_for_programs(folder: DemoFolder) -> None:
    save_accounts(folder, [DIRECTRICE])
    result = CliRunner().invoke(cli, ["demo", "totp", DIRECTRICE.compte, "--data", str(folder.root), "--json"])
    assert result.exit_code == 0
    assert f'"compte": "{DIRECTRICE.compte}"' in result.output


@pytest.mark.parametrize("arguments", [["demo", "--port", "80"], ["demo", "--workers", "0"], ["inconnue"]])
def test_wrong_use_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli, arguments).exit_code == 2
