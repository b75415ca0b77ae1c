"""Uploads beside each other: one key, one quota, and the pool of connections meanwhile."""

import asyncio
import random
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from PIL import Image

from tests.api.test_media import stored, upload
from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.files import picture, save
from tests.server import Server


async def upload_once(user: Account, data: bytes, key: str) -> httpx.Response:
    return await user.client.post(
        "/api/media/upload", files={"file": ("a.png", data)}, headers={"Idempotency-Key": key}, timeout=60
    )


async def count_rows(database: asyncpg.Pool, user: Account) -> int:
    count: int = await database.fetchval("SELECT count(*) FROM media WHERE user_id = $1", user.id)
    return count


async def test_parallel_uploads_with_one_key_make_one_file(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, before = await make_user(), stored(server)

    answers = await asyncio.gather(*(upload_once(user, save(picture(), "PNG"), "k") for _ in range(10)))

    assert [answer.status_code for answer in answers] == [201] * 10
    assert len({answer.text for answer in answers}) == 1
    made = answers[0].json()
    assert stored(server) - before == {Path(made[field]).name for field in ("url", "thumbnail_url")}
    assert await count_rows(database, user) == 1


def slow_picture() -> bytes:
    """Takes a second to decode and to write."""
    noise = Image.frombytes("RGB", (256, 256), random.Random(1).randbytes(256 * 256 * 3))
    image = Image.new("RGB", (6000, 6000))
    for left in range(0, 6000, 256):
        image.paste(noise, (left, left))
    return save(image, "WEBP", quality=50, method=0)


async def longest_transaction_s(database: asyncpg.Pool) -> float:
    """Of the connections of X18 that are in a transaction and do nothing."""
    seconds: float = await database.fetchval(
        """SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float FROM pg_stat_activity
           WHERE datname = current_database() AND state = 'idle in transaction'"""
    )
    return seconds


async def test_an_upload_with_a_key_holds_no_connection_while_it_is_decoded(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, seen = await make_user(), 0.0
    loop = asyncio.get_running_loop()
    data = slow_picture()

    began = loop.time()
    uploading = asyncio.create_task(upload_once(user, data, "slow"))
    while not uploading.done():
        seen = max(seen, await longest_transaction_s(database))
        await asyncio.sleep(0.02)
    took = loop.time() - began

    assert uploading.result().status_code == 201
    assert took > 0.3, "slow enough for a transaction to be seen"
    assert seen < took / 2, "none that was open all the time"


async def test_a_key_whose_upload_was_refused_is_free_again(server: Server, make_user: MakeUser) -> None:
    user, before = await make_user(), stored(server)

    refused = await upload_once(user, save(picture(), "PNG")[:100], "again")
    taken = await upload_once(user, save(picture(), "PNG"), "again")

    assert (refused.status_code, taken.status_code) == (400, 201)
    assert len(stored(server) - before) == 2


async def test_parallel_uploads_do_not_pass_the_quota(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, before = await make_user(), stored(server)
    await database.execute(
        """INSERT INTO media (id, user_id, type, mime_type, file_name, thumbnail_name, size_bytes)
           SELECT uuidv7(), $1, 'image', 'image/png', gen_random_uuid() || '.png', gen_random_uuid() || '.webp', 1
           FROM generate_series(1, 499)""",
        user.id,
    )

    answers = await asyncio.gather(*(upload(user, save(picture(), "PNG")) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [429] * 5
    assert await count_rows(database, user) == 500
    assert len(stored(server) - before) == 2, "what was refused leaves no file"


@pytest.mark.parametrize("level", ["private", "followers"])
async def test_a_file_that_one_may_not_see_is_not_there_to_be_deleted(
    make_user: MakeUser, database: asyncpg.Pool, level: str
) -> None:
    user, other = await make_user(), await make_user()
    media = (await upload(user, save(picture(), "PNG"))).json()
    await publish(user, "for few", media_ids=[media["id"]], visibility=level)
    path = f"/api/media/{media['id']}"

    seen = await other.client.get(path)
    deleted = await other.client.delete(path)

    assert (seen.status_code, deleted.status_code) == (404, 404)
    assert deleted.json()["code"] == "media_not_found"
    assert await database.fetchval("SELECT true FROM media WHERE id = $1", UUID(media["id"]))
    assert (await user.client.delete(path)).status_code == 200


async def test_a_served_file_has_the_name_that_the_server_gave_it(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    media = (await upload(await make_user(), save(picture(), "PNG"), "evil.html")).json()

    served = await api.get(media["url"])

    assert served.headers["content-disposition"] == f'inline; filename="{media["id"]}.png"'


async def test_answers_are_kept_for_so_many_keys_and_no_more(make_user: MakeUser, database: asyncpg.Pool) -> None:
    user, other = await make_user(), await make_user()
    await database.execute(
        """INSERT INTO idempotency_keys (id, user_id, key, fingerprint, body)
           SELECT uuidv7(), $1, n::text, '', '' FROM generate_series(1, 10000) n""",
        user.id,
    )

    async def post(who: Account, **headers: str) -> int:
        return (await who.client.post("/api/posts", json={"content": "again"}, headers=headers)).status_code

    assert await post(user, **{"Idempotency-Key": "one more"}) == 429
    assert [await post(user), await post(other, **{"Idempotency-Key": "one more"})] == [201, 201]
