import Foundation
import Synchronization

@testable import Postgres

/// A TCP proxy in front of the server that can lose what it should pass on.
///
/// Each direction of each connection is pumped by a thread with blocking calls; closing the sockets ends them.
final class Proxy: Sendable {
    /// What becomes of the server's answers.
    enum Answers: Sendable {
        case pass
        /// Nothing arrives any more, and nobody is told: a frozen server, a dead cable.
        case swallow
        /// The next answer is dropped and the connection cut: the server has done its work.
        case cut
    }

    struct Failed: Error {
        let step: String
    }

    let port: UInt16
    private let listening: Int32
    private let upstream: sockaddr_in
    private let answers = Mutex(Answers.pass)
    private let sockets = Mutex<[Int32]>([])
    /// Yields after every cut.
    let cuts: AsyncStream<Void>
    private let cutContinuation: AsyncStream<Void>.Continuation

    /// Listens on a free port of the loopback interface.
    init(to configuration: ConnectionConfiguration) throws {
        let options = Dictionary(uniqueKeysWithValues: configuration.options.map { ($0.keyword, $0.value) })
        (cuts, cutContinuation) = AsyncStream.makeStream()
        upstream = Self.loopback(port: UInt16(options["port"] ?? "5432") ?? 5432)
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listening, address, length) == 0 && listen(listening, 16) == 0
                    && getsockname(listening, address, &length) == 0
            }
        }
        guard isBound else { throw Failed(step: "listen") }
        self.listening = listening
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.acceptAll() }
    }

    /// The configuration to reach the server through this proxy. The server must listen on the loopback interface.
    func configuration(for original: ConnectionConfiguration) throws -> ConnectionConfiguration {
        let pairs = original.options.filter { ["user", "password", "dbname"].contains($0.keyword) }
        let text = pairs.map { "\($0.keyword)='\($0.value)'" }.joined(separator: " ")
        var configuration = try ConnectionConfiguration("host=127.0.0.1 port=\(port) sslmode=disable \(text)")
        configuration.settings = original.settings
        return configuration
    }

    func set(_ answers: Answers) { self.answers.withLock { $0 = answers } }

    /// Cuts all connections and accepts no more.
    func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
        cutAll()
    }

    private func cutAll() {
        sockets.withLock { sockets in
            for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func acceptAll() {
        while true {
            let client = accept(listening, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = upstream
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else { return }
            sockets.withLock { $0 += [client, server] }
            Thread.detachNewThread { self.pump(from: client, to: server, isAnswer: false) }
            Thread.detachNewThread { self.pump(from: server, to: client, isAnswer: true) }
        }
    }

    private func pump(from source: Int32, to sink: Int32, isAnswer: Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            if count <= 0 { break }
            switch isAnswer ? answers.withLock({ $0 }) : .pass {
            case .pass: _ = send(sink, buffer, count, Int32(MSG_NOSIGNAL))
            case .swallow: continue
            case .cut:
                cutAll()
                cutContinuation.yield()
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
