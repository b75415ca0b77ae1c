"""One direction of imports; no file that is too long to read."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAX_LINES = 300
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename="pyproject.toml", no_cache=True))
"""


def test_imports_go_one_way() -> None:
    # In a process of its own: it sets logging up anew, and the loggers of this one would be silent to the tests after it.
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_stands_in_the_contract() -> None:
    text = (ROOT / "pyproject.toml").read_text().partition("[tool.importlinter]")[2]

    assert [
        path.parent.name for path in (ROOT / "src/x18").glob("*/__init__.py") if f"x18.{path.parent.name}" not in text
    ] == []


def test_files_are_short() -> None:
    too_long = [path for path in (ROOT / "src").rglob("*.py") if len(path.read_text().splitlines()) > MAX_LINES]

    assert too_long == []


def test_scripts_are_short_too() -> None:
    scripts = (ROOT / "src/x18/console/static").glob("*.js")

    assert [path for path in scripts if len(path.read_text().splitlines()) > MAX_LINES] == []
