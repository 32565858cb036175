"""The engine: refuses whatever is not a clean yes, only narrows with a tenant's policy, and says which rule decided."""

from dataclasses import replace

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spst.habilitations import actions, moteur, politique
from spst.habilitations.actions import DOMAINES, SECTIONS, Mode
from spst.habilitations.moteur import Situation
from spst.habilitations.politique import Politique
from spst.habilitations.ports import Faits
from spst.kernel.acteur import Role
from tests.scale import SCALE

PAGE = "la page qui l’explique"
FOLLOWED = Situation(faits=Faits(du_spst=True, suivi=True), supervision=True, deux_facteurs=True)
NOTES = '@article("R. 4624-45-5") @explication("Votre service a fermé ce volet.")'
NO_LETTERS = f'@id("R-014") {NOTES} forbid (principal, action, resource == Volet::"S4");'


def ceiling() -> Politique:
    return politique.ceiling_alone()


def default() -> Politique:
    return politique.compile_politique(politique.default_text(), politique.DEFAULT_VERSION)


@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_allowed_act_names_its_rule_its_version_and_its_article() -> None:
    decision = moteur.decide(ceiling(), Role.MDT, actions.get("visite.consult"), FOLLOWED)
    assert decision.allowed
    assert decision.rules == ("P-001",)
    assert decision.version == ceiling().version
    assert decision.explication == (
        "Le médecin du travail consulte tous les volets du dossier des salariés qu’il suit (R. 4624-45-5 al. 1, L. 4624-8)."
    )


@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_refused_act_names_its_rule_its_version_and_its_article() -> None:
    decision = moteur.decide(ceiling(), Role.ADM, actions.get("visite.consult"), FOLLOWED)
    assert not decision.allowed
    assert decision.rules == ("P-104",)
    assert decision.version == ceiling().version
    assert decision.article == "L. 4624-8, R. 4624-45-5"
    assert decision.explication.startswith("Le contenu du dossier est fermé aux fonctions administratives.")


@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_refusal_by_the_policy_of_the_spst_names_that_rule_and_its_number() -> None:
    policy = politique.compile_politique(NO_LETTERS, 15)
    verdict = moteur.decide_one(policy, Role.MDT, "consulter", "S4", FOLLOWED)
    assert verdict.rules == ("R-014",)
    assert verdict.explication == "Votre service a fermé ce volet (R. 4624-45-5)."
    assert policy.version.startswith("15-")


@pytest.mark.exigence("HAB-08", partielle=PAGE)
def test_refusal_without_rule_says_that_none_opens() -> None:
    decision = moteur.decide(ceiling(), Role.INF, actions.get("compte.list"), FOLLOWED)
    assert not decision.allowed
    assert decision.rules == ()
    assert decision.explication == "Aucune règle ne l’ouvre à votre rôle (RGPD art. 32)."
    cell = moteur.decide_one(
        ceiling(), Role.MPC, "consulter", "S8", replace(FOLLOWED, faits=Faits(du_spst=True, confie_mpc=True))
    )
    assert cell.explication == "Aucune règle ne l’ouvre à votre rôle (R. 4624-45-5)."


@pytest.mark.exigence("HAB-01")
def test_opening_a_dossier_decides_each_section_and_keeps_the_closed_ones_with_their_rule() -> None:
    situation = replace(FOLLOWED, delegation=frozenset({"S1"}))
    decision = moteur.decide(default(), Role.ASST, actions.get("dossier.open"), situation)
    assert decision.allowed
    assert decision.open_sections == ("S1",)
    assert decision.rules == ("P-015",)
    assert decision.sections["S2"].rules == ("P-113",)
    assert decision.sections["S3"].rules == ("P-107",)
    assert list(decision.sections) == list(SECTIONS)


