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

    def apply(self, root: Path) -> str:
        """Change the file below ``root``; its text as it was.

        Raises:
            ValueError: the code is another by now, so the entry has to be written again.
        """
        path = root / "src" / "x18" / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} holds {self.old!r} {text.count(self.old)} times")
        path.write_text(text.replace(self.old, self.new))
        return text

    def restore(self, root: Path, text: str) -> None:
        """Put the text back."""
        (root / "src" / "x18" / self.file).write_text(text)
