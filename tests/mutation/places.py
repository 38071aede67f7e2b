"""Every small change that could be made to a module: what would be changed, where, and into what. Only the syntax tree
is used.

What carries no behaviour is left alone: docstrings, annotations, names of types, texts of messages (f-strings, and what
a `raise` says), decorators, `__all__` and `__slots__`, logging, and strings unless they are compared or are a default.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

OTHER_COMPARISON: Final = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
"""A comparison becomes its opposite; one of order also moves its boundary."""
OTHER_ARITHMETIC: Final = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
}
SIGNS: Final = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
}
OTHER_BUILTIN: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
NO_BEHAVIOUR: Final = frozenset({"strict", "encoding", "daemon", "stacklevel"})
"""Arguments whose absence no test on this machine could see, or that only guard against a mistake of ours."""
LOGS: Final = frozenset({"log", "_log", "logger", "logging", "warnings"})

Key = tuple[str, str, str, int]
"""What names a mutant within its module: where, place, change, nth."""


@dataclass(frozen=True)
class Mutant:
    """One change. `where` is the qualified name of the function or class, `""` for the module; `nth` tells equal ones
    there apart.

    `lines` are those of the statement that holds the place. `code` is the outermost function whose code holds it, as
    its code object names it (`co_qualname`, `co_firstlineno`), and `body` that function's lines; None and no lines for
    what runs on import. `statement` is the module's statement that holds it.
    """

    where: str
    place: str
    change: str
    nth: int
    lines: range
    code: tuple[str, int] | None
    body: range
    statement: ast.stmt = field(compare=False, repr=False)
    edit: Callable[[], None] = field(compare=False, repr=False)

    @property
    def key(self) -> Key:
        """What names it within its module, whatever lines it stands on."""
        return (self.where, self.place, self.change, self.nth)


def mutants(source: str) -> tuple[ast.Module, list[Mutant]]:
    """The module's tree, and every change that can be made to it. To make one, call its `edit`, which changes that very
    tree."""
    tree = ast.parse(source)
    walk = _Walk(source)
    for at, statement in enumerate(tree.body):
        walk.top = statement
        walk.statement(statement, tree.body, at)
    return tree, walk.found


class _Walk:
    """Goes through the tree and notes each change; the state is where it is."""

    def __init__(self, source: str) -> None:
        self.found: list[Mutant] = []
        self.top: ast.stmt = ast.Pass()
        self._lines = source.encode().splitlines()
        self._names: list[str] = []
        self._code: tuple[str, int] | None = None
        self._body = range(0)
        self._within = range(0)
        self._seen: dict[tuple[str, str, str], int] = {}

    # --- What is noted

    def _note(self, node: ast.AST | str, change: str, edit: Callable[[], None]) -> None:
        where = ".".join(name for name in self._names if name != "<locals>")
        place = node if isinstance(node, str) else self._text(node)
        nth = self._seen[where, place, change] = self._seen.get((where, place, change), 0) + 1
        self.found.append(Mutant(where, place, change, nth, self._within, self._code, self._body, self.top, edit))

    def _text(self, node: Any) -> str:
        """The source of a node on one line."""
        lines = self._lines[node.lineno - 1 : node.end_lineno]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return " ".join(b" ".join(lines).decode().split())

    # --- Statements

    def _block(self, statements: list[ast.stmt]) -> None:
        for at, statement in enumerate(statements):
            self.statement(statement, statements, at)

    def statement(self, node: ast.stmt, block: list[ast.stmt], at: int) -> None:
        """All changes of one statement and of what it holds."""
        before, self._within = self._within, _own_lines(node)
        if not _is_left_alone(node):
            self._removals(node, block, at)
            getattr(self, f"_{type(node).__name__}", self._plain)(node)
        self._within = before

    def _removals(self, node: ast.stmt, block: list[ast.stmt], at: int) -> None:
        removed: ast.stmt = ast.copy_location(ast.Pass(), node)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
            # What yields once must go on being a generator.
            removed = ast.copy_location(ast.If(ast.Constant(False), [ast.Expr(node.value)], []), node)
        begins = self._names[-2:-1] in (["__init__"], ["__post_init__"]) and isinstance(
            node, ast.Assign | ast.AnnAssign
        )
        if _may_go(node) and not begins:
            self._note(node, "removed", _put(block, at, ast.fix_missing_locations(removed)))

    def _plain(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "decorator_list", "returns", "type_params", "type_comment"):
                continue
            if isinstance(value, list):
                for at, one in enumerate(value):
                    self._child(one, _put(value, at))
            elif isinstance(value, ast.AST):
                self._child(value, _put_field(node, name))

    def _child(self, node: Any, put: "Callable[[Any], Callable[[], None]]") -> None:
        if isinstance(node, ast.expr):
            self.expression(node, put)
        elif isinstance(node, ast.AST):
            self._plain(node)

    def _FunctionDef(self, node: ast.FunctionDef) -> None:
        names, code, body, within = self._names, self._code, self._body, self._within
        self._names = [*names, node.name]
        self._defaults(node.args)
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        self._code = code or (".".join(self._names), first)
        self._body = body or range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
        if _is_procedure(node):
            self._within = range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
            nothing: list[ast.stmt] = [ast.copy_location(ast.Pass(), node.body[0])]
            self._note(f"def {node.name}", "does nothing", lambda: setattr(node, "body", nothing))
        self._names = [*self._names, "<locals>"]
        self._block(node.body)
        self._names, self._code, self._body, self._within = names, code, body, within

    _AsyncFunctionDef = _FunctionDef

    def _defaults(self, arguments: ast.arguments) -> None:
        for values in (arguments.defaults, arguments.kw_defaults):
            for at, value in enumerate(values):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    self._other_text(value, _put(values, at))
                elif value is not None:
                    self.expression(value, _put(values, at))

    def _ClassDef(self, node: ast.ClassDef) -> None:
        names = self._names
        self._names = [*names, node.name]
        self._block(node.body)
        self._names = names

    def _If(self, node: ast.If) -> None:
        self._test(node.test, _put_field(node, "test"))
        self._block(node.body)
        self._block(node.orelse)

    def _While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._note(node.test, "never", _put_field(node, "test")(_constant(False, node.test)))
            self._inside_test(node.test, _put_field(node, "test"))
        self._block(node.body)
        self._block(node.orelse)

    def _For(self, node: ast.For) -> None:
        nothing = ast.copy_location(ast.Tuple([], ast.Load()), node.iter)
        text = f"for {self._text(node.target)} in {self._text(node.iter)}"
        self._note(text, "goes through nothing", _put_field(node, "iter")(nothing))
        self.expression(node.iter, _put_field(node, "iter"))
        self._block(node.body)
        self._block(node.orelse)

    def _With(self, node: ast.With) -> None:
        for item in node.items:
            self.expression(item.context_expr, _put_field(item, "context_expr"))
        self._block(node.body)

    def _Try(self, node: ast.Try) -> None:
        self._block(node.body)
        for handler in node.handlers:
            last = handler.body[-1]
            if not (len(handler.body) == 1 and isinstance(last, ast.Raise) and last.exc is None):
                before = self._within
                self._within = range(handler.lineno, (last.end_lineno or last.lineno) + 1)
                again: list[ast.stmt] = [ast.copy_location(ast.Raise(), handler.body[0])]
                text = f"except {self._text(handler.type)}" if handler.type else "except"
                self._note(text, "raises again", lambda h=handler, b=again: setattr(h, "body", b))
                self._within = before
            self._block(handler.body)
        self._block(node.orelse)
        self._block(node.finalbody)

    def _Match(self, node: ast.Match) -> None:
        self.expression(node.subject, _put_field(node, "subject"))
        for case in node.cases:
            if case.guard:
                self._test(case.guard, _put_field(case, "guard"))
            self._block(case.body)

    def _Raise(self, node: ast.Raise) -> None:
        """What it says is text."""

    def _Return(self, node: ast.Return) -> None:
        if node.value is None:
            return
        if not isinstance(node.value, ast.Constant):
            self._note(node, "returns None", _put_field(node, "value")(_constant(None, node.value)))
        self.expression(node.value, _put_field(node, "value"))

    def _AugAssign(self, node: ast.AugAssign) -> None:
        other = OTHER_ARITHMETIC.get(type(node.op))
        if other and not _is_text(node.value):
            self._note(node, f"{SIGNS[type(node.op)]}= becomes {SIGNS[other]}=", _put_field(node, "op")(other()))
        self.expression(node.value, _put_field(node, "value"))

    # --- Expressions

    def _test(self, node: ast.expr, put: "Callable[[Any], Callable[[], None]]") -> None:
        """What decides: always, never, and every change within; its plain opposite would say no more than those two."""
        if not isinstance(node, ast.Constant):
            for value, change in ((True, "always"), (False, "never")):
                self._note(node, change, put(_constant(value, node)))
        self._inside_test(node, put)

    def _inside_test(self, node: ast.expr, put: "Callable[[Any], Callable[[], None]]") -> None:
        if isinstance(node, ast.Compare):
            self._comparison(node, opposite=False)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._inside_test(node.operand, _put_field(node, "operand"))
        else:
            self.expression(node, put)

    def expression(self, node: ast.expr, put: "Callable[[Any], Callable[[], None]]") -> None:
        """All changes of one expression; `put(other)` gives the deed that puts another in its stead."""
        known = getattr(self, f"_{type(node).__name__}", None)
        if known:
            known(node, put)
        else:
            self._plain(node)

    def _Compare(self, node: ast.Compare, put: Any) -> None:
        self._comparison(node, opposite=True)

    def _comparison(self, node: ast.Compare, opposite: bool) -> None:
        for at, sign in enumerate(node.ops):
            for other in OTHER_COMPARISON[type(sign)]:
                is_boundary = len(OTHER_COMPARISON[type(sign)]) == 2 and other is OTHER_COMPARISON[type(sign)][0]
                if opposite or is_boundary:
                    self._note(node, f"{SIGNS[type(sign)]} becomes {SIGNS[other]}", _put(node.ops, at, other()))
        self._pairs(node)
        for at, side in enumerate([node.left, *node.comparators]):
            here = _put(node.comparators, at - 1) if at else _put_field(node, "left")
            if isinstance(side, ast.Constant) and isinstance(side.value, str):
                self._other_text(side, here)
            elif (
                isinstance(side, ast.Tuple | ast.List | ast.Set)
                and at
                and isinstance(node.ops[at - 1], ast.In | ast.NotIn)
            ):
                self._members(side.elts)
            elif isinstance(side, ast.Tuple):
                self._plain(side)
            else:
                self.expression(side, here)

    def _pairs(self, node: ast.Compare) -> None:
        """Two tuples that are held against each other: each pair of members left out of both."""
        sides = [node.left, *node.comparators]
        if len(sides) != 2 or not all(isinstance(side, ast.Tuple) for side in sides):
            return
        one, other = (side.elts for side in sides if isinstance(side, ast.Tuple))
        if len(one) == len(other) and len(one) > 1:
            for at, (left, right) in enumerate(zip(one, other, strict=True)):
                rests = [members[:at] + members[at + 1 :] for members in (one, other)]

                def edit(rests: list[list[ast.expr]] = rests) -> None:
                    one[:], other[:] = rests

                self._note(node, f"without `{self._text(left)}` and `{self._text(right)}`", edit)

    def _other_text(self, node: ast.Constant, put: Any) -> None:
        other = "" if node.value else "x"
        self._note(node, f"becomes {other!r}", put(_constant(other, node)))

    def _BoolOp(self, node: ast.BoolOp, put: Any) -> None:
        for at, one in enumerate(node.values):
            rest = [other for other in node.values if other is not one]
            less: ast.expr = rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(node.op, rest), node)
            self._note(node, f"without `{self._text(one)}`", put(less))
            self.expression(one, _put(node.values, at))

    def _UnaryOp(self, node: ast.UnaryOp, put: Any) -> None:
        if isinstance(node.op, ast.Not):
            self._note(node, "without `not`", put(node.operand))
            self._inside_test(node.operand, _put_field(node, "operand"))
        else:
            self._plain(node)

    def _IfExp(self, node: ast.IfExp, put: Any) -> None:
        self._test(node.test, _put_field(node, "test"))
        self.expression(node.body, _put_field(node, "body"))
        self.expression(node.orelse, _put_field(node, "orelse"))

    def _comprehension(self, node: Any, put: Any) -> None:
        for one in node.generators:
            self.expression(one.iter, _put_field(one, "iter"))
            for at, test in enumerate(one.ifs):
                text = f"if {self._text(test)}"
                self._note(text, "left out", _put(one.ifs, at, _constant(True, test)))
                self._inside_test(test, _put(one.ifs, at))
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                self.expression(getattr(node, name), _put_field(node, name))

    _ListComp = _SetComp = _GeneratorExp = _DictComp = _comprehension

    def _Constant(self, node: ast.Constant, put: Any) -> None:
        value = node.value
        if isinstance(value, bool):
            self._note(node, f"becomes {not value}", put(_constant(not value, node)))
        elif isinstance(value, int | float):
            for other in (value + 1, value - 1):
                self._note(node, f"becomes {other}", put(_constant(other, node)))

    def _JoinedStr(self, node: ast.JoinedStr, put: Any) -> None:
        """Text."""

    def _BinOp(self, node: ast.BinOp, put: Any) -> None:
        if isinstance(node.op, ast.BitOr):
            self._note(node, f"without `{self._text(node.right)}`", put(node.left))
            self._note(node, f"without `{self._text(node.left)}`", put(node.right))
        elif type(node.op) in OTHER_ARITHMETIC and not _is_text(node):
            other = OTHER_ARITHMETIC[type(node.op)]
            self._note(node, f"{SIGNS[type(node.op)]} becomes {SIGNS[other]}", _put_field(node, "op")(other()))
        self._plain(node)

    def _Call(self, node: ast.Call, put: Any) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("cast", "assert_never", "TypeVar", "NewType"):
            return
        if name in OTHER_BUILTIN:
            other = ast.copy_location(ast.Name(OTHER_BUILTIN[name], ast.Load()), node.func)
            self._note(node, f"{name} becomes {OTHER_BUILTIN[name]}", _put_field(node, "func")(other))
        self.expression(node.func, _put_field(node, "func"))
        for at, argument in enumerate(node.args):
            self.expression(argument, _put(node.args, at))
        self._without_each(node.keywords, lambda one: one.arg not in NO_BEHAVIOUR)
        for keyword in node.keywords:
            if keyword.arg not in NO_BEHAVIOUR:
                self.expression(keyword.value, _put_field(keyword, "value"))

    def _without_each(self, parts: list[Any], counts: Callable[[Any], bool] = lambda _: True) -> None:
        whole = list(parts)
        for at, one in enumerate(whole):
            if counts(one):
                rest = whole[:at] + whole[at + 1 :]
                self._note(one, "left out", lambda r=rest: parts.__setitem__(slice(None), r))

    def _members(self, parts: list[ast.expr]) -> None:
        self._without_each(parts)
        for at, one in enumerate(parts):
            self.expression(one, _put(parts, at))

    def _Set(self, node: ast.Set, put: Any) -> None:
        self._members(node.elts)

    _List = _Set

    def _Tuple(self, node: ast.Tuple, put: Any) -> None:
        if self._code is None:
            self._without_each(node.elts)
        self._plain(node)

    def _Dict(self, node: ast.Dict, put: Any) -> None:
        for at, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            text = f"{self._text(key)}: {self._text(value)}" if key else f"**{self._text(value)}"
            keys, values = list(node.keys), list(node.values)
            del keys[at], values[at]
            self._note(
                text,
                "left out",
                lambda k=keys, v=values: (setattr(node, "keys", k), setattr(node, "values", v))[0],
            )
            self.expression(value, _put(node.values, at))

    def _Subscript(self, node: ast.Subscript, put: Any) -> None:
        self.expression(node.value, _put_field(node, "value"))
        if not isinstance(node.slice, ast.Slice):
            self.expression(node.slice, _put_field(node, "slice"))
            return
        for name in ("lower", "upper", "step"):
            bound = getattr(node.slice, name)
            if bound is not None:
                self._note(node, f"without `{self._text(bound)}`", _put_field(node.slice, name)(None))
                self.expression(bound, _put_field(node.slice, name))


# --- Which statements


def _own_lines(node: ast.stmt) -> range:
    """A statement's lines; of a compound one, those before its body."""
    last = node.end_lineno or node.lineno
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if isinstance(body, list) and body:
        first = getattr(body[0], "lineno", last)
        return range(node.lineno, max(node.lineno + 1, first))
    return range(node.lineno, last + 1)


