"""Compare what was true in a drill with the database: messages, readings, incidents."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from app.drill.result import DrillResult, Finding
from app.drill.sayings import Sayings
from app.drill.silence import Silence
from app.drill.truth import FEVER, Book, Claim, Line, Standing
from app.stage import Stage
from bot.clock import clock_words, day_words
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.registry import Resident
from bot.domain.rules import SlotDay
from bot.domain.temperature import Reading
from bot.inbox import DONE, Inbox

Place = tuple[int, date, str]


def compare(book: Book, stage: Stage, result: DrillResult, slots: Sequence[SlotDay]) -> None:
    """Note every difference in the result."""
    with stage.store.reading() as session:
        records = Records(book, session, result)
        records.messages()
        records.readings()
        records.incidents()
        Sayings(book, result, records.ids, records.doubtful).all()
        Silence(book, session, result, records.doubtful, slots).all()


def finding(
    what: str, line: Line | None, expected: str = "", got: str = "", chat: str = ""
) -> Finding:
    """A difference, with the message that it is about."""
    if line is None:
        return Finding(what, "", chat, "", expected, got)
    where = line.chat or f"私 {line.speaker.name}"
    return Finding(what, clock_words(line.at), where, line.text, expected, got, line.style)


@dataclass
class Records:
    """The facts that were stored."""

    book: Book
    session: Session
    result: DrillResult

    def __post_init__(self) -> None:
        """Read what several checks need."""
        rows = self.session.exec(select(Inbox)).all()
        self.rows = {row.key: row for row in rows}
        self.ids = {row.id or 0: row.key for row in rows}
        self.names = {r.id or 0: r.name for r in self.session.exec(select(Resident)).all()}
        self.doubtful: set[Place] = (
            set()
        )  # slots whose reading differs: what follows from it is not counted

    def messages(self) -> None:
        """Every message was stored and handled exactly once."""
        for key, line in self.book.lines.items():
            row = self.rows.get(key)
            if row is None:
                self.result.add("missed", finding("message", line, "存下", "没存"))
            elif row.state != DONE or row.handled == 0:
                self.result.add("missed", finding("message", line, "处理", row.fault or "没处理"))
            elif row.handled > 1:
                self.result.add(
                    "doubled", finding("message", line, "处理一次", f"{row.handled} 次")
                )

    def readings(self) -> None:
        """Every claim has its reading, and every reading its claim."""
        stored: dict[Place, list[Reading]] = defaultdict(list)
        query = select(Reading).where(
            col(Reading.superseded_by).is_(None), col(Reading.withdrawn_at).is_(None)
        )
        for row in self.session.exec(query).all():
            stored[row.resident_id, row.day, row.slot].append(row)
        claims = self.book.by_place()
        self.result.readings = sum(c.standing is Standing.CURRENT for c in self.book.claims)
        for place in sorted({*stored, *claims}):
            self._one_slot(place, claims.get(place, []), stored.get(place, []))

    def _one_slot(self, place: Place, claims: list[Claim], rows: list[Reading]) -> None:
        wanted = Counter(c.fact.tenths for c in claims if c.standing is Standing.CURRENT)
        allowed = {c.fact.tenths for c in claims if c.standing is Standing.OPEN}
        got = Counter(r.tenths for r in rows)
        missing, extra = wanted - got, got - wanted
        for claim in claims:
            is_open = claim.standing is Standing.OPEN and claim.line.asks_back is not None
            if is_open and claim.fact.tenths not in got:
                self.doubtful.add(place)
                words = claim.fact.words()
                self.result.add("missed", finding("question", claim.line, words, "没问也没记"))
        if not missing and not (set(extra) - allowed):
            return
        self.doubtful.add(place)
        shown = "、".join(f"{r.celsius}" for r in rows)
        head, paired = ("wrong", missing.total()) if extra else ("missed", 0)
        for claim in claims:
            if claim.standing is Standing.CURRENT and missing[claim.fact.tenths]:
                missing[claim.fact.tenths] -= 1
                self.result.add(head, finding("reading", claim.line, claim.fact.words(), shown))
        for row in rows:
            if extra[row.tenths] and row.tenths not in allowed:
                extra[row.tenths] -= 1
                paired -= 1
                if paired < 0:  # the others are the wrong values of what is already listed
                    self._extra(row, wanted, claims)

    def _extra(self, row: Reading, wanted: Counter[int], claims: list[Claim]) -> None:
        """A reading that nobody gave: doubled, wrong, or made of ordinary talk."""
        line = self.book.lines.get(self.ids.get(row.message_id or 0, ""))
        name = self.names.get(row.resident_id, "")
        shown = f"{name} {day_words(row.day)}{row.slot} {row.celsius}"
        gone = {c.fact.tenths: c.standing for c in claims}.get(row.tenths)
        if gone in (Standing.SUPERSEDED, Standing.WITHDRAWN):
            words = "已更正" if gone is Standing.SUPERSEDED else "已撤回"
            self.result.add("wrong", finding("reading", line, words, f"还在：{shown}"))
        elif wanted[row.tenths]:
            self.result.add("doubled", finding("reading", line, "一个", shown))
        elif line is not None and not line.facts:
            self.result.add("false", finding("reading", line, "不是体温", shown))
        else:
            expected = "、".join(f.words() for f in line.facts) if line else ""
            self.result.add("wrong", finding("reading", line, expected, shown))

    def incidents(self) -> None:
        """No case without a cause, each case once, and closed where a person closed it."""
        self.result.fevers = len(self.book.alarms)
        causes = {(a.kind, a.person.id) for a in self.book.alarms}
        causes |= {("发热", c.fact.person.id) for c in self.book.claims if c.fact.tenths >= FEVER}
        words = {IncidentKind.FEVER: "发热", IncidentKind.EMERGENCY: "紧急"}
        seen: dict[tuple[str, int], list[Incident]] = defaultdict(list)
        for row in self.session.exec(select(Incident).order_by(col(Incident.id))).all():
            kind = words.get(IncidentKind(row.kind))
            line = self.book.lines.get(self.ids.get(row.message_id or 0, ""))
            if kind is None:
                if row.kind != IncidentKind.SILENCE:
                    self.result.add("false", finding("incident", line, "没有事", row.summary))
            elif (kind, row.resident_id or 0) not in causes:
                self.result.add("false", finding("incident", line, "没有事", row.summary))
            else:
                seen[kind, row.resident_id or 0].append(row)
        for alarm in self.book.alarms:
            rows = seen.get((alarm.kind, alarm.person.id), [])
            if not rows:
                self.result.add(
                    "missed", finding("incident", alarm.line, f"{alarm.kind} {alarm.person.name}")
                )
            elif all(r.closed_at is None for r in rows):
                state = "接了没关" if rows[-1].taken_at else "没接上"
                self.result.add(
                    "missed",
                    finding("closing", alarm.line, f"{alarm.kind} {alarm.person.name} 已关", state),
                )
