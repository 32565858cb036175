"""What is given in writing to somebody (delegation, protocol, habilitation by name), and a tenant's own policy."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from spst.kernel.models import Base, TenantRow, behind, to_tenant_row
from spst.kernel.row_security import Section, Wall


class Delegation(TenantRow, Base):
    """A médecin entrusts S1, S2 or both to an IPRP or an assistant, under his responsibility (R. 4624-45-5 al. 2).

    `dossier_id` None: all the dossiers that the delegate follows. Instants in UTC; `ends_on` is excluded.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        to_tenant_row("compte", "delegant_id"),
        to_tenant_row("compte", "delegue_id"),
        CheckConstraint("sections <@ ARRAY['S1', 'S2'] AND cardinality(sections) > 0", name="sections"),
        CheckConstraint("ends_on > starts_on", name="periode"),
        CheckConstraint(
            "actes <@ ARRAY['lire', 'identite', 'enregistrement', 'parcours'] AND cardinality(actes) > 0", name="actes"
        ),
        Index("delegation_delegue_ix", "tenant_id", "delegue_id"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "direction"),
                writers=("sante",),
                update=True,
            )
        ),
    )

    delegant_id: Mapped[UUID]
    delegue_id: Mapped[UUID]
    sections: Mapped[list[str]] = mapped_column(ARRAY(Text))
    dossier_id: Mapped[UUID | None]
    starts_on: Mapped[datetime]
    ends_on: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    protocole: Mapped[str] = mapped_column(Text)
    """Reference of the written protocol."""
    created_at: Mapped[datetime]
    actes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Groups of acts that it gives (`rules.ACTES`); None: all those of its sections."""


class Remplacement(TenantRow, Base):
    """Somebody stands in for an absent médecin du travail, and follows whom he follows (R. 4623-15).

    Instants in UTC; `ends_on` is excluded.
    """

    __tablename__ = "remplacement"
    __table_args__ = (
        to_tenant_row("compte", "medecin_id"),
        to_tenant_row("compte", "remplacant_id"),
        CheckConstraint("ends_on > starts_on", name="periode"),
        CheckConstraint("medecin_id <> remplacant_id", name="autrui"),
        Index("remplacement_remplacant_ix", "tenant_id", "remplacant_id"),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "direction", "travailleur"),
                writers=("sante", "direction"),
                update=True,
            )
        ),
    )

    medecin_id: Mapped[UUID]
    remplacant_id: Mapped[UUID]
    starts_on: Mapped[datetime]
    ends_on: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]


class AccesExceptionnel(TenantRow, Base):
    """A médecin du travail opened one dossier past the policy of his SPST, for an hour, and another médecin reads why (HAB-06).

    No text of law: derived. The direction counts these rows; the reason stands in `AccesExceptionnelMotif`, closed to it.
    """

    __tablename__ = "acces_exceptionnel"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("expires_at > opened_at", name="periode"),
        CheckConstraint("(relu_at IS NULL) = (relu_by IS NULL)", name="relecture"),
        CheckConstraint("relu_by <> compte_id", name="autrui"),
        CheckConstraint("avis IN ('justifie', 'injustifie')", name="avis"),
        Index("acces_exceptionnel_compte_ix", "tenant_id", "compte_id", "dossier_id"),
        Index("acces_exceptionnel_relecture_ix", "tenant_id", postgresql_where=text("relu_at IS NULL")),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "direction"),
                writers=("sante",),
                own="dossier_id",
                update=True,
            )
        ),
    )

    dossier_id: Mapped[UUID]
    compte_id: Mapped[UUID]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    relu_at: Mapped[datetime | None]
    relu_by: Mapped[UUID | None]
    avis: Mapped[str | None] = mapped_column(Text)


class AccesExceptionnelMotif(TenantRow, Base):
    """Why, in the médecin's words, and what the one who read it answers: sealed under the key of the dossier."""

    __tablename__ = "acces_exceptionnel_motif"
    __table_args__ = (
        to_tenant_row("acces_exceptionnel", "id"),
        CheckConstraint("code IN ('urgence', 'continuite', 'demande', 'autre')", name="code"),
        behind(Wall(Section.TECHNIQUE, readers=("sante",), writers=("sante",), own="dossier_id", update=True)),
    )

    dossier_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text)
    texte_sealed: Mapped[bytes]
    reponse_sealed: Mapped[bytes | None]


