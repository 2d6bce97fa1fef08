import ServiceLifecycle
import Storage

/// Runs the group committer until everything that uses it has stopped.
struct StarterService: Service {
    let starter: RunStarter

    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await starter.run()
        } onCancelOrGracefulShutdown: {
            starter.close()
        }
    }
}
