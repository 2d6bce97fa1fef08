import Foundation
import Testing

/// A TCP server that sends given bytes to whoever connects, one by one with a pause between, whatever it is asked.
final class FakeServer: Sendable {
    let port: Int
    private let listener: Int32

    init(bytes: [UInt8], pause: useconds_t) throws {
        let (listener, port) = try Self.listen()
        self.listener = listener
        self.port = port
        Thread.detachNewThread {
            while true {
                let peer = accept(listener, nil, nil)
                guard peer >= 0 else { return }
                for byte in bytes {
                    guard withUnsafeBytes(of: byte, { send(peer, $0.baseAddress, 1, Int32(MSG_NOSIGNAL)) }) == 1 else {
                        break
                    }
                    if pause > 0 { usleep(pause) }
                }
                close(peer)
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        let (listener, port) = try listen()
        close(listener)
        return port
    }

    private static func listen() throws -> (socket: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && Foundation.listen(listener, 16) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        try #require(status, "cannot listen: errno \(errno)")
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// An address on which attempts to connect get no answer at all: its queue is full and nobody empties it.
final class BlackHole {
    private var sockets: [Int32] = []

    init(address text: String, port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(text)
        address.sin_port = UInt16(port).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        func withAddress(_ body: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
            withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        }
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        sockets.append(listener)
        try #require(withAddress { bind(listener, $0, size) } == 0 && listen(listener, 0) == 0, "errno \(errno)")
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            sockets.append(client)
            _ = withAddress { connect(client, $0, size) }
        }
    }

    deinit { for socket in sockets { close(socket) } }
}

func sendSignal(_ process: pid_t, _ number: Int32) -> Int32 { kill(process, number) }
