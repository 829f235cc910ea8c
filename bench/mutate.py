"""Which rules of the grammar no labelled line needs: each is switched off in turn.

A rule is an `if` that ends in return, continue or break, or a function of bool. Switched off, its
condition (its result) is False. Every module is loaded once with its rules wrapped in a call; a
line is read again only where the rule had fired on it, since on all others it can change nothing.
The ordinary chat counts as well: its lines, and its frames filled from a seed, hold no reading, and
a rule without which one is seen there has its line too.
"""

import argparse
import ast
import importlib
import importlib.util
import json
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
SETS = ROOT / "tests" / "data" / "temperature"
PACKAGE = "bot.language"
MODULES = (
    *(
        "beside",
        "telling",
        "evidence",
        "threes",
        "integers",
        "mistyped",
        "surroundings",
        "leftside",
    ),
    *("actors", "behind", "given", "whose", "sharing", "moments", "slips"),
)
SEED, FRAMES = 7, 6000  # of the ordinary chat
HOOK = "rule_fires_"  # the name under which a wrapped module finds the call
LONGEST_S = 1.0  # of processor time: a line takes a millisecond
WIDTH = 64
FAULTS = (  # what code does whose guard is switched off
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RecursionError),
    *(StopIteration, TypeError, ValueError),
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, where it stands and how it reads."""

    file: str
    line: int
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Switch:
    """Passes conditions on, notes which held, and makes those of one rule False."""

    rules: list[Rule] = field(default_factory=list)
    fired: set[int] = field(default_factory=set)
    off: int = -1

    def __call__(self, key: int, value: object) -> object:
        if not value:
            return value
        self.fired.add(key)
        return False if key == self.off else value


@dataclass(slots=True)
class Effect:
    """What switching one rule off did; broken and mended count lines right and wrong whole."""

    changed: int = 0
    broken: int = 0
    mended: int = 0
    example: str = ""
    hung: bool = False


class Wrapper(ast.NodeTransformer):
    """Wraps the rules of one module in calls of the switch."""

    def __init__(self, name: str, source: str, rules: list[Rule]) -> None:
        self.file = f"{name}.py"
        self.source = source
        self.rules = rules
        self.function: list[int | None] = []  # the rule of each open function, where it is of bool

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.body[-1], ast.Return | ast.Continue | ast.Break):
            text = ast.get_source_segment(self.source, node.test) or ast.unparse(node.test)
            node.test = self._call(self._add(node.lineno, f"if {text}"), node.test)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        of_bool = isinstance(node.returns, ast.Name) and node.returns.id == "bool"
        self.function.append(self._add(node.lineno, f"def {node.name}") if of_bool else None)
        self.generic_visit(node)
        self.function.pop()
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        key = self.function[-1]
        if key is not None and node.value is not None:
            node.value = self._call(key, node.value)
        return node

    def _add(self, line: int, text: str) -> int:
        self.rules.append(Rule(self.file, line, " ".join(text.split())))
        return len(self.rules) - 1

    def _call(self, key: int, value: ast.expr) -> ast.Call:
        call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(key), value], [])
        return ast.copy_location(call, value)


class Loader(SourceFileLoader):
    """Loads a module with its rules wrapped; the cache of compiled files is left alone."""

    def __init__(self, name: str, path: str, switch: Switch) -> None:
        super().__init__(name, path)
        self.switch = switch

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        wrapper = Wrapper(fullname.rpartition(".")[2], source, self.switch.rules)
        tree = ast.fix_missing_locations(wrapper.visit(ast.parse(source)))
        return compile(tree, self.path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        vars(module)[HOOK] = self.switch
        super().exec_module(module)


class Finder(MetaPathFinder):
    """Puts the loader in the place of the usual one for the modules asked for."""

    def __init__(self, modules: Sequence[str], switch: Switch) -> None:
        self.names = {f"{PACKAGE}.{name}" for name in modules}
        self.switch = switch

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The usual place, another loader."""
        if fullname not in self.names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = Loader(fullname, spec.origin, self.switch)
        return spec


class Hung(Exception):
    """A line took far longer than any does."""


