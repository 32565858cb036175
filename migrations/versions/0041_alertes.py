"""journal: unusual accesses, found by a job that reads the register and writes nothing else (TRA-05; CNIL 2021-122)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from spst.kernel.row_security import Section, Wall, ddl, read_condition

revision = "0041"
down_revision = "0040"

JOB = ("surveillance",)
TABLES = {
    "alerte": Wall(Section.TECHNIQUE, readers=("direction",), writers=(), services=JOB, update=True),
    "alerte_repere": Wall(Section.TECHNIQUE, readers=(), writers=(), services=JOB, update=True),
}
STAFF = ("sante", "delegue", "administratif", "direction", "equipe")
WATCHED = {
    "trace": Wall(Section.S8, own="dossier_id", services=("scellement", "verification"), watchers=JOB),
    "compte": Wall(
        Section.TECHNIQUE, readers=(*STAFF, "travailleur"), services=("exploitation", "connexion"), watchers=JOB
    ),
    "dossier": Wall(
        Section.TECHNIQUE, readers=STAFF, own="id", own_claim="dossier", services=("portail",), watchers=JOB
    ),
    "travailleur": Wall(Section.REGISTRE, own="id", services=("portail",), watchers=JOB),
    "contrat": Wall(Section.REGISTRE, own="travailleur_id", watchers=JOB),
    "etablissement": Wall(Section.REGISTRE, readers=("sante", "delegue", "administratif", "travailleur"), watchers=JOB),
    "rendez_vous": Wall(Section.REGISTRE, own="travailleur_id", watchers=JOB),
    "instruction": Wall(Section.TECHNIQUE, readers=("direction",), own="dossier_id", watchers=JOB),
}
"""What the job reads beside its own tables: who opened what, the names of both, appointments, whom the SPST employs."""


def upgrade() -> None:
    _make_alerte()
    op.create_table(
        "alerte_repere",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("alerte_repere_pk")),
    )
    _close_with_a_reason()
    for table, wall in TABLES.items():
        for statement in ddl(table, wall):
            op.execute(statement)
    for table, wall in WATCHED.items():
        op.execute(f"ALTER POLICY lire ON {table} USING ({read_condition(table, wall)})")


def _make_alerte() -> None:
    op.create_table(
        "alerte",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("rang", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("signaux", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 100", name=op.f("alerte_score_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"], ["compte.tenant_id", "compte.id"], name=op.f("alerte_tenant_id_compte_id_fk")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("alerte_pk")),
    )
    op.create_index("alerte_jour_uq", "alerte", ["tenant_id", "compte_id", "jour", "rang"], unique=True)


def _close_with_a_reason() -> None:
    """An alerte is closed with a reason; a signalement, with an answer to its worker."""
    op.alter_column("instruction", "dossier_id", nullable=True)
    op.add_column("instruction", sa.Column("motif", sa.Text(), nullable=True))
    op.drop_constraint(op.f("instruction_reponse_ck"), "instruction")
    op.create_check_constraint(
        op.f("instruction_raison_ck"), "instruction", "(geste = 'cloture') = (num_nonnulls(motif, reponse_sealed) = 1)"
    )
    op.create_check_constraint(op.f("instruction_motif_ck"), "instruction", "motif IS NULL OR dossier_id IS NULL")
