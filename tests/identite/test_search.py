"""Search under row security: what it finds, what it leaves in the traces, and by which plan."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from spst.identite import queries, rules
from spst.identite import services as identite
from spst.identite.services import ResultatRecherche
from spst.kernel.acteur import Acteur, Role
from spst.kernel.errors import AccessDenied
from tests.factories.monde import Monde, Spst
from tests.factories.releves import count_traces, last_traces, run, statements


def search(monde: Monde, query: str, acteur: Acteur | None = None, spst: Spst | None = None, **page: int) -> Any:
    with monde.work(acteur or (spst or monde.a).medecin, spst) as ctx:
        return identite.search(ctx, query, **page)


def names(found: ResultatRecherche) -> list[str]:
    return [ligne.nom_naissance for ligne in found.lignes]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("adr", ["ADRTROIS", "ADRUN"]),
        ("Adrun", ["ADRUN"]),
        ("zoé", ["ADRUN"]),
        ("zoé adrun", ["ADRUN"]),
        ("artagnan", ["D'ARTAGNAN DE L'HERAULT"]),
        ("d’Artagnan", ["D'ARTAGNAN DE L'HERAULT"]),
        ("dartagnan de", ["D'ARTAGNAN DE L'HERAULT"]),
        ("l'hérault pierre alain", ["D'ARTAGNAN DE L'HERAULT"]),
        ("d p hera", ["D'ARTAGNAN DE L'HERAULT"]),
        ("muriel", ["D'ARTAGNAN DE L'HERAULT"]),
        ("31121975", ["ADRUN"]),
        ("31/12/1975 adr", ["ADRUN"]),
        ("1975-12-31 d'artagnan", []),
        ("adrun pierre", []),
        ("%", []),
        ("", []),
        ("275126322074974", []),
    ],
)
def test_search_finds_names_words_and_birth_dates_alone_or_together(
    monde: Monde, query: str, expected: list[str]
) -> None:
    assert names(search(monde, query)) == expected


def test_search_finds_nobody_of_the_other_tenant(monde: Monde) -> None:
    run(monde, "UPDATE travailleur SET nom_naissance = 'AILLEURS' WHERE id = :id", id=monde.b.zoe.travailleur_id)
    try:
        assert names(search(monde, "adrun")) == ["ADRUN"]
        assert names(search(monde, "adrun", spst=monde.b)) == ["AILLEURS"]
        assert {ligne.travailleur_id for ligne in search(monde, "adr").lignes} == {
            monde.a.zoe.travailleur_id,
            monde.a.toussaint.travailleur_id,
        }
    finally:
        run(monde, "UPDATE travailleur SET nom_naissance = 'ADRUN' WHERE id = :id", id=monde.b.zoe.travailleur_id)


def test_a_page_tells_the_total_and_goes_on_from_an_offset(monde: Monde) -> None:
    first, second = search(monde, "adr", limit=1), search(monde, "adr", limit=1, offset=1)
    assert (first.total, second.total) == (2, 2)
    assert names(first) + names(second) == ["ADRTROIS", "ADRUN"]


def test_a_search_is_one_statement_for_its_page_and_total(monde: Monde) -> None:
    with statements(monde) as sent:
        search(monde, "adr zoe")
    assert sum("FROM travailleur" in statement or "nom_token" in statement for statement in sent) == 1


def test_a_search_leaves_one_trace_with_counts_and_kinds_of_filter_never_its_text(monde: Monde) -> None:
    before = count_traces(monde, monde.a)
    search(monde, "adrun 31121975")
    [trace] = last_traces(monde, monde.a)
    assert count_traces(monde, monde.a) == before + 1
    assert (trace.action, trace.dossier_id, trace.sections) == ("dossier.search", None, [])
    assert trace.details == {"filtres": "nom+naissance", "resultats": 1}
    assert "ADRUN" not in str(tuple(trace)).upper()


@pytest.mark.parametrize("role", [Role.MDT, Role.INF, Role.IPRP, Role.ASST, Role.ADM])
def test_those_who_keep_the_register_search_it(monde: Monde, role: Role) -> None:
    assert names(search(monde, "adrun", monde.a[role])) == ["ADRUN"]


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD, Role.PRO, Role.ASS])
def test_the_others_are_refused_and_the_refusal_is_traced(monde: Monde, role: Role) -> None:
    with pytest.raises(AccessDenied):
        search(monde, "adrun", monde.a[role])
    [trace] = last_traces(monde, monde.a)
    assert (trace.action, trace.decision, trace.role) == ("dossier.search", "refuse", role)


def test_names_stored_by_the_register_are_found_however_they_are_typed(monde: Monde) -> None:
    with monde.work(monde.a[Role.ADM]) as ctx:
        identite.create_travailleur(
            ctx,
            nom_naissance="Lefèvre-d’Œuvre",
            prenoms="Anne-Lise, Zoé",
            date_naissance=date(1990, 2, 28),
            sexe="F",
            nom_utilise="De La Tour",
            prenom_utilise="Élise",
        )
    for typed in (
        "lefevre",
        "OEUVRE",
        "lefèvre doeuvre",
        "d'oeuvre",
        "anne lise",
        "annelise",
        "la tour",
        "elise",
        "zoe lef",
    ):
        assert "LEFEVRE-D'OEUVRE" in names(search(monde, typed)), typed


def test_more_results_than_anybody_reads_are_counted_no_further(monde: Monde) -> None:
    _fill(monde, monde.a, 300)
    found = search(monde, "zzfoule")
    assert (found.total, found.is_capped, len(found.lignes)) == (queries.CAP, True, identite.PAGE)
    [trace] = last_traces(monde, monde.a)
    assert trace.details["resultats"] == queries.CAP


@pytest.mark.parametrize("query", ["zzfoule", "zzf prenom", "z p zzfoule", "01011990"])
def test_row_security_leaves_the_search_its_indexes(monde: Monde, query: str) -> None:
    """No plan reads a table of names from end to end (engineering: names under row security)."""
    _fill(monde, monde.b, 3000)
    run(monde, "ANALYZE travailleur")
    run(monde, "ANALYZE nom_token")
    with monde.work(monde.a.medecin) as ctx:
        plan = _explained(ctx, query)
    assert "Seq Scan on travailleur" not in plan
    assert "Seq Scan on nom_token" not in plan


def _explained(ctx: Any, query: str) -> str:
    """The plan of the very statement that a search sends."""
    connection = ctx.session.connection()
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    queries.search(ctx, rules.parse_search(query), 50, 0)
    event.remove(connection, "before_cursor_execute", note)
    [(sql, parameters)] = sent
    return "\n".join(line for (line,) in connection.exec_driver_sql(f"EXPLAIN {sql}", parameters))


def _fill(monde: Monde, spst: Spst, number: int) -> None:
    """Homonyms enough to make a scan cost something."""
    run(
        monde,
        """
        WITH people AS (
            INSERT INTO travailleur (tenant_id, id, nom_naissance, prenoms, premier_prenom, date_naissance, sexe, statut_ins,
                                     nom_cle, created_at, updated_at)
            SELECT :tenant, gen_random_uuid(), 'ZZFOULE' || n, 'PRENOM', 'PRENOM', date '1950-01-01' + n, 'F', 'provisoire',
                   'ZZFOULE PRENOM', now(), now()
            FROM generate_series(1, :number) n
            RETURNING tenant_id, id)
        INSERT INTO nom_token (tenant_id, token, travailleur_id)
        SELECT tenant_id, token, id FROM people, unnest(ARRAY['ZZFOULE', 'PRENOM']) token
        """,
        tenant=spst.tenant_id,
        number=number,
    )
