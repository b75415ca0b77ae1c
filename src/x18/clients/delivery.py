"""The account of a measurement: what was posted, who got it, how often and when."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from x18.clients.account import Account

BUSY = 0.85
"""From here on this program is what is slow, and times say more of it than of the server."""

ECHO_S = 0.5


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Figures:
    """``lost`` and ``doubled`` count pairs of a post and a connection. ``client_busy`` is this program's share of a core."""

    connections: int
    seconds: float
    posts: int
    failed_posts: int
    expected: int
    delivered: int
    lost: int
    doubled: int
    reconnects: int
    commit_to_receipt_ms: Percentiles | None
    send_to_receipt_ms: Percentiles | None
    client_busy: float

    @property
    def is_exact(self) -> bool:
        """Whether something was delivered, and all of it exactly once."""
        return self.expected > 0 and self.lost == self.doubled == self.failed_posts == 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "exact": self.is_exact}

    def as_rows(self, *, is_final: bool) -> list[tuple[str, str]]:
        """For people."""
        rows = [
            ("connections", f"{self.connections:,}  ({self.reconnects} reconnects)"),
            ("posts", f"{self.posts:,} in {self.seconds:.1f} s  ({self.failed_posts} failed)"),
            (
                "deliveries",
                f"{self.delivered:,} of {self.expected:,}  ({self.delivered / max(self.seconds, 0.1):,.0f}/s)",
            ),
            ("lost" if is_final else "under way", f"{self.lost:,}"),
            ("doubled", f"{self.doubled:,}"),
            ("commit → receipt", _show(self.commit_to_receipt_ms)),
            ("send → receipt", _show(self.send_to_receipt_ms)),
        ]
        if self.client_busy > BUSY:
            rows.append(
                ("note", f"this program used {self.client_busy:.0%} of a core, so the times include its own delays")
            )
        return rows


class Delivery:
    """Filled by the listeners and by whoever posts, in any order: a post may be received before it is answered."""

    def __init__(self, listeners: int) -> None:
        self._listeners = listeners
        self.authors: dict[str, Account] = {}
        self.failed = 0
        self.reconnects = 0
        self._doubled = 0
        self._sent: dict[str, float] = {}
        self._made: dict[str, float] = {}
        self._had_by: defaultdict[str, set[int]] = defaultdict(set)
        self._receipts: list[tuple[str, float]] = []
        self._complete = asyncio.Event()

    def posted(self, post_id: str, author: Account, sent: float) -> None:
        """A post was answered; ``sent`` is when it was first sent."""
        self.authors[post_id], self._sent[post_id] = author, sent

    def received(self, listener: int, post_id: str, created_at: str) -> None:
        """A post came to a listener."""
        self._receipts.append((post_id, time.time()))
        had_by = self._had_by[post_id]
        if listener in had_by:
            self._doubled += 1
        had_by.add(listener)
        if post_id not in self._made:
            self._made[post_id] = datetime.fromisoformat(created_at).timestamp()
        if len(had_by) == self._listeners and not self._missing():
            self._complete.set()

    async def settle(self, seconds: float) -> None:
        """Wait until every listener has every post, at most so long, and a moment more for what comes twice."""
        self._complete.clear()
        if self._missing():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._complete.wait(), seconds)
        await asyncio.sleep(ECHO_S)

    def figures(self, seconds: float, busy: float, *, newest: int | None = None) -> Figures:
        """The numbers of now; times of the ``newest`` receipts, or of all. What is under way counts as lost."""
        receipts = self._receipts if newest is None else self._receipts[-newest:]
        ours = [(post_id, at) for post_id, at in receipts if post_id in self._sent]
        missing = self._missing()
        expected = len(self._sent) * self._listeners
        return Figures(
            connections=self._listeners,
            seconds=round(seconds, 2),
            posts=len(self._sent),
            failed_posts=self.failed,
            expected=expected,
            delivered=expected - missing,
            lost=missing,
            doubled=self._doubled,
            reconnects=self.reconnects,
            commit_to_receipt_ms=_percentiles([at - self._made[post_id] for post_id, at in ours]),
            send_to_receipt_ms=_percentiles([at - self._sent[post_id] for post_id, at in ours]),
            client_busy=round(busy, 2),
        )

    def _missing(self) -> int:
        return sum(self._listeners - len(self._had_by[post_id]) for post_id in self._sent)


def _percentiles(seconds: Sequence[float]) -> Percentiles | None:
    if not seconds:
        return None
    ordered = sorted(seconds)
    p50, p95, p99 = (round(1000 * ordered[int(share * (len(ordered) - 1))], 1) for share in (0.5, 0.95, 0.99))
    return Percentiles(p50, p95, p99)


def _show(times: Percentiles | None) -> str:
    return f"p50 {times.p50:.1f}  p95 {times.p95:.1f}  p99 {times.p99:.1f} ms" if times else "-"
