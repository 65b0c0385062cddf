"""Expressions whose names all stand behind ``#``: no reserved word can get in the way."""

from __future__ import annotations

import re
from typing import Any

from credit.ports.projections import HotItem
from dataplatform.stores.dynamodb.wire import Wire

LIVE = "attribute_not_exists(#expiresAt) OR #expiresAt > :now"
# Absent, damaged, older or expired. An index sees a write later; a condition is judged on the item itself.
GIVES_WAY = "NOT attribute_type(#version, :number) OR #version < :version OR #expiresAt <= :now"

_NAME = re.compile(r"#(\w+)")


def names_in(*expressions: str) -> dict[str, str]:
    """``ExpressionAttributeNames``: exactly those used, as the service demands."""
    return {f"#{name}": name for expression in expressions for name in _NAME.findall(expression)}


def number(value: int) -> Wire:
    return {"N": str(value)}


def guarded_put(table: str, wire: Wire, item: HotItem, now: int) -> dict[str, Any]:
    """Arguments of a ``put_item`` that writes only over something older."""
    return {
        "TableName": table,
        "Item": wire,
        "ConditionExpression": GIVES_WAY,
        "ExpressionAttributeNames": names_in(GIVES_WAY),
        "ExpressionAttributeValues": {
            ":number": {"S": "N"},
            ":version": number(item.version),
            ":now": number(now),
        },
    }
