"""What the law opens, written a second time: as a table and a few conditions, apart from the policies and from the engine.

The ceiling says the same in Cedar. Neither is made from the other, so that a rule lost there is still written here.
"""

from collections.abc import Callable
from typing import NamedTuple

from spst.habilitations.moteur import Situation
from spst.kernel.acteur import Role

VOLETS = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8")
SANTE = frozenset({Role.MDT, Role.COLL, Role.INT, Role.INF, Role.IPA, Role.MPC})
SOUS_AUTORITE = frozenset({Role.COLL, Role.INT, Role.INF, Role.IPA})
DELEGUES = frozenset({Role.IPRP, Role.ASST})
DIRECTION = frozenset({Role.DIR, Role.DPO, Role.AUD})
TOUS = frozenset(Role)


class Ligne(NamedTuple):
    """What a role consults (C) and fills (F) of S1 to S8 at most, and where that is written."""

    droits: str
    article: str


_DOSSIER = {
    Role.MDT: Ligne("CF CF CF CF CF CF CF C", "L. 4624-8, R. 4624-45-5 al. 1"),
    Role.COLL: Ligne("CF CF CF CF CF CF CF C", "R. 4624-45-5 al. 1, R. 4623-25-1"),
    Role.INT: Ligne("CF CF CF CF CF CF CF C", "R. 4624-45-5 al. 1, R. 4623-28"),
    Role.INF: Ligne("CF CF CF CF CF CF CF C", "R. 4624-45-5 al. 1, R. 4623-14 II 1°"),
    Role.IPA: Ligne("CF CF CF CF CF CF CF C", "R. 4624-45-5 al. 1, L. 4624-2-2 II"),
    Role.MPC: Ligne("CF CF CF CF CF CF CF -", "L. 4624-8 al. 3, R. 4623-43"),
    Role.IPRP: Ligne("CF CF - - - - - -", "R. 4624-45-5 al. 2, R. 4623-38"),
    Role.ASST: Ligne("CF CF - - - - - -", "R. 4624-45-5 al. 2, R. 4623-40"),
    Role.PRO: Ligne("- - - - - - - -", "no text opens anything (R. 4624-45-5)"),
    Role.ASS: Ligne("- - - - - - - -", "L. 4622-8: not of the équipe; neither reads nor fills"),
    Role.ADM: Ligne("- - - - - - - -", "L. 4624-8: no access to content"),
    Role.DIR: Ligne("- - - - - - - -", "L. 4624-8: no access to content; lines of S8 in the journal"),
    Role.DPO: Ligne("- - - - - - - -", "RGPD art. 39: lines of S8 in the journal, without content"),
    Role.AUD: Ligne("- - - - - - - -", "RGPD art. 39: lines of S8 in the journal, without content"),
    Role.TECH: Ligne("- - - - - - - -", "L. 1111-8 CSP"),
    Role.SAL: Ligne("C C C C C C CF C", "R. 4624-45-8, L. 1111-7 CSP; S7: R. 4624-45-6"),
    Role.SRV: Ligne("- - - - - - - -", "L. 1111-8 CSP"),
}


class Condition(NamedTuple):
    """What must be true, beside the table, for these roles to see a section; `a_constituer`: before there is a dossier too."""

    article: str
    roles: frozenset[Role]
    holds: Callable[[Situation, str], bool]
    a_constituer: bool = True


_CONDITIONS = (
    Condition("R. 4624-45-5, L. 1470-1 à L. 1470-5 CSP", TOUS, lambda s, _: s.deux_facteurs),
    Condition("L. 4624-8: one dossier per worker and per SPST", TOUS, lambda s, _: s.faits.du_spst, False),
    Condition("L. 1110-4 I CSP", SANTE - {Role.MPC} | DELEGUES, lambda s, _: s.faits.suivi, False),
    Condition("R. 4623-14 II, R. 4623-25-1, R. 4623-41", SOUS_AUTORITE | {Role.MPC}, lambda s, _: s.supervision),
    Condition("R. 4624-45-5 al. 2", DELEGUES, lambda s, volet: volet in s.delegation),
    Condition("L. 4624-8 al. 3, R. 4623-43", frozenset({Role.MPC}), lambda s, _: s.faits.confie_mpc),
    Condition("R. 4623-44: never SIR", frozenset({Role.MPC}), lambda s, _: not s.faits.regime_sir),
    Condition("R. 4624-45-6 (a1)", frozenset({Role.MPC}), lambda s, _: not s.faits.opposition_mpc),
    Condition("R. 4624-45-6 (a2)", SOUS_AUTORITE, lambda s, _: not s.faits.opposition_professionnels),
    Condition(
        "R. 4624-45-6, R. 4624-45-8 al. 3: both leave the médecin du travail alone",
        DELEGUES,
        lambda s, _: not (s.faits.opposition_mpc and s.faits.opposition_professionnels),
    ),
    Condition("R. 4624-45-8: his own", frozenset({Role.SAL}), lambda s, _: s.faits.dossier_of_actor),
    Condition("no text; derived: for the médecin du travail alone", TOUS - {Role.MDT}, lambda s, _: not s.acces_exceptionnel),
)  # fmt: skip


