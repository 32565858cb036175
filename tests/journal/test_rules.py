"""How lines are written for their readers."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.habilitations import actions
from spst.journal import rules
from spst.journal.genres import CHOIX, GENRES
from spst.journal.rules import Filtres
from spst.kernel.context import CodeMotif

VASSEUR = "Dr Claire Vasseur"


@pytest.mark.parametrize(
    ("action", "role", "name", "decision", "why", "said"),
    [
        (
            "dossier.open",
            "MDT",
            VASSEUR,
            "permis",
            "pour votre visite",
            "Dr Claire Vasseur, médecin du travail, a ouvert votre dossier pour votre visite.",
        ),
        *(
            ("visite.consult", "MDT", VASSEUR, "permis", why, f"{VASSEUR}, médecin du travail, a lu {said}.")
            for why, said in (
                ("pour votre visite", "une de vos visites"),
                ("pour votre visite (visite de reprise)", "une de vos visites (visite de reprise)"),
                ("pour votre suivi", "une de vos visites pour votre suivi"),
            )
        ),
        (
            "visite.consult",
            "INF",
            "M. Malo Le Roux",
            "refuse",
            "pour votre suivi",
            "M. Malo Le Roux, infirmier en santé au travail, a voulu lire une de vos visites. L’accès a été refusé.",
        ),
        (
            "dossier.open",
            "ADM",
            "Mme Laure Guérin",
            "refuse",
            "",
            "Mme Laure Guérin, administrative, a voulu ouvrir votre dossier. L’accès a été refusé.",
        ),
        ("portail.acces", "SAL", None, "refuse", "", "Vous avez voulu lire la liste des accès à votre dossier."),
        ("portail.dossier", "SAL", None, "permis", "pour répondre à votre demande", "Vous avez lu votre dossier."),
        (
            "menage.run",
            "SRV",
            None,
            "permis",
            "",
            "Un traitement automatique a effacé des données techniques périmées.",
        ),
        ("acte.d.hier", "MDT", None, "permis", "", "Une personne de votre service, médecin du travail,"),
    ],
)
def test_worker_reads_a_plain_sentence(
    action: str, role: str, name: str | None, decision: str, why: str, said: str
) -> None:
    assert rules.phrase(action, role, name, decision, why).startswith(said)


def test_direction_never_reads_the_name_of_a_worker() -> None:
    assert rules.personne_of("SAL", "ADRUN Zoé") == ("Le salarié", "Depuis son espace")


def test_a_professional_reads_acts_as_acts_and_refusals_as_attempts() -> None:
    assert rules.essai_of("dossier.open", "permis") == "Ouvrir le dossier"
    assert rules.essai_of("dossier.open", "refuse") == "A voulu ouvrir le dossier"


def test_a_professional_is_not_told_of_his_own_visit() -> None:
    assert rules.motif_of("visite", "visite de reprise") == "Visite (visite de reprise)"
    assert rules.motif_of("suivi", None) == "Suivi du salarié"
    assert set(rules._MOTIFS) == set(rules._POURQUOI) == set(CodeMotif)


def test_each_attempt_on_a_dossier_is_said_to_its_worker_as_his_own() -> None:
    for action in actions.all():
        if action.sections:
            assert re.search(r"\b(vos|votre|vous)\b", action.attempt), action.name
            assert re.match(r"(vous )?\w+(er|ir|re)\b", action.attempt), action.name


def test_act_that_names_its_reason_does_not_say_it_twice() -> None:
    told = rules.phrase("exceptionnel.open", "MDT", "Dr A", "permis", rules.pourquoi("exceptionnel", None))
    assert told.count("par accès exceptionnel") == 1
    told = rules.phrase("courrier.add", "MDT", "Dr A", "permis", rules.pourquoi("exceptionnel", None))
    assert told.endswith("par accès exceptionnel.")


def test_reason_is_said_with_its_precision() -> None:
    assert rules.pourquoi("visite", "visite de reprise") == "pour votre visite (visite de reprise)"
    assert rules.pourquoi(None, "x") == ""


@given(st.binary(min_size=32, max_size=32))
def test_reference_survives_being_copied_by_hand(keyed: bytes) -> None:
    reference = rules.reference(keyed)
    copied = reference.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert rules.normalise_reference(copied) == reference


@given(st.text(max_size=30))
def test_anything_typed_as_a_reference_is_answered(typed: str) -> None:
    found = rules.normalise_reference(typed)
    assert found is None or len(found) == 11


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_no_cell_of_an_export_begins_like_a_formula(values: list[str]) -> None:
    row = rules.csv_row(values)
    (read,) = csv.reader(io.StringIO(row, newline=""), delimiter=";") if any(values) else ([""],)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in read)


def test_export_repeats_its_filters_at_its_head() -> None:
    filtres = Filtres(date(2027, 3, 1), date(2027, 3, 12), section="S3", decision="refuse", reference="D-7F2K-901M")
    filtres = replace(filtres, acte=CHOIX["genre:lecture"])
    head = rules.csv_head("SPST Test", filtres, datetime(2027, 3, 12, 9, 5, tzinfo=UTC), 3, VASSEUR)
    named = ("S3", "Refusé", "D-7F2K-901M", "Lecture d’un dossier (tout)")
    for said in ("du 01/03/2027 au 12/03/2027", "12/03/2027 à 10:05", VASSEUR, *named):
        assert said in head


def test_trace_of_a_search_names_the_kinds_of_filter_only() -> None:
    assert Filtres(date(2027, 3, 1), date(2027, 3, 2)).kinds == "periode"
    assert Filtres(date(2027, 3, 1), date(2027, 3, 2), section="S3", reference="D-7F2K-901M").kinds == (
        "section,reference"
    )
    assert Filtres(date(2027, 3, 1), date(2027, 3, 2), acte=CHOIX["dossier.open"]).kinds == "acte"


def test_every_act_of_the_registry_is_looked_for_once_and_with_its_genre() -> None:
    for action in actions.all():
        assert CHOIX[action.name].names == (action.name,)
    grouped = [name for genre in GENRES for name in genre.choix[0].names]
    assert sorted(grouped) == sorted(action.name for action in actions.all())


def test_acts_of_a_genre_are_told_apart() -> None:
    for genre in GENRES:
        labels = [one.label for one in genre.choix]
        assert len(set(labels)) == len(labels) > 1
