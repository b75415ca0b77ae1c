"""One contract for a folder and for a bucket of S3, the latter against a server that speaks its protocol."""

import errno
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from x18.core.errors import Unavailable
from x18.core.problems import as_problem
from x18.media.storage import CHUNK, Storage

BUCKET = "x18-media"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of an S3 of our own."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="key"
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield url
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Each of the two."""
    if request.param == "folder":
        return Storage.in_folder(tmp_path / "media")
    endpoint: str = request.getfixturevalue("endpoint")
    return bucket_at(endpoint)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """More than one chunk."""
    path = tmp_path / "upload"
    path.write_bytes(bytes(range(256)) * (CHUNK // 256) + b"the rest")
    return path


def bucket_at(endpoint: str) -> Storage:
    options = {"endpoint": endpoint, "region": "us-east-1", "access_key_id": "id", "secret_access_key": "key"}
    return Storage.in_bucket(BUCKET, {**options, "client_options": {"allow_http": True}})


async def list_older(storage: Storage, age: timedelta) -> list[str]:
    return [name async for page in storage.pages_older(age) for name in page]


async def read_all(storage: Storage, name: str, start: int, length: int) -> bytes:
    return b"".join([chunk async for chunk in storage.read(name, start, length)])


async def test_what_was_put_is_found_and_read_in_ranges(storage: Storage, file: Path) -> None:
    content = file.read_bytes()
    assert await storage.look_up("one.bin") is None
    await storage.put("one.bin", file)
    found = await storage.look_up("one.bin")

    assert found is not None
    assert found.size == len(content)
    assert found.etag.startswith('"')
    assert found.etag.endswith('"')
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=1)
    assert await read_all(storage, "one.bin", 0, len(content)) == content
    assert await read_all(storage, "one.bin", CHUNK - 3, 7) == content[CHUNK - 3 : CHUNK + 4]
    assert await storage.look_up("../one.bin") is None


async def test_deleted_files_are_gone_and_missing_ones_not_missed(storage: Storage, file: Path) -> None:
    await storage.put("two.bin", file)
    await storage.delete("two.bin", "never.bin")

    assert await storage.look_up("two.bin") is None


async def test_old_files_are_listed_and_new_ones_not(storage: Storage, file: Path) -> None:
    await storage.put("three.bin", file)

    assert "three.bin" not in await list_older(storage, timedelta(minutes=1))
    assert "three.bin" in await list_older(storage, timedelta(seconds=-5))


async def test_a_bucket_may_hold_other_things(endpoint: str, file: Path) -> None:
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="key"
    )
    client.put_object(Bucket=BUCKET, Key="backup.dump", Body=b"not ours")
    storage = bucket_at(endpoint)
    await storage.put("four.bin", file)

    assert "four.bin" in await list_older(storage, timedelta(seconds=-5))
    assert "backup.dump" not in await list_older(storage, timedelta(seconds=-5))
    assert client.head_object(Bucket=BUCKET, Key="media/four.bin")["ContentLength"] == file.stat().st_size
    client.close()


@pytest.mark.parametrize("storage", ["folder"], indirect=True)
async def test_where_nothing_can_be_stored_that_is_an_outage_and_no_part_of_a_file_stays(
    storage: Storage, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_text("no folder")

    with pytest.raises(Unavailable):
        await storage.put("a.png", file)

    assert {path.name for path in tmp_path.iterdir()} == {"media", "upload"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_an_outage_too(number: int) -> None:
    assert isinstance(as_problem(OSError(number, "full")), Unavailable)
