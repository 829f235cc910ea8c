"""wechatpy has four doors into this house, and nothing else of it comes in."""

import ast
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"
DOORS = {
    ("channels/cipher.py", "wechatpy.crypto"),
    ("channels/official_account.py", "wechatpy.parser"),
    ("channels/reply.py", "wechatpy.replies"),
    ("channels/wecom_app.py", "wechatpy.enterprise.parser"),
}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name for name in names if name.split(".")[0] == "wechatpy"}


def test_doors() -> None:
    found = {
        (file.relative_to(BOT).as_posix(), name)
        for file in BOT.rglob("*.py")
        for name in imported(file)
    }
    assert found == DOORS
