import Synchronization

/// The lines of one bulk start that have been read and whose results have not been taken: so many at the most, and their
/// results in the order of the lines, in whatever order they are done.
///
/// One task reads and enters lines, one for each line finishes it, one takes results and writes them. Who reads waits
/// while the window is full, so that a client that does not read its results is not read from either.
final class ImportWindow: Sendable {
    /// What there may be in the window.
    struct Limits: Sendable {
        /// Enough to fill the starter's batches, two of them at a time.
        var lines = 400
        /// Of all lines together; a line that is longer by itself goes alone.
        var bytes = 4 << 20
    }

    /// An idempotency key. Two lines under one are never at work together, or the second might be the one that counts.
    struct Key: Hashable, Sendable {
        let tenantID: String
        let text: String
    }

    /// Why lines are not read any more, and which is the first that was not.
    struct EarlyEnd: Sendable {
        let problem: Problem
        let resumeFrom: Int
    }

    /// What is wrong with the client, or with us.
    enum Health: Hashable, Sendable {
        case good
        /// It sends nothing, and nothing is due to it.
        case silent
        /// It takes nothing of what is written to it, or the end does not come.
        case stuck
    }

    private let state: Mutex<ImportState>

    init(_ limits: Limits = Limits()) { state = Mutex(ImportState(limits)) }

    // MARK: Who reads

    /// Waits for room; the place of the line, or nil when no more lines are wanted.
    func enter(line: Int, bytes: Int, key: Key? = nil) async -> Int? {
        await withCheckedContinuation { (answer: CheckedContinuation<Int?, Never>) in
            change { $0.wait(.init(line: line, bytes: bytes, key: key, answer: answer)) }
        }
    }

    /// Bytes came from the client.
    func received() { state.withLock { $0.quietSince = .now } }

    /// There are no more lines.
    func end() { change { $0.isAtEnd = true } }

    // MARK: Who starts

    /// The result of the line at a place.
    func finish(_ place: Int, _ result: [UInt8]) { change { $0.finish(place, result) } }

    /// No more lines are wanted; those that are in the window still get their results. The first reason counts.
    func stop(_ problem: Problem) {
        change { state in
            guard state.stoppedAt == nil else { return }
            state.stoppedAt = .now
            if !state.isAtEnd { state.earlyEnd = EarlyEnd(problem: problem, resumeFrom: state.lastLine + 1) }
        }
    }

    /// No more lines are wanted.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// No more lines have been wanted for so long, or nobody is left to write to.
    func isStopped(for duration: Duration) -> Bool {
        state.withLock { state in state.isClosed || state.stoppedAt.map { .now - $0 >= duration } ?? false }
    }

    // MARK: Who writes

    /// Waits for the next results, all that are done one after the other; nil when all lines have theirs.
    ///
    /// - Throws: `CancellationError` when the window was closed.
    func next() async throws(CancellationError) -> [UInt8]? {
        while true {
            switch change({ $0.take() }) {
            case .results(let bytes): return bytes
            case .end: return nil
            case .closed: throw CancellationError()
            case .nothing: await somethingChanged()
            }
        }
    }

    /// Why the lines ended before the body did; nil when they did not.
    var earlyEnd: EarlyEnd? { state.withLock { $0.earlyEnd } }

    /// Nobody is left to write to: whoever waits is sent away.
    func close() { change { $0.isClosed = true } }

    private func somethingChanged() async {
        await withCheckedContinuation { (writer: CheckedContinuation<Void, Never>) in
            change { $0.writer = writer }
        }
    }

    // MARK: Who watches

    /// How it stands with the client, and with the end, by these limits.
    func health(_ limits: Import.Limits) -> Health {
        state.withLock { state in
            let now = ContinuousClock.now
            if let stoppedAt = state.stoppedAt, now - stoppedAt >= limits.ending { return .stuck }
            if let since = state.writingSince {
                if let stoppedAt = state.stoppedAt, now - max(since, stoppedAt) >= limits.lastWriting { return .stuck }
                return now - since >= limits.writing ? .stuck : .good
            }
            let isOurTurn = state.hasLines || state.isAtEnd || state.isStopped
            return !isOurTurn && now - state.quietSince >= limits.silence ? .silent : .good
        }
    }

    /// Changes the state and wakes whoever waited for that.
    @discardableResult
    private func change<Value: Sendable>(_ body: (inout ImportState) -> Value) -> Value {
        let (value, writer, reader) = state.withLock { state in
            let value = body(&state)
            return (value, state.takeWriter(), state.takeReader())
        }
        writer?.resume()
        if let reader { reader.answer.resume(returning: reader.place) }
        return value
    }
}

/// How many lines of all bulk starts together may wait for the starter: half of its queue, so that imports, however many,
/// leave the other half to starts that somebody waits for.
final class ImportRoom: Sendable {
    private let capacity: Int
    private let taken = Mutex(0)

    init(queue: Int) { capacity = max(1, queue / 2) }

    /// Takes a place; false when there is none, or never with `give` to follow.
    func take() -> Bool {
        taken.withLock { taken in
            guard taken < capacity else { return false }
            taken += 1
            return true
        }
    }

    /// Gives a place back.
    func give() { taken.withLock { $0 -= 1 } }
}
