"""What the repository promises to whoever clones it."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sources(folder: str, *suffixes: str) -> list[Path]:
    return [p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes and "node_modules" not in p.parts]


def test_simulators_import_nothing_of_the_product() -> None:
    programs = sources("simulators", ".mjs", ".js", ".py")
    assert programs
    product = re.compile(r"""(?:from|import)[\s("']+(?:\.\./)*(?:spst|frontend|tests)\b""")
    assert [p for p in programs if product.search(p.read_text(encoding="utf-8"))] == []


def test_every_archive_is_pinned_with_its_hash_and_no_address() -> None:
    for path in sources("requirements", ".txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        for package in re.split(r"\n(?=\S)", text.split("\n", 2)[2]):
            assert re.match(r"[a-z0-9._-]+==\S+", package), package
            assert "--hash=sha256:" in package, package


def test_the_product_and_the_tests_run_the_same_versions() -> None:
    def versions(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))

    assert versions("base").items() <= versions("dev").items()


def test_npm_lock_files_hold_hashes_and_no_address() -> None:
    for folder in (ROOT, ROOT / "simulators"):
        text = (folder / "package-lock.json").read_text(encoding="utf-8")
        assert '"integrity": "sha512-' in text
        assert '"resolved"' not in text


def test_the_image_receives_neither_tests_nor_simulators() -> None:
    kept = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"
    assert {"tests", "simulators", "bench", "tools"}.isdisjoint(kept)


def test_every_room_of_the_product_has_its_place_in_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    rooms = next(c for c in contracts if c["id"] == "rooms")
    named = re.findall(r"\w+", " ".join(rooms["layers"]))
    modules = {p.stem if p.suffix else p.name for p in (ROOT / "spst").iterdir() if not p.name.startswith("__")}
    assert rooms["exhaustive"]
    assert modules <= set(named)
    assert len(named) == len(set(named))


def test_make_help_lists_every_target_of_the_readme() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in "help run test lint bench endurance exigences migrate".split():
        assert f"make {target} " in shown
