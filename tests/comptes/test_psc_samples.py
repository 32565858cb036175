"""The eight published samples of Pro Santé Connect, each with what its note says must happen."""

import re
from dataclasses import dataclass

import pytest

from spst.kernel.acteur import Role
from tests.factories.site import Site

COTEAUX, VILLEFRANCHE, METALLURGIE = "90000011800019", "90000011800027", "90000022500012"
RPPS = {f"PSC-0{n}": f"1009900{tail}" for n, tail in enumerate(
    ("0019", "0027", "0035", "0043", "0050", "0068", "0076", "0084"), start=1
)}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """`choices`: SIRETs offered when the role is granted where the note expects it; empty when refused."""

    person: str
    role: Role
    spsts: str
    choices: tuple[str, ...]


ELIGIBLE = (
    Sample("PSC-02", Role.INF, "a", (COTEAUX,)),
    Sample("PSC-03", Role.INT, "a", (COTEAUX,)),
    Sample("PSC-04", Role.ASST, "a", (COTEAUX,)),
    Sample("PSC-08", Role.ASS, "b", (METALLURGIE,)),
)


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize("sample", ELIGIBLE, ids=lambda sample: sample.person)
def test_person_with_one_situation_enters_under_the_role_granted(site: Site, sample: Sample) -> None:
    compte = site.invite(getattr(site.monde, sample.spsts), RPPS[sample.person], sample.role)
    client = site.client()
    answer = site.log_in(client, sample.person)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    opened = [trace for trace in site.traces("session.open") if trace.acteur_id == compte.id]
    assert [(trace.role, trace.details) for trace in opened] == [
        (str(sample.role), {"moyen": "psc", "situation": sample.choices[0]})
    ]


@pytest.mark.exigence("AUT-01")
def test_medecin_of_two_spsts_chooses_among_three_situations_and_the_trace_carries_it(site: Site) -> None:
    site.invite(site.monde.a, RPPS["PSC-01"], Role.MDT)
    other = site.invite(site.monde.b, RPPS["PSC-01"], Role.MDT)
    client = site.client()
    assert site.log_in(client, "PSC-01").headers["Location"] == "/connexion/choix"
    page = site.get(client, "/connexion/choix").text
    offered = re.findall(r'value="([0-9a-f-]{36}\.MDT\.(\d{14}))"', page)
    assert sorted(siret for _, siret in offered) == [COTEAUX, VILLEFRANCHE, METALLURGIE]
    chosen = next(cle for cle, siret in offered if siret == METALLURGIE)
    answer = site.post(client, "/connexion/choix", {"tenant_id": chosen})
    assert answer.headers["Location"] == "/"
    trace = site.traces("session.open")[-1]
    assert (trace.tenant_id, trace.acteur_id) == (site.monde.b.tenant_id, other.id)
    assert trace.details["situation"] == METALLURGIE
    account = site.get(client, "/compte").text
    assert METALLURGIE not in account, "an establishment is told by its name"
    assert account.count("SPST AUTONOME TEST METALLURGIE") >= 3, "in the title, over the page, and beside the session"


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize("person", ["PSC-05", "PSC-06"])
def test_person_whom_no_spst_invited_reads_a_neutral_page_and_leaves_a_technical_line(site: Site, person: str) -> None:
    client = site.client()
    answer = site.log_in(client, person)
    assert answer.status_code == 403
    assert "La session ne s’est pas ouverte" in answer.text
    line = site.refusals()[-1]
    assert (line.evenement, line.niveau, line.faits["motif"]) == ("connexion_psc.refusee", 2, "non_invite")
    assert site.get(client, "/compte").status_code == 303


@pytest.mark.exigence("AUT-01")
def test_iprp_without_situation_is_refused_and_keeps_the_account_of_his_second_path(site: Site) -> None:
    compte = site.invite(site.monde.a, RPPS["PSC-05"], Role.IPRP)
    assert site.log_in(site.client(), "PSC-05").status_code == 403
    assert site.account(compte).suspended_at is None


@pytest.mark.exigence("AUT-01")
def test_generaliste_enters_as_medecin_praticien_correspondant_only_when_the_spst_declared_him(site: Site) -> None:
    compte = site.invite(site.monde.a, RPPS["PSC-06"], Role.MPC, hors_structure=True)
    site.entered("PSC-06")
    assert site.traces("session.open")[-1].acteur_id == compte.id


@pytest.mark.exigence("AUT-01")
def test_medecin_whose_spst_activity_is_gone_is_refused_suspended_and_his_sessions_end(site: Site) -> None:
    compte = site.invite(site.monde.a, RPPS["PSC-07"], Role.MDT)
    activity = site.psc.admin("people")["people"][0]["claims"]["SubjectRefPro"]["exercices"][0]["activities"][0]
    site.psc.admin("change_person", person="PSC-07", activities=[activity])
    still_open = site.entered("PSC-07")
    site.psc.admin("reset")
    assert site.log_in(site.client(), "PSC-07").status_code == 403
    suspended = site.account(compte)
    assert suspended.suspended_at is not None
    assert suspended.suspended_why
    assert site.get(still_open, "/compte").headers["Location"].startswith("/connexion")
    trace = site.traces("compte.update")[-1]
    said = {"compte": str(compte.id), "geste": "suspension"}
    assert (trace.tenant_id, trace.details) == (site.monde.a.tenant_id, said)
    assert site.refusals()[-1].faits["motif"] == "aucune_situation"
