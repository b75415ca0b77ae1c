"""Uploads with real files, and files that lie."""

import asyncio
import io
import json
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil
import pytest
from PIL import Image

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.files import animated_gif, jpeg_of_a_phone, picture, save, video
from tests.server import Server

FIELDS = {
    "id", "user_id", "post_id", "type", "mime_type", "url", "thumbnail_url", "alt_text", "width", "height", "duration_ms",
    "size_bytes", "blurhash", "status", "created_at",
}  # fmt: skip


async def upload(user: Account, data: bytes, name: str = "file.bin", **fields: str) -> httpx.Response:
    return await user.client.post(
        "/api/media/upload", files={"file": (name, data, "text/html")}, data=fields, timeout=60
    )


def stored(server: Server) -> set[str]:
    return {path.name for path in (server.log.parent / "media").iterdir()}


@pytest.mark.parametrize(
    ("data", "kind", "mime", "extension"),
    [
        (jpeg_of_a_phone(), "image", "image/jpeg", "jpg"),
        (save(picture().convert("RGBA"), "PNG"), "image", "image/png", "png"),
        (animated_gif(), "gif", "image/gif", "gif"),
        (save(picture(), "WEBP"), "image", "image/webp", "webp"),
        (video("mp4", "libx264"), "video", "video/mp4", "mp4"),
        (video("webm", "libvpx"), "video", "video/webm", "webm"),
    ],
)
async def test_each_kind_is_taken_described_and_served(
    api: httpx.AsyncClient, make_user: MakeUser, data: bytes, kind: str, mime: str, extension: str
) -> None:
    user = await make_user()

    answer = await upload(user, data, "what.html", alt_text="a chart")

    assert answer.status_code == 201, answer.text
    media = answer.json()
    assert media.keys() == FIELDS
    assert (media["type"], media["mime_type"], media["alt_text"], media["status"]) == (kind, mime, "a chart", "ready")
    assert media["created_at"].endswith("Z")
    assert media["url"] == f"/storage/media/{media['id']}.{extension}"
    assert len(media["blurhash"]) >= 6
    assert media["duration_ms"] == {"image": None, "gif": 600, "video": 1000}[kind]
    served = await api.get(media["url"])
    assert (served.status_code, served.headers["content-type"], len(served.content)) == (200, mime, media["size_bytes"])
    thumbnail = Image.open(io.BytesIO((await api.get(media["thumbnail_url"])).content))
    assert thumbnail.format == "WEBP"
    assert max(thumbnail.size) <= 400


