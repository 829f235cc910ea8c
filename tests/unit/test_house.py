"""The house itself: locks, homes of libraries, docstrings, no trace of a build machine."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("app", "scheduler", "handlers", "bot")
LOCKS = (
    "requirements-build.lock",
    "requirements.lock",
    "requirements-province.lock",
    "requirements-dev.lock",
)
SCRIPTS = ("setup", "run", "test")

PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)==([0-9][^\s;]*)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")

# Library -> the only modules that may import it. A name ending in "." stands for all below it.
HOMES = {
    "alembic": ("bot.migrate",),
    "apscheduler": ("scheduler.runner",),
    "fastapi": ("app.",),
    "httpx2": ("app.", "bot.channels."),
    "jieba": ("bot.language.",),
    "jinja2": ("app.",),
    "procrastinate": ("app.engine",),
    "prometheus_client": ("app.",),
    "psycopg": ("app.bell",),
    "pydantic_settings": ("app.",),
    "rich": ("app.",),
    "starlette": ("app.",),
    "structlog": ("app.",),
    "typer": ("app.",),
    "uvicorn": ("app.",),
    "wechatpy": ("bot.channels.",),
}
# What channels use of wechatpy; its clients, sessions and payment stay out.
WECHATPY = {
    "wechatpy",
    "wechatpy.crypto",
    "wechatpy.enterprise",
    "wechatpy.enterprise.crypto",
    "wechatpy.enterprise.parser",
    "wechatpy.enterprise.replies",
    "wechatpy.exceptions",
    "wechatpy.parser",
    "wechatpy.replies",
    "wechatpy.utils",
}
# These see of all channels only the contract.
KERNEL = ("bot.inbox", "bot.outbox", "bot.work", "bot.router", "handlers.", "scheduler.")

# Absolute folders of one person's or one build machine.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|work|home/\w+|Users/\w+)/|\b[A-Z]:\\Users\\")


def module_name(path: Path) -> str:
    """bot/channels/__init__.py -> bot.channels."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def product() -> dict[str, ast.Module]:
    """Every module of the product, parsed."""
    files = (file for floor in FLOORS for file in sorted((ROOT / floor).rglob("*.py")))
    return {module_name(file): ast.parse(file.read_bytes(), str(file)) for file in files}


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module that a tree imports, wherever it does so; `from a import b` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, homes: tuple[str, ...]) -> bool:
    """Whether a module is one of the homes or lies below one that ends in a dot."""
    return any(
        module == home.rstrip(".") or (home.endswith(".") and module.startswith(home))
        for home in homes
    )


def pins(lock: str) -> dict[str, str]:
    """Package -> version of a lock file."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    return {found[1]: found[2] for line in lines if (found := PIN.fullmatch(line))}


def declared(key: str) -> list[Requirement]:
    """The requirements of pyproject.toml: "project", "province", or the name of a group."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    known = {
        "project": settings["project"]["dependencies"],
        **settings["project"]["optional-dependencies"],
        **settings["dependency-groups"],
    }
    words = known[key]
    return [Requirement(word) for word in words if isinstance(word, str)]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_registry_and_hashes_every_line(lock: str) -> None:
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    hashed: dict[str, int] = {}
    package = ""
    for line in lines:
        if found := PIN.fullmatch(line):
            package = found[0]
            hashed[package] = 0
        else:
            assert HASH.fullmatch(line), f"{lock}: {line}"
            hashed[package] += 1
    assert hashed
    assert [package for package, count in hashed.items() if not count] == []


def test_locks_agree_and_obey_the_bounds() -> None:
    build, run, province, dev = (pins(lock) for lock in LOCKS)
    assert run.items() <= province.items() <= dev.items()
    assert build.items() <= dev.items()
    for wanted, lock in (
        *((wanted, run) for wanted in declared("project")),
        *((wanted, province) for wanted in declared("province")),
        *((wanted, build) for wanted in declared("build")),
        *((wanted, dev) for wanted in declared("dev")),
    ):
        assert wanted.specifier.contains(lock[canonicalize_name(wanted.name)]), str(wanted)


def test_every_library_in_use_is_declared() -> None:
    known = packages_distributions()
    names: set[str] = {canonicalize_name(wanted.name) for wanted in declared("project")}
    names |= {canonicalize_name(wanted.name) for wanted in declared("province")}
    names |= {"pydantic-core"}  # pydantic's own half: its errors are made there
    names |= {"starlette"}  # FastAPI's own base: the hook is an ASGI object on its router
    stray = {
        f"{module} imports {top}"
        for module, tree in product().items()
        for top in {name.partition(".")[0] for name in imports(tree)}
        if top not in FLOORS
        and top not in sys.stdlib_module_names
        and not {canonicalize_name(name) for name in known.get(top, [top])} & names
    }
    assert stray == set()


@pytest.mark.parametrize("library", sorted(HOMES))
def test_library_has_one_home(library: str) -> None:
    strangers = {
        module
        for module, tree in product().items()
        if library in {name.partition(".")[0] for name in imports(tree)}
        and not within(module, HOMES[library])
    }
    assert strangers == set()


def test_of_wechatpy_only_crypto_parsing_and_replies() -> None:
    used = {
        f"{module} imports {node.module}"
        for module, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").partition(".")[0] == "wechatpy"
        and node.module not in WECHATPY
    }
    whole = {
        f"{module} imports {alias.name}"
        for module, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.partition(".")[0] == "wechatpy"
    }
    assert used | whole == set()


def test_kernel_and_duties_know_no_platform() -> None:
    known = {
        f"{module} imports {name}"
        for module, tree in product().items()
        if within(module, KERNEL)
        for name in imports(tree)
        if name.startswith("bot.channels.") and not within(name, ("bot.channels.base.",))
    }
    assert known == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = {module for module, tree in product().items() if not ast.get_docstring(tree)}
    assert silent == set()


def test_no_file_names_the_machine_it_was_built_on() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are ours is not known")
    words = ("-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run([git, *words], check=True, capture_output=True)  # noqa: S603  # fixed words
    files = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    found = {
        f"{file.relative_to(ROOT)}: {hit[0]}"
        for file in files
        if file.is_file()
        and (hit := MACHINE_PATH.search(file.read_bytes().decode("utf-8", "replace")))
    }
    assert files
    assert found == set()


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_is_executable_plain_sh(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert path.read_text("utf-8").startswith("#!/bin/sh\n")


def test_decisions_are_numbered_and_complete() -> None:
    files = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text("utf-8")
        for part in ("Context", "Decision", "Consequences", "Alternatives"):
            assert f"\n## {part}\n" in text, f"{file.name}: {part}"
