"""The door over real HTTP: what is kept, what is refused, what is answered."""

import base64
import io
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from sqlmodel import Session

from app import observe
from bot.channels.bridge_signing import signed_headers
from bot.inbox import Inbox
from tests.e2e.helpers import (
    CANARIES,
    COUNTY,
    DOOR,
    KEY,
    ROBOT,
    Deployment,
    deployed,
    eventually,
    people_of,
    xml,
)
from tests.fakes.weixin_seal import Sealer, envelope


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, database: Callable[[], str]
) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hook"), database()) as house:
        yield house


def account(house: Deployment, name: str) -> str:
    with house.service.store.reading() as session:
        return people_of(session)[name]


def test_alive_ready_and_measured(house: Deployment) -> None:
    assert house.client.get(f"{house.url}/healthz").text == "ok"
    assert house.client.get(f"{house.url}/readyz").status_code == 200
    measured = house.client.get(f"{house.url}/metrics")
    assert measured.status_code == 200
    assert "shouwang_inbox_messages" in measured.text
    assert "shouwang_queue_age_seconds" in measured.text


def test_a_message_to_the_app_becomes_a_reading(house: Deployment) -> None:
    before = len(house.readings())
    answer = house.app_says(xml(account(house, "张桂芳"), "我36.5", "7001"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert house.count("7001") == 1
    eventually(lambda: house.is_handled("7001"))
    assert house.readings()[before:] == [(365, "normal")]


def test_a_group_named_by_chat_id(house: Deployment) -> None:
    before = len(house.readings())
    said = xml(account(house, "王德福"), "我36.7", "7002", chat="三组群")
    assert house.app_says(said).status_code == 200
    eventually(lambda: house.is_handled("7002"))
    assert house.readings()[before:] == [(367, "normal")]
    (row,) = house.rows(Inbox, Inbox.key == "7002")
    assert row.chat == "三组群"


def test_a_repeat_is_answered_the_same_and_kept_once(house: Deployment) -> None:
    before = len(house.readings())
    said = xml(account(house, "王小宝"), "我36.6", "7003")
    answers = {(a.status_code, a.content) for a in (house.app_says(said) for _ in range(5))}
    assert answers == {(200, b"")}
    eventually(lambda: house.is_handled("7003"))
    assert house.count("7003") == 1
    assert len(house.readings()) == before + 1


def test_a_store_that_says_nothing_is_answered_for_in_time(
    house: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.hooks.ANSWER_S", 0.2)
    begun, heals = threading.Event(), threading.Event()

    def silent(_: Session) -> None:
        begun.set()
        heals.wait(10)

    silence = threading.Thread(target=house.run, args=(silent,))
    silence.start()
    assert begun.wait(5)
    said = xml(account(house, "张桂芳"), "我36.4", "7006")
    app, door = house.app_says(said), house.door_says(xml("oStranger", "帮助", "8006"))
    assert (app.status_code, door.status_code) == (503, 503)
    heals.set()
    silence.join(5)
    monkeypatch.undo()
    assert house.app_says(said).status_code == 200
    eventually(lambda: house.is_handled("7006"))
    assert house.count("7006") == 1


def test_a_forged_call_leaves_no_row(house: Deployment) -> None:
    forger = Sealer(token="another")  # noqa: S106  # of a fake
    assert house.app_says(xml("zhangsan", "我40.0", "7004"), forger).status_code == 403
    other_house = Sealer(receive_id="ww9999999999999999")
    assert house.app_says(xml("zhangsan", "我40.0", "7004"), other_house).status_code == 403
    assert house.count("7004") == 0


def test_a_call_whose_body_was_changed_is_refused(house: Deployment) -> None:
    sealed = COUNTY.seal(xml("zhangsan", "我36.5", "7005"))
    query = COUNTY.query(sealed, house.clock.now())
    changed = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    assert house.post("county", envelope(changed), query).status_code == 403
    assert house.count("7005") == 0


def test_the_address_is_checked_by_its_echo(house: Deployment) -> None:
    call = COUNTY.check_call("1616140317555161061", house.clock.now())
    found = house.client.get(f"{house.url}/hook/county?{urlencode(dict(call.query))}")
    assert (found.status_code, found.text) == (200, "1616140317555161061")


# the answer in the platform's own response


def opened(answer: bytes) -> str:
    match = re.search(rb"<Encrypt>(?:<!\[CDATA\[)?([A-Za-z0-9+/=]+)", answer)
    assert match is not None
    return DOOR.open(match[1].decode())


def test_the_official_account_answers_in_its_response_and_a_repeat_the_same(
    house: Deployment,
) -> None:
    said = xml("oStranger", "帮助", "8001")
    first = house.door_says(said)
    assert first.status_code == 200
    assert "体温" in opened(first.content)
    again = house.door_says(said)
    words = re.compile(r"<Content>(.*?)</Content>", re.DOTALL)
    one, other = (words.search(opened(a.content)) for a in (first, again))
    assert one is not None
    assert other is not None
    assert one[1] == other[1]
    assert house.count("8001") == 1


def test_silence_is_answered_with_success(house: Deployment) -> None:
    answer = house.door_says(xml("oStranger", "谢谢", "8002"))
    assert (answer.status_code, answer.content) == (200, b"success")
    assert house.door_says(xml("oStranger", "谢谢", "8002")).content == b"success"


def test_the_smart_bot_answers_with_a_finished_stream(house: Deployment) -> None:
    said = {
        "msgid": "9001",
        "aibotid": "AIBOT",
        "chatid": "wrGroup",
        "chattype": "group",
        "from": {"userid": "zhangsan"},
        "msgtype": "text",
        "text": {"content": "@小守 喝酒能不能杀死病毒？"},
    }
    answer = house.robot_hears(**said)
    assert answer.status_code == 200
    stream = json.loads(ROBOT.open(answer.json()["encrypt"]))
    assert stream["msgtype"] == "stream"
    assert stream["stream"]["finish"] is True
    assert "假的" in stream["stream"]["content"]
    again = json.loads(ROBOT.open(house.robot_hears(**said).json()["encrypt"]))
    assert again == stream
    assert house.count("9001") == 1


# the bridge


def event(key: str, text: str = "我36.4", **fields: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "id": key,
        "type": "message",
        "chat": {"id": "room-17", "kind": "group"},
        "sender": {"id": "m-88", "name": "陌生人"},
        "text": text,
        **fields,
    }


def test_a_gateway_hears_accepted_then_duplicate(house: Deployment) -> None:
    first = house.bridge(event=event("b1"))
    assert (first.status_code, first.json()) == (202, {"accepted": True})
    again = house.bridge(event=event("b1"))
    assert (again.status_code, again.json()) == (202, {"accepted": True, "duplicate": True})
    assert house.count("b1") == 1


def test_a_gateway_with_a_wrong_key_is_nobody(house: Deployment) -> None:
    assert house.bridge(event=event("b2"), key=b"k" * 32).status_code == 401
    assert house.bridge(event=event("b2"), changes={"x-sw-signature": "v1=00"}).status_code == 401
    assert house.count("b2") == 0


def test_a_signed_call_counts_once(house: Deployment) -> None:
    assert house.bridge(event=event("b3"), changes={"x-sw-nonce": "n" * 24}).status_code == 401
    body = json.dumps(event("b3")).encode()
    signed = signed_headers((KEY,), "sms", "POST", "/hook/sms", body, house.clock.now())
    target = f"{house.url}/hook/sms"
    assert house.client.post(target, content=body, headers=signed).status_code == 202
    assert house.client.post(target, content=body, headers=signed).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"chat": {"kind": "group"}}, "chat.id"), ({"sender": {}}, "sender.id"), ({"v": 2}, "v")],
)
def test_a_wrong_field_is_named(house: Deployment, wrong: dict[str, Any], field: str) -> None:
    answer = house.bridge(event=event("b4", **wrong))
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert house.count("b4") == 0


