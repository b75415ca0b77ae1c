"""What lies in ``deploy/`` names things that exist."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.server import Server
from x18.settings import read_settings

ROOT = Path(__file__).parent.parent
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
SETTING = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


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


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def test_compose_sets_what_x18_reads_and_keeps_the_databases_inside() -> None:
    services = compose()
    known = set(SETTING.findall((ROOT / ".env.example").read_text()))

    assert set(services["app"]["environment"]) - known == set()
    for name in ("postgres", "valkey"):
        assert "ports" not in services[name]
        assert services[name]["networks"] == ["back"]
        assert services["app"]["depends_on"][name] == {"condition": "service_healthy"}
        assert "healthcheck" in services[name]


def test_compose_has_no_secret_of_its_own() -> None:
    for service in compose().values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "SECRET" in name or "AUTH" in name or "TOKEN" in name:
                assert str(value).startswith("${"), name


def test_compose_gives_production_what_it_asks_for() -> None:
    """With the variables filled as the guide says, the settings are accepted."""
    environment = compose()["app"]["environment"]

    def fill(value: object) -> str:
        name, _, default = str(value).removeprefix("${").removesuffix("}").partition(":")
        if not str(value).startswith("${"):
            return str(value)
        return default[1:] if default.startswith("-") else f"{name}-{'x' * 40}"

    settings = read_settings({name: fill(value) for name, value in environment.items()})

    assert settings.is_production
    assert settings.database_url is not None
    assert "@postgres:5432/x18_backend" in settings.database_url
    assert settings.trusted_proxies == (compose()["proxy"]["networks"]["front"]["ipv4_address"],)


def test_every_setting_is_in_the_example() -> None:
    source = (ROOT / "src/x18/settings.py").read_text()
    read = set(re.findall(r"source\.\w+\(\s*\"([A-Z][A-Z0-9_]+)\"", source)) | set(re.findall(r'": "(S3_\w+)"', source))

    assert len(read) > 20
    assert read - set(SETTING.findall((ROOT / ".env.example").read_text())) - {"BCRYPT_COST"} == set()


def test_proxies_hide_the_metrics() -> None:
    assert re.search(r"path /metrics.*\n\s*respond @private 404", (ROOT / "deploy/Caddyfile").read_text())
    assert "location /metrics { return 404; }" in (ROOT / "deploy/nginx.conf").read_text()


def test_the_image_is_not_run_by_root_and_has_no_tools_to_build() -> None:
    build, _, final = (ROOT / "Dockerfile").read_text().partition("\nFROM python:3.13-slim\n")

    assert "--without-pip" in build
    assert re.search(r"^USER [1-9]\d*$", final, re.MULTILINE)
    assert not re.search(r"^RUN .*(apt|pip|gcc)", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
