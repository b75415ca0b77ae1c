"""Tells Piccolo which tables X18 has and where its migrations are."""

from piccolo.conf.apps import AppConfig, table_finder

from x18.tables import ROOT

APP_CONFIG = AppConfig(
    app_name="x18",
    migrations_folder_path=str(ROOT / "piccolo_migrations"),
    table_classes=table_finder(
        [
            f"x18.tables.{module}"
            for module in ("users", "posts", "media", "notifications", "monetization", "events", "search", "market")
        ],
        exclude_imported=True,
    ),
)
