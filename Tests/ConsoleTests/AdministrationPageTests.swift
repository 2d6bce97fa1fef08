import Console
import Core
import Testing

/// Pages of participants, engines, tenants, keys and the audit, made of what a hostile or unlucky world may hold.
@Suite struct AdministrationPageTests {
    private static let all: Set<String> = [
        "runs:read", "participants:read", "participants:write", "workflows:operate", "cluster:read", "tenants:read",
        "tenants:manage", "keys:manage", "audit:read",
    ]
    private static func frame(_ permissions: Set<String> = all) -> Frame { PageTests.frame(permissions) }

    static func participant(_ more: JSONObject = [:]) throws -> ParticipantView {
        let evil = JSON.string(PageTests.evil)
        var json: JSONObject = [
            "name": "pay", "tenant": evil, "url": evil, "maxConcurrent": 7, "rate": ["perSecond": 2.5, "burst": 3],
            "headerNames": ["X-Key", evil], "signWith": [evil], "secretsKey": evil,
            "breaker": ["failureThreshold": 5, "successThreshold": 2, "openFor": "30s"],
            "tls": ["certificate": evil, "key": evil, "ca": evil],
            "auth": ["oauth2": ["tokenUrl": evil, "clientId": evil, "clientSecret": .null, "scope": evil]],
            "updatedAt": "2026-01-31T12:00:00.000001Z",
            "paused": ["since": "2026-01-31T12:00:00Z", "by": evil, "reason": evil],
            "engines": [
                [
                    "id": "e1", "host": evil, "breaker": "open", "failures": 5, "openMs": 1200, "lastError": evil,
                    "lastErrorAgeMs": 900, "waiting": 1, "queued": 2, "held": 3, "lacks": evil,
                ], ["id": "e2", "breaker": "halfOpen"], ["id": "e3", "breaker": "moonlit"],
            ],
            "traffic": [
                ["id": "e1", "inFlight": 4, "perSecond": 1.5, "p50Ms": 3.5, "p99Ms": 120],
                ["id": "e4", "inFlight": 1, "perSecond": 0.25, "p50Ms": 9, "p99Ms": 1200],
            ],
        ]
        for (name, value) in more.members { json[name] = value }
        return try #require(ParticipantView(.object(json)))
    }

    static let limits = [TenantLimit("liveRuns", 0...10), TenantLimit("storedBytes", 0...10), TenantLimit("x", 1...2)]

    static func tenant(_ more: JSONObject = [:]) throws -> TenantView {
        var json: JSONObject = [
            "id": .string(PageTests.evil), "state": "active", "weight": 100, "limits": ["liveRuns": 10],
            "createdAt": "2026-01-31T12:00:00Z", "updatedBy": .string(PageTests.evil),
            "usage": ["liveRuns": 9, "sleepingRuns": 1, "isMore": true, "storedBytes": 1_600_000],
        ]
        for (name, value) in more.members { json[name] = value }
        return try #require(TenantView(.object(json)))
    }

    static func key(_ more: JSONObject = [:]) throws -> KeyView {
        let evil = JSON.string(PageTests.evil)
        var json: JSONObject = [
            "id": "k1", "name": evil, "tenant": evil, "workflows": [evil], "roles": [evil], "createdBy": evil,
            "valid": true,
        ]
        for (name, value) in more.members { json[name] = value }
        return try #require(KeyView(.object(json)))
    }

    static func entry(_ number: Int, _ more: JSONObject = [:]) throws -> AuditEntryView {
        let evil = JSON.string(PageTests.evil)
        var json: JSONObject = [
            "tenant": evil, "number": JSON(number), "at": "2026-01-31T12:00:00Z", "actor": evil, "action": evil,
            "subject": evil, "outcome": "refused", "reason": evil, "clientAddress": evil, "requestId": evil,
            "traceId": evil, "hash": .string("\(number)abc"), "detail": ["a": evil],
        ]
        for (name, value) in more.members { json[name] = value }
        return try #require(AuditEntryView(.object(json)))
    }

