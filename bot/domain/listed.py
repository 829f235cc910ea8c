"""Many values in one statement: they go as one parameter, however many there are.

A parameter for each would be named, written and read anew at every asking: of ten thousand people
that alone takes a third of a second.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import JSON, Integer, String, cast, func, literal
from sqlalchemy import select as columns
from sqlmodel import Session


def listed(db: Session, values: Collection[int] | Collection[str]) -> Any:
    """What a column may be `in_`: some numbers, or some texts."""
    every = list(values)
    whole = literal(json.dumps(every, ensure_ascii=False), String)
    if db.get_bind().dialect.name == "sqlite":
        return columns(func.json_each(whole).table_valued("value").c.value)
    one = func.json_array_elements_text(cast(whole, JSON)).table_valued("value").c.value
    kind = String if every and isinstance(every[0], str) else Integer
    return columns(cast(one, kind))
