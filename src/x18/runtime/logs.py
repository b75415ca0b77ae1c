"""Logging of the process: one way for all libraries, lines for people in a terminal and JSON for machines elsewhere."""

import io
import logging
import re
import sys
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

NAMES: Final = r"(?:token|ticket|password|secret|credentials)"
SECRETS: Final = re.compile(
    rf"(?i)({NAMES}\\?[\"']?\s*[=:]\s*\\?[\"'])[^\"'\\]*"  # "password": "…", also as JSON inside JSON
    rf"|({NAMES}\s*[=:]\s*)[^\s&\"']+"  # token=…
    r"|(\bbearer\s+)[\w.~+/=-]+"
    r"|(\b[a-z][a-z+]{0,30}://[^\s/:@]*:)[^\s/@]+(?=@)"  # an address with user and password
    r"|()\beyJ[\w-]{1,250}\.[\w-]+\.[\w-]+"  # a JSON Web Token, wherever it stands
)
"""Bounded, because a line may hold what a client sent: an open repetition there would take the square of the line's length."""

CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Of what a client sent these reach no terminal and no viewer of logs as they are: they move the cursor, set its clipboard, turn the
direction of a line or hide in it. Tabs and line ends are left to the renderer, which quotes them."""

QUIET: Final = {"uvicorn": logging.WARNING, "httpx": logging.WARNING}


def set_up_logging(level: str, *, as_json: bool | None = None) -> None:
    """Log to standard error: X18 from this level on, libraries from warnings on. JSON unless standard error is a terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.getLogger("x18").setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def make_formatter(*, as_json: bool) -> logging.Formatter:
    """Renders records of any library, with the ids that are bound in their context."""
    shown: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        shown += [
            structlog.processors.format_exc_info,
            _escape_controls,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        shown.append(_escape_controls)
        # The default tracebacks show local variables, and with them passwords.
        shown.append(structlog.dev.ConsoleRenderer(exception_formatter=_show_traceback))
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[*shown, _hide_secrets],
    )


def _escape_controls(_: Any, __: str, event: EventDict) -> EventDict:
    """The values of a line without characters that act on whoever reads it."""
    return {name: escape_controls(value) if isinstance(value, str) else value for name, value in event.items()}


def escape_controls(text: str) -> str:
    r"""A text in which characters that control a terminal or the direction of writing are written out, as ``\x1b``."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _show_traceback(out: TextIO, exc_info: ExcInfo) -> None:
    told = io.StringIO()
    structlog.dev.plain_traceback(told, exc_info)
    out.write(escape_controls(told.getvalue()))


def _hide_secrets(_: Any, __: str, line: Any) -> Any:
    """The finished line without what lets somebody in, wherever that came from."""
    return hide_secrets(line)


def hide_secrets(text: str) -> str:
    """A text in which tokens, tickets and passwords are replaced by ``***``."""
    return SECRETS.sub(lambda found: "".join(part or "" for part in found.groups()) + "***", text)
