"""Each kind of change: the source before, and every source after."""

import ast

import pytest

from tests.mutation.places import mutants


def changed(source: str) -> list[str]:
    """The source after each change that can be made to it."""
    after = []
    for at in range(len(mutants(source)[1])):
        tree, found = mutants(source)
        found[at].edit()
        after.append(ast.unparse(ast.fix_missing_locations(tree)))
    return after


EXPRESSIONS = [
    # a comparison is turned round, and one of order also takes its boundary in or leaves it out
    ("a == b", ["a != b"]),
    ("a < b", ["a <= b", "a >= b"]),
    ("a >= b", ["a > b", "a < b"]),
    ("a in b", ["a not in b"]),
    ("a is None", ["a is not None"]),
    # a text is emptied where it is compared, and nowhere else
    ("a == 'x'", ["a != 'x'", "a == ''"]),
    ("a in ('x', b)", ["a not in ('x', b)", "a in (b,)", "a in ('x',)"]),
    ("f('x')", []),
    # what is held together is let go of together
    ("(a, b) == (c, d)", ["(a, b) != (c, d)", "(b,) == (d,)", "(a,) == (c,)"]),
    # a half is dropped, or a third
    ("a and b", ["b", "a"]),
    ("a or b or c", ["b or c", "a or c", "a or b"]),
    ("not a", ["a"]),
    ("a if b else c", ["a if True else c", "a if False else c"]),
    # numbers are off by one, truths are turned round
    ("x(3)", ["x(4)", "x(2)"]),
    ("x(True)", ["x(False)"]),
    ("a + b", ["a - b"]),
    ("a * b", ["a // b"]),
    ("a | b", ["a", "b"]),
    # sums of text are text
    ("a + 'x'", []),
    ("f'{a + b} of {c == d}'", []),
    # arguments with a name, members, bounds of a slice
    ("f(a, b=c, d=e)", ["f(a, d=e)", "f(a, b=c)"]),
    ("open(a, encoding=b)", []),
    ("{'a': b, **c}", ["{**c}", "{'a': b}"]),
    ("{a, b}", ["{b}", "{a}"]),
    ("a[b:c]", ["a[:c]", "a[b:]"]),
    ("[a for a in b if a]", ["[a for a in b if True]"]),
    ("any(a)", ["all(a)"]),
    ("min(a, b)", ["max(a, b)"]),
]


@pytest.mark.parametrize(("before", "after"), EXPRESSIONS, ids=[one for one, _ in EXPRESSIONS])
def test_an_expression_is_changed_in_each_way(before: str, after: list[str]):
    """One change at a time, and the rest as it was."""
    assert changed(f"value = {before}") == [f"value = {one}" for one in after]


STATEMENTS = [
    # a test is always or never met; its plain opposite would tell no more
    ("if a == b:\n    c()", ["if True:\n    c()", "if False:\n    c()", "if a == b:\n    pass"]),
    ("if not a:\n    x = b", ["if True:\n    x = b", "if False:\n    x = b"]),
    ("while a:\n    x = b", ["while False:\n    x = b"]),
    ("for a in b:\n    x = a", ["for a in ():\n    x = a"]),
    # deeds are left out
    ("f()", ["pass"]),
    ("self.a = b", ["pass"]),
    ("a[b] = c", ["pass"]),
    ("a = b", []),
    ("del a[b]", ["pass"]),
    ("a += b", ["pass", "a -= b"]),
    ("raise Wrong(a == b)", ["pass"]),
    ("try:\n    x = a\nexcept B:\n    x = c", ["try:\n    x = a\nexcept B:\n    raise"]),
    ("try:\n    x = a\nexcept B:\n    raise", ["try:\n    x = a\nexcept B:\n    pass"]),
    # what a function returns, what it does, what its defaults are
    ("def f():\n    return a", ["def f():\n    return None"]),
    ("def f():\n    return True", ["def f():\n    return False"]),
    (
        "def f():\n    a()\n    b()",
        ["def f():\n    pass", "def f():\n    pass\n    b()", "def f():\n    a()\n    pass"],
    ),
    ("def f():\n    yield a", ["def f():\n    if False:\n        yield a"]),
    (
        "def f(a=1, b=''):\n    return",
        ["def f(a=2, b=''):\n    return", "def f(a=0, b=''):\n    return", "def f(a=1, b='x'):\n    return"],
    ),
    ("class A:\n    def __init__(self):\n        self.a = b", []),
    # what carries no behaviour is left alone
    ('"""Text."""', []),
    ("log.info(a)", []),
    ("a: B | C = d", []),
    ("@dataclass(frozen=True)\nclass A:\n    a: int", []),
    ("__all__ = ['a']", []),
    ("Pair = tuple[Row, Row] | None", []),
    ("import a", []),
]


@pytest.mark.parametrize(("before", "after"), STATEMENTS, ids=[one for one, _ in STATEMENTS])
def test_a_statement_is_changed_in_each_way(before: str, after: list[str]):
    """One change at a time, and the rest as it was."""
    assert changed(before) == after


SOURCE = """
LIMIT = 5

class Door:
    def opens(self, key, *, twice=False):
        if key == 0 or key == 0:
            return True
        def inner():
            return key
        return inner
"""


def test_a_place_is_named_by_its_function_and_text_and_not_by_its_line():
    """So that an entry of the list of survivors outlives moved lines; equal places in one function are counted."""
    keys = [one.key for one in mutants(SOURCE)[1]]
    assert keys == [one.key for one in mutants("\n\n# moved\n" + SOURCE)[1]]
    assert len(keys) == len(set(keys))
    assert ("", "5", "becomes 6", 1) in keys
    assert ("Door.opens", "False", "becomes True", 1) in keys
    assert ("Door.opens", "key == 0 or key == 0", "without `key == 0`", 2) in keys
    assert ("Door.opens.inner", "return key", "returns None", 1) in keys


def test_a_place_knows_its_lines_and_the_function_whose_code_holds_it():
    """By the lines its tests are found; the function is the outermost one. Defaults and constants belong to the
    import."""
    found = {one.key: one for one in mutants(SOURCE)[1]}
    inner = found["Door.opens.inner", "return key", "returns None", 1]
    assert (inner.code, inner.lines, inner.body) == (("Door.opens", 5), range(9, 10), range(6, 11))
    assert found["Door.opens", "False", "becomes True", 1].code is None
    assert found["", "5", "becomes 6", 1].code is None
    assert found["Door.opens", "key == 0 or key == 0", "always", 1].lines == range(6, 7)
