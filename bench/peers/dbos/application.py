"""The application under test: three HTTP calls in a chain, each a durable step of a DBOS workflow.

Once with `async def` and aiohttp, once with threads and `http.client`: whichever is faster is the one that counts.
"""

from dbos import DBOS, DBOSConfig

from order import APPLICATION, WORKFLOW
from participant import Answer, Order, Participant
from settings import Settings


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
