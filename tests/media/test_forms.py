"""Forms of strangers: whatever they hold, reading them is cheap, keeps nothing and is never a fault of ours."""

import time
from collections.abc import AsyncIterator
from encodings.aliases import aliases
from typing import Any

import httpx
import pytest

from tests.conftest import Account, MakeUser
from tests.files import picture, save
from x18.core.errors import BadInput, Problem, TooLarge
from x18.media.forms import read_form
from x18.media.schemas import UploadForm

CODECS = sorted({*aliases, *aliases.values(), "idna", "punycode", "unicode_escape", "undefined", "nonsense", "x" * 900})
UTF_8 = {"utf8", "utf-8"}
CHEAP_S = 0.05


class Form:
    """What ``read_form`` reads of a request."""

    def __init__(self, *body: bytes, boundary: str = "bb") -> None:
        self.content_type = "multipart/form-data", {"boundary": boundary}
        self._body = body

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in pieces as they came."""
        for piece in (*self._body, b""):
            yield piece


def part(content: bytes, *headers: str, name: str = "alt_text") -> bytes:
    head = "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *headers])
    return f"--bb\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


async def read(*body: bytes) -> UploadForm:
    return await read_form(Form(*body))  # type: ignore[arg-type]


async def time_of(*body: bytes) -> tuple[float, Problem | None]:
    """How long reading keeps the processor, the least of some times, and how it ended."""
    times = [await time_once(*body)]
    while times[-1][0] > CHEAP_S and len(times) < 4:
        times.append(await time_once(*body))
    return min(times, key=lambda one: one[0])


async def time_once(*body: bytes) -> tuple[float, Problem | None]:
    began, problem = time.process_time(), None
    try:
        form = await read(*body)
    except Problem as error:
        problem = error
    else:
        if form.file is not None:
            await form.file.close()
    return time.process_time() - began, problem


@pytest.mark.parametrize("spelled", ["charset={}", 'charset="{}"', "charset*=utf-8''{}", "CHARSET = {}"])
async def test_no_codec_is_chosen_by_the_client(spelled: str) -> None:
    for codec in CODECS:
        content = b"-" + b"9" * 7_000
        seconds, problem = await time_of(
            part(content, f"Content-Type: text/plain; {spelled.format(codec)}"), b"--bb--\r\n"
        )

        assert seconds < CHEAP_S, codec
        is_charset = "*" not in spelled and codec not in UTF_8
        assert isinstance(problem, BadInput) is is_charset, (codec, problem)


@pytest.mark.parametrize(
    "name", ["charset={}", "filename*={}''%FF", "filename*0*={}''a; filename*1=b", "name*={}''file"]
)
async def test_nor_for_the_name_or_the_content_of_a_file(name: str) -> None:
    for codec in CODECS[::5]:
        disposition = f'Content-Disposition: form-data; name="file"; filename="f"; {name.format(codec)}'
        body = f"--bb\r\n{disposition}\r\nContent-Type: image/png; charset={codec}\r\n\r\n".encode() + b"\xff" * 100_000

        seconds, problem = await time_of(body, b"\r\n--bb--\r\n")

        assert seconds < CHEAP_S, codec
        assert problem is None or len(codec) > 800


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        b"a" * 1_000_000,
        b"\r" * 1_000_000,
        b"--bb." * 150_000,
        b"--bb\r\n" * 100_000,
        part(b"x") * 10_000 + b"--bb--\r\n",
        part(b"x", name="other") * 10_000 + b"--bb--\r\n",
        part(b"x", "X-A: " + "a" * 1_000_000) + b"--bb--\r\n",
        part(b"x", *["X-A: b"] * 50_000) + b"--bb--\r\n",
        part(b"x", "X-A: b", *[" c"] * 50_000) + b"--bb--\r\n",
        part(b"x", "Content-Type: text/plain" + '; a="' * 190) + part(b"y") + b"--bb--\r\n",
        part(b"x", "Content-Transfer-Encoding: base64") + b"--bb--\r\n",
        part(b"x", "Content-Length: 1") + part(b"z", "Content-Length: " + "9" * 900) + b"--bb--\r\n",
        part(b"\xff\xfe") + b"--bb--\r\n",
        part("é".encode("latin-1")) + b"--bb--\r\n",
        part(b"x" * 9_000) + b"--bb--\r\n",
        part(b"x") + part(b"y") + b"--bb--\r\n",
        part(b"x"),
        part(b"x") + b"--b",
        b'--bb\r\nContent-Disposition: attachment; name="file"\r\n\r\n\r\n--bb--\r\n',
        b"--bb\r\nContent-Type: text/plain\r\n\r\nx\r\n--bb--\r\n",
        b'--bb\nContent-Disposition: form-data; name="file"\n\nx\n--bb--\n',
        b'--bb\r\n\xff\xff: form-data; name="file"\r\n\r\nx\r\n--bb--\r\n',
    ],
    ids=range(24),
)  # fmt: skip
@pytest.mark.parametrize("size", [1 << 16, 997])
async def test_what_is_no_form_of_ours_is_told_so_at_once(body: bytes, size: int) -> None:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    seconds, problem = await time_of(*pieces)

    assert isinstance(problem, BadInput)
    assert seconds < 6 * CHEAP_S, "a megabyte is read over"


async def test_other_fields_are_read_over_and_not_kept() -> None:
    nested = b"--cc\r\nContent-Disposition: file\r\n\r\nx\r\n--cc--"
    form = await read(
        part(b"utf-16", name="_charset_"),
        part(nested, "Content-Type: multipart/mixed; boundary=cc", name="other"),
        part("Граф 📈".encode(), "Content-Type: text/plain; charset=UTF-8"),
        part(b"x" * 1_000_000, name=""),
        b"--bb--\r\nepilogue",
    )

    assert (form.file, form.alt_text) == (None, "Граф 📈")


async def test_a_file_comes_whole_however_it_was_cut() -> None:
    content = b"\r\n--b\r\n--bc\r\r\n" * 1_000
    body = part(content, name='file"; filename="a.png') + part(b"text") + b"--bb--\r\n"
    for size in (1, 7, 4_096):
        form = await read(*[body[at : at + size] for at in range(0, len(body), size)])

        assert form.file is not None
        assert (await form.file.read(), form.alt_text) == (content, "text")
        await form.file.close()


async def test_a_file_is_cut_off_at_the_limit_and_not_read_on() -> None:
    read_pieces = 0

    class Endless(Form):
        async def stream(self) -> AsyncIterator[bytes]:
            nonlocal read_pieces
            yield part(b"", name='file"; filename="f')[:-2]
            for _ in range(1_000):
                read_pieces += 1
                yield b"x" * 100_000

    with pytest.raises(TooLarge):
        await read_form(Endless())  # type: ignore[arg-type]

    assert read_pieces == 105


@pytest.mark.parametrize("boundary", ["", "b" * 71])
async def test_a_boundary_has_1_to_70_characters(boundary: str) -> None:
    with pytest.raises(BadInput):
        await read_form(Form(b"--\r\n", boundary=boundary))  # type: ignore[arg-type]


async def send(user: Account, body: bytes, kind: str = "multipart/form-data; boundary=bb") -> httpx.Response:
    headers = {"Content-Type": kind.encode("latin-1")}
    return await user.client.post("/api/media/upload", content=body, headers=headers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (part(b"-" + b"9" * 400_000, "Content-Type: text/plain; charset=punycode"), "multipart/form-data; boundary=bb", 400),
        (part(b"-" + b"9" * 400_000, "Content-Type: text/plain; charset=idna"), "multipart/form-data; boundary=bb", 400),
        (part(b"x", "Content-Type: text/plain; charset=zlib"), "multipart/form-data; boundary=bb", 400),
        (part(b"x"), "multipart/form-data", 400),
        (part(b"x"), "multipart/form-data; boundary=", 400),
        (part(b"x"), "multipart/form-data; boundary=\"b\xe9\"; charset=utf-16", 400),
        (part(b"x"), "multipart/mixed; boundary=bb", 400),
        (b"file=x&alt_text=y", "application/x-www-form-urlencoded", 400),
        (b'{"file": "x"}', "application/json", 400),
    ],
)  # fmt: skip
async def test_over_http_it_is_a_400_that_names_what_is_wrong(
    make_user: MakeUser, body: bytes, kind: str, status: int
) -> None:
    answer = await send(await make_user(), body + b"--bb--\r\n", kind)

    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "bad_input"


async def test_a_form_of_an_ordinary_client_is_taken(make_user: MakeUser) -> None:
    user = await make_user()
    image = save(picture(), "PNG")
    for name in ('file"; filename="диаграмма.png', "file\"; filename*=UTF-8''%e2%82%ac.png; x=\"", 'file"; filename="'):
        body = part(image, "Content-Type: image/png", name=name)
        text = part("Граф".encode(), "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
        answer = await send(user, text + body + b"--bb--\r\n")

        assert answer.status_code == 201, answer.text
        assert answer.json()["alt_text"] == "Граф"


@pytest.mark.parametrize("encoded", ["größe.png".encode("latin-1"), "график.png".encode("cp1251"), b"\xff\xfe.png"])
async def test_the_name_of_a_file_may_be_in_any_encoding(make_user: MakeUser, encoded: bytes) -> None:
    body = part(save(picture(), "PNG"), name='file"; filename="@@').replace(b"@@", encoded)
    answer = await send(await make_user(), body + b"--bb--\r\n")

    assert answer.status_code == 201, answer.text


async def test_an_alternative_text_turns_nothing_after_it(make_user: MakeUser) -> None:
    text = part("buy \u202ellams\ntwo \u2066b".encode(), name="alt_text")
    body = part(save(picture(), "PNG"), "Content-Type: image/png", name='file"; filename="a')
    answer = await send(await make_user(), text + body + b"--bb--\r\n")

    assert answer.json()["alt_text"] == "buy \u202ellams\u202c\ntwo \u2066b\u2069"


def test_no_handler_lets_litestar_read_a_form() -> None:
    from x18.app import create_app
    from x18.settings import read_settings

    settings: Any = read_settings(
        {"DATABASE_URL": "postgresql://nobody@localhost/none", "REDIS_URL": "redis://localhost"}
    )
    handlers = [handler for route in create_app(settings).routes for handler in getattr(route, "route_handlers", ())]
    bodies = [field for handler in handlers if (field := getattr(handler, "parsed_data_field", None))]

    assert len(bodies) >= 6
    assert {str(field.kwarg_definition.media_type) for field in bodies} == {"RequestEncodingType.JSON"}
