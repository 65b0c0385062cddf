"""The part of CloudWatch metric math that alarms of counts are written in.

Numbers, names of other queries, ``+ - * /``, comparisons, parentheses, ``IF`` and ``FILL``
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html). A missing data point
stays missing through every operation but ``FILL(m, number)`` and the branch of ``IF`` that is not taken;
division by zero gives no data point. Anything else is refused by name.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from slo.model.errors import SourceError

Value = float | None
Node = Callable[[Mapping[str, Value]], Value]

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/()<>,]))")
_COMPARISONS = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


class MetricMathError(SourceError):
    def __init__(self, expression: str, problem: str) -> None:
        super().__init__(f"metric math {expression!r}: {problem}")


def compiled(expression: str) -> Node:
    """A function from one data point of each query to one of the expression.

    Raises:
        MetricMathError: not in the supported part; names what is not.
    """
    parser = _Parser(expression)
    node = parser.comparison()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = list(_tokens(expression))
        self._next = 0

    def expect_end(self) -> None:
        if self._next < len(self._tokens):
            self._fail(f"unexpected {self._tokens[self._next]!r}")

    def comparison(self) -> Node:
        return self._chain(_COMPARISONS, self._sum)

    def _sum(self) -> Node:
        return self._chain({sign: _ARITHMETIC[sign] for sign in "+-"}, self._product)

    def _product(self) -> Node:
        return self._chain({sign: _ARITHMETIC[sign] for sign in "*/"}, self._atom)

    def _chain(
        self, operators: Mapping[str, Callable[[float, float], float]], below: Callable[[], Node]
    ) -> Node:
        node = below()
        while self._peek() in operators:
            node = _binary(operators[self._take()], node, below())
        return node

    def _atom(self) -> Node:
        word = self._take()
        if word == "(":
            node = self.comparison()
            self._expect(")")
            return node
        if word == "-":
            return _binary(operator.sub, _constant(0.0), self._atom())
        if word[0].isdigit():
            return _constant(float(word))
        if word[0].isalpha() and self._peek() == "(":
            return self._function(word)
        if word[0].isalpha() and word[0].islower():
            return lambda points: points[word]
        return self._fail(f"unexpected {word!r}")

    def _function(self, name: str) -> Node:
        arguments = self._arguments()
        if name == "FILL" and len(arguments) == 2:
            return _fill(*arguments)
        if name == "IF" and len(arguments) in (2, 3):
            return _if(arguments)
        return self._fail(f"{name} with {len(arguments)} arguments is not supported")

    def _arguments(self) -> Sequence[Node]:
        self._expect("(")
        found = [self.comparison()]
        while self._peek() == ",":
            self._take()
            found.append(self.comparison())
        self._expect(")")
        return found

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        if self._next >= len(self._tokens):
            self._fail("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _expect(self, token: str) -> None:
        if self._take() != token:
            self._fail(f"expected {token!r}")

    def _fail(self, problem: str) -> Node:
        raise MetricMathError(self._expression, problem)


def _tokens(expression: str) -> Sequence[str]:
    found, position = [], 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise MetricMathError(expression, f"{text[position]!r} is not supported")
        found.append(match.group().strip())
        position = match.end()
    return found


def _constant(value: float) -> Node:
    return lambda points: value


def _binary(apply: Callable[[float, float], float], left: Node, right: Node) -> Node:
    def node(points: Mapping[str, Value]) -> Value:
        low, high = left(points), right(points)
        if low is None or high is None:
            return None
        try:
            return float(apply(low, high))
        except ZeroDivisionError:
            return None

    return node


def _fill(metric: Node, value: Node) -> Node:
    def node(points: Mapping[str, Value]) -> Value:
        found = metric(points)
        return value(points) if found is None else found

    return node


def _if(arguments: Sequence[Node]) -> Node:
    condition, then = arguments[0], arguments[1]
    otherwise = arguments[2] if len(arguments) == 3 else None

    def node(points: Mapping[str, Value]) -> Value:
        verdict = condition(points)
        if verdict is None:
            return None
        if verdict:
            return then(points)
        return otherwise(points) if otherwise is not None else None

    return node
