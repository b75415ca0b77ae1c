"""A JSON document of which the end is another for each reader, as it tells where it was read."""

import hashlib
import zlib
from typing import Any, Final

import msgspec

from x18.core.static import File

GZIP: Final = 31
"""The window that makes zlib write the format of gzip."""


class OpenEnded:
    """What all readers get is encoded and compressed once; an end costs a few microseconds."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._body = msgspec.json.encode(document)[:-1]
        self._hash = hashlib.blake2b(self._body, digest_size=12)
        self._compressor = zlib.compressobj(9, wbits=GZIP)
        self._zipped = self._compressor.compress(self._body) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def ended(self, **members: Any) -> File:
        """The document with these further members."""
        end = b"," + msgspec.json.encode(members)[1:]
        compressor, digest = self._compressor.copy(), self._hash.copy()
        digest.update(end)
        zipped = self._zipped + compressor.compress(end) + compressor.flush()
        tag = digest.hexdigest()
        return File(self._body + end, zipped, f'"{tag}"', f'"{tag}-gzip"', "application/json")
