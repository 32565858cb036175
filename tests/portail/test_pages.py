"""What the worker reads of his record, and what never reaches him."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from spst.dmst import services as dmst
from spst.entreprises.models import Contrat, SecteurEtablissement
from spst.expositions import services as expositions
from spst.habilitations import exceptionnel
from spst.habilitations.exceptionnel import Avis, Raison
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied, Conflict, ServiceUnavailable
from spst.kernel.ids import new_id
from spst.visites import services as visites
from spst.visites.models import RendezVous
from spst.visites.rules import RUBRIQUES, Conclusion
from spst.web.ports import TooManyRequests
from tests.factories.monde import LONG_AGO, Spst, colleague
from tests.factories.politiques import closing, published
from tests.factories.releves import run
from tests.portail.conftest import Portail, fresh_name

POR_05 = pytest.mark.exigence("POR-05", partielle="no result yet that waits for its announcement")
POR_01 = pytest.mark.exigence("POR-01", partielle="visits, jobs and exposures; documents come with their issue")
TRA_04 = pytest.mark.exigence("TRA-04")
ETH_03 = pytest.mark.exigence("ETH-03", partielle="words of the portal")

PAGES = ("accueil", "visites", "emplois", "identite", "acces", "acces?filtre=refus", "droits")


class Followed:
    """Somebody with everything in his record, each part marked by a word of its own."""

    def __init__(self, portail: Portail, spst: Spst, **changes: Any) -> None:
        self.spst, self.name = spst, str(changes.pop("nom", None) or fresh_name())
        self.personne = portail.follow(spst, nom=self.name, **changes)
        self._portail = portail
        self.dossier_id = self.personne.dossier_id

    def visite(self, told: str | None, acteur: Acteur | None = None, **conclusion: object) -> UUID:
        """A visit with a note in each rubrique; closed and completed when something was told."""
        who = acteur or self.spst.infirmier
        work = self._portail.monde.work
        with work(who, self.spst) as ctx:
            visite_id = visites.start_visite(ctx, self.dossier_id, "VIPP_SIS")
        for rubrique in RUBRIQUES:
            if not rubrique.pour_salarie:
                with work(who, self.spst) as ctx:
                    visites.save_note(ctx, visite_id, rubrique.code, f"NOTE-CANARI-{rubrique.code}", 0, uuid4())
        if told is not None:
            with work(who, self.spst) as ctx:
                visites.close_visite(ctx, visite_id, Conclusion(information=told, **conclusion))  # type: ignore[arg-type]
            with work(who, self.spst) as ctx:
                visites.add_addendum(ctx, visite_id, "ADDENDUM-CANARI")
        return visite_id

    def rendez_vous(self, at: datetime, statut: str = "convoque", **changes: object) -> None:
        """An appointment with the médecin."""
        row = RendezVous(
            tenant_id=self.spst.tenant_id,
            id=new_id(),
            travailleur_id=self.personne.travailleur_id,
            compte_id=self.spst.medecin.id,
            centre_id=self.spst.centre_id,
            starts_at=at,
            duree_min=30,
            libelle="Visite périodique",
            statut=statut,
            updated_at=at,
            **changes,
        )
        self._portail.monde.add(row)

    def everything_else(self) -> None:
        today = datetime.now(UTC).date()
        with self._portail.monde.work(self.spst.medecin, self.spst) as ctx:
            dmst.add_courrier(
                ctx, self.dossier_id, sens="recu", date_courrier=today, correspondant="TIERS-CANARI", objet="OBJET-CANARI",
                texte="COURRIER-CANARI",
            )  # fmt: skip
            dmst.set_medecin_traitant(ctx, self.dossier_id, nom="Dr Inès Morvan", contact="02 99 00 00 00")
            dmst.give_information(
                ctx, self.dossier_id, notice_version="2026-01", canal="remise", precision="PRECISION-CANARI"
            )
            dmst.record_opposition(ctx, self.dossier_id, portee="mpc", precision="OPPOSITION-CANARI")
            expositions.add_emploi(
                ctx,
                self.dossier_id,
                intitule="Soudeuse TIG",
                employeur="Chantiers de la Brière",
                starts_on=date(2019, 3, 4),
            )
            expositions.add_exposition(
                ctx, self.dossier_id, code="AMIANTE", starts_on=date(2020, 1, 6), source="mesure",
                commentaire="COMMENTAIRE-CANARI",
            )  # fmt: skip

    def enters(self, **claims: str) -> FlaskClient:
        return self._portail.entered(self.spst, self.personne, self._portail.at_franceconnect(self.name, **claims))


def read(portail: Portail, client: FlaskClient, page: str, slug: str = "coteaux") -> str:
    answer = portail.get(client, f"/p/{slug}/{page}")
    assert answer.status_code == 200, answer.text
    return answer.text


def words(page: str) -> str:
    """The text of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1].split("</main>", 1)[0]).split())


