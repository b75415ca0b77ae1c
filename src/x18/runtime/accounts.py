"""``x18 user``: accounts, by the same actions as the API."""

import argparse
import asyncio
import getpass
import json
import os
import sys
from uuid import UUID

from x18.auth import administration as admin
from x18.auth.actions import register
from x18.auth.administration import AccountState
from x18.auth.schemas import Registration
from x18.core import db
from x18.core.errors import Problem
from x18.core.passwords import Passwords
from x18.runtime.embedded import StartError
from x18.runtime.start import explain_outages, reach_servers, report, settings_from_environment

EXAMPLES = """examples:
  x18 user create alice alice@example.com           asks for the password
  x18 user password alice < new-password.txt        ends alice's sessions
  x18 user disable mallory                          closes mallory's live connections, on every node
  x18 user admin alice --remove
"""

DONE = {
    "create": "created",
    "password": "password changed, sessions ended",
    "disable": "disabled, sessions ended",
    "enable": "enabled",
    "admin": "marked as administrator",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """An action, and whose account."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    asked = "The password is asked for, read from standard input, or taken from X18_PASSWORD."
    create = actions.add_parser("create", help="create an account", description=f"Create an account. {asked}")
    password = actions.add_parser(
        "password", help="set a new password and end all sessions", description=f"Set a new password. {asked}"
    )
    disable, enable, mark = (
        actions.add_parser(name, help=effect, description=f"{effect[0].upper()}{effect[1:]}.")
        for name, effect in (
            ("disable", "lock the user out, end all sessions, hide all posts"),
            ("enable", "undo disable: the user can log in again, and all posts are visible"),
            ("admin", "mark the user as an administrator"),
        )
    )
    create.add_argument("name", help="username")
    create.add_argument("email", help="e-mail address")
    for action in (password, disable, enable, mark):
        action.add_argument("name", help="username or e-mail address")
    create.add_argument("--admin", action="store_true", help="mark the user as an administrator")
    mark.add_argument("--remove", action="store_true", help="remove the mark")
    for action in (create, password, disable, enable, mark):
        action.add_argument("--json", action="store_true", help="print the account as JSON")


def run(args: argparse.Namespace) -> int:
    """Do it and say so."""
    try:
        settings = settings_from_environment()
        password = _read_password() if args.action in ("create", "password") else ""
        with reach_servers(settings) as complete:
            url = str(complete.database_url)
            with explain_outages(url):
                account = asyncio.run(_act(args, password, url, settings.bcrypt_cost))
    except StartError as error:
        return report(error)
    except Problem as problem:
        return report(StartError(problem.detail))
    if args.json:
        print(json.dumps({**account._asdict(), "id": str(account.id)}))
    else:
        done = "no longer an administrator" if args.action == "admin" and args.remove else DONE[args.action]
        print(f"{account.username}: {done}.")
    return 0


async def _act(args: argparse.Namespace, password: str, database_url: str, bcrypt_cost: int) -> AccountState:
    passwords = Passwords(bcrypt_cost)
    await db.start_pool(database_url, max_size=2)
    try:
        if args.action == "create":
            user_id = await register(Registration(username=args.name, email=args.email, password=password), passwords)
            if args.admin:
                await admin.set_admin(user_id, is_admin=True)
        else:
            user_id = (await admin.get_account(args.name)).id
            await _change(args, user_id, password, passwords)
        return await admin.get_account(args.name)
    finally:
        passwords.close()
        await db.close_pool()


async def _change(args: argparse.Namespace, user_id: UUID, password: str, passwords: Passwords) -> None:
    match args.action:
        case "password":
            await admin.set_password(user_id, password, passwords)
        case "disable":
            await admin.disable_user(user_id)
        case "enable":
            await admin.enable_user(user_id)
        case "admin":
            await admin.set_admin(user_id, is_admin=not args.remove)


def _read_password() -> str:
    """From ``X18_PASSWORD``, from what is piped in, or asked for twice."""
    if given := os.environ.get("X18_PASSWORD"):
        return given
    try:
        password = _ask() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        password = ""
    if not password:
        raise StartError("No password was given: type it, pipe it in, or set X18_PASSWORD.")
    return password


def _ask() -> str:
    password = getpass.getpass("New password: ")
    if getpass.getpass("Again: ") != password:
        raise StartError("The passwords differ: try again.")
    return password
