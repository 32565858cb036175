"""`spst policy`: the texts of the habilitations, checked and replayed."""

from collections.abc import Iterator
from pathlib import Path

import click

from spst.cli.output import json_option, show
from spst.habilitations import cas, couverture, politique
from spst.habilitations.cas import Cas
from spst.habilitations.errors import PolitiqueRefused


@click.group(help="Politiques d’habilitation.")
def policy() -> None:
    pass


@policy.command(help="Dit si la politique d’un SPST peut s’appliquer dans le plafond national.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def check(file: Path, as_json: bool) -> None:
    try:
        compiled = politique.compile_politique(file.read_text(encoding="utf-8"), politique.DEFAULT_VERSION)
    except PolitiqueRefused as refusal:
        reasons = refusal.facts["raisons"]
        lines = [str(refusal), *(f"  {reason}" for reason in reasons)] if isinstance(reasons, list) else [str(refusal)]
        show({"valide": False, "raisons": reasons}, "\n".join(lines), as_json=as_json)
        raise SystemExit(1) from None
    rules = [rule for rule in compiled.regles if rule.startswith("R-")]
    show({"valide": True, "regles": rules}, f"Politique valable\u00a0: {len(rules)} règle(s).", as_json=as_json)


@policy.command(help="Rejoue tous les cas de policies/cases sur le plafond et la politique par défaut.")
@click.option(
    "--coverage", is_flag=True, help="Change chaque règle du plafond, et nomme ce qu’aucun cas ne voit (20 s)."
)
@json_option
def test(coverage: bool, as_json: bool) -> None:
    cases, politiques = cas.load(), cas.shipped()
    gaps = [gap.describe() for gap in cas.replay(cases, politiques)]
    uncovered = list(cas.uncovered_rules(cases, politiques))
    facts = {"cas": len(cases), "ecarts": gaps, "regles_sans_cas": uncovered}
    lines = [f"{len(cases)} cas rejoués, {len(gaps)} écart(s).", *(f"  {gap}" for gap in gaps)]
    lines += [f"  {rule}\u00a0: aucun cas ne la nomme" for rule in uncovered]
    unseen = (
        [line for rule in sorted(politiques["plafond"].regles) for line in _unseen(rule, cases)] if coverage else []
    )
    if coverage:
        facts["couverture"] = unseen
        lines += [f"Couverture : {len(politiques['plafond'].regles)} règles, {len(unseen)} manque(s)."]
        lines += [f"  {line}" for line in unseen]
    show(facts, "\n".join(lines), as_json=as_json)
    if gaps or uncovered or unseen:
        raise SystemExit(1)


def _unseen(rule: str, cases: tuple[Cas, ...]) -> Iterator[str]:
    found = couverture.measure(rule, cases)
    yield from (f"{rule}, {change} : aucun cas ne le voit" for change in found.survivors)
    yield from (f"{rule} : aucun cas de {folder} ne la voit" for folder in found.missing)
