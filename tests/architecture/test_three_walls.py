"""Three walls, each alone with the other two broken: canary words never reach who must not read them.

The engine is broken by answering yes to everything; row security by a connection that it does not bind; the guards by letting
anybody in. Every route is then walked as the roles that the law keeps out of the dossier. With all three standing: test_canaris.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from spst.dmst.models import Courrier, Entete, Information, MedecinTraitant, Opposition
from spst.expositions.models import Emploi, Exposition
from spst.habilitations import moteur
from spst.habilitations.moteur import Verdict
from spst.habilitations.politique import Recours
from spst.identite.models import MatriculeIns
from spst.kernel.acteur import Acteur, Role
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.ids import new_id
from spst.kernel.models import Base
from spst.kernel.runtime import Runtime
from spst.traces import services as traces
from spst.visites.models import Conclusion, Visite, VisiteNote
from spst.web import guards
from spst.web.requests import user
from spst.wiring import navigation
from spst.wiring.web import build_web
from tests.architecture.scene import LOG_OUT, Scene, ask, closed_routes, named, set_scene
from tests.factories.monde import Monde
from tests.factories.site import MovableClock, Site, config_for

CANARIES = {
    "S1 matricule": "299129999999942",
    "S1 médecin traitant": "CANARIS1TRAITANT",
    "S2 emploi": "CANARIS2EMPLOI",
    "S2 commentaire": "CANARIS2COMMENTAIRE",
    "S3": "CANARIS3NOTE",
    "S4": "CANARIS4COURRIER",
    "S5": "CANARIS5CONCLUSION",
    "S6": "CANARIS6NOTICE",
    "S7": "CANARIS7PRECISION",
    "S8 motif": "CANARIS8MOTIF",
}
DELEGATES = (Role.IPRP, Role.ASST)
"""Members of the team whom nobody has delegated anything in this world."""


@pytest.fixture(scope="module", autouse=True)
def seeded(monde: Monde) -> UUID:
    """Canaries in every section of Zoé's dossier, in A; returns the closed visit that holds some of them."""
    dossier, tenant = monde.a.zoe.dossier_id, monde.a.tenant_id
    key = {"tenant_id": tenant, "dossier_id": dossier}
    now, by = datetime.now(UTC), monde.a.medecin.id
    ids = {name: new_id() for name in ("S1", "S2e", "S2x", "S3", "S4", "S5", "S6", "S7", "note", "ins")}

    def sealed(table: str, column: str, row: str, text: str) -> bytes:
        return monde.runtime.keyring.seal(tenant, dossier, table, column, ids[row], text)

    rows: list[Base] = [
        Entete(id=ids[name], section=name[:2], **key) for name in ("S1", "S2e", "S2x", "S3", "S4", "S5", "S6", "S7")
    ]
    rows += [
        MatriculeIns(
            id=ids["ins"],
            matricule_sealed=sealed("matricule_ins", "matricule_sealed", "ins", CANARIES["S1 matricule"]),
            oid="1.2.250.1.213.1.4.8",
            index_aveugle=b"0" * 16,
            **key,
        ),
        MedecinTraitant(
            id=ids["S1"],
            nom_sealed=sealed("medecin_traitant", "nom_sealed", "S1", CANARIES["S1 médecin traitant"]),
            contact_sealed=sealed("medecin_traitant", "contact_sealed", "S1", "02 40 00 00 00"),
            created_at=now,
            created_by=by,
            **key,
        ),
        Emploi(
            id=ids["S2e"],
            intitule=CANARIES["S2 emploi"],
            employeur="Ateliers Jaunet",
            starts_on=date(2010, 1, 4),
            source="declare",
            created_at=now,
            created_by=by,
            **key,
        ),
        Exposition(
            id=ids["S2x"],
            code="BRUIT",
            starts_on=date(2010, 1, 4),
            source="declare",
            commentaire_sealed=sealed("exposition", "commentaire_sealed", "S2x", CANARIES["S2 commentaire"]),
            created_at=now,
            created_by=by,
            **key,
        ),
        Visite(id=ids["S3"], type_code="DEM_MDT", professionnel_id=by, started_at=now, **key),
        VisiteNote(
            id=ids["note"],
            visite_id=ids["S3"],
            rubrique="entretien",
            auteur_id=by,
            texte_sealed=sealed("visite_note", "texte_sealed", "note", CANARIES["S3"]),
            revision=1,
            operation_id=new_id(),
            saved_at=now,
            traced_at=now,
            **key,
        ),
        Conclusion(
            id=ids["S5"],
            visite_id=ids["S3"],
            information_sealed=sealed("conclusion", "information_sealed", "S5", CANARIES["S5"]),
            orientation_medecin=False,
            created_at=now,
            created_by=by,
            **key,
        ),
        Courrier(
            id=ids["S4"],
            sens="recu",
            date_courrier=now.date(),
            correspondant_sealed=sealed("courrier", "correspondant_sealed", "S4", "Dr Amiel"),
            objet_sealed=sealed("courrier", "objet_sealed", "S4", "Avis"),
            texte_sealed=sealed("courrier", "texte_sealed", "S4", CANARIES["S4"]),
            created_at=now,
            created_by=by,
            **key,
        ),
        Information(
            id=ids["S6"], notice_version=CANARIES["S6"], canal="remise", given_on=now.date(), created_at=now,
            created_by=by, **key,
        ),
        Opposition(
            id=ids["S7"],
            portee="transfert",
            declared_at=now,
            precision_sealed=sealed("opposition", "precision_sealed", "S7", CANARIES["S7"]),
            created_by=by,
            **key,
        ),
    ]  # fmt: skip
    monde.add(*rows)
    with monde.work(monde.a.medecin, motif=Motif(CodeMotif.SUIVI, CANARIES["S8 motif"])) as ctx:
        traces.record(ctx, "dossier.open", dossier, ["S3"])
    return ids["S3"]


