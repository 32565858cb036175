"""traces: where each stands in the tree of its SPST, the nodes of that tree, its signed heads, the keys that sign them.

`xid` is the transaction that wrote a line: the sealer takes lines in the order of their transactions, once no older one is
under way. `empreinte` is what is sealed of a line. Lines of before, which no installation has, have none: they stay unsealed.
Source: RFC 9162, 2.1; c2sp.org/tlog-checkpoint. TRA-03.
"""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl, read_condition

revision = "0038"
down_revision = "0037"

SEALER = ("scellement",)
PUBLIC = Wall(
    Section.TECHNIQUE,
    readers=("sante", "direction", "travailleur", "service:verification"),
    writers=(),
    services=SEALER,
)
"""Hashes and signatures: they tell nothing of anybody, and whoever reads traces verifies them."""
TABLES = ("trace_feuille", "trace_noeud", "trace_tete", "trace_cle")

WIDENED = {
    "trace": Wall(Section.S8, own="dossier_id", services=("scellement", "verification")),
    "trace_reserve": Wall(Section.S8, readers=("sante",), own="dossier_id", services=("verification",)),
}
"""The sealer reads lines without their reasons; a verification reads the salts too."""


def upgrade() -> None:
    op.add_column(
        "trace",
        sa.Column(
            "xid", sa.BigInteger(), nullable=False, server_default=sa.text("(pg_current_xact_id()::text::bigint)")
        ),
    )
    op.add_column("trace", sa.Column("empreinte", sa.LargeBinary(), nullable=False, server_default=""))
    op.alter_column("trace", "empreinte", server_default=None)
    op.drop_column("trace", "leaf_hash")
    op.create_index("trace_xid_ix", "trace", ["tenant_id", "xid", "id"])
    op.create_check_constraint(op.f("trace_writer_n_ck"), "trace", "writer_n > 0")
    for table, wall in WIDENED.items():
        op.execute(f"ALTER POLICY lire ON {table} USING ({read_condition(table, wall)})")
    _create_tables()
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        for statement in ddl(table, PUBLIC):
            op.execute(statement)


def _create_tables() -> None:
    op.create_table(
        "trace_feuille",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("trace_id", sa.UUID(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("rang >= 0", name=op.f("trace_feuille_rang_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "rang", name=op.f("trace_feuille_pk")),
    )
    op.create_index("trace_feuille_trace_uq", "trace_feuille", ["tenant_id", "trace_id"], unique=True)
    op.create_table(
        "trace_noeud",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("niveau", sa.SmallInteger(), nullable=False),
        sa.Column("rang", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "niveau", "rang", name=op.f("trace_noeud_pk")),
    )
    op.create_table(
        "trace_tete",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "taille", name=op.f("trace_tete_pk")),
    )
    op.create_table(
        "trace_cle",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("depuis", sa.BigInteger(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("horloge", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "depuis", name=op.f("trace_cle_pk")),
    )
