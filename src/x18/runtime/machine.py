"""The doctor's look at the settings and at this machine."""

import errno
import resource
import shutil
import socket
import tempfile
from collections.abc import Collection
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from x18.runtime.checkup import Finding
from x18.runtime.kept_secrets import FILE
from x18.settings import Settings, weaknesses

GIB: Final = 1024**3
DISK_LIMIT: Final = GIB // 4
DISK_WANTED: Final = 2 * GIB
FILES_WANTED: Final = 16_384
"""A live connection is a file."""


def check_settings(settings: Settings, own_secrets: Collection[str] = ()) -> list[Finding]:
    """Check for settings that work, but are not fit for production. ``own_secrets`` are not set, so ``x18 serve`` makes them."""
    findings = [Finding.ok("settings", f"SERVER_ENV={settings.server_env}, port {settings.server_port}")]
    if own_secrets:
        found = f"{' and '.join(own_secrets)} not set: x18 serve makes its own, kept in {settings.storage_path / FILE}"
        findings.append(Finding.ok("secrets", found))
    for weakness in weaknesses(settings):  # production does not even start with one
        found, _, remedy = weakness.partition(": ")
        if found.split()[0] in own_secrets:
            continue
        advice = f"Before others can reach this server {remedy}; and set SERVER_ENV=production."
        findings.append(Finding.warning("secrets", found, advice))
    if settings.is_production and not settings.metrics_token:
        advice = "Set METRICS_TOKEN and give it to Prometheus; until then /metrics answers nobody."
        findings.append(Finding.warning("metrics", "not readable", advice))
    if not settings.rate_limits:
        findings.append(Finding.warning("limits", "RATE_LIMITS=off", "Set it to on, unless this is a load test."))
    return findings


def check_disk(settings: Settings) -> Finding:
    """Whether the storage folder can be written and has room."""
    folder = settings.storage_path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x" * 4096)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        advice = "Set STORAGE_PATH to a folder that this user may write to, or free space."
        return Finding.failed("disk", f"{folder}: {error.strerror}", advice)
    found = f"{free / GIB:.1f} GiB free for {folder}"
    if free < DISK_LIMIT:
        return Finding.failed("disk", found, "Free space, or set STORAGE_PATH to another disk.")
    if free < DISK_WANTED:
        return Finding.warning("disk", found, "Free space: media and logs need it.")
    return Finding.ok("disk", found)


def check_files() -> Finding:
    """The number of connections that the process may hold."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"{limit} open files"
    if limit != resource.RLIM_INFINITY and limit < FILES_WANTED:
        advice = f"Every live connection is one: raise it with ulimit -n {FILES_WANTED} (LimitNOFILE= in systemd)."
        return Finding.warning("files", found, advice)
    return Finding.ok("files", found)


def check_port(settings: Settings) -> Finding:
    """Whether the port is free, or X18's already."""
    host, port = settings.server_host, settings.server_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return Finding.ok("port", f"{port} is free")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            advice = "Set SERVER_HOST to an address of this machine and SERVER_PORT (or PORT) to one that may be used."
            return Finding.failed("port", f"{host}:{port}: {error.strerror}", advice)
    if _is_x18(port):
        return Finding.ok("port", f"{port}: X18 runs there")
    return Finding.failed("port", f"{port} is in use", "Stop what uses it, or set SERVER_PORT (or PORT) to another.")


def _is_x18(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/api", timeout=3) as answer:  # our own port
            return b'"name":"x18"' in answer.read(1000)
    except (URLError, OSError, ValueError):
        return False
