"""What schemathesis is told beside the document: how lines are written, and that problems are those that are listed."""

import json

import schemathesis
from schemathesis.checks import CheckContext


@schemathesis.serializer("application/x-ndjson", "application/jsonl", "application/ndjson")
def lines(ctx, value):
    """A request that holds one line."""
    return value.encode() if isinstance(value, str) else (json.dumps(value) + "\n").encode()


@schemathesis.check
def listed_problem(ctx, response, case):
    """A refusal is of a type that the document lists for this status of this operation."""
    if response.status_code < 400 or response.status_code == 405:
        return
    said = case.operation.definition.raw["responses"].get(str(response.status_code))
    assert said is not None, f"{response.status_code} is not said of the operation"
    if "$ref" in said:
        said = case.operation.schema.raw_schema["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
    assert response.json()["type"] in said["x-sagaflow-problems"], response.text
