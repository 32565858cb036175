"""Constituting a dossier and writing in it; its keys."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spst.dmst import services as dmst
from spst.dmst.errors import (
    DateNotAllowed,
    DossierAlreadyExists,
    DossierErased,
    DossierNotFound,
    EquipeNotFound,
    EquipeRequired,
    TexteRefused,
    TexteRequired,
    TexteTooLong,
)
from spst.kernel.acteur import Role
from spst.kernel.crypto.aead import CiphertextRefused
from spst.kernel.errors import AccessDenied
from spst.traces import services as traces
from tests.dmst.actes import LETTER, open_, register, write_everything
from tests.factories.monde import Monde
from tests.factories.releves import count, last_traces, run

# ──── Constitution


@pytest.mark.exigence("TEN-04", partielle="un dossier par salarié et par SPST")
def test_a_dossier_is_constituted_once_with_its_key_its_equipe_and_its_regime(monde: Monde) -> None:
    travailleur_id = register(monde)
    with monde.work(monde.a.infirmier) as ctx:
        dossier_id = dmst.create_dossier(ctx, travailleur_id)
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.dossier_id, trace.sections) == ("dossier.create", dossier_id, ["S1"])
    with monde.work(monde.a.medecin) as ctx:
        assert dmst.dossiers_of(ctx, [travailleur_id])[travailleur_id].dossier_id == dossier_id
        dmst.set_medecin_traitant(ctx, dossier_id, nom="Dr Nouveau", contact="02")
    with pytest.raises(DossierAlreadyExists), monde.work(monde.a.medecin) as ctx:
        dmst.create_dossier(ctx, travailleur_id)


def test_the_same_person_has_a_dossier_of_its_own_in_each_spst(monde: Monde) -> None:
    ids = []
    for spst in (monde.a, monde.b):
        travailleur_id = register(monde, spst)
        with monde.work(spst.medecin, spst) as ctx:
            ids.append(dmst.create_dossier(ctx, travailleur_id))
    with pytest.raises(DossierNotFound), monde.work(monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, ids[1])


def test_who_is_in_no_equipe_says_which_one_will_follow(monde: Monde) -> None:
    travailleur_id = register(monde)
    run(monde, "UPDATE equipe_membre SET ends_at = now() WHERE compte_id = :id", id=monde.a[Role.IPA].id)
    try:
        with pytest.raises(EquipeRequired), monde.work(monde.a[Role.IPA]) as ctx:
            dmst.create_dossier(ctx, travailleur_id)
        with pytest.raises(EquipeNotFound), monde.work(monde.a[Role.IPA]) as ctx:
            dmst.create_dossier(ctx, travailleur_id, equipe_id=monde.b.equipe_id)
        with monde.work(monde.a[Role.IPA]) as ctx:
            dmst.create_dossier(ctx, travailleur_id, equipe_id=monde.a.equipe_id)
    finally:
        run(monde, "UPDATE equipe_membre SET ends_at = NULL WHERE compte_id = :id", id=monde.a[Role.IPA].id)


@pytest.mark.parametrize("role", [Role.ADM, Role.IPRP, Role.ASST])
def test_a_dossier_is_constituted_by_a_health_professional(monde: Monde, role: Role) -> None:
    delegation = monde.delegate(monde.a, monde.a[role], "S1", "S2")
    try:
        with pytest.raises(AccessDenied), monde.work(monde.a[role]) as ctx:
            dmst.create_dossier(ctx, monde.a.zoe.travailleur_id)
    finally:
        run(monde, "DELETE FROM delegation WHERE id = :id", id=delegation)


# ──── Writing


def test_letters_of_the_future_empty_or_endless_are_refused(monde: Monde) -> None:
    cases: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"date_courrier": date(2999, 1, 1)}, DateNotAllowed),
        ({"texte": "  "}, TexteRequired),
        ({"texte": "x" * 100_001}, TexteTooLong),
        ({"objet": "x" * 301}, TexteTooLong),
        ({"texte": "avant\x00après"}, TexteRefused),
        ({"correspondant": " \u200b\u2060 "}, TexteRequired),
        ({"sens": "perdu"}, TexteRefused),
    ]
    before = count(monde, "courrier", monde.a)
    for changes, error in cases:
        with pytest.raises(error), monde.work(monde.a.medecin) as ctx:
            dmst.add_courrier(ctx, monde.a.zoe.dossier_id, **{**LETTER, **changes})
    assert count(monde, "courrier", monde.a) == before


@pytest.mark.parametrize("table", ["courrier", "information", "medecin_traitant"])
def test_what_was_written_does_not_change_even_by_sql(monde: Monde, table: str) -> None:
    write_everything(monde)
    with pytest.raises(DBAPIError, match="permission denied"), monde.work(monde.a.medecin) as ctx:
        ctx.session.execute(text(f"UPDATE {table} SET created_at = now()"))


def test_a_trace_that_fails_takes_the_act_with_it(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError("no space left on device")

    before = count(monde, "courrier", monde.a)
    monkeypatch.setattr(traces, "_write", broken)
    with pytest.raises(OSError, match="no space"), monde.work(monde.a.medecin) as ctx:
        dmst.add_courrier(ctx, monde.a.zoe.dossier_id, **LETTER)
    assert count(monde, "courrier", monde.a) == before


def test_an_act_refused_by_another_equipe_changes_nothing(monde: Monde) -> None:
    before = count(monde, "courrier", monde.a)
    with pytest.raises(AccessDenied), monde.work(monde.a.medecin_ailleurs) as ctx:
        dmst.add_courrier(ctx, monde.a.zoe.dossier_id, **LETTER)
    assert count(monde, "courrier", monde.a) == before
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision) == ("courrier.add", "refuse")


# ──── Keys


@pytest.mark.exigence("TEN-03", partielle="clés par dossier ; sauvegardes et certificat d’effacement ailleurs")
def test_nothing_narrative_stands_in_clear_in_the_database(monde: Monde) -> None:
    write_everything(monde)
    with monde.superuser.connect() as connection:
        for table in ("courrier", "information", "medecin_traitant", "opposition", "exposition"):
            rows = connection.execute(text(f"SELECT * FROM {table}"))
            assert not [row for row in rows if b"anari" in b"".join(v for v in row if isinstance(v, bytes))]


@pytest.mark.exigence("TEN-03", partielle="un chiffré déplacé est refusé")
def test_a_letter_moved_to_another_row_or_tenant_does_not_open(monde: Monde) -> None:
    write_everything(monde)
    with monde.work(monde.b.medecin, monde.b) as ctx:
        elsewhere = dmst.add_courrier(ctx, monde.b.zoe.dossier_id, **LETTER)
    with monde.work(monde.a.medecin) as ctx:
        other = dmst.add_courrier(ctx, monde.a.pierre.dossier_id, **LETTER)
        same = dmst.add_courrier(ctx, monde.a.pierre.dossier_id, **LETTER)
    for row, personne, spst in (
        (other, monde.a.pierre, monde.a),
        (elsewhere, monde.b.zoe, monde.b),
    ):
        run(
            monde,
            "UPDATE courrier SET texte_sealed = (SELECT texte_sealed FROM courrier WHERE id = :source) WHERE id = :row",
            source=same,
            row=row,
        )
        with pytest.raises(CiphertextRefused):
            open_(monde, spst.medecin, personne, spst)
        run(monde, "DELETE FROM courrier WHERE id = :row", row=row)


@pytest.mark.exigence("TEN-03", partielle="clé détruite : contenu illisible ; sauvegardes et certificat ailleurs")
def test_a_destroyed_key_leaves_nothing_to_read_nor_to_write(monde: Monde) -> None:
    travailleur_id = register(monde)
    with monde.work(monde.a.medecin) as ctx:
        dossier_id = dmst.create_dossier(ctx, travailleur_id)
        dmst.add_courrier(ctx, dossier_id, **LETTER)
    monde.runtime.keyring.destroy_dossier_key(monde.a.tenant_id, dossier_id)
    with pytest.raises(DossierErased), monde.work(monde.a.medecin) as ctx:
        dmst.open_dossier(ctx, dossier_id)
    with pytest.raises(DossierErased), monde.work(monde.a.medecin) as ctx:
        dmst.add_courrier(ctx, dossier_id, **LETTER)
