"""Where the steps call, once with `async def` and aiohttp, once with threads and `http.client`. Connections stay."""

import http.client
import json
import threading
from typing import Any

import aiohttp

# JSON of any kind: converters that go by types must take it as it is.
Order = dict[str, Any]
Answer = dict[str, Any]

HEADERS = {"content-type": "application/json"}


class Participant:
    port = 0
    session: aiohttp.ClientSession
    local = threading.local()

    @classmethod
    async def open(cls, port: int) -> None:
        """Must run on the event loop that will run the steps."""
        cls.port = port
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        cls.session = aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector, headers=HEADERS)

    @classmethod
    async def post(cls, path: str, order: Order, key: str | None = None) -> Answer:
        """`key` is the call's idempotency key: the same however often the call is made."""
        async with cls.session.post(path, data=json.dumps(order), headers=_key_header(key)) as response:
            response.raise_for_status()
            answer: Answer = json.loads(await response.read())
            return answer

    @classmethod
    def post_from_thread(cls, path: str, order: Order, key: str | None = None) -> Answer:
        """One connection a thread."""
        connection: http.client.HTTPConnection | None = getattr(cls.local, "connection", None)
        if connection is None:
            connection = cls.local.connection = http.client.HTTPConnection("127.0.0.1", cls.port)
        connection.request("POST", path, json.dumps(order), HEADERS | _key_header(key))
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"the participant answered {response.status}")
        answer: Answer = json.loads(body)
        return answer


def _key_header(key: str | None) -> dict[str, str]:
    return {} if key is None else {"idempotency-key": key}
