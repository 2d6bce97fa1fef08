import Core
import HTTPTypes
import Telemetry

extension Operation {
    static let keys = [
        Operation(
            "createKey", .post, "/v1/admin/api-keys", .keys, "Make an API key",
            "The key itself is shown this once. Nobody gives more than they have.",
            body: .json(
                Components.schema("KeyRequest"), ["name": "shop", "roles": ["starter"], "workflows": ["order*"]]),
            Reply(201, "The key.", Components.schema("NewKey"), headers: [.cacheControl])),
        Operation(
            "listKeys", .get, "/v1/admin/api-keys", .keys, "List API keys",
            "Newest first, revoked and expired ones included.", parameters: paging, problems: [.tooManyAnswers],
            Reply(200, "A page.", Components.schema("KeyList"))),
        Operation(
            "revokeKey", .delete, "/v1/admin/api-keys/:keyId", .keys, "Revoke an API key",
            "For good; refused everywhere within a second.", problems: [.notFound],
            Reply(200, "It is revoked.", Components.schema("Key"))),
        Operation(
            "putTenant", .put, "/v1/admin/tenants/:tenantId", .keys, "Say what a tenant may have",
            "What is left out is as usual.",
            body: .json(
                Components.schema("TenantRequest"),
                ["weight": 200, "limits": ["startsPerSecond": 50, "startBurst": 100]]),
            problems: [.tenantLimit],
            Reply(201, "It is made.", Components.schema("Tenant")),
            Reply(200, "It has changed.", Components.schema("Tenant"))),
        Operation(
            "getTenant", .get, "/v1/admin/tenants/:tenantId", .keys, "Look at a tenant", "With what it has.",
            problems: [.notFound], Reply(200, "The tenant.", Components.schema("TenantWithUsage"))),
        Operation(
            "listTenants", .get, "/v1/admin/tenants", .keys, "List tenants", "By id.", parameters: paging,
            problems: [.tooManyAnswers], Reply(200, "A page.", Components.schema("TenantList"))),
        Operation(
            "getSigningKeys", .get, "/.well-known/jwks.json", .keys, "Read the keys with which calls are signed",
            "RFC 7517. For everybody; may be kept for a minute.", problems: [.notReady],
            Reply(200, "The public keys.", Components.schema("SigningKeys"), headers: [.cacheControl])),
    ]

    static let audit = [
        Operation(
            "listAudit", .get, "/v1/admin/audit", .audit, "Read the audit",
            "Latest first. With `Accept: application/x-ndjson`, without limit and cursor, all of it, oldest first, a row on each line.",
            parameters: [
                .query("actor", .text(), "Who did it."), .query("action", .text(), "What was done."),
                .query("subject", .text(), "To what, as in `workflows/order`."),
                .query("runId", Components.runID, "To which run; the same as `subject=runs/ID`."),
                .query("outcome", .word("done", "refused"), "What came of it."),
                .query("tenant", Components.anyTenant, "Whose it was."),
                .query("from", Components.time, "Not before this time."),
                .query("until", Components.time, "Before this time."),
                .query("requestId", .text(), "By the `X-Request-Id` of the answer."),
            ] + paging, problems: [.tooManyAnswers],
            Reply(
                200, "A page.", Components.schema("AuditPage"),
                others: [("application/x-ndjson", Components.schema("AuditEntry"))])),
        Operation(
            "getRunReport", .get, "/v1/admin/reports/runs/:runId", .audit, "Report on a run",
            "All that is known of it, in one document.", problems: [.tooManyAnswers], alsoNeeds: [.readRuns],
            Reply(200, "The report.", Components.schema("Report"), headers: [.cacheControl])),
        Operation(
            "getReports", .get, "/v1/admin/reports", .audit, "Report on all runs of a correlation id", "Newest first.",
            parameters: [.query("correlationId", .text(), "Which.", isRequired: true)] + paging,
            problems: [.tooManyAnswers], alsoNeeds: [.readRuns],
            Reply(200, "The reports.", Components.schema("Reports"), headers: [.cacheControl])),
    ]

    private static func live(_ id: String, _ path: String) -> Operation {
        Operation(
            id, .get, path, .health, "Whether the process is up", "Touches nothing.",
            Reply(200, "It is.", Components.schema("Up")))
    }

    private static func ready(_ id: String, _ path: String) -> Operation {
        Operation(
            id, .get, path, .health, "Whether the process can serve",
            "Postgres has the schema, and Redis where configured answered.", problems: [.notReady],
            Reply(200, "It can.", Components.schema("Readiness")))
    }

    static let health = [
        live("getHealth", "/health"), live("getHealthLive", "/health/live"), ready("getReady", "/ready"),
        ready("getHealthReady", "/health/ready"),
        Operation(
            "getCluster", .get, "/health/cluster", .health, "Which engines there are, and how far behind",
            "The backlog is read when it is asked for; what an engine tells is as old as its last heartbeat.",
            Reply(200, "The cluster.", Components.schema("Cluster"))),
        Operation(
            "getMetrics", .get, "/metrics", .health, "Metrics, for Prometheus",
            "In Prometheus's text format.",
            Reply(200, "Metrics.", .text(), type: MetricsRegistry.contentType)),
        Operation(
            "getOpenAPI", .get, "/openapi.json", .description, "This description", "OpenAPI 3.1.",
            parameters: [ifNoneMatch], Reply(200, "The document.", .map(.any), headers: [.etag, .cacheControl]),
            Reply(304, "It is the one that `If-None-Match` names.", headers: [.etag, .cacheControl])),
        Operation(
            "getWorkflowSchema", .get, "/schemas/workflow.json", .description, "The schema of workflow definitions",
            "JSON Schema 2020-12, for editors.", parameters: [ifNoneMatch],
            Reply(200, "The schema.", .map(.any), type: DescriptionRoutes.schemaType, headers: [.etag, .cacheControl]),
            Reply(304, "It is the one that `If-None-Match` names.", headers: [.etag, .cacheControl])),
    ]

    private static let ifNoneMatch = Parameter.header(
        "If-None-Match", .text(), "The `ETag` of an answer that the client still has.")
}