class Acte(NamedTuple):
    """`un_suffit`: sections are judged one by one, and one that opens is enough."""

    mode: str
    cibles: tuple[str, ...]
    un_suffit: bool


def _read(lines: str) -> dict[str, Acte]:
    found = {}
    for name, letters, *cibles in (line.split() for line in lines.strip().splitlines()):
        found[name] = Acte({"C": "consulter", "F": "remplir"}[letters[0]], tuple(cibles), letters.endswith("*"))
    return found


# C consults, F fills; * where one section is enough.
ACTES = _read("""
dossier.open         C* S1 S2 S3 S4 S5 S6 S7 S8
dossier.create       F  S1
identite.consult     C  S1
identite.update      F  S1
identite.verify      F  S1
insi.call            F  S1
code_activation.issue F S1
exposition.consult   C  S2
exposition.add       F  S2
exposition.close     F  S2
emploi.add           F  S2
visite.consult       C  S3
visite.start         F  S3
visite.note          F  S3
visite.close         F  S3 S5
visite.abandon       F  S3
visite.complete      F  S3
courrier.add         F  S4
attestation.issue    F  S5
avis.issue           F  S5
information.give     F  S6
opposition.record    F  S7
acces.consult        C  S8
exceptionnel.open    C* S1 S2 S3 S4 S5 S6 S7 S8
transfert.request    C  S1
transfert.send       C  S1 S2 S3 S4 S5 S6 S7
inspection.transmit  C  S1 S2 S3 S4 S5
portail.dossier      C* S1 S2 S3 S4 S5 S6 S7
portail.visites      C* S3 S5
portail.acces        C  S8
dossier.search       C  registre
agenda.consult       C  registre
registre.update      F  registre
rendez_vous.update   F  registre
identite.register    F  registre
journal.consult      C  journal
journal.export       C  journal
exceptionnel.count   C  journal
alerte.consult       C  journal
alerte.decide        F  journal
reidentification.ask F  journal
reidentification.read C journal
politique.consult    C  pilotage
revue.consult        C  pilotage
moyen.consult        C  pilotage
politique.draft      F  pilotage
politique.propose    F  pilotage
politique.confirm    F  pilotage
protocole.consult    C  protocoles
protocole.give       F  protocoles
protocole.revoke     F  protocoles
exceptionnel.review  F  protocoles
reidentification.decide F protocoles
remplacement.set     F  protocoles
remplacement.end     F  protocoles
compte.list          C  comptes
compte.create        F  comptes
compte.update        F  comptes
organisation.update  F  comptes
habilitation.grant   F  comptes
habilitation.revoke  F  comptes
session.revoke       F  comptes
portail.activate     F  portail
portail.report       F  portail
portail.courriel     F  portail
courriel.send        F  systeme
session.open         F  systeme
session.close        F  systeme
tenant.create        F  systeme
menage.run           F  systeme
alerte.open          F  systeme
traces.destroy       F  systeme
""")


def _by_delegation_or_by_name(role: Role, situation: Situation) -> bool:
    return role in SANTE or situation.enregistrement or (role in DELEGUES and "S1" in situation.delegation)


RESERVES: dict[str, Callable[[Role, Situation], bool]] = {
    # R. 4624-45-3: a health professional constitutes it.
    "dossier.create": lambda role, _: role in SANTE,
    # L. 4624-3, R. 4623-14 II, R. 4623-28, R. 4623-44: INF, IPA and MPC deliver the attestation only; INT when delegated.
    "avis.issue": lambda role, s: role in {Role.MDT, Role.COLL} or (role is Role.INT and s.avis_delegue),
    # L. 4624-8 al. 1.
    "inspection.transmit": lambda role, _: role is Role.MDT,
    # R. 4624-45-6 (b), R. 4624-45-7. Who asks and who sends is written nowhere: whoever sees the sections.
    "transfert.request": lambda _, s: not s.faits.opposition_transfert,
    "transfert.send": lambda _, s: not s.faits.opposition_transfert,
    # No text; derived.
    "exceptionnel.open": lambda role, _: role is Role.MDT,
    # R. 4624-45-8.
    "portail.dossier": lambda role, _: role is Role.SAL,
    "portail.visites": lambda role, _: role is Role.SAL,
    "portail.acces": lambda role, _: role is Role.SAL,
    # R. 4624-45-4 1°: by function, by delegation on S1, or by name; the MPC is not of the service (R. 4623-44).
    "identite.register": lambda role, s: role is not Role.MPC and _by_delegation_or_by_name(role, s),
    "registre.update": lambda role, _: role is not Role.MPC,
}
"""What an act asks beside its sections."""

