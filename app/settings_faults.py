"""What pydantic says of a wrong setting, as a Chinese line with the key and how to mend it."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.channel_settings import KINDS, LATER

MOST = 8  # lines shown at once; the rest follow when these are mended
_NUMBERS = ("int_type", "int_parsing", "int_from_float", "int_parsing_size")
_TEXTS = ("string_type", "secret_str_type")
_PLAIN = {
    "missing": "缺少这一项",
    **dict.fromkeys(_NUMBERS, "要一个整数，不加引号"),
    **dict.fromkeys(_TEXTS, "要一段文字，用英文双引号括起来"),
    "bool_type": "要写 true 或 false",
    "bool_parsing": "要写 true 或 false",
    "greater_than_equal": "数字太小，最小 {ge}",
    "less_than_equal": "数字太大，最大 {le}",
    "string_too_short": "不能为空",
    "string_too_long": "太长，最多 {max_length} 个字",
    "too_short": "不能为空",
    "tuple_type": '要写成一列：["…", "…"]',
    "literal_error": "只能是其中一个：{expected}",
    "beside": "{words}",
}


def nearest(word: str, known: Collection[str]) -> str:
    """A hint at the nearest known word, "" where none is near."""
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if found:
        return f"（是不是 {found[0]}？）"
    return f"（有：{'、'.join(known)}）" if known else ""


def faults_of(
    error: ValidationError, model: type[BaseModel], environment: Mapping[str, str]
) -> Iterator[str]:
    """One line a fault.

    Args:
        error: pydantic's.
        model: of all settings.
        environment: ours, lower case, without the prefix: tells where a value came from.
    """
    faults = error.errors(include_url=False, include_input=False)
    for fault in faults[:MOST]:
        key, words, meaning = _line(fault, model)
        name = "__".join(key.split(".")).lower()
        source = f"（环境变量 SHOUWANG_{name.upper()}）" if name in environment else ""
        yield f"{key}{source}：{words}" + (f"。{meaning}" if meaning else "")
    if len(faults) > MOST:
        yield f"还有 {len(faults) - MOST} 处，改好这些再看"


def _line(fault: ErrorDetails, model: type[BaseModel]) -> tuple[str, str, str]:
    """Key, words, meaning of the field."""
    path = [str(part) for part in fault["loc"]]
    context: dict[str, Any] = fault.get("ctx", {})
    if path[:1] != ["channels"] or len(path) == 1:
        words = _words(fault, context)
        if fault["type"] == "dict_type":
            words = "要写成表：[channels.名字]，下面一行一项"
        return path[0], words, _meaning(model, path[0])
    name = path[1]
    if path[2:] == ["[key]"]:
        return f"channels.{name}", "通道的名字只用小写字母、数字和 -，最多 40 个", ""
    if fault["type"].startswith("union_tag"):
        return f"channels.{name}.kind", _kind_words(context), ""
    if fault["type"] in ("model_attributes_type", "model_type", "dict_type") and len(path) <= 3:
        return f"channels.{name}", f"要写成表：[channels.{name}]，下面一行一项", ""
    kind, fields = KINDS[path[2]], [part for part in path[3:] if part != "[key]"]
    if "field" in context:
        fields.append(str(context["field"]))
    if fault["type"] == "extra_forbidden":
        near = nearest(fields[-1], list(kind.model_fields))
        words = f"{path[2]} 的通道没有这一项{near}；改了名字或删掉这一行"
        return ".".join(("channels", name, *fields)), words, ""
    return ".".join(("channels", name, *fields)), _words(fault, context), _meaning(kind, fields[0])


def _kind_words(context: Mapping[str, Any]) -> str:
    tag = str(context.get("tag", ""))
    if tag in LATER:
        return LATER[tag]
    if not tag:
        return f"缺少这一项，要写是哪一种通道：{'、'.join(KINDS)}"
    return f"没有这种通道{nearest(tag, list(KINDS))}"


def _words(fault: ErrorDetails, context: Mapping[str, Any]) -> str:
    if fault["type"] == "value_error":
        return str(context["error"])
    return _PLAIN.get(fault["type"], "这个值不对").format_map(context)


def _meaning(model: type[BaseModel], name: str) -> str:
    field = model.model_fields.get(name)
    return (field.description or "") if field else ""
