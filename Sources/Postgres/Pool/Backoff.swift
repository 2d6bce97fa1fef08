/// Pauses between attempts to reach a server that cannot be reached: 50 ms, doubled up to 2 s, the upper half random so
/// that a crowd does not knock all at once.
enum Backoff {
    /// The pause after so many failures in a row, counted from 1.
    static func pause(afterFailures failures: Int) -> Duration {
        let longest = min(2_000, 50 << min(max(failures - 1, 0), 6))
        return .milliseconds(Int.random(in: (longest / 2)...longest))
    }
}
