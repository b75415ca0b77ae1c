"""Tells Piccolo which tables X18 has and where its migrations are."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

PACKAGE = Path(__file__).resolve().parent
# In a checkout the folder stands beside ``src``, in an installed package beside ``x18``.
ROOT = next((folder for folder in PACKAGE.parents[:2] if (folder / "piccolo_migrations").is_dir()), PACKAGE.parent)

APP_CONFIG = AppConfig(
    app_name="x18",
    migrations_folder_path=str(ROOT / "piccolo_migrations"),
    table_classes=table_finder(
        [
            f"x18.tables.{module}"
            for module in ("users", "posts", "media", "notifications", "monetization", "events", "search")
        ],
        exclude_imported=True,
    ),
)
