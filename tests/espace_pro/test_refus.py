"""Every refusal has a page: what was asked, which rule of which version closed it, whom to ask, what to do next."""

import re
from html import unescape

import pytest
from sqlalchemy import text

from spst.habilitations.choix import Choix
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from tests.espace_pro.test_listes import plain
from tests.factories.confies import opposed, under_sir
from tests.factories.monde import Monde, Personne, colleague
from tests.factories.politiques import closing, published
from tests.factories.releves import count_traces, run
from tests.factories.site import Site
from tests.visites.conftest import clean, start  # noqa: F401 - clean is a fixture
from tests.visites.test_routes import Poste

pytestmark = [pytest.mark.usefixtures("clean"), pytest.mark.exigence("HAB-08")]


@pytest.fixture
def medecin(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.medecin)


@pytest.fixture
def infirmier(pages: Site, monde: Monde) -> Poste:
    return Poste(pages, monde.a.infirmier)


def dossier(personne: Personne) -> str:
    return f"/dossiers/{personne.dossier_id}"


def why(personne: Personne, section: str) -> str:
    return f"{dossier(personne)}/volets/{section}/pourquoi"


def told(page: str) -> dict[str, str]:
    """The terms of the explanation and what stands under each."""
    return {term: plain(said).strip() for term, said in re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.S)}


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found
    return unescape(found[1])


def name_of(monde: Monde, acteur_id: object) -> str:
    with monde.superuser.connect() as connection:
        query = text("SELECT initcap(nom) FROM compte WHERE id = :id")
        return str(connection.execute(query, {"id": acteur_id}).scalar_one())


def test_dossier_that_one_does_not_follow_says_what_was_asked_the_rule_the_version_and_which_medecin_to_ask(
    medecin: Poste, monde: Monde
) -> None:
    page = medecin.get(dossier(monde.a.toussaint))
    assert page.status_code == 403
    assert heading(page.text) == "Ce dossier vous est fermé"
    assert "Vous ne suivez pas ce salarié." in page.text
    assert name_of(monde, monde.a.medecin_ailleurs.id) in plain(page.text)
    said = told(page.text)
    assert said["Demandé"] == "Ouvrir le dossier"
    assert said["Volets"] == "tous"
    assert said["Règle"] == "P-110"
    assert said["Politique"] == "Plafond national et politique livrée avec l’application"
    assert re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", said["Référence"])
    assert "inscrite au journal" in page.text
    assert "/direction/" not in page.text


def test_section_closed_by_the_spst_leads_to_its_rule_its_version_and_the_direction_by_name(
    infirmier: Poste, monde: Monde
) -> None:
    zoe = monde.a.zoe
    with published(monde, closing(Role.INF, "S4")):
        assert f'href="{why(zoe, "S4")}"' in infirmier.get(dossier(zoe)).text
        page = infirmier.get(why(zoe, "S4"))
    assert page.status_code == 200
    assert heading(page.text) == "Votre service vous ferme ce volet"
    assert "Votre service ferme le volet S4 (Courriers)" in page.text
    assert "Demandez à la direction" in page.text
    assert name_of(monde, monde.a.directrice.id) in plain(page.text)
    said = told(page.text)
    assert said["Volet"] == "S4 Courriers"
    assert re.fullmatch(r"R-\d{3}", said["Règle"])
    assert "version 1 de votre service, en vigueur depuis le 6 janvier 2020" in said["Politique"]
    assert "accès exceptionnel" not in page.text
    assert "ADRUN" not in page.text


def test_asking_why_opens_nothing_and_leaves_no_trace(infirmier: Poste, monde: Monde) -> None:
    with published(monde, closing(Role.INF, "S4")):
        infirmier.get(dossier(monde.a.zoe))
        before = count_traces(monde, monde.a)
        assert "rien n’est inscrit au journal" in infirmier.get(why(monde.a.zoe, "S4")).text
        assert infirmier.get(why(monde.a.zoe, "S3")).headers["Location"] == dossier(monde.a.zoe)
    assert count_traces(monde, monde.a) == before


