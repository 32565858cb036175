"""What a policy text must be before it decides anything."""

import pytest

from spst.habilitations import politique
from spst.habilitations.errors import PolitiqueRefused

NOTES = '@article("R. 4624-45-5") @explication("Fermé par le service.")'
FORBID = f'@id("R-001") {NOTES} forbid (principal in Role::"IPA", action, resource == Volet::"S4");'


def reasons(text: str) -> str:
    with pytest.raises(PolitiqueRefused) as refusal:
        politique.compile_politique(text, 1)
    found = refusal.value.facts["raisons"]
    assert isinstance(found, list)
    return " / ".join(found)


@pytest.mark.exigence("HAB-03")
def test_policy_of_an_spst_that_permits_is_refused() -> None:
    text = f'{FORBID} @id("R-002") {NOTES} permit (principal in Role::"ADM", action, resource);'
    assert reasons(text) == "R-002\u00a0: une politique de SPST interdit, elle n’autorise jamais"


@pytest.mark.exigence("HAB-08", partielle="à qui s’adresser")
def test_rule_sends_to_the_direction_unless_it_names_somebody_else_who_is_known() -> None:
    assert politique.compile_politique(FORBID, 1).regles["R-001"].recours is politique.Recours.DIRECTION
    named = FORBID.replace("forbid", '@recours("medecin") forbid')
    assert politique.compile_politique(named, 1).regles["R-001"].recours is politique.Recours.MEDECIN
    assert reasons(named.replace("medecin", "voisin")) == "R-001\u00a0: @recours ne désigne personne de connu"


@pytest.mark.exigence("HAB-03")
def test_policy_of_an_spst_with_a_template_is_refused() -> None:
    assert "modèles" in reasons(f'@id("R-001") {NOTES} forbid (principal == ?principal, action, resource);')


@pytest.mark.exigence("HAB-03")
@pytest.mark.parametrize(
    "condition",
    [
        "principal.rpps == 1",
        "context.age > 3",
        'resource in Volet::"S3" && context.suivi == "oui"',
    ],
)
def test_policy_that_does_not_match_the_schema_is_refused(condition: str) -> None:
    assert reasons(f'@id("R-001") {NOTES} forbid (principal, action, resource) when {{ {condition} }};')


@pytest.mark.exigence("HAB-03")
def test_policy_on_an_unknown_act_or_role_type_is_refused() -> None:
    assert reasons(f'@id("R-001") {NOTES} forbid (principal, action == Action::"dossier.burn", resource);')
    assert reasons(f'@id("R-001") {NOTES} forbid (principal in Groupe::"x", action, resource);')


@pytest.mark.exigence("HAB-03")
@pytest.mark.parametrize(
    "rule",
    [
        'forbid (principal == Acteur::"018f", action, resource)',
        'forbid (principal, action, resource) when { principal in [Acteur::"018f"] }',
        'forbid (principal, action, resource) unless { context.suivi || principal == Acteur\n::"018f" }',
    ],
)
def test_policy_names_roles_and_never_an_account(rule: str) -> None:
    assert "jamais un compte" in reasons(f'@id("R-001") {NOTES} {rule};')


def test_unreadable_policy_is_refused() -> None:
    assert reasons("forbid (principal, action").startswith("texte illisible")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FORBID.replace("R-001", "P-001"), "le numéro s’écrit R-001"),
        (FORBID.replace('@id("R-001")', ""), "sans numéro"),
        (FORBID + FORBID, "numéro utilisé deux fois"),
        (FORBID.replace("@article", "@texte"), "@article manque"),
        (FORBID.replace('"Fermé par le service."', '""'), "@explication manque"),
    ],
)
def test_rule_that_could_not_be_explained_is_refused(text: str, reason: str) -> None:
    assert reason in reasons(text)


@pytest.mark.exigence("HAB-03")
def test_rule_of_an_spst_cannot_borrow_a_number_of_the_ceiling() -> None:
    assert reasons(FORBID.replace("R-001", "P-101"))


def test_each_restriction_is_written_to_yield_to_an_exceptional_access() -> None:
    compiled = politique.compile_tenant_text(FORBID)
    assert compiled.count("unless { context.acces_exceptionnel }") == 1


def test_version_names_the_number_and_changes_with_the_text() -> None:
    first, second = politique.compile_politique(FORBID, 3), politique.compile_politique("", 3)
    assert first.version.startswith("3-")
    assert second.version.startswith("3-")
    assert first.version != second.version
    assert politique.compile_politique(FORBID, 3) is first
