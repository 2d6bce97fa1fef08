import Core
import Glibc
import Logging
import ServiceLifecycle
import Settings
import Synchronization

/// The secrets of calls: what they are signed with, and what participants' registrations name. They are the files of a folder, each
/// named as its secret, read anew every few seconds, so that one can be changed without a restart.
///
/// A tenant's own participants have none of these, but those of the folder `tenants/ID` below: whoever registers a participant has
/// what it names sent to a host of their choice.
final class Secrets: Service {
    /// Files that are read at most, of the folder and of each tenant's.
    static let maxCount = 256
    /// Folders of tenants that are read at most.
    static let maxTenants = 1000
    /// The folder of the tenants' folders.
    static let tenantsFolder = "tenants"

    private let folder: String?
    private let interval: Duration
    private let logger: Logger
    /// As they were read last, by name.
    struct Known: Sendable {
        fileprivate(set) var shared: [String: [UInt8]]
        /// The same of tenants.
        fileprivate(set) var own: [String: [String: [UInt8]]]
        /// Another one whenever a secret has changed.
        fileprivate(set) var version = 0

        /// What an owner's participants may name.
        func files(of owner: Owner) -> [String: [UInt8]] {
            switch owner {
            case .shared: shared
            case .tenant(let tenantID): own[tenantID] ?? [:]
            }
        }
    }

    private let latest: Mutex<Known>

    /// - Parameter folder: nil for none.
    init(folder: String?, interval: Duration = .seconds(5), logger: Logger) {
        self.folder = folder
        self.interval = interval
        self.logger = logger
        let tenants = folder.map(Self.readTenants) ?? [:]
        latest = Mutex(Known(shared: folder.flatMap(Self.read) ?? [:], own: tenants))
    }

    /// Those that an owner's participants and definitions may name, by name.
    func files(of owner: Owner) -> [String: [UInt8]] { folder == nil ? [:] : known.files(of: owner) }

    var known: Known { latest.withLock { $0 } }

    /// The folder can be read.
    static func isReadable(_ folder: String) -> Bool { read(folder) != nil }

    /// Without a line's end after the last character; nil when the folder can't be read. What is no name of a secret, and
    /// what is empty, is passed over.
    private static func read(_ folder: String) -> [String: [UInt8]]? {
        var secrets: [String: [UInt8]] = [:]
        let isRead = entries(of: folder) { name in
            guard Name.isValid(name), var content = Settings.content(of: "\(folder)/\(name)") else { return true }
            while content.last == UInt8(ascii: "\n") || content.last == UInt8(ascii: "\r") { content.removeLast() }
            if !content.isEmpty { secrets[name] = content }
            return secrets.count < maxCount
        }
        return isRead ? secrets : nil
    }

    /// By tenant. A folder that is no tenant's id, or begins with a dot, is passed over, and so is one that is away.
    private static func readTenants(_ folder: String) -> [String: [String: [UInt8]]] {
        var tenants: [String: [String: [UInt8]]] = [:]
        let all = "\(folder)/\(tenantsFolder)"
        _ = entries(of: all) { tenantID in
            guard ClientLabel.isTenant(tenantID), !tenantID.hasPrefix("."), let read = read("\(all)/\(tenantID)")
            else { return true }
            if !read.isEmpty { tenants[tenantID] = read }
            return tenants.count < maxTenants
        }
        return tenants
    }

    /// Tells the names of what is in a folder, as long as `body` wants more; false when it can't be read.
    private static func entries(of folder: String, _ body: (String) -> Bool) -> Bool {
        guard let directory = opendir(folder) else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !body(name) { break }
        }
        return true
    }

    func run() async throws {
        guard let folder else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            while await pause(for: self.interval) {
                guard let read = Self.read(folder) else {
                    self.logger.warning("the folder of secrets can't be read", metadata: ["folder": "\(folder)"])
                    continue
                }
                let tenants = Self.readTenants(folder)
                self.latest.withLock { known in
                    if known.shared == read, known.own == tenants { return }
                    known = Known(shared: read, own: tenants, version: known.version + 1)
                }
            }
        }
    }
}
