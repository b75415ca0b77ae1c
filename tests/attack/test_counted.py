"""What holds under attack whatever the machine does meanwhile: nothing is lost, nobody honest is refused, no turn of the loop is long.

The cheap half of the attacks, a second each. ``make attack`` has all of them, for longer, and measures times.
"""

import pytest

from tests.attack.field import Field

SECONDS = 0.5
LONGEST_TURN_S = 0.25
"""In processor time. The aim is 20 ms; a first request of its kind and the garbage collector may have their turns here too."""

GROWTH_BYTES = 64 * 1024**2
"""What a second of attack may leave behind at once: memory is given back later."""

CHEAP = {
    "requests": (
        "codecs",
        "query_strings",
        "strangers_paths",
        "pipelines",
        "crumbs",
        "json_bombs",
        "cheap_reads",
        "comings_and_goings",
    ),
    "sockets": ("replays_of_streams", "handshakes", "calls", "pings", "fragments", "bad_messages", "clocks"),
    "writes": ("likes_of_one_post", "mentions", "keys"),
    "uploads": ("unfinished",),
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in CHEAP.items() for name in names])
async def test_honest_users_notice_nothing_of(small_field: Field, module: str, name: str) -> None:
    outcome = await small_field.suffer(module, name, SECONDS, calm_s=0, settle_s=0)

    assert set(outcome.seen.statuses) <= {200, 201}, "an honest user was refused"
    assert "500" not in outcome.statuses, outcome.statuses
    assert outcome.statuses["opened"], "nobody attacked"
    assert outcome.hold_s <= LONGEST_TURN_S
    assert outcome.grown < GROWTH_BYTES
