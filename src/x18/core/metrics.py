"""Metrics of a process. ``runtime/metrics.py`` exposes them; every label here has a bounded set of values.

With several processes behind one port the values live in files of ``PROMETHEUS_MULTIPROC_DIR``, and a gauge says how the values of
living processes become one: summed, the least or the greatest.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, of which nobody asks anything

REGISTRY: Final = CollectorRegistry()

FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; requests and deliveries take milliseconds."""


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(name, meaning, labels, registry=REGISTRY)


def _sum(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(name, meaning, labels, registry=REGISTRY, multiprocess_mode="livesum")


def _greatest(name: str, meaning: str) -> Gauge:
    return Gauge(name, meaning, registry=REGISTRY, multiprocess_mode="livemax")


def _least(name: str, meaning: str) -> Gauge:
    return Gauge(name, meaning, registry=REGISTRY, multiprocess_mode="livemin")


# Requests

HTTP_REQUESTS: Final = _counter("x18_http_requests", "Requests answered", "method", "route", "status")
HTTP_SECONDS: Final = Histogram(
    "x18_http_request_duration_seconds",
    "From a request to the beginning of its answer",
    ("method", "route"),
    registry=REGISTRY,
    buckets=FAST,
)
PASSWORDS_WAITING: Final = _sum("x18_password_hashes_waiting", "Log-ins and registrations that wait for bcrypt")

# The live channel

CONNECTIONS: Final = _sum("x18_connections", "Live connections")
USERS: Final = _sum("x18_users_connected", "Users with a live connection, counted in each process")
SUBSCRIPTIONS: Final = _sum("x18_subscriptions", "Subscriptions by kind of topic", "kind")
WATCHED: Final = _sum("x18_watched_posts", "Posts of which connections want the counters, counted per connection")
DELIVERIES: Final = _counter("x18_deliveries", "Events written to connections, live ones without replays")
COMMIT_TO_SOCKET: Final = Histogram(
    "x18_commit_to_socket_seconds",
    "From the making of a post, retweet or notification to its being written to all sockets of a process",
    registry=REGISTRY,
    buckets=FAST,
)
QUEUE_BYTES: Final = _sum("x18_queue_bytes", "Bytes queued for clients that do not keep up")
CLOSES: Final = _counter(
    "x18_closes", "Connections that ended, by close code; 'other' for codes that clients made up", "code"
)
RESUMES: Final = _counter(
    "x18_resumes",
    "Subscriptions with a cursor: accepted, or the reason of a gap (too_far_behind after accepted)",
    "result",
)
GAPS: Final = _counter("x18_gaps", "Clients told that events cannot be sent, by reason", "reason")

# The event log and the ways to it

FEED_EVENTS: Final = _counter("x18_feed_events", "Events received from the broker, or read from the log", "source")
LOG_HEAD: Final = _greatest("x18_log_head", "Number of the newest event that this node knows of")
FEED_POSITION: Final = _least(
    "x18_feed_position", "Number of the last event delivered, of the process that is furthest behind"
)
BROKER_LAG: Final = _greatest(
    "x18_broker_lag_seconds", "Time since the leader was last heard; it sends something every quarter of a second"
)
BROKER_WAITING: Final = _sum("x18_broker_waiting", "Batches that Redis has not accepted yet")
BROKER_DROPS: Final = _counter(
    "x18_broker_drops", "Batches that Redis did not accept; other nodes read them from the log"
)
BROKER_REFUSED: Final = _counter(
    "x18_broker_refused",
    "Messages on Redis that were ignored: not sealed by a node of this site, or older than one that was taken",
    "reason",
)
RELAY_LEADS: Final = _sum("x18_relay_leads", "1 where the relay leads: the sum over all nodes is 1")

# The process

POOL: Final = _sum(
    "x18_pool_connections",
    "Connections to PostgreSQL by pool (requests, channel) and state (used, idle)",
    "pool",
    "state",
)
OUTAGES: Final = _counter("x18_outages", "Requests answered with 503 because of PostgreSQL or a full disk", "reason")
JOBS_FAILED: Final = _counter("x18_jobs_failed", "Failed runs of background jobs", "work")
TASKS: Final = _sum("x18_tasks", "asyncio tasks")
LOOP_LAG: Final = _greatest("x18_event_loop_lag_seconds", "How late a timer of one second fired")
MEMORY: Final = _sum("x18_resident_memory_bytes", "Resident memory of all processes")
