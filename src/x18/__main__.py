"""The command ``x18``, also ``python -m x18``."""

import argparse
import importlib
import sys
from importlib.metadata import version
from types import ModuleType
from typing import Final

COMMANDS: Final = {
    "serve": ("x18.runtime.serve", "run the server, with embedded PostgreSQL and Valkey where none are set"),
    "migrate": ("x18.runtime.migrate", "bring the database to the newest version and stop"),
    "demo": ("x18.clients.demo", "register traders who talk about markets, through the public API"),
    "tail": ("x18.clients.tail", "print the live feed in the terminal"),
}
"""Module and summary. A module has ``configure(parser)`` and ``run(args)``, which gives the exit code; it is imported when needed."""


def main(argv: list[str] | None = None) -> int:
    """Run a command. 0: done, 1: failed with a line on standard error, 2: wrong usage, 130: Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="x18", description="X18, a real-time backend of a network for traders.")
    parser.add_argument("--version", action="version", version=f"x18 {version('x18')}")
    subparsers = parser.add_subparsers(dest="command", metavar="command", required=True)
    module: ModuleType | None = None
    for name, (path, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == next((word for word in argv if not word.startswith("-")), None):
            module = importlib.import_module(path)
            module.configure(subparser)
    args = parser.parse_args(argv)
    if module is None:
        parser.error("no such command")
    try:
        code: int = module.run(args)
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
