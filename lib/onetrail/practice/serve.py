"""The estate's process: builds the estate, listens, writes where it can be found."""

import asyncio
import gc
import json
import os
import secrets
import signal
from pathlib import Path
from typing import Any

from onetrail.practice import accounts, snapshots
from onetrail.practice.control import Control
from onetrail.practice.estate import build
from onetrail.practice.web.http import Connection, Handler

BANNER = "onetrail-practice"


async def serve(scenario: str, number: int, port: int, directory: Path) -> None:
    """Serve until terminated. `estate.json` is written when the door is open and removed at the end."""
    estate = build(scenario, number)
    estate.world.life = secrets.token_hex(4)
    token = secrets.token_hex(16)
    control = Control(estate, token, snapshots.frozen(estate.world))
    gc.freeze()  # what is loaded and built stays to the end
    gc.set_threshold(50_000)  # what a snapshot brings makes no cycles to look for
    main, plain = await listen(control.or_else(estate.handle), port, str(number))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    path = directory / "estate.json"
    _write(
        path,
        {
            "endpoint": f"http://127.0.0.1:{main.sockets[0].getsockname()[1]}",
            "plain_endpoint": f"http://127.0.0.1:{plain.sockets[0].getsockname()[1]}",
            "pid": os.getpid(),
            "token": token,
            "access_key_id": accounts.ACCESS_KEY_ID,
            "secret_access_key": accounts.SECRET_ACCESS_KEY,
            "banner": BANNER,
            "number": number,
            "scenario": scenario,
        },
    )
    try:
        await stop.wait()
    finally:
        path.unlink(missing_ok=True)
        main.close()
        plain.close()


async def listen(handler: Handler, port: int, banner: str) -> tuple[asyncio.Server, asyncio.Server]:
    """Two loopback listeners: the main one counts as TLS, the second as plain HTTP. Port 0 takes any free one."""
    loop = asyncio.get_running_loop()
    main = await loop.create_server(lambda: Connection(handler, True, banner), "127.0.0.1", port, backlog=1024)
    plain = await loop.create_server(lambda: Connection(handler, False, banner), "127.0.0.1", 0, backlog=1024)
    return main, plain


def _write(path: Path, said: dict[str, Any]) -> None:
    half = path.with_name("estate.json.half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(said, file, indent=1)
    half.replace(path)
