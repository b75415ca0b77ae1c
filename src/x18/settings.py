"""Settings, read from the environment once. Names and defaults are those of the original system."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from x18.addresses import (
    BadAddress,
    make_database_url,
    make_redis_url,
    read_database_url,
    read_origin,
    read_proxies,
    read_redis_url,
)

EXAMPLE_SECRETS: Final = {
    "JWT_ACCESS_SECRET": "your-super-secret-key-change-in-production",
    "JWT_REFRESH_SECRET": "your-refresh-secret-key-change-in-production",
}
MIN_SECRET_BYTES: Final = 32
"""RFC 7518 §3.2: a key for HS256 has at least the size of the hash."""

ENVIRONMENTS: Final = ("development", "production", "test")
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class SettingsError(Exception):
    """The settings have faults: a line for each, saying what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is configured. Without an address of a server the embedded one is used."""

    server_host: str
    server_port: int
    server_env: str
    database_url: str | None
    redis_url: str | None
    jwt_access_secret: str
    jwt_refresh_secret: str
    jwt_access_expiry_min: int
    jwt_refresh_expiry_days: int
    bcrypt_cost: int
    cors_origins: tuple[str, ...]
    storage_path: Path
    upload_min_free_bytes: int | None
    s3_bucket: str | None
    s3_options: dict[str, Any]
    rate_limits: bool
    registrations_per_hour: int
    ws_query_token: bool
    ws_deflate: bool
    trusted_proxies: tuple[str, ...]
    http_connections: int
    log_level: str
    metrics_token: str | None

    @property
    def is_production(self) -> bool:
        """Whether weak settings are refused and logs are for machines."""
        return self.server_env == "production"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of an environment.

    Raises:
        SettingsError: lists all that is wrong.
    """
    source = _Source(environ)
    settings = Settings(
        server_host=source.text("SERVER_HOST", _default_host(source)),
        server_port=source.number("PORT" if environ.get("PORT") else "SERVER_PORT", 8080, least=0, most=65535),
        server_env=source.one_of("SERVER_ENV", ENVIRONMENTS),
        database_url=_database_url(source),
        redis_url=_redis_url(source),
        jwt_access_secret=source.text("JWT_ACCESS_SECRET", EXAMPLE_SECRETS["JWT_ACCESS_SECRET"]),
        jwt_refresh_secret=source.text("JWT_REFRESH_SECRET", EXAMPLE_SECRETS["JWT_REFRESH_SECRET"]),
        jwt_access_expiry_min=source.number("JWT_ACCESS_EXPIRY", 15, least=1, most=24 * 60),
        jwt_refresh_expiry_days=source.number("JWT_REFRESH_EXPIRY", 30, least=1, most=365),
        bcrypt_cost=source.number("BCRYPT_COST", 12, least=4, most=16),
        cors_origins=source.addresses("CORS_ORIGINS", read_origin),
        storage_path=Path(source.text("STORAGE_PATH", "./storage")),
        upload_min_free_bytes=source.size("UPLOAD_MIN_FREE_MIB"),
        s3_bucket=source.text("S3_BUCKET") or None,
        s3_options=_s3_options(source),
        rate_limits=source.one_of("RATE_LIMITS", ("on", "off")) == "on",
        registrations_per_hour=source.number(
            "REGISTRATIONS_PER_HOUR", _registrations(environ), least=1, most=1_000_000
        ),
        ws_query_token=source.one_of("WS_QUERY_TOKEN", ("on", "off")) == "on",
        ws_deflate=source.one_of("WS_DEFLATE", ("off", "on")) == "on",
        trusted_proxies=source.addresses("TRUSTED_PROXIES", read_proxies),
        http_connections=source.number("HTTP_CONNECTIONS", 150, least=1, most=100_000),
        log_level=source.one_of("LOG_LEVEL", ("info", "debug", "warning", "error")),
        metrics_token=source.text("METRICS_TOKEN") or None,
    )
    problems = source.problems + (weaknesses(settings) if settings.is_production else [])
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _default_host(source: "_Source") -> str:
    """This machine alone, until the server is set up for others: the original listened everywhere, with published secrets."""
    return "0.0.0.0" if source.text("SERVER_ENV").lower() == "production" else "127.0.0.1"  # noqa: S104


