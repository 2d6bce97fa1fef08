internal import CLibPQ

extension Connection {
    /// Takes what arrived while nobody asked (notices, changed settings, the end of the session) and tells whether the
    /// session is still there.
    func isStillIdle() -> Bool {
        do throws(PostgresError) {
            while health.hasUnexpectedInput {
                try consumeInput()
                // Parses, so that the next read finds the end of the stream if there is one.
                _ = PQisBusy(try open())
            }
            return isOutsideTransaction
        } catch {
            return false
        }
    }
}
