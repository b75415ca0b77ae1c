"""No data of a request becomes part of a statement: what is sent to PostgreSQL is composed of our own constants only."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from x18.core.pools import PooledConnection
from x18.runtime.embedded import Servers

ROOT = Path(__file__).parent.parent
SOURCES = [*(ROOT / "src/x18").rglob("*.py"), *(ROOT / "piccolo_migrations").glob("*.py")]

RUNS_SQL = {"fetch", "fetch_row", "fetch_value", "fetchrow", "fetchval", "execute", "executemany", "cursor", "prepare"}
"""The functions of ``core/db.py`` and the methods of asyncpg's connections. Their first argument is a statement."""

COMPOSERS = {"format", "join", "replace", "partition", "enumerate"}
"""What gives something made of the text that it belongs to and of its arguments."""

NUMBERS = {"len", "range", "int"}
"""What gives numbers whatever it is given."""

TRUSTED = {
    "page.direction": "a property that is ASC or DESC",
    "filters.single[0]": "the name of a filter with a column, category or market",
    "self.sql": "what Piccolo made of a query; the values are its arguments",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Scope(NamedTuple):
    """Where a value stands. ``foreign`` are the arguments that are not ours; None where every call of the function decides."""

    function: Function | None
    foreign: frozenset[str] | None = None


class Sources:
    """The functions and calls of some files. A private name means the function of its own file, any other one all of that name."""

    def __init__(self, sources: Iterable[str]) -> None:
        self.functions: dict[str, list[Function]] = {}
        self.calls: dict[str, list[tuple[ast.Call, Function | None]]] = {}
        self._asked: set[tuple[str, Scope]] = set()
        for number, source in enumerate(sources):
            self._collect(ast.parse(source), f"{number}.", None)

    def _collect(self, node: ast.AST, file: str, inside: Function | None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function | ast.Call):
                name = child.name if isinstance(child, Function) else name_of(child.func)
                key = child.key = file + name if name.startswith("_") else name  # type: ignore[union-attr]
                if isinstance(child, Function):
                    child.outer = inside  # type: ignore[union-attr]
                    self.functions.setdefault(key, []).append(child)
                else:
                    self.calls.setdefault(key, []).append((child, inside))
            self._collect(child, file, child if isinstance(child, Function) else inside)

    def unsafe_statements(self) -> Iterator[ast.expr]:
        """The statements with something in them that may come from outside."""
        for name in RUNS_SQL & self.calls.keys():
            for call, inside in self.calls[name]:
                passed_on = inside is not None and inside.name in RUNS_SQL  # its callers are looked at instead
                if call.args and not passed_on and not self.is_ours(call.args[0], Scope(inside)):
                    yield call.args[0]

    def is_ours(self, value: ast.expr, scope: Scope) -> bool:
        """Whether a value is made of constants and numbers."""
        if ast.unparse(value) in TRUSTED:
            return True
        match value:
            case ast.Constant() | ast.Compare():
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper():
                return True
            case ast.Name():
                return self._is_our_name(value.id, scope)
            case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
                return all(self.is_ours(part, scope) for part in parts)
            case ast.FormattedValue(value=part) | ast.Starred(value=part) | ast.Subscript(value=part):
                return self.is_ours(part, scope)
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
                return self.is_ours(one, scope) and self.is_ours(other, scope)
            case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part):
                return self.is_ours(part, scope) and all(self.is_ours(loop.iter, scope) for loop in value.generators)
            case ast.Call():
                return self._is_our_call(value, scope)
        return False

    def _is_our_call(self, call: ast.Call, scope: Scope) -> bool:
        name = name_of(call.func)
        if name in NUMBERS:
            return True
        if name in COMPOSERS:
            of = [call.func.value] if isinstance(call.func, ast.Attribute) else []
            return all(
                self.is_ours(part, scope) for part in [*of, *call.args, *(option.value for option in call.keywords)]
            )
        called = self.functions.get(call.key, [])  # type: ignore[attr-defined]
        return bool(called) and all(self._returns_ours(function, call, scope) for function in called)

    def _returns_ours(self, function: Function, call: ast.Call, scope: Scope) -> bool:
        """Whether what this call gives is ours: the function may be given something foreign, and use it for something else."""
        foreign = frozenset(
            argument.arg
            for argument in arguments_of(function)
            if not all(self.is_ours(value, scope) for value in passed_as(argument.arg, function, call))
        )
        return all(self.is_ours(returned, Scope(function, foreign)) for returned in returns_of(function))

    def _is_our_name(self, name: str, scope: Scope) -> bool:
        """A variable is ours when all that is ever assigned to it is; an argument when it is a number, or is ours at every call."""
        if scope.function is None:
            return False
        if (name, scope) in self._asked:
            return True  # it is made of itself and of what is being looked at already
        self._asked.add((name, scope))
        try:
            return self._is_held_by_ours(name, scope.function, scope.foreign)
        finally:
            self._asked.discard((name, scope))

    def _is_held_by_ours(self, name: str, function: Function, foreign: frozenset[str] | None) -> bool:
        argument = next((argument for argument in arguments_of(function) if argument.arg == name), None)
        assigned = list(assigned_to(name, function))
        if argument is None and not assigned:
            return self._is_our_name(name, Scope(function.outer))  # type: ignore[union-attr]
        if argument is not None and not self._is_our_argument(argument, function, foreign):
            return False
        return all(self.is_ours(value, Scope(function, foreign)) for value in assigned)

    def _is_our_argument(self, argument: ast.arg, function: Function, foreign: frozenset[str] | None) -> bool:
        if argument.annotation is not None and ast.unparse(argument.annotation) == "int":
            return True
        return (
            argument.arg not in foreign if foreign is not None else self._is_ours_at_every_call(argument.arg, function)
        )

    def _is_ours_at_every_call(self, name: str, function: Function) -> bool:
        calls = self.calls.get(function.key, [])  # type: ignore[union-attr]
        return bool(calls) and all(
            self.is_ours(value, Scope(caller)) for call, caller in calls for value in passed_as(name, function, call)
        )


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def arguments_of(function: Function) -> list[ast.arg]:
    found = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument for argument in found if argument.arg != "self"]