def test_a_bridge_that_nobody_configured_is_401_and_any_other_name_404(house: Deployment) -> None:
    assert house.bridge(event=event("b5"), name="unknown").status_code == 401
    assert house.post("nowhere", b"x", {}).status_code == 404
    assert house.client.get(f"{house.url}/hook/").status_code == 404


def test_a_webhook_hears_nothing(house: Deployment) -> None:
    assert house.post("groups", b"{}", {}).status_code == 403


# limits


def test_a_body_over_the_limit_is_413(house: Deployment) -> None:
    assert house.post("county", b"x" * 16_385, {}).status_code == 413
    assert house.post("county", b"x" * 16_384, {}).status_code in (400, 403)

    def slices() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 1000

    answer = house.client.post(f"{house.url}/hook/county", content=slices())
    assert answer.status_code == 413


def raw(house: Deployment, request: bytes) -> bytes:
    """Send bytes and read until the server closes or has answered."""
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=3) as line:
        line.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            piece = line.recv(4096)
            if not piece:
                break
            got += piece
        return got


def test_a_head_over_64_kib_is_refused(house: Deployment) -> None:
    filler = "".join(f"X-Filler-{n}: {'y' * 1000}\r\n" for n in range(70))
    head = f"POST /hook/county HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{filler}\r\n"
    status = raw(house, head.encode()).split(b" ", 2)[1]
    assert status in (b"431", b"400")