class Supervision(TenantRow, Base):
    """The written protocol by which a health professional acts under the authority of a médecin du travail.

    `nature`: cooperation (COLL, INF, IPA; R. 4623-14 II), maitrise_stage (INT; R. 4623-28), collaboration (MPC; R. 4623-41 and
    following). `delegue_avis`: the interne may issue avis, under the name of his maître de stage. Instants in UTC; `ends_on` is
    excluded.
    """

    __tablename__ = "supervision"
    __table_args__ = (
        to_tenant_row("compte", "medecin_id"),
        to_tenant_row("compte", "supervise_id"),
        CheckConstraint("nature IN ('cooperation', 'maitrise_stage', 'collaboration')", name="nature"),
        CheckConstraint("ends_on > starts_on", name="periode"),
        CheckConstraint("medecin_id <> supervise_id", name="autrui"),
        CheckConstraint("NOT delegue_avis OR nature = 'maitrise_stage'", name="avis"),
        Index("supervision_supervise_ix", "tenant_id", "supervise_id"),
        behind(Wall(Section.TECHNIQUE, readers=("sante", "direction"), writers=("sante",), update=True)),
    )

    medecin_id: Mapped[UUID]
    supervise_id: Mapped[UUID]
    nature: Mapped[str] = mapped_column(Text)
    delegue_avis: Mapped[bool] = mapped_column(default=False)
    protocole: Mapped[str] = mapped_column(Text)
    """Reference of the written protocol."""
    starts_on: Mapped[datetime]
    ends_on: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class HabilitationNominative(TenantRow, Base):
    """What the direction gives to an account by name, beside its role.

    `code`: "enregistrement" registers identities, "insi" calls INSi, "dmp_consulter" and "dmp_alimenter" read and feed the DMP,
    "mssante" uses the secure mail of the SPST.
    """

    __tablename__ = "habilitation_nominative"
    __table_args__ = (
        to_tenant_row("compte", "compte_id"),
        CheckConstraint("code IN ('enregistrement', 'insi', 'dmp_consulter', 'dmp_alimenter', 'mssante')", name="code"),
        Index(
            "habilitation_nominative_uq",
            "tenant_id",
            "compte_id",
            "code",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        behind(
            Wall(
                Section.TECHNIQUE,
                readers=("sante", "delegue", "administratif", "direction"),
                writers=("direction",),
                services=("exploitation",),
                update=True,
            )
        ),
    )

    compte_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    granted_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]


_PUBLIC = Wall(
    Section.TECHNIQUE,
    readers=("sante", "delegue", "administratif", "direction", "equipe", "travailleur"),
    writers=("direction",),
    services=("connexion", "portail"),
)
_AVIS = "avis_cmt IN ('favorable', 'reserve', 'defavorable')"


class PolitiqueVersion(TenantRow, Base):
    """A policy that the SPST published; without any, the default that ships with the product is in force. Never changed.

    `choix`: what the direction chose, from which `texte` was written. Somebody proposed it, somebody else confirmed it, at
    `published_at`; the opinion of the commission médico-technique is kept with it (C. trav. L. 4622-13).
    """

    __tablename__ = "politique_version"
    __table_args__ = (
        CheckConstraint("numero > 0", name="numero"),
        CheckConstraint("proposed_by IS NULL OR proposed_by <> published_by", name="deux_personnes"),
        CheckConstraint(_AVIS, name="avis_cmt"),
        Index("politique_version_numero_uq", "tenant_id", "numero", unique=True),
        behind(_PUBLIC),
    )

    numero: Mapped[int]
    texte: Mapped[str] = mapped_column(Text)
    choix: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    motif: Mapped[str | None] = mapped_column(Text)
    avis_cmt: Mapped[str | None] = mapped_column(Text)
    avis_cmt_on: Mapped[date | None]
    avis_cmt_precision: Mapped[str | None] = mapped_column(Text)
    proposed_at: Mapped[datetime | None]
    proposed_by: Mapped[UUID | None]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID]


class PolitiqueBrouillon(TenantRow, Base):
    """The next policy under preparation: one at a time, its choices and what leads to its publication.

    `historique`: the choices before each change, the latest last, to take changes back. `revision`: grows at each change, so that
    whoever confirms confirms what he read. Proposed while `proposed_at` is set; ended by publication or by abandon.
    """

    __tablename__ = "politique_brouillon"
    __table_args__ = (
        CheckConstraint("(proposed_at IS NULL) = (proposed_by IS NULL)", name="proposition"),
        CheckConstraint(_AVIS, name="avis_cmt"),
        Index(
            "politique_brouillon_ouvert_uq",
            "tenant_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        behind(Wall(Section.TECHNIQUE, readers=("direction",), writers=("direction",), update=True)),
    )

    base: Mapped[int]
    """Number of the version from which it started; 0, the one that ships with the product."""
    choix: Mapped[dict[str, Any]] = mapped_column(JSONB)
    historique: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    revision: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    saved_at: Mapped[datetime]
    saved_by: Mapped[UUID]
    motif: Mapped[str | None] = mapped_column(Text)
    avis_cmt: Mapped[str | None] = mapped_column(Text)
    avis_cmt_on: Mapped[date | None]
    avis_cmt_precision: Mapped[str | None] = mapped_column(Text)
    proposed_at: Mapped[datetime | None]
    proposed_by: Mapped[UUID | None]
    returned_why: Mapped[str | None] = mapped_column(Text)
    """Why the second person sent it back."""
    closed_at: Mapped[datetime | None]
