"""Passwords, time-based codes and one-time codes, without database."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.comptes import limites, local_rules
from spst.comptes.errors import PasswordRefused, TooManyAttempts

NOW = datetime(2027, 3, 12, 8, 30, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    "password",
    ["trois tasses", "motdepassemotdepasse", "azertyuiopqsdf", "aaaaaaaaaaaaaaaaaaaa", "12345678901234", "x" * 300],
)
def test_password_that_is_short_common_or_endless_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused):
        local_rules.check_password(password, [])


def test_password_made_of_the_address_is_refused() -> None:
    with pytest.raises(PasswordRefused):
        local_rules.check_password("anne.prigent@coteaux.test", ["anne.prigent@coteaux.test"])


@pytest.mark.parametrize("password", ["cheval agrafe pile correcte", "trois tasses vertes", "brouillardcaramel"])
def test_long_password_needs_no_capital_nor_figure(password: str) -> None:
    local_rules.check_password(password, ["anne.prigent@coteaux.test"])


@pytest.mark.parametrize("drift", [-30, 0, 30])
def test_code_of_the_step_before_or_after_is_accepted(drift: int) -> None:
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=drift))
    assert local_rules.matching_step(SECRET, code, NOW, 0) == local_rules.totp_step(NOW) + drift // 30


def test_code_two_steps_away_is_refused() -> None:
    code = pyotp.TOTP(SECRET).at(NOW - timedelta(seconds=60))
    assert local_rules.matching_step(SECRET, code, NOW, 0) is None


def test_code_already_used_is_refused() -> None:
    code = pyotp.TOTP(SECRET).at(NOW)
    step = local_rules.totp_step(NOW)
    assert local_rules.matching_step(SECRET, code, NOW, step) is None
    assert local_rules.matching_step(SECRET, f"{code[:3]} {code[3:]}", NOW, step - 1) == step


@given(st.text(max_size=40))
def test_any_typed_text_is_answered(typed: str) -> None:
    local_rules.code_hash(typed)
    local_rules.normalise_identifiant(typed)
    assert local_rules.matching_step(SECRET, typed, NOW, local_rules.totp_step(NOW) + 5) is None


def test_one_time_code_is_read_whatever_the_case_and_lookalikes() -> None:
    code = local_rules.new_code(4)
    assert len(code) == 23
    assert local_rules.code_hash(code) == local_rules.code_hash(code.lower().replace("-", " ").replace("0", "o"))


def test_delays_grow_and_never_pass_a_quarter_of_an_hour() -> None:
    delays = [limites.delay_s(level) for level in range(60)]
    assert delays == sorted(delays)
    assert max(delays) == 900


def test_a_delay_is_said_in_minutes() -> None:
    assert "moins d’une minute" in str(TooManyAttempts(20))
    assert "2\u00a0minutes" in str(TooManyAttempts(61))
