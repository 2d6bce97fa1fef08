import ServiceLifecycle
import Storage

/// Runs the group committer until everything that uses it has stopped.
struct CommitterService: Service {
    let committer: DecisionCommitter

    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await committer.run()
        } onCancelOrGracefulShutdown: {
            committer.close()
        }
    }
}
