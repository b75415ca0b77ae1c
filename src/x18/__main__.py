"""The command ``x18``, also ``python -m x18``."""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from x18.files import raise_file_limit

if __name__ == "__mp_main__":  # in a process behind the port, which the first one ends: Ctrl-C reaches all of them
    signal.signal(signal.SIGINT, signal.SIG_IGN)

COMMANDS: Final = {
    "Run it": {
        "serve": ("x18.runtime.serve", "run the server, with embedded PostgreSQL and Valkey where none are set"),
        "migrate": ("x18.runtime.migrate", "bring the database to the newest version and stop"),
        "doctor": ("x18.runtime.doctor", "check settings, servers, disk, clock and port, and say what to do"),
        "user": ("x18.runtime.accounts", "create or disable users, set passwords, mark administrators"),
    },
    "Try it": {
        "demo": ("x18.clients.demo", "register traders who talk about markets, through the public API"),
        "tail": ("x18.clients.tail", "print the live feed in the terminal"),
        "bench": ("x18.clients.bench", "measure delivery: nothing lost, nothing doubled, how fast"),
    },
}
"""Module and summary. A module has ``configure(parser)`` and ``run(args)``, which gives the exit code; it is imported when needed."""

BROKEN_PIPE: Final = 141
"""The exit status that a shell reports of a program which SIGPIPE ended."""

AFTERWORD: Final = """\
Settings come from the environment or from a file .env in the working folder.
x18 <command> --help shows the options and examples of a command.

Exit codes: 0 done, 1 failed (standard error says why), 2 wrong usage, 130 Ctrl-C
(0 for serve and demo, which are stopped that way).
"""


STOPPED_BY_CTRL_C: Final = ("serve", "demo")

_Parsers = Mapping[str, argparse.ArgumentParser]


def main(argv: list[str] | None = None) -> int:
    """Run a command and give the exit code, also when Ctrl-C comes while it is still being imported."""
    argv = sys.argv[1:] if argv is None else argv
    stopped = 0 if _command_in(argv) in STOPPED_BY_CTRL_C else 130
    try:
        with _left_at_once(stopped):
            parser, parsers, module = _prepare(argv)
        return _run(argv, parser, parsers, module)
    except KeyboardInterrupt:
        return stopped
    except BrokenPipeError:  # as in "x18 tail | head": whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


@contextmanager
def _left_at_once(code: int) -> Iterator[None]:
    """End with this code on Ctrl-C inside the block, which has begun nothing yet. An exception would be garbled by what is imported."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # ignored, as in the background
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(code))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _command_in(argv: list[str]) -> str | None:
    return next((word for word in argv if not word.startswith("-")), None)


def _prepare(argv: list[str]) -> tuple[argparse.ArgumentParser, _Parsers, ModuleType | None]:
    parser = argparse.ArgumentParser(
        prog="x18",
        usage="x18 <command> [options]",
        description=_describe(),
        epilog=AFTERWORD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # Imported here, as it takes a while, in which nobody answers Ctrl-C yet.
    version = importlib.import_module("importlib.metadata").version("x18")
    parser.add_argument("--version", action="version", version=f"x18 {version}")
    subparsers = parser.add_subparsers(dest="command", metavar="command", help=argparse.SUPPRESS, required=True)
    module: ModuleType | None = None
    for name, (path, summary) in {name: one for group in COMMANDS.values() for name, one in group.items()}.items():
        subparser = subparsers.add_parser(
            name,
            prog=f"x18 {name}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == _command_in(argv):
            module = importlib.import_module(path)
            module.configure(subparser)
    return parser, subparsers.choices, module


def _run(argv: list[str], parser: argparse.ArgumentParser, parsers: _Parsers, module: ModuleType | None) -> int:
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    args, unknown = parser.parse_known_args(argv)
    if module is None:
        parser.error("no such command")
    if unknown:
        parsers[args.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    raise_file_limit()  # a connection is a file
    code: int = module.run(args)
    sys.stdout.flush()
    return code


def _describe() -> str:
    lines = ["X18, a real-time backend of a network for traders."]
    for title, commands in COMMANDS.items():
        lines += ["", f"{title}:", *(f"  {name:<9} {summary}" for name, (_, summary) in commands.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
