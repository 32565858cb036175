"""What IHE BALP 1.1.4 and FHIR R4 ask of an AuditEvent, as facts read in their sources, and what an event breaks of them.

Facts: IHE/ITI.BasicAudit at 1.1.4, input/fsh (PatientRead, PatientCreate, PatientUpdate, PatientDelete, PatientQuery, Disclose);
hl7.org/fhir/R4/auditevent.html for bindings and invariants, which the classes of `fhir.resources` do not look at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Code = tuple[str, str]

PROFILES = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_THO = "http://terminology.hl7.org/CodeSystem/"
_REST: Code = (f"{_THO}audit-event-type", "rest")
_SOURCE, _DESTINATION, _APPLICATION = (_DCM, "110153"), (_DCM, "110152"), (_DCM, "110150")
_CUSTODIAN = (f"{_THO}provenance-participant-type", "custodian")
_READERS = {(f"{_THO}v3-ParticipationType", "IRCP")}
_WRITERS = {(f"{_THO}v3-ParticipationType", code) for code in ("AUT", "INF", "CST")}
_PERSON, _OBJECT = (f"{_THO}audit-entity-type", "1"), (f"{_THO}audit-entity-type", "2")
_PATIENT, _QUERY = (f"{_THO}object-role", "1"), (f"{_THO}object-role", "24")
_REST_OBJECTS = {(f"{_THO}object-role", code) for code in ("4", "3", "20")}
_REQUEST = ("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId")


@dataclass(frozen=True, slots=True)
class Profil:
    type: Code
    subtypes: set[Code]
    action: str
    client: Code
    server: Code
    users: set[Code]


def _rest(*codes: str) -> set[Code]:
    return {("http://hl7.org/fhir/restful-interaction", code) for code in codes}


_PROFILS = {
    "Read": Profil(_REST, _rest("read", "vread"), "R", _DESTINATION, _SOURCE, _READERS),
    "Create": Profil(_REST, _rest("create"), "C", _SOURCE, _DESTINATION, _WRITERS),
    "Update": Profil(_REST, _rest("update", "patch"), "U", _SOURCE, _DESTINATION, _WRITERS),
    "Delete": Profil(_REST, _rest("delete"), "D", _APPLICATION, _CUSTODIAN, _WRITERS),
    "Query": Profil(_REST, _rest("search", "search-type", "search-system"), "E", _SOURCE, _DESTINATION, _READERS),
    "PrivacyDisclosure.Source": Profil(
        (_DCM, "110106"), {(f"{_THO}iso-21089-lifecycle", "disclose")}, "R", _DESTINATION, _SOURCE, set()
    ),
}


def profile_of(event: Json) -> str | None:
    """The one that it claims, without what all of them begin with."""
    claimed = event.get("meta", {}).get("profile", [])
    assert len(claimed) < 2
    return claimed[0].removeprefix(PROFILES) if claimed else None


def breaks(event: Json) -> list[str]:
    """What the event breaks of R4, and of the profile that it claims."""
    found = [*_breaks_r4(event)]
    name = profile_of(event)
    if name is None:
        return found
    of_patient = name.startswith("Patient")
    base = name.removeprefix("Patient")
    found += _breaks_head(event, _PROFILS[base])
    found += _breaks_agents(event, _PROFILS[base])
    found += _breaks_entities(event, base, of_patient or base == "PrivacyDisclosure.Source")
    return found


def _breaks_r4(event: Json) -> Iterator[str]:
    """Required bindings, and the invariant sev-1."""
    if event.get("action") not in {"C", "R", "U", "D", "E"}:
        yield "action"
    if event.get("outcome") not in {"0", "4", "8", "12"}:
        yield "outcome"
    for agent in event["agent"]:
        if agent.get("network", {}).get("type", "1") not in {"1", "2", "3", "4", "5"}:
            yield "network.type"
    for entity in event["entity"]:
        if "name" in entity and "query" in entity:
            yield "sev-1"
    yield from _empty(event)


def _empty(value: object) -> Iterator[str]:
    """JSON of FHIR: no list and no object is empty."""
    if isinstance(value, dict | list) and not value:
        yield "empty"
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _empty(child)


def _breaks_head(event: Json, profil: Profil) -> Iterator[str]:
    if _code(event["type"]) != profil.type:
        yield "type"
    if len([one for one in event.get("subtype", []) if _code(one) in profil.subtypes]) != 1:
        yield "subtype"
    if event["action"] != profil.action:
        yield "action of the profile"
    if event.get("outcome") != "0":
        yield "success"
    if not event.get("recorded"):
        yield "recorded"


def _breaks_agents(event: Json, profil: Profil) -> Iterator[str]:
    agents = [(_code(one.get("type", {}).get("coding", [{}])[0]), one) for one in event["agent"]]
    for name, code in (("client", profil.client), ("server", profil.server)):
        held = [one for kind, one in agents if kind == code]
        if len(held) != 1 or not held[0].get("who") or not held[0].get("network") or "media" in held[0]:
            yield name
    users = [one for kind, one in agents if kind in profil.users]
    if len(users) > 1 or any(not one.get("who") or one["requestor"] is not True for one in users):
        yield "user"
    if any("media" in one or "network" in one for one in users):
        yield "network of the user"
    if not profil.users and not any(
        kind == profil.server and one.get("who") == event["source"]["observer"] for kind, one in agents
    ):
        yield "val-audit-source"


def _breaks_entities(event: Json, base: str, of_patient: bool) -> Iterator[str]:
    held: dict[Code, list[Json]] = {}
    for entity in event["entity"]:
        held.setdefault(_code(entity.get("type", {})), []).append(entity)
    patients, objects = held.get(_PERSON, []), held.get(_OBJECT, [])
    if of_patient and [_code(one.get("role", {})) for one in patients] != [_PATIENT]:
        yield "patient"
    if any(one.get("what", {}).get("type") != "Patient" for one in patients):
        yield "Reference(Patient)"
    if of_patient and len(event["entity"]) < 2:
        yield "two entities"
    if base == "Query":
        yield from _breaks_query(objects)
    elif base != "PrivacyDisclosure.Source" and (
        len(objects) != 1 or _code(objects[0].get("role", {})) not in _REST_OBJECTS or not objects[0].get("what")
    ):
        yield "data"
    requests = held.get(_REQUEST, [])
    if len(requests) > 1 or any(not one.get("what", {}).get("identifier", {}).get("value") for one in requests):
        yield "transaction"


def _breaks_query(objects: list[Json]) -> Iterator[str]:
    if len(objects) != 1 or _code(objects[0].get("role", {})) != _QUERY or not objects[0].get("query"):
        yield "query"
    if any(name in one for one in objects for name in ("what", "lifecycle", "detail")):
        yield "nothing else in a query"


def _code(coding: Json) -> Code:
    return coding.get("system", ""), coding.get("code", "")
