"""接着问 follow-ups: 那孩子呢, 谢谢, 不对, 这是真的吗 speak of what was just said; no chatter."""

from datetime import timedelta

from bot.clock import local_day
from bot.domain.entries import LocalEntry
from bot.domain.questions import LastAnswer, OpenQuestion, last_answer
from bot.domain.temperature import last_said_at
from bot.language.faq import Action, Asked, Hit
from bot.language.follow_up import (
    doubt,
    follow_up,
    is_bare_doubt,
    is_delicate,
    is_person,
    is_thanks,
)
from bot.language.pack import Entry
from bot.language.understand import Intent
from bot.router import Router, Turn
from handlers import replying
from handlers.answered import answer_words, chat_key, remember
from handlers.handing import Asking

router = Router()

SOON = timedelta(minutes=30)  # 那孩子呢, 谢谢
LATER = timedelta(hours=12)  # 不对
QUOTED = 300  # characters of a quoted message that are asked about
_OTHERS = frozenset((Intent.EMERGENCY, Intent.COMMAND, Intent.SITUATION))


@router.first
def on_quoted(turn: Turn) -> bool:
    """这是真的吗 beside a quoted message, said to the bot: the quoted words are what is asked."""
    quote = turn.inbound.quote
    if quote is None or not quote.text or not turn.said.is_addressed or _is_other(turn):
        return False
    if not is_bare_doubt(turn.said.text):
        return False
    text = quote.text[:QUOTED]
    asked = _ask(turn, text)
    if asked.action is Action.NONE:
        asked = _ask(turn, f"{text} 是真的吗")
    if asked.action in (Action.EMERGENCY, Action.NONE):
        replying.pass_on(turn, Asking(f"{turn.said.text}（指的是：{text}）"))
    else:
        replying.act_on(turn, asked, text)
    return True


@router.first
def on_follow_up(turn: Turn) -> bool:
    """What is said to the bot about its last answer to the same account, in the same chat."""
    if not turn.said.is_addressed or _is_other(turn):
        return False
    last = _last(turn)
    if last is None:
        return False
    text, age = turn.said.text.strip(), turn.work.now - last.at
    if is_thanks(text):
        return age <= SOON and _thanked(turn, last)
    why = doubt(text)
    is_answered = last.entry or last.local_entry_id or last.question_id
    if why is not None and is_answered and not turn.said.report.readings:
        _doubted(turn, last, why)
        return True
    on = follow_up(text)
    if on is None or age > SOON or turn.said.report.readings:
        return False
    found = turn.said.asked.action if turn.said.asked is not None else Action.NONE
    if found is Action.DOCTOR or (on.is_whole and found is Action.ANSWER):
        return False  # a question of its own
    _go_on(turn, last, on.what)
    return True


def _is_other(turn: Turn) -> bool:
    return bool(_OTHERS.intersection(turn.said.intents)) or turn.said.is_exercise


def _last(turn: Turn) -> LastAnswer | None:
    """The last answer, where nothing of ours and no reading of theirs has come between."""
    work = turn.work
    last = last_answer(work.db, turn.account.id or 0)
    if last is None or last.chat_key != chat_key(turn) or work.now - last.at > LATER:
        return None
    if any(prompt.asked_at > last.at for prompt in turn.prompts):
        return None
    reported = last_said_at(work.db, turn.account.id or 0)
    return None if reported is not None and reported > last.at else last


def _thanked(turn: Turn, last: LastAnswer) -> bool:
    """One short word back in private, once an answer; in a group none."""
    if not turn.is_group and not last.is_thanked:
        last.is_thanked = True
        turn.work.db.add(last)
        turn.reply_privately(turn.work.phrase("question.welcome"), why="谢一句，应一句")
    return True


def _said_last(turn: Turn, last: LastAnswer) -> tuple[str, str, str]:
    """What was answered: an id, the question and the words."""
    work = turn.work
    if last.entry and (found := work.content.engine.entry(last.entry)):
        return last.entry, found[0].question, found[0].answer
    if last.local_entry_id and (local := work.db.get(LocalEntry, last.local_entry_id)):
        return f"local:{local.id}", local.question, local.answer
    if last.question_id and (question := work.db.get(OpenQuestion, last.question_id)):
        return f"question:{question.id}", question.text, answer_words(work, question)
    return "", last.asked, ""


def _doubted(turn: Turn, last: LastAnswer, why: str) -> None:
    """不对: a person looks at the answer, with the doubt in the asker's words."""
    entry, question, words = _said_last(turn, last)
    note = turn.work.phrase("question.doubt_note", question=question, answer=words)
    text = turn.said.text if why else f"{turn.said.text}（{last.asked}）"
    answered = turn.work.db.get(OpenQuestion, last.question_id) if last.question_id else None
    by_id = answered.answered_by if answered is not None else None
    replying.pass_on(turn, Asking(text, "doubt", entry, note, by_id), "question.doubted")


def _go_on(turn: Turn, last: LastAnswer, what: str) -> None:
    """The same question of somebody or something else; never the same answer for another case."""
    root = last.asked  # whatever is said from here on overwrites the row
    entry, question, _ = _said_last(turn, last)
    said = f"{turn.said.text}（接着“{root}”问的）"
    found: list[Hit] = []
    for words in dict.fromkeys((root, question)):
        together = _ask(turn, f"{what} {words}")
        if together.action in (Action.DOCTOR, Action.EMERGENCY):
            _to_doctor(turn, root, said)
            return
        if is_person(what):
            found += [*_ask(turn, f"{what}{words}").hits, *together.hits]
            continue
        found += [hit for text in _instead(turn, words, what) for hit in _ask(turn, text).hits]
    fitting = [hit for hit in found if _fits(turn, hit, what, entry)]
    if fitting:
        best = max(fitting, key=lambda hit: hit.confidence)
        replying.act_on(turn, Asked(Action.ANSWER, (best,), (), True), root)
    elif is_delicate(what):
        _to_doctor(turn, root, said)
    else:
        replying.pass_on(turn, Asking(said))
        remember(turn, root)


def _to_doctor(turn: Turn, root: str, said: str) -> None:
    """Also where only both texts together sound like danger: that is no cry for help."""
    replying.act_on(turn, Asked(Action.DOCTOR, (), (), True), said)
    remember(turn, root)


def _instead(turn: Turn, root: str, what: str) -> list[str]:
    """The question with one thing in the place of another: 大蒜能防病毒吗 of 喝酒能防病毒吗."""
    topic = turn.work.content.engine.topics.of(root)
    return [topic.folded.replace(word, what) for word in sorted(topic.words)]


def _fits(turn: Turn, hit: Hit, what: str, before: str) -> bool:
    """Whether an entry speaks of what is asked on; of a thing only in the same respect."""
    topics, entry = turn.work.content.engine.topics, hit.entry
    if entry.id == before:
        return is_person(what) and topics.names(what, entry.answer)
    if not topics.names(what, _words_of(entry)):
        return False
    known = turn.work.content.engine.entry(before)
    return is_person(what) or known is None or known[0].relation == entry.relation


def _words_of(entry: Entry) -> str:
    return "\n".join((*entry.said_as(), entry.answer))


def _ask(turn: Turn, text: str) -> Asked:
    return turn.work.content.engine.ask(
        text, on=local_day(turn.work.now), addressed=True, in_group=turn.is_group
    )
