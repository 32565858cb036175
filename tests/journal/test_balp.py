"""Lines as AuditEvents: read by classes that we did not write, and by the facts of the profiles that they claim."""

import base64
import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from spst.habilitations import actions
from spst.journal import balp
from spst.journal.balp import Lieu
from spst.journal.rules import PERMIS, REFUSE, Ligne
from tests.factories.balp import PROFILES, breaks, profile_of

TENANT = UUID("0192f0c1-2d3e-7a4b-8c5d-6e7f80912a3b")
OTHER = UUID("0192f0c1-2d3e-7a4b-8c5d-6e7f80912a3c")
COMPTE = UUID("0192f0c1-2d3e-7a4b-8c5d-000000000001")
LIEU = Lieu(TENANT, "SPST Test", "https://dmst.exemple.fr", lambda version, regle: f"https://x/{version}#{regle}")
LIGNE = Ligne(
    id=UUID("0192f0c1-2d3e-7a4b-8c5d-00000000000a"),
    at=datetime(2027, 3, 12, 9, 5, 7, 123456, tzinfo=UTC),
    personne="Dr\u00a0Claire Vasseur",
    role="Médecin du travail",
    acte="Ouvrir le dossier",
    sections=("S1", "S3"),
    reference="D-7F2K-901M",
    decision=PERMIS,
    regles=("P-001",),
    version="plafond-1",
    action="dossier.open",
    code_role="MDT",
    compte_id=COMPTE,
    demande=UUID("0192f0c1-2d3e-7a4b-8c5d-00000000000b"),
    filtres="",
)
OF_NOBODY = replace(LIGNE, reference=None, sections=())
SALARIE = replace(
    LIGNE, personne="Le salarié", role="Depuis son espace", code_role="SAL", compte_id=None, action="portail.dossier"
)
PROGRAMME = replace(
    OF_NOBODY, personne="Traitement automatique", code_role="SRV", compte_id=None, action="menage.run", regles=()
)


def event(ligne: Ligne, lieu: Lieu = LIEU) -> dict[str, Any]:
    """As a reader of the file gets it."""
    (line,) = balp.line(ligne, lieu).splitlines()
    read: dict[str, Any] = json.loads(line)
    return read


def every_line() -> list[Ligne]:
    """Each act of the registry, on a dossier and on none, allowed and refused."""
    return [
        replace(base, action=action.name, decision=decision)
        for action, base, decision in product(actions.all(), (LIGNE, OF_NOBODY), (PERMIS, REFUSE))
    ] + [SALARIE, PROGRAMME]


@pytest.mark.exigence("TRA-06", partielle="l’export FHIR AuditEvent")
def test_every_line_is_an_audit_event_of_fhir() -> None:
    for ligne in every_line():
        made = event(ligne)
        read = AuditEvent.model_validate(made)
        assert json.loads(read.model_dump_json())["id"] == str(ligne.id)
        assert {name for name in made if name != "resourceType"} <= set(AuditEvent.model_fields)


@pytest.mark.exigence("TRA-06", partielle="les profils d’IHE BALP")
def test_every_line_keeps_to_the_profile_that_it_claims() -> None:
    for ligne in every_line():
        assert breaks(event(ligne)) == [], ligne.action


def test_every_pattern_is_used_and_names_acts_of_the_registry() -> None:
    names = {action.name for action in actions.all()}
    assert set(balp.PATRONS) <= names
    claimed = {profile_of(event(ligne)) for ligne in every_line()}
    basic = {"Read", "Create", "Update", "Query"}
    assert claimed == {
        None,
        "Delete",
        "PrivacyDisclosure.Source",
        *basic,
        *(f"Patient{one}" for one in (*basic, "Delete")),
    }


@pytest.mark.parametrize(
    ("action", "ligne", "profile", "code"),
    [
        ("dossier.open", LIGNE, "PatientRead", "R"),
        ("visite.note", LIGNE, "PatientUpdate", "U"),
        ("courrier.add", LIGNE, "PatientCreate", "C"),
        ("transfert.send", LIGNE, "PrivacyDisclosure.Source", "R"),
        ("compte.list", OF_NOBODY, "Read", "R"),
        ("compte.create", OF_NOBODY, "Create", "C"),
        ("compte.update", OF_NOBODY, "Update", "U"),
        ("dossier.search", OF_NOBODY, "Query", "E"),
        ("menage.run", PROGRAMME, "Delete", "D"),
        ("session.open", OF_NOBODY, None, "E"),
        ("acte.d.hier", LIGNE, "PatientRead", "R"),
    ],
)
def test_an_act_takes_its_pattern(action: str, ligne: Ligne, profile: str | None, code: str) -> None:
    made = event(replace(ligne, action=action))
    assert (profile_of(made), made["action"], made["subtype"][1]["code"]) == (profile, code, action)


