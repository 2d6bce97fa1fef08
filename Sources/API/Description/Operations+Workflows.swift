import Core
import HTTPTypes

extension Operation {
    static let workflows = [
        Operation(
            "listWorkflows", .get, "/v1/workflows", .workflows, "List workflows",
            "By name, each with its ten highest versions.", parameters: paging + seenBy, problems: [.tooManyAnswers],
            Reply(200, "A page.", Components.schema("WorkflowList"))),
        Operation(
            "getWorkflow", .get, "/v1/workflows/:name", .workflows, "Look at a workflow", "With all its versions.",
            parameters: seenBy,
            Reply(200, "The workflow.", Components.schema("Workflow"))),
        Operation(
            "getDefinition", .get, "/v1/workflows/:name/:version", .workflows, "Read a version's definition",
            "As it was registered.", parameters: seenBy,
            Reply(200, "The version.", Components.schema("RegisteredDefinition"), headers: [.deprecation])),
        Operation(
            "getStatistics", .get, "/v1/workflows/:name/:version/statistics", .workflows, "See how a version does",
            "Over its newest runs, 500 at the most, found among the newest 10,000 of all workflows. Times are those of calls, and, of runs, from their start to their end; each is one that there was.",
            parameters: seenBy, Reply(200, "The figures.", Components.schema("VersionStatistics"))),
    ]

    /// A definition as it is registered and tried out.
    private static var definition: RequestContent {
        let schema = Components.schema("Definition")
        return RequestContent(
            contents: (BodyReader.json + BodyReader.yaml).map { ($0, schema) },
            examples: [
                (
                    "example",
                    [
                        "name": "refund", "version": "1.0.0",
                        "steps": [
                            [
                                "id": "refund", "compensation": "none",
                                "action": ["participant": "payments", "path": "/refund", "body": ["run": "${run.id}"]],
                            ]
                        ],
                    ]
                )
            ])
    }

    private static let strict = [
        Parameter.query("strict", JSONSchema.flag.defaulting(to: false), "Refuse warnings, too.")
    ]

    /// Whose is looked at.
    private static let seenBy = [
        Parameter.query(
            "tenant", Components.anyTenant,
            "As this tenant sees them: its own, and of the shared ones those that these do not hide. By default what all share, and for a key of one tenant as that tenant sees them."
        )
    ]

    /// Whose is changed.
    private static let owner = [
        Parameter.query(
            "tenant", Components.anyTenant,
            "This tenant's own. By default what all tenants share, and for a key of one tenant that tenant's own.")
    ]

    private static let reason = RequestContent.json(
        Components.schema("CancelRequest"), isRequired: false, ["reason": "1.1.0 is better"])

    static let definitions = [
        Operation(
            "registerDefinition", .post, "/v1/admin/workflows", .definitions, "Register a version of a workflow",
            "A version never changes: the same content again is 200, other content 409.", parameters: strict + owner,
            body: definition, problems: [.malformedYAML, .versionExists],
            Reply(201, "It is registered.", Components.schema("Registration"), headers: [.location]),
            Reply(200, "It was registered before.", Components.schema("Registration"), headers: [.location])),
        Operation(
            "validateDefinition", .post, "/v1/admin/workflows/validate", .definitions, "Try a definition out",
            "Writes nothing.", parameters: strict + owner, body: definition, problems: [.malformedYAML],
            Reply(200, "What registering would say.", Components.schema("Validation"))),
        Operation(
            "deprecateVersion", .put, "/v1/admin/workflows/:name/:version/deprecation", .definitions,
            "Deprecate a version", "A start without a version skips it from now on; nothing else changes.",
            parameters: owner, body: reason,
            Reply(200, "It is deprecated.", Components.schema("DeprecatedVersion"))),
        Operation(
            "restoreVersion", .delete, "/v1/admin/workflows/:name/:version/deprecation", .definitions,
            "Take a deprecation back", "A start without a version may take it again.",
            parameters: owner,
            Reply(204, "It is not deprecated.")),
        Operation(
            "pauseWorkflow", .post, "/v1/admin/workflows/:name/pause", .definitions, "Pause a workflow's starts",
            "All versions of the name. Runs that were accepted before go on.",
            parameters: owner,
            body: .json(Components.schema("WorkflowPauseRequest"), ["reason": "the shop is closed"]),
            Reply(200, "It is paused.", Components.schema("PausedWorkflow"))),
        Operation(
            "resumeWorkflow", .post, "/v1/admin/workflows/:name/resume", .definitions, "Resume a workflow's starts",
            parameters: owner, body: reason, Reply(200, "It is not paused.", Components.schema("ResumedWorkflow"))),
    ]

    static let participants = [
        Operation(
            "listParticipants", .get, "/v1/admin/participants", .participants, "List participants",
            "With what engines that live tell of each.", parameters: seenBy,
            Reply(200, "All of them.", Components.schema("ParticipantList"))),
        Operation(
            "getParticipant", .get, "/v1/admin/participants/:name", .participants, "Look at a participant",
            parameters: seenBy, problems: [.unknownParticipant],
            Reply(200, "The participant.", Components.schema("Participant"))),
        Operation(
            "putParticipant", .put, "/v1/admin/participants/:name", .participants, "Register a participant",
            "Engines follow within a second.", parameters: owner,
            body: .json(
                Components.schema("ParticipantRequest"), ["url": "https://payments.example.org", "maxConcurrent": 50]),
            problems: [.tenantLimit],
            Reply(201, "It is registered.", Components.schema("StoredParticipant")),
            Reply(200, "It was registered before, and has changed.", Components.schema("StoredParticipant"))),
        Operation(
            "deleteParticipant", .delete, "/v1/admin/participants/:name", .participants, "Remove a participant",
            parameters: owner, problems: [.unknownParticipant], Reply(204, "It is removed.")),
        Operation(
            "pauseParticipant", .post, "/v1/admin/participants/:name/pause", .participants, "Pause a participant",
            "Calls in flight finish; others wait in their engine.", parameters: owner,
            body: .json(Components.schema("ReasonRequest"), ["reason": "maintenance"]), problems: [.unknownParticipant],
            Reply(200, "It is paused.", Components.schema("PausedParticipant"))),
        Operation(
            "resumeParticipant", .post, "/v1/admin/participants/:name/resume", .participants, "Resume a participant",
            parameters: owner,
            body: .json(Components.schema("CancelRequest"), isRequired: false, ["reason": "it is back"]),
            problems: [.unknownParticipant],
            Reply(200, "It is not paused.", Components.schema("ResumedParticipant"))),
    ]
}
