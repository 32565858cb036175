"""Decisions of the page of a dossier, and the trial of a draft on traced accesses: in process, no database."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import cedarpy

from bench.mesure import Mesure, medians
from spst.habilitations import actions, moteur, politique, simulation
from spst.habilitations import choix as choices
from spst.habilitations.choix import ROLES, Choix, Niveau, at_best
from spst.habilitations.moteur import Situation
from spst.habilitations.politique import Politique, schema
from spst.habilitations.simulation import Acces, Groupe
from spst.kernel.acteur import Role

ACCESSES = 100_000
_ACCOUNTS = 470
_PAGES = 5_000
_OFTEN = {"suivi": 0.9, "regime_sir": 0.3, "opposition_mpc": 0.01, "opposition_professionnels": 0.02}


def measures() -> Iterator[Mesure]:
    policy = _policy()
    yield from decisions(policy)
    yield trial(policy)


def decisions(policy: Politique) -> Iterator[Mesure]:
    """Eight sections, two modes, beside the engine alone asked the same.

    `decisions.dossier`: pages of a day, each of somebody else on another dossier; answers are kept as a process keeps them.
    `decisions.dossier.cold`: nothing was ever asked.
    """
    chance = random.Random(4624)
    day = [_page(chance) for _ in range(_PAGES)]

    def page(n: int) -> None:
        moteur.decide_matrix(policy, *day[n % _PAGES])

    def first(n: int) -> None:
        moteur._answers.cache_clear()
        page(n)

    def floor(n: int) -> None:
        cedarpy.is_authorized_batch(_asked(*day[n % _PAGES]), policy.handle, moteur._world(), schema())

    for name, service in (("decisions.dossier", page), ("decisions.dossier.cold", first)):
        ours, engine = medians(service, floor)
        yield Mesure(name, ours, engine, round(ours / engine, 3))


def trial(policy: Politique) -> Mesure:
    """Accesses asked again of a draft, per second; each comes alone, as if no two were alike."""
    groupes = list(_accesses())
    start = time.perf_counter()
    simulation.replay(policy, politique.compile_politique(politique.default_text(), politique.DEFAULT_VERSION), groupes)
    spent = time.perf_counter() - start
    each = round(spent / ACCESSES * 1e6, 2)
    return Mesure("simulation.accesses", each, each, 1.0, throughput=round(ACCESSES / spent, 1))


def _policy() -> Politique:
    made = Choix()
    for role, section, niveau in ((Role.INF, "S4", Niveau.LIRE), (Role.MPC, "S4", Niveau.FERME)):
        made = choices.with_niveau(made, role, section, niveau)
    return politique.compile_politique(choices.texte_of(made), 1)


def _page(chance: random.Random) -> tuple[Role, Situation]:
    """Somebody on the page of a dossier: followed or not, SIR or not, opposed or not, some sections delegated."""
    role = chance.choice(ROLES)
    best = at_best(role)
    names = ("suivi", "regime_sir", "opposition_mpc", "opposition_professionnels")
    faits = replace(best.faits, **{name: chance.random() < _OFTEN[name] for name in names})
    delegated = frozenset(one for one in best.delegation if chance.random() < 0.8)
    return role, replace(best, faits=faits, delegation=delegated, supervision=chance.random() < 0.95)


def _asked(role: Role, situation: Situation) -> list[dict[str, object]]:
    context = json.dumps(moteur._context(situation))
    return [moteur._request(role, mode, section, context) for section in actions.SECTIONS for mode in actions.Mode]


def _accesses() -> Iterator[Groupe]:
    chance = random.Random(4624)
    known = [one for one in actions.all() if one.sections and not one.name.startswith("portail.")]
    for _ in range(ACCESSES):
        action, role = chance.choice(known), chance.choice(ROLES)
        sections = tuple(sorted(chance.sample(action.sections, chance.randint(1, len(action.sections)))))
        yield Groupe(UUID(int=chance.randrange(_ACCOUNTS)), Acces(role, action.name, sections, allowed=True), 1)
