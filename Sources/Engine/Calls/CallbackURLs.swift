import Core
import Postgres
import Storage
import Synchronization

/// The URLs at which participants tell the ends of what they accepted.
final class CallbackURLs: Sendable {
    private let base: String?
    private let key = Mutex<CallbackKey?>(nil)

    /// - Parameter base: where the API is reached; nil when that is not known.
    init(base: String?) {
        self.base = base.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }

    /// It can be followed by a path.
    static func isBase(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return false }
        let rest = text.dropFirst(scheme.count)
        return rest.first.map { $0 != "/" && $0 != ":" } ?? false
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    }

    /// Reads what they are signed with.
    func refresh(_ pool: Pool) async throws(PostgresError) {
        let newest = try await pool.execute(ListCallbackKeys()).last
        key.withLock { $0 = newest }
    }

    /// The URL for an action; nil when nobody could call back.
    func url(run: RunID, step: Int, action: CallAction) -> String? {
        guard let base, let key = key.withLock({ $0 }) else { return nil }
        return "\(base)/v1/callbacks/\(CallbackToken(runID: run, step: step, action: action).text(key))"
    }
}
