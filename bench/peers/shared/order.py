"""The work that every peer does: one order, and a call of the participant for each of three steps."""

from typing import Any

APPLICATION = "sagaflow-peer"
QUEUE = "orders"
WORKFLOW = "order_chain"

# The same order as sagaflow's bench starts its runs with (bench/BenchWorkflow.swift).
ORDER: dict[str, Any] = {
    "orderId": "ord-20300101-000042",
    "customerId": "cus-7f3a9c",
    "sku": "sku-1138-blue",
    "amount": 42,
    "currency": "EUR",
}
STEPS = 3
