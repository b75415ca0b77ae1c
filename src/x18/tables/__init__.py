"""Level 0: rows and their indexes, no behaviour, and where their migrations are. Imports nothing of X18."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# In a checkout the folder stands beside ``src``, in an installed package beside ``x18``.
ROOT = next((folder for folder in _PACKAGE.parents[:2] if (folder / "piccolo_migrations").is_dir()), _PACKAGE.parent)
"""The folder that holds ``piccolo_migrations`` and ``piccolo_conf.py``."""
