"""The one Piccolo engine. Its address is set when the pool is started, so that importing a table needs no settings."""

from piccolo.engine.postgres import PostgresEngine


class Engine(PostgresEngine):
    """Piccolo's engine without the connection that it makes when it is constructed, at import."""

    async def check_version(self) -> None:
        """Nothing: the version is checked by the migrations, which need it."""

    async def prep_database(self) -> None:
        """Nothing: extensions are made by the migrations."""


DB = Engine(config={}, extensions=())
