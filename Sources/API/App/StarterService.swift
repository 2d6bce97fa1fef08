import ServiceLifecycle
import Storage

/// Runs the group committer until everything that uses it has stopped.
struct StarterService: Service {
    let starter: RunStarter

    func run() async throws {
        await withGracefulShutdownHandler {
            await starter.run()
        } onGracefulShutdown: {
            starter.close()
        }
    }
}