class _Source:
    """Reads single values and keeps what was wrong with them, so that all of it can be told at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
            self.problems.append(f"{name} is {text!r}: set it to a whole number from {least} to {most}.")
            return default
        return int(text)

    def size(self, name: str) -> int | None:
        """Bytes of a number of MiB; None where nothing is set."""
        return self.number(name, 0, least=0, most=100_000_000) * 1024**2 if self.text(name) else None

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """The first choice is the default."""
        text = self.text(name, choices[0]).lower()
        if text not in choices:
            self.problems.append(f"{name} is {text!r}: set it to one of {', '.join(choices)}.")
            return choices[0]
        return text

    def addresses(self, name: str, read: Callable[[str], str]) -> tuple[str, ...]:
        """Those between commas."""
        return tuple(self.address(name, part.strip(), read) for part in self.text(name).split(",") if part.strip())

    def address(self, name: str, text: str, read: Callable[[str], str]) -> str:
        try:
            return read(text)
        except BadAddress as error:
            self.problems.append(f"{name} {error}")
            return text


def _registrations(environ: Mapping[str, str]) -> int:
    """Registrations per hour and network; more in development, where ``x18 demo`` and ``x18 bench`` make accounts by the dozen."""
    return 10 if environ.get("SERVER_ENV", "").strip() not in ("", "development") else 200


def _database_url(source: _Source) -> str | None:
    if url := source.text("DATABASE_URL"):
        return source.address("DATABASE_URL", url, read_database_url)
    if not (host := source.text("DB_HOST")):
        return None
    return make_database_url(
        host,
        source.number("DB_PORT", 5432, least=1, most=65535),
        source.text("DB_NAME", "x18_backend"),
        user=source.text("DB_USER", "postgres"),
        password=source.text("DB_PASSWORD", "postgres"),
        sslmode=source.one_of("DB_SSLMODE", SSL_MODES),
    )


def _redis_url(source: _Source) -> str | None:
    if url := source.text("REDIS_URL"):
        return source.address("REDIS_URL", url, read_redis_url)
    if not (host := source.text("REDIS_HOST")):
        return None
    port = source.number("REDIS_PORT", 6379, least=1, most=65535)
    return make_redis_url(
        host, port, source.number("REDIS_DB", 0, least=0, most=99), password=source.text("REDIS_PASSWORD")
    )


def _s3_options(source: _Source) -> dict[str, Any]:
    """In obstore's names. Without keys, those of the machine's role are used."""
    names = {
        "endpoint": "S3_ENDPOINT",
        "region": "S3_REGION",
        "access_key_id": "S3_ACCESS_KEY_ID",
        "secret_access_key": "S3_SECRET_ACCESS_KEY",
    }
    options: dict[str, Any] = {option: source.text(name) for option, name in names.items() if source.text(name)}
    if options.get("endpoint", "").startswith("http://"):
        options["client_options"] = {"allow_http": True}
    return options


def weaknesses(settings: Settings) -> list[str]:
    """Faults of the settings that production must not run with, each with what to do after a colon."""
    advice = 'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
    secrets = {"JWT_ACCESS_SECRET": settings.jwt_access_secret, "JWT_REFRESH_SECRET": settings.jwt_refresh_secret}
    problems = []
    for name, value in secrets.items():
        if value in EXAMPLE_SECRETS.values():
            problems.append(f"{name} is not set, or is the example's: {advice}")
        elif len(value.encode()) < MIN_SECRET_BYTES:
            problems.append(f"{name} is shorter than {MIN_SECRET_BYTES} bytes: {advice}")
    if settings.jwt_access_secret == settings.jwt_refresh_secret:
        problems.append(f"JWT_ACCESS_SECRET and JWT_REFRESH_SECRET are equal: for one of them, {advice}")
    return problems
