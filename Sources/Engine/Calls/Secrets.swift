import Core
import Glibc
import Logging
import ServiceLifecycle
import Settings
import Synchronization

/// The secrets of calls: what they are signed with, and what participants' registrations name. They are the files of a folder, each
/// named as its secret, read anew every few seconds, so that one can be changed without a restart.
final class Secrets: Service {
    /// Files that are read at most.
    static let maxCount = 256

    private let folder: String?
    private let interval: Duration
    private let logger: Logger
    /// As they were read last, by name.
    struct Known: Sendable {
        fileprivate(set) var all: [String: [UInt8]]
        /// Another one whenever a secret has changed.
        fileprivate(set) var version = 0
    }

    private let latest: Mutex<Known>

    /// - Parameter folder: nil for none.
    init(folder: String?, interval: Duration = .seconds(5), logger: Logger) {
        self.folder = folder
        self.interval = interval
        self.logger = logger
        latest = Mutex(Known(all: folder.flatMap(Self.read) ?? [:]))
    }

    /// By name.
    var all: [String: [UInt8]] {
        if folder == nil { return [:] }
        return latest.withLock { $0.all }
    }

    var known: Known { latest.withLock { $0 } }

    /// The folder can be read.
    static func isReadable(_ folder: String) -> Bool { read(folder) != nil }

    /// Without a line's end after the last character; nil when the folder can't be read. What is no name of a secret, and
    /// what is empty, is passed over.
    private static func read(_ folder: String) -> [String: [UInt8]]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var secrets: [String: [UInt8]] = [:]
        while let entry = readdir(directory), secrets.count < maxCount {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Name.isValid(name), var content = Settings.content(of: "\(folder)/\(name)") else { continue }
            while content.last == UInt8(ascii: "\n") || content.last == UInt8(ascii: "\r") { content.removeLast() }
            if !content.isEmpty { secrets[name] = content }
        }
        return secrets
    }

    func run() async throws {
        guard let folder else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            while await pause(for: self.interval) {
                guard let read = Self.read(folder) else {
                    self.logger.warning("the folder of secrets can't be read", metadata: ["folder": "\(folder)"])
                    continue
                }
                self.latest.withLock { known in
                    if known.all != read { known = Known(all: read, version: known.version + 1) }
                }
            }
        }
    }
}
