"""WeCom app, speaking: real HTTP against a fake platform that refuses, breaks and forgets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.http import Http
from bot.channels.tokens import StoredToken, corp_token
from bot.channels.wecom_app import WecomApp
from bot.errors import Rejected, SendError, Throttled, Unknown, Unreachable
from bot.message import Address, ChatKind, Outbound
from tests.fakes.faulty import BUSY, CUT, CUT_AFTER_TAKING, DOWN, HTML, SLOW, Fault, Reply
from tests.fakes.weixin import ACCOUNT, ACCOUNT_KEY, GETTOKEN, TO_CHAT, TO_MEMBER, Weixin
from tests.fakes.weixin_seal import Sealer

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
GROUP = Address("county", "CHATID", ChatKind.GROUP)
PERSON = Address("county", "zhangsan", ChatKind.PRIVATE)
MOVED = Fault(Reply(302, b"", {"Location": "http://127.0.0.1:9/login"}))
HUGE = Fault(Reply(200, b'{"errcode":0,"x":"' + b"x" * 300_000 + b'"}'))
LIST = Fault(Reply(200, b"[0]"))
ODD = Fault(Reply(200, b'{"errcode":[40001]}'))


class Store:
    """Where the token is kept."""

    def __init__(self) -> None:
        self.kept: tuple[str, datetime] | None = None

    async def load(self) -> tuple[str, datetime] | None:
        return self.kept

    async def save(self, value: str, ends_at: datetime) -> None:
        self.kept = (value, ends_at)


def words(text: str = "老王家的体温 38.1", key: str = "o1", to: Address = PERSON) -> Outbound:
    return Outbound(key, to, text)


@pytest.fixture
def platform() -> Iterator[Weixin]:
    with Weixin() as platform:
        yield platform


def tokens_at(base: str, http: Http, secret: str = ACCOUNT_KEY) -> StoredToken:
    store = Store()
    fetch = corp_token(http, base, ACCOUNT, secret)
    return StoredToken(fetch, store.load, store.save, now=lambda: NOW)


def app_at(base: str, http: Http, tokens: StoredToken) -> WecomApp:
    sealer = Sealer()
    return WecomApp(
        name="county",
        token=sealer.token,
        aes_key=sealer.aes_key,
        receive_id=ACCOUNT,
        agent_id=1000002,
        http=http,
        tokens=tokens,
        api_base=base,
    )


@pytest.fixture
async def tokens(platform: Weixin) -> AsyncIterator[StoredToken]:
    """A token that is already there: the next request is the message's."""
    http = Http()
    tokens = tokens_at(platform.url, http)
    await tokens.get()
    yield tokens
    await http.close()


@pytest.fixture
async def app(platform: Weixin, tokens: StoredToken) -> AsyncIterator[WecomApp]:
    app = app_at(platform.url, Http(), tokens)
    yield app
    await app.close()


def body(platform: Weixin) -> dict[str, Any]:
    return dict(json.loads(platform.seen[-1].body))


async def test_to_a_member(platform: Weixin, app: WecomApp) -> None:
    msgid = await app.say(words())
    assert msgid.startswith("msg")
    assert platform.delivered == [("zhangsan", "老王家的体温 38.1")]
    sent = body(platform)
    assert (sent["msgtype"], sent["agentid"], sent["enable_duplicate_check"]) == (
        "text",
        1000002,
        1,
    )
    assert sent["duplicate_check_interval"] <= 4 * 3600


async def test_to_a_group(platform: Weixin, app: WecomApp) -> None:
    await app.say(words(to=GROUP))
    assert platform.delivered == [("CHATID", "老王家的体温 38.1")]
    assert body(platform)["chatid"] == "CHATID"


async def test_same_key_twice_is_delivered_once(platform: Weixin, app: WecomApp) -> None:
    assert await app.say(words()) == await app.say(words())
    assert len(platform.delivered) == 1


