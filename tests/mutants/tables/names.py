"""Names that pass for others, and what a text may hold."""

from typing import Final

from tests.mutants.mutant import Mutant

NAMES: Final = [
    Mutant(
        "a variation selector stands behind what has variants",
        "core/text.py",
        "--[0-9#*]])[\\uFE0E\\uFE0F]",
        "--[0-9#*]]|.)[\\uFE0E\\uFE0F]",
        ("core/test_names.py",),
    ),
    Mutant(
        "a flag carries no sentence",
        "core/text.py",
        "(?:{FLAG})\\U000E007F",
        "[\\U000E0020-\\U000E007E]+\\U000E007F",
        ("core/test_names.py",),
    ),
    Mutant(
        "a name begins with no mark",
        "core/text.py",
        'r"\\A\\p{M}|',
        'r"',
        ("core/test_names.py",),
    ),
    Mutant(
        "names that speak for the service are not given",
        "auth/actions.py",
        "    if is_reserved(username):\n",
        "    if False:\n",
        ("api/test_names.py::test_names_that_speak_for_the_service_are_never_given",),
    ),
    Mutant(
        "names that speak for the service are not taken by renaming",
        "users/actions.py",
        'if is_reserved(username) and was["username"].lower() != username.lower():',
        "if False:",
        ("api/test_names.py",),
    ),
    Mutant(
        "a name that was given up is not registered",
        "auth/actions.py",
        "        await refuse_resting(username)\n    return user_id",
        "    return user_id",
        ("posts/test_meaning.py",),
    ),
    Mutant(
        "a name that was given up is not taken by renaming",
        "users/former_names.py",
        "    await refuse_resting(after, user_id)\n",
        "",
        ("posts/test_meaning.py",),
    ),
    Mutant(
        "nobody keeps names from others by renaming",
        "users/former_names.py",
        "if resting > MOST:",
        "if False:",
        ("posts/test_meaning.py::test_nobody_keeps_names_from_others_by_renaming",),
    ),
    Mutant(
        "the former owner of a name may have it back",
        "users/former_names.py",
        " AND user_id IS DISTINCT FROM $2",
        " AND $2::uuid IS NOT DISTINCT FROM $2",
        ("posts/test_meaning.py",),
    ),
    Mutant(
        "a name is one line in which nothing is hidden",
        "core/text.py",
        'if UNFIT.search(NEEDED.sub("", text)):',
        "if False:",
        ("core/test_names.py",),
    ),
    Mutant(
        "a text shows something",
        "core/text.py",
        "if text and not SEEN.search(text):",
        "if False:",
        ("core/test_names.py",),
    ),
    Mutant(
        "what cannot be stored is refused",
        "core/text.py",
        "    if UNSTORABLE.search(value):\n        raise BadInput.of",
        "    if False:\n        raise BadInput.of",
        ("api/test_auth.py::test_a_bad_field_is_named",),
    ),
    Mutant(
        "a post closes the directions that it opens",
        "core/text.py",
        "close_directions(clean_text(field, value, least=least, most=most))",
        "clean_text(field, value, least=least, most=most)",
        ("core/test_names.py",),
    ),
    Mutant(
        "unknown limits of a post are refused",
        "posts/foreign.py",
        "        if name in ours:\n",
        "        if False:\n",
        ("posts/test_foreign.py",),
    ),
    Mutant(
        "an address is http",
        "users/actions.py",
        "if not good or NO_ADDRESS.search(text):",
        "if False:",
        ("api/test_users.py::test_a_bad_field_is_named_and_nothing_is_changed",),
    ),
    Mutant(
        "what ends an attribute is in no address",
        "users/actions.py",
        "if not good or NO_ADDRESS.search(text):",
        "if not good:",
        ("api/test_users.py::test_a_bad_field_is_named_and_nothing_is_changed",),
    ),
]
