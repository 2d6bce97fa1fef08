package import Core

/// What a list of runs is filtered by. All given filters must match; newest first.
package struct RunQuery: Sendable, Hashable {
    package var status: RunStatus?
    package var workflowName: String?
    package var correlationID: String?
    package var tenantID: String?
    /// Inclusive, so that windows from one time to the next adjoin: each run is in one of them.
    package var createdAfter: Instant?
    /// Exclusive.
    package var createdBefore: Instant?
    /// Only runs before this one in the list: the last of the page before.
    package var before: RunID?
    /// 1…500.
    package var limit: Int

    package init(limit: Int = 50) { self.limit = limit }

    /// Ids carry the time of the API's clock that made them; no sane clock is a day off, so a day's slack around the
    /// asked-for times bounds the scan, and `created_at` decides.
    var idBounds: (low: RunID, high: RunID) {
        let day: Int64 = 86_400_000
        let low = createdAfter.map { max(0, $0.microseconds / 1000 - day) } ?? 0
        let high = createdBefore.map { max(0, $0.microseconds / 1000 + day) } ?? (1 << 47)
        let newest = RunID(high: UInt64(high) << 16, low: 0)
        return (RunID(high: UInt64(low) << 16, low: 0), before.map { min($0, newest) } ?? newest)
    }
}
