"""How much a test does: `make endurance` multiplies what `make test` holds within its minutes."""

import os

SCALE = int(os.environ.get("ENDURANCE", "1"))
