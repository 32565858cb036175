"""Every form, with everything that can be typed in it: a clear answer in French, nothing lost, nothing half written."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.factories.site import Site
from tests.robustesse.base import content
from tests.robustesse.formulaires import WITHOUT_SCRIPT, Formulaire
from tests.robustesse.poste import FORM, encoded
from tests.robustesse.scene import Scene
from tests.robustesse.tous import FORMS
from tests.robustesse.valeurs import REPEATED, Champ, champ
from tests.scale import SCALE

ANSWERS = {200, 303, 400, 401, 403, 404, 409, 413, 422, 429}
FOREIGN = re.compile(
    r"Traceback|psycopg|sqlalchemy|werkzeug|Not a valid|Missing data|Unknown field|Must be|Length must|Longer than|"
    r"may not be null|Invalid |Bad Request|Unprocessable|Internal Server|Not Found\b"
)


TEN_MEGABYTES = b"a" * 10_000_000


@pytest.fixture(scope="module")
def scene(site_of_module: Site) -> Scene:
    """Pro Santé Connect stands in: what its forms ask of it is answered."""
    return Scene(site_of_module)


def test_every_form_of_the_application_is_tried_here(scene: Scene) -> None:
    posted = {rule.endpoint for rule in scene.site.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posted == set(FORMS)


def test_forms_cannot_be_changed_otherwise_than_by_post(scene: Scene) -> None:
    methods = {method for rule in scene.site.app.url_map.iter_rules() for method in rule.methods or ()}
    assert methods == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("form", [*FORMS.values(), WITHOUT_SCRIPT], ids=lambda form: form.endpoint)
def test_a_form_filled_in_rightly_is_taken(scene: Scene, form: Formulaire) -> None:
    """What the other tests vary is a request that works."""
    poste, path, right = form.arrange(scene)
    answer = poste.post(path, [(name, values[0]) for name, values in right.items()], **form.headers)
    assert answer.status_code == form.accepted, answer.text[:3000]
    assert "csrf" not in answer.text or answer.status_code != 400


@pytest.mark.parametrize("form", [*FORMS.values(), WITHOUT_SCRIPT], ids=lambda form: form.endpoint)
def test_a_form_filled_in_any_way_is_answered_clearly(scene: Scene, form: Formulaire) -> None:
    @settings(
        max_examples=3 * SCALE,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data())
    def fill(data: st.DataObject) -> None:
        poste, path, right = form.arrange(scene)
        typed = {name: data.draw(champ(values), label=name) for name, values in right.items()}
        if not right:
            typed["inattendu"] = data.draw(champ(("",)), label="inattendu")
        pairs = [pair for name, value in typed.items() for pair in value.pairs(name)]
        _ = poste.token
        before = content(scene.monde)
        answer = poste.post(path, pairs, **form.headers)
        _check_answer(answer)
        if answer.status_code >= 400 and not form.kept_apart:
            assert content(scene.monde) == before
        if answer.status_code == 422 and not answer.is_json:
            _check_shown(answer, form, typed)
        elif answer.status_code == 303 and "/connexion" not in answer.headers["Location"]:
            assert poste.get(answer.headers["Location"]).status_code in {200, 303}

    fill()


@pytest.mark.parametrize("form", [form for form in FORMS.values() if form.shown], ids=lambda form: form.endpoint)
def test_a_refused_form_shows_everything_again(scene: Scene, form: Formulaire) -> None:
    """All its values are right, and one that the page does not have comes with them."""
    poste, path, right = form.arrange(scene)
    typed = {name: Champ(max(values, key=len)) for name, values in right.items()}
    answer = poste.post(path, [("inattendu", "a"), *(pair for name, one in typed.items() for pair in one.pairs(name))])
    if answer.status_code == 422:
        _check_shown(answer, form, typed)
    else:
        assert form.endpoint in {"visites.close", "connexion_locale.check_password"}, (
            "its schema refuses what is not its own"
        )


def _check_answer(answer: TestResponse) -> None:
    assert answer.status_code in ANSWERS, answer.text[:3000]
    assert not FOREIGN.search(answer.text), FOREIGN.search(answer.text)
    assert "<script>alert" not in answer.text
    assert "onerror=alert(1)>" not in answer.text.replace("onerror=alert(1)&gt;", "")
    assert "root:x:0" not in answer.text
    if answer.status_code >= 400 and answer.is_json:
        said = answer.get_json()
        assert {"erreur", "message", "error", "texte"} & set(said), said
    elif answer.status_code >= 400:
        assert '<html lang="fr"' in answer.text
        assert re.search(r'role="alert"|class="err|errors|notice|<h1|aria-invalid', answer.text)


def _check_shown(answer: TestResponse, form: Formulaire, typed: dict[str, Champ]) -> None:
    """What was typed stands in the page, to be corrected rather than typed again."""
    page = _flat(unescape(answer.text))
    for name in form.shown:
        value = typed[name]
        if value.valeur.strip() and value.comment == "":
            assert _flat(value.valeur) in page, name


def _flat(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.endpoint)
def test_ten_megabytes_in_a_field_are_refused_in_french(scene: Scene, form: Formulaire) -> None:
    poste, path, right = form.arrange(scene)
    fields = encoded([("csrf_token", poste.token), (next(iter(right), "inattendu"), "a")])
    before = content(scene.monde)
    answer = poste.send(path, fields + TEN_MEGABYTES, FORM)
    assert answer.status_code == 413
    assert "trop long" in answer.text
    assert content(scene.monde) == before


def test_repeated_fields_are_not_chosen_among(scene: Scene) -> None:
    """Two values for one field: neither is taken for what somebody meant."""
    form = FORMS["actes.medecin_traitant"]
    poste, path, _ = form.arrange(scene)
    before = content(scene.monde)
    twice = Champ("Dr Kerhoas", REPEATED).pairs("nom")
    answer = poste.post(path, [*twice, ("contact", "02 40 00 00 00")])
    assert answer.status_code == 422
    assert content(scene.monde) == before
