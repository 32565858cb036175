"""comptes: two people for a role of health, departures, disuse, periodic reviews, inventory of cards, certificates, mailboxes.

AUT-06, AUT-07; PGSSI-S (habilitations): nobody alone opens health data, who holds what is reviewed and signed.
"""

import sqlalchemy as sa
from alembic import op

from spst.kernel.row_security import Section, Wall, ddl

revision = "0031"
down_revision = "0030"

_DIRECTION = Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",), update=True)
WALLS = {
    "role_demande": _DIRECTION,
    "reglage_comptes": Wall(
        Section.TECHNIQUE, readers=("direction",), writers=("direction",), services=("connexion",), update=True
    ),
    "revue": _DIRECTION,
    "revue_ligne": _DIRECTION,
    "moyen_identification": _DIRECTION,
}

# The roles of the family of health, as spst.kernel.acteur names them. Commands of the exploitation lay grants down without
# a demand (the demonstration): the direction alone is held to two people, each in his own name.
DEUX_PERSONNES = """
CREATE FUNCTION hold_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.tenant_id, NEW.id, NEW.compte_id, NEW.role, NEW.starts_at, NEW.granted_by, NEW.granted_at,
            NEW.demande_id, NEW.confirmed_at, NEW.confirmed_by)
           IS DISTINCT FROM
           (OLD.tenant_id, OLD.id, OLD.compte_id, OLD.role, OLD.starts_at, OLD.granted_by, OLD.granted_at,
            OLD.demande_id, OLD.confirmed_at, OLD.confirmed_by)
           OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
            RAISE EXCEPTION 'a role is taken back, and is not rewritten' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.role IN ('MDT', 'COLL', 'INT', 'INF', 'IPA', 'MPC') AND (
        NEW.confirmed_by IS DISTINCT FROM spst_ctx.acteur()
        OR NOT EXISTS (SELECT FROM role_demande d
                       WHERE d.tenant_id = NEW.tenant_id AND d.id = NEW.demande_id AND d.compte_id = NEW.compte_id
                         AND d.role = NEW.role AND d.asked_by = NEW.granted_by AND d.issue = 'accordee'
                         AND NOT EXISTS (SELECT FROM habilitation h
                                         WHERE h.tenant_id = d.tenant_id AND h.demande_id = d.id))) THEN
        RAISE EXCEPTION 'a role of health takes two people' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

DEMANDE_CLOSE_UNE_FOIS = """
CREATE FUNCTION hold_role_demande() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF spst_ctx.famille() IS DISTINCT FROM 'direction' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.asked_by IS DISTINCT FROM spst_ctx.acteur() OR NEW.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'a demand is made in one''s own name' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.closed_at IS NOT NULL OR NEW.closed_by IS DISTINCT FROM spst_ctx.acteur()
          OR (NEW.tenant_id, NEW.id, NEW.compte_id, NEW.role, NEW.starts_at, NEW.ends_at, NEW.hors_structure,
              NEW.attestation, NEW.asked_at, NEW.asked_by)
             IS DISTINCT FROM
             (OLD.tenant_id, OLD.id, OLD.compte_id, OLD.role, OLD.starts_at, OLD.ends_at, OLD.hors_structure,
              OLD.attestation, OLD.asked_at, OLD.asked_by) THEN
        RAISE EXCEPTION 'a demand is closed once, in one''s own name' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

# Signed, a review never changes again, whoever asks: these two hold for every role, the owner's too.
REVUE_SIGNEE = """
CREATE FUNCTION hold_revue() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.signed_at IS NOT NULL
       OR (NEW.tenant_id, NEW.id, NEW.opened_at, NEW.opened_by, NEW.lignes)
          IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.opened_at, OLD.opened_by, OLD.lignes) THEN
        RAISE EXCEPTION 'a review is signed once, and never changes' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.signed_at IS NOT NULL AND (
        NEW.lignes <> (SELECT count(*) FROM revue_ligne l WHERE l.tenant_id = NEW.tenant_id AND l.revue_id = NEW.id)
        OR EXISTS (SELECT FROM revue_ligne l
                   WHERE l.tenant_id = NEW.tenant_id AND l.revue_id = NEW.id AND l.decision IS NULL)) THEN
        RAISE EXCEPTION 'a review is signed once each of its lines is decided' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

LIGNE_FIGEE = """
CREATE FUNCTION hold_revue_ligne() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked record;
BEGIN
    SELECT r.signed_at, r.lignes INTO asked FROM revue r
    WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.revue_id FOR SHARE;
    IF asked.signed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a signed review never changes' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.rang > asked.lignes THEN
        RAISE EXCEPTION 'the lines of a review are frozen when it opens' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE'
       AND (NEW.tenant_id, NEW.id, NEW.revue_id, NEW.rang, NEW.compte_id, NEW.personne, NEW.nature, NEW.objet_id,
            NEW.objet, NEW.since, NEW.until, NEW.last_login_at)
           IS DISTINCT FROM
           (OLD.tenant_id, OLD.id, OLD.revue_id, OLD.rang, OLD.compte_id, OLD.personne, OLD.nature, OLD.objet_id,
            OLD.objet, OLD.since, OLD.until, OLD.last_login_at) THEN
        RAISE EXCEPTION 'the lines of a review are frozen when it opens' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