@pytest.mark.exigence("HAB-06")
def test_medecin_whom_his_spst_closes_a_section_is_shown_the_way_of_the_exceptional_access(
    medecin: Poste, monde: Monde
) -> None:
    with published(monde, closing(Role.MDT, "S4")):
        page = medecin.get(why(monde.a.zoe, "S4")).text
    assert f'href="{dossier(monde.a.zoe)}/acces-exceptionnel"' in page


def test_opposition_is_told_as_the_choice_of_the_worker_which_he_alone_can_change(
    infirmier: Poste, monde: Monde
) -> None:
    with opposed(monde, monde.a.zoe, "professionnels"):
        refused = infirmier.get(dossier(monde.a.zoe))
        asked = infirmier.get(f"{dossier(monde.a.zoe)}/pourquoi")
    for page in (refused, asked):
        assert heading(page.text) == "Le salarié s’y oppose"
        assert "Le salarié seul peut revenir sur son opposition." in page.text
        assert f"{name_of(monde, monde.a.medecin.id)} lit toujours ce dossier" in plain(page.text)
    assert (refused.status_code, asked.status_code) == (403, 200)


@pytest.mark.exigence("HAB-07", partielle="ce que dit un refus")
@pytest.mark.parametrize(("role", "stranger"), [(Role.COLL, "P-110"), (Role.MPC, "P-111")])
def test_somebody_who_has_no_part_in_the_follow_up_learns_neither_opposition_nor_regime(
    pages: Site, monde: Monde, role: Role, stranger: str
) -> None:
    acteur, zoe = colleague(monde, monde.a, role), monde.a.zoe
    run(monde, "DELETE FROM equipe_membre WHERE compte_id = :who", who=acteur.id)
    who = Poste(pages, acteur)
    with opposed(monde, zoe, "mpc", "professionnels"), under_sir(monde, zoe):
        told_here = [who.get(dossier(zoe)).text, who.get(f"{dossier(zoe)}/pourquoi").text]
    for page in told_here:
        assert stranger in page
        assert "oppose" not in plain(page)
        assert not re.search(r"P-11[2456]", page)
    trace = pages.traces("dossier.open")[-1]
    assert not {"P-112", "P-114", "P-115", "P-116"}.intersection(trace.regles)


@pytest.mark.exigence("HAB-07", partielle="ce que dit un refus")
def test_delegate_to_whom_nothing_was_delegated_learns_no_opposition_either(pages: Site, monde: Monde) -> None:
    who, zoe = Poste(pages, monde.a[Role.IPRP]), monde.a.zoe
    with opposed(monde, zoe, "mpc", "professionnels"):
        told_here = [who.get(dossier(zoe)).text, who.get(f"{dossier(zoe)}/pourquoi").text]
    for page in told_here:
        assert "P-113" in page
        assert "P-116" not in page
        assert "réserve son dossier" not in plain(page)


def test_reason_not_given_yet_sends_to_where_it_is_given(infirmier: Poste, monde: Monde) -> None:
    visite_id = start(monde)
    with published(monde, Choix(motifs=frozenset({Role.INF}))):
        page = infirmier.get(f"/visites/{visite_id}")
    assert page.status_code == 403
    assert heading(page.text) == "Dites d’abord pourquoi vous ouvrez ce dossier"
    assert f'href="{dossier(monde.a.zoe)}">Dire pourquoi' in page.text


def test_delegate_without_delegation_is_sent_to_the_medecin_of_the_worker(pages: Site, monde: Monde) -> None:
    page = Poste(pages, monde.a[Role.ASST]).get(dossier(monde.a.zoe)).text
    assert "P-113" in told(page)["Règles"]
    assert name_of(monde, monde.a.medecin.id) in plain(page)