def test_a_refusal_is_told_without_content_and_claims_no_profile_of_a_success() -> None:
    refused = event(replace(LIGNE, decision=REFUSE, regles=("P-104",)))
    assert (refused["outcome"], refused["outcomeDesc"], profile_of(refused)) == ("4", "Accès refusé", None)
    assert refused["agent"][0]["policy"] == ["https://x/plafond-1#P-104"]
    assert event(LIGNE)["outcome"] == "0"


def test_the_instant_keeps_its_microseconds() -> None:
    assert event(LIGNE)["recorded"] == "2027-03-12T09:05:07.123456Z"
    assert event(replace(LIGNE, at=datetime(2027, 3, 12, tzinfo=UTC)))["recorded"] == "2027-03-12T00:00:00.000000Z"


def test_a_dossier_is_told_by_its_reference_in_its_own_spst() -> None:
    patient = event(LIGNE)["entity"][0]
    assert patient["what"] == {
        "type": "Patient",
        "identifier": {"system": f"urn:uuid:{TENANT}", "value": "D-7F2K-901M"},
    }
    assert str(TENANT) not in json.dumps(event(LIGNE, replace(LIEU, tenant_id=OTHER)))


def test_a_worker_is_nobody_and_a_program_asks_for_itself() -> None:
    user = event(SALARIE)["agent"][0]
    assert (user["who"], user["name"]) == ({"display": "Le salarié"}, "Le salarié")
    agents = event(PROGRAMME)["agent"]
    assert [(one["who"]["display"], one["requestor"]) for one in agents] == [
        ("Traitement automatique", True),
        ("SPST Test", False),
    ]


def test_a_professional_is_told_by_his_account_his_name_and_his_role() -> None:
    user = event(LIGNE)["agent"][0]
    assert user["who"]["identifier"] == {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{COMPTE}"}
    assert (user["name"], user["role"][0]["coding"][0]["code"]) == ("Dr\u00a0Claire Vasseur", "MDT")


def test_a_search_tells_its_kinds_of_filter_and_nothing_else() -> None:
    searched = event(replace(OF_NOBODY, action="dossier.search", filtres="nom,naissance"))
    query = searched["entity"][0]
    assert base64.b64decode(query["query"]) == b"filtres=nom,naissance"


@pytest.mark.exigence("TRA-05", partielle="l’export FHIR, sans finalité")
def test_no_line_says_why() -> None:
    for ligne in every_line():
        assert "purpose" not in balp.line(ligne, LIEU)


MUTATIONS: list[tuple[str, str, Any]] = [
    ("type", "type", {"system": "x", "code": "rest"}),
    ("subtype", "subtype", []),
    ("action of the profile", "action", "U"),
    ("action", "action", "X"),
    ("success", "outcome", "4"),
    ("outcome", "outcome", "1"),
    ("client", "agent.1.network", None),
    ("client", "agent.1.who", None),
    ("server", "agent.2.type", {"coding": [{"system": "x", "code": "y"}]}),
    ("user", "agent.0.requestor", False),
    ("network of the user", "agent.0.network", {"address": "192.0.2.1"}),
    ("network.type", "agent.2.network.type", "9"),
    ("patient", "entity.0.role", {"code": "2"}),
    ("Reference(Patient)", "entity.0.what.type", "Practitioner"),
    ("data", "entity.1.what", None),
    ("transaction", "entity.2.what", None),
    ("empty", "entity.1.detail", []),
    ("sev-1", "entity.1", {"name": "x", "query": "eA=="}),
]


@pytest.mark.parametrize(("said", "path", "value"), MUTATIONS, ids=[f"{said}-{path}" for said, path, _ in MUTATIONS])
def test_the_facts_see_what_breaks_them(said: str, path: str, value: Any) -> None:
    assert said in breaks(_changed(event(LIGNE), path, value))


@pytest.mark.parametrize("name", ["what", "detail", "lifecycle"])
def test_the_facts_let_nothing_else_into_a_query(name: str) -> None:
    searched = event(replace(OF_NOBODY, action="dossier.search"))
    assert "nothing else in a query" in breaks(_changed(searched, f"entity.0.{name}", {"x": "y"}))
    assert "query" in breaks(_changed(searched, "entity.0.query", None))


def test_the_facts_want_a_disclosure_told_by_its_source() -> None:
    disclosed = event(replace(LIGNE, action="transfert.send"))
    assert "val-audit-source" in breaks(_changed(disclosed, "source.observer", {"display": "x"}))
    assert disclosed["meta"]["profile"] == [f"{PROFILES}PrivacyDisclosure.Source"]


def _changed(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made: Any = deepcopy(event)
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    inner = made
    for step in steps:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    result: dict[str, Any] = made
    return result
