package import ServiceLifecycle

/// Cuts a process off from its database when it was told to stop and is not gone in time.
///
/// A server that hangs, connections open, holds every statement for seconds, and what stops one after the other would wait for
/// it one after the other: longer than any orchestrator waits. What is cut off fails at once, as with a killed process: starts
/// and decisions at work are in doubt, leases run out.
package struct ShutdownLimit: Sendable {
    private let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation
    private let patience: Duration
    private let cut: @Sendable () -> Void

    /// - Parameters:
    ///   - patience: from the signal on.
    ///   - cut: breaks off whatever may wait for the database; see `Pool.cut`.
    package init(_ patience: Duration, cut: @escaping @Sendable () -> Void) {
        (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.patience = patience
        self.cut = cut
    }

    /// To be the first service of its group, so that it is stopped last.
    package var watch: any Service { Watch(limit: self) }

    /// To be the last service of its group, so that it is stopped first.
    package var start: any Service { Start(ringer: ringer) }

    private struct Watch: Service {
        let limit: ShutdownLimit

        func run() async throws {
            await cancelWhenGracefulShutdown {
                for await _ in limit.bell { break }
                do { try await Task.sleep(for: limit.patience) } catch { return }
                limit.cut()
            }
            // A service that returns would end the others. Cancelled, there is nothing left to wait for.
            try? await gracefulShutdown()
        }
    }

    private struct Start: Service {
        let ringer: AsyncStream<Void>.Continuation

        func run() async throws {
            try? await gracefulShutdown()
            ringer.yield()
        }
    }
}

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