async def test_a_photo_loses_its_secrets_and_keeps_standing_upright(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    media = (await upload(await make_user(), jpeg_of_a_phone() + b"<script>tail</script>")).json()
    served = (await api.get(media["url"])).content
    image = Image.open(io.BytesIO(served))

    assert (media["width"], media["height"]) == image.size == (48, 64)
    assert dict(image.getexif()) == {}
    assert b"SecretCamera" not in served
    assert b"script" not in served
    red, green, _ = image.convert("RGB").getpixel((24, 4))  # type: ignore[misc]
    assert red > 200 > 60 > green, "the red half is on top now"


async def test_a_gif_stays_animated_and_loses_its_comment(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    media = (await upload(await make_user(), animated_gif())).json()
    served = (await api.get(media["url"])).content
    image: Any = Image.open(io.BytesIO(served))

    assert (image.n_frames, image.info.get("duration")) == (3, 100)
    assert b"secret" not in served


def bomb() -> bytes:
    """A PNG of 100 megapixels in 12 KB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = (10_000).to_bytes(4) * 2 + bytes([1, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 1251 * 10_000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"plain text", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"%PDF-1.7", 415),
        (b"GIF89a/*<script>*/=1;", 400),
        (b"\xff\xd8\xff\xe0 not really", 400),
        (save(picture(), "PNG")[:100], 400),
        (save(picture((400, 300)), "JPEG")[:300], 400),
        (b"\x00\x00\x00\x20ftypisom<html>", 400),
        (video("mp4", "libx264")[:300], 400),
        (b"\x1aE\xdf\xa3 webm nothing", 400),
        (bomb(), 400),
        (animated_gif(201), 400),
    ],
)
async def test_a_file_that_cannot_be_taken_leaves_nothing(
    server: Server, make_user: MakeUser, database: asyncpg.Pool, data: bytes, status: int
) -> None:
    user = await make_user()
    before = stored(server)

    answer = await upload(user, data, "picture.png")

    assert answer.status_code == status, answer.text
    assert stored(server) == before
    assert await database.fetchval("SELECT count(*) FROM media WHERE user_id = $1", user.id) == 0


async def test_ten_megabytes_are_the_most_and_memory_stays_small(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    picture_data = save(picture((3000, 3000)), "PNG", compress_level=0)
    exact = save(picture(), "JPEG")
    exact += b"\x00" * (10 * 1024 * 1024 - len(exact))
    await upload(user, exact)
    before = process.memory_info().rss

    answers = [await upload(user, data) for data in (exact, exact + b"\x00", picture_data)]

    assert [answer.status_code for answer in answers] == [201, 413, 413]
    assert answers[1].json()["detail"] == "A file has at most 10 MiB."
    assert "at most 10,551,296 bytes" in answers[2].json()["detail"]
    assert process.memory_info().rss - before < 32 * 1024 * 1024


async def test_an_upload_without_a_file_or_with_text_for_it_is_a_400(make_user: MakeUser) -> None:
    user = await make_user()

    for body in (
        {"data": {"alt_text": "x"}},
        {"data": {"file": "text"}},
        {"content": b"x"},
        {"files": {"other": b"x"}},
    ):
        assert (await user.client.post("/api/media/upload", **body)).status_code == 400  # type: ignore[arg-type]
    assert (await upload(user, save(picture(), "PNG"), alt_text="x" * 1001)).status_code == 400


async def test_a_broken_off_upload_leaves_nothing(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    before = stored(server)
    host, port = server.url.removeprefix("http://").split(":")
    for share in (0, 5_000, 9_000):
        _, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"POST /api/media/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.access_token}\r\nContent-Length: 10000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n"
        )
        writer.write(head.encode() + b"\x89PNG" * (share // 4))
        await writer.drain()
        writer.transport.abort()
    async with asyncio.timeout(30):
        while stored(server) != before:
            await asyncio.sleep(0.05)
    assert (await user.client.get("/health")).status_code == 200


async def test_parts_of_a_file_and_what_a_client_has_already(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    media = (await upload(await make_user(), save(picture(), "PNG"))).json()
    whole = await api.get(media["url"])
    size = media["size_bytes"]

    async def part(wanted: str, **headers: str) -> tuple[int, bytes, str | None]:
        answer = await api.get(media["url"], headers={"Range": wanted, **headers})
        return answer.status_code, answer.content, answer.headers.get("content-range")

    assert await part("bytes=0-9") == (206, whole.content[:10], f"bytes 0-9/{size}")
    assert await part("bytes=10-") == (206, whole.content[10:], f"bytes 10-{size - 1}/{size}")
    assert await part("bytes=-5") == (206, whole.content[-5:], f"bytes {size - 5}-{size - 1}/{size}")
    for outside in (f"bytes={size}-", "bytes=-0"):
        status, body, told = await part(outside)
        assert (status, json.loads(body)["code"], told) == (416, "range_not_satisfiable", f"bytes */{size}")
    for ignored in ("bytes=-", "bytes=a-b", "bytes=0-1,3-4", "bytes=5-3", "lines=1-2"):
        assert (await part(ignored))[0] == 200
    assert (await part("bytes=0-9", **{"If-Range": '"other"'}))[0] == 200
    tag = whole.headers["etag"]
    assert (await part("bytes=0-9", **{"If-Range": tag}))[0] == 206
    for condition in (tag, f'"other", W/{tag}', "*"):
        known = await api.get(media["url"], headers={"If-None-Match": condition})
        assert (known.status_code, known.content) == (304, b"")
    head = await api.head(media["url"], headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "max-age=31536000" in whole.headers["cache-control"]
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"
    for nothing in (f"{uuid4()}.png", "..%2f..%2fetc%2fpasswd", "x.html", f"{media['id']}.html"):
        assert (await api.get(f"/storage/media/{nothing}")).status_code == 404


async def test_media_in_a_post(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    first, second = [(await upload(user, save(picture(), "PNG"))).json() for _ in range(2)]
    refused = await other.client.post("/api/posts", json={"content": "not mine", "media_ids": [first["id"]]})
    made = await publish(user, "", media_ids=[second["id"], first["id"]])
    again = await user.client.post("/api/posts", json={"content": "twice", "media_ids": [first["id"]]})

    assert (refused.status_code, again.status_code) == (400, 400)
    assert [media["id"] for media in made["media"]] == [second["id"], first["id"]]
    assert all(media["created_at"].endswith("Z") for media in made["media"])
    assert (await api.get(f"/api/media/{first['id']}")).json()["post_id"] == made["id"]
    listed = (await api.get(f"/api/media/user/{user.id}?count=true")).json()
    assert ([media["id"] for media in listed["media"]], listed["total"]) == ([second["id"], first["id"]], 2)
    await user.client.patch("/api/users/me", json={"private_account": True})
    for client, seen in ((other.client, []), (api, []), (user.client, listed["media"])):
        status = 200 if seen else 404
        assert (await client.get(f"/api/media/{first['id']}")).status_code == status
        found = (await client.get(f"/api/media/user/{user.id}?count=true")).json()
        assert (len(found["media"]), found["total"]) == (len(seen), len(seen))
    await user.client.patch("/api/users/me", json={"private_account": False})
    await user.client.delete(f"/api/media/{first['id']}")
    assert [media["id"] for media in (await api.get(f"/api/posts/{made['id']}")).json()["media"]] == [second["id"]]


async def test_only_the_owner_sees_a_file_in_no_post_and_deletes_it(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user, other = await make_user(), await make_user()
    media = (await upload(user, save(picture(), "PNG"))).json()
    path = f"/api/media/{media['id']}"

    assert [(await client.get(path)).status_code for client in (user.client, other.client, api)] == [200, 404, 404]
    for client, total in ((user.client, 1), (other.client, 0), (api, 0)):
        listed = (await client.get(f"/api/media/user/{user.id}?count=true")).json()
        assert (len(listed["media"]), listed["total"]) == (total, total)
    assert [(await client.delete(path)).status_code for client in (api, other.client)] == [401, 404]
    await publish(user, "attached", media_ids=[media["id"]])
    assert (await other.client.delete(path)).status_code == 403
    deleted = await user.client.delete(path)
    assert (deleted.status_code, deleted.json()) == (200, {"success": True})
    assert (await api.get(media["url"])).status_code == 404
    assert Path(media["url"]).name not in stored(server)
    assert (await user.client.delete(path)).status_code == 404
    assert (await api.get(f"/api/media/user/{uuid4()}")).status_code == 404
    assert (await api.post("/api/media/upload")).status_code == 401


async def test_the_same_upload_with_a_key_is_made_once(make_user: MakeUser, database: asyncpg.Pool) -> None:
    user = await make_user()
    data, key = save(picture(), "PNG"), {"Idempotency-Key": "k1"}
    files = {"file": ("a.png", data, "image/png")}

    answers = [await user.client.post("/api/media/upload", files=files, headers=key) for _ in range(2)]
    other = await user.client.post(
        "/api/media/upload", files={"file": save(picture(colour="blue"), "PNG")}, headers=key
    )

    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert await database.fetchval("SELECT count(*) FROM media WHERE user_id = $1", user.id) == 1


@pytest.mark.parametrize(("files", "size"), [(500, 1), (2, 512 * 1024**2)])
async def test_a_day_has_a_quota(make_user: MakeUser, database: asyncpg.Pool, files: int, size: int) -> None:
    user, other = await make_user(), await make_user()
    await database.execute(
        """INSERT INTO media (id, user_id, type, mime_type, file_name, thumbnail_name, size_bytes, created_at)
           SELECT uuidv7(-age), $1, 'image', 'image/png', gen_random_uuid() || '.png', gen_random_uuid() || '.webp', $3, now() - age
           FROM (SELECT interval '23 hours' AS age FROM generate_series(1, $2::int)) x""",
        user.id,
        files,
        size,
    )

    refused = await upload(user, save(picture(), "PNG"))

    assert (refused.status_code, refused.json()["code"]) == (429, "media_quota_exceeded")
    assert 3500 <= int(refused.headers["retry-after"]) <= 3600
    assert (await upload(other, save(picture(), "PNG"))).status_code == 201
    mine = (await user.client.get(f"/api/media/user/{user.id}?limit=1")).json()["media"]
    assert (await user.client.delete(f"/api/media/{mine[0]['id']}")).status_code == 200
    assert (await upload(user, save(picture(), "PNG"))).status_code == 201
