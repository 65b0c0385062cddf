"""What a PromQL expression means, so that two spellings of the same can be compared."""

from __future__ import annotations

import promql_parser as promql


def meaning(text: str) -> object:
    """Without parentheses, and with label matchers and grouping labels in one order."""
    return _meaning(promql.parse(text))


def _meaning(node: object) -> object:
    if isinstance(node, promql.ParenExpr):
        return _meaning(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return (str(node.op), str(node.modifier), _meaning(node.lhs), _meaning(node.rhs))
    if isinstance(node, promql.AggregateExpr):
        by = node.modifier and (str(node.modifier.type), sorted(node.modifier.labels))
        return (str(node.op), str(by), _meaning(node.expr))
    if isinstance(node, promql.Call):
        return (node.func.name, *(_meaning(arg) for arg in node.args))
    if isinstance(node, promql.MatrixSelector):
        return (_meaning(node.vector_selector), node.range)
    if isinstance(node, promql.SubqueryExpr):
        return (_meaning(node.expr), node.range, node.step)
    if isinstance(node, promql.VectorSelector):
        return (node.name, sorted(f"{m.name} {m.op} {m.value}" for m in node.matchers.matchers))
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    return str(node)
