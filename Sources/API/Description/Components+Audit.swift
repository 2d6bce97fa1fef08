import Core

// The audit, and reports.
extension Components {
    static var audit: [(String, JSONSchema)] {
        [
            (
                "AuditEntry",
                .object([
                    "tenant": .text(), "number": count, "at": time, "actor": .text(), "action": .text(),
                    "subject": .text().orNull, "outcome": .word("done", "refused"), "reason": .text().orNull,
                    "clientAddress": .text().orNull, "requestId": .text().orNull, "traceId": .text().orNull,
                    "previousHash": .text(), "hash": .text(), "detail": .any,
                ])
            ),
            ("AuditPage", page(of: "AuditEntry", as: "entries")),
            (
                "RunReport",
                JSONSchema.object([
                    "run": schema("Run"), "steps": .list(schema("Step")),
                    "inbox": .list(
                        .object(["kind": .text(), "sentBy": .text(), "sentAt": time, "payload": payload])),
                    "children": .list(runID), "events": .list(schema("Event")), "attempts": .list(schema("Attempt")),
                    "audit": .list(schema("AuditEntry")),
                ]).described("All that is known of one run.")
            ),
            (
                "Report",
                .object([
                    "form": .const(1), "createdAt": time, "createdBy": .text(), "report": schema("RunReport"),
                    "complete": JSONSchema.const(true).described(
                        "The last member: without it the document was broken off."),
                ])
            ),
            (
                "Reports",
                .object([
                    "form": .const(1), "createdAt": time, "createdBy": .text(), "correlationId": .text(),
                    "limitReached": .flag, "nextCursor": cursor, "reports": .list(schema("RunReport")),
                    "complete": .const(true),
                ])
            ),
        ]
    }
}
