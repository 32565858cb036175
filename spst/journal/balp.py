"""One line of the journal as an AuditEvent of FHIR R4, by the patterns of IHE BALP 1.1.4: a pure mapping.

It says what the direction's page says, and no more: never a purpose nor a type of visit, a dossier by its opaque reference, a
worker by nothing. A pattern describes a success: a refusal keeps the shape of its pattern and claims no profile.
Source: profiles.ihe.net/ITI/BALP, 3:5.7.3 and 3:5.7.7; hl7.org/fhir/R4/auditevent.html.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

import orjson

from spst.habilitations import actions
from spst.journal.genres import GENRES
from spst.journal.rules import REFUSE, Ligne, acte_of, role_label
from spst.kernel.acteur import Role

Json = dict[str, Any]

ACTES = "urn:uuid:6f0d5d0e-2a0b-4c64-9a53-0f6e3a1b7c21"
ROLES = "urn:uuid:0b8a3f52-7e0a-4f0d-8f5e-5d1c7f2e9a34"
"""Names of our two code systems: the actions of the registry, and the roles. Never changed."""

_PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_THO = "http://terminology.hl7.org/CodeSystem/"
_SUCCESS, _REFUSED = "0", "4"
"""A refusal is a minor failure: what HTTP answers by a 4xx (FHIR R4, audit-event-outcome)."""


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _dicom(code: str, display: str) -> Json:
    return _coding("http://dicom.nema.org/resources/ontology/DCM", code, display)


def _rest(code: str) -> Json:
    return _coding("http://hl7.org/fhir/restful-interaction", code, code)


_SOURCE, _DESTINATION = _dicom("110153", "Source Role ID"), _dicom("110152", "Destination Role ID")
_RECIPIENT = _coding(f"{_THO}v3-ParticipationType", "IRCP", "information recipient")
_AUTHOR = _coding(f"{_THO}v3-ParticipationType", "AUT", "author (originator)")
_RESTFUL = _coding(f"{_THO}audit-event-type", "rest", "RESTful Operation")
_DISCLOSE = _coding(f"{_THO}iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event")
_PERSON = _coding(f"{_THO}audit-entity-type", "1", "Person")
_SYSTEM_OBJECT = _coding(f"{_THO}audit-entity-type", "2", "System Object")
_PATIENT_ROLE = _coding(f"{_THO}object-role", "1", "Patient")
_RESOURCE_ROLE = _coding(f"{_THO}object-role", "4", "Domain Resource")
_QUERY_ROLE = _coding(f"{_THO}object-role", "24", "Query")
_REQUEST = {"system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
_APPLICATION_SERVER = _coding(f"{_THO}security-source-type", "4", "Application Server")
_URI = "5"
_NOT_KEPT = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
"""BALP asks for the address of the workstation: the traces do not keep it."""


@dataclass(frozen=True, slots=True)
class Patron:
    """A pattern. `profile`: of BALP, "" for none. `client`, `server`, `user`: types of the agents."""

    profile: str
    type: Json
    subtype: Json
    action: str
    client: Json
    server: Json
    user: Json
    is_query: bool = False


READ = Patron("Read", _RESTFUL, _rest("read"), "R", _DESTINATION, _SOURCE, _RECIPIENT)
CREATE = Patron("Create", _RESTFUL, _rest("create"), "C", _SOURCE, _DESTINATION, _AUTHOR)
UPDATE = Patron("Update", _RESTFUL, _rest("update"), "U", _SOURCE, _DESTINATION, _AUTHOR)
DELETE = Patron(
    "Delete",
    _RESTFUL,
    _rest("delete"),
    "D",
    _dicom("110150", "Application"),
    _coding(f"{_THO}provenance-participant-type", "custodian", "Custodian"),
    _AUTHOR,
)
QUERY = Patron("Query", _RESTFUL, _rest("search"), "E", _SOURCE, _DESTINATION, _RECIPIENT, is_query=True)
DISCLOSURE = Patron(
    "PrivacyDisclosure.Source", _dicom("110106", "Export"), _DISCLOSE, "R", _DESTINATION, _SOURCE, _AUTHOR
)
LOGIN, LOGOUT = (
    Patron("", _dicom("110114", "User Authentication"), subtype, "E", _SOURCE, _DESTINATION, _AUTHOR)
    for subtype in (_dicom("110122", "Login"), _dicom("110123", "Logout"))
)

_CREATED = """
    dossier.create code_activation.issue emploi.add exposition.add visite.start courrier.add information.give opposition.record
    attestation.issue avis.issue identite.register compte.create protocole.give remplacement.set habilitation.grant
    portail.activate portail.report alerte.open tenant.create reidentification.ask
