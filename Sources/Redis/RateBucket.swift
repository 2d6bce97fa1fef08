/// A key that calls are counted under, and its limit.
package struct RateBucket: Hashable, Sendable {
    package let key: String
    package let limit: GCRALimit

    package init(_ key: String, _ limit: GCRALimit) {
        self.key = key
        self.limit = limit
    }
}