def passed_as(name: str, function: Function, call: ast.Call) -> list[ast.expr]:
    """What a call passes as the argument; everything where a list is spread over the arguments."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return named + call.args
    place = [argument.arg for argument in arguments_of(function)].index(name)
    return named + call.args[place : place + 1]


def returns_of(function: Function) -> list[ast.expr]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]


def assigned_to(name: str, function: Function) -> Iterator[ast.expr]:
    """Whatever the variable may hold; of an assignment to several at once all that is assigned."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                targets = [target]
            case (
                ast.For(target=target, iter=value)
                | ast.AsyncFor(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
            ):
                targets = [target]
            case (
                ast.withitem(optional_vars=ast.expr() as target, context_expr=value)
                | ast.NamedExpr(target=target, value=value)
            ):
                targets = [target]
            case _:
                continue
        for target in targets:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                pairs = list(zip(target.elts, value.elts, strict=True))
            else:
                pairs = [(target, value)]
            for part, held in pairs:
                if any(isinstance(named, ast.Name) and named.id == name for named in ast.walk(part)):
                    yield held


def unsafe(*sources: str) -> list[str]:
    return [ast.unparse(found) for found in Sources(sources).unsafe_statements()]


def test_no_statement_holds_data_of_a_request() -> None:
    assert unsafe(*(path.read_text() for path in SOURCES)) == []


@pytest.mark.parametrize(
    "source",
    [
        'async def find(name): await db.fetch(f"SELECT 1 FROM users WHERE name = {name!r}")',
        'async def find(name): await db.fetch("SELECT 1 FROM users WHERE name = %s" % name)',
        'async def find(name): await db.fetch("SELECT 1 FROM users WHERE name = " + name)',
        'async def find(name): await db.fetch("SELECT 1 FROM users WHERE name = {}".format(name))',
        "async def find(names): await db.execute(f\"DELETE FROM users WHERE name IN ({', '.join(names)})\")",
        'async def find(name):\n  sql = "SELECT 1"\n  sql += name\n  await connection.fetchval(sql)',
        "async def find(sql): await db.fetch_value(sql)",
        'async def find(name):\n  for part in name: await db.execute(f"SELECT {part}")',
        'def _build(part): return f"SELECT {part}"\nasync def find(name): await db.fetch_row(_build(name))',
        'async def _run(sql): await db.execute(sql)\nasync def find(name):\n  await _run("SELECT 1")\n  await _run(sql=name)',
        "async def _run(a, sql): await db.execute(sql)\nasync def find(names): await _run(*names)",
    ],
)
def test_what_is_interpolated_is_found(source: str) -> None:
    assert len(unsafe(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'async def find(name): await db.fetch("SELECT 1 FROM users WHERE name = $1", name)',
        'async def find(limit: int): await db.fetch(f"SELECT 1 FROM users LIMIT {limit}")',
        'def _build(part, name): return f"SELECT {part}"\nasync def find(name): await db.fetch_row(_build(COLUMNS, name))',
        'async def _run(sql, name): await db.execute(sql, name)\nasync def find(name): await _run(f"SELECT {ONE}", name)',
        'async def find(desc):\n  order = "DESC" if desc else "ASC"\n  await db.fetch(f"SELECT 1 ORDER BY 1 {order}")',
    ],
)
def test_what_is_ours_is_not_objected_to(source: str) -> None:
    assert unsafe(source) == []


def test_nothing_of_a_session_outlives_its_transaction() -> None:
    """Connections go back to their pool as they are, so whatever one statement sets for its session would hold for strangers'."""
    lasting = re.compile(
        r"\bSET\s+(?:SESSION\s|(?!LOCAL\b|NULL\b|NOT\b|DEFAULT\b)\w+(?:\.\w+)?\s*(?:=|TO)\s*(?:on|off|'|\d))"
        r"|\bLISTEN\s|\bset_config\(|\bCREATE\s+TEMP|\bPREPARE\s|\bpg_(?:try_)?advisory_lock(?:_shared)?\(|WITH HOLD"
    )
    found = {
        path.relative_to(ROOT).as_posix(): match[0]
        for path in SOURCES
        if path.is_relative_to(ROOT / "src")
        for match in lasting.finditer(path.read_text())
        if not re.search(r"UPDATE[^;]*$", path.read_text()[: match.start()].rpartition('"""')[2])
    }
    assert set(found) <= {"src/x18/realtime/relay.py"}, "whose lock is meant to last, on a connection of its own"


async def test_a_connection_goes_back_without_a_statement_and_without_a_transaction(servers: Servers) -> None:
    said: list[str] = []
    async with asyncpg.create_pool(
        servers.database_url, min_size=1, max_size=1, connection_class=PooledConnection
    ) as pool:
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda query: said.append(query.query))
            await connection.fetchval("SELECT 1")
        assert said == ["SELECT 1"]
        connection = await pool.acquire()
        transaction = connection.transaction()
        await transaction.start()
        await pool.release(connection)
        async with pool.acquire() as again:
            assert not again.is_in_transaction()
            await again.execute("SELECT 1")
