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


def listed(db: Session, values: Collection[int] | Collection[str], kind: Any = Integer) -> Any:
    """What a column of this kind may be `in_`; there may be none."""
    whole = literal(json.dumps(list(values), ensure_ascii=False), String)
    if db.get_bind().dialect.name == "sqlite":
        return columns(func.json_each(whole).table_valued("value").c.value)
    one = func.json_array_elements_text(cast(whole, JSON)).table_valued("value").c.value
    return columns(cast(one, kind))
