"""tenants, comptes: the travailleur reads who follows him, under which role, and where he is expected.

R. 4624-45-4 6° (he is told who may read his dossier), L. 1110-4 CSP: the équipe that follows him is no secret to him. These
tables hold names of équipes and centres, and grants; none holds a datum about another travailleur.
"""

from alembic import op

from spst.kernel.row_security import Section, Wall, read_condition

revision = "0016"
down_revision = "0015"

READERS = ("sante", "delegue", "administratif", "direction", "equipe")
TABLES = {
    "centre": ("exploitation",),
    "equipe": ("exploitation",),
    "equipe_membre": ("exploitation", "connexion"),
    "habilitation": ("exploitation", "connexion"),
}


def upgrade() -> None:
    for table in TABLES:
        _open_to(table, *READERS, "travailleur")


def downgrade() -> None:
    for table in TABLES:
        _open_to(table, *READERS)


def _open_to(table: str, *readers: str) -> None:
    wall = Wall(Section.TECHNIQUE, readers=readers, writers=("direction",), services=TABLES[table], update=True)
    op.execute(f"ALTER POLICY lire ON {table} USING ({read_condition(table, wall)})")
