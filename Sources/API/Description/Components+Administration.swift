import Core
import Participants
import Storage

// Participants, API keys, tenants, the cluster.
extension Components {
    static var administration: [(String, JSONSchema)] {
        [
            ("ParticipantRequest", .object(participantRequest, isClosed: true)),
            ("StoredParticipant", .object(participant)),
            (
                "Participant",
                .anyOf(
                    merged(
                        participant,
                        [
                            "updatedAt": time, "paused": .anyOf(schema("ParticipantPause"), .null),
                            "engines": .list(schema("ParticipantAtEngine")).described(
                                "What engines that live told of it; empty when all is well."),
                            "traffic": .list(schema("ParticipantTraffic")).described(
                                "What engines that live told of their calls to it lately."),
                        ]),
                    JSONSchema.object([
                        "name": .text(), "tenant": owner, "paused": .anyOf(schema("ParticipantPause"), .null),
                    ]).described("A shared one, for a key of one tenant."))
            ),
            ("ParticipantList", .object(["participants": .list(schema("Participant"))])),
            ("ParticipantPause", .object(["since": time, "by": .text(), "reason": .text()])),
            ("PausedParticipant", .object(["name": .text(), "tenant": owner, "paused": schema("ParticipantPause")])),
            ("ResumedParticipant", .object(["name": .text(), "tenant": owner, "paused": .null])),
            (
                "ParticipantAtEngine",
                .object([
                    "id": .text(), "host?": .text(), "at": time, "breaker?": .word("closed", "halfOpen", "open"),
                    "failures?": count, "openMs?": count, "lastError?": .text().orNull, "lastErrorAgeMs?": count,
                    "waiting?": count, "queued?": count, "paused?": .flag, "held?": count, "lacks?": .text(),
                ])
            ),
            (
                "ParticipantTraffic",
                .object([
                    "id": .text(), "host?": .text(), "at": time, "inFlight": count, "perSecond?": .number(),
                    "p50Ms?": .number(), "p99Ms?": .number(),
                ])
            ),
            ("KeyRequest", keyRequest), ("Key", .object(key)),
            ("NewKey", merged(key, ["key": .text().described("The key itself, this once.")])),
            ("KeyList", page(of: "Key", as: "keys")),
            ("TenantRequest", tenantRequest), ("Tenant", .object(tenant)),
            (
                "TenantWithUsage",
                merged(
                    tenant,
                    [
                        "usage?": .object([
                            "liveRuns": count, "sleepingRuns": count,
                            "isMore": .flag.described("There are more than were counted."), "storedBytes": count.orNull,
                            "storedBytesAt": time.orNull,
                        ])
                    ])
            ),
            ("TenantList", page(of: "Tenant", as: "tenants")),
            ("TenantLimits", limits),
            (
                "SigningKeys",
                .object([
                    "keys": .list(
                        .object([
                            "kty": .text(), "crv": .text(), "alg": .text(), "use": .text(), "kid": .text(),
                            "x": .text(),
                        ]))
                ])
            ),
            ("Up", .object(["status": .const("up")])),
            (
                "Readiness",
                .object(["status": .const("ready"), "warnings": .list(.text()).described("Sentences.")])
            ),
            ("Cluster", cluster),
        ]
    }

    // MARK: Participants

    private static var breaker: JSONSchema {
        JSONSchema.object(
            [
                "failureThreshold?": .integer(BreakerPolicy.failureThresholds).defaulting(to: 5),
                "successThreshold?": .integer(BreakerPolicy.successThresholds).defaulting(to: 2),
                "openFor?": .text(pattern: "^[1-9][0-9]*(ms|s|m|h|d)$").defaulting(to: "30s").described("100ms to 4m."),
            ], isClosed: true)
    }

    private static var secretNames: JSONSchema {
        JSONSchema.list(.text(pattern: "^(\(SigningKey.prefix))?[a-z0-9][a-z0-9-]{0,62}$"), 0...3).with(
            "uniqueItems", true)
    }

    private static var participantRequest: JSONSchema.Members {
        [
            "url": .text(1...2048, pattern: "^[hH][tT][tT][pP][sS]?://").described("Where it is."),
            "maxConcurrent?": .integer(1...10_000).orNull.described("Calls at once, from all engines together."),
            "rate?": .object(
                [
                    "perSecond": .number().with("minimum", 0.01).with("maximum", 100_000),
                    "burst?": .integer(CallRate.bursts).orNull,
                ],
                isClosed: true
            ).orNull.described("How many calls begin in a second, with three decimals at most, and how many at once."),
            "headers?": .map(.text(0...4096, pattern: "^[ -~]*$").orNull, 0...32).with(
                "propertyNames", ["pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$"]
            ).described(
                "Sent with every call. Credentials are named, as in ${secret:NAME}, and not written out. Null: what is registered stays."
            ),
            "breaker?": .anyOf(breaker, .const(false), .null),
            "signWith?": secretNames.orNull.described(
                "At most two names of secrets, and \(SigningKey.prefix)NAME of a key, with which calls are signed."),
            "tls?": .object(["certificate?": fileName, "key?": fileName, "ca?": fileName], isClosed: true).orNull
                .described("Names of the engines' files."),
            "auth?": .object(["oauth2": oauth2], isClosed: true).orNull,
        ]
    }

