"""What was deleted is gone at once, and nobody is given it any more, whoever knows its address."""

from pathlib import Path

import asyncpg
import httpx

from tests.api.test_media import stored, upload
from tests.api.test_posts import publish
from tests.conftest import MakeUser
from tests.files import picture, save
from tests.server import Server


async def test_the_files_of_a_deleted_post_go_with_it_and_no_others(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user = await make_user()
    gone, kept, loose = [(await upload(user, save(picture(), "PNG"))).json() for _ in range(3)]
    post = await publish(user, "for followers", media_ids=[gone["id"]], visibility="followers")
    await publish(user, "stays", media_ids=[kept["id"]])

    assert (await api.get(gone["url"])).status_code == 200
    assert (await user.client.delete(f"/api/posts/{post['id']}")).status_code == 200

    names = {Path(gone[field]).name for field in ("url", "thumbnail_url")}
    assert not names & stored(server)
    assert [(await api.get(gone[field])).status_code for field in ("url", "thumbnail_url")] == [404, 404]
    assert (await user.client.get(f"/api/media/{gone['id']}")).status_code == 404
    assert [(await api.get(media["url"])).status_code for media in (kept, loose)] == [200, 200]


async def test_a_file_that_the_profile_shows_outlives_its_post(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    media = (await upload(user, save(picture(), "PNG"))).json()
    post = await publish(user, "my new face", media_ids=[media["id"]])
    await user.client.patch("/api/users/me", json={"avatar_url": media["url"]})

    await user.client.delete(f"/api/posts/{post['id']}")

    assert (await api.get(media["url"])).status_code == 200
    assert (await user.client.get(f"/api/media/{media['id']}")).json()["post_id"] is None


async def test_a_file_without_a_row_is_not_given_though_it_is_still_there(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    """As when a process dies between a deletion and the removal of its files, which the sweep does then."""
    media = (await upload(await make_user(), save(picture(), "PNG"))).json()
    await database.execute("DELETE FROM media WHERE id = $1", media["id"])

    answers = [await api.get(media["url"]), await api.head(media["url"]), await api.get(media["thumbnail_url"])]

    assert Path(media["url"]).name in stored(server)
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_files_of_a_disabled_account_are_not_given_until_it_is_enabled(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, other = await make_user(), await make_user()
    media, others = [(await upload(one, save(picture(), "PNG"))).json() for one in (user, other)]

    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user.id)
    assert [(await api.get(one["url"])).status_code for one in (media, others)] == [404, 200]

    await database.execute("UPDATE users SET disabled_at = NULL WHERE id = $1", user.id)
    assert (await api.get(media["url"])).status_code == 200
