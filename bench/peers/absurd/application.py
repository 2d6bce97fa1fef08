"""The application under test: a task of three steps in a chain, each one HTTP call.

Once for `AsyncAbsurd` with aiohttp, once for `Absurd` with threads and `http.client`: whichever is faster counts.
"""

from absurd_sdk import Absurd, AsyncAbsurd, AsyncTaskContext, TaskContext

from order import QUEUE, WORKFLOW
from participant import Answer, Order, Participant


def asynchronous(database_url: str) -> AsyncAbsurd:
    app = AsyncAbsurd(database_url, queue_name=QUEUE)

    @app.register_task(name=WORKFLOW)
    async def order_chain(order: Order, context: AsyncTaskContext) -> Answer:
        async def step_a() -> Answer:
            return await Participant.post("/a", order, f"{context.task_id}:a")

        async def step_b() -> Answer:
            return await Participant.post("/b", order, f"{context.task_id}:b")

        async def step_c() -> Answer:
            return await Participant.post("/c", order, f"{context.task_id}:c")

        await context.step("a", step_a)
        await context.step("b", step_b)
        return await context.step("c", step_c)

    return app


def threaded(database_url: str) -> Absurd:
    app = Absurd(database_url, queue_name=QUEUE)

    @app.register_task(name=WORKFLOW)
    def order_chain(order: Order, context: TaskContext) -> Answer:
        def call(step: str) -> Answer:
            return Participant.post_from_thread(f"/{step}", order, f"{context.task_id}:{step}")

        context.step("a", lambda: call("a"))
        context.step("b", lambda: call("b"))
        return context.step("c", lambda: call("c"))

    return app