@pytest.mark.parametrize(
    ("role", "rule", "reads_policy"),
    [(Role.DIR, "P-103", True), (Role.DPO, "P-103", True), (Role.ADM, "P-104", False), (Role.ASS, "P-105", False)],
)
def test_who_never_opens_a_dossier_reads_the_law_that_closes_it_and_no_name_of_who_follows(
    pages: Site, monde: Monde, role: Role, rule: str, reads_policy: bool
) -> None:
    page = Poste(pages, monde.a[role]).get(dossier(monde.a.zoe))
    assert page.status_code == 403
    assert told(page.text)["Règle"].startswith(rule)
    assert (f'href="/direction/politique#{rule}"' in page.text) is reads_policy
    assert name_of(monde, monde.a.medecin.id) not in plain(page.text)
    assert "Personne n’y déroge." in page.text
    assert ("le délégué à la protection des données :" in plain(page.text)) is (role is not Role.DPO)
    trace = pages.traces("dossier.open")[-1]
    assert (trace.regles[0], trace.politique_version) == (rule, "0-" + trace.politique_version.partition("-")[2])


def test_mpc_to_whom_nobody_is_entrusted_learns_no_name(pages: Site, monde: Monde) -> None:
    page = Poste(pages, monde.a[Role.MPC]).get(dossier(monde.a.zoe)).text
    assert "P-111" in page
    assert name_of(monde, monde.a.medecin.id) not in plain(page)


def test_one_factor_is_told_to_log_in_again(pages: Site, monde: Monde) -> None:
    client = pages.at_work(monde.a.medecin, facteurs=1)
    page = pages.get(client, dossier(monde.a.zoe))
    assert (page.status_code, heading(page.text)) == (403, "Cet acte demande vos deux facteurs")
    assert 'href="/connexion">Me reconnecter' in page.text


def test_act_of_another_function_sends_to_the_direction(infirmier: Poste, monde: Monde) -> None:
    page = infirmier.get("/direction/comptes")
    assert (page.status_code, heading(page.text)) == (403, "Cet acte revient à d’autres fonctions")
    assert told(page.text)["Demandé"] == "Lire les comptes"
    assert told(page.text)["Réservé à"] == "Direction"
    assert name_of(monde, monde.a.directrice.id) in plain(page.text)


@pytest.mark.parametrize(("role", "manages"), [(Role.DIR, True), (Role.DPO, False), (Role.AUD, False)])
def test_the_menu_leads_nobody_to_a_refusal(pages: Site, monde: Monde, role: Role, manages: bool) -> None:
    poste = Poste(pages, monde.a[role])
    page = poste.get("/direction/accueil").text
    links = re.findall(r'href="(/[^"]*)"', page[page.index("<nav") : page.index("</nav>")])
    assert ("/direction/comptes" in links) is manages
    assert {link: poste.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_fragment_that_is_refused_says_whom_to_ask(medecin: Poste, monde: Monde) -> None:
    page = medecin.get(dossier(monde.a.toussaint), **{"HX-Request": "true"})
    assert page.status_code == 403
    assert "<h1" not in page.text
    assert "Demandez au médecin du travail de ce salarié" in page.text


def test_a_refusal_is_traced_once_however_it_is_explained(medecin: Poste, monde: Monde) -> None:
    before = count_traces(monde, monde.a)
    medecin.get(dossier(monde.a.toussaint))
    assert count_traces(monde, monde.a) == before + 1


def test_asking_why_of_what_is_not_there_finds_nothing(medecin: Poste, monde: Monde) -> None:
    for path in (
        why(monde.b.zoe, "S4"),
        f"{dossier(monde.b.zoe)}/pourquoi",
        f"/dossiers/{new_id()}/pourquoi",
        why(monde.a.zoe, "S9"),
    ):
        assert medecin.get(path).status_code == 404
