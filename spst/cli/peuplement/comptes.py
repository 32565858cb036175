"""The local accounts, enrolled by the product's own steps, and the list of who can log in and how."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import pyotp

from spst.cli.demo.accounts import CompteDemonstration
from spst.cli.peuplement.dossiers import Dossier
from spst.cli.peuplement.etablissement import Spst
from spst.cli.peuplement.organisation import ADMINISTRATION, PROFESSIONNELS, Administration, Professionnel
from spst.comptes import local, local_rules
from spst.comptes.local import Tentative
from spst.dmst import services as dmst
from spst.kernel.acteur import Role, service
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.web.filters import prenom

_MOTIF = Motif(CodeMotif.TECHNIQUE, "Peuplement de la démonstration")
_PASSWORD_GROUPS = 4
"""Of 25 random bits each."""
_ONE_STEP_AGO = timedelta(seconds=28)
"""Enrolment spends a code: that of the half-minute before, so that the present one opens a session as soon as all is ready.

Two seconds short of a half-minute: what is still taken when the next one begins meanwhile.
"""


def enrol(runtime: Runtime, spst: Spst) -> Iterator[CompteDemonstration]:
    """Enrol direction, DPO and administrative staff: a password and a time-based secret made here and now."""
    for person in (one for one in ADMINISTRATION if one.spst == spst.demo.slug):
        with unit_of_work(runtime, spst.tenant_id, service("exploitation"), _MOTIF, origin="cli") as ctx:
            inscription = local.add_identity(ctx, person.email, spst.comptes[person.email])
        yield _enrolled(runtime, spst, person, inscription.code)


def _enrolled(runtime: Runtime, spst: Spst, person: Administration, code: str) -> CompteDemonstration:
    here = Tentative("127.0.0.1", new_id())
    jeton = local.start_enrolment(runtime, code, here).jeton
    password = local_rules.new_code(_PASSWORD_GROUPS).lower()
    local.choose_password(runtime, jeton, password, here)
    secret = local.application(runtime, jeton).secret.replace(" ", "")
    local.confirm_enrolment(runtime, jeton, pyotp.TOTP(secret).at(runtime.clock.now() - _ONE_STEP_AGO), here)
    return CompteDemonstration(
        compte=person.email,
        personne=person.personne,
        role=person.role.label_of(person.personne),
        spst=spst.demo.nom,
        entree="/connexion",
        acces=f"adresse {person.email}",
        mot_de_passe=password,
        totp=secret,
    )


def salariee(runtime: Runtime, spst: Spst, dossier_id: UUID) -> CompteDemonstration:
    """The worker who opens her portal: a code that her médecin du travail hands over, good for fifteen days."""
    with unit_of_work(runtime, spst.tenant_id, spst.medecin, Motif(CodeMotif.DROITS), origin="cli") as ctx:
        code = dmst.issue_code(ctx, dossier_id).code
    return CompteDemonstration(
        compte="portail",
        personne="Zoé ADRUN",
        role=Role.SAL.label,
        spst=spst.demo.nom,
        entree=f"/p/{spst.demo.slug}",
        acces=f"FranceConnect+, choisir Zoe ADRUN, puis code d’activation {code}",
    )


def professionnels(spst: Spst, entrusted: Sequence[Dossier]) -> Iterator[CompteDemonstration]:
    """Those who choose their name at Pro Santé Connect's stand-in. `entrusted`: to the médecin praticien correspondant."""
    for one in (one for one in PROFESSIONNELS if one.spst == spst.demo.slug):
        remark = f" ({_remark(one, entrusted)})" if one.remarque else ""
        yield CompteDemonstration(
            compte=one.psc,
            personne=one.personne,
            role=one.role.label_of(one.personne),
            spst=spst.demo.nom,
            entree="/connexion",
            acces=f"Pro Santé Connect, choisir {one.prenom} {one.nom}{remark}",
        )


def _remark(one: Professionnel, entrusted: Sequence[Dossier]) -> str:
    if one.role is not Role.MPC or not entrusted:
        return one.remarque
    named = (f"{prenom(dossier.civil.premier)} {dossier.civil.nom}" for dossier in entrusted[:2])
    return f"{one.remarque}, dont {' et '.join(named)}"
