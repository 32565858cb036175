"""Who may be granted which role, by whom and for how long: pure functions. Serves PGSSI-S (habilitations), AUTZ-06."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from spst.comptes.errors import CompteRefused, HabilitationRefused, OwnHabilitationRefused
from spst.comptes.rules import LOCAL_PATH
from spst.kernel.acteur import Famille, Role
from spst.tenants.rules import admits_mpc, has_luhn_key

CIVILITES = ("M.", "Mme", "Dr")
GRANTABLE = tuple(role for role in Role if role.famille not in {Famille.TRAVAILLEUR, Famille.SERVICE})
BY_EVIDENCE = tuple(role for role in GRANTABLE if role not in LOCAL_PATH)
"""Roles that only a proof of Pro Santé Connect opens: an account without RPPS number cannot be granted them."""
A_DEUX = tuple(role for role in GRANTABLE if role.famille is Famille.SANTE)
"""Roles that open health data: one person of the direction asks for them, another confirms (AUTZ-06)."""


@dataclass(frozen=True, slots=True)
class DemandeCompte:
    """An account to be opened: by RPPS number (Pro Santé Connect), or by e-mail address (password and code)."""

    civilite: str
    prenom: str
    nom: str
    rpps: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class DemandeRole:
    """A role to be granted. Instants in UTC; `ends_at` excluded, None without end."""

    role: Role
    starts_at: datetime
    ends_at: datetime | None = None
    hors_structure: bool = False
    attestation: str | None = None


@dataclass(frozen=True, slots=True)
class Beneficiaire:
    """Who would receive a role. `roles`: those that he holds now."""

    compte_id: UUID
    has_rpps: bool
    roles: Collection[str]


def check_compte(demande: DemandeCompte) -> None:
    """Raises: CompteRefused."""
    check_nom(demande.civilite, demande.prenom, demande.nom)
    if not demande.rpps and not demande.email:
        raise CompteRefused("Donnez un numéro RPPS, ou un courriel pour une personne sans numéro RPPS.")
    if demande.rpps and not is_rpps(demande.rpps):
        raise CompteRefused("Un numéro RPPS a onze chiffres, dont le dernier est une clé. Relisez-le.")
    if demande.email and not is_email(demande.email):
        raise CompteRefused("Ce courriel n’a pas la forme attendue. Relisez-le.")


def check_nom(civilite: str, prenom: str, nom: str) -> None:
    """Raises: CompteRefused."""
    if civilite not in CIVILITES:
        raise CompteRefused("Choisissez M., Mme ou Dr.")
    if not nom or not prenom:
        raise CompteRefused("Donnez le prénom et le nom.")


def is_rpps(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) == 11 and has_luhn_key(number)


def is_email(text: str) -> bool:
    """A rough form: the address is proved by whoever hands over the code, not by this line.

    No sign that is not seen, or that is read as another (full-width letters): it would be a second account of one address.
    """
    local, _, domain = text.rpartition("@")
    seen = text.isprintable() and " " not in text and unicodedata.is_normalized("NFKC", text)
    return bool(local) and "." in domain and seen and len(text) <= 254


def check_grant(demande: DemandeRole, to: Beneficiaire, granted_by: UUID, type_spst: str, now: datetime) -> None:
    """Raises: HabilitationRefused."""
    if to.compte_id == granted_by:
        raise OwnHabilitationRefused
    if demande.role not in GRANTABLE:
        raise HabilitationRefused("Ce rôle ne s’accorde pas.")
    if demande.role is Role.MPC and not admits_mpc(type_spst):
        raise HabilitationRefused(
            "Le médecin praticien correspondant n’existe que dans un service interentreprises (L. 4623-1 IV)."
        )
    if not to.has_rpps and demande.role in BY_EVIDENCE:
        raise HabilitationRefused("Ce rôle demande un numéro RPPS\u00a0: il s’ouvre par Pro Santé Connect seulement.")
    if demande.ends_at is not None and demande.ends_at <= max(demande.starts_at, now):
        raise HabilitationRefused("La fin vient avant le début, ou elle est passée.")
    if demande.role in to.roles:
        raise HabilitationRefused("Ce compte a déjà ce rôle. Retirez-le d’abord pour changer ses dates.")
