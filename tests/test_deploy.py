"""What lies in ``deploy/`` names things that exist."""

import inspect
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from dotenv import dotenv_values
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from tests.conftest import register
from tests.live import live
from tests.server import Server, make_server, running
from x18.core.db import MOST_DEAR, start_pool
from x18.realtime import readers
from x18.runtime.checkup import CONNECTIONS_WANTED
from x18.runtime.embedded.valkey import find_program as find_valkey
from x18.settings import read_settings

ROOT = Path(__file__).parent.parent
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
SETTING = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
SET_BY_COMPOSE = {
    *("SERVER_HOST", "PORT", "STORAGE_PATH"),
    *("DATABASE_URL", "DB_PORT", "DB_SSLMODE"),
    *("REDIS_URL", "REDIS_PORT", "REDIS_DB"),
}
"""What the containers are to one another; a value made for elsewhere would part them."""


async def exposed(server: Server) -> set[str]:
    """The names of all samples that the server may have, also of those that had no reason yet."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        text = (await client.get("/metrics")).text
    return {family.name + end for family in text_string_to_metric_families(text) for end in SUFFIXES[family.type]}


def named_in(text: str) -> set[str]:
    """Metrics that a text names."""
    return set(re.findall(r"\bx18_[a-z_]+\b", text))


async def test_every_metric_of_alerts_and_dashboard_exists(server: Server) -> None:
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    dashboard = json.loads((ROOT / "deploy/grafana/x18.json").read_text())
    expressions = [rule["expr"] for rule in rules]
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    names = named_in(" ".join(expressions))

    assert len(names) > 15
    assert names - await exposed(server) == set()


async def test_every_metric_is_on_the_dashboard_and_in_the_runbook(server: Server) -> None:
    """A family is there when one of its samples is."""
    ends = re.compile(r"_(bucket|sum|count|total)$")
    families = {ends.sub("", name) for name in await exposed(server)}
    for path in ("deploy/grafana/x18.json", "docs/operations.md"):
        shown = {ends.sub("", name) for name in named_in((ROOT / path).read_text())}
        assert families - shown == set(), path


def test_every_alert_is_in_the_runbook_and_the_other_way_round() -> None:
    alerts = set(re.findall(r"alert: (\w+)", (ROOT / "deploy/prometheus/alerts.yml").read_text()))

    assert set(re.findall(r"\| `(X18\w+)` \|", (ROOT / "docs/operations.md").read_text())) == alerts


def composed(part: str = "services") -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parts[part]


def test_compose_passes_every_setting_that_a_container_may_have() -> None:
    known = set(SETTING.findall((ROOT / ".env.example").read_text()))

    assert set(composed()["app"]["environment"]) == known - SET_BY_COMPOSE


def test_compose_gives_nobody_the_address_of_the_proxy() -> None:
    (pool,) = composed("networks")["front"]["ipam"]["config"]
    proxy = ip_address(composed()["proxy"]["networks"]["front"]["ipv4_address"])

    assert proxy in ip_network(pool["subnet"])
    assert proxy not in ip_network(pool["ip_range"])


def test_a_process_takes_as_many_connections_as_is_said() -> None:
    pool = inspect.signature(start_pool).parameters["max_size"].default + MOST_DEAR
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(composed()["postgres"]["command"]))
    guide = (ROOT / "docs/deployment.md").read_text()

    assert pool + readers.MOST + 2 == CONNECTIONS_WANTED
    assert f"at most {CONNECTIONS_WANTED} connections" in guide
    assert f"the {(int(most) - 3) // CONNECTIONS_WANTED} that this PostgreSQL" in guide  # 3 are kept for superusers


def test_compose_keeps_the_databases_inside() -> None:
    services = composed()

    for name in ("postgres", "valkey"):
        assert "ports" not in services[name]
        assert services[name]["networks"] == ["back"]
        assert services["app"]["depends_on"][name] == {"condition": "service_healthy"}
        assert "healthcheck" in services[name]


def test_compose_has_no_secret_of_its_own() -> None:
    for service in composed().values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "SECRET" in name or "AUTH" in name or "TOKEN" in name:
                assert str(value).startswith("${"), name


def test_compose_gives_production_what_it_asks_for() -> None:
    """With the variables filled as the guide says, the settings are accepted."""
    environment = composed()["app"]["environment"]

    def fill(value: object) -> str:
        name, _, default = str(value).removeprefix("${").removesuffix("}").partition(":")
        if not str(value).startswith("${"):
            return str(value)
        return default[1:] if default.startswith("-") else f"{name}-{'x' * 40}"

    settings = read_settings({name: fill(value) for name, value in environment.items()})

    assert settings.is_production
    assert settings.database_url is not None
    assert "@postgres:5432/x18_backend" in settings.database_url
    assert settings.trusted_proxies == (composed()["proxy"]["networks"]["front"]["ipv4_address"],)


def test_compose_has_all_it_asks_for_after_the_script_and_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SERVER_PORT=9000\nDB_PASSWORD=mine\nREDIS_PASSWORD=")
    script = [str(ROOT / "deploy/compose-env.sh")]
    subprocess.run(script, cwd=tmp_path, check=True, timeout=30)
    first = dotenv_values(tmp_path / ".env")
    subprocess.run(script, cwd=tmp_path, check=True, timeout=30)

    assert dotenv_values(tmp_path / ".env") == first
    asked_for = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert asked_for - {name for name, value in first.items() if value} == set()
    assert (first["SERVER_PORT"], first["DB_PASSWORD"]) == ("9000", "mine")
    made = [value for name, value in first.items() if name not in ("SERVER_PORT", "DB_PASSWORD")]
    assert len(set(made)) == len(made) == 5
    assert all(len(value or "") == 64 for value in made)
    read_settings({**first, "SERVER_ENV": "production", "DB_HOST": "postgres", "REDIS_HOST": "valkey"})


def proxies(command: str) -> str:
    """The program, or a skip that says what is missing."""
    found = shutil.which(command)
    if found is None:
        pytest.skip(f"there is no {command} on this machine: apt-get install {command}")
    return found


def test_caddy_takes_the_caddyfile(tmp_path: Path) -> None:
    command = [proxies("caddy"), "validate", "--config", str(ROOT / "deploy/Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(tmp_path)}
    )

    assert done.returncode == 0, done.stderr


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    name = ["-subj", "/CN=x18.example.com", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *name], check=True, capture_output=True)
    ours = (ROOT / "deploy/nginx.conf").read_text()
    ours = re.sub(r"/etc/letsencrypt/live/[^/]+", str(tmp_path), ours).replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{ours}\n}}\n")
    command = [proxies("nginx"), "-t", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_every_setting_is_in_the_example() -> None:
    source = (ROOT / "src/x18/settings.py").read_text()
    read = set(re.findall(r"source\.\w+\(\s*\"([A-Z][A-Z0-9_]+)\"", source)) | set(re.findall(r'": "(S3_\w+)"', source))

    assert len(read) > 20
    assert read - set(SETTING.findall((ROOT / ".env.example").read_text())) - {"BCRYPT_COST"} == set()


def test_a_copy_of_the_example_is_as_good_as_none() -> None:
    given = dotenv_values(ROOT / ".env.example")

    assert read_settings({name: value for name, value in given.items() if value is not None}) == read_settings({})
    assert [name for name in given if re.search("SECRET|PASSWORD|TOKEN$", name) and name != "WS_QUERY_TOKEN"] == []


def test_proxies_keep_queries_out_of_their_logs() -> None:
    nginx = (ROOT / "deploy/nginx.conf").read_text()

    assert nginx.count("access_log /var/log/nginx/x18.log x18;") == len(re.findall(r"^server {", nginx, re.MULTILINE))
    assert "$request " not in nginx
    assert 'request>uri regexp [?].* ""' in (ROOT / "deploy/Caddyfile").read_text()


def test_proxies_hide_the_metrics() -> None:
    assert re.search(r"path /metrics.*\n\s*respond @private 404", (ROOT / "deploy/Caddyfile").read_text())
    assert "location /metrics { return 404; }" in (ROOT / "deploy/nginx.conf").read_text()


def test_the_image_is_not_run_by_root_and_has_no_tools_to_build() -> None:
    build, _, final = (ROOT / "Dockerfile").read_text().partition("\nFROM python:3.13-slim\n")

    assert "--without-pip" in build
    assert re.search(r"^USER [1-9]\d*$", final, re.MULTILINE)
    assert not re.search(r"^RUN .*(apt|pip|gcc)", final, re.MULTILINE)
    assert "HEALTHCHECK" in final


@pytest.fixture
async def restricted(server: Server, tmp_path: Path) -> AsyncIterator[Server]:
    """X18 on a Valkey that has the rights which compose gives."""
    users = composed("configs")["valkey-users"]["content"].replace("${REDIS_PASSWORD}", "a-password")
    (tmp_path / "users.acl").write_text(users)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        find_valkey(),
        "--port",
        str(port),
        "--aclfile",
        str(tmp_path / "users.acl"),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as valkey:
        try:
            url = f"redis://:a-password@127.0.0.1:{port}"
            async with running(make_server(server.database_url, url, tmp_path, RATE_LIMITS="on")) as x18:
                yield x18
        finally:
            valkey.terminate()


async def test_the_rights_that_compose_gives_on_valkey_are_enough_and_no_more(restricted: Server) -> None:
    author = await register(restricted.url, f"acl_{secrets.token_hex(4)}")
    async with live(restricted, None, "explore") as client:
        made = await author.client.post("/api/posts", json={"content": "through Valkey"})
        await client.wait_for_post(made.json()["id"])
    await author.client.aclose()
    assert made.headers["RateLimit-Remaining"]
    assert "NOPERM" not in restricted.read_log()
    assert "Redis" not in restricted.read_log()

    redis = Redis.from_url(restricted.redis_url)
    assert "valkey_version" in await redis.info("server"), "what x18 doctor asks for"
    for command in (
        ["SET", "other:key", "1"],
        ["PUBLISH", "other", "1"],
        ["CONFIG", "GET", "*"],
        ["FLUSHALL"],
        ["KEYS", "*"],
    ):
        with pytest.raises(NoPermissionError):
            await redis.execute_command(*command)
    await redis.aclose()


def test_compose_gives_no_container_more_than_it_needs() -> None:
    for name, service in composed().items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "pids_limit"} <= set(service), name
    assert composed()["app"]["read_only"]
    assert all("size=" in mount for mount in composed()["app"]["tmpfs"])
    assert composed("networks")["back"]["internal"]
    assert "PASSWORD" not in str([service.get("command") for service in composed().values()]), (
        "arguments are read by everybody"
    )


def test_the_unit_and_the_proxy_have_limits_too() -> None:
    unit = (ROOT / "deploy/x18.service").read_text()
    assert all(f"\n{name}=" in unit for name in ("MemoryMax", "TasksMax", "SystemCallFilter", "NoNewPrivileges"))
    proxy = (ROOT / "deploy/nginx.conf").read_text()
    assert all(f"{name} " in proxy for name in ("limit_conn", "limit_req", "limit_conn_status", "limit_req_status"))
    assert "$http_host" in proxy


def pins_in(name: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {package.lower().replace("_", "-"): version for package, version in found}


def test_the_image_installs_the_pinned_versions_by_their_hashes() -> None:
    """After a change of constraints.txt: make hashes."""
    hashed = (ROOT / "constraints-hashed.txt").read_text()
    pinned, image = pins_in("constraints.txt"), pins_in("constraints-hashed.txt")

    assert len(image) > 50
    assert {name: version for name, version in image.items() if pinned.get(name) != version} == {}
    blocks = re.split(r"\n(?=\S)", hashed.strip())
    assert [block.split(" ")[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in hashed, "no address of a registry"
    assert "--require-hashes --no-deps -r constraints-hashed.txt" in (ROOT / "Dockerfile").read_text()
