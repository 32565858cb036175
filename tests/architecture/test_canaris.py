"""Every page, export and form, as whoever the law keeps out of the dossier: no word of its content anywhere (AUTZ-09).

One dossier is filled with a word of its own in each place that takes one. The routes are the application's own list: a page made
tomorrow is walked tomorrow. The médecin who follows the worker meets the same words on the same walk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from html import unescape
from io import BytesIO
from itertools import product
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from spst.dmst import services as dmst
from spst.expositions import services as expositions
from spst.habilitations import exceptionnel, publication
from spst.habilitations.actions import SECTIONS
from spst.habilitations.choix import Niveau
from spst.habilitations.exceptionnel import Raison
from spst.habilitations.protocoles import Genre
from spst.habilitations.publication import Avis, AvisCmt
from spst.identite import services as identite
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import PARIS, today
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.ids import new_id
from spst.kernel.models import Base
from spst.portail import courriel_jobs, courriels
from spst.visites import services as visites
from spst.visites.rules import Conclusion
from tests.architecture import scene as architecture
from tests.architecture.scene import named
from tests.factories.courrier import Courrier
from tests.factories.ecoute import Written, listening
from tests.factories.monde import Monde, colleague
from tests.factories.politiques import seen
from tests.factories.releves import run
from tests.factories.site import ORIGIN, MovableClock, Site
from tests.robustesse.poste import Poste
from tests.robustesse.scene import Scene
from tests.robustesse.scene_droits import Droits
from tests.robustesse.tous import FORMS

CANARIES = {
    "S1 matricule INS": "275126322074974",
    "S1 médecin traitant": "Canaritraitant",
    "S1 médecin traitant, contact": "Canarijoindre",
    "S2 exposition": "Amiante",
    "S2 exposition, précision": "Canaricommentaire",
    "S2 emploi": "Canarimetier",
    "S2 emploi, employeur": "Canariemployeur",
    "S3 type de visite": "Visite à la demande du médecin du travail",
    "S3 note, entretien": "Canarientretien",
    "S3 note, poste": "Canariposte",
    "S3 note, examen": "Canariexamen",
    "S3 note, suites": "Canarisuites",
    "S3 note d’une visite en cours": "Canariencours",
    "S3 complément": "Canaricomplement",
    "S4 correspondant": "Canaricorrespondant",
    "S4 objet": "Canariobjet",
    "S4 texte": "Canarilettre",
    "S5 remis au salarié": "Canariremise",
    "S6 version de la notice": "Canarinotice",
    "S6 précision": "Canariinformation",
    "S7 précision": "Canariopposition",
    "S8 finalité": "Demande du salarié",
    "S8 finalité, précision": "Canarimotif",
    "S8 accès exceptionnel à relire": "Canariurgence",
    "S8 accès exceptionnel relu": "Canarirelu",
    "S8 réponse du médecin qui relit": "Canarireponse",
}
NOT_FOR_THE_MEDECIN = {
    "S7 précision": "no form asks for one; the service takes one for the worker's own page to come",
    "S8 accès exceptionnel relu": "once it is read again it leaves the queue; the worker keeps it before his eyes",
}
"""What the médecin who follows the worker meets on no page, and why."""

NOT_FOR_THE_WORKER = {
    "S2 exposition, précision",
    "S3 note, entretien",
    "S3 note, poste",
    "S3 note, examen",
    "S3 note, suites",
    "S3 note d’une visite en cours",
    "S3 complément",
    "S4 correspondant",
    "S4 objet",
    "S4 texte",
    "S6 précision",
    "S7 précision",
    "S8 finalité",
}
"""Free text of professionals, until one of them has read it for what it says of others; a purpose is told her in other words."""

OUTSIDE = (Role.DIR, Role.DPO, Role.AUD, Role.ADM, Role.PRO, Role.ASS, Role.IPRP, Role.ASST, Role.TECH)
"""Nobody is delegated anything here. No SPST grants TECH, and nobody logs in under it: if somebody did, he would read nothing."""

IN_CLEAR = {"emploi", "exposition", "information", "trace_reserve", "nomenclature_exposition", "type_visite"}
"""Tables behind the wall of the dossier, some of whose columns are not sealed, and the national lists that it quotes."""

_OF_THE_DIRECTION = {
    "delegations.show", "journal.export", "journal.export_fhir", "journal.lines", "moyens.export", "moyens.insi",
    "moyens.inventory", "moyens.show", "pilotage.home", "politique.compare", "politique.list_versions", "politique.show",
    "politique.show_draft", "politique.show_version", "politique.trial", "revues.export", "revues.list_revues", "revues.show",
}  # fmt: skip
_OF_DEMANDS = {"reidentification.look", "reidentification.show"}
_OF_ACCOUNTS = {
    "comptes.confirm_revoke", "comptes.list_comptes", "comptes.new_compte", "comptes.show_compte", "equipes.show",
    "politique.question",
}  # fmt: skip
THEIRS = {
    Role.DIR: _OF_THE_DIRECTION | _OF_ACCOUNTS | _OF_DEMANDS,
    Role.DPO: _OF_THE_DIRECTION | {"reidentification.show", "alertes.queue", "alertes.show", "alertes.show_alerte"},
    Role.AUD: _OF_THE_DIRECTION,
    Role.ADM: {
        "journee.show",
        "recherche.show",
        "identites.show",
        "identites.edit",
        "secteurs.show",
        "secteurs.secteur",
    },
}
"""Pages that must have opened on the way: a walk through closed doors shows nothing."""

QUERIES = {
    "/direction/journal": ("?periode=30", "?volet=S3", "?qui=role:MDT", "?decision=permis", "?acte=genre:lecture"),
    "/direction/journal/export.csv": ("?periode=30&volet=S8", "?qui=role:MDT"),
    "/direction/journal/export.ndjson": ("?periode=30&volet=S8", "?acte=genre:lecture"),
    "/direction/politique/comparaison": ("?avant=0&apres=1", "?avant=1&apres=2"),
    "/p/<slug>/acces": ("?filtre=refus",),
}
"""Other readings of a page than the one of its bare address."""

Ids = dict[str, list[Any]]


def words_of(answer: TestResponse) -> str:
    """What can be read in an answer; of an archive, in its members, as far as they are text."""
    if answer.mimetype != "application/zip":
        return answer.get_data(as_text=True)
    with ZipFile(BytesIO(answer.data)) as archive:
        return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


@dataclass(slots=True)
class Terrain:
    """`ids`: what addresses name, by argument; forms act on the first of each."""

    scene: Scene
    ids: Ids
    second: Acteur
    log: Written

    @property
    def rules(self) -> list[Rule]:
        return [rule for rule in self.scene.site.app.url_map.iter_rules() if rule.endpoint != "static"]

    def addresses(self, rule: Rule) -> Iterator[str]:
        names = sorted(rule.arguments)
        for values in product(*(self.ids[name] for name in names)):
            path = rule.rule
            for name, value in zip(names, values, strict=True):
                path = re.sub(rf"<(\w+:)?{name}>", str(value), path)
            yield path
            yield from (path + query for query in QUERIES.get(rule.rule, ()))


@dataclass(slots=True)
class Walk:
    """`met`: canaries by where they were; `answered`: how many answers of each kind; `pages`: endpoints that opened."""

    met: dict[str, list[str]] = field(default_factory=dict)
    answered: dict[int, int] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)

    def look(self, where: str, said: str) -> None:
        found = flat(said)
        for name, word in CANARIES.items():
            if flat(word) in found:
                self.met.setdefault(name, []).append(where)

    def hear(self, where: str, rule: Rule, answer: TestResponse) -> None:
        self.answered[answer.status_code] = self.answered.get(answer.status_code, 0) + 1
        if answer.status_code == 200:
            self.pages.add(rule.endpoint)
        self.look(where, words_of(answer))
        self.look(f"{where}, en-têtes", str(answer.headers))


def flat(said: str) -> str:
    """Without what a page puts between: a matricule is written in groups."""
    return re.sub(r"\s+", "", unescape(said)).casefold()


# ──── One dossier, full


@pytest.fixture(scope="module")
def log() -> Iterator[Written]:
    with listening() as heard:
        yield heard


@pytest.fixture(scope="module")
def terrain(pages: Site, log: Written) -> Terrain:
    scene, monde = Scene(pages), pages.monde
    second, confrere = (colleague(monde, monde.a, role) for role in (Role.DIR, Role.MDT))
    publish(monde, second, Niveau.FERME)
    open_exceptionally(monde, confrere)
    publish(monde, second, Niveau.REMPLIR)
    ids = write_everything(monde) | of_rights(scene)
    return Terrain(scene, ids, second, log)


def publish(monde: Monde, second: Acteur, letters: Niveau) -> None:
    """What médecins may do with letters, decided by two people."""
    draft(monde, letters)
    with monde.work(monde.a.directrice) as ctx:
        publication.propose(ctx, seen(ctx), "Essai")
    with monde.work(second) as ctx:
        publication.confirm(ctx, seen(ctx))


def draft(monde: Monde, letters: Niveau) -> None:
    run(monde, "DELETE FROM politique_brouillon")
    with monde.work(monde.a.directrice) as ctx:
        publication.start(ctx)
        publication.set_niveau(ctx, Role.MDT, "S4", letters)
        publication.note_avis(ctx, Avis(AvisCmt.FAVORABLE, date(2026, 1, 12)))


def open_exceptionally(monde: Monde, confrere: Acteur) -> None:
    """Twice: one that was read again, one that waits for it."""
    zoe = monde.a.zoe.dossier_id
    for name in ("S8 accès exceptionnel relu", "S8 accès exceptionnel à relire"):
        with monde.work(confrere) as ctx:
            acces_id = exceptionnel.start(ctx, zoe, Raison.URGENCE, CANARIES[name])
            dmst.open_dossier(ctx, zoe)
            exceptionnel.end(ctx, zoe)
        if name.endswith("relu"):
            with monde.work(monde.a.medecin) as ctx:
                answer = CANARIES["S8 réponse du médecin qui relit"]
                exceptionnel.review(ctx, acces_id, exceptionnel.Avis.JUSTIFIE, answer)


def write_everything(monde: Monde) -> Ids:
    zoe, medecin = monde.a.zoe.dossier_id, monde.a.medecin
    said = CANARIES
    with monde.work(medecin) as ctx:
        identite.set_matricule(ctx, zoe, said["S1 matricule INS"], "1.2.250.1.213.1.4.8")
        dmst.set_medecin_traitant(
            ctx, zoe, nom=said["S1 médecin traitant"], contact=said["S1 médecin traitant, contact"]
        )
        dmst.add_courrier(
            ctx, zoe, sens="recu", date_courrier=date(2026, 1, 12), correspondant=said["S4 correspondant"],
            objet=said["S4 objet"], texte=said["S4 texte"],
        )  # fmt: skip
        dmst.give_information(
            ctx, zoe, notice_version=said["S6 version de la notice"], canal="remise", precision=said["S6 précision"]
        )
        opposition_id = dmst.record_opposition(ctx, zoe, portee="transfert", precision=said["S7 précision"])
        expositions.add_emploi(
            ctx, zoe, intitule=said["S2 emploi"], employeur=said["S2 emploi, employeur"], starts_on=date(2005, 1, 3),
            ends_on=date(2009, 12, 31),
        )  # fmt: skip
        exposition_id = expositions.add_exposition(
            ctx, zoe, code="AMIANTE", starts_on=date(2010, 1, 4), source="declare",
            commentaire=said["S2 exposition, précision"],
        )  # fmt: skip
    return {
        "dossier_id": [zoe],
        "travailleur_id": [monde.a.zoe.travailleur_id],
        "opposition_id": [opposition_id],
        "exposition_id": [exposition_id],
        "visite_id": hold_visits(monde),
    }


def say_why(monde: Monde) -> None:
    """Lately: a list of accesses shows the latest."""
    with monde.work(monde.a.medecin, motif=Motif(CodeMotif.DROITS, CANARIES["S8 finalité, précision"])) as ctx:
        dmst.open_dossier(ctx, monde.a.zoe.dossier_id)


def hold_visits(monde: Monde) -> list[UUID]:
    """One under way, and one that is over with its complement."""
    notes = {code: CANARIES[f"S3 note, {code}"] for code in ("entretien", "poste", "examen", "suites")}
    over = hold_visit(monde, notes | {"information": CANARIES["S5 remis au salarié"]})
    with monde.work(monde.a.medecin) as ctx:
        visites.close_visite(ctx, over, Conclusion())
    with monde.work(monde.a.medecin) as ctx:
        visites.add_addendum(ctx, over, CANARIES["S3 complément"])
    return [hold_visit(monde, {"entretien": CANARIES["S3 note d’une visite en cours"]}), over]


def hold_visit(monde: Monde, notes: dict[str, str]) -> UUID:
    with monde.work(monde.a.medecin) as ctx:
        visite_id = visites.start_visite(ctx, monde.a.zoe.dossier_id, "DEM_MDT")
    for code, texte in notes.items():
        with monde.work(monde.a.medecin) as ctx:
            visites.save_note(ctx, visite_id, code, texte, 0, uuid4())
    return visite_id


def of_rights(scene: Scene) -> Ids:
    """What the register, the accounts and the pages of the direction name."""
    droits, a = Droits(scene), scene.a
    revue_id, ligne_id = droits.revue()
    with scene.monde.superuser.connect() as connection:
        acces_id = connection.scalar(text("SELECT id FROM acces_exceptionnel WHERE relu_at IS NULL"))
    return {
        "rendez_vous_id": [scene.rendez_vous()],
        "contrat_id": [scene.contrat()],
        "compte_id": [scene.compte(), a.medecin.id],
        "habilitation_id": [scene.habilitation()],
        "membre_id": [scene.membre()],
        "demande_id": [droits.demande()],
        "nominative_id": [droits.nominative()],
        "moyen_id": [droits.moyen()],
        "revue_id": [revue_id],
        "ligne_id": [ligne_id],
        "ecrit_id": [droits.ecrit(Genre.PROTOCOLE)],
        "acces_id": [acces_id],
        "cas_id": [droits.signalement(), droits.signalement(closed=True)],
        "alerte_id": [droits.alerte(), droits.alerte(closed=True)],
        "reidentification_id": [droits.reidentification(agreed=True)],
        "secteur_id": [a.secteur_id],
        "centre_id": [a.centre_id],
        "equipe_id": [a.equipe_id],
        "numero": [0, 1, 2],
        "volet": list(SECTIONS),
        "slug": [a.slug],
        "reste": ["inconnue"],
    }


# ──── Walking


def poste_of(terrain: Terrain, role: Role) -> Poste:
    a = terrain.scene.a
    if role is Role.SAL:
        return terrain.scene.poste(a.zoe.acteur)
    return terrain.scene.poste(a[role] if role in a.staff else colleague(terrain.scene.monde, a, role))


def walk(terrain: Terrain, poste: Poste, *, acting: bool) -> Walk:
    """Every page there is; then, `acting`, every form, and the page that each leads to."""
    made = Walk()
    draft(terrain.scene.monde, Niveau.FERME)
    say_why(terrain.scene.monde)
    first = len(terrain.log.lines), len(terrain.log.values)
    for rule in terrain.rules:
        if "GET" in (rule.methods or ()):
            for path in terrain.addresses(rule):
                made.hear(f"GET {path}", rule, poste.get(path))
    if acting:
        send_every_form(terrain, poste, made)
    for line in (*terrain.log.lines[first[0] :], *terrain.log.values[first[1] :]):
        made.look("journal technique", line)
    return made


def send_every_form(terrain: Terrain, poste: Poste, made: Walk) -> None:
    filled = architecture.Scene(terrain.scene.monde, terrain.scene.a.medecin, *(new_id() for _ in range(7)))
    for rule in terrain.rules:
        if "POST" not in (rule.methods or ()) or rule.endpoint in {"connexion.leave", "portail_connexion.logout"}:
            continue
        path = next(terrain.addresses(rule))
        form = architecture.FORMS.get(named(rule, "POST"), lambda _: {})(filled)
        answer = poste.post(path, form.items(), **FORMS[rule.endpoint].headers)
        made.hear(f"POST {path}", rule, answer)
        following = answer.headers.get("Location", "")
        if following.startswith("/"):
            made.hear(f"POST {path} puis {following}", rule, poste.get(following))


@pytest.mark.exigence("HAB-01")
@pytest.mark.exigence("TRA-02", partielle="les mots du dossier, sur ces pages et dans ces journaux")
@pytest.mark.exigence("TRA-05", partielle="ni contenu, ni finalité, ni type de visite, à l’écran et à l’export")
@pytest.mark.parametrize("role", OUTSIDE, ids=str)
def test_no_page_export_form_or_log_holds_a_word_of_the_dossier(terrain: Terrain, role: Role) -> None:
    poste = poste_of(terrain, role)
    made = walk(terrain, poste, acting=True)
    assert made.met == {}
    assert THEIRS.get(role, set()) <= made.pages, "kept from the dossier, not from the walk"
    assert not [status for status in made.answered if status >= 500 and status != 503]
    assert poste.get("/compte").status_code == (303 if role is Role.TECH else 200), "still logged in, who may log in"


@pytest.mark.exigence("TRA-02", partielle="les mots du dossier, dans toutes les tables")
def test_no_other_line_of_the_database_holds_a_word_of_the_dossier_in_clear(terrain: Terrain) -> None:
    """What support reads beside the logs: traces, technical journal, sessions, counters, and every other table."""
    seen = Walk()
    with terrain.scene.monde.superuser.connect() as connection:
        for table in sorted(set(Base.metadata.tables) - IN_CLEAR):
            for line in connection.execute(text(f"SELECT t::text FROM {table} t")).scalars():
                seen.look(table, str(line))
    assert seen.met == {}


@pytest.mark.exigence("TRA-02", partielle="les mots du dossier, dans les e-mails")
@pytest.mark.exigence("TRA-04", partielle="prévenir par e-mail")
def test_no_message_that_leaves_holds_a_word_of_the_dossier_or_of_its_readers(
    terrain: Terrain, courrier: Courrier
) -> None:
    """Everybody who opened the full dossier is someone of whom Zoé is told, without a word of it."""
    monde, zoe = terrain.scene.monde, terrain.scene.a.zoe
    first = len(terrain.log.lines), len(terrain.log.values)
    say_why(monde)
    poste_of(terrain, Role.SAL)  # she enters her space
    asked(monde, courrier)
    tomorrow = datetime.combine(today(monde.runtime.clock) + timedelta(days=1), time(8), PARIS)
    clock = MovableClock(tomorrow - monde.runtime.clock.now())
    assert courriel_jobs.send_courriels(replace(monde.runtime, clock=clock), courrier.messagerie, ORIGIN) == 1
    confirmation, told = courrier.mails()
    made = Walk()
    for mail in (confirmation, told):
        made.look("e-mail", f"{mail['subject']} {mail['text']} {mail['raw']}")
        names = ("ADRUN", "Zoe", "VASSEUR", "Vasseur", str(zoe.dossier_id), str(zoe.travailleur_id))
        assert [name for name in names if name in mail["raw"] + mail["text"]] == []
    heard = [*terrain.log.lines[first[0] :], *terrain.log.values[first[1] :]]
    for line in heard:
        made.look("journal technique", line)
    assert made.met == {}
    assert [line for line in heard if "example.test" in line] == []


def asked(monde: Monde, courrier: Courrier) -> None:
    """Zoé gives an address and its code."""
    zoe = monde.a.zoe
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        courriels.ask(ctx, zoe.dossier_id, "zoe.perso@example.test")
    assert courriel_jobs.send_courriels(monde.runtime, courrier.messagerie, ORIGIN) == 1
    with monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
        assert courriels.confirm(ctx, zoe.dossier_id, courrier.code("zoe.perso@example.test"))


def test_medecin_who_follows_the_worker_meets_every_word_on_the_same_walk(terrain: Terrain) -> None:
    made = walk(terrain, poste_of(terrain, Role.MDT), acting=False)
    assert set(CANARIES) - set(made.met) == set(NOT_FOR_THE_MEDECIN)
    assert "journal technique" not in {where for places in made.met.values() for where in places}


def test_worker_meets_what_is_communicable_to_her(terrain: Terrain) -> None:
    made = walk(terrain, poste_of(terrain, Role.SAL), acting=False)
    assert set(CANARIES) - set(made.met) == NOT_FOR_THE_WORKER
