"""The application under test: a workflow that calls three activities in a chain, each one HTTP call."""

from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from order import WORKFLOW
    from participant import Answer, Order, Participant

# The one timeout an activity must have. Short, as is recommended: only after it a task that never reached its worker is
# given out again.
TIMEOUT = timedelta(seconds=10)


def call_key() -> str:
    """The same for every attempt of one activity of one run, as Temporal's documentation proposes."""
    info = activity.info()
    return f"{info.workflow_run_id}-{info.activity_id}"


@activity.defn
async def step_a(order: Order) -> Answer:
    return await Participant.post("/a", order, call_key())


@activity.defn
async def step_b(order: Order) -> Answer:
    return await Participant.post("/b", order, call_key())


@activity.defn
async def step_c(order: Order) -> Answer:
    return await Participant.post("/c", order, call_key())


@workflow.defn(name=WORKFLOW)
class OrderChain:
    @workflow.run
    async def run(self, order: Order) -> Answer:
        await workflow.execute_activity(step_a, order, start_to_close_timeout=TIMEOUT)
        await workflow.execute_activity(step_b, order, start_to_close_timeout=TIMEOUT)
        return await workflow.execute_activity(step_c, order, start_to_close_timeout=TIMEOUT)
