import Core
import Logging
import Storage
import Telemetry

/// What others ask of the run.
extension RunWorker {
    /// Reads what waits in the inbox. What this version does not know stays there, unread.
    func readInbox() async throws(StoreError) {
        let rows = try await context.leases.inbox(of: run.id)
        inbox = rows.filter { $0.request != nil }
        foreignInbox = rows.count - inbox.count
        guard rows.count < promisedInbox else { return }
        // Rows come and go in one transaction with their count. With a count that is wrong the run could neither end nor
        // rest.
        promisedInbox = rows.count
        let excess = try await context.leases.recountInbox(claimed.lease)
        breaksInvariant("an inbox count promised more rows than there are; it is put right", ["excess": "\(excess)"])
    }

    /// All that is asked is a newer version's, and nothing was begun: this version leaves the run as it is. What is being
    /// undone is undone all the same, but for the run's end.
    var isOthersTurn: Bool { foreignInbox > 0 && inbox.isEmpty && isUntouched && run.cause == nil }

    /// Gives the run back for an engine that knows what is asked. False, as the run is out of this worker's hands.
    func leaveToOthers() async -> Bool {
        await context.quarantine.leaveToOthers(claimed, "its inbox has \(foreignInbox) requests that are not known")
        return false
    }

    /// What the inbox asks for.
    func requests(_ inbox: [InboxRow]) -> [Happening] {
        inbox.compactMap { row in
            guard let request = row.request else { return nil }
            switch request.kind {
            case .cancel(let reason): return .cancel(by: request.sentBy, reason: reason)
            case .retry(nil, let reason): return .retry(step: nil, by: request.sentBy, reason: reason)
            case .retry(let stepID?, let reason):
                guard let step = run.definition.step(stepID) else { return refuse(row) }
                return .retry(step: step.index, by: request.sentBy, reason: reason)
            case .resolve(let stepIDs, let reason):
                let steps = stepIDs.compactMap { run.definition.step($0)?.index }
                guard steps.count == stepIDs.count else { return refuse(row) }
                return .resolve(steps: steps, by: request.sentBy, reason: reason)
            }
        }
    }

    /// Whoever asked knew the definition, which never changes.
    private func refuse(_ row: InboxRow) -> Happening? {
        breaksInvariant("a request names a step that the run does not have", ["inboxId": "\(row.inboxID)"])
        return nil
    }

    /// In which order things are decided that came together.
    ///
    /// A cancel accepted before a result must not be overtaken by it, so requests come before answers. What a former
    /// holder left in flight is lost before anything new begins, or attempts begun by a request would count as lost,
    /// too; but a run cancelled on its way forward need not repeat lost calls first. A FAILED run has to be taken up
    /// again before it can be cancelled; and before it is retried, for what was undone by hand must not be done again.
    func inOrder(_ asked: [Happening], _ happenings: [Happening]) -> [Happening] {
        let cancels = asked.filter { if case .cancel = $0 { true } else { false } }
        let others = asked.filter { if case .cancel = $0 { false } else { true } }
        if run.status == .failed {
            let resolves = others.filter { if case .resolve = $0 { true } else { false } }
            return resolves + others.filter { if case .resolve = $0 { false } else { true } } + cancels
        }
        guard takesOver else { return cancels + others + happenings }
        return run.status == .compensating
            ? [.tookOver] + cancels + others : cancels + [.tookOver] + others
    }

    /// A request may come too late, and a wake-up when the run has just ended. That an answer fits no call is a fault of
    /// ours.
    func tell(_ error: IllegalHappening, of happening: Happening) {
        switch happening {
        case .cancel, .retry, .resolve:
            context.logger.info("a request came too late", metadata: observer.about(run, ["error": "\(error)"]))
        case .woke: break
        case .finished, .tookOver, .poison:
            breaksInvariant("something happened that can't have; nothing is changed by it", ["error": "\(error)"])
        }
    }

    private func breaksInvariant(_ what: Logger.Message, _ more: Logger.Metadata) {
        context.metrics.brokenInvariants.add()
        context.logger.error(what, metadata: observer.about(run, more))
    }
}
