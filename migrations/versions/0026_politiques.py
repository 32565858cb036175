"""habilitations: the next policy under preparation, and what is kept with each version.

HAB-02, HAB-04: one draft at a time, proposed by one person and confirmed by another, with the opinion of the commission
médico-technique (C. trav. L. 4622-13).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0026"
down_revision = "0025"

AVIS = "avis_cmt IN ('favorable', 'reserve', 'defavorable')"


def _avis() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("avis_cmt", sa.Text(), nullable=True),
        sa.Column("avis_cmt_on", sa.Date(), nullable=True),
        sa.Column("avis_cmt_precision", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_by", sa.UUID(), nullable=True),
    )


def upgrade() -> None:
    op.add_column("politique_version", sa.Column("choix", postgresql.JSONB(), nullable=True))
    for column in _avis():
        op.add_column("politique_version", column)
    op.create_check_constraint(
        op.f("politique_version_deux_personnes_ck"),
        "politique_version",
        "proposed_by IS NULL OR proposed_by <> published_by",
    )
    op.create_check_constraint(op.f("politique_version_avis_cmt_ck"), "politique_version", AVIS)
    op.create_table(
        "politique_brouillon",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("choix", postgresql.JSONB(), nullable=False),
        sa.Column("historique", postgresql.JSONB(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.UUID(), nullable=False),
        *_avis(),
        sa.Column("returned_why", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(proposed_at IS NULL) = (proposed_by IS NULL)", name=op.f("politique_brouillon_proposition_ck")
        ),
        sa.CheckConstraint(AVIS, name=op.f("politique_brouillon_avis_cmt_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("politique_brouillon_pk")),
    )
    op.create_index(
        "politique_brouillon_ouvert_uq",
        "politique_brouillon",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    wall = Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",), update=True)
    for statement in ddl("politique_brouillon", wall):
        op.execute(statement)
