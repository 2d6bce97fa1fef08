package import Core
import Foundation

extension Instant {
    /// This machine's clock. Tests only: the product goes by the database's.
    package static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}
