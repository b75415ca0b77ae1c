"""``x18 migrate``."""

import argparse

from x18.runtime.embedded import StartError
from x18.runtime.start import migrate_database, reach_servers, report, settings_from_environment


def configure(parser: argparse.ArgumentParser) -> None:
    """No options: the database is that of the settings."""


def run(_: argparse.Namespace) -> int:
    """Migrate and say how much that was."""
    try:
        with reach_servers(settings_from_environment()) as settings:
            count = migrate_database(settings)
    except StartError as error:
        return report(error)
    print(f"{count} migrations applied." if count else "The database is up to date.")
    return 0