@pytest.mark.parametrize("size", [0, 5])
def test_a_body_that_does_not_come_is_let_go(
    house: Deployment, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("app.hooks.BODY_S", 0.1)
    head = b"POST /hook/county HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + b"x" * size
    assert raw(house, head).split(b" ", 2)[1] == b"408"


def test_who_hangs_up_in_the_middle_harms_nobody(house: Deployment) -> None:
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as line:
        line.sendall(b"POST /hook/county HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nxxx")
    assert house.client.get(f"{house.url}/readyz").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_leave_no_row(house: Deployment, method: str) -> None:
    before = len(house.rows(Inbox))
    answer = house.client.request(method, f"{house.url}/hook/county")
    assert 400 <= answer.status_code < 500
    assert len(house.rows(Inbox)) == before


def test_odd_bytes_are_refused_and_never_a_500(house: Deployment) -> None:
    before = len(house.rows(Inbox))
    junk = [b"", b"\x00" * 50, b"<xml>", b"{", "体温".encode("gbk"), base64.b64encode(b"x" * 99)]
    for channel in ("county", "door", "robot", "sms", "groups"):
        for body in junk:
            query = {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "ÿ"}
            assert 400 <= house.post(channel, body, query).status_code < 500
    assert len(house.rows(Inbox)) == before


# what the log holds


def test_the_log_holds_nobody(house: Deployment) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        observe.set_up("debug", "text", stream)
        house.app_says(xml(account(house, "张桂芳"), "我36.5 老伴38.1", "7100"))
        house.app_says(xml(account(house, "张桂芳"), "我36.5 孙子38.1", "7101", chat="三组群"))
        house.bridge(event=event("b9", "张桂芳36.5"), key=b"k" * 32)
        house.put(key="canary", text="王德福38.1")
        house.put(key="canary 2", chat="没有的群", text="各户注意")
        eventually(lambda: house.is_handled("7101"))
        eventually(
            lambda: all(row.state == "failed" for row in house.outbox() if "canary" in row.key)
        )
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.raiseExceptions = True
        logging.captureWarnings(False)
    lines = re.sub(r"\b(time|ms)=\S+", "", stream.getvalue())  # a moment may read like a reading
    assert "handled" in lines
    found = [word for word in CANARIES if word in lines]
    assert found == []
    tokens = (COUNTY.token, COUNTY.aes_key, KEY.hex(), "access_token")
    assert [word for word in tokens if word in lines] == []
