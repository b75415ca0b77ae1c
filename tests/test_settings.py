"""Names and defaults of the original system, and what production refuses."""

import pytest

from x18.settings import EXAMPLE_SECRETS, SettingsError, read_settings

GOOD = {"JWT_ACCESS_SECRET": "a" * 32, "JWT_REFRESH_SECRET": "b" * 32}


def test_without_any_setting_the_defaults_of_the_original_hold_but_for_this_machine_alone() -> None:
    settings = read_settings({})

    assert (settings.server_host, settings.server_port, settings.server_env) == ("127.0.0.1", 8080, "development")
    assert (settings.database_url, settings.redis_url) == (None, None)
    assert (settings.jwt_access_expiry_min, settings.jwt_refresh_expiry_days) == (15, 30)
    assert {
        "JWT_ACCESS_SECRET": settings.jwt_access_secret,
        "JWT_REFRESH_SECRET": settings.jwt_refresh_secret,
    } == EXAMPLE_SECRETS


def test_hosts_make_addresses_with_what_must_be_quoted() -> None:
    settings = read_settings(
        {
            "DB_HOST": "db",
            "DB_USER": "me",
            "DB_PASSWORD": "p@ss/word",
            "REDIS_HOST": "cache",
            "REDIS_PASSWORD": "x:y",
            "REDIS_DB": "3",
        }
    )

    assert settings.database_url == "postgresql://me:p%40ss%2Fword@db:5432/x18_backend?sslmode=disable"
    assert settings.redis_url == "redis://:x%3Ay@cache:6379/3"


def test_addresses_and_port_as_hosts_give_them_win() -> None:
    settings = read_settings(
        {"DATABASE_URL": "postgresql://a/b", "DB_HOST": "x", "REDIS_URL": "redis://c", "PORT": "9", "SERVER_PORT": "1"}
    )

    assert (settings.database_url, settings.redis_url, settings.server_port) == ("postgresql://a/b", "redis://c", 9)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p%40w@db.example:5433/app", "postgresql://u:p%40w@db.example:5433/app"),
        ("postgresql+asyncpg://u@db/app", "postgresql://u@db/app"),
        (
            "postgres://u:p@ep-1.example/app?sslmode=require&channel_binding=require",
            "postgresql://u:p@ep-1.example/app?sslmode=require",
        ),
        ("postgres://u:p@db/app?ssl=true&connect_timeout=10", "postgresql://u:p@db/app?sslmode=require"),
        (
            "postgresql://postgres:@/app?host=/var/run/postgresql",
            "postgresql://postgres:@/app?host=/var/run/postgresql",
        ),
    ],
)
def test_an_address_is_taken_as_hosts_give_it(given: str, used: str) -> None:
    assert read_settings({"DATABASE_URL": given}).database_url == used


def test_redis_over_tls_is_taken() -> None:
    url = "rediss://default:pw@cache.example:6380/0?ssl_cert_reqs=none"

    assert read_settings({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_an_address_of_something_else_is_named_without_its_password(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} begins with 'mysql'") as told:
        read_settings({name: "mysql://root:very-secret@db/app"})

    assert "very-secret" not in str(told.value)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("https://app.example/", "https://app.example"),
        ("https://App.Example:443, http://x.example:80 ", "https://app.example,http://x.example"),
        ("http://localhost:3000,,https://[::1]:8443/", "http://localhost:3000,https://[::1]:8443"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("*", "*"),
    ],
)
def test_an_origin_is_taken_as_it_is_written_and_kept_as_browsers_send_it(given: str, sent: str) -> None:
    assert read_settings({"CORS_ORIGINS": given}).cors_origins == tuple(sent.split(","))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGINS", "app.example"),
        ("CORS_ORIGINS", "https://app.example/login"),
        ("CORS_ORIGINS", "https://a:b@app.example"),
        ("CORS_ORIGINS", "https://[::1"),
        ("CORS_ORIGINS", "null"),
        ("TRUSTED_PROXIES", "nginx"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "10.0.0.1:8080"),
    ],
)
def test_what_no_page_or_proxy_can_be_is_named_and_not_passed_over(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        read_settings({name: f"{value}, 10.0.0.0/8" if name == "TRUSTED_PROXIES" else value})

    assert f"{name} has '{value}'" in str(wrong.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_PORT", "x"),
        ("SERVER_PORT", "70000"),
        ("SERVER_ENV", "staging"),
        ("JWT_ACCESS_EXPIRY", "0"),
        ("RATE_LIMITS", "maybe"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}'"):
        read_settings({name: value})


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {**GOOD, "JWT_ACCESS_SECRET": "short"},
        {**GOOD, "JWT_REFRESH_SECRET": "a" * 32},
        {"JWT_ACCESS_SECRET": "a" * 32},
    ],
)
def test_production_refuses_weak_secrets(secrets: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="token_urlsafe"):
        read_settings({"SERVER_ENV": "production", **secrets})


def test_production_takes_good_secrets_and_development_takes_all() -> None:
    assert read_settings({"SERVER_ENV": "production", **GOOD}).is_production
    assert not read_settings({"JWT_ACCESS_SECRET": "short"}).is_production


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as told:
        read_settings({"SERVER_PORT": "x", "LOG_LEVEL": "loud"})

    assert len(str(told.value).splitlines()) == 2
