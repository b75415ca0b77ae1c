"""The gate and the inbox are as asyncio's event and queue, for one who waits."""

import ast
import asyncio
import inspect

from uvicorn.protocols.websockets import websockets_sansio_impl

from x18.realtime.waiting import Gate, Inbox


async def test_an_inbox_gives_what_was_put_in_order() -> None:
    inbox: Inbox[int] = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    assert not reading.done()
    for number in range(3):
        inbox.put_nowait(number)
    assert not inbox.empty()
    assert [await reading, await inbox.get(), await inbox.get()] == [0, 1, 2]
    assert inbox.empty()


async def test_who_gives_up_waiting_loses_nothing() -> None:
    inbox: Inbox[int] = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    inbox.put_nowait(1)
    async with asyncio.timeout(30):
        assert await inbox.get() == 1


async def test_a_gate_holds_up_while_it_is_shut() -> None:
    gate = Gate()
    await gate.wait()
    gate.clear()
    passing = asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    gate.set()
    gate.clear()
    await asyncio.sleep(0)
    assert not passing.done(), "it was shut again before anybody could pass"
    gate.set()
    async with asyncio.timeout(30):
        await passing
    assert gate.is_set()


def test_uvicorn_asks_nothing_else_of_them() -> None:
    stand_ins = {"queue": Inbox, "writable": Gate}
    asked = {
        (node.value.attr, node.attr)
        for node in ast.walk(ast.parse(inspect.getsource(websockets_sansio_impl)))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr in stand_ins
    }
    assert {name for name, _ in asked} == stand_ins.keys()
    assert [(name, what) for name, what in asked if not hasattr(stand_ins[name], what)] == []