    private static var fileName: JSONSchema { name.orNull }

    private static var oauth2: JSONSchema {
        let text = JSONSchema.text(1...2048, pattern: "^[ -~]*$")
        return .object(
            [
                "tokenUrl": text, "clientId": text,
                "clientSecret": text.orNull.described("Null: the one that is registered stays."), "scope?": text.orNull,
                "audience?": text.orNull,
            ], isClosed: true)
    }

    private static var participant: JSONSchema.Members {
        [
            "name": .text(), "tenant": owner, "url": .text(), "maxConcurrent": .integer().orNull,
            "rate": .object(["perSecond": .number(), "burst": .integer()]).orNull,
            "headerNames": .list(.text()).described("Their values are not shown."),
            "breaker": .anyOf(breaker, .const(false)), "signWith": .list(.text()),
            "tls": .object(["certificate?": .text().orNull, "key?": .text().orNull, "ca?": .text().orNull]).orNull,
            "auth": .map(.any).orNull,
            "secretsKey": .text().orNull.described(
                "The id of the key with which values are encrypted."),
        ]
    }

    // MARK: Keys

    private static var roles: JSONSchema {
        .list(.word(Role.allCases.map(\.rawValue) + Permission.allCases.map(\.rawValue)), 1 ... .max)
            .with("uniqueItems", true).described("Roles, and single permissions.")
    }

    private static var keyRequest: JSONSchema {
        .object(
            [
                "name": .text(pattern: "^[!-~]{1,64}$"), "roles": roles,
                "tenant?": anyTenant.described("Whose runs are all it sees; * for everybody's."),
                "workflows?": .list(
                    .text(pattern: "^[a-z0-9*-]{1,\(WorkflowPattern.maxBytes)}$"), 1...WorkflowScope.maxPatterns
                ).with("uniqueItems", true).orNull.described("Patterns of the workflows it is for; null for all."),
                "expiresAt?": time.orNull.described("Within ten years."),
            ], isClosed: true)
    }

    private static var key: JSONSchema.Members {
        [
            "id": .text(), "name": .text(), "tenant": .text(), "workflows": .list(.text()).orNull,
            "roles": .list(.text()), "createdAt": time, "createdBy": .text(), "expiresAt": time.orNull,
            "lastUsedAt": time.orNull, "revokedAt": time.orNull, "revokedBy": .text().orNull, "valid": .flag,
        ]
    }

    // MARK: Tenants

    private static var tenantRequest: JSONSchema {
        .object(
            [
                "state?": .word(TenantState.allCases.map(\.rawValue)).defaulting(
                    to: .string(TenantState.active.rawValue)),
                "weight?": .integer(StoredTenant.weights).defaulting(to: JSON(StoredTenant.usualWeight)),
                "limits?": schema("TenantLimits"),
            ], isClosed: true)
    }

    private static var limits: JSONSchema {
        var members = JSONObject()
        for kind in TenantLimits.Kind.allCases { members[kind.rawValue] = JSONSchema.integer(kind.range).json }
        return JSONSchema([
            "type": "object", "properties": .object(members), "additionalProperties": false,
            "dependentRequired": ["startBurst": ["startsPerSecond"]],
        ])
    }

    private static var tenant: JSONSchema.Members {
        [
            "id": .text(), "state": .word(TenantState.allCases.map(\.rawValue)), "weight": .integer(),
            "limits": schema("TenantLimits"), "createdAt": time, "updatedAt": time, "updatedBy": .text(),
        ]
    }

    // MARK: The cluster

    private static var cluster: JSONSchema {
        let offset = JSONSchema.number().orNull
        let engine = JSONSchema.object([
            "id": .text(), "host": .text(), "version": .text(), "startedAt": time, "heartbeatAt": time,
            "heartbeatAgeMs": count, "inFlight": count, "alive": .flag, "settings": .map(.any).orNull,
            "clockOffsetMs": offset, "hasPublicUrl": JSONSchema.flag.orNull,
        ])
        return .object([
            "engines": .list(engine), "liveEngines": count, "settingsThatDiffer": .list(.text()), "backlog": count,
            "backlogIsEstimate": .flag, "lagMs": count, "clockOffsetMs": offset,
        ])
    }
}
