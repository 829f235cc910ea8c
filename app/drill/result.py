"""What a drill found: a table for people, one JSON object for machines."""

from dataclasses import asdict, dataclass, field
from typing import Any

HEADS = {
    "missed": "漏了",
    "wrong": "错了",
    "doubled": "重了",
    "late": "迟了",
    "false": "闲话当真",
    "unwanted": "多嘴",
    "leaks": "泄露",
}
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between what is true and what the system made of it."""

    what: str  # reading, alert, escalation, reminder, worklist, silence, answer, message, …
    at: str  # when it was said, China's time
    chat: str
    said: str
    expected: str = ""
    got: str = ""
    style: str = ""


@dataclass
class DrillResult:
    """The outcome of one drill."""

    villages: int
    days: int
    seed: int
    messages: int = 0
    readings: int = 0
    fevers: int = 0
    found: dict[str, list[Finding]] = field(default_factory=lambda: {head: [] for head in HEADS})
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not any(self.found.values())

    def add(self, head: str, finding: Finding) -> None:
        """Note a difference under one of HEADS."""
        self.found[head].append(finding)

    def as_json(self) -> dict[str, Any]:
        """One object, ready for json.dumps."""
        return {
            "villages": self.villages,
            "days": self.days,
            "seed": self.seed,
            "messages": self.messages,
            "readings": self.readings,
            "fevers": self.fevers,
            **{head: [asdict(one) for one in rows] for head, rows in self.found.items()},
            "seconds": round(self.seconds, 2),
        }

    def as_text(self) -> str:
        """A table in Chinese, and under it what was found, the first of each kind."""
        lines = [
            f"演练：{self.villages} 个村，{self.days} 天，种子 {self.seed}",
            f"消息 {self.messages} 条，体温 {self.readings} 个，发热和紧急 {self.fevers} 次，"
            f"用时 {self.seconds:.1f} 秒",
            "  ".join(f"{word} {len(self.found[head])}" for head, word in HEADS.items()),
        ]
        for head, word in HEADS.items():
            rows = self.found[head]
            if rows:
                lines.append(f"\n{word}（{len(rows)}）")
                lines += [f"  {_line(row)}" for row in rows[:MOST_SHOWN]]
            if len(rows) > MOST_SHOWN:
                lines.append(f"  …… 还有 {len(rows) - MOST_SHOWN} 处，加 --json 看全部")
        return "\n".join(lines)


def _line(row: Finding) -> str:
    said = row.said.replace("\n", "⏎")
    parts = [f"{row.at} {row.chat} 〔{row.what}〕", f"“{said}”" if said else ""]
    if row.expected:
        parts.append(f"应：{row.expected}")
    if row.got:
        got = row.got.replace("\n", "⏎")
        parts.append(f"实：{got}")
    return " ".join(p for p in parts if p)