async def test_same_words_of_two_messages_are_both_delivered(
    platform: Weixin, app: WecomApp
) -> None:
    await app.say(words("已记上", "o1"))
    await app.say(words("已记上", "o2"))
    assert len(platform.delivered) == 2


@pytest.mark.parametrize("text", ["字" * 2000, "a\x00b\ud800c", "😀" * 600])
async def test_text_that_needs_care(platform: Weixin, app: WecomApp, text: str) -> None:
    await app.say(words(text))
    said = platform.delivered[0][1]
    assert len(said.encode()) <= app.max_bytes
    assert "\x00" not in said
    assert said == text or "…" in said or "\ufffd" in said


@pytest.mark.parametrize(
    ("errcode", "error", "code", "retry_after"),
    [
        (-1, Unreachable, "busy", None),
        (6000, Unreachable, "conflict", None),
        (45009, Throttled, "too_fast", 60),
        (45033, Throttled, "too_many_at_once", 5),
        (40056, Rejected, "bad_account", None),
        (48002, Rejected, "not_allowed", None),
        (60020, Rejected, "ip_not_trusted", None),
        (60111, Rejected, "unknown_user", None),
        (999999, Rejected, "errcode_999999", None),
    ],
)
async def test_errcodes(
    platform: Weixin,
    app: WecomApp,
    errcode: int,
    error: type[SendError],
    code: str,
    retry_after: float | None,
) -> None:
    platform.refuse(TO_MEMBER, errcode, times=1)
    with pytest.raises(error) as failure:
        await app.say(words())
    assert (failure.value.code, failure.value.retry_after) == (code, retry_after)
    assert str(errcode) in failure.value.detail
    assert "zhangsan" not in str(failure.value)
    await app.say(words())
    assert len(platform.delivered) == 1


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (CUT, Unknown, "remote_protocol_error"),
        (CUT_AFTER_TAKING, Unknown, "remote_protocol_error"),
        (HTML, Unknown, "http_200"),
        (LIST, Unknown, "http_200"),
        (HUGE, Unknown, "http_200"),
        (ODD, Unknown, "http_200"),
        (DOWN, Unknown, "http_503"),
        (BUSY, Throttled, "http_429"),
        (MOVED, Unreachable, "http_302"),
    ],
    ids=["cut", "cut after taking", "html", "list", "huge", "odd", "503", "429", "302"],
)
async def test_faults_of_the_wire(
    platform: Weixin, app: WecomApp, fault: Fault, error: type[SendError], code: str
) -> None:
    """Whatever went wrong, the same message said again arrives once."""
    platform.fail(fault)
    with pytest.raises(error) as failure:
        await app.say(words())
    assert failure.value.code == code
    assert failure.value.retryable
    await app.say(words())
    assert len(platform.delivered) == 1


async def test_silence(platform: Weixin, app: WecomApp, tokens: StoredToken) -> None:
    impatient = app_at(platform.url, Http(read_s=0.04), tokens)
    platform.fail(SLOW)
    with pytest.raises(Unknown, match="read_timeout"):
        await impatient.say(words())
    await impatient.close()
    await app.say(words())
    assert len(platform.delivered) == 1


async def test_slow_drip_ends_too(platform: Weixin, tokens: StoredToken) -> None:
    impatient = app_at(platform.url, Http(total_s=0.04), tokens)
    platform.fail(SLOW)
    with pytest.raises(Unknown, match="timeout_error"):
        await impatient.say(words())
    await impatient.close()


async def test_unknown_outcome_in_a_group_is_not_said_again(
    platform: Weixin, app: WecomApp
) -> None:
    platform.fail(CUT_AFTER_TAKING)
    with pytest.raises(Unknown) as failure:
        await app.say(words(to=GROUP))
    assert not failure.value.retryable
    assert Unknown("other").retryable


async def test_no_connection(tokens: StoredToken) -> None:
    app = app_at("http://127.0.0.1:9", Http(), tokens)
    with pytest.raises(Unreachable, match="connect_error"):
        await app.say(words())
    await app.close()


