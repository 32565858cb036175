"""Ids that are not one's own: of the other SPST, of nobody, malformed, of another équipe, of another object."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from spst.dmst import services as dmst
from spst.habilitations.protocoles import Genre
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from spst.web.guards import PUBLIC
from tests.factories.monde import Monde, Spst
from tests.robustesse.base import content
from tests.robustesse.formulaires import today
from tests.robustesse.poste import Poste
from tests.robustesse.scene import Scene
from tests.robustesse.scene_droits import Droits
from tests.robustesse.tous import FORMS

CHANGING = re.compile(
    r'[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}|content="[^"]*"|value="[^"]*"|nonce-[\w-]+|data-\w[\w-]*="[^"]*"'
)
MALFORMED = (
    "1",
    "null",
    "..",
    "%2e%2e",
    "0190163d-8694",
    "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz",
    "' OR 1=1",
    "%00",
    "é",
)


@dataclass(frozen=True, slots=True)
class Objets:
    """One of everything that an address names, in one SPST."""

    ids: dict[str, UUID]
    closed: UUID

    @classmethod
    def of(cls, scene: Scene, spst: Spst) -> "Objets":
        closed = scene.closed(spst)
        return cls(
            {
                "dossier_id": spst.zoe.dossier_id,
                "travailleur_id": spst.zoe.travailleur_id,
                "contrat_id": scene.contrat(spst),
                "visite_id": scene.visite(spst=spst),
                "rendez_vous_id": scene.rendez_vous(spst),
                "exposition_id": scene.exposition(spst),
                "opposition_id": scene.opposition(spst),
                "compte_id": scene.compte(spst),
                "habilitation_id": scene.habilitation(spst),
                "membre_id": scene.membre(spst),
                **_of_rights(Droits(scene), spst),
            },
            closed,
        )


def _of_rights(droits: Droits, spst: Spst) -> dict[str, UUID]:
    revue_id, ligne_id = droits.revue(spst)
    return {
        "demande_id": droits.demande(spst),
        "nominative_id": droits.nominative(spst),
        "moyen_id": droits.moyen(spst),
        "revue_id": revue_id,
        "ligne_id": ligne_id,
        "ecrit_id": droits.ecrit(Genre.DELEGATION, spst),
        "acces_id": new_id(),
        "cas_id": droits.signalement(spst),
        "alerte_id": droits.alerte(spst),
        "reidentification_id": droits.reidentification(spst),
        "secteur_id": spst.secteur_id,
        "centre_id": spst.centre_id,
        "equipe_id": spst.equipe_id,
    }


@dataclass(slots=True)
class Personnel:
    """Browsers of the médecin, the direction, its DPO and the administration, and what each form is sent with, by whom."""

    scene: Scene
    medecin: Poste
    directrice: Poste
    dpo: Poste
    administratif: Poste
    forms: dict[str, tuple[Poste, list[tuple[str, str]]]]

    def ask(self, rule: Rule, method: str, ids: dict[str, UUID | str]) -> TestResponse:
        action = getattr(self.scene.site.app.view_functions[rule.endpoint], "policy_action", PUBLIC)
        assert action != PUBLIC
        path = re.sub(r"<uuid:(\w+)>", lambda found: str(ids[found[1]]), rule.rule.replace("<volet>", "S3"))
        if method == "POST":
            poste, right = self.forms[rule.endpoint]
            return poste.post(path, right, **FORMS[rule.endpoint].headers)
        direction = self.dpo if action == "alerte.consult" else self.directrice
        readers = {"direction": direction, "salaries": self.administratif}
        return readers.get(rule.rule.split("/")[1], self.medecin).get(path)


@pytest.fixture(scope="module")
def personnel(scene: Scene) -> Personnel:
    forms = {}
    for rule, method in named(scene):
        if method == "POST":
            poste, _, right = FORMS[rule.endpoint].arrange(scene)
            forms[rule.endpoint] = poste, [(name, values[0]) for name, values in right.items()]
    return Personnel(scene, scene.of(Role.MDT), scene.of(Role.DIR), scene.of(Role.DPO), scene.of(Role.ADM), forms)


def named(scene: Scene) -> Iterator[tuple[Rule, str]]:
    """Routes whose address names an object."""
    for rule in scene.site.app.url_map.iter_rules():
        if any(name.endswith("_id") for name in rule.arguments):
            yield from ((rule, method) for method in sorted({"GET", "POST"} & (rule.methods or set())))


@pytest.fixture(scope="module")
def mine(scene: Scene, personnel: Personnel) -> Objets:
    return Objets.of(scene, scene.monde.a)


@pytest.fixture(scope="module")
def theirs(scene: Scene, personnel: Personnel) -> Objets:
    return Objets.of(scene, scene.monde.b)


def plain(answer: TestResponse) -> str:
    """The page without what changes at each answer: reference, token."""
    return CHANGING.sub("", answer.text)


@pytest.mark.exigence("TEN-01", partielle="par les adresses des pages")
def test_what_the_other_spst_has_is_told_from_nothing_by_no_route(
    scene: Scene, personnel: Personnel, theirs: Objets
) -> None:
    routes = list(named(scene))
    assert len(routes) > 20
    for rule, method in routes:
        before = content(scene.monde)
        other = personnel.ask(rule, method, dict(theirs.ids))
        unknown = personnel.ask(rule, method, {name: new_id() for name in rule.arguments})
        assert (other.status_code, unknown.status_code) == (404, 404), (method, rule.rule)
        assert plain(other) == plain(unknown), (method, rule.rule)
        _tells_nothing_of(scene.monde.b, theirs, other)
        assert content(scene.monde) == before, (method, rule.rule)


def _tells_nothing_of(spst: Spst, objets: Objets, answer: TestResponse) -> None:
    told = answer.text + str(answer.headers)
    for identifier in (*objets.ids.values(), objets.closed, spst.tenant_id, spst.medecin.id):
        assert str(identifier) not in told
        assert identifier.hex not in told
    for trait in ("METALLURGIE", "metallurgie", "ADRUN", "VASSEUR-B"):
        assert trait not in told


def test_one_foreign_id_among_two_is_enough_to_be_refused(
    scene: Scene, personnel: Personnel, mine: Objets, theirs: Objets
) -> None:
    """An object is named inside its own dossier or worker: under another one, also of the same SPST, it is not found."""
    pierre = scene.monde.a.pierre
    of_pierre = {"dossier_id": (pierre.dossier_id,), "travailleur_id": (pierre.travailleur_id,)}
    tables = ("exposition", "opposition", "contrat")
    for rule, method in named(scene):
        if sum(name.endswith("_id") for name in rule.arguments) < 2:
            continue
        parent = "revue_id" if "revue_id" in rule.arguments else next(iter(rule.arguments & of_pierre.keys()))
        (other,) = rule.arguments - {parent}
        own, foreign = mine.ids[other], theirs.ids[other]
        couples = [
            *product((theirs.ids[parent], new_id(), *of_pierre.get(parent, ())), (own, foreign)),
            (mine.ids[parent], foreign),
        ]
        for parent_id, objet_id in couples:
            before = content(scene.monde, *tables)
            answer = personnel.ask(rule, method, {parent: parent_id, other: objet_id})
            assert answer.status_code == 404, (rule.rule, parent_id in of_pierre.get(parent, ()))
            assert content(scene.monde, *tables) == before, rule.rule


def test_malformed_ids_are_not_found(scene: Scene, personnel: Personnel) -> None:
    for rule, method in named(scene):
        for identifier in MALFORMED:
            answer = personnel.ask(rule, method, dict.fromkeys(rule.arguments, identifier))
            assert answer.status_code in {400, 404, 308}, (method, rule.rule, identifier)
            assert answer.is_json or 'lang="fr"' in answer.text or answer.status_code == 308


def test_an_id_in_capitals_is_the_same_id(personnel: Personnel, mine: Objets) -> None:
    dossier_id = str(mine.ids["dossier_id"])
    assert personnel.medecin.get(f"/dossiers/{dossier_id.upper()}").status_code == 200
    assert personnel.medecin.get(f"/dossiers/{dossier_id.replace('-', '')}").status_code == 404
    assert personnel.medecin.get(f"/dossiers/{{{dossier_id}}}").status_code == 404


@pytest.mark.parametrize("value", ["autre", "inconnu", "malforme"])
def test_ids_in_a_query_or_a_form_are_looked_for_in_one_s_own_spst(
    scene: Scene, personnel: Personnel, theirs: Objets, value: str
) -> None:
    def given(name: str) -> str:
        return {"autre": str(theirs.ids.get(name, scene.monde.b.equipe_id)), "inconnu": str(uuid4())}.get(value, "x'y")

    zoe = f"/dossiers/{scene.monde.a.zoe.dossier_id}"
    compte = f"/direction/comptes/{scene.compte()}"
    right = FORMS["visites.start"].arrange(scene)[2]
    start = [(name, values[0]) for name, values in right.items()]
    answers = [
        personnel.medecin.get(f"{zoe}/visites/nouvelle?rendez_vous={given('rendez_vous_id')}"),
        personnel.medecin.post(f"{zoe}/visites?rendez_vous={given('rendez_vous_id')}", start),
        personnel.medecin.get(f"{zoe}/acces?avant={given('visite_id')}"),
        personnel.medecin.post("/compte/sessions/fermer", [("session", "f" * 64)]),
        personnel.directrice.post(f"{compte}/equipes", [("equipe", given("equipe_id"))]),
        personnel.directrice.get(f"/direction/journal?qui=compte:{given('compte_id')}"),
        personnel.directrice.get(f"/direction/journal?avant={given('visite_id')}"),
    ]
    for answer in answers:
        assert answer.status_code in {200, 404, 422}, answer.request.path
        _tells_nothing_of_b(answer)
    assert [answers[1].status_code, answers[3].status_code] == [404, 404]
    assert answers[4].status_code == (422 if value == "malforme" else 404)


def _tells_nothing_of_b(answer: TestResponse) -> None:
    assert "METALLURGIE" not in answer.text


def test_id_of_somebody_else_s_visit_opens_no_visit_under_it(scene: Scene, personnel: Personnel) -> None:
    """The id made with a form is the browser's own choice: it never reaches what is there."""
    scene.forget_visits()
    elsewhere = scene.visite(spst=scene.monde.b)
    ailleurs = scene.visite(scene.monde.a.medecin_ailleurs, personne=scene.monde.a.toussaint)
    path = f"/dossiers/{scene.monde.a.zoe.dossier_id}/visites"
    right = [("type", "DEM_MDT"), ("date", today())]
    with_foreign = personnel.medecin.post(path, [*right, ("operation_id", str(elsewhere))])
    assert with_foreign.status_code == 303
    with_other = personnel.medecin.post(path, [*right, ("operation_id", str(ailleurs))])
    assert str(ailleurs) not in with_other.headers.get("Location", "")
    assert with_other.status_code in {303, 409}


