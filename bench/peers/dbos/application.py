"""The application under test: three HTTP calls in a chain, each a durable step of a DBOS workflow.

Once with `async def` and aiohttp, once with threads and `http.client`: whichever is faster is the one that counts.
"""

import http.client
import json
import threading

import aiohttp
from dbos import DBOS, DBOSConfig

from settings import APPLICATION, WORKFLOW, Settings

Order = dict[str, object]
Answer = dict[str, object]

HEADERS = {"content-type": "application/json"}


class Participant:
    """Where the steps call, and the kept connections to it."""

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
    async def post(cls, path: str, order: Order) -> Answer:
        async with cls.session.post(path, data=json.dumps(order)) as response:
            response.raise_for_status()
            answer: Answer = json.loads(await response.read())
            return answer

    @classmethod
    def post_from_thread(cls, path: str, order: Order) -> Answer:
        """One connection a thread."""
        connection: http.client.HTTPConnection | None = getattr(cls.local, "connection", None)
        if connection is None:
            connection = cls.local.connection = http.client.HTTPConnection("127.0.0.1", cls.port)
        connection.request("POST", path, json.dumps(order), HEADERS)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"the participant answered {response.status}")
        answer: Answer = json.loads(body)
        return answer


@DBOS.step()
async def step_a(order: Order) -> Answer:
    return await Participant.post("/a", order)


@DBOS.step()
async def step_b(order: Order) -> Answer:
    return await Participant.post("/b", order)


@DBOS.step()
async def step_c(order: Order) -> Answer:
    return await Participant.post("/c", order)


@DBOS.workflow(name=WORKFLOW)
async def order_chain(order: Order) -> Answer:
    await step_a(order)
    await step_b(order)
    return await step_c(order)


@DBOS.step()
def thread_step_a(order: Order) -> Answer:
    return Participant.post_from_thread("/a", order)


@DBOS.step()
def thread_step_b(order: Order) -> Answer:
    return Participant.post_from_thread("/b", order)


@DBOS.step()
def thread_step_c(order: Order) -> Answer:
    return Participant.post_from_thread("/c", order)


@DBOS.workflow(name=f"{WORKFLOW}_in_threads")
def order_chain_in_threads(order: Order) -> Answer:
    thread_step_a(order)
    thread_step_b(order)
    return thread_step_c(order)


def configuration(database_url: str, settings: Settings, executor: str) -> DBOSConfig:
    """What DBOS is given: warnings only, no traces, no Conductor, the tuned pool.

    Every process has an `executor_id` of its own, as its documentation asks for, and all have the same version.
    """
    return {
        "name": APPLICATION,
        "system_database_url": database_url,
        "application_version": "1",
        "executor_id": executor,
        "sys_db_pool_size": settings.pool,
        "db_engine_kwargs": {"pool_pre_ping": settings.pre_ping},
        "enable_otlp": False,
        "log_level": "WARNING",
    }