    private static let faults = FormFaults(
        PageTests.evil,
        [
            ("/url", PageTests.evil), ("/headers/X-Key", "no"), ("/limits/x", "no"), ("/name", "no"), ("/else", "no"),
            ("/roles/0", PageTests.evil), ("/expiresAt", "no"), ("/tls/key", "no"), ("/tls", "all of it"),
        ])

    private static func keyForm(_ text: FormText, _ faults: FormFaults? = nil, tenant: String? = nil) -> KeyForm {
        KeyForm(
            roles: [.init("viewer", ["runs:read", "cluster:read"])], permissions: [.init("runs:read", [])],
            ownTenant: tenant, text, faults)
    }

    static func pages() throws -> [(name: String, html: HTML)] {
        var pages: [(String, HTML)] = []
        let (one, evil) = (try participant(), PageTests.evil)
        let text = FormText(["name": [evil], "url": [evil], "newHeaders": [evil], "roles": ["viewer"], "id": [evil]])
        let refused = ParticipantForm(nil, ownTenant: nil, text, faults)
        let shared = try #require(ParticipantView(["name": "mail", "tenant": "*", "paused": .null]))
        for (name, tenant) in [("of all", nil), ("of a tenant", evil)] {
            pages.append(
                (
                    "participants \(name)",
                    ParticipantsPage(
                        [one, shared], tenant: evil, find: nil, ownTenant: tenant, form: refused, frame()
                    ).html
                ))
        }
        pages.append(
            ("no participants", ParticipantsPage([], tenant: nil, find: nil, ownTenant: nil, form: nil, frame()).html))
        pages.append(
            ("no match", ParticipantsPage([one], tenant: nil, find: "q", ownTenant: nil, form: nil, frame()).html))
        let run = try #require(
            RunSummary([
                "runId": "r", "workflowName": .string(evil), "workflowVersion": "1", "status": "RUNNING",
                "waitingFor": ["kind": "retry", "participant": "pay"],
            ]))
        for (name, form) in [
            ("as it is", ParticipantForm.of(one, ownTenant: nil)),
            ("refused", ParticipantForm(one, ownTenant: nil, text, faults)),
        ] {
            pages.append(
                ("participant \(name)", ParticipantPage(one, runs: [run], isOwn: true, form: form, frame()).html))
        }
        pages.append(
            (
                "a shared one",
                ParticipantPage(shared, runs: [], isOwn: false, form: .of(shared, ownTenant: "a"), frame()).html
            ))
        let engine: JSON = [
            "id": "0190a1b2-0001", "host": .string(evil), "version": .string(evil), "inFlight": 3, "alive": true,
            "startedAt": "2026-01-31T12:00:00Z", "heartbeatAgeMs": 900, "clockOffsetMs": -2500.5, "hasPublicUrl": false,
            "settings": ["LEASE": "1"],
        ]
        let dead: JSON = ["id": "0190a1b2-0002", "host": .string(evil), "alive": false]
        for (live, lag, list) in [(0, 0, [dead]), (2, 90_000, [engine, dead])] {
            let cluster = try #require(
                ClusterView([
                    "liveEngines": JSON(live), "backlog": 12, "backlogIsEstimate": true, "lagMs": JSON(lag),
                    "settingsThatDiffer": ["LEASE", .string(evil)], "clockOffsetMs": 12.25, "engines": .array(list),
                ]))
            pages.append(("engines \(live)", EnginesPage(cluster, frame()).html))
        }
        let tenant = try tenant()
        for form in [TenantForm.of(nil, limits: limits), TenantForm(nil, limits: limits, text, faults)] {
            pages.append(("tenants", TenantsPage([tenant], isFirst: false, nextCursor: "c", form: form, frame()).html))
            pages.append(("no tenants", TenantsPage([], isFirst: true, nextCursor: nil, form: form, frame()).html))
        }
        for state in ["active", "suspended", "closed", "moonlit"] {
            let one = try Self.tenant(["state": .string(state)])
            pages.append((state, TenantPage(one, form: .of(one, limits: limits), frame()).html))
        }
        let keys = [
            try key(), try key(["id": "k2", "valid": false]),
            try key(["id": "k3", "revokedAt": "2026-01-31T12:00:00Z", "revokedBy": .string(evil), "valid": false]),
        ]
        for form in [keyForm(KeyForm.usual), keyForm(text, faults, tenant: evil)] {
            pages.append(("keys", KeysPage(keys, isFirst: false, nextCursor: "c", form: form, frame()).html))
        }
        pages.append(("new key", NewKeyPage(keys[0], secret: "sf_secret", frame()).html))
        pages.append(
            (
                "confirm",
                ConfirmPage(
                    evil, evil, button: evil, path: "/x", fields: [("a", evil)], back: "/y", in: .keys, frame()
                ).html
            ))
        let entries = [
            try entry(1), try entry(2, ["subject": "runs/r1", "outcome": "done"]),
            try entry(3, ["subject": "participants/pay", "tenant": "*"]), try entry(4, ["subject": .null]),
        ]
        for value in [nil, evil] {
            let filter = AuditFilter { _ in value }
            pages.append(("audit", AuditPage(entries, filter, nextCursor: "c", actions: [evil], frame()).html))
            pages.append(("no audit", AuditPage([], filter, nextCursor: nil, actions: [], frame()).html))
        }
        return pages
    }

    @Test func `Pages are well-formed, have nothing inline, and names for everything that can be used`() throws {
        for (name, html) in try Self.pages() {
            let checked = MarkupPage(html.markup)
            #expect(checked.faults.isEmpty, "\(name): \(checked.faults.prefix(3))")
            #expect(checked.hrefs.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("#") }, "\(name): \(checked.hrefs)")
            #expect(html.markup.utf8.count < 100_000, "\(name)")
        }
    }

    @Test func `What is wrong stands at its field, and what was written stays`() throws {
        let text = FormText(["name": ["pay ments"], "url": ["ftp://x"], "maxConcurrent": ["many"], "openFor": ["7m"]])
        let faults = FormFaults(
            "Refused.", [("/url", "Not this one."), ("/rate/burst", "Not that one."), ("/wherever", "What is it?")])
        let page = ParticipantsPage(
            [], tenant: nil, find: nil, ownTenant: nil, form: ParticipantForm(nil, ownTenant: nil, text, faults),
            Self.frame()
        ).html.markup
        for kept in [#"value="pay ments""#, #"value="ftp://x""#, #"value="many""#, #"value="7m""#] {
            #expect(page.contains(kept), "\(kept)")
        }
        #expect(page.contains(#"id="participant-url-fault""#) && page.contains("Not this one."))
        #expect(page.contains(#"aria-describedby="participant-url-hint participant-url-fault" aria-invalid="true""#))
        #expect(page.ranges(of: #"aria-invalid="true""#).count == 2, "and nothing is said to be wrong that is not")
        #expect(page.contains("/wherever: What is it?") && page.contains(#"id="new-participant" open"#))
    }

    @Test func `No secret that was written is shown again`() throws {
        let secret = "written-once"
        var values = Dictionary(uniqueKeysWithValues: (0..<4).map { ("header-\($0)", [secret]) })
        values["clientSecret"] = [secret]
        let one = try Self.participant()
        let form = ParticipantForm(one, ownTenant: nil, FormText(values), Self.faults)
        let page = ParticipantPage(one, runs: [], isOwn: true, form: form, Self.frame()).html.markup
        #expect(!page.contains(secret))
        #expect(page.contains("Kept. Write a value to replace it.") && page.contains("Kept. Write another"))
    }

    @Test(arguments: [
        ("participants:read", "participants"), ("cluster:read", "engines"), ("tenants:read", "tenants"),
        ("keys:manage", "keys"), ("audit:read", "audit"),
    ])
    func `A section is there for whoever may read it, and for nobody else`(permission: String, place: String) {
        let link = "href=\"/console/\(place)\""
        func page(_ permissions: Set<String>) -> String { Self.frame(permissions).page("x", in: nil, "").markup }
        #expect(page([permission]).ranges(of: link).count == 2, "in the row, and in the menu")
        #expect(!page(Self.all.subtracting([permission])).contains(link))
        #expect(!page([]).contains(#"id="system""#) && page([]).contains("href=\"/console/runs\""))
    }

    @Test func `A participant says how it stands, the worst first`() throws {
        func sentence(_ more: JSONObject) throws -> String {
            let one = try Self.participant(more)
            let page = ParticipantPage(one, runs: [], isOwn: false, form: .of(one, ownTenant: nil), Self.frame())
            return page.html.markup.replacing(/<[^>]*>/, with: "")
        }
        let traffic: JSON = [
            ["id": "e1", "inFlight": 2, "perSecond": 1.5, "p50Ms": 3.5, "p99Ms": 12],
            ["id": "e2", "inFlight": 1, "perSecond": 2, "p50Ms": 4, "p99Ms": 80],
        ]
        let quiet: JSONObject = ["paused": .null, "engines": [], "traffic": []]
        func with(_ more: JSONObject) throws -> String {
            var all = quiet
            for (name, value) in more.members { all[name] = value }
            return try sentence(all)
        }
        #expect(try sentence([:]).contains("No call is sent until it is resumed; 3 calls wait for that"))
        #expect(try with([:]).contains("No engine has called it lately."))
        #expect(
            try with(["traffic": traffic]).contains(
                "3.5 calls a second: half of them within 4 ms, 99 % within 80 ms. 3 calls in flight."))
        let open: JSON = [["id": "e1", "breaker": "open", "lastError": "It hangs."]]
        #expect(try with(["engines": open, "traffic": traffic]).contains("so 1 engine does not call it for now"))
        #expect(try with(["engines": open]).contains("It hangs."))
        #expect(
            try with(["engines": [["id": "e1", "lacks": "No secret."]]]).contains("An engine can't call it: No secret.")
        )
    }

    @Test func `Engines that differ are told apart, with what comes of it`() throws {
        func engine(_ id: String, _ lease: String) -> JSON {
            ["id": .string(id), "host": .string("host-\(id)"), "alive": true, "settings": ["LEASE": .string(lease)]]
        }
        let cluster = try #require(
            ClusterView([
                "liveEngines": 3, "backlog": 0, "settingsThatDiffer": ["LEASE"],
                "engines": [engine("a", "1"), engine("b", "2"), engine("c", "1")],
            ]))
        let page = EnginesPage(cluster, Self.frame()).html.markup
        #expect(page.contains("<li>host-a (a), host-c (c)</li><li>host-b (b)</li>"))
        #expect(page.contains("that depends on which one died"))
        #expect(!page.contains("No engine is alive"))
        let none = try #require(ClusterView(["liveEngines": 0, "backlog": 0, "engines": []]))
        let empty = EnginesPage(none, Self.frame()).html.markup
        #expect(empty.contains("No engine is alive") && empty.contains("sagaflow-engine"))
    }

    @Test func `A limit that is nearly used up is seen`() throws {
        func page(_ live: Int) throws -> String {
            let tenant = try Self.tenant(["usage": ["liveRuns": JSON(live), "sleepingRuns": 0, "isMore": false]])
            return TenantPage(tenant, form: .of(tenant, limits: Self.limits), Self.frame()).html.markup
        }
        #expect(try page(3).contains(#"class="meter good""#) && page(8).contains(#"class="meter undo""#))
        #expect(try page(12).contains(#"class="meter bad""#) && page(12).contains(#"<rect width="100""#))
    }

    @Test func `What people write of a time is taken as UTC`() {
        for (written, read) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"), ("2026-01-31T12:00", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00Z", "2026-01-31T12:00:00Z"), ("2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00+01:00"),
            ("soon", "soon"),
        ] {
            let members = AuditFilter { $0 == "from" ? written : nil }.members
            #expect(members.first { $0.0 == "from" }?.1 == read)
        }
    }
}
