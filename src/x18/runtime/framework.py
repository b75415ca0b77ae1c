"""Takes away, at start, the caches in which Litestar remembers requests.

It caches query strings, paths, cookies and addresses by what was sent: up to 1,024 of each, some of them of megabytes each, so that a
stranger can fill memory for good (docs/framework-defaults.md). What they save is a few microseconds.

The names are private. So every cache in Litestar's modules is taken away, whatever it is called; those of today are looked for by
name, and where a release lacks one, the log says so. What is left then is bounded by the length of a head (``runtime/heads.py``).
"""

import logging
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Litestar
from litestar.routes import HTTPRoute

from x18.core.errors import BadInput
from x18.runtime.heads import MANY_PARAMETERS, MAX_PARAMETERS

logger = logging.getLogger("x18")

QUERY: Final = "parse_query_string"
"""Replaced by one that counts, as a ``call`` over a socket comes past what looks at heads."""

KNOWN: Final = {
    "litestar._parsers": (QUERY, "parse_cookie_string", "parse_url_encoded_form_data"),
    "litestar._kwargs.extractors": (QUERY, "create_query_default_dict"),
    "litestar._asgi.routing_trie.traversal": ("parse_path_params",),
    "litestar.connection.base": (QUERY, "parse_cookie_string"),
}
ROUTING: Final = "handle_routing"


def remove_caches(app: Litestar) -> None:
    """Let nothing be remembered that a request says."""
    if missing := missing_names(app):
        logger.warning("Litestar changed (%s): it may cache requests; install the pinned version", ", ".join(missing))
    for holder, name, value in list(_caches()):
        is_method = isinstance(value, classmethod | staticmethod)
        plain: Any = value.__func__.__wrapped__ if is_method else value.__wrapped__
        if name == QUERY:
            plain = parse_query
        setattr(holder, name, type(value)(plain) if is_method else plain)
    router: Any = app.asgi_router
    if isinstance(getattr(router, ROUTING, None), _lru_cache_wrapper):
        setattr(router, ROUTING, getattr(router, ROUTING).__wrapped__)


def resolve_one_by_one(app: Litestar) -> None:
    """Have the dependencies of a handler made one after the other. None of ours waits, and Litestar would start a task for each."""
    models = [
        model for route in app.routes if isinstance(route, HTTPRoute) for _, model in route.route_handler_map.values()
    ]
    for model in models:
        model.dependency_batches = [{one} for batch in model.dependency_batches for one in batch]


def missing_names(app: Litestar) -> list[str]:
    """Names of known caches that this version of Litestar does not have."""
    names = [(sys.modules.get(module), name) for module, known in KNOWN.items() for name in known]
    return [name for holder, name in [*names, (app.asgi_router, ROUTING)] if not hasattr(holder, name)]


def parse_query(query_string: bytes) -> tuple[tuple[str, str], ...]:
    """The parameters in their order.

    Raises:
        BadInput: more than anybody needs.
    """
    if query_string.count(b"&") >= MAX_PARAMETERS:
        raise BadInput(MANY_PARAMETERS.detail, code=MANY_PARAMETERS.code)
    return tuple(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))


def _caches() -> Iterator[tuple[Any, str, Any]]:
    """Each cache: the object that holds it, its name, and the cached function or method."""
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "litestar"]
    for module in modules:
        classes = [value for value in vars(module).values() if isinstance(value, type)]
        for holder in (module, *(kind for kind in classes if kind.__module__.partition(".")[0] == "litestar")):
            for name, value in vars(holder).items():
                function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
                if isinstance(function, _lru_cache_wrapper):
                    yield holder, name, value
