"""``x18 serve`` in an empty folder, cut off at any moment: whatever was half made, the next start works."""

import os
import random
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.runtime.test_embedded import wait_until_gone
from tests.runtime.test_serve import start

CUTS = int(os.environ.get("X18_CUTS", "6"))
"""``make first-start`` cuts off sixty times."""

SEED = int(os.environ.get("X18_SEED", "18"))
DEADLINE_S = 120.0
EVERYTHING = signal.SIGKILL
"""Of this one the whole family dies at once, as when a machine loses its power."""

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, EVERYTHING)
PYTHON_ITSELF = re.compile(r"Traceback (?!.*x18/(?!__main__)).*KeyboardInterrupt\n\Z", re.DOTALL)
"""Ctrl-C in the first hundredths of a second meets the interpreter, not X18."""


def cut_off(server: "subprocess.Popen[str]", how: signal.Signals) -> None:
    """End it as a person, a supervisor or a power cut would."""
    if how is not EVERYTHING:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        return
    with suppress(psutil.NoSuchProcess):
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def start_and_stop(folder: Path) -> float:
    """A start that says that it is ready, and how long that took; what it is told then it does."""
    began = time.monotonic()
    server = start(folder, 0)
    assert server.stdout
    line = server.stdout.readline()
    took = time.monotonic() - began
    server.terminate()
    _, err = server.communicate(timeout=DEADLINE_S)
    assert (server.returncode, err) == (0, ""), err
    assert line.startswith("X18 is ready: "), line
    return took


def test_a_first_start_that_is_cut_off_at_any_moment_harms_no_later_one(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    (tmp_path / "measured").mkdir()
    whole = start_and_stop(tmp_path / "measured")
    for number in range(CUTS):
        # Half of the folders are cut off more than once before they are whole.
        folder = tmp_path / f"folder-{number // 2 if number % 4 < 2 else number}"
        folder.mkdir(exist_ok=True)
        how, moment = ENDINGS[number % len(ENDINGS)], chance.uniform(0.02, whole * 1.1)
        told = f"seed {SEED}, cut {number}: {how.name} after {moment:.2f} s of {whole:.2f}"
        server = start(folder, 0)
        with suppress(subprocess.TimeoutExpired):
            server.wait(moment)
        cut_off(server, how)
        _, err = server.communicate(timeout=DEADLINE_S)
        if how is not EVERYTHING and not PYTHON_ITSELF.fullmatch(err):
            assert (server.returncode in (0, -how), err) == (True, ""), told
        if number % 4 != 0:
            start_and_stop(folder)
            wait_until_gone(folder)
