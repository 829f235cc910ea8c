"""The hook of `serve` (SQLite, FULL) against an echo that stores nothing, in turn, three rounds.

    bench/run [REQUESTS]

Ratios inside one run count; single figures of two runs do not compare.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
ECHO, OURS = 18181, 18182


def settings(folder: Path) -> None:
    """One channel with the load generator's made-up credentials."""
    from loadgen import AES_KEY, RECEIVE_ID, TOKEN

    (folder / "shouwang.toml").write_text(
        f'[channels.bench]\nkind = "wecom_app"\ntoken = "{TOKEN}"\naes_key = "{AES_KEY}"\n'
        f'receive_id = "{RECEIVE_ID}"\nsecret = "s"\nagent_id = 1000002\n'
        'api_base = "http://127.0.0.1:9"\n'
    )


@contextmanager
def running(command: list[str], port: int, path: str):
    """A server that answers at a path."""
    with subprocess.Popen(
        command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1).close()
                    break
                except urllib.error.HTTPError:
                    break
                except OSError:
                    time.sleep(0.1)
            time.sleep(0.5)
            yield
        finally:
            server.kill()


def load(url: str, requests: int) -> dict[str, float]:
    """One closed loop over 64 connections."""
    done = subprocess.run(
        [sys.executable, "loadgen.py", "--url", url, "--n", str(requests), "--concurrency", "64"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Three interleaved rounds; medians and their ratio."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    echo, ours = [], []
    for number in range(1, 4):
        with running(
            [BIN / "uvicorn", "echo:app", "--port", str(ECHO), "--no-access-log"], ECHO, "/"
        ):
            echo.append(load(f"http://127.0.0.1:{ECHO}/callback", requests))
        with tempfile.TemporaryDirectory() as folder:
            settings(Path(folder))
            serve = [BIN / "shouwang", "serve", "--port", str(OURS), "--data", folder]
            with running(serve, OURS, "/readyz"):
                ours.append(load(f"http://127.0.0.1:{OURS}/hook/bench", requests))
        for name, one in (("echo", echo[-1]), ("serve", ours[-1])):
            print(
                f"{number} {name:6} {one['per_s']:8.0f}/s  p50 {one['p50_ms']:6.1f}  "
                f"p99 {one['p99_ms']:6.1f} ms  not 200: {one['non_200']}"
            )
    a, b = (statistics.median(one["per_s"] for one in some) for some in (ours, echo))
    print(f"serve / echo: {a / b:.2f}")


if __name__ == "__main__":
    main()
