"""``x18 tail``: the live feed in a terminal."""

import argparse
import asyncio
import getpass
import json
import os
import re
import sys
from functools import partial
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from x18.clients.account import Account, CannotLogIn, add_server
from x18.clients.live import Event, Live, Refused

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red", "bright_cyan", "bright_green")

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that would control the terminal, or turn the line around: anybody may write them into a post."""

CURSOR = re.compile(r"[0-9a-f]+\.[0-9]+")

EXAMPLES = """examples:
  x18 tail explore symbol:BTC-USD
  x18 tail home notifications --user alice
  x18 tail explore --json | jq .payload.content
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command: the topics, the account, and the form of the output."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "topics", nargs="*", default=["explore"], help="explore (default), home, user:<id>, symbol:BTC-USD, …"
    )
    add_server(parser)
    parser.add_argument("--user", help="log in as this user; the password is asked for, or read from X18_PASSWORD")
    parser.add_argument("--since", type=_cursor, metavar="CURSOR", help="a cursor: print what came after it first")
    parser.add_argument("--json", action="store_true", help="one line of JSON per event, for scripts")


def run(args: argparse.Namespace) -> int:
    """Print until Ctrl-C."""
    if not args.user and (personal := sorted({*args.topics} & {"home", "notifications"})):
        print(f"x18: {personal[0]} needs an account: add --user NAME.", file=sys.stderr)
        return 2
    password = _read_password() if args.user else ""
    if args.user and not password:
        print("x18: No password was given: type it, pipe it in, or set X18_PASSWORD.", file=sys.stderr)
        return 1
    try:
        asyncio.run(_tail(args, password))
    except (Refused, CannotLogIn) as error:
        print(f"x18: {error}", file=sys.stderr)
        return 1
    except httpx.HTTPError as error:
        print(f"x18: {args.url} does not answer ({error}): is the server running?", file=sys.stderr)
        return 1
    return 0


def _read_password() -> str:
    """From ``X18_PASSWORD``, from what is piped in, or asked for."""
    if given := os.environ.get("X18_PASSWORD"):
        return given
    try:
        return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        return ""


def _cursor(text: str) -> str:
    if not CURSOR.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a cursor: take one from a line of --json")
    return text


async def _tail(args: argparse.Namespace, password: str) -> None:
    output, notes = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
    async with httpx.AsyncClient(base_url=args.url, timeout=20) as client:
        account = await Account.log_in(client, args.user, password) if args.user else None
        token = partial(_token_of, account) if account else None
        stream = Live(args.url, args.topics, token=token, since=args.since)
        async for event in stream:
            if args.json:
                _print_json(event)
            elif event.type in ("connected", "disconnected", "gap"):
                notes.print(_note(event), style="dim")
            else:
                output.print(_line(event))


async def _token_of(account: Account) -> str:
    try:
        return await account.token()
    except httpx.HTTPError as error:
        raise OSError(f"no token: {error}") from error


def _print_json(event: Event) -> None:
    line = {"type": event.type, "cursor": event.cursor, "topics": event.topics, "payload": event.payload}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _note(event: Event) -> str:
    if event.type == "connected":
        return f"● connected at {event.payload['cursor']}"
    if event.type == "gap":
        return f"○ some events can no longer be sent ({event.payload['reason']}); read {', '.join(event.payload['backfill'])}"
    return f"○ {event.payload['reason']}; again in {event.payload['again_in_s']} s"


def _line(event: Event) -> Text:
    payload = event.payload
    if event.type == "post":
        return _post(payload)
    if event.type == "retweet":
        return Text.assemble("↻ ", _name(payload["retweeted_by"]), " ", _post(payload["post"]))
    if event.type == "notification":
        return Text.assemble("♥ ", _name(payload["actor"]), f" {payload['type']}  ({payload['unread_count']} unread)")
    about = next((payload[name] for name in ("id", "post_id", "number") if payload.get(name)), "")
    return Text(f"· {event.type} {about}", style="dim")


def _post(post: dict[str, Any]) -> Text:
    text = Text(UNPRINTABLE.sub("�", post["content"].replace("\n", " ")))
    text.highlight_regex(r"\$[A-Za-z][\w.-]*", "bold green")
    text.highlight_regex(r"#\w+", "blue")
    text.highlight_regex(r"@\w+", "magenta")
    return Text.assemble((post["created_at"][11:19], "dim"), " ", _name(post["user"]), "  ", text)


def _name(user: dict[str, Any]) -> Text:
    colour = COLOURS[sum(user["username"].encode()) % len(COLOURS)]
    return Text(f"@{user['username']}", style=f"bold {colour}")
