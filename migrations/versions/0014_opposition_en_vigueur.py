"""dmst: oppositions in force, readable for a decision by those who may not read S7.

R. 4624-45-6: an opposition closes the dossier to delegates too, whose family the wall of S7 keeps from reading it. The trigger
takes the row's lock before it counts: two oppositions recorded at the same time both stay.
"""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0014"
down_revision = "0013"

WALL = Wall(
    Section.TECHNIQUE,
    readers=("sante", "delegue"),
    writers=("sante",),
    own="dossier_id",
    own_write=True,
    update=True,
)

MAINTAIN = """
CREATE FUNCTION maintain_opposition_en_vigueur() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO opposition_en_vigueur AS v (tenant_id, dossier_id, mpc, professionnels)
    VALUES (NEW.tenant_id, NEW.dossier_id, false, false)
    ON CONFLICT (tenant_id, dossier_id) DO UPDATE SET mpc = v.mpc;
    UPDATE opposition_en_vigueur v SET (mpc, professionnels) = (
        SELECT coalesce(bool_or(o.portee = 'mpc'), false), coalesce(bool_or(o.portee = 'professionnels'), false)
        FROM opposition o
        WHERE o.tenant_id = NEW.tenant_id AND o.dossier_id = NEW.dossier_id AND o.withdrawn_at IS NULL)
    WHERE v.tenant_id = NEW.tenant_id AND v.dossier_id = NEW.dossier_id;
    RETURN NULL;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER maintain_en_vigueur AFTER INSERT OR UPDATE ON opposition FOR EACH ROW"
    " EXECUTE FUNCTION maintain_opposition_en_vigueur()",
    "CREATE TRIGGER refuse_change BEFORE INSERT OR UPDATE ON opposition_en_vigueur FOR EACH ROW"
    " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_change()",
)

# The owner reads past nothing: row security is lifted for the one statement that copies what stands, and forced again.
COPY_WHAT_STANDS = (
    "ALTER TABLE opposition NO FORCE ROW LEVEL SECURITY",
    """
    INSERT INTO opposition_en_vigueur
    SELECT tenant_id, dossier_id, bool_or(portee = 'mpc'), bool_or(portee = 'professionnels')
    FROM opposition WHERE withdrawn_at IS NULL GROUP BY tenant_id, dossier_id
    """,
    "ALTER TABLE opposition FORCE ROW LEVEL SECURITY",
)


def upgrade() -> None:
    op.create_table(
        "opposition_en_vigueur",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=False),
        sa.Column("mpc", sa.Boolean(), nullable=False),
        sa.Column("professionnels", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dossier_id"],
            ["dossier.tenant_id", "dossier.id"],
            name=op.f("opposition_en_vigueur_tenant_id_dossier_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "dossier_id", name=op.f("opposition_en_vigueur_pk")),
    )
    op.create_index(
        "opposition_en_vigueur_uq",
        "opposition",
        ["tenant_id", "dossier_id", "portee"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    for statement in COPY_WHAT_STANDS:
        op.execute(statement)
    op.execute(MAINTAIN)
    for statement in (*TRIGGERS, *ddl("opposition_en_vigueur", WALL)):
        op.execute(statement)
