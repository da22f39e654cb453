"""No page computes a figure by itself: pages and panels show what ``metrics`` answered, they never calculate with it.

The rule, on the syntax tree of every page and panel: no arithmetic and no aggregate may have in it a column of an answer
(value, lower, upper, n, n_open), read by key, by ``.get`` or by ``pl.col``. Comparing, sorting (by a sign), filtering, rounding and
handing one to ``figures``, which formats, is fine: none of these makes a number that the receipt does not hold. Sums of n and n_open
over the groups of one answer are fine too: groups don't overlap, so they count the people or openings behind the figure.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "dashboards" / "pages").glob("*.py"), *(ROOT / "dashboards" / "panels").glob("*.py")])
ANSWERED = {"value", "lower", "upper", "n", "n_open"}
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
COUNTED = {"n", "n_open"}
AGGREGATES = {"sum", "mean", "median", "std", "var", "quantile", "product", "cum_sum", "diff", "dot", "fsum", "hypot", "sqrt"}


def computed(source: str) -> list[int]:
    """Return the lines that calculate with a column of an answer."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr) and _calculates(node)})


def _calculates(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC):
        return (_reads(node.left) or _reads(node.right)) and not (isinstance(node.op, ast.Mult) and _is_sign(node.right))
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in AGGREGATES:
        wanted = ANSWERED - (COUNTED if node.func.attr == "sum" else set())
        return _reads(node.func.value, wanted) or any(_reads(given, wanted) for given in node.args)
    return isinstance(node.func, ast.Name) and node.func.id in AGGREGATES and any(_reads(given) for given in node.args)


def _is_sign(node: ast.expr) -> bool:
    """Whether an operand is 1 or -1: what turns an order round."""
    if isinstance(node, ast.IfExp):
        return _is_sign(node.body) and _is_sign(node.orelse)
    return ast.unparse(node) in {"1", "-1"}


def _reads(node: ast.AST, columns: set[str] = ANSWERED) -> bool:
    return any(_is_answer(part, columns) for part in _parts(node))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Walk an operand, but not into what makes words or a truth value of a figure, nor into a filter's condition."""
    is_words = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func).startswith("figures.")
    if is_words or isinstance(node, ast.JoinedStr | ast.Compare):
        return
    yield node
    for part in ast.iter_child_nodes(node):
        yield from _parts(part)


def _is_answer(node: ast.AST, columns: set[str]) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in columns
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "col", "get_column"}:
        return any(isinstance(given, ast.Constant) and given.value in columns for given in node.args)
    return False


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_page_computes_no_figure(file: Path) -> None:
    lines = computed(file.read_text())
    assert lines == [], f"{file.name}: lines {lines} calculate with a metric's answer; that belongs to metrics"


@pytest.mark.parametrize(
    "line",
    [
        "rate = row['value'] / other['n']",
        "moved = now.get('value') - before.get('value')",
        "frame = frame.with_columns(share=pl.col('value') / pl.col('n'))",
        "total = answer.frame['value'].sum()",
        "total = sum(row['n_open'] for row in rows)",
        "typical = answer.frame['value'].mean()",
        "half = (row['upper'] - row['lower']) / 2",
    ],
)
def test_calculation_with_an_answer_is_found(line: str) -> None:
    assert computed(line) == [1]


@pytest.mark.parametrize(
    "line",
    [
        "label = figures.percent(row['value']) + ' of ' + figures.count(row['n'])",
        "late = jobs.filter(pl.col('value') > 0.5).height",
        "text = f\"{row['n']} people\" + rest",
        "top = frame['value'].max()",
        "waiting = answer.frame['n_open'].sum()",
        "place = pl.col('value') * (-1 if best == 'high' else 1)",
        "height = 34 * len(order) + 16",
        "first = frame.sort('value', descending=True).row(0, named=True)['value']",
    ],
)
def test_showing_an_answer_is_allowed(line: str) -> None:
    assert computed(line) == []
