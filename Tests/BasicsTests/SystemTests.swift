import Glibc
import Testing

@testable import Basics

/// Says which thread it runs on.
private actor Blocking {
    private let thread: WorkerThread

    init() throws(SystemFailure) { thread = try WorkerThread() }

    deinit { thread.stop() }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func currentThread() -> UInt { UInt(pthread_self()) }

    /// Writes where nobody reads any more, and returns the error number.
    func writeToBrokenPipe() -> Int32 {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        close(ends[0])
        defer { close(ends[1]) }
        return write(ends[1], "x", 1) == 1 ? 0 : errno
    }
}

@Suite("Worker thread")
struct WorkerThreadTests {
    @Test("an actor has one thread for all its calls, and another actor has another")
    func ownThread() async throws {
        let (one, other) = (try Blocking(), try Blocking())
        let first = await one.currentThread()
        #expect(await one.currentThread() == first)
        #expect(await other.currentThread() != first)
    }

    @Test("a write to a broken connection is an error on this thread, not the end of the process")
    func sigpipeIsBlocked() async throws {
        #expect(await (try Blocking()).writeToBrokenPipe() == EPIPE)
    }
}

@Suite("Host names")
struct HostNameTests {
    @Test("an address stands for itself, and a name is no address")
    func numeric() throws {
        #expect(try HostName.addresses(of: "127.0.0.1", isNumeric: true) == ["127.0.0.1"])
        #expect(try HostName.addresses(of: "::1", isNumeric: true) == ["::1"])
        #expect(throws: SystemFailure.self) { try HostName.addresses(of: "localhost", isNumeric: true) }
    }

    @Test("a name is looked up, each of its addresses told once")
    func name() throws {
        let addresses = try HostName.addresses(of: "localhost")
        #expect(addresses.contains("127.0.0.1") || addresses.contains("::1"))
        #expect(Set(addresses).count == addresses.count)
    }
}
