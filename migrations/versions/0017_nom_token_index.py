"""identite: the words of one person, found by the person.

A search of several words reads the rare ones by range, then looks whether whoever is left has the short ones.
"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_index("nom_token_travailleur_ix", "nom_token", ["tenant_id", "travailleur_id", "token"])
