"""Expressions of sizes in exported programs. torch evaluates them as Python, so their form is checked node by node."""

import ast
import re

from embedding_explorer.errors import BadInput

MAX_LENGTH = 2_000
MAX_POWER = 8
_CHARACTERS = re.compile(r"[A-Za-z0-9_ ,()='-]*")
_ARITHMETIC = (
    "Symbol Integer Add Mul Pow FloorDiv ModularIndexing Where PythonMod Mod CleanDiv CeilToInt FloorToInt CeilDiv "
    "FloatTrueDiv IntTrueDiv TruncToInt RoundToInt ToFloat Identity Max Min Rational "
    "Eq Ne Gt Ge Lt Le Equality Unequality GreaterThan LessThan StrictGreaterThan StrictLessThan Not And Or"
)
_FUNCTIONS = frozenset(_ARITHMETIC.split())
_ASSUMPTIONS = ("positive", "integer", "nonnegative")
_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_NUMBER = 1 << 63


def screen_expression(text: str) -> None:
    """Raise BadInput unless a text is arithmetic on named sizes and whole numbers, written as sympy's `srepr` does."""
    try:
        fine = len(text) <= MAX_LENGTH and _CHARACTERS.fullmatch(text) and _fine(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refusal(text) from error
    if not fine:
        raise _refusal(text)


def _refusal(text: str) -> BadInput:
    return BadInput(f"has the expression {text[:80]!r}, which is no plain arithmetic on sizes")


def _fine(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and _fine(node.operand)
    if isinstance(node, ast.Constant):
        return node.value is True or node.value is False or (type(node.value) is int and node.value < _MAX_NUMBER)
    if isinstance(node, ast.Name):  # a size that was named before
        return re.fullmatch(r"[su][0-9]+", node.id) is not None
    return isinstance(node, ast.Call) and _fine_call(node)


def _fine_call(node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
        return False
    if node.func.id == "Symbol":
        return _fine_symbol(node)
    if node.keywords or not all(map(_fine, node.args)):
        return False
    return node.func.id != "Pow" or _fine_power(node)


def _fine_symbol(node: ast.Call) -> bool:
    name = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
    known = all(
        word.arg in _ASSUMPTIONS and isinstance(word.value, ast.Constant) and type(word.value.value) is bool
        for word in node.keywords
    )
    return known and isinstance(name, str) and _SYMBOL.fullmatch(name) is not None


def _fine_power(node: ast.Call) -> bool:
    """Small powers of what has none in it: powers of powers would keep the server busy for a lifetime."""
    inner = {
        call.func.id
        for arg in node.args
        for call in ast.walk(arg)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    exponent = re.fullmatch(r"(?:Integer\()?-?([0-9]+)\)?", ast.unparse(node.args[-1]))
    return len(node.args) == 2 and "Pow" not in inner and exponent is not None and int(exponent[1]) <= MAX_POWER
