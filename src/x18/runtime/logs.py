"""Logging of the process."""

import logging
import re
from typing import Final

SECRET: Final = re.compile(r"((?:token|ticket)=)[^&\s\"']+", re.IGNORECASE)


class HideSecrets(logging.Filter):
    """Tokens that existing clients send in an address are not written."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if SECRET.search(message):
            record.msg, record.args = SECRET.sub(r"\1***", message), None
        return True


def set_up_logging(level: str) -> None:
    """Log to standard error, from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(HideSecrets())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("x18").setLevel(level.upper())
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
