"""``/api/media``, and the files themselves under ``/storage/media``."""

import re
from contextlib import aclosing
from email.utils import format_datetime
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from x18.core.addresses import address_of, network_of
from x18.core.answers import Success
from x18.core.conditional import is_known
from x18.core.errors import NoSuchRange, NotFound
from x18.core.http import CurrentUser, Visitor
from x18.core.idempotency import once, recall
from x18.core.limits import Rates
from x18.core.paging import Page, listed
from x18.core.viewer import id_of
from x18.media import actions, queries
from x18.media.admission import Admission
from x18.media.forms import read_form
from x18.media.kinds import KINDS, MAX_BYTES, NAME
from x18.media.schemas import MediaList, MediaView
from x18.media.storage import Storage, StoredFile
from x18.media.workshop import Workshop

MAX_BODY_BYTES: Final = MAX_BYTES + 64 * 1024
RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class MediaController(Controller):
    """Files of posts."""

    path = "/media"
    tags = ["media"]

    @post(
        "/upload",
        summary="Upload a file",
        request_max_body_size=MAX_BODY_BYTES,
        opt={"rate": Rates.UPLOAD},
        responses={201: ResponseSpec(MediaView)},
    )
    async def upload(
        self,
        viewer: CurrentUser,
        storage: NamedDependency[Storage],
        workshop: NamedDependency[Workshop],
        admission: NamedDependency[Admission],
        request: Request[Any, Any, Any],
    ) -> Response[Any]:
        """JPG, PNG, GIF, WebP, MP4 or WebM, at most 10 MiB, told by its content."""
        network = network_of(address_of(request))
        async with admission.enter(network, viewer.user_id), aclosing(await read_form(request)) as form:
            content = await actions.digest(form)
            answer = await recall(request, viewer.user_id, content)
            if answer is None:
                async with actions.stored(viewer.user_id, network, form, storage, workshop, admission) as upload:

                    async def make() -> MediaView:
                        await actions.describe(upload)
                        return await queries.get_media(upload.id, viewer.user_id)

                    answer = await once(request, viewer.user_id, content, make)
        return Response(answer, status_code=201)

    @get("/{media_id:uuid}", summary="Metadata of a file")
    async def show(self, media_id: FromPath[UUID], visitor: Visitor) -> MediaView:
        """A file in a post is seen by whoever may see the post, any other by its owner."""
        return await queries.get_media(media_id, id_of(visitor))

    @delete("/{media_id:uuid}", summary="Delete a file", status_code=200)
    async def remove(self, media_id: FromPath[UUID], viewer: CurrentUser, storage: NamedDependency[Storage]) -> Success:
        """By its owner only; the file itself is gone too."""
        await actions.delete(media_id, viewer.user_id, storage)
        return Success()

    @get("/user/{user_id:uuid}", summary="A user's files")
    async def of_user(
        self, user_id: FromPath[UUID], visitor: Visitor, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[MediaList]:
        """The newest first."""
        return listed(request, await queries.list_media(user_id, id_of(visitor), page))


@get("/storage/media/{name:str}", include_in_schema=False)
async def serve_file(
    name: FromPath[str], request: Request[Any, Any, Any], storage: NamedDependency[Storage]
) -> Response[Any]:
    """The bytes, whole or a range (RFC 9110 §14); 304 when the client has them.

    Nobody is asked who they are: the address is the secret, and who may see the post is told it. What was once given may be kept by
    caches for a year; what was deleted, or is of a disabled account, is not given any more.
    """
    match = NAME.fullmatch(name)
    file = await storage.look_up(name) if match else None
    if file is None or match is None or not await queries.is_served(UUID(name[:36])):
        raise NotFound("No such file.", code="media_not_found")
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": file.etag,
        "Last-Modified": format_datetime(file.modified, usegmt=True),
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Disposition": f'inline; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if is_known(request, file.etag):
        return Response(None, status_code=304, headers=headers)
    status, start, length = _range_of(request, file)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.size}"
    headers["Content-Length"] = str(length)
    media_type = KINDS[match[1] or match[2]].mime_type
    return Stream(storage.read(name, start, length), status_code=status, headers=headers, media_type=media_type)


def _range_of(request: Request[Any, Any, Any], file: StoredFile) -> tuple[int, int, int]:
    """Status, first byte and how many. Ranges that are several or malformed are ignored, as RFC 9110 §14.2 allows.

    Raises:
        NoSuchRange: it begins behind the end.
    """
    condition = request.headers.get("if-range")
    match = RANGE.fullmatch(request.headers.get("range", "").strip())
    if match is None or match[0] == "bytes=-" or condition not in (None, file.etag):
        return 200, 0, file.size
    first, last = match[1], match[2]
    if first and last and int(first) > int(last):
        return 200, 0, file.size
    start = int(first) if first else max(0, file.size - int(last))
    end = min(int(last), file.size - 1) if first and last else file.size - 1
    if start >= file.size:
        raise NoSuchRange(
            f"The file has {file.size} bytes.",
            headers={"Content-Range": f"bytes */{file.size}", "Accept-Ranges": "bytes"},
        )
    return 206, start, end - start + 1


controllers: Final = [MediaController]
files: Final = [serve_file]
