"""What is said of symbols, whom to follow, and whom a reply names: of nobody whom not everybody sees, and by people."""

from typing import Final

from tests.mutants.mutant import Mutant

MARKET: Final = [
    Mutant(
        "symbols: private accounts do not count",
        "realtime/audience.py",
        "AND (d.private_account OR d.disabled_at IS NOT NULL))",
        "AND d.disabled_at IS NOT NULL)",
        ("market/test_trending.py::test_only_what_everybody_may_see_counts",),
    ),
    Mutant(
        "symbols: disabled accounts do not count",
        "realtime/audience.py",
        "AND (d.private_account OR d.disabled_at IS NOT NULL))",
        "AND d.private_account)",
        ("market/test_trending.py::test_only_what_everybody_may_see_counts",),
    ),
    Mutant(
        "symbols are ranked by people",
        "market/trending.py",
        "ORDER BY authors DESC, posts DESC, a.symbol",
        "ORDER BY posts DESC, authors DESC, a.symbol",
        ("market/test_trending.py::test_people_are_counted_whether_by_cashtag_or_metadata",),
    ),
    Mutant(
        "symbols: what never was for everybody is not counted",
        "search/hashtags.py",
        "LEFT JOIN posts p ON p.id = e.object_id AND p.in_trends AND",
        "LEFT JOIN posts p ON p.id = e.object_id AND",
        ("market/test_trending.py::test_of_a_symbol_nobody_may_see_nothing_is_told",),
    ),
    Mutant(
        "symbols: a deletion takes back what was counted",
        "search/symbol_uses.py",
        '+= 1 if row["kind"] == EventKind.POST else -1',
        "+= 1",
        ("market/test_trending.py::test_only_what_everybody_may_see_counts",),
    ),
    Mutant(
        "related symbols are those of public posts",
        "market/pages.py",
        "WHERE p.author_id = n.author_id AND p.visibility = 0",
        "WHERE p.author_id = n.author_id",
        ("market/test_symbols.py::test_only_what_everybody_may_see_counts",),
    ),
    Mutant(
        "one author's posts are one voice for what is related",
        "market/pages.py",
        "count(DISTINCT author_id)::int AS authors FROM found",
        "count(*)::int AS authors FROM found",
        ("market/test_symbols.py::test_what_else_is_named_is_read_from_the_newest_posts",),
    ),
    Mutant(
        "answers are not kept of what nobody used",
        "core/cache.py",
        "if self._is_kept(value):",
        "if True:",
        ("core/test_cache.py",),
    ),
    Mutant(
        "no more answers are kept than fit",
        "core/cache.py",
        "if len(self._kept) > self._most:",
        "if False:",
        ("core/test_cache.py",),
    ),
    Mutant(
        "a hundred symbols are watched at most",
        "market/watchlist.py",
        "if len(sent) > MOST_WATCHED:",
        "if False:",
        ("market/test_watchlist.py",),
    ),
    Mutant(
        "disabled accounts suggest nobody",
        "market/suggestions.py",
        'AND {is_enabled("followee_id")}',
        "",
        ("market/test_suggestions.py::test_those_come_first_whom_most_follow_that_one_follows",),
    ),
    Mutant(
        "nobody is suggested who is followed",
        "market/suggestions.py",
        "WHERE id NOT IN (SELECT id FROM followed) GROUP BY id) found",
        "GROUP BY id) found",
        ("market/test_suggestions.py::test_then_come_those_who_write_about_what_one_watches",),
    ),
    Mutant(
        "a reply does not name whose account is disabled",
        "posts/queries.py",
        "AND w.disabled_at IS NULL",
        "",
        ("posts/test_answered.py::test_nobody_is_named_whose_post_is_gone",),
    ),
    Mutant(
        "a reply does not name who wrote for followers",
        "posts/queries.py",
        "OR e.visibility = 0 AND NOT w.private_account",
        "OR NOT w.private_account",
        ("posts/test_answered.py::test_nobody_learns_by_a_reply_who_wrote_what_is_for_others",),
    ),
    Mutant(
        "a reply does not name whose account is private",
        "posts/queries.py",
        "OR e.visibility = 0 AND NOT w.private_account",
        "OR e.visibility = 0",
        ("posts/test_answered.py::test_nobody_learns_by_a_reply_who_wrote_what_is_for_others",),
    ),
]
