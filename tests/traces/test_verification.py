"""Whoever owns the database changes one thing, anywhere: verification names it, and the first place that does not hold."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spst.kernel import merkle
from spst.kernel.ids import new_id
from spst.kernel.notes import NoteRefused
from spst.traces import scellement, verification
from spst.traces.sceau import Sceau, Tete, origin_of
from spst.traces.tetes import Scelleur
from spst.traces.verification import Rapport
from tests.factories import verificateur
from tests.factories.monde import Spst
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle

pytestmark = pytest.mark.exigence("TRA-03")

SEALED = 12
"""Lines of A under three heads of four; two of B; two of A that wait."""


@pytest.fixture
def journal(scelle: Scelle) -> Scelle:
    for _ in range(3):
        scelle.write(4)
        scelle.seal()
    scelle.write(2, scelle.monde.b)
    scelle.seal()
    scelle.write(2)
    return scelle


def verify(journal: Scelle, **held: Any) -> Rapport:
    with journal.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
        return verification.verify(ctx, **held)


def found(rapport: Rapport) -> list[tuple[str, int | None]]:
    return [(one.code, one.rang) for one in rapport.constats]


def place(journal: Scelle, rang: int, spst: Spst | None = None) -> tuple[str, bytes]:
    """Which line stands there, and its hash."""
    tenant = (spst or journal.monde.a).tenant_id
    query = "SELECT trace_id::text, empreinte FROM trace_feuille WHERE tenant_id = %s AND rang = %s"
    return tuple(journal.sql(query, tenant, rang)[0])


def test_a_journal_that_nobody_touched_holds_and_says_where_its_seal_ends(journal: Scelle) -> None:
    rapport = verify(journal)
    assert rapport.holds
    assert (rapport.taille, rapport.attente, rapport.retard, rapport.premier) == (SEALED, 2, False, None)
    assert_the_other_verifier_agrees(journal, rapport)
    assert rapport.scelle_le is not None
    assert datetime.now(UTC) - rapport.scelle_le < timedelta(minutes=1)


def test_an_empty_journal_holds(scelle: Scelle) -> None:
    rapport = verify(scelle)
    assert (rapport.holds, rapport.taille, rapport.racine) == (True, 0, None)
    assert_the_other_verifier_agrees(scelle, rapport)


@dataclass(frozen=True)
class Fraude:
    """What the owner of the server does to line 5 of A (`%(trace)s`), and what is found of it."""

    sql: str
    code: str
    rang: int | None = 5


LINE = "WHERE id = %(trace)s"
PLACE = "WHERE tenant_id = %(a)s AND rang = 5"
HEAD = "WHERE tenant_id = %(a)s AND taille = 8"
LAST = "WHERE tenant_id = %(a)s AND id = (SELECT max(id::text)::uuid FROM trace WHERE tenant_id = %(a)s)"
FRAUDES = {
    "the action of a line": Fraude(f"UPDATE trace SET action = 'dossier.search' {LINE}", "alteree"),
    "who did it": Fraude(f"UPDATE trace SET acteur_id = %(autre)s {LINE}", "alteree"),
    "when": Fraude(f"UPDATE trace SET at = at - interval '1 day' {LINE}", "alteree"),
    "the dossier": Fraude(f"UPDATE trace SET dossier_id = NULL {LINE}", "alteree"),
    "the sections": Fraude(f"UPDATE trace SET sections = '{{S1}}' {LINE}", "alteree"),
    "the decision": Fraude(f"UPDATE trace SET decision = 'refuse' {LINE}", "alteree"),
    "the reason": Fraude("UPDATE trace_reserve SET motif = 'visite' WHERE trace_id = %(trace)s", "alteree"),
    "its precision": Fraude("UPDATE trace_reserve SET precision = 'x' WHERE trace_id = %(trace)s", "alteree"),
    "the salt": Fraude("UPDATE trace_reserve SET sel = sha256('x') WHERE trace_id = %(trace)s", "alteree"),
    "the reason taken away": Fraude("DELETE FROM trace_reserve WHERE trace_id = %(trace)s", "alteree"),
    "what the line says it sealed": Fraude(f"UPDATE trace SET empreinte = sha256('x') {LINE}", "alteree"),
    "the signature of the line": Fraude(f"UPDATE trace SET signature = sha256('x') {LINE}", "forgee"),
    "its number": Fraude(f"UPDATE trace SET writer_n = 99 {LINE}", "forgee"),
    "the line deleted": Fraude(f"DELETE FROM trace {LINE}", "supprimee"),
    "the line moved to the other SPST": Fraude(f"UPDATE trace SET tenant_id = %(b)s {LINE}", "supprimee"),
    "what its place holds": Fraude(
        "UPDATE trace_feuille SET empreinte = sha256('x') WHERE tenant_id = %(a)s AND rang = 5", "alteree"
    ),
    "its place deleted": Fraude(f"DELETE FROM trace_feuille {PLACE}", "supprimee"),
    "its place given to another line": Fraude(f"UPDATE trace_feuille SET trace_id = %(autre)s {PLACE}", "supprimee"),
    "the head over it": Fraude(
        f"UPDATE trace_tete SET note = replace(note, E'\\n8\\n', E'\\n9\\n') {HEAD}",
        "tete_alteree",
        4,
    ),
    "when the head was signed": Fraude(f"UPDATE trace_tete SET at = at - interval '1 hour' {HEAD}", "tete_alteree", 4),
    "a head signed by somebody else": Fraude(f"UPDATE trace_tete SET note = %(etrangere)s {HEAD}", "tete_alteree", 4),
    "the last head taken away": Fraude("DELETE FROM trace_tete WHERE tenant_id = %(a)s AND taille = 12", "inseree", 8),
    "the last place taken away": Fraude(
        "DELETE FROM trace_feuille WHERE tenant_id = %(a)s AND rang = 11", "supprimee", 11
    ),
    "the first place taken away": Fraude(
        "DELETE FROM trace_feuille WHERE tenant_id = %(a)s AND rang = 0", "supprimee", 0
    ),
    "the public key": Fraude(
        "UPDATE trace_cle SET journal = %(cle)s, horloge = %(horloge)s WHERE tenant_id = %(a)s", "tete_alteree", 0
    ),
    "a forged line inserted": Fraude(
        """INSERT INTO trace SELECT (jsonb_populate_record(t, jsonb_build_object('id', %(autre)s::text))).*
           FROM trace t WHERE id = %(trace)s""",
        "forgee",
        None,
    ),
    "a line that waits, altered": Fraude(
        f"UPDATE trace SET role = 'INF' {LAST}",
        "alteree",
        None,
    ),
    "the first line that waits, deleted": Fraude(
        """DELETE FROM trace WHERE tenant_id = %(a)s AND id = (
           SELECT min(id::text)::uuid FROM trace t WHERE tenant_id = %(a)s
             AND NOT EXISTS (SELECT FROM trace_feuille f WHERE f.trace_id = t.id))""",
        "trou",
        None,
    ),
}


def tampered(journal: Scelle, sql: str) -> None:
    tenant = journal.monde.a.tenant_id
    stranger = Sceau.derive(bytes(32), tenant)
    names = {
        "trace": place(journal, 5)[0],
        "autre": str(new_id()),
        "a": tenant,
        "b": journal.monde.b.tenant_id,
        "etrangere": stranger.sign_head(Tete(origin_of(tenant), 8, bytes(32)), datetime.now(UTC)),
        "cle": str(stranger.journal.public),
        "horloge": str(stranger.horloge.public),
    }
    journal.named(sql, names)


@pytest.mark.parametrize("name", FRAUDES)
def test_one_change_anywhere_is_named_with_the_first_place_that_does_not_hold(journal: Scelle, name: str) -> None:
    fraude = FRAUDES[name]
    tampered(journal, fraude.sql)
    rapport = verify(journal)
    assert not rapport.holds
    assert (fraude.code, fraude.rang) in found(rapport)
    assert rapport.premier == fraude.rang
    if fraude.code not in NEEDS_THE_DATABASE:
        assert_the_other_verifier_agrees(journal, rapport)


NEEDS_THE_DATABASE = {"destruction_perdue", "forgee", "noeud_altere", "partition_detachee"}
"""What an export cannot show: signatures under a key that it does not hold, and what is only in the database."""


def assert_the_other_verifier_agrees(journal: Scelle, rapport: Rapport, *held: str) -> None:
    """On the file, with and without reasons: the same findings at the same places, and the same head."""
    for with_reasons in (False, True):
        with journal.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
            said = verificateur.report(verificateur.exported(ctx, with_reasons=with_reasons), held)
        ours = [one for one in found(rapport) if one[0] not in NEEDS_THE_DATABASE]
        assert [(one["code"], one["rang"]) for one in said["constats"]] == ours
        assert (said["taille"], said["premier"], said["attente"]) == (rapport.taille, rapport.premier, rapport.attente)
        assert said["racine"] == (rapport.racine.hex() if rapport.racine else None)


def test_a_stored_node_that_was_changed_is_named(scelle: Scelle) -> None:
    scelle.write(40)
    scelle.seal()
    scelle.sql("UPDATE trace_noeud SET hash = sha256('x') WHERE tenant_id = %s AND rang = 1", scelle.monde.a.tenant_id)
    assert found(verify(scelle)) == [("noeud_altere", 16)]


def test_two_lines_whose_places_were_exchanged_are_named_by_the_first(journal: Scelle) -> None:
    """With their hashes, and the tree made again over them: the order of their transactions still tells."""
    five, six = place(journal, 5), place(journal, 6)
    journal.sql("DELETE FROM trace_feuille WHERE tenant_id = %s AND rang IN (5, 6)", journal.monde.a.tenant_id)
    for rang, (trace_id, hash_) in ((5, six), (6, five)):
        journal.sql(
            "INSERT INTO trace_feuille VALUES (%s, %s, %s, %s)", journal.monde.a.tenant_id, rang, trace_id, hash_
        )
    assert found(verify(journal)) == [("deplacee", 6)]
    assert_the_other_verifier_agrees(journal, verify(journal))


def test_lines_exchanged_between_two_spsts_are_named_in_both(journal: Scelle) -> None:
    a, b = journal.monde.a.tenant_id, journal.monde.b.tenant_id
    of_a, of_b = place(journal, 5)[0], place(journal, 1, journal.monde.b)[0]
    for table in ("trace", "trace_reserve"):
        column = "id" if table == "trace" else "trace_id"
        journal.sql(f"UPDATE {table} SET tenant_id = %s WHERE {column} = %s", b, of_a)
        journal.sql(f"UPDATE {table} SET tenant_id = %s WHERE {column} = %s", a, of_b)
    journal.sql("UPDATE trace_feuille SET trace_id = %s WHERE tenant_id = %s AND rang = 5", of_b, a)
    journal.sql("UPDATE trace_feuille SET trace_id = %s WHERE tenant_id = %s AND rang = 1", of_a, b)
    assert ("alteree", 5) in found(verify(journal))
    assert_the_other_verifier_agrees(journal, verify(journal))
    with journal.monde.work(VERIFICATION, journal.monde.b, motif=TECHNIQUE) as ctx:
        assert ("alteree", 1) in found(verification.verify(ctx))


def test_a_month_that_was_detached_is_named_and_its_first_line_too(journal: Scelle) -> None:
    (month,) = journal.sql("SELECT DISTINCT tableoid::regclass::text FROM trace")[0]
    bound = journal.sql("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s", month)[0][0]
    journal.sql(f"ALTER TABLE trace DETACH PARTITION {month}")
    try:
        rapport = verify(journal)
    finally:
        journal.sql(f"ALTER TABLE trace ATTACH PARTITION {month} {bound}")
    assert found(rapport) == [("supprimee", 0), ("partition_detachee", None)]
    assert [one.precision for one in rapport.constats if one.code == "partition_detachee"] == [month]


def last_head(journal: Scelle) -> str:
    return str(journal.rows("SELECT note FROM trace_tete WHERE tenant_id = %s ORDER BY taille DESC LIMIT 1")[0][0])


def test_a_backup_that_was_put_back_is_shown_by_a_head_that_somebody_holds(journal: Scelle) -> None:
    held = last_head(journal)
    for statement in (
        "DELETE FROM trace WHERE id IN (SELECT trace_id FROM trace_feuille WHERE rang >= 8)",
        "DELETE FROM trace_feuille WHERE rang >= 8",
        "DELETE FROM trace_tete WHERE taille > 8",
        "DELETE FROM trace t WHERE NOT EXISTS (SELECT FROM trace_feuille f WHERE f.trace_id = t.id)",
    ):
        journal.sql(statement)
    assert verify(journal).holds
    assert found(verify(journal, tenues=[held])) == [("retour_en_arriere", 8)]
    assert_the_other_verifier_agrees(journal, verify(journal, tenues=[held]), held)


def test_a_history_that_was_signed_again_is_shown_by_a_head_that_somebody_holds(journal: Scelle) -> None:
    """Even by who holds every key: the whole journal is sealed anew without one of its lines."""
    held = last_head(journal)
    journal.sql("DELETE FROM trace WHERE id = %s", place(journal, 5)[0])
    for table in ("trace_feuille", "trace_noeud", "trace_tete"):
        journal.sql(f"DELETE FROM {table}")
    for head in journal.folder.rglob("*.note"):
        head.unlink()
    journal.ronde = scellement.Ronde()
    journal.seal()
    journal.write(1)
    journal.seal()
    assert found(verify(journal)) == [("trou", None)]
    rapport = verify(journal, tenues=[held])
    assert found(rapport) == [("histoire_refaite", 0)]
    assert_the_other_verifier_agrees(journal, rapport, held)


def test_the_copies_outside_are_heads_that_somebody_holds(journal: Scelle) -> None:
    copies = list(journal.scelleur.copie.all(journal.monde.a.tenant_id))
    assert len(copies) == 3
    assert verify(journal, tenues=copies).holds


def test_a_head_of_another_journal_is_refused(journal: Scelle) -> None:
    other = journal.rows("SELECT note FROM trace_tete WHERE tenant_id = %s", journal.monde.b)[0][0]
    with pytest.raises(NoteRefused):
        verify(journal, tenues=[other])


def test_whoever_holds_a_public_key_sees_another_put_in_its_place(journal: Scelle) -> None:
    mine = Sceau.derive(journal.scelleur.secret, journal.monde.a.tenant_id).publiques
    assert verify(journal, cles=[mine]).holds
    stranger = Sceau.derive(bytes(32), journal.monde.a.tenant_id)
    journal.sql(
        "UPDATE trace_cle SET journal = %s, horloge = %s WHERE tenant_id = %s",
        str(stranger.journal.public),
        str(stranger.horloge.public),
        journal.monde.a.tenant_id,
    )
    for taille, root in ((size, merkle.root(leaves(journal)[:size])) for size in (4, 8, 12)):
        signed = stranger.sign_head(Tete(origin_of(journal.monde.a.tenant_id), taille, root), datetime.now(UTC))
        journal.sql(
            "UPDATE trace_tete SET note = %s, at = %s WHERE tenant_id = %s AND taille = %s",
            signed,
            datetime.now(UTC).replace(microsecond=0),
            journal.monde.a.tenant_id,
            taille,
        )
    assert ("cle_inconnue", 0) in found(verify(journal, cles=[mine]))


def leaves(journal: Scelle) -> list[bytes]:
    rows = journal.rows("SELECT empreinte FROM trace_feuille WHERE tenant_id = %s ORDER BY rang")
    return [merkle.leaf_hash(row[0]) for row in rows]


def test_a_key_that_the_one_before_did_not_name_is_not_trusted(journal: Scelle) -> None:
    old = journal.scelleur.secret
    journal.scelleur = Scelleur(bytes(range(32)), journal.scelleur.copie, (old,))
    journal.seal()
    assert verify(journal).holds
    first = Sceau.derive(old, journal.monde.a.tenant_id).publiques
    assert verify(journal, cles=[first]).holds
    journal.sql("UPDATE trace_cle SET passage = NULL WHERE tenant_id = %s AND depuis > 0", journal.monde.a.tenant_id)
    assert ("cle_inconnue", 12) in found(verify(journal))
    assert_the_other_verifier_agrees(journal, verify(journal))


def test_a_line_that_says_it_is_older_than_the_head_before_it_is_counted(
    journal: Scelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Yesterday:
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(days=3)

    with monkeypatch.context() as patch:
        patch.setattr(journal.monde.runtime, "clock", Yesterday())
        journal.write()
    journal.seal()
    rapport = verify(journal)
    assert (rapport.holds, rapport.antidatees) == (True, 1)


def test_a_journal_that_nobody_seals_any_more_says_so(journal: Scelle, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later:
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(minutes=10)

    monkeypatch.setattr(journal.monde.runtime, "clock", Later())
    assert (verify(journal).holds, verify(journal).retard) == (True, True)


def test_every_night_each_journal_is_verified_and_the_one_that_does_not_hold_is_told(journal: Scelle) -> None:
    runtime, tenant = journal.monde.runtime, journal.monde.a.tenant_id
    assert verification.verify_all(runtime, journal.scelleur) == 0
    assert journal.told() == []
    journal.sql("UPDATE trace SET role = 'INF' WHERE id = %s", place(journal, 5)[0])
    assert verification.verify_all(runtime, journal.scelleur) == 1
    faits = {"tenant": str(tenant), "constats": "alteree", "premier": 5}
    assert journal.told() == [("traces.journal_rompu", faits)]
    shutil.move(journal.folder, journal.folder.with_name("demontee"))
    assert verification.verify_all(runtime, journal.scelleur) == 2
    assert {one["constats"] for _, one in journal.told()} == {"alteree", "TetesUnavailable"}


def test_every_finding_has_its_words() -> None:
    assert all(verification.FAITS.values())
    assert {fraude.code for fraude in FRAUDES.values()} <= set(verification.CODES)