def _is_left_alone(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal | ast.Pass):
        return True
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return True
    if isinstance(node, ast.Assign):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return any(name in ("__all__", "__slots__") or _is_type(name, node.value) for name in names)
    return isinstance(node, ast.Expr) and _logs(node.value)


def _is_type(name: str, value: ast.expr) -> bool:
    """Whether it gives a type another name, as `Pair = tuple[Row, Row]` does."""
    return name.lstrip("_")[:1].isupper() and not name.isupper() and isinstance(value, ast.Subscript | ast.BinOp)


def _logs(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in LOGS


def _may_go(node: ast.stmt) -> bool:
    """Whether the module could still be run without it: calls, raises, yields, changes of what is kept elsewhere,
    jumps."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Await | ast.Yield | ast.YieldFrom)
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    if isinstance(node, ast.AnnAssign):
        return node.value is not None and isinstance(node.target, ast.Attribute | ast.Subscript)
    return isinstance(node, ast.Raise | ast.AugAssign | ast.Delete | ast.Continue | ast.Break | ast.Assert)


def _is_procedure(node: ast.FunctionDef) -> bool:
    """Whether it is called for what it does: it returns nothing and yields nothing."""
    body = [one for one in node.body if not (_is_left_alone(one) or ast.unparse(one) == "return")]
    if node.name == "__init__" or not body or (len(body) == 1 and _may_go(body[0])):
        return False
    inner = list(_of_this_function(body))
    return not any(
        isinstance(one, ast.Yield | ast.YieldFrom) or (isinstance(one, ast.Return) and one.value) for one in inner
    )


def _of_this_function(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _of_this_function(list(ast.iter_child_nodes(node)))


def _is_text(node: ast.expr) -> bool:
    """Whether it is plainly text that is put together."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


# --- Deeds on the tree


def _put(parts: list[Any], at: int, *value: Any) -> Any:
    """With a value, the deed that puts it there; without, what takes a value and gives that deed."""
    if value:
        return lambda: parts.__setitem__(at, value[0])
    return lambda other: lambda: parts.__setitem__(at, other)


def _put_field(node: ast.AST, name: str) -> Callable[[Any], Callable[[], None]]:
    return lambda other: lambda: setattr(node, name, other)


def _constant(value: Any, beside: ast.AST) -> ast.Constant:
    return ast.copy_location(ast.Constant(value), beside)
