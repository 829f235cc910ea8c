"""All vectors of the callback encryption behave as labelled; counts are fixed: none is lost."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Call
from bot.channels.cipher import Cipher, Envelope, Refused
from bot.channels.http import Http
from bot.channels.official_account import OfficialAccount
from bot.channels.wecom_bot import WecomBot
from bot.errors import BadPayload

VECTORS = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "crypto_vectors.json").read_text("utf-8")
)
NOW = datetime.fromtimestamp(VECTORS["about"]["check"]["now"], UTC)
WINDOW = VECTORS["about"]["check"]["max_skew_s"]

Vector = dict[str, Any]


def section(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["id"]) for vector in VECTORS[name]]


def envelope(vector: Vector, max_skew_s: int | None = WINDOW) -> Envelope:
    return Envelope(
        vector["token"],
        vector["encoding_aes_key"],
        vector["receive_id"],
        max_skew_s=max_skew_s,
    )


def open_vector(vector: Vector, max_skew_s: int | None = WINDOW) -> str:
    return envelope(vector, max_skew_s).open(
        vector["encrypt"], vector["signature"], vector["timestamp"], vector["nonce"], NOW
    )


def test_every_vector_is_here() -> None:
    counts = {name: len(VECTORS[name]) for name in VECTORS["about"]["counts"]}
    assert counts == VECTORS["about"]["counts"]
    assert sum(counts.values()) == 115


@pytest.mark.parametrize("vector", section("official"))
def test_official(vector: Vector) -> None:
    if vector["signature"] is None:
        cipher = Cipher(envelope(vector).key)
        assert cipher.decrypt(vector["encrypt"], vector["receive_id"]) == vector["plaintext"]
    else:
        assert open_vector(vector, max_skew_s=None) == vector["plaintext"]
    if vector["kind"] == "encrypt":
        assert sealed_with(vector, vector["random_ascii"].encode()) == vector["encrypt"]


@pytest.mark.parametrize("vector", section("generated"))
def test_generated(vector: Vector) -> None:
    assert open_vector(vector) == vector["plaintext"]
    assert sealed_with(vector, bytes.fromhex(vector["random_hex"])) == vector["encrypt"]


@pytest.mark.parametrize("vector", section("must_reject"))
def test_must_reject(vector: Vector) -> None:
    with pytest.raises(Refused) as refused:
        open_vector(vector)
    assert refused.value.code == vector["expect_error"]
    assert refused.value.status == 403


@pytest.mark.parametrize("vector", section("plain_signature"))
def test_plain_signature(vector: Vector) -> None:
    # The key plays no part in a three-field signature.
    account = Envelope(vector["token"], "A" * 43, "wx0123456789abcdef")
    account.verify(vector["signature"], vector["timestamp"], vector["nonce"])
    with pytest.raises(Refused, match="bad_signature"):
        account.verify(vector["signature"], vector["timestamp"], vector["nonce"] + "1")


@pytest.mark.parametrize("vector", section("either"))
def test_either_is_refused(vector: Vector) -> None:
    with pytest.raises(Refused, match="bad_ciphertext"):
        open_vector(vector)


@pytest.mark.parametrize("vector", section("bad_envelopes"))
def test_bad_envelopes(vector: Vector) -> None:
    raw = bytes.fromhex(vector["body_hex"]) if "body_hex" in vector else vector["body"].encode()
    query = {
        "msg_signature": vector["signature"],
        "timestamp": vector["timestamp"],
        "nonce": vector["nonce"],
    }
    kind = OfficialAccount if vector["format"] == "xml" else WecomBot
    channel = kind(
        name="test",
        token=vector["token"],
        aes_key=vector["encoding_aes_key"],
        receive_id=vector["receive_id"],
        http=Http(),
    )
    with pytest.raises(BadPayload) as bad:
        channel.hear(Call("POST", "/hook/test", "", query, {}, raw, NOW))
    assert bad.value.status == 400


def test_random_prefix_is_not_repeated() -> None:
    cipher = Cipher(envelope(VECTORS["generated"][0]).key)
    assert len({cipher.get_random_string() for _ in range(1000)}) == 1000


def sealed_with(vector: Vector, prefix: bytes) -> str:
    class Fixed(Cipher):
        def get_random_string(self) -> bytes:
            return prefix

    return Fixed(envelope(vector).key).seal(vector["plaintext"], vector["receive_id"])