@contextmanager
def limited() -> Iterator[None]:
    """Ends what runs on for ever, as a loop does whose break is switched off."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Hung

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def scorer() -> ModuleType:
    """The scorer that lies beside the sets."""
    spec = importlib.util.spec_from_file_location("temperature_score", SETS / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit("score.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(slots=True)
class Check:
    """The sets as they are read with every rule, and what they become without one."""

    switch: Switch
    parse: Callable[[Row], Row]
    score: Callable[[dict[str, Row], dict[str, Row]], Row]
    rows: list[Row]
    usual: list[Row] = field(default_factory=list)
    fired: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def baseline(self) -> None:
        """Reads every line with all rules and notes which fired."""
        for at, row in enumerate(self.rows):
            self.switch.fired = set()
            self.usual.append(self.parse(row))
            for key in self.switch.fired:
                self.fired[key].append(at)

    def without(self, key: int) -> Effect:
        """Reads again the lines on which the rule fired."""
        effect = Effect()
        self.switch.off = key
        for at in self.fired[key]:
            row, usual = self.rows[at], self.usual[at]
            now: Row | None = None
            try:
                with limited():
                    now = self.parse(row)
                fault = ""
            except Hung:
                effect.hung, fault = True, "never ends"
            except FAULTS as error:
                fault = f"raises {type(error).__name__}"
            if now != usual and not ("ordinary" in row and self._is_alike(row, usual, now)):
                was, right = (
                    self._is_right(row, usual),
                    now is not None and self._is_right(row, now),
                )
                effect.changed += 1
                effect.broken += was and not right
                effect.mended += right and not was
                if not effect.example or (effect.broken == 1 and was and not right):
                    effect.example = _example(row, usual, now, fault)
            if effect.hung:
                break  # the others would hang as well
        self.switch.off = -1
        return effect

    def _is_alike(self, row: Row, usual: Row, now: Row | None) -> bool:
        """An ordinary line needs a rule only where a reading is seen without it."""
        return now is not None and (self._is_right(row, now) or not self._is_right(row, usual))

    def _is_right(self, row: Row, found: Row) -> bool:
        if "ordinary" in row:
            return not (found["readings"] or found["clarify"])
        key = row["id"]
        return bool(self.score({key: row}, {key: found})["whole_message"]["right"])


def _example(row: Row, usual: Row, now: Row | None, fault: str) -> str:
    text = " ".join(str(row["text"]).split())
    short = text if len(text) <= 40 else text[:39] + "…"
    return f"{row['id']} {short} | {fault or _difference(usual, now or {})}"


def _difference(usual: Row, now: Row) -> str:
    for name, was in usual.items():
        if now.get(name) != was:
            return f"{name} {_brief(was)} → {_brief(now.get(name))}"
    return ""


def _brief(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    return "[" + ", ".join(_item(v) for v in value) + "]"


def _item(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return " ".join(str(v) for v in value.values() if v)


def load_sets() -> list[Row]:
    """All labelled lines; ids of two sets may be the same."""
    rows: list[Row] = []
    for path in sorted(SETS.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        rows.extend(json.loads(line) for line in lines if line.strip())
    return rows


def ordinary_lines() -> list[Row]:
    """Messages without any reading: those of the tests, and the frames as filled from a seed."""
    listed = (DATA / "ordinary_dev.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [str(json.loads(line)["text"]) for line in listed]
    texts += [t for t in (DATA / "ordinary_own.txt").read_text(encoding="utf-8").split("\n") if t]
    chat = importlib.import_module("ordinary").Chat(SEED)
    texts += ["".join(part.words for part in chat.message()) for _ in range(FRAMES)]
    return [_ordinary(f"ordinary{at}", text) for at, text in enumerate(texts)]


def _ordinary(key: str, text: str) -> Row:
    sent = {"chat": "group", "sender": "村里人", "sent_at": "2020-02-10T10:00:00+08:00"}
    gold = {"readings": [], "clarify": [], "correction": False, "ordinary": True}
    return {"id": key, "text": text, **sent, **gold}


def check_of(modules: Sequence[str]) -> Check:
    """Loads the grammar with its rules wrapped and reads every set once."""
    switch = Switch()
    sys.meta_path.insert(0, Finder(modules, switch))
    loaded = [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]
    if loaded:
        raise SystemExit(f"loaded too early: {', '.join(loaded)}")
    from bot.language.parse import parse_record
    from bot.language.readings import warm

    warm()
    check = Check(switch, parse_record, scorer().score, load_sets() + ordinary_lines())
    check.baseline()
    return check


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one line a rule, those without a line marked, and the sum."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--module", action="append", choices=MODULES, help="default: all")
    parser.add_argument("--idle", action="store_true", help="print only rules without a line")
    asked = parser.parse_args(argv)
    check = check_of(asked.module or MODULES)
    print(f"{len(check.rows)} lines; broken: right before, wrong without the rule")
    print(f"{'rule':22} {'changed':>7} {'broken':>6} {'mended':>6}  source, example")
    order = sorted(range(len(check.switch.rules)), key=lambda k: _place(check.switch.rules[k]))
    idle = 0
    for key in order:
        rule, effect = check.switch.rules[key], check.without(key)
        idle += not effect.changed
        if asked.idle and effect.changed:
            continue
        source = rule.source if len(rule.source) <= WIDTH else rule.source[: WIDTH - 1] + "…"
        counts = f"{effect.changed:7} {effect.broken:6} {effect.mended:6}"
        if not effect.changed:
            fired = len(check.fired[key])
            effect.example = f"fired on {fired} lines" if fired else "never fired"
        print(f"{rule!s:22} {counts}{'+' if effect.hung else ' '} {source}  ‖ {effect.example}")
    print(f"{len(order)} rules, {idle} without a line")
    return 0


def _place(rule: Rule) -> tuple[int, int]:
    return MODULES.index(rule.file.removesuffix(".py")), rule.line


if __name__ == "__main__":
    sys.exit(main())
