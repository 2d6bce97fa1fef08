import Testing

@testable import Postgres

/// Tasks here start with `Task.immediate`: when it returns, the task waits in line.
@Suite("The pool shares connections fairly and survives their loss", .timeLimit(.minutes(3)))
struct PoolTests {
    private func pool(_ size: Int) throws -> Pool { Pool(try TestServer.configuration(), maximumSize: size) }

    private func terminate(_ pid: Int32) async throws {
        // With a timeout, the function returns only when the process has ended.
        try await TestServer.connect().simpleQuery("SELECT pg_terminate_backend(\(pid), 10000)")
    }

    /// Longer than any wait in these tests takes, even on a machine that is busy with something else.
    private let patience = Duration.seconds(50)

    @Test("no more connections than allowed, each lent to one at a time")
    func maximum() async throws {
        let pool = try pool(3)
        let inUse = Shared<[Int32: Int]>([:])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await pool.withConnection(deadline: .seconds(30)) { connection throws(PostgresError) in
                        let pid = try await connection.execute(BackendPID())[0]
                        inUse.update { $0[pid, default: 0] += 1 }
                        _ = try await connection.execute(Sleep(seconds: 0.002))
                        inUse.update { counts in
                            #expect(counts[pid] == 1)
                            counts[pid] = 0
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inUse.update { $0.count } <= 3)
        let statistics = pool.statistics
        #expect(statistics.size == statistics.idle && statistics.size <= 3 && statistics.waiting == 0)
        #expect(statistics.totals.opened <= 3)
        await pool.close()
        #expect(pool.statistics.size == 0)
    }

    @Test("a checkout that finds all in use fails at its deadline, and takes no place then")
    func deadline() async throws {
        let pool = try pool(1)
        try await pool.withConnection { _ throws(PostgresError) in
            for deadline in [Duration.milliseconds(30), .zero, .seconds(-1)] {
                let error = await failure { _ = try await pool.execute(SelectOne(), deadline: deadline) }
                #expect(error == .poolExhausted)
            }
            #expect(pool.statistics.waiting == 0)
            #expect(pool.statistics.totals.exhausted == 3)
        }
        #expect(try await pool.execute(SelectOne()) == [1])
    }

    @Test("a cancelled waiter leaves the queue at once, those behind it move up")
    func cancellation() async throws {
        let pool = try pool(1)
        let next = Shared<Task<[Int32], any Error>?>(nil)
        try await pool.withConnection { _ throws(PostgresError) in
            let first = Task.immediate { await failure { _ = try await pool.execute(SelectOne(), deadline: patience) } }
            #expect(pool.statistics.waiting == 1)
            next.update { $0 = Task.immediate { try await pool.execute(SelectOne(), deadline: patience) } }
            #expect(pool.statistics.waiting == 2)
            first.cancel()
            #expect(await first.value == .cancelled)
            #expect(pool.statistics.waiting == 1)
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure { _ = try await pool.execute(SelectOne()) }
            }
            #expect(await early.value == .cancelled)
        }
        #expect(try await next.update { $0 }?.value == [1])
    }

    @Test("first come, first served")
    func order() async throws {
        let pool = try pool(1)
        let served = Shared<[Int]>([])
        let tasks = Shared<[Task<Void, any Error>]>([])
        try await pool.withConnection { _ throws(PostgresError) in
            for index in 0..<10 {
                let task = Task.immediate {
                    try await pool.withConnection(deadline: patience) { _ throws(PostgresError) in
                        served.update { $0.append(index) }
                    }
                }
                tasks.update { $0.append(task) }
                #expect(pool.statistics.waiting == index + 1)
            }
        }
        for task in tasks.update({ $0 }) { try await task.value }
        #expect(served.update { $0 } == Array(0..<10))
    }

    @Test("a connection killed while it works is discarded, and the next call works")
    func killedInUse() async throws {
        let pool = try pool(1)
        let pid = try await pool.execute(BackendPID())[0]
        let watcher = try await TestServer.connect()
        async let working = failure { _ = try await pool.execute(Sleep(seconds: 50)) }
        try await watcher.waitUntilActive(pid)
        try await terminate(pid)
        let error = await working
        #expect(error?.isTransient == true && error?.mayHaveCommitted == true)
        #expect(try await pool.execute(BackendPID()) != [pid])
        #expect(pool.statistics.totals.lost == 1)
        #expect(pool.statistics.size == 1)
    }

    @Test("connections killed while they rest are replaced without anybody noticing")
    func killedAtRest() async throws {
        let pool = try pool(2)
        let pid = try await pool.execute(BackendPID())[0]
        try await terminate(pid)
        #expect(try await pool.execute(BackendPID()) != [pid])
        #expect(pool.statistics.totals.lost == 1)
    }

