import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Definitions of a tenant of its own, and those that all tenants share")
struct OwnDefinitionTests {
    private static func problem(_ body: () async throws -> WorkflowDefinition) async throws -> String {
        do {
            _ = try await body()
            return "none"
        } catch let problem as DefinitionProblem { return "\(problem)" }
    }

    /// The definition as somebody registers it who thinks of it otherwise: the same name, with other steps.
    private static func other(_ steps: Int, version: String = "1.0.0", of tenant: String) throws -> WorkflowDefinition {
        try WorkflowDefinition.sampleChain(steps, version: version).owned(by: tenant)
    }

    @Test("A tenant that has any version of a name uses its own alone, others what is shared, and nobody another's")
    func resolution() async throws {
        try await TestDatabase.with { test in
            let store = DefinitionStore(pool: test.database.writes)
            for version in ["1.0.0", "2.0.0"] { try await test.register(try .sampleChain(1, version: version)) }
            for version in ["1.0.0", "1.1.0"] {
                try await test.register(try Self.other(2, version: version, of: "ant"))
            }
            try await test.register(try WorkflowDefinition.sampleChain(3, name: "secret").owned(by: "bee"))
            try await test.register(try Self.other(2, version: "1.0.0-beta", of: "cat"))
            func start(_ name: String = "sample-chain", _ version: String? = nil, _ tenant: String) async throws
                -> String
            {
                let found = try await store.definition(name, version: version, for: tenant)
                return "\(found.owner.name) \(found.versionText) \(found.steps.count)"
            }
            #expect(try await start("sample-chain", nil, "ant") == "ant 1.1.0 2")
            #expect(try await start("sample-chain", nil, "bee") == "* 2.0.0 1")
            #expect(try await start("sample-chain", nil, "default") == "* 2.0.0 1")
            #expect(try await start("sample-chain", "1.0.0", "ant") == "ant 1.0.0 2")
            #expect(try await start("sample-chain", "1.0.0", "bee") == "* 1.0.0 1")
            #expect(try await start("secret", nil, "bee") == "bee 1.0.0 3")
            let unknown = "\(DefinitionProblem.unknown)"
            // A shared version is none of a tenant's that has its own of the name, and a prerelease is its own, too.
            for (name, version, tenant) in [
                ("sample-chain", "2.0.0", "ant"), ("sample-chain", nil, "cat"), ("secret", nil, "ant"),
                ("secret", "1.0.0", "default"), ("nothing", nil, "ant"), ("nothing", "1.0.0", "ant"),
            ] {
                let said = try await Self.problem { try await store.definition(name, version: version, for: tenant) }
                #expect(said == unknown, "\(name) \(version ?? "") \(tenant)")
            }
            let known: [(String, TenantScope, Bool)] = [
                ("sample-chain", .all, true), ("sample-chain", .one("ant"), true), ("sample-chain", .one("dog"), true),
                ("secret", .all, true), ("secret", .one("bee"), true), ("secret", .one("ant"), false),
                ("nothing", .all, false),
            ]
            for (name, tenants, isKnown) in known {
                #expect(try await store.isKnown(name, to: tenants) == isKnown, "\(name) \(tenants)")
            }
            // What is said of one owner's versions is nothing to the other's.
            let mine = DefinitionID(owner: .tenant("ant"), name: "sample-chain", version: "1.0.0")
            #expect(try await store.deprecate(mine, by: "ann", reason: "old") != nil)
            #expect(try await store.deprecation(of: Self.other(2, of: "ant"))?.reason == "old")
            #expect(try await store.deprecation(of: .sampleChain(1)) == nil)
            let theirs = DefinitionID(owner: .tenant("bee"), name: "sample-chain", version: "1.0.0")
            #expect(try await store.deprecate(theirs, by: "bob", reason: nil) == nil)
            #expect(try await !store.restore(theirs, by: "bob"))
            let newest = DefinitionID(owner: .tenant("ant"), name: "sample-chain", version: "1.1.0")
            _ = try await store.deprecate(newest, by: "ann", reason: nil)
            let said = try await Self.problem { try await store.definition("sample-chain", version: nil, for: "ant") }
            #expect(said == "\(DefinitionProblem.onlyDeprecated)", "there is no way back to what is shared")
            let chains = try await test.query(
                "SELECT tenant_id, count(*), max(subject) FROM audit_trail GROUP BY 1 ORDER BY tenant_id COLLATE \"C\"")
            #expect(
                chains == [
                    ["*", "2", "workflows/sample-chain/2.0.0"], ["ant", "4", "workflows/sample-chain/1.1.0"],
                    ["bee", "1", "workflows/secret/1.0.0"], ["cat", "1", "workflows/sample-chain/1.0.0-beta"],
                ])
            let series = try await test.database.reads.execute(ListNewestDefinitions(limit: 3))
            #expect(
                series.map { "\($0.owner.name) \($0.name) \($0.version)" } == [
                    "* sample-chain 2.0.0", "ant sample-chain 1.1.0", "cat sample-chain 1.0.0-beta",
                ])
        }
    }

    @Test(
        "One look answers for all tenants that use what is shared; a first version of one's own is used within a second"
    )
    func caches() async throws {
        try await TestDatabase.with { test in
            let (here, there) = (
                DefinitionStore(pool: test.database.writes), DefinitionStore(pool: test.database.writes)
            )
            try await test.register(try .sampleChain(1))
            try await test.register(try Self.other(2, of: "ant"))
            for tenant in ["default", "ant"] {
                _ = try await here.definition("sample-chain", version: nil, for: tenant)
            }
            let asked = ContinuousClock.now
            try await test.execute("ALTER TABLE workflow_definitions RENAME TO away")
            for number in 0..<500 {
                let found = try await here.definition("sample-chain", version: nil, for: "tenant-\(number)")
                #expect(found.owner == .shared)
                _ = try await here.pause(of: found)
            }
            #expect(try await here.definition("sample-chain", version: "1.0.0", for: "ant").steps.count == 2)
            try #require(ContinuousClock.now - asked < .milliseconds(700), "what was read is too old to prove anything")
            try await test.execute("ALTER TABLE away RENAME TO workflow_definitions")

            _ = try await here.definition("sample-chain", version: nil, for: "bee")
            let registered = ContinuousClock.now
            _ = try await there.register(
                try Self.other(3, version: "7.0.0", of: "bee"), specHash: Array(repeating: 7, count: 32), by: "bob")
            #expect(
                try await here.definition("sample-chain", version: "7.0.0", for: "bee").steps.count == 3,
                "what is named is there at once")
            try await test.register(try Self.other(3, of: "cat"))
            while try await here.definition("sample-chain", version: nil, for: "cat").owner == .shared {
                try #require(ContinuousClock.now - registered < .seconds(3))
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("A run keeps to the definition it was started with, whatever its tenant registers while it is under way")
    func pinned() async throws {
        try await TestDatabase.with { test in
            let shared = try WorkflowDefinition.sampleChain(1)
            let own = try Self.other(2, of: "ant")
            let engine = TestEngine(test, shared)
            let before = NewRun.sample(shared, tenantID: "ant")
            try await engine.start([before])
            try await test.register(own)
            let after = NewRun.sample(own, tenantID: "ant")
            let other = NewRun.sample(shared, tenantID: "bee")
            try await engine.start([after, other])
            let owners = try await test.query(
                "SELECT tenant_id, definition_owner FROM workflow_runs ORDER BY tenant_id, created_at")
            #expect(owners == [["ant", nil], ["ant", "ant"], ["bee", nil]])

            let reader = RunReader(pool: test.database.reads)
            let steps = "SELECT count(*) FROM run_steps WHERE run_id = '\(after.run.id)'"
            #expect(try await test.value(steps) == "2", "people see the steps of its own definition")
            #expect(try await reader.shown(before.run.id)?.steps.count == 1)
            #expect(try await reader.shown(after.run.id)?.steps.count == 2)
            #expect(try await reader.find(after.run.id)?.steps.count == 2)
            #expect(try await reader.whole(before.run.id)?.run.definition.owner == .shared)
            let quiet = try await reader.live([before.run.id, after.run.id])
            #expect(
                Dictionary(uniqueKeysWithValues: quiet.map { ($0.runID, $0.definitionID.owner) })
                    == [before.run.id: .shared, after.run.id: .tenant("ant")])
            let found = try await Recovery(database: test.database).quietRuns(for: .zero, limit: 10)
            #expect(found.compactMap { $0.definition?.steps.count }.sorted() == [1, 1, 2])

            let store = DefinitionStore(pool: test.database.reads)
            let claimed = try await engine.leases.claim(limit: 10)
            #expect(claimed.count == 3)
            for run in claimed {
                let definition = try await store.definition(ofRun: run.definitionID)
                let isOwn = run.lease.runID == after.run.id
                #expect(definition.owner == (isOwn ? .tenant("ant") : .shared))
                #expect(try run.run(of: definition).steps.count == (isOwn ? 2 : 1))
            }
        }
    }

    @Test("A restart is of the same definition, and a version that it names is what its tenant's starts would find")
    func restarts() async throws {
        try await TestDatabase.with { test in
            let own = try Self.other(1, of: "ant")
            let engine = TestEngine(test, own)
            let run = NewRun.sample(own, tenantID: "ant")
            try await engine.start([run])
            try await engine.drive { _, _ in .yes }
            let restarter = RunRestarter(database: test.database)
            let old = try #require(try await restarter.find(run.run.id))
            #expect(old.run.definition.owner == .tenant("ant"))
            let restart = Restart(run: old.run.id, fromStep: nil, by: "ann", reason: "again", kept: [])
            let new = NewRun.sample(old.run.definition, tenantID: old.tenantID, restart: restart)
            #expect(try await restarter.submit(new, restart, of: old, detail: [:]) == .started)
            let owners = try await test.query("SELECT DISTINCT definition_owner FROM workflow_runs")
            #expect(owners == [["ant"]])
        }
    }

    @Test("A pause of what is shared holds nothing of whoever has its own, and the other way round")
    func pauses() async throws {
        try await TestDatabase.with { test in
            let (shared, own) = (try WorkflowDefinition.sampleChain(1), try Self.other(2, of: "ant"))
            let store = DefinitionStore(pool: test.database.writes)
            let engine = TestEngine(test, shared)
            try await test.register(own)
            try await test.register(shared)
            #expect(
                try await store.pause("sample-chain", of: .tenant("bee"), by: "b", reason: "r", starts: .wait) == nil,
                "who has none of its own has none to pause")
            let theirs = try #require(
                try await store.pause("sample-chain", of: .shared, by: "ann", reason: "all", starts: .wait))
            #expect(try await store.pause(of: shared) == theirs)
            #expect(try await store.pause(of: own) == nil)
            let mine = try #require(
                try await store.pause("sample-chain", of: .tenant("ant"), by: "bob", reason: "mine", starts: .wait))
            #expect(try await store.pause(of: own) == mine)
            #expect(try await store.pause(of: shared) == theirs)
            let (a, b) = (
                NewRun.sample(own, tenantID: "ant", pause: mine), NewRun.sample(shared, tenantID: "bee", pause: theirs)
            )
            try await engine.start([a, b])
            let held = try await test.query("SELECT tenant_id, run_id FROM held_starts ORDER BY run_id")
            #expect(held == [["ant", "\(a.run.id)"], ["*", "\(b.run.id)"]])
            #expect(try await engine.leases.claim(limit: 10).isEmpty)
            #expect(try await store.resume("sample-chain", of: .tenant("ant"), by: "bob", reason: nil) == 1)
            #expect(try await engine.leases.claim(limit: 10).map(\.lease.runID) == [a.run.id])
            #expect(try await test.value("SELECT string_agg(tenant_id, ',') FROM held_starts") == "*")
            #expect(try await store.pause(of: shared) == theirs)
            #expect(try await store.pause(of: own) == nil)
            #expect(try await store.resume("sample-chain", of: .tenant("bee"), by: "b", reason: nil) == nil)
            #expect(try await store.resume("sample-chain", of: .shared, by: "ann", reason: nil) == 1)
            let paused = try await test.database.reads.execute(ListPauses())
            #expect(paused.isEmpty)
            for owner in [Owner.shared, .tenant("ant")] {
                _ = try await store.pause("sample-chain", of: owner, by: "ann", reason: "again", starts: .refuse)
            }
            try await test.execute(
                "UPDATE workflow_pauses SET paused_at = now() - interval '1 hour' WHERE tenant_id = '*'")
            let told = try await test.database.reads.execute(ListPauses())
            #expect(told.count == 1 && told[0].since > .seconds(3500), "a name is one series, of the longest pause")
        }
    }

    @Test("Lists are of what is seen: each name once, an own one in the place of the shared one, page by page")
    func lists() async throws {
        try await TestDatabase.with { test in
            for name in ["a", "b", "d"] { try await test.register(try .sampleChain(1, name: name)) }
            for (name, tenant) in [("b", "ant"), ("c", "ant"), ("d", "bee"), ("e", "bee")] {
                try await test.register(try WorkflowDefinition.sampleChain(2, name: name).owned(by: tenant))
            }
            func names(_ owner: Owner, after: String = "", limit: Int = 10) async throws -> [String] {
                let list = ListWorkflows(seenBy: owner, scope: .all, after: after, limit: limit)
                return try await test.database.reads.execute(list).map { "\($0.name) \($0.owner.name)" }
            }
            #expect(try await names(.shared) == ["a *", "b *", "d *"])
            #expect(try await names(.tenant("ant")) == ["a *", "b ant", "c ant", "d *"])
            #expect(try await names(.tenant("bee")) == ["a *", "b *", "d bee", "e bee"])
            #expect(try await names(.tenant("cat")) == ["a *", "b *", "d *"])
            #expect(try await names(.tenant("ant"), after: "a", limit: 2) == ["b ant", "c ant"])
            func versions(_ name: String, _ owner: Owner) async throws -> [String] {
                try await test.database.reads.execute(ListVersions(name: name, seenBy: owner)).map(\.owner.name)
            }
            #expect(try await versions("b", .tenant("ant")) == ["ant"])
            #expect(try await versions("b", .tenant("bee")) == ["*"])
            #expect(try await versions("c", .tenant("bee")) == [])
            #expect(try await versions("c", .shared) == [])
            let seen = FindSeenDefinition(name: "b", version: "1.0.0", seenBy: .tenant("ant"))
            #expect(try await test.database.reads.execute(seen).map(\.owner) == [.tenant("ant")])
            let unseen = FindSeenDefinition(name: "e", version: "1.0.0", seenBy: .tenant("ant"))
            #expect(try await test.database.reads.execute(unseen).isEmpty)
        }
    }
}
