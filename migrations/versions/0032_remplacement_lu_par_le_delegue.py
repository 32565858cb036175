"""habilitations: a delegate's act rests on who replaces the médecin who gave it (R. 4624-45-5 al. 2, R. 4623-15).

What a médecin delegated opens the dossiers that he follows, in his own name or for one whom he replaces. The table holds
accounts and dates, and nothing about a travailleur.
"""

from alembic import op

from spst.kernel.row_security import Section, Wall, read_condition

revision = "0032"
down_revision = "0031"

READERS = ("sante", "direction", "travailleur")


def upgrade() -> None:
    _open_to(*READERS, "delegue")


def downgrade() -> None:
    _open_to(*READERS)


def _open_to(*readers: str) -> None:
    wall = Wall(Section.TECHNIQUE, readers=readers, writers=("sante", "direction"), update=True)
    op.execute(f"ALTER POLICY lire ON remplacement USING ({read_condition('remplacement', wall)})")
