"""Problems as messages of ASGI, for where no framework answers."""

from typing import Any, Final

import msgspec

from x18.core.errors import Problem
from x18.core.problems import MEDIA_TYPE, body_of
from x18.core.requests import SECURITY_HEADERS, request_id_of

HTTP: Final = "http.response"


def messages_of(scope: Any, problem: Problem, kind: str = HTTP) -> tuple[Any, Any]:
    """A whole answer that ends the connection. ``kind`` is how its messages are named."""
    body = msgspec.json.encode(body_of(problem, scope["path"], request_id_of(scope)))
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Request-ID": request_id_of(scope),
        **SECURITY_HEADERS,
    }
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    start = {
        "type": f"{kind}.start",
        "status": int(problem.status),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return start, {"type": f"{kind}.body", "body": body, "more_body": False}
