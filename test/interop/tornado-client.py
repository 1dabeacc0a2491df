"""A client on Tornado: gets an errand as its argument, prints a report (see errand.ts)."""

import asyncio
import json
import os
import sys

from tornado.websocket import websocket_connect


async def run(errand):
    socket = await websocket_connect(
        errand["url"],
        subprotocols=errand["subprotocols"] or None,
        compression_options={} if errand["compression"] else None,
        max_message_size=16 * 2**20,
    )
    # It forgets these when it closes.
    report = {
        "subprotocol": socket.selected_subprotocol or "",
        "extensions": "permessage-deflate" if socket.protocol._compressor else "",
    }
    echoed = []
    for size in errand["sizes"]:
        text = "aé世😀" * (size // 10) + "." * (size % 10)
        await socket.write_message(text)
        if await socket.read_message() == text:
            echoed.append(f"text {size}")

        data = b"a" * (size // 2) + os.urandom(size - size // 2)
        await socket.write_message(data, binary=True)
        if await socket.read_message() == data:
            echoed.append(f"binary {size}")

    if "close" in errand:
        socket.close(**errand["close"])
    while await socket.read_message() is not None:
        pass
    close = {"code": socket.close_code, "reason": socket.close_reason}
    return {**report, "echoed": echoed, "close": close}


print(json.dumps(asyncio.run(run(json.loads(sys.argv[1])))))
