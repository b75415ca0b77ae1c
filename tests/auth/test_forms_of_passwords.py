"""The forms in which a password is tried: as many for an account that does not exist as for one whose password is another."""

import unicodedata

import bcrypt
import pytest

from x18.core.passwords import Match, Passwords, normal_form

NFC = "Zoë's pässwort"
NFD = unicodedata.normalize("NFD", NFC)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (NFD, NFC),
        ("a\u00a0b\u3000c\u2009d", "a b c d"),
        ("  Spaces stay ", "  Spaces stay "),
        ("ＷＩＤＥ ﬁ ①", "ＷＩＤＥ ﬁ ①"),
        ("Ω", "Ω"),
        ("🔑\ufe0f", "🔑\ufe0f"),
    ],
)
def test_the_normal_form_is_that_of_rfc_8265(typed: str, normal: str) -> None:
    assert normal_form(typed) == normal == normal_form(normal)


async def test_the_normal_form_is_tried_first_and_then_what_was_typed() -> None:
    passwords = Passwords(4)
    try:
        new = await passwords.hash(NFD)
        old = bcrypt.hashpw(NFD.encode(), bcrypt.gensalt(4)).decode()

        assert [await passwords.check(typed, new) for typed in (NFC, NFD, "another")] == [
            Match.NORMAL,
            Match.NORMAL,
            Match.NONE,
        ]
        assert [await passwords.check(typed, old) for typed in (NFC, NFD)] == [Match.NONE, Match.AS_TYPED]
        assert [await passwords.check(typed, None) for typed in (NFC, NFD, "x" * 100)] == [Match.NONE] * 3
    finally:
        passwords.close()
