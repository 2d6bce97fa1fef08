/// One NOTIFY as it arrived.
package struct Notification: Hashable, Sendable {
    /// The channel it was sent on.
    package let channel: String
    /// Its text, empty if there was none.
    package let payload: String
}
