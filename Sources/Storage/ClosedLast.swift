package import ServiceLifecycle

/// What runs until it is closed: first all that it has taken in is written or sent.
package protocol Closable: Sendable {
    func run() async
    func close()
}

/// Runs such a thing until everything that uses it has stopped.
package struct ClosedLast: Service {
    private let closable: any Closable

    package init(_ closable: any Closable) { self.closable = closable }

    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await closable.run()
        } onCancelOrGracefulShutdown: {
            closable.close()
        }
    }
}
