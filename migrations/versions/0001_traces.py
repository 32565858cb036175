"""traces: append-only rows, partitioned by month of their id, and the technical journal.

UUIDv7 ids sort by time, so a month of traces is a range of ids (architecture: traces). Row security is forced on partitions
too, and every partition refuses UPDATE, DELETE and TRUNCATE, whoever asks.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from spst.kernel.row_security import Section, Wall, ddl

revision = "0001"
down_revision = None

WALLS = {
    "trace": Wall(Section.S8, own="dossier_id"),
    "trace_reserve": Wall(Section.S8, readers=("sante",), own="dossier_id"),
}
MONTHS_AHEAD = 24

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""

# Owned by spst_owner, so that the worker can keep partitions two years ahead without being allowed to make tables itself.
MAKE_PARTITIONS = """
CREATE FUNCTION make_trace_partitions(ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    month timestamptz := date_trunc('month', now(), 'UTC');
    last timestamptz := date_trunc('month', now(), 'UTC') + make_interval(months => least(ahead, 120));
    name text;
    made int := 0;
BEGIN
    WHILE month <= last LOOP
        name := 'trace_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
        IF to_regclass('public.' || name) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.trace FOR VALUES FROM (%L) TO (%L)', name,
                           trace_id_bound(month), trace_id_bound(month + interval '1 month'));
            PERFORM close_trace_partition(name);
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$
"""

ID_BOUND = """
CREATE FUNCTION trace_id_bound(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$
"""

CLOSE_PARTITION = """
CREATE FUNCTION close_trace_partition(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON public.%I EXECUTE FUNCTION public.refuse_change()',
                   name);
END $$
"""


def upgrade() -> None:
    _create_tables()
    for statement in (REFUSE_CHANGE, ID_BOUND, CLOSE_PARTITION, MAKE_PARTITIONS):
        op.execute(statement)
    for table in ("trace", "trace_reserve"):
        _make_append_only(table)
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
    op.execute("CREATE TABLE trace_defaut PARTITION OF trace DEFAULT")
    op.execute("SELECT close_trace_partition('trace_defaut')")
    op.execute(f"SELECT make_trace_partitions({MONTHS_AHEAD})")
    op.execute("REVOKE ALL ON FUNCTION make_trace_partitions, close_trace_partition, trace_id_bound FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION make_trace_partitions TO spst_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON journal_technique TO spst_app")


def _make_append_only(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")


def _create_tables() -> None:
    op.create_table(
        "trace",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acteur_id", sa.UUID(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("delegation_id", sa.UUID(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=True),
        sa.Column("sections", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("politique_version", sa.Text(), nullable=False),
        sa.Column("regles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("session_hash", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.UUID(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("writer_id", sa.UUID(), nullable=False),
        sa.Column("writer_n", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("decision IN ('permis', 'refuse')", name=op.f("trace_decision_ck")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("trace_pk")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("trace_dossier_ix", "trace", ["tenant_id", "dossier_id", sa.text("id DESC")])
    op.create_index("trace_acteur_ix", "trace", ["tenant_id", "acteur_id", sa.text("id DESC")])
    op.create_table(
        "trace_reserve",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("trace_id", sa.UUID(), nullable=False),
        sa.Column("dossier_id", sa.UUID(), nullable=True),
        sa.Column("acteur_id", sa.UUID(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("precision", sa.Text(), nullable=True),
        sa.Column("sel", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "trace_id", name=op.f("trace_reserve_pk")),
    )
    op.create_table(
        "journal_technique",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evenement", sa.Text(), nullable=False),
        sa.Column("niveau", sa.SmallInteger(), nullable=False),
        sa.Column("faits", postgresql.JSONB(), nullable=False),
        sa.Column("correlation_id", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("journal_technique_pk")),
    )
