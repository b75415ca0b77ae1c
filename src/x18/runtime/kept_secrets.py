"""Secrets of tokens for a server that was given none: random, made once, and kept in the storage folder for its user's eyes only."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from x18.runtime.embedded import StartError

FILE: Final = "secrets.json"
NAMES: Final = ("JWT_ACCESS_SECRET", "JWT_REFRESH_SECRET")
MODE: Final = 0o600


def missing_secrets(environ: Mapping[str, str]) -> list[str]:
    """The names of the secrets that are not set."""
    return [name for name in NAMES if not environ.get(name, "").strip()]


def provide_secrets(storage: Path, environ: MutableMapping[str, str]) -> bool:
    """Put the secrets of the folder into the environment where it has none, for worker processes too. Whether any was missing.

    Raises:
        StartError: the file cannot be read or made, or is none of ours.
    """
    missing = missing_secrets(environ)
    if missing:
        kept = _read_or_make(storage / FILE)
        environ.update({name: kept[name] for name in missing})
    return bool(missing)


def _read_or_make(file: Path) -> dict[str, str]:
    try:
        with suppress(FileExistsError):
            _make(file)
        if file.stat().st_mode & 0o077:
            file.chmod(MODE)
        kept = json.loads(file.read_bytes())
    except OSError as error:
        raise StartError(
            f"Cannot write to {file.parent} ({error.strerror}): set STORAGE_PATH to a folder that you may write to, or "
            "JWT_ACCESS_SECRET and JWT_REFRESH_SECRET, so that none need be kept."
        ) from error
    except ValueError:
        kept = None
    if not isinstance(kept, dict) or not all(isinstance(kept.get(name), str) for name in NAMES):
        raise StartError(
            f"{file} does not hold secrets of X18: remove it to have new ones made, which logs everybody out."
        )
    return kept


def _make(file: Path) -> None:
    """Whole or not at all, also where two processes make it at once: the first stays.

    Raises:
        FileExistsError: it is there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        raise FileExistsError(file)
    descriptor, fresh = tempfile.mkstemp(prefix=f".{FILE}.", dir=file.parent)  # for our eyes only
    try:
        with os.fdopen(descriptor, "w") as writing:
            json.dump({name: secrets.token_urlsafe(48) for name in NAMES}, writing)
            writing.flush()
            os.fsync(descriptor)
        os.link(fresh, file)
    finally:
        Path(fresh).unlink()
