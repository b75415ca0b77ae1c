"""X18 that writes down what it remembers when it gets SIGUSR1. Run by ``test_framework.py``, with the arguments of ``x18``."""

import encodings
import functools
import gc
import json
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from x18.__main__ import main


def write_down(_: int, __: FrameType | None) -> None:
    """Sizes of all caches by name, into a file that appears whole."""
    gc.unfreeze()  # what was there at start is hidden otherwise
    gc.collect()
    caches: dict[str, int] = {}
    for cache in gc.get_objects():
        if isinstance(cache, functools._lru_cache_wrapper):
            name = f"{cache.__module__}.{cache.__qualname__}"
            caches[name] = caches.get(name, 0) + cache.cache_info().currsize
    known: Any = encodings
    caches |= {"codecs": len(known._cache), "expressions": len(re._cache)}  # type: ignore[attr-defined]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    found = {"caches": caches, "resident": pages * os.sysconf("SC_PAGE_SIZE")}
    target = Path(os.environ["REMEMBERED"])
    target.with_suffix(".new").write_text(json.dumps(found))
    target.with_suffix(".new").rename(target)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, write_down)
    sys.exit(main())
