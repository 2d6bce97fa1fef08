import Foundation
package import Postgres
import Synchronization

/// A TCP proxy in front of the database that can lose an answer: the server has done its work, nobody hears of it.
///
/// Each direction of each connection is pumped by a thread with blocking calls; closing the sockets ends them.
package final class CuttingProxy: Sendable {
    private struct Failed: Error {
        let step: String
    }
    private struct State {
        var cutsNext = false
        var isSilent = false
        var cuts = 0
        var sockets: [Int32] = []
    }

    private let port: UInt16
    private let listening: Int32
    private let upstreamPort: UInt16
    private let state = Mutex(State())

    /// Listens on a free port of the loopback interface; the server must listen there too.
    package init(upstreamPort: UInt16) throws {
        self.upstreamPort = upstreamPort
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length) == 0 && listen(listening, 16) == 0
                    && getsockname(listening, $0, &length) == 0
            }
        }
        guard isBound else { throw Failed(step: "listen") }
        self.listening = listening
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.acceptAll() }
    }

    /// A proxy to the database, and the configuration that leads through it.
    package static func before(
        _ test: TestDatabase
    ) async throws -> (proxy: CuttingProxy, configuration: ConnectionConfiguration) {
        let (proxy, url) = try await urlBefore(test)
        return (proxy, try ConnectionConfiguration(url))
    }

    /// The same as a connection string, for processes under test.
    package static func urlBefore(_ test: TestDatabase) async throws -> (proxy: CuttingProxy, url: String) {
        let row = try await test.query("SELECT inet_server_port(), current_user").first ?? []
        guard let port = row.first.flatMap({ $0 }).flatMap({ UInt16($0) }), let user = row.last ?? nil else {
            throw Failed(step: "find the server's port")
        }
        let proxy = try CuttingProxy(upstreamPort: port)
        return (proxy, "postgres://\(user)@127.0.0.1:\(proxy.port)/\(test.name)?sslmode=disable")
    }

    /// From now on nothing arrives on either side any more, and nobody is told: half-open connections. New ones are alike.
    package func goSilent() { state.withLock { $0.isSilent = true } }

    /// Drops the next answer of the server and cuts its connection; later ones pass.
    package func cutNextAnswer() { state.withLock { $0.cutsNext = true } }

    /// How many answers were dropped.
    package var cuts: Int { state.withLock { $0.cuts } }

    /// Cuts all connections and accepts no more.
    package func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
        for socket in state.withLock({ $0.sockets }) { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    private func acceptAll() {
        while true {
            let client = accept(listening, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(upstreamPort)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else { return }
            state.withLock { $0.sockets += [client, server] }
            Thread.detachNewThread { self.pump(from: client, to: server, isAnswer: false) }
            Thread.detachNewThread { self.pump(from: server, to: client, isAnswer: true) }
        }
    }

    private func pump(from source: Int32, to sink: Int32, isAnswer: Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            if count <= 0 || (isAnswer && isCut()) { break }
            if state.withLock({ $0.isSilent }) { continue }
            _ = send(sink, buffer, count, Int32(MSG_NOSIGNAL))
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }

    private func isCut() -> Bool {
        state.withLock { state in
            guard state.cutsNext else { return false }
            state.cutsNext = false
            state.cuts += 1
            return true
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
