"""comptes: what opens the second path carries the seal of the program.

Those that exist are sealed here, as they stand, so that nobody has to enrol again: this needs the root key. A new installation
has none, and needs no key.
"""

from typing import cast

import sqlalchemy as sa
from alembic import op

from spst.comptes.local_queries import SCEAU
from spst.kernel.config import Environment
from spst.kernel.crypto.keyring import Keyring, KeyStore

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("REVOKE DELETE ON authentificateur FROM spst_app, spst_ops")
    op.add_column("authentificateur", sa.Column("sceau", sa.LargeBinary(), nullable=True))
    _seal_existing(op.get_bind())
    op.alter_column("authentificateur", "sceau", nullable=False)


def _seal_existing(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT * FROM authentificateur")).mappings().all()
    if not rows:
        return
    keyring = Keyring(Environment().key("SPST_ROOT_KEY"), cast(KeyStore, None))  # a seal asks nothing of the store
    for row in rows:
        connection.execute(
            sa.text("UPDATE authentificateur SET sceau = :sceau WHERE identite_id = :identite_id"),
            {"sceau": SCEAU.sealed(keyring, row)["sceau"], "identite_id": row["identite_id"]},
        )