def test_act_on_several_sections_is_closed_when_one_of_them_is() -> None:
    policy = politique.compile_politique(NO_LETTERS.replace("S4", "S5"), 1)
    decision = moteur.decide(policy, Role.MDT, actions.get("visite.close"), FOLLOWED)
    assert not decision.allowed
    assert decision.rules == ("R-014",)
    assert decision.sections["S3"].allowed


def test_asking_for_a_section_that_the_action_does_not_touch_raises() -> None:
    with pytest.raises(ValueError, match="touches"):
        moteur.decide(ceiling(), Role.MDT, actions.get("identite.update"), FOLLOWED, targets=["S3"])
    with pytest.raises(ValueError, match="touches"):
        moteur.decide(ceiling(), Role.MDT, actions.get("identite.update"), FOLLOWED, targets=[])


def test_matrix_of_one_dossier_has_sixteen_cells_that_agree_with_single_questions() -> None:
    cells = moteur.decide_matrix(default(), Role.INF, FOLLOWED)
    assert len(cells) == 16
    for (section, mode), verdict in cells.items():
        assert verdict == moteur.decide_one(default(), Role.INF, mode, section, FOLLOWED)
    assert not cells["S8", Mode.CONSULTER].allowed
    assert cells["S3", Mode.REMPLIR].allowed


@pytest.mark.exigence("HAB-03")
def test_rule_that_fails_while_evaluated_closes_instead_of_being_ignored() -> None:
    """Cedar skips a rule that raises, forbids included, and would answer Allow: valid against the schema, still it may raise."""
    text = f'@id("R-001") {NOTES} forbid (principal, action, resource) when {{ 9223372036854775807 + 1 == 0 }};'
    policy = politique.compile_politique(text, 1)
    verdict = moteur.decide_one(policy, Role.MDT, "consulter", "S1", FOLLOWED)
    assert not verdict.allowed
    assert verdict.explication.startswith("La règle n’a pas pu être évaluée")


@pytest.mark.exigence("HAB-03")
def test_rule_on_an_attribute_that_the_actor_lacks_closes() -> None:
    text = 'forbid (principal, action, resource) when { principal.rpps == "1" };'
    careless = replace(ceiling(), handle=cedarpy.PolicySet.from_str(f"{politique.ceiling_text()}\n{text}"))
    assert moteur.decide_one(ceiling(), Role.MDT, "consulter", "S1", FOLLOWED).allowed
    assert not moteur.decide_one(careless, Role.MDT, "consulter", "S1", FOLLOWED).allowed


@pytest.mark.exigence("HAB-03")
def test_request_outside_of_the_schema_is_refused() -> None:
    assert not moteur.decide_one(ceiling(), Role.MDT, "dossier.burn", "S1", FOLLOWED).allowed
    assert not moteur.decide_one(ceiling(), Role.MDT, "dossier.open", "registre", FOLLOWED).allowed
    malformed = replace(FOLLOWED, deux_facteurs="oui")  # type: ignore[arg-type]
    assert not moteur.decide_one(ceiling(), Role.MDT, "consulter", "S1", malformed).allowed


def test_nothing_known_of_the_situation_opens_nothing() -> None:
    for role in Role:
        for target in (*SECTIONS, *DOMAINES):
            for mode in Mode:
                verdict = moteur.decide_one(ceiling(), role, mode, target, Situation())
                assert not verdict.allowed


def test_exceptional_access_gets_the_medecin_past_the_policy_of_the_spst_and_nobody_else() -> None:
    policy = politique.compile_politique(NO_LETTERS, 1)
    exceptional = replace(FOLLOWED, acces_exceptionnel=True)
    assert not moteur.decide_one(policy, Role.MDT, "consulter", "S4", FOLLOWED).allowed
    assert moteur.decide_one(policy, Role.MDT, "consulter", "S4", exceptional).allowed
    assert moteur.decide_one(policy, Role.INF, "consulter", "S4", exceptional).rules == ("P-117",)


