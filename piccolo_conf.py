"""Piccolo's configuration: the engine and the apps. For its own command line: ``PYTHONPATH=src piccolo ...``."""

from piccolo.conf.apps import AppRegistry

from x18.tables.engine import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["x18.piccolo_app"])
