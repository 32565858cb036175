"""habilitations: protocols of supervision, habilitations by name; dmst: opposition to transfers.

R. 4623-14 II, R. 4623-28, R. 4623-41: collaborateurs, internes, infirmiers and médecins correspondants act by a written protocol.
R. 4624-45-6: an opposition to transfers is obeyed at the moment of asking and of sending.
"""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0024"
down_revision = "0023"

WALLS = {
    "supervision": Wall(Section.TECHNIQUE, readers=("sante", "direction"), writers=("sante",), update=True),
    "habilitation_nominative": Wall(
        Section.TECHNIQUE,
        readers=("sante", "delegue", "administratif", "direction"),
        writers=("direction",),
        services=("exploitation",),
        update=True,
    ),
}

MAINTAIN = """
CREATE OR REPLACE FUNCTION maintain_opposition_en_vigueur() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO opposition_en_vigueur AS v (tenant_id, dossier_id, mpc, professionnels, transfert)
    VALUES (NEW.tenant_id, NEW.dossier_id, false, false, false)
    ON CONFLICT (tenant_id, dossier_id) DO UPDATE SET mpc = v.mpc;
    UPDATE opposition_en_vigueur v SET (mpc, professionnels, transfert) = (
        SELECT coalesce(bool_or(o.portee = 'mpc'), false),
               coalesce(bool_or(o.portee = 'professionnels'), false),
               coalesce(bool_or(o.portee = 'transfert'), false)
        FROM opposition o
        WHERE o.tenant_id = NEW.tenant_id AND o.dossier_id = NEW.dossier_id AND o.withdrawn_at IS NULL)
    WHERE v.tenant_id = NEW.tenant_id AND v.dossier_id = NEW.dossier_id;
    RETURN NULL;
END $$
"""

ADD_TRANSFERT = (
    "ALTER TABLE opposition_en_vigueur ADD COLUMN transfert boolean NOT NULL DEFAULT false",
    "ALTER TABLE opposition_en_vigueur ALTER COLUMN transfert DROP DEFAULT",
    "ALTER TABLE opposition_en_vigueur NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE opposition NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE opposition_en_vigueur DISABLE TRIGGER refuse_change",
    "UPDATE opposition_en_vigueur v SET transfert = EXISTS ("
    " SELECT FROM opposition o WHERE o.tenant_id = v.tenant_id AND o.dossier_id = v.dossier_id"
    " AND o.portee = 'transfert' AND o.withdrawn_at IS NULL)",
    "ALTER TABLE opposition_en_vigueur ENABLE TRIGGER refuse_change",
    "ALTER TABLE opposition FORCE ROW LEVEL SECURITY",
    "ALTER TABLE opposition_en_vigueur FORCE ROW LEVEL SECURITY",
)


def upgrade() -> None:
    op.create_table(
        "supervision",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("medecin_id", sa.UUID(), nullable=False),
        sa.Column("supervise_id", sa.UUID(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("delegue_avis", sa.Boolean(), nullable=False),
        sa.Column("protocole", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "nature IN ('cooperation', 'maitrise_stage', 'collaboration')", name=op.f("supervision_nature_ck")
        ),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("supervision_periode_ck")),
        sa.CheckConstraint("medecin_id <> supervise_id", name=op.f("supervision_autrui_ck")),
        sa.CheckConstraint("NOT delegue_avis OR nature = 'maitrise_stage'", name=op.f("supervision_avis_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "medecin_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("supervision_tenant_id_medecin_id_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "supervise_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("supervision_tenant_id_supervise_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("supervision_pk")),
    )
    op.create_index("supervision_supervise_ix", "supervision", ["tenant_id", "supervise_id"])
    op.create_table(
        "habilitation_nominative",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.UUID(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("code IN ('enregistrement')", name=op.f("habilitation_nominative_code_ck")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f("habilitation_nominative_tenant_id_compte_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("habilitation_nominative_pk")),
    )
    op.create_index(
        "habilitation_nominative_uq",
        "habilitation_nominative",
        ["tenant_id", "compte_id", "code"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
    for statement in (*ADD_TRANSFERT, MAINTAIN):
        op.execute(statement)
