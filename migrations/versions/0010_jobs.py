"""jobs: the queue of procrastinate, in the same database so that a job commits with what caused it.

Its tables have no tenant: arguments are `(tenant_id, evenement_id)` or nothing, never a datum of a dossier.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute("""
        DO $$ DECLARE item record; BEGIN
            FOR item IN SELECT c.oid::regclass AS name, c.relkind FROM pg_class c
                        WHERE c.relnamespace = 'public'::regnamespace AND c.relname LIKE 'procrastinate\\_%'
                          AND c.relkind IN ('r', 'S') LOOP
                EXECUTE format(CASE item.relkind WHEN 'S' THEN 'GRANT USAGE, SELECT ON SEQUENCE %s TO spst_app'
                               ELSE 'GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO spst_app' END, item.name);
            END LOOP;
        END $$
    """)
