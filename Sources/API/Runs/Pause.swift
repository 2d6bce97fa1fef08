import ServiceLifecycle

/// A pause between two looks at the database, that a stop of the process ends.
enum Pause {
    /// False when the process is to stop, or the task was cancelled: nobody needs another look.
    static func isOver(until deadline: ContinuousClock.Instant) async -> Bool {
        guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return false }
        let isOver = await cancelWhenGracefulShutdown {
            do {
                try await Task.sleep(until: deadline, clock: .continuous)
                return true
            } catch {
                return false
            }
        }
        return isOver && !Task.isCancelled
    }
}
