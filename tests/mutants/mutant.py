"""One protection, how it is taken out, and where a test should notice."""

from pathlib import Path
from typing import NamedTuple


class Mutant(NamedTuple):
    """``old`` stands exactly once in ``file`` (below ``src/x18``), and ``new`` in its place takes the protection out.

    ``tests`` are files or node ids below ``tests``: where somebody who changes that code would look.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def fault(self, root: Path) -> str | None:
        """Why the entry has to be written again: the code, or a file of tests, is another by now. None where all is as it was."""
        found = (root / "src" / "x18" / self.file).read_text().count(self.old)
        if found != 1:
            return f"{self.file} holds {self.old!r} {found} times"
        missing = [one for one in self.tests if not (root / "tests" / one.partition("::")[0]).exists()]
        return f"there is no {missing[0]}" if missing else None

    def apply(self, root: Path) -> str:
        """Change the file below ``root``; its text as it was."""
        path = root / "src" / "x18" / self.file
        text = path.read_text()
        path.write_text(text.replace(self.old, self.new))
        return text

    def restore(self, root: Path, text: str) -> None:
        """Put the text back."""
        (root / "src" / "x18" / self.file).write_text(text)