_EQUIPE = SANTE | DELEGUES
_DOMAINES: dict[tuple[str, str], frozenset[Role]] = {
    # L. 4624-8: administrative staff work without the dossier, on a register that holds nothing of it.
    ("registre", "consulter"): _EQUIPE | {Role.ADM},
    ("registre", "remplir"): _EQUIPE | {Role.ADM},
    # R. 4624-45-5 al. 4, RGPD art. 39: who, when, which section.
    ("journal", "consulter"): DIRECTION,
    # RGPD art. 24 and 32: the direction sets up the habilitations.
    ("comptes", "consulter"): frozenset({Role.DIR}),
    ("comptes", "remplir"): frozenset({Role.DIR}),
    ("pilotage", "consulter"): DIRECTION,
    ("pilotage", "remplir"): frozenset({Role.DIR}),
    # R. 4624-45-5 al. 2, R. 4623-14 II: the médecin du travail delegates and answers for it.
    ("protocoles", "consulter"): _EQUIPE | DIRECTION,
    ("protocoles", "remplir"): frozenset({Role.MDT}),
    ("systeme", "remplir"): frozenset({Role.SRV}),
}
_OWN_ROLES = {
    # R. 4623-15: the direction sees to the replacement of an absent médecin.
    "remplacement.set": frozenset({Role.MDT, Role.DIR}),
    "remplacement.end": frozenset({Role.MDT, Role.DIR}),
    # RGPD art. 24, 32 and 39; derived: not the auditor.
    "reidentification.ask": frozenset({Role.DIR, Role.DPO}),
    "reidentification.read": frozenset({Role.DIR, Role.DPO}),
    "portail.activate": frozenset({Role.SAL}),
    "portail.report": frozenset({Role.SAL}),
    # RGPD art. 38 and 39: he answers to nobody for what he examines; the direction set up what he judges.
    "alerte.consult": frozenset({Role.DPO}),
    "alerte.decide": frozenset({Role.DPO}),
    "portail.courriel": frozenset({Role.SAL}),
    "session.open": TOUS - {Role.TECH},
    "session.close": TOUS - {Role.TECH},
}
"""Acts outside of the dossier that are not those of their domain."""


def opens(role: Role, question: str, cible: str, situation: Situation) -> bool:
    """Whether the law opens one section or one domain. `question`: an act, or a mode when the cell itself is asked for."""
    reserve = RESERVES.get(question)
    if reserve is not None and not reserve(role, situation):
        return False
    mode = ACTES[question].mode if question in ACTES else question
    if cible not in VOLETS:
        return _opens_outside(role, question, cible, mode, situation)
    letters = _DOSSIER[role].droits.split()[VOLETS.index(cible)]
    asked = (one for one in _CONDITIONS if role in one.roles and (one.a_constituer or question != "dossier.create"))
    return {"consulter": "C", "remplir": "F"}[mode] in letters and all(one.holds(situation, cible) for one in asked)


def allows(role: Role, acte: str, situation: Situation) -> bool:
    """Whether the law lets somebody in this role do the whole act."""
    cibles = ACTES[acte].cibles
    found = [opens(role, acte, cible, situation) for cible in cibles]
    return any(found) if ACTES[acte].un_suffit else all(found)


def _opens_outside(role: Role, question: str, domaine: str, mode: str, situation: Situation) -> bool:
    identified = situation.deux_facteurs or question in {"session.open", "session.close"}
    derogation = situation.acces_exceptionnel and role is not Role.MDT
    roles = _OWN_ROLES.get(question, _DOMAINES.get((domaine, mode), frozenset()))
    return identified and not derogation and role in roles


_DESTINATAIRES = {
    # L. 4624-8 al. 6, R. 4624-45-7: all but the traces, unless he opposes.
    "spst": VOLETS[:7],
    # L. 4624-8 al. 1.
    "inspection_medicale": VOLETS[:5],
    # L. 4624-8, R. 4624-49: nothing of it.
    "employeur": (),
    "cse": (),
    "inspection_travail": (),
    "assurance_maladie": (),
}


def receives(destinataire: str, volet: str, situation: Situation) -> bool:
    """Whether a section may be sent to somebody outside of the SPST: asked for, or for public health."""
    opposed = destinataire == "spst" and situation.faits.opposition_transfert
    sent = situation.faits.du_spst and situation.transmission_fondee and situation.deux_facteurs
    return volet in _DESTINATAIRES[destinataire] and sent and not opposed and not situation.acces_exceptionnel