    @Test("a waiter gets the slot of a connection that broke")
    func waiterGetsSlot() async throws {
        let pool = try pool(1)
        let waiting = Shared<Task<[Int32], any Error>?>(nil)
        try await pool.withConnection { connection throws(PostgresError) in
            waiting.update { $0 = Task.immediate { try await pool.execute(SelectOne(), deadline: patience) } }
            #expect(pool.statistics.waiting == 1)
            await connection.close()
        }
        #expect(try await waiting.update { $0 }?.value == [1])
    }

    @Test("a transaction left open is rolled back before the next may use the connection")
    func openTransaction() async throws {
        let pool = try pool(1)
        let pid = try await pool.withConnection { connection throws(PostgresError) in
            try await connection.simpleQuery("BEGIN; CREATE TABLE never_committed (i int)")
            return try await connection.execute(BackendPID())
        }
        let found = try await pool.withConnection { connection throws(PostgresError) in
            try await connection.simpleQuery("SELECT to_regclass('never_committed')")
        }
        #expect(found == [[nil]])
        #expect(try await pool.execute(BackendPID()) == pid)
    }

    @Test("a server that turned out to be read-only is left, so that the primary may be found")
    func readOnly() async throws {
        let pool = try pool(1)
        let pid = try await pool.execute(BackendPID())
        await #expect(throws: PostgresError.self) {
            try await pool.withConnection { connection throws(PostgresError) in
                try await connection.simpleQuery("SET default_transaction_read_only = on")
                try await connection.simpleQuery("CREATE TABLE never_created (i int)")
            }
        }
        #expect(try await pool.execute(BackendPID()) != pid)
    }

    @Test(
        "when one connection shows that the server hangs or takes no writes, those at rest go too: nobody waits for each",
        .timeLimit(.minutes(2)), arguments: [true, false])
    func unfitServer(hangs: Bool) async throws {
        let configuration = try TestServer.configuration()
        let proxy = try Proxy(to: configuration)
        defer { proxy.stop() }
        var impatient = try proxy.configuration(for: configuration)
        impatient.statementTimeout = .milliseconds(10)
        let pool = Pool(impatient, maximumSize: 3)
        try await pool.withConnection { _ throws(PostgresError) in
            try await pool.withConnection { _ throws(PostgresError) in _ = try await pool.execute(SelectOne()) }
        }
        #expect(pool.statistics.idle == 3)
        if hangs { proxy.set(.swallow) }
        await #expect(throws: PostgresError.self) {
            try await pool.withConnection { connection throws(PostgresError) in
                if hangs { _ = try await connection.execute(SelectOne()) }
                try await connection.simpleQuery("SET default_transaction_read_only = on")
                try await connection.simpleQuery("CREATE TABLE never_created (i int)")
            }
        }
        #expect(pool.statistics.size == 0)
        proxy.set(.pass)
        #expect(try await pool.execute(SelectOne()) == [1])
        await pool.close()
    }

    @Test("a server that cannot be reached is tried again with pauses, until the deadline")
    func unreachable() async throws {
        let pool = Pool(try ConnectionConfiguration("host=127.0.0.1 port=1"), maximumSize: 2)
        let start = ContinuousClock.now
        do throws(PostgresError) {
            _ = try await pool.execute(SelectOne(), deadline: .seconds(3))
            Issue.record("connected")
        } catch {
            guard case .connectionFailed = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        let statistics = pool.statistics
        #expect(statistics.size == 0 && statistics.totals.failedToOpen >= 2 && statistics.totals.failedToOpen <= 12)
    }

    @Test("closing fails those who wait and breaks off those who work")
    func closing() async throws {
        let pool = try pool(1)
        let pid = try await pool.execute(BackendPID())[0]
        let watcher = try await TestServer.connect()
        async let working = failure { _ = try await pool.execute(Sleep(seconds: 50)) }
        try await watcher.waitUntilActive(pid)
        let waiting = Task.immediate { await failure { _ = try await pool.execute(SelectOne(), deadline: patience) } }
        #expect(pool.statistics.waiting == 1)
        await pool.close()
        let errors = (await waiting.value, await working, await failure { _ = try await pool.execute(SelectOne()) })
        #expect(errors.0 == .poolClosed && errors.2 == .poolClosed)
        #expect(errors.1 == .connectionLost("interrupted", mayHaveCommitted: true))
        #expect(pool.statistics.size == 0)
    }

    @Test("nothing is lost or lent twice while connections are killed under load")
    func chaos() async throws {
        let pool = try pool(4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    do throws(PostgresError) {
                        let rows = try await pool.withConnection(deadline: .seconds(20)) {
                            connection throws(PostgresError) in
                            if index % 7 == 0 {
                                try await connection.simpleQuery("SELECT pg_terminate_backend(pg_backend_pid())")
                            }
                            if index % 11 == 0 { connection.interrupt() }
                            return try await connection.execute(SelectOne())
                        }
                        #expect(rows == [1])
                    } catch .connectionLost {
                        #expect(index % 7 == 0 || index % 11 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        let statistics = pool.statistics
        #expect(statistics.size == statistics.idle && statistics.size <= 4 && statistics.waiting == 0)
        #expect(statistics.totals.opened == statistics.totals.lost + statistics.size)
    }
}