async def test_receivers_that_are_none(platform: Weixin, app: WecomApp) -> None:
    platform.invalid.add("wangwu")  # comes with errcode 0
    for chat, kind, code in (
        ("wangwu", ChatKind.PRIVATE, "unknown_user"),
        ("gone", ChatKind.PRIVATE, "unknown_user"),
        ("other", ChatKind.GROUP, "no_such_chat"),
    ):
        with pytest.raises(Rejected, match=code):
            await app.say(words(to=Address("county", chat, kind)))
    assert platform.delivered == []


@pytest.mark.parametrize("chat", ["@all", "zhangsan|lisi"])
async def test_one_person_never_becomes_many(platform: Weixin, app: WecomApp, chat: str) -> None:
    with pytest.raises(Rejected, match="bad_address"):
        await app.say(words(to=Address("county", chat, ChatKind.PRIVATE)))
    assert platform.count(TO_MEMBER) == 0


async def test_member_limit_stays_below_what_is_dropped(platform: Weixin, app: WecomApp) -> None:
    """Over 30 a minute the platform drops without a word: pacing at our limit loses nothing."""
    limit = app.limits[0]
    for number in range(limit.count):
        await app.say(words(f"第 {number} 条", f"o{number}"))
    assert (limit.scope, limit.per_s, platform.dropped) == ("chat", 60, 0)


async def test_no_free_connection(platform: Weixin, tokens: StoredToken) -> None:
    narrow = app_at(platform.url, Http(max_connections=1, read_s=0.04, pool_s=0.01), tokens)
    platform.fail(SLOW)
    first, second = await asyncio.gather(
        narrow.say(words()), narrow.say(words(key="o2")), return_exceptions=True
    )
    assert isinstance(first, Unknown)
    assert isinstance(second, Unreachable)
    assert second.code == "pool_timeout"
    await narrow.close()


async def test_token_that_ended_early_is_fetched_once(platform: Weixin, app: WecomApp) -> None:
    platform.end_token()
    await app.say(words())
    assert platform.count(GETTOKEN) == 2
    assert len(platform.delivered) == 1
    platform.refuse(TO_MEMBER, 42001, times=1)
    await app.say(words("第二条", "o2"))
    assert platform.count(GETTOKEN) == 3


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_token_refused_for_ever(platform: Weixin, app: WecomApp, errcode: int) -> None:
    """At most two sends and one refresh a message, then a person must look."""
    platform.refuse(TO_MEMBER, errcode)
    for message in range(1, 4):
        before = (platform.count(TO_MEMBER), platform.count(GETTOKEN))
        with pytest.raises(Rejected) as failure:
            await app.say(words(key=f"o{message}"))
        assert failure.value.code == "token_refused"
        assert platform.count(TO_MEMBER) - before[0] == 2
        assert platform.count(GETTOKEN) - before[1] <= 1


async def test_many_at_once_share_one_refresh(platform: Weixin, app: WecomApp) -> None:
    platform.end_token()
    await asyncio.gather(*(app.say(words(f"第 {n} 条", f"o{n}")) for n in range(1, 21)))
    assert platform.count(GETTOKEN) == 2
    assert len(platform.delivered) == 20


async def test_wrong_secret(platform: Weixin) -> None:
    http = Http()
    app = app_at(platform.url, http, tokens_at(platform.url, http, "wrong"))
    with pytest.raises(Rejected, match="bad_credentials"):
        await app.say(words())
    assert platform.count(TO_MEMBER) == 0
    await app.close()


async def test_silent_about_tokens_and_people(
    platform: Weixin, app: WecomApp, caplog: pytest.LogCaptureFixture
) -> None:
    platform.refuse(TO_CHAT, 86001, times=1)
    with caplog.at_level(logging.DEBUG):
        await app.say(words())
        with pytest.raises(Rejected) as failure:
            await app.say(words(to=GROUP))
    told = caplog.text + str(failure.value) + repr(failure.value)
    for secret in ("token+", "token%2B", ACCOUNT_KEY, "38.1", "CHATID", "zhangsan"):
        assert secret not in told
