/// A key that calls are counted under, and its limit.
package struct RateBucket: Hashable, Sendable {
    package let key: String
    package let limit: GCRALimit

    package init(_ key: String, _ limit: GCRALimit) {
        self.key = key
        self.limit = limit
    }

    /// The key in Redis, without a prefix. It names the limit: processes that are configured differently, as during a
    /// rolling restart, would read each other's times as their own limits' and free what the other has refused.
    var redisKey: String { "\(key):\(limit.emissionInterval):\(limit.tolerance)" }
}
