package import NIOCore
internal import NIOPosix

/// Asks a resolver without blocking the caller and without waiting for it longer than a limit.
package struct HostLookup: Sendable {
    private let resolver: HostResolver
    private let eventLoops: any EventLoopGroup

    package init(resolver: @escaping HostResolver = systemResolver, eventLoops: any EventLoopGroup) {
        self.resolver = resolver
        self.eventLoops = eventLoops
    }

    /// The addresses of a host.
    ///
    /// - Throws: `.unresolvable`, also when `limit` is over: the look-up then ends by itself on its thread.
    package func addresses(
        of host: String, within limit: Duration = .seconds(2)
    ) async throws(ParticipantsError) -> [ResolvedAddress] {
        let loop = eventLoops.next()
        let promise = loop.makePromise(of: [ResolvedAddress].self)
        let timer = loop.scheduleTask(in: TimeAmount(limit)) {
            promise.fail(ParticipantsError.unresolvable("Looking up \(host) took too long."))
        }
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [resolver] in try resolver(host) }
            .whenComplete { result in
                timer.cancel()
                promise.completeWith(result)
            }
        do { return try await promise.futureResult.get() } catch let error as ParticipantsError { throw error } catch {
            throw .unresolvable("Looking up \(host) failed: \(error).")
        }
    }
}
