"""Addresses of the built scripts and styles, read from the manifest that Vite writes."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, cast

FOLDER = Path(__file__).parent / "static" / "dist"
BASE_URL = "/static/dist/"


class AssetsNotBuilt(RuntimeError):
    """The manifest, or one entry of it, is missing: `npm ci && npm run build` makes them."""


class Assets:
    """Hashed names of one build. `url` is the template global `asset`."""

    def __init__(self, folder: Path = FOLDER, base_url: str = BASE_URL) -> None:
        self._manifest_path = folder / ".vite" / "manifest.json"
        self._base_url = base_url

    @cached_property
    def _files(self) -> dict[str, str]:
        try:
            manifest = cast(dict[str, dict[str, Any]], json.loads(self._manifest_path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise AssetsNotBuilt(f"{self._manifest_path} is missing, run `npm ci && npm run build`") from error
        return {entry: str(facts["file"]) for entry, facts in manifest.items()}

    def url(self, entry: str) -> str:
        """Address of an entry named by its path under frontend/, such as "main.ts" or "styles/main.css".

        Raises: AssetsNotBuilt.
        """
        try:
            return self._base_url + self._files[entry]
        except KeyError as error:
            raise AssetsNotBuilt(f"{entry} is not in {self._manifest_path}, run `npm run build`") from error
