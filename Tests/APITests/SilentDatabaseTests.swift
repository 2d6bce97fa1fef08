import Core
import Postgres
import ServiceLifecycle
import Testing
import TestSupport

@testable import API

@Suite("A database that has gone silent, connections open, holds nobody up for long")
struct SilentDatabaseTests {
    /// An API behind a proxy.
    private func withProxy(
        _ body: (APIProcess, TestDatabase, CuttingProxy) async throws -> Void
    ) async throws {
        try await TestSupport.TestDatabase.with(writes: 1, reads: 1) { test in
            let (proxy, url) = try await CuttingProxy.urlBefore(test)
            let connection = try await Connection.connect(test.configuration)
            let database = TestDatabase(url: url, connection: connection)
            do {
                let configuration = try TestAPI.configuration([:], database)
                try await body(APIProcess(configuration, logger: TestAPI.quiet), database, proxy)
            } catch {
                Issue.record(error)
            }
            proxy.stop()
            await connection.close()
        }
    }

    @Test("A start is answered 503 within 13 seconds; told to stop, the process is gone soon after its patience")
    func stop() async throws {
        try await withProxy { process, database, proxy in
            var process = process
            process.patience = .seconds(1)
            let (ports, port) = AsyncStream<Int>.makeStream()
            let group = process.serviceGroup(stopsOnSignals: false) { port.yield($0) }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                let listening = try #require(await ports.first { _ in true })
                let api = TestAPI(port: listening, database: database)
                try await api.register()
                let run = try await api.start()
                proxy.goSilent()
                let asked = ContinuousClock.now
                #expect(try await api.client.send("POST", "/v1/workflows/w/start", body: "{}").status == 503)
                #expect(ContinuousClock.now - asked < .seconds(13))
                for path in ["", "/events", "/cancel"] {
                    tasks.addTask {
                        let method = path == "/cancel" ? "POST" : "GET"
                        let head =
                            "\(method) /v1/runs/\(run)\(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
                        // Whether it is answered is not what this is about.
                        _ = try? await api.client.exchange(Array(head.utf8))
                    }
                }
                try await Task.sleep(for: .milliseconds(200))
                let told = ContinuousClock.now
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                let took = ContinuousClock.now - told
                // The patience, and what opening a connection takes at the most.
                #expect(took < .seconds(8), "\(took)")
            }
            await process.close()
        }
    }

    @Test("A cancel that is committed is answered although the session for hints hangs")
    func hint() async throws {
        try await TestDatabase.with { database in
            try await database.query(
                """
                CREATE FUNCTION pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_sleep(30); END'
                """)
            let path = "options=-csearch_path%3Dpublic,pg_catalog"
            let url = database.url + (database.url.contains("?") ? "&" : "?") + path
            try await TestAPI.with(on: TestDatabase(url: url, connection: database.connection)) { api in
                try await api.register()
                let run = try await api.start()
                let asked = ContinuousClock.now
                #expect(try await api.client.send("POST", "/v1/runs/\(run)/cancel").status == 202)
                #expect(ContinuousClock.now - asked < .seconds(1))
            }
        }
    }
}
