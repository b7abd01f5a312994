"""A chat client, as small as can be: the program under test of `chat_peer.py`. It knows nothing of rekeyspec.

    python chat.py PORT KEEPALIVE COUNT

It connects to 127.0.0.1:PORT and sends what it reads on stdin, line by line, as `say TEXT`. Every KEEPALIVE seconds in
which nothing came it sends `ping`; after COUNT pings without any answer it ends, with `peer is gone` on stderr.
"""

import asyncio
import sys


async def main(port: int, keepalive: float, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    coming, typed = asyncio.create_task(reader.readline()), asyncio.create_task(stdin.readline())
    unanswered, due = 0, asyncio.get_running_loop().time() + keepalive
    while True:
        left = max(0.0, due - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait({coming, typed}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if coming in done:
            if not (line := coming.result()):
                return
            if line == b"ping\n":
                writer.write(b"pong\n")
            coming = asyncio.create_task(reader.readline())
            unanswered, due = 0, asyncio.get_running_loop().time() + keepalive
        if typed in done:
            if not (text := typed.result()):
                return
            writer.write(b"say " + text)
            typed = asyncio.create_task(stdin.readline())
        if not done:
            if unanswered >= count:
                sys.exit("peer is gone")
            writer.write(b"ping\n")
            unanswered, due = unanswered + 1, asyncio.get_running_loop().time() + keepalive


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