FAMILIES = (Role.DIR, Role.ADM, Role.ASS, Role.IPRP)
"""One role of each family kept out: row security and guards know families; the engine's own cases try each role."""


def site_on(monde: Monde, runtime: Runtime) -> Site:
    app = build_web(config_for("http://127.0.0.1:9"), runtime)
    return Site(app, monde, cast(Any, None), MovableClock(), cast(Any, None))


@pytest.fixture(scope="module")
def bound(monde: Monde) -> Site:
    return site_on(monde, monde.runtime)


@pytest.fixture(scope="module")
def unbound(monde: Monde) -> Iterator[Site]:
    """The same pages on a connection that row security does not bind."""
    engine = create_engine(monde.database.superuser_url)
    yield site_on(monde, replace(monde.runtime, engine=engine))
    engine.dispose()


def break_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    yes = Verdict(True, ("P-000",), "", "", Recours.PERSONNE)

    def answers(politique: Any, who: Any, questions: Any, situation: Any) -> tuple[Verdict, ...]:
        return (yes,) * len(questions)

    monkeypatch.setattr(moteur, "_answers", answers)
    # The menu of a role is kept for good: what a broken engine says of it must not outlive this test.
    monkeypatch.setattr(navigation, "_links_of", navigation._links_of.__wrapped__)


def break_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "check", lambda action: user())


def seen(site: Site, scene: Scene, client: FlaskClient, closed: UUID) -> set[str]:
    """The canaries that one person meets on a walk over every route, reading and writing."""
    token = site.token(client)
    met: set[str] = set()
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    seeded = replace(scene, ouverte=closed, fermee=closed)
    for rule, method, _ in closed_routes(site.app):
        if named(rule, method) == LOG_OUT:
            continue
        place = seeded if method == "GET" else scene
        text = ask(client, rule, method, place, token).get_data(as_text=True)
        met |= {name for name, word in CANARIES.items() if word in text}
    return met


def walk(site: Site, monde: Monde, acteur: Acteur, closed: UUID, *, elsewhere: bool = False) -> set[str]:
    spst = monde.b if elsewhere else monde.a
    scene = set_scene(monde, monde.a.medecin_ailleurs if elsewhere else acteur)
    return seen(site, scene, site.at_work(acteur, spst), closed)


@pytest.mark.exigence("TEN-01")
@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.DIR, Role.ADM], ids=str)
def test_another_tenant_meets_no_canary(monde: Monde, bound: Site, seeded: UUID, role: Role) -> None:
    assert walk(bound, monde, monde.b[role], seeded, elsewhere=True) == set()


def test_the_medecin_who_follows_the_worker_meets_them(monde: Monde, bound: Site, seeded: UUID) -> None:
    """The walk would find them: what the others do not meet is closed to them, not merely absent."""
    met = walk(bound, monde, monde.a.medecin, seeded)
    assert met >= {"S1 médecin traitant", "S2 emploi", "S3", "S5"}


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("role", [*FAMILIES], ids=str)
def test_row_security_alone_holds(
    monde: Monde, bound: Site, seeded: UUID, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_engine(monkeypatch)
    break_guards(monkeypatch)
    assert walk(bound, monde, monde.a[role], seeded) == set()


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("role", [*FAMILIES], ids=str)
def test_the_engine_alone_holds(
    monde: Monde, unbound: Site, seeded: UUID, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_guards(monkeypatch)
    assert walk(unbound, monde, monde.a[role], seeded) == set()


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("role", [*FAMILIES], ids=str)
def test_the_guards_alone_hold_by_family(
    monde: Monde, unbound: Site, seeded: UUID, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know families, not delegations: alone, they keep delegates out of visits, notes and traces, and let them knock
    at the page of a dossier, whose parts the other two walls close."""
    break_engine(monkeypatch)
    met = walk(unbound, monde, monde.a[role], seeded)
    if role in DELEGATES:
        assert met.isdisjoint({"S3", "S8 motif"})
    else:
        assert met == set()


@pytest.mark.parametrize("role", [Role.DIR, Role.ADM], ids=str)
def test_with_the_three_walls_down_they_are_met(
    monde: Monde, unbound: Site, seeded: UUID, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The breaking is real: with nothing standing, the same walk finds the content."""
    break_engine(monkeypatch)
    break_guards(monkeypatch)
    assert walk(unbound, monde, monde.a[role], seeded) >= {"S2 emploi", "S3", "S5"}
