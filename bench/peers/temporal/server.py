"""Temporal's development server: everything in one process, on SQLite in a file."""

import contextlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from harness import Faulty

START_SECONDS = 60
STOP_SECONDS = 30

PROGRAM = str(Path(sys.executable).with_name("temporal"))

# Committed is written to the disk, as Postgres's is; a log written ahead is faster than SQLite's default.
PRAGMAS = ("journal_mode=wal", "synchronous=full")

# Requests a second that are allowed: what is measured must be how fast they are served.
LIMITS = (
    "frontend.rps",
    "frontend.namespaceRPS",
    "frontend.namespaceCount",
    "history.rps",
    "matching.rps",
    "frontend.persistenceMaxQPS",
    "history.persistenceMaxQPS",
    "matching.persistenceMaxQPS",
)
NO_LIMIT = 1_000_000


class Server(NamedTuple):
    pid: int
    address: str


def version() -> str:
    """Of the server inside the program."""
    words = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Server ([0-9.]+)", words)
    return found[1] if found else words.strip()


@contextmanager
def server(folder: str, partitions: int) -> Iterator[Server]:
    """Runs until the block is left. What is in the folder is found again by the next one."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    port = _free_port()
    with open(Path(folder, "server.log"), "ab") as log:
        process = subprocess.Popen(_command(folder, port, partitions), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield Server(process.pid, f"127.0.0.1:{port}")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        process.kill()
        process.wait()


def _command(folder: str, port: int, partitions: int) -> list[str]:
    values = {limit: NO_LIMIT for limit in LIMITS}
    values |= {"matching.numTaskqueueReadPartitions": partitions, "matching.numTaskqueueWritePartitions": partitions}
    # Ends with this process, however that goes; setpriv becomes the server.
    command = ["setpriv", "--pdeathsig", "TERM", PROGRAM, "server", "start-dev", "--headless", "--log-level", "error"]
    command += ["--ip", "127.0.0.1", "--port", str(port), "--db-filename", str(Path(folder, "temporal.sqlite"))]
    for pragma in PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    for name, value in values.items():
        command += ["--dynamic-config-value", f"{name}={value}"]
    return command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise Faulty(f"Temporal's server ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > deadline:
            raise Faulty(f"Temporal's server did not listen within {START_SECONDS} s")
        time.sleep(0.05)
