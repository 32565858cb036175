"""comptes: the name of an account is corrected, and the one that it bore stays written (AUT-06).

Who opened a dossier is told by this name: what it was, until when and who changed it is kept by the database itself. The RPPS
number and the address say who enters: they are never changed under the feet of an account. PGSSI-S (habilitations).
"""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0036"
down_revision = "0035"

TABLE = "compte_nom"
WALL = Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",))

KEEP = """
CREATE FUNCTION keep_compte_nom() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.acteur() IS NULL THEN
        RETURN NEW;
    END IF;
    IF (NEW.rpps, NEW.email) IS DISTINCT FROM (OLD.rpps, OLD.email) THEN
        RAISE EXCEPTION 'who enters is not changed' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.civilite, NEW.prenom, NEW.nom) IS DISTINCT FROM (OLD.civilite, OLD.prenom, OLD.nom) THEN
        INSERT INTO compte_nom (tenant_id, id, compte_id, civilite, prenom, nom, until_at, changed_by)
        VALUES (OLD.tenant_id, gen_random_uuid(), OLD.id, OLD.civilite, OLD.prenom, OLD.nom, now(), spst_ctx.acteur());
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("compte_id", sa.UUID(), nullable=False),
        sa.Column("civilite", sa.Text(), nullable=False),
        sa.Column("prenom", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "compte_id"],
            ["compte.tenant_id", "compte.id"],
            name=op.f(f"{TABLE}_tenant_id_compte_id_fk"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"{TABLE}_pk")),
    )
    op.create_index(f"{TABLE}_compte_ix", TABLE, ["tenant_id", "compte_id", "until_at"])
    for statement in ddl(TABLE, WALL):
        op.execute(statement)
    op.execute(KEEP)
    op.execute("CREATE TRIGGER keep_compte_nom BEFORE UPDATE ON compte FOR EACH ROW EXECUTE FUNCTION keep_compte_nom()")