@POR_05
def test_notes_addenda_open_visits_letters_and_third_parties_are_on_no_page(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    followed.visite("Portez vos bouchons moulés.", acteur=portail.monde.a.medecin)
    followed.visite(None)
    followed.everything_else()
    client = followed.enters()
    for page in PAGES:
        assert "CANARI" not in read(portail, client, page), page
    assert words(read(portail, client, "visites")).count("Visite d’information et de prévention périodique") == 1
    assert "Portez vos bouchons moulés." in read(portail, client, "visites")


@POR_05
def test_open_visit_does_not_show_even_as_a_line(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    followed.visite(None)
    client = followed.enters()
    assert "Pas encore de visite terminée" in read(portail, client, "visites")
    assert "Pas encore de visite terminée" in read(portail, client, "accueil")


@POR_01
def test_worker_reads_visits_jobs_exposures_identity_and_rights(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    due = datetime.now(UTC).date() + timedelta(days=400)
    followed.visite("Levez les charges à deux.", orientation_medecin=True, prochaine_visite_on=due)
    followed.everything_else()
    client = followed.enters()
    seen = words(read(portail, client, "visites"))
    assert "Levez les charges à deux." in seen
    assert "On vous a orienté vers le médecin du travail." in seen
    assert f"au plus tard le {due.day}" in seen or due.day == 1
    jobs = words(read(portail, client, "emplois"))
    assert "Soudeuse TIG" in jobs
    assert "Amiante" in jobs
    assert "Vous l’avez dit" in jobs
    assert "mesure" in jobs
    identity = words(read(portail, client, "identite"))
    assert followed.name in identity
    assert "Dr Inès Morvan" in identity
    assert "C’est le plus haut niveau de vérification." in identity
    rights = words(read(portail, client, "droits"))
    assert "Je m’oppose à ce que le médecin praticien correspondant lise mon dossier" in rights
    assert "En vigueur" in rights
    assert "notice 2026-01" in rights


@POR_01
def test_first_page_says_who_follows_me_and_what_comes_next(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    at = datetime.now(UTC) + timedelta(days=12)
    for when, statut in ((at, "convoque"), (at - timedelta(days=2), "excuse"), (at + timedelta(days=9), "convoque")):
        followed.rendez_vous(when, statut)
    client = followed.enters()
    seen = words(read(portail, client, "accueil"))
    assert "Avec le Dr Claire Vasseur, pendant 30" in seen
    assert "Centre Rive-Sud, Lyon" in seen
    assert "Équipe Vasseur Dr Claire Vasseur médecin du travail" in seen
    assert "Équipe Besson" not in seen


@POR_01
def test_whoever_waits_still_finds_his_appointment_though_its_hour_is_past(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    at = datetime.now(UTC) - timedelta(minutes=20)
    followed.rendez_vous(at, "arrive", arrived_at=at)
    assert "Avec le Dr Claire Vasseur, pendant 30" in words(read(portail, followed.enters(), "accueil"))


def test_empty_record_says_why_it_is_empty_and_what_comes_next(portail: Portail) -> None:
    client = Followed(portail, portail.monde.a).enters()
    assert "Votre service vous convoque quand une visite est à faire" in words(read(portail, client, "accueil"))
    assert "Aucun emploi n’est encore noté" in words(read(portail, client, "emplois"))
    assert "Vous ne vous êtes opposé à rien" in words(read(portail, client, "droits"))
    assert "Aucun accès n’a été refusé" in words(read(portail, client, "acces?filtre=refus"))


# ──── Who opened it


@TRA_04
def test_worker_reads_who_opened_his_record_when_as_what_and_why(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    with portail.monde.work(portail.monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, followed.dossier_id)
    client = followed.enters()
    seen = words(read(portail, client, "acces"))
    assert "Dr Claire Vasseur , médecin du travail, a ouvert votre dossier pour votre suivi." in seen
    assert "Parties concernées : identité, courriers" in seen
    assert "Votre employeur n’a jamais accès à votre dossier." in seen
    assert "Vous avez activé votre espace personnel" in seen


@TRA_04
def test_refusals_are_told_and_can_be_read_alone(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    with pytest.raises(AccessDenied), portail.monde.work(portail.monde.a[Role.IPRP]) as ctx:
        dmst.open_dossier(ctx, followed.dossier_id)
    client = followed.enters()
    seen = words(read(portail, client, "acces?filtre=refus"))
    assert (
        "intervenante en prévention des risques professionnels, a voulu ouvrir votre dossier. L’accès a été refusé."
        in seen
    )
    assert seen.count("Refusé") == 1
    assert "médecin du travail, a" not in seen
    assert "dont 1 refus" in seen.replace("\u00a0", " ")


@TRA_04
def test_an_exceptional_access_stands_in_the_list_with_its_reason_and_who_read_it_again(portail: Portail) -> None:
    monde = portail.monde
    followed = Followed(portail, monde.a)
    with published(monde, closing(Role.MDT, "S4")):
        with monde.work(monde.a.medecin) as ctx:
            acces_id = exceptionnel.start(ctx, followed.dossier_id, Raison.URGENCE, "Malaise au poste.")
        client = followed.enters()
        assert "Un autre médecin doit relire ce motif sous trois jours." in words(read(portail, client, "acces"))
        with monde.work(colleague(monde, monde.a, Role.MDT)) as ctx:
            exceptionnel.review(ctx, acces_id, Avis.INJUSTIFIE, "Le Dr Besson répondait.")
        page = words(read(portail, client, "acces")).replace("\u00a0", " ")
        assert "a ouvert votre dossier par accès exceptionnel le " in page
        assert "« Malaise au poste. »" in page
        assert "« Le Dr Besson répondait. »" in page
        assert "accès exceptionnel le " not in words(read(portail, client, "acces?filtre=refus"))


@TRA_04
def test_long_list_goes_on_page_after_page_without_gap(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    for number in range(120):
        acteur = portail.monde.a.medecin if number % 2 else portail.monde.a.infirmier
        with portail.monde.work(acteur) as ctx:
            dmst.open_dossier(ctx, followed.dossier_id)
    client = followed.enters()
    path, seen, pages = "acces", 0, 0
    while path:
        page = read(portail, client, path)
        seen += page.count("a ouvert votre dossier")
        pages += 1
        older = re.search(r'rel="next" href="/p/coteaux/(acces\?[^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert (seen, pages) == (120, 3)


@TRA_04
def test_same_act_several_times_running_is_one_line_with_its_count(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    for _ in range(4):
        with portail.monde.work(portail.monde.a.medecin) as ctx:
            dmst.open_dossier(ctx, followed.dossier_id)
    with pytest.raises(AccessDenied), portail.monde.work(portail.monde.a[Role.IPRP]) as ctx:
        dmst.open_dossier(ctx, followed.dossier_id)
    with portail.monde.work(portail.monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, followed.dossier_id)
    page = read(portail, followed.enters(), "acces")
    assert page.count("a ouvert votre dossier") == 2
    assert re.search(r"4 fois (à|ce jour-là, entre) ", words(page))


@pytest.mark.parametrize("avant", ["1", "'; DROP TABLE trace; --", "00000000-0000-0000-0000-00000000000g"])
def test_page_that_does_not_exist_is_not_found(portail: Portail, avant: str) -> None:
    client = Followed(portail, portail.monde.a).enters()
    assert portail.get(client, f"/p/coteaux/acces?avant={avant}").status_code == 404


# ──── Walls


@POR_05
def test_zoe_followed_by_two_spsts_reads_each_of_her_records_in_its_own_portal(portail: Portail) -> None:
    name = fresh_name()
    here, there = Followed(portail, portail.monde.a, nom=name), Followed(portail, portail.monde.b, nom=name)
    here.visite("Dit par les Coteaux.")
    there.visite("Dit par la Métallurgie.")
    client = here.enters()
    assert "Dit par les Coteaux." in read(portail, client, "visites")
    for page in PAGES:
        assert "Métallurgie" not in read(portail, client, page)
        answer = portail.get(client, f"/p/metallurgie/{page}")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/p/metallurgie")


@pytest.mark.parametrize(
    "path", ["visites/{visite}", "dossiers/{dossier}", "acces/{dossier}", "identite/{travailleur}"]
)
def test_id_of_somebody_else_is_not_found(portail: Portail, path: str) -> None:
    other = Followed(portail, portail.monde.a)
    ids = {"visite": other.visite("x"), "dossier": other.dossier_id, "travailleur": other.personne.travailleur_id}
    client = Followed(portail, portail.monde.a).enters()
    answer = portail.get(client, f"/p/coteaux/{path.format(**ids)}")
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in answer.text


def test_line_of_somebody_else_cannot_be_reached_by_its_id(portail: Portail) -> None:
    """The id only says where the page begins: what follows is always the reader's own list."""
    other = Followed(portail, portail.monde.a)
    with portail.monde.work(portail.monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, other.dossier_id)
    line = portail.traces(other.personne)[-1].id
    client = Followed(portail, portail.monde.a).enters()
    seen = words(read(portail, client, f"acces?avant={line}"))
    assert "Dr Claire Vasseur" not in seen
    assert "Il n’y a rien de plus ancien" in seen


@pytest.mark.parametrize("page", PAGES)
def test_each_page_leaves_one_line_named_after_what_was_read(portail: Portail, page: str) -> None:
    followed = Followed(portail, portail.monde.a)
    client = followed.enters()
    before = len(portail.traces(followed.personne))
    read(portail, client, page)
    lines = portail.traces(followed.personne)[before:]
    name = page.split("?")[0]
    wanted = {"visites": "portail.visites", "acces": "portail.acces"}.get(name, "portail.dossier")
    assert [(line.action, line.decision, line.role) for line in lines] == [(wanted, "permis", "SAL")]


@pytest.mark.parametrize("page", PAGES)
def test_professional_has_no_way_into_the_portal(portail: Portail, page: str) -> None:
    assert portail.get(portail.client(), f"/p/coteaux/{page}").headers["Location"] == "/p/coteaux"


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_kept_by_no_cache(portail: Portail, page: str) -> None:
    client = Followed(portail, portail.monde.a).enters()
    assert portail.get(client, f"/p/coteaux/{page}").headers["Cache-Control"] == "no-store"


@ETH_03
@pytest.mark.parametrize("page", [*PAGES, ""])
def test_french_punctuation_never_starts_a_line(portail: Portail, page: str) -> None:
    client = Followed(portail, portail.monde.a).enters() if page else portail.client()
    text = re.sub(r"<[^>]+>", "", portail.get(client, f"/p/coteaux/{page}".rstrip("/")).text.split("<main", 1)[1])
    assert re.findall(r".{0,30}\w [;:!?»](?!\w).{0,10}|« .{0,10}|\w'\w.{0,10}", text.split("</main>")[0]) == []


@ETH_03
@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (AccessDenied(), 403, "Cette page ne s’ouvre pas dans votre espace"),
        (Conflict("Votre demande a changé."), 409, "Votre demande n’a pas abouti"),
        (TooManyRequests(90), 429, "Attendez 2\u00a0minutes"),
        (RuntimeError(), 500, "Cela vient de nous, pas de vous"),
        (ServiceUnavailable(), 503, "Votre espace ne répond pas pour l’instant"),
    ],
)
def test_what_goes_wrong_is_told_to_the_worker_with_how_to_reach_his_service(
    portail: Portail, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, told: str
) -> None:
    client = Followed(portail, portail.monde.a).enters()

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("spst.portail.pages.parcours", fail)
    answer = portail.get(client, "/p/coteaux/emplois")
    assert answer.status_code == status
    assert told in answer.text
    assert re.search("Son numéro est sur votre convocation|Joindre ", answer.text)
    assert not re.search(r"salarié|assistance|journal|rôle|recherch", words(answer.text), re.IGNORECASE)


@ETH_03
def test_portal_says_you_and_never_the_words_of_the_trade(portail: Portail) -> None:
    followed = Followed(portail, portail.monde.a)
    followed.visite("Buvez de l’eau.")
    client = followed.enters()
    jargon = re.compile(r"\b(DMST|tenant|SIR|SIA|SIS|IPRP|RNIV|INSi|S[1-8]|travailleur|habilitation|Erreur|veuillez)\b")
    for page in PAGES:
        found = jargon.search(words(read(portail, client, page)))
        assert found is None, (page, found)


@pytest.mark.exigence("HAB-01", partielle="dire au salarié qui le suit par son secteur")
def test_the_worker_is_told_when_his_equipe_is_that_of_his_sector(portail: Portail) -> None:
    monde, a = portail.monde, portail.monde.a
    followed = Followed(portail, a)
    client = followed.enters()
    said = "Cette équipe suit les salariés du secteur de votre établissement."
    assert said not in words(read(portail, client, "accueil"))
    run(monde, "DELETE FROM suivi WHERE dossier_id = :id", id=followed.dossier_id)
    assert "Aucune équipe n’est encore désignée." in words(read(portail, client, "accueil"))
    key = {"tenant_id": a.tenant_id, "etablissement_id": a.etablissement_id, "starts_on": LONG_AGO.date()}
    monde.add(
        Contrat(travailleur_id=followed.personne.travailleur_id, type="CDI", poste="Soudeuse", **key),
        SecteurEtablissement(secteur_id=a.secteur_id, created_at=LONG_AGO, created_by=a[Role.ADM].id, **key),
    )
    try:
        page = words(read(portail, client, "accueil"))
        assert f"Équipe Vasseur {said}" in page
        assert f"Équipe Besson {said}" in page
    finally:
        run(monde, "DELETE FROM secteur_etablissement")
