"""Work for a workshop that goes wrong, at the wish of the file. Runs in a box, in a process of its own."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from x18.media.bench import Work
from x18.media.results import Processed, Rejected

DONE = Processed(1, 1, None, "")


def choose(_: str) -> Work:
    return work


def work(folder: Path) -> Processed:
    """Do what ``source`` says."""
    (folder / "thumbnail").touch()
    (folder / "target").touch()
    WISHES[(folder / "source").read_text()](folder)
    return DONE


def wait(folder: Path) -> None:
    """``target`` is there now; for ``release``."""
    while not (folder / "release").exists():
        time.sleep(0.01)


def spin(_: Path) -> None:
    while True:
        pass


def lie(_: Path) -> None:
    os.write(1, b'{"processed":{"width":-1,"height":1,"duration_ms":null,"blurhash":"' + b"x" * 10_000 + b'"}}\n')


def link(folder: Path) -> None:
    """No thumbnail, but something that leads to another file: where the box lets it be made, it is not followed."""
    (folder / "thumbnail").unlink()
    (folder / "thumbnail").symlink_to("/etc/passwd")


def attempt(crime: Callable[[Path], object]) -> Callable[[Path], None]:
    """Commit it, and say what came of it."""

    def committed(folder: Path) -> None:
        try:
            found = crime(folder)
        except OSError as error:
            raise Rejected(f"refused: {type(error).__name__}") from error
        raise Rejected(f"done: {found}")

    return committed


def fork(_: Path) -> None:
    if os.fork() == 0:
        os._exit(0)


def connect(_: Path) -> None:
    socket.socket().connect(("127.0.0.1", 9))


def write_much(folder: Path) -> None:
    with (folder / "target").open("wb") as target:
        for _ in range(20):
            target.write(b"x" * 1024**2)
            target.flush()


WISHES: dict[str, Callable[[Path], object]] = {
    "good": lambda _: None,
    "wait": wait,
    "die": lambda _: os._exit(1),
    "spin": spin,
    "lie": lie,
    "link": link,
    "eat": lambda _: bytearray(3 * 1024**3),
    "environment": attempt(lambda _: sorted(os.environ)),
    "who": attempt(lambda _: os.getuid()),
    "passwords": attempt(lambda _: Path("/etc/passwd").read_text()),
    "list": attempt(lambda _: list(Path("/").iterdir())),
    "write": attempt(lambda _: Path("/tmp/x18-broken-out").touch()),
    "connect": attempt(connect),
    "socket": attempt(lambda _: socket.socket(socket.AF_UNIX)),
    "fork": attempt(fork),
    "signal": attempt(lambda _: os.kill(os.getppid(), 0)),
    "run": attempt(lambda _: os.execv("/bin/true", ["true"])),
    "much": attempt(write_much),
    "symlink": attempt(lambda folder: (folder / "other").symlink_to("/etc/passwd")),
}