MOYEN_RETIRE = """
CREATE FUNCTION hold_moyen_identification() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'what was withdrawn from the inventory stays as it was' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER hold_two_people BEFORE INSERT OR UPDATE ON habilitation FOR EACH ROW EXECUTE FUNCTION hold_two_people()",
    "CREATE TRIGGER hold_role_demande BEFORE INSERT OR UPDATE ON role_demande"
    " FOR EACH ROW EXECUTE FUNCTION hold_role_demande()",
    "CREATE TRIGGER hold_revue BEFORE UPDATE ON revue FOR EACH ROW EXECUTE FUNCTION hold_revue()",
    "CREATE TRIGGER hold_revue_ligne BEFORE INSERT OR UPDATE ON revue_ligne"
    " FOR EACH ROW EXECUTE FUNCTION hold_revue_ligne()",
    "CREATE TRIGGER hold_moyen_identification BEFORE UPDATE ON moyen_identification"
    " FOR EACH ROW EXECUTE FUNCTION hold_moyen_identification()",
)


def upgrade() -> None:
    _compte()
    _role_demande()
    _habilitation()
    _reglage_comptes()
    _revue()
    _moyen_identification()
    for table, wall in WALLS.items():
        for statement in ddl(table, wall):
            op.execute(statement)
    for statement in (DEUX_PERSONNES, DEMANDE_CLOSE_UNE_FOIS, REVUE_SIGNEE, LIGNE_FIGEE, MOYEN_RETIRE, *TRIGGERS):
        op.execute(statement)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.UUID(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _to(target: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"{table}_tenant_id_{column}_fk"),
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"{table}_{name}_ck"))


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"{table}_pk"))


def _compte() -> None:
    for name in ("departs_at", "last_login_at"):
        op.add_column("compte", _instant(name, nullable=True))
    # Nobody knows when the accounts that stand were last used, sessions being purged: their count begins with this release.
    counted = sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))
    op.add_column("compte", counted)
    op.add_column("compte", sa.Column("inusite", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_check_constraint(op.f("compte_inusite_ck"), "compte", "NOT inusite OR suspended_at IS NOT NULL")
    op.drop_constraint(op.f("habilitation_nominative_code_ck"), "habilitation_nominative")
    op.create_check_constraint(
        op.f("habilitation_nominative_code_ck"),
        "habilitation_nominative",
        "code IN ('enregistrement', 'insi', 'dmp_consulter', 'dmp_alimenter', 'mssante')",
    )


def _role_demande() -> None:
    table = "role_demande"
    op.create_table(
        table,
        _id("tenant_id"),
        _id("id"),
        _id("compte_id"),
        _text("role"),
        _instant("starts_at"),
        _instant("ends_at", nullable=True),
        sa.Column("hors_structure", sa.Boolean(), nullable=False),
        _text("attestation", nullable=True),
        _instant("asked_at"),
        _id("asked_by"),
        _instant("closed_at", nullable=True),
        _id("closed_by", nullable=True),
        _text("issue", nullable=True),
        _check(table, "periode", "ends_at IS NULL OR ends_at > starts_at"),
        _check(table, "autrui", "asked_by <> compte_id"),
        _check(table, "issue", "issue IN ('accordee', 'ecartee')"),
        _check(table, "fin", "(issue IS NULL) = (closed_at IS NULL) AND (issue IS NULL) = (closed_by IS NULL)"),
        _check(
            table,
            "deux_personnes",
            "issue IS DISTINCT FROM 'accordee' OR (closed_by <> asked_by AND closed_by <> compte_id)",
        ),
        _to("compte", table, "compte_id"),
        _key(table),
    )
    op.create_index(
        "role_demande_ouverte_uq",
        table,
        ["tenant_id", "compte_id", "role"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _habilitation() -> None:
    table = "habilitation"
    for column in (
        _id("demande_id", nullable=True),
        _instant("confirmed_at", nullable=True),
        _id("confirmed_by", nullable=True),
    ):
        op.add_column(table, column)
    op.create_foreign_key(
        op.f("habilitation_tenant_id_demande_id_fk"),
        table,
        "role_demande",
        ["tenant_id", "demande_id"],
        ["tenant_id", "id"],
    )
    op.create_check_constraint(
        op.f("habilitation_confirmation_ck"), table, "(confirmed_by IS NULL) = (confirmed_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("habilitation_deux_personnes_ck"),
        table,
        "confirmed_by IS NULL OR (confirmed_by <> granted_by AND confirmed_by <> compte_id)",
    )


def _reglage_comptes() -> None:
    table = "reglage_comptes"
    op.create_table(
        table,
        _id("tenant_id"),
        _id("id"),
        sa.Column("revue_mois", sa.Integer(), nullable=False),
        sa.Column("inusage_jours", sa.Integer(), nullable=False),
        _instant("changed_at"),
        _id("changed_by"),
        _check(table, "revue_mois", "revue_mois BETWEEN 1 AND 12"),
        _check(table, "inusage_jours", "inusage_jours BETWEEN 30 AND 365"),
        _key(table),
    )
    op.create_index("reglage_comptes_uq", table, ["tenant_id"], unique=True)


def _revue() -> None:
    table = "revue"
    op.create_table(
        table,
        _id("tenant_id"),
        _id("id"),
        _instant("opened_at"),
        _id("opened_by"),
        sa.Column("lignes", sa.Integer(), nullable=False),
        _instant("signed_at", nullable=True),
        _id("signed_by", nullable=True),
        _text("empreinte", nullable=True),
        _check(
            table,
            "signature",
            "(signed_at IS NULL) = (signed_by IS NULL) AND (signed_at IS NULL) = (empreinte IS NULL)",
        ),
        _check(table, "empreinte", "empreinte ~ '^[0-9a-f]{64}$'"),
        _key(table),
    )
    op.create_index(
        "revue_ouverte_uq", table, ["tenant_id"], unique=True, postgresql_where=sa.text("signed_at IS NULL")
    )
    table = "revue_ligne"
    op.create_table(
        table,
        _id("tenant_id"),
        _id("id"),
        _id("revue_id"),
        sa.Column("rang", sa.Integer(), nullable=False),
        _id("compte_id"),
        _text("personne"),
        _text("nature"),
        _id("objet_id"),
        _text("objet"),
        _instant("since"),
        _instant("until", nullable=True),
        _instant("last_login_at", nullable=True),
        _text("decision", nullable=True),
        _text("commentaire", nullable=True),
        _instant("decided_at", nullable=True),
        _id("decided_by", nullable=True),
        _check(table, "nature", "nature IN ('role', 'nominative', 'equipe', 'compte')"),
        _check(table, "decision", "decision IN ('garder', 'retirer')"),
        _check(
            table,
            "decidee",
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)",
        ),
        _check(table, "autrui", "decided_by <> compte_id"),
        _to("revue", table, "revue_id"),
        _to("compte", table, "compte_id"),
        _key(table),
    )
    op.create_index("revue_ligne_rang_uq", table, ["tenant_id", "revue_id", "rang"], unique=True)


def _moyen_identification() -> None:
    table = "moyen_identification"
    op.create_table(
        table,
        _id("tenant_id"),
        _id("id"),
        _text("nature"),
        _text("reference"),
        _id("compte_id", nullable=True),
        _text("service", nullable=True),
        _id("responsable_id"),
        sa.Column("expires_on", sa.Date(), nullable=True),
        _instant("created_at"),
        _id("created_by"),
        _instant("changed_at"),
        _id("changed_by"),
        _instant("withdrawn_at", nullable=True),
        _id("withdrawn_by", nullable=True),
        _text("withdrawn_why", nullable=True),
        _check(
            table,
            "nature",
            "nature IN ('cps', 'cpf', 'cpe', 'ecps', 'certificat_organisation', 'certificat_authentification',"
            " 'certificat_signature', 'boite_mssante', 'boite_apicrypt')",
        ),
        _check(table, "porteur", "(compte_id IS NULL) <> (service IS NULL)"),
        _check(
            table,
            "retrait",
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_why IS NULL)",
        ),
        _to("compte", table, "compte_id"),
        _to("compte", table, "responsable_id"),
        _key(table),
    )
    op.create_index(
        "moyen_identification_reference_uq",
        table,
        ["tenant_id", "nature", "reference"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
