"""Texts of public reports about others: ``docs/replayed-reports.md`` names them."""

import pytest

from x18.posts.text import read_entities


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (
            "#bieber\n#justinbieber \n#bangersgarlingistrending \nRT if",
            ["bieber", "justinbieber", "bangersgarlingistrending"],
        ),
        ("#one\r\n#two\u2028#three\u2029#four\u0085#five\v#six", ["one", "two", "three", "four", "five", "six"]),
        ("#test.com #a.b/c #x.co.uk", ["test", "a", "x"]),
        (":#a; #b: ;#c, “#d” «#e» …#f! #g? ¿#h", ["a", "b", "c", "d", "e", "f", "g", "h"]),
        ("https://fr.wikipedia.org/wiki/A:B/2022/Semaine_7#Cellule_d'%C3%89ric_Z'#not #after", ["after"]),
        ("http://www.example.com/?foo=(bar)#not #after", ["after"]),
        ("test (http://example.com/?foo=(bar)) #after", ["after"]),
        ("(see http://example.com/a_(b)#not) #after", ["after"]),
        ("[http://example.com/#not]#after", ["after"]),
        ("http://[] #after", ["after"]),
        ("http://example[.]com #after https://[::1]/#not", ["after"]),
        ("https://uk.wikipedia.org/wiki/Аніме#Історія #after", ["after"]),
        ("https://ja.softether.org/1-features/1._極めて強力な_VPN_接続性#not #after", ["after"]),
        ("https://ja.wikipedia.org/wiki/アニメ#歴史 #after", ["after"]),
        ("**#bold** _#cursive_ ~~#gone~~ `#code`", ["bold", "gone", "code"]),
    ],
)
def test_tags_are_where_people_saw_them(text: str, tags: list[str]) -> None:
    found = read_entities(text)

    assert found.hashtags == tags
    assert (found.mentions, found.cashtags) == ([], [])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("**@alice** hello", []),  # there is no markup here, and this is how twitter-text reads it
        ("@alice\n@bob\u2028@carol", ["alice", "bob", "carol"]),
        ("(@alice) [@bob] “@carol”", ["alice", "bob", "carol"]),
        ("https://example.com/@alice/1?by=@bob mail me@example.com", []),
    ],
)
def test_mentions_are_where_people_saw_them(text: str, names: list[str]) -> None:
    assert list(read_entities(text).mentions) == names
