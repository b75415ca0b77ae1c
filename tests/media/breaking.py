"""Work for a workshop that goes wrong, at the wish of the test. Runs in a process of its own."""

import os
import time
from pathlib import Path

from x18.media.results import Processed

DONE = Processed(1, 1, None, "")


def work(source: Path, target: Path, thumbnail: Path, extension: str) -> Processed:
    """Die, or say in ``target`` that it began and wait for ``source``."""
    if extension == "dies":
        os._exit(1)
    target.touch()
    while not source.exists():
        time.sleep(0.01)
    return DONE
