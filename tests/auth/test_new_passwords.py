"""What may become a password, and what may not."""

import pytest

from x18.auth.new_passwords import check_password
from x18.core.errors import BadInput

NAMES = ("alice_trades", "alice@example.com", "alice")


@pytest.mark.parametrize(
    "password",
    ["12345678", "PassWord123", "qwertyuiop", "Alice_Trades", "alice123", "123ALICE456", "alice@example.com1", "ж" * 3, "x" * 73,
     "nul\0inside", "e\u0301" * 3 + "x"],
)  # fmt: skip
def test_what_is_guessed_first_and_what_does_not_fit_is_refused(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_password(password, *NAMES)

    assert [field for field, _ in refused.value.fields] == ["password"]
    assert password not in refused.value.detail


@pytest.mark.parametrize(
    "password", ["SecurePass123", "correct horse battery", "alice-likes-horses", "ж" * 36, "x" * 72, "e\u0301" * 36]
)
def test_any_other_is_taken_without_further_rules(password: str) -> None:
    check_password(password, *NAMES)
