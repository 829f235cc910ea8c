"""Checks under strace that each acknowledged callback had been forced to disk before its answer left (power cuts).

    python durable_ack.py --cmd "shouwang serve --port {port} --data {data}" --messages 50

kill -9 cannot show a missing fsync, because the kernel keeps the written pages; a power cut can. Messages are sent one at a
time; between the arrival of each and its "200" there must be a successful fsync or fdatasync of a file in the data folder
(or, with --any-file, of any file). Needs strace. Exit status 0: pass, 1: a promise was broken, 2: could not run.
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
import time

import wx
from kill9_trials import Load, Process, arguments, finish, free_port

LINE = re.compile(r"^(?:\[pid\s+)?(\d+)\]?\s+(\d+\.\d+)\s+(.*)$")


def judge(trace: str, data: str, any_file: bool) -> dict:
    """Walks the trace in order: arrival, sync, answer."""
    synced = arrived = False
    out = {"answers": 0, "unsynced": 0, "syncs": 0}
    begun: dict[str, str] = {}  # a call that strace had to split, by thread
    with open(trace, errors="replace") as f:
        for line in f:
            if not (m := LINE.match(line)):
                continue
            thread, what = m[1], m[3]
            if what.endswith("<unfinished ...>"):
                begun[thread] = what
            elif "resumed>" in what:
                what = begun.pop(thread, "") + what
            if re.match(r"(recv|read)", what) and "POST " in what:
                arrived, synced = True, False
            elif re.match(r"(fsync|fdatasync|sync_file_range)\(", what):
                if what.rstrip().endswith("= 0") and (any_file or data in what):
                    synced = True
                    out["syncs"] += 1
            elif arrived and re.match(r"(send|write)", what) and re.search(r"HTTP/1\.\d 200", what):
                out["answers"] += 1
                out["unsynced"] += not synced
                arrived = False
    return out


async def main_async(a: argparse.Namespace) -> dict:
    if not shutil.which("strace"):
        print("strace is needed", file=sys.stderr)
        sys.exit(2)
    data = tempfile.mkdtemp(prefix="sync-", dir=a.work)
    trace = os.path.join(data, "strace.txt")
    calls = "fsync,fdatasync,sync_file_range,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    a.cmd = f"strace -f -ttt -y -s 200 -o {trace} -e trace={calls} {a.cmd}"
    port = free_port()
    server = Process(a, data, port)
    load = Load(port, a.hook_path, wx.Crypt(a.token, a.aes_key, a.receive_id), a.mode)
    try:
        await server.start()
        link = wx.Link("127.0.0.1", port, 10)
        for k in range(a.messages):
            i = f"78{k:06d}{int(time.time()) % 10**7:07d}"
            load.bodies[i] = wx.text_message(i, f"u{k}", "我36.5", to=a.receive_id)
            await load.deliver(link, i)
            await asyncio.sleep(0.01)
        link.close()
        await asyncio.sleep(0.3)
    finally:
        server.kill(signal.SIGKILL)
    found = judge(trace, data, a.any_file)
    shutil.rmtree(data)
    ok = found["answers"] >= len(load.acked) == a.messages and not found["unsynced"]
    return {"verdict": "pass" if ok else "fail", "messages": a.messages, "acked": len(load.acked), **found}


def main() -> None:
    p = arguments(__doc__)
    p.add_argument("--hook-path", default="/hook")
    p.add_argument("--token", default=wx.TEST_TOKEN)
    p.add_argument("--aes-key", default=wx.TEST_AES_KEY)
    p.add_argument("--receive-id", default=wx.TEST_RECEIVE_ID)
    p.add_argument("--mode", choices=["wecom", "mp"], default="wecom")
    p.add_argument("--messages", type=int, default=50)
    p.add_argument("--any-file", action="store_true")
    a = p.parse_args()
    finish(asyncio.run(main_async(a)), a)


if __name__ == "__main__":
    main()
