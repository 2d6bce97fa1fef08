import Glibc
import Synchronization
import Testing

/// Ports nobody listens on, handed out once each per process: below those that systems give to clients, of whose connections
/// there are thousands.
enum Ports {
    private static let range = 20_000..<32_000
    private static let next = Mutex(range.lowerBound + Int(getpid() % 300) * 40)

    struct NoneFree: Error {}

    /// The first of `count` free ports in a row.
    static func take(_ count: Int = 1) throws -> Int {
        try next.withLock { next in
            for _ in 0..<2000 {
                let first = next
                next += count
                if next >= range.upperBound { next = range.lowerBound }
                if first + count <= range.upperBound, (first..<first + count).allSatisfy(isFree) { return first }
            }
            throw NoneFree()
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