def test_dossier_of_another_equipe_shows_nothing_of_its_holder(scene: Scene) -> None:
    toussaint = scene.monde.a.toussaint
    answer = scene.of(Role.INF).get(f"/dossiers/{toussaint.dossier_id}")
    assert answer.status_code == 403
    for trait in ("ADRTROIS", "TOUSSAINT", "Toussaint", "1960", str(toussaint.travailleur_id)):
        assert trait not in answer.text


@pytest.mark.parametrize("page", ["accueil", "visites", "emplois", "identite", "acces", "droits"])
def test_portal_is_about_its_own_worker_whatever_the_address_says(scene: Scene, page: str) -> None:
    a, b = scene.monde.a, scene.monde.b
    zoe = scene.of(Role.SAL)
    own = zoe.get(f"/p/{a.slug}/{page}")
    assert own.status_code == 200
    for asked in (f"?dossier_id={a.pierre.dossier_id}", f"?avant={_last_trace_of(scene.monde, a.pierre.dossier_id)}"):
        answer = zoe.get(f"/p/{a.slug}/{page}{asked}")
        assert answer.status_code in {200, 404}
        assert "ARTAGNAN" not in answer.text
        assert "PIERRE" not in answer.text.upper().replace("SAINT-PIERRE", "")
    for path in (f"/p/{b.slug}/{page}", f"/p/inconnu/{page}"):
        answer = zoe.get(path)
        assert answer.status_code in {303, 404}
        assert "ADRUN" not in answer.text.upper()
    for path in (f"/dossiers/{a.zoe.dossier_id}", f"/dossiers/{a.pierre.dossier_id}", "/journee", "/direction/accueil"):
        assert zoe.get(path).status_code == 303


def _last_trace_of(monde: Monde, dossier_id: UUID) -> UUID:
    with monde.work(monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, dossier_id)
    with monde.superuser.connect() as connection:
        query = text("SELECT id FROM trace WHERE dossier_id = :dossier ORDER BY id DESC LIMIT 1")
        return UUID(str(connection.execute(query, {"dossier": dossier_id}).scalar_one()))
