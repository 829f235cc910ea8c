"""The peer: what a user would write instead, FastAPI and wechatpy, an echo that stores nothing."""

from fastapi import FastAPI, Request, Response
from loadgen import AES_KEY, RECEIVE_ID, TOKEN
from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.replies import create_reply

app = FastAPI()
crypto = WeChatCrypto(TOKEN, AES_KEY, RECEIVE_ID)


@app.post("/callback")
async def callback(request: Request, msg_signature: str, timestamp: str, nonce: str) -> Response:
    """Decrypt, parse, answer sealed."""
    xml = crypto.decrypt_message(await request.body(), msg_signature, timestamp, nonce)
    message = parse_message(xml)
    reply = create_reply(f"已登记:{message.content}", message).render()
    sealed = crypto.encrypt_message(reply, nonce, timestamp)
    return Response(sealed, media_type="application/xml")
