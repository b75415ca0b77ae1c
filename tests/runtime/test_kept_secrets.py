"""Secrets that a server makes for itself."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from x18.runtime.embedded import StartError
from x18.runtime.kept_secrets import FILE, provide_secrets


def test_they_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    assert provide_secrets(tmp_path / "new", first)
    (tmp_path / "new" / FILE).chmod(0o644)
    assert provide_secrets(tmp_path / "new", second)
    assert first == second
    assert (tmp_path / "new" / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_what_is_set_stays(tmp_path: Path) -> None:
    environ = {"JWT_ACCESS_SECRET": "mine", "JWT_REFRESH_SECRET": "mine too"}
    assert not provide_secrets(tmp_path, environ)
    assert environ == {"JWT_ACCESS_SECRET": "mine", "JWT_REFRESH_SECRET": "mine too"}
    assert not list(tmp_path.iterdir())

    environ = {"JWT_ACCESS_SECRET": "mine", "JWT_REFRESH_SECRET": " "}
    assert provide_secrets(tmp_path, environ)
    assert environ["JWT_ACCESS_SECRET"] == "mine"
    assert len(environ["JWT_REFRESH_SECRET"]) >= 32


def test_starts_at_the_same_time_agree(tmp_path: Path) -> None:
    environs: list[dict[str, str]] = [{} for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: provide_secrets(tmp_path / str(number % 2), environs[number]), range(8)))
    assert len({json.dumps(one) for one in environs}) == 2


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"JWT_ACCESS_SECRET": 1}', "\x00"])
def test_a_file_that_holds_none_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(StartError, match="remove it"):
        provide_secrets(tmp_path, {})
