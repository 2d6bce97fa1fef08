import ServiceLifecycle
import Storage

/// Sends wake-ups until everything that causes them has stopped.
struct NotifierService: Service {
    let notifier: OutboxNotifier

    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await notifier.run()
        } onCancelOrGracefulShutdown: {
            notifier.close()
        }
    }
}
