"""A client on python-websockets: gets an errand as its argument, prints a report (see errand.ts)."""

import asyncio
import json
import os
import sys

import websockets


async def run(errand):
    socket = await websockets.connect(
        errand["url"],
        subprotocols=errand["subprotocols"] or None,
        compression="deflate" if errand["compression"] else None,
        max_size=16 * 2**20,
    )
    echoed = []
    for size in errand["sizes"]:
        text = "aé世😀" * (size // 10) + "." * (size % 10)
        await socket.send(text)
        if await socket.recv() == text:
            echoed.append(f"text {size}")

        data = b"a" * (size // 2) + os.urandom(size - size // 2)
        await socket.send(data)
        if await socket.recv() == data:
            echoed.append(f"binary {size}")

    if "close" in errand:
        await socket.close(**errand["close"])
    await socket.wait_closed()
    return {
        "subprotocol": socket.subprotocol or "",
        "extensions": ", ".join(extension.name for extension in socket.extensions),
        "echoed": echoed,
        "close": {"code": socket.close_code, "reason": socket.close_reason},
    }


print(json.dumps(asyncio.run(run(json.loads(sys.argv[1])))))
