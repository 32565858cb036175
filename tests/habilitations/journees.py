"""What each role does on an ordinary day: whom he follows, what he was given in writing, the acts without which he stops."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from spst.habilitations.moteur import Situation
from spst.habilitations.ports import Faits
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.ids import new_id
from tests.factories.confies import entrusted
from tests.factories.monde import Monde
from tests.factories.releves import run
from tests.habilitations import loi

_SESSION = "session.open session.close"
_ACCUEIL = "dossier.search agenda.consult rendez_vous.update"
_REGISTRE = f"{_SESSION} {_ACCUEIL} registre.update identite.register"
_VOLETS_DELEGUES = (
    "dossier.open identite.consult identite.update identite.verify insi.call code_activation.issue"
    " exposition.consult exposition.add exposition.close emploi.add protocole.consult"
)
_CONSULTATION = (
    "visite.consult visite.start visite.note visite.close visite.abandon visite.complete attestation.issue"
    " courrier.add information.give opposition.record"
)
_EQUIPE_DE_SANTE = f"{_REGISTRE} {_VOLETS_DELEGUES} {_CONSULTATION} dossier.create"
_LECTURE_DU_PILOTAGE = (
    f"{_SESSION} journal.consult journal.export exceptionnel.count politique.consult revue.consult moyen.consult"
    " protocole.consult"
)

JOURNEES = {
    Role.MDT: f"{_EQUIPE_DE_SANTE} avis.issue acces.consult transfert.request transfert.send inspection.transmit"
    " protocole.give protocole.revoke remplacement.set remplacement.end exceptionnel.open exceptionnel.review"
    " reidentification.decide",
    Role.COLL: f"{_EQUIPE_DE_SANTE} avis.issue",
    Role.INT: _EQUIPE_DE_SANTE,
    Role.INF: _EQUIPE_DE_SANTE,
    Role.IPA: _EQUIPE_DE_SANTE,
    Role.MPC: f"{_SESSION} {_ACCUEIL} {_VOLETS_DELEGUES} {_CONSULTATION}",
    Role.IPRP: f"{_REGISTRE} {_VOLETS_DELEGUES}",
    Role.ASST: f"{_REGISTRE} {_VOLETS_DELEGUES}",
    Role.PRO: _SESSION,
    Role.ASS: _SESSION,
    Role.ADM: _REGISTRE,
    Role.DIR: f"{_LECTURE_DU_PILOTAGE} compte.list compte.create compte.update organisation.update"
    " habilitation.grant habilitation.revoke session.revoke politique.draft politique.propose politique.confirm"
    " remplacement.set remplacement.end reidentification.ask reidentification.read",
    Role.DPO: f"{_LECTURE_DU_PILOTAGE} alerte.consult alerte.decide reidentification.ask reidentification.read",
    Role.AUD: _LECTURE_DU_PILOTAGE,
    Role.TECH: "",
    Role.SAL: f"{_SESSION} portail.activate portail.dossier portail.visites portail.acces portail.report portail.courriel"
    " opposition.record",
    Role.SRV: "tenant.create menage.run traces.destroy session.close alerte.open courriel.send",
}
"""Acts without which the day stops; others may be open too, within the law."""


def usual(role: Role) -> Situation:
    """What is true of somebody at work in A, towards Zoé."""
    faits = Faits(
        du_spst=True,
        suivi=role in loi.SANTE | loi.DELEGUES,
        confie_mpc=role is Role.MPC,
        dossier_of_actor=role is Role.SAL,
    )
    return Situation(
        faits=faits,
        delegation=frozenset({"S1", "S2"} if role in loi.DELEGUES else ()),
        supervision=role in loi.SOUS_AUTORITE | {Role.MPC},
        enregistrement=role is Role.ADM,
        motif_donne=True,
        deux_facteurs=True,
    )


@contextmanager
def at_work(monde: Monde, role: Role) -> Iterator[tuple[Acteur, UUID | None]]:
    """Somebody of A with what his role needs in writing; and his own dossier, when he is the worker."""
    zoe, staff = monde.a.zoe, monde.a.staff
    others = {
        Role.SAL: zoe.acteur,
        Role.SRV: service("exploitation"),
        Role.TECH: Acteur(new_id(), Role.TECH, facteurs=2),
    }
    acteur = staff.get(role) or others[role]
    if role in loi.DELEGUES:
        monde.delegate(monde.a, acteur, "S1", "S2")
    with entrusted(monde, *([zoe] if role is Role.MPC else ())):
        yield acteur, zoe.dossier_id if role is Role.SAL else None
    run(monde, "DELETE FROM delegation WHERE delegue_id = :who", who=acteur.id)
