"""The estate's process: builds the world, opens the door, writes where it can be found."""

import asyncio
import importlib
import json
import os
import secrets
import signal
from pathlib import Path
from typing import Any

from onetrail.practice import accounts, snapshots
from onetrail.practice.control import Control
from onetrail.practice.door import Door, listen
from onetrail.practice.state.world import World

BANNER = "onetrail-practice"


def build(scenario: str, number: int) -> World:
    """A world of that scenario. `empty` has accounts and roles only; others come from `onetrail.practice.scenarios.scenario`."""
    world = World(number, scenario)
    accounts.make_cast(world)
    if scenario != "empty":
        found: Any = importlib.import_module("onetrail.practice.scenarios.scenario")
        found.build(world, scenario)
    return world


async def serve(scenario: str, number: int, port: int, directory: Path) -> None:
    """Serve until terminated. `estate.json` is written when the door is open and removed at the end."""
    world = build(scenario, number)
    token = secrets.token_hex(16)
    control = Control(world, token, snapshots.frozen(world))
    door = Door(world, control)
    main, plain = await listen(door, port, str(number))
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


def _write(path: Path, said: dict[str, Any]) -> None:
    half = path.with_name("estate.json.half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(said, file, indent=1)
    half.replace(path)
