"""The form of an upload, read piece by piece. Nothing but its two fields is kept, and no codec is chosen by who sends it.

Litestar's own reader decodes a text by whatever codec the client names, and keeps every text in memory (docs/framework-defaults.md).
"""

from typing import Any, Final

from litestar import Request
from litestar.datastructures import UploadFile
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from x18.core.errors import BadInput, TooLarge
from x18.media.kinds import MAX_BYTES
from x18.media.schemas import UploadForm

MAX_BOUNDARY: Final = 70
"""Characters (RFC 2046 §5.1.1)."""

MAX_PARTS: Final = 20
MAX_PART_HEADERS: Final = 8
MAX_PART_HEADER_BYTES: Final = 1024
"""Of one line. A file's name, which nobody reads here, has at most 255 characters."""

MAX_TEXT_BYTES: Final = 8 * 1024
TEXT_CODECS: Final = frozenset({"utf-8", "utf8"})
PLAIN: Final = frozenset({"7bit", "8bit", "binary"})
"""Transfer encodings that encode nothing."""


async def read_form(request: Request[Any, Any, Any]) -> UploadForm:
    """The fields ``file`` and ``alt_text``; others are read over. Whoever gets the file closes it.

    Raises:
        BadInput: not such a form, a field that came twice, a text that is not UTF-8 or too long.
        TooLarge: the file is longer than is taken; what is left of it is not read.
    """
    reader = _Reader()
    try:
        parser = _parser_of(request)
        async for chunk in request.stream():
            for event in parser.parse(chunk) if chunk else ():
                await reader.take(event)
        parser.close()
        return await reader.finish()
    except MultipartError as error:
        await reader.give_up()
        raise BadInput(f"The form cannot be read: {error.args[0]}.") from error
    except BaseException:
        await reader.give_up()
        raise


def _parser_of(request: Request[Any, Any, Any]) -> PushMultipartParser:
    kind, options = request.content_type
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY:
        raise BadInput.of("file", "send a form: Content-Type: multipart/form-data; boundary=…")
    return PushMultipartParser(
        boundary,
        header_charset="latin-1",  # any bytes: of headers only words in ASCII are read, and a file has a name in whatever encoding
        max_header_size=MAX_PART_HEADER_BYTES,
        max_header_count=MAX_PART_HEADERS,
        max_segment_count=MAX_PARTS,
    )


class _Reader:
    """Puts the pieces of the two fields where they belong."""

    def __init__(self) -> None:
        self._file: UploadFile | None = None
        self._file_bytes = 0
        self._text: bytearray | None = None
        self._field = ""

    async def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """The begin of a part, a piece of it, or its end."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is not None and self._field == "file":
            await self._add_to_file(event)
        elif event is not None and self._field == "alt_text":
            self._add_to_text(event)

    async def finish(self) -> UploadForm:
        """The fields that came."""
        text = None
        if self._text is not None:
            try:
                text = self._text.decode()
            except UnicodeDecodeError as error:
                raise BadInput.of("alt_text", "must be UTF-8") from error
        if self._file is not None:
            await self._file.seek(0)
        return UploadForm(file=self._file, alt_text=text)

    async def give_up(self) -> None:
        """Let go of what came so far."""
        if self._file is not None:
            await self._file.close()

    def _begin(self, part: MultipartSegment) -> None:
        self._field = part.name or ""
        if self._field == "file":
            if self._file is not None or "filename" not in part.header("Content-Disposition", "").lower():
                raise BadInput.of("file", "must be one file")
            self._file = UploadFile("application/octet-stream", "")  # what it is, its content tells
        elif self._field == "alt_text":
            if self._text is not None:
                raise BadInput.of("alt_text", "must be one text")
            if (part.charset or "utf-8").lower() not in TEXT_CODECS:
                raise BadInput.of("alt_text", "must be UTF-8: send no other charset")
            self._text = bytearray()
        if self._field in ("file", "alt_text"):
            encoding = part.header("Content-Transfer-Encoding", "binary")
            if encoding.strip().lower() not in PLAIN:
                raise BadInput.of(self._field, "must be sent without a Content-Transfer-Encoding")

    async def _add_to_file(self, data: bytes | bytearray) -> None:
        assert self._file is not None
        self._file_bytes += len(data)
        if self._file_bytes > MAX_BYTES:
            raise TooLarge(f"A file has at most {MAX_BYTES // 1024 // 1024} MiB.")
        await self._file.write(data)

    def _add_to_text(self, data: bytes | bytearray) -> None:
        assert self._text is not None
        if len(self._text) + len(data) > MAX_TEXT_BYTES:
            raise BadInput.of("alt_text", f"must have at most {MAX_TEXT_BYTES:,} bytes")
        self._text += data