"""
PATRONS = {
    **dict.fromkeys(_CREATED.split(), CREATE),
    **dict.fromkeys(("dossier.search", "journal.consult", "journal.export"), QUERY),
    **dict.fromkeys(("transfert.send", "inspection.transmit"), DISCLOSURE),
    "session.open": LOGIN,
    **dict.fromkeys(("session.close", "session.revoke"), LOGOUT),
    "menage.run": DELETE,
}
"""By action; the others read or update, as their mode says."""
_RECIPIENTS = {
    "transfert.send": "Autre service de prévention et de santé au travail",
    "inspection.transmit": "Médecin inspecteur du travail",
}
_GENRES = {name: genre.label for genre in GENRES for name in genre.choix[0].names}


@dataclass(frozen=True, slots=True)
class Lieu:
    """Where the lines were written. `adresse`: where a rule of a version of the policy is read."""

    tenant_id: UUID
    spst: str
    public_url: str
    adresse: Callable[[str, str], str]


def line(ligne: Ligne, lieu: Lieu) -> str:
    """One line of an NDJSON file."""
    return orjson.dumps(audit_event(ligne, lieu), option=orjson.OPT_APPEND_NEWLINE).decode()


def audit_event(ligne: Ligne, lieu: Lieu) -> Json:
    """The AuditEvent; `recorded` is the instant of the trace, UTC, to the microsecond."""
    patron, is_refused = patron_of(ligne.action), ligne.decision == REFUSE
    profile = _profile(patron, ligne)
    return {
        "resourceType": "AuditEvent",
        "id": str(ligne.id),
        **({"meta": {"profile": [profile]}} if profile and not is_refused else {}),
        "type": patron.type,
        "subtype": [patron.subtype, _coding(ACTES, ligne.action, acte_of(ligne.action))],
        "action": patron.action,
        "recorded": ligne.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "outcome": _REFUSED if is_refused else _SUCCESS,
        **({"outcomeDesc": "Accès refusé"} if is_refused else {}),
        "agent": list(_agents(patron, ligne, lieu)),
        "source": {"observer": _observer(lieu), "type": [_APPLICATION_SERVER]},
        "entity": list(_entities(patron, ligne, lieu)),
    }


def patron_of(action: str) -> Patron:
    """The pattern of an act; a name that the registry no longer holds was read."""
    try:
        mode = actions.get(action).mode
    except actions.ActionUnknown:
        return READ
    return PATRONS.get(action, READ if mode is actions.Mode.CONSULTER else UPDATE)


def _profile(patron: Patron, ligne: Ligne) -> str | None:
    """A disclosure is always somebody's; the others have a form of their own with a patient."""
    if not patron.profile or (patron is DISCLOSURE and not ligne.reference):
        return None
    of_patient = ligne.reference and patron is not DISCLOSURE
    return f"{_PROFILE}{'Patient' if of_patient else ''}{patron.profile}"


def _agents(patron: Patron, ligne: Ligne, lieu: Lieu) -> Iterator[Json]:
    is_job = ligne.code_role == Role.SRV
    if not is_job:
        yield _user(patron, ligne, lieu)
    client = {"display": _RECIPIENTS.get(ligne.action) or _station(ligne.code_role)}
    yield {"type": {"coding": [patron.client]}, "who": client, "requestor": is_job, "network": _NOT_KEPT}
    yield {
        "type": {"coding": [patron.server]},
        "who": _observer(lieu),
        "requestor": False,
        "network": {"address": lieu.public_url, "type": _URI},
    }


def _station(role: str) -> str:
    if role == Role.SRV:
        return "Traitement automatique"
    return "Espace du salarié" if role == Role.SAL else "Poste de travail"


def _user(patron: Patron, ligne: Ligne, lieu: Lieu) -> Json:
    policy = [lieu.adresse(ligne.version, rule) for rule in ligne.regles]
    return {
        "type": {"coding": [patron.user]},
        "role": [{"coding": [_coding(ROLES, ligne.code_role, role_label(ligne.code_role))]}],
        "who": {"identifier": _urn(ligne.compte_id)} if ligne.compte_id else {"display": ligne.personne},
        "name": ligne.personne,
        "requestor": True,
        **({"policy": policy} if policy else {}),
    }


def _observer(lieu: Lieu) -> Json:
    return {"identifier": _urn(lieu.tenant_id), "display": lieu.spst}


def _urn(value: UUID) -> Json:
    return {"system": "urn:ietf:rfc:3986", "value": value.urn}


def _entities(patron: Patron, ligne: Ligne, lieu: Lieu) -> Iterator[Json]:
    reference = {"system": lieu.tenant_id.urn, "value": ligne.reference} if ligne.reference else None
    if reference:
        yield {"what": {"type": "Patient", "identifier": reference}, "type": _PERSON, "role": _PATIENT_ROLE}
    yield _query(ligne) if patron.is_query else _data(ligne, reference)
    yield {
        "what": {"identifier": {"value": str(ligne.demande)}},
        "type": _REQUEST,
        **_details("politique", [ligne.version] if ligne.version else []),
    }


def _query(ligne: Ligne) -> Json:
    """Kinds of filter: the search itself is kept nowhere."""
    asked = f"filtres={ligne.filtres}".encode()
    return {
        "type": _SYSTEM_OBJECT,
        "role": _QUERY_ROLE,
        "description": ligne.acte,
        "query": base64.b64encode(asked).decode(),
    }


def _data(ligne: Ligne, reference: Json | None) -> Json:
    about = {"identifier": reference} if reference else {}
    return {
        "what": {**about, "display": _GENRES.get(ligne.action, acte_of(ligne.action))},
        "type": _SYSTEM_OBJECT,
        "role": _RESOURCE_ROLE,
        "description": ligne.acte,
        **_details("volet", ligne.sections),
    }


def _details(kind: str, values: Sequence[str]) -> Json:
    """FHIR writes no empty list."""
    return {"detail": [{"type": kind, "valueString": value} for value in values]} if values else {}
