"""The messages of the live channel, its limits and its close codes.

Imports nothing of the server: clients may copy or import it. What the messages mean: ``docs/protocol.md``.
"""

from x18.realtime.protocol.codes import *  # noqa: F403
from x18.realtime.protocol.limits import *  # noqa: F403
from x18.realtime.protocol.messages import *  # noqa: F403
from x18.realtime.protocol.requests import *  # noqa: F403
