"""Decisions of the page of a dossier, and the trial of a draft on traced accesses: in process, no database."""

import random
import time
from collections.abc import Iterator
from uuid import UUID

import cedarpy

from bench.mesure import Mesure, medians
from spst.habilitations import actions, moteur, politique, simulation
from spst.habilitations import choix as choices
from spst.habilitations.choix import ROLES, Choix, Niveau, at_best
from spst.habilitations.moteur import Situation
from spst.habilitations.politique import Politique, schema
from spst.habilitations.simulation import Acces, Groupe
from spst.kernel.acteur import Acteur, Role

ACCESSES = 100_000
_ACCOUNTS = 470


def measures() -> Iterator[Mesure]:
    policy = _policy()
    yield decisions(policy)
    yield trial(policy)


def decisions(policy: Politique) -> Mesure:
    """Eight sections, two modes, somebody of whom nothing is kept; beside the engine alone, asked the same."""
    situation = at_best(Role.INF)

    def service(n: int) -> None:
        moteur.decide_matrix(policy, Acteur(UUID(int=n + 1), Role.INF), situation)

    asked, entities = _raw(situation)

    def floor(_n: int) -> None:
        cedarpy.is_authorized_batch(asked, policy.handle, entities, schema())

    ours, engine = medians(service, floor)
    return Mesure("decisions.dossier", ours, engine, round(ours / engine, 3))


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


def _raw(situation: Situation) -> tuple[list[dict[str, object]], cedarpy.Entities]:
    who = (UUID(int=1), Role.INF)
    asked = [moteur._request(who, mode, section, situation) for section in actions.SECTIONS for mode in actions.Mode]
    return asked, moteur._entities(who)


def _accesses() -> Iterator[Groupe]:
    chance = random.Random(4624)
    known = [one for one in actions.all() if one.sections and not one.name.startswith("portail.")]
    for _ in range(ACCESSES):
        action, role = chance.choice(known), chance.choice(ROLES)
        sections = tuple(sorted(chance.sample(action.sections, chance.randint(1, len(action.sections)))))
        yield Groupe(UUID(int=chance.randrange(_ACCOUNTS)), Acces(role, action.name, sections, allowed=True), 1)