@pytest.mark.exigence("HAB-03")
def test_exceptional_access_never_gets_past_the_ceiling() -> None:
    policy = politique.compile_politique(NO_LETTERS, 1)
    unfollowed = Situation(faits=Faits(du_spst=True), deux_facteurs=True, acces_exceptionnel=True)
    assert moteur.decide_one(policy, Role.MDT, "consulter", "S3", unfollowed).rules == ("P-110",)


situations = st.builds(
    Situation,
    faits=st.builds(Faits, *[st.booleans()] * len(Faits.__slots__)),
    delegation=st.frozensets(st.sampled_from(["S1", "S2"])),
    **dict.fromkeys(("supervision", "avis_delegue", "enregistrement", "transmission_fondee"), st.booleans()),
    deux_facteurs=st.booleans(),
    acces_exceptionnel=st.booleans(),
)
questions = st.one_of(
    st.tuples(st.sampled_from([str(mode) for mode in Mode]), st.sampled_from([*SECTIONS, *DOMAINES])),
    st.sampled_from([(action.name, target) for action in actions.all() for target in action.targets]),
)
scopes = st.tuples(
    st.sampled_from(["principal", 'principal in Famille::"sante"', *(f'principal in Role::"{role}"' for role in Role)]),
    st.sampled_from(["action", 'action in Action::"consulter"', 'action == Action::"dossier.open"']),
    st.sampled_from(["resource", "resource is Volet", *(f'resource == Volet::"{section}"' for section in SECTIONS)]),
    st.sampled_from(
        ["true", "context.suivi", "!context.regime_sir", "context.opposition_mpc", 'resource == Volet::"S3"']
    ),
)


def restriction(number: int, scope: tuple[str, str, str, str]) -> str:
    who, act, what, when = scope
    return f'@id("R-{number:03d}") {NOTES} forbid ({who}, {act}, {what}) when {{ {when} }};'


@pytest.mark.exigence("HAB-03")
@settings(max_examples=300 * SCALE, deadline=None)
@given(role=st.sampled_from(Role), question=questions, situation=situations, rules=st.lists(scopes, max_size=4))
def test_no_policy_of_an_spst_ever_opens_what_the_ceiling_closes(
    role: Role, question: tuple[str, str], situation: Situation, rules: list[tuple[str, str, str, str]]
) -> None:
    text = "\n".join(restriction(number, scope) for number, scope in enumerate(rules))
    narrowed = moteur.decide_one(politique.compile_politique(text, 1), role, *question, situation)
    legal = moteur.decide_one(ceiling(), role, *question, situation)
    assert legal.allowed or not narrowed.allowed


@pytest.mark.exigence("HAB-01")
@settings(max_examples=300 * SCALE, deadline=None)
@given(
    role=st.sampled_from([Role.ADM, Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS, Role.TECH, Role.SRV]),
    mode=st.sampled_from(Mode),
    section=st.sampled_from(SECTIONS),
    situation=situations,
)
def test_no_situation_opens_the_dossier_to_administration_direction_or_social_service(
    role: Role, mode: Mode, section: str, situation: Situation
) -> None:
    assert not moteur.decide_one(ceiling(), role, mode, section, situation).allowed


@pytest.mark.exigence("HAB-01")
@settings(max_examples=300 * SCALE, deadline=None)
@given(
    role=st.sampled_from([Role.COLL, Role.INT, Role.INF, Role.IPA, Role.MPC, Role.IPRP, Role.ASST]),
    mode=st.sampled_from(Mode),
    section=st.sampled_from(SECTIONS),
    situation=situations,
)
def test_both_oppositions_leave_the_medecin_du_travail_alone(
    role: Role, mode: Mode, section: str, situation: Situation
) -> None:
    opposed = replace(situation.faits, opposition_mpc=True, opposition_professionnels=True)
    assert not moteur.decide_one(ceiling(), role, mode, section, replace(situation, faits=opposed)).allowed
