"""Messages to and from the process that works on a file. Plain values: they cross as JSON, and are checked on arrival."""

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_SIDE = 65_535
"""The longest side that JPEG can hold. A picture of one by forty million pixels takes a decoder many times as long as a square one."""

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]


class Rejected(Exception):
    """Why a file is not taken, for its sender."""


class Processed(msgspec.Struct, frozen=True):
    """Size in pixels as it is shown, duration of a video or an animation in milliseconds, and the blurhash."""

    width: Side
    height: Side
    duration_ms: Annotated[int, Meta(ge=0, lt=2**31)] | None
    blurhash: Annotated[str, Meta(max_length=64)]


class Job(msgspec.Struct, frozen=True):
    """Turn ``source`` in a folder into ``target`` and ``thumbnail`` there, within so much time of a processor."""

    folder: str
    extension: str
    cpu_s: int


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last message of a child: one of the first three fields, and the restrictions that its box lacked."""

    processed: Processed | None = None
    rejected: Annotated[str, Meta(max_length=500)] | None = None
    errno: int | None = None
    lacking: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=5)] = []


class Answer(msgspec.Struct, frozen=True):
    """The message of a child, None if it died before, and what the work cost."""

    told: Told | None
    cpu_s: float
