import Postgres

/// One batch being written: through lost answers, bad rows, and rows that others have locked.
///
/// Each row is answered as soon as its own fate is known. What can't be told yet goes on in parts: everything in one at
/// first, later halves, or what is left of them. All parts take their turns, so that none holds up another.
struct BatchWork<Writer: BatchWriter> {
    typealias Answer = Result<Writer.Output, StoreError>
    private struct Part {
        /// Where its rows are in the batch: those without an answer.
        var places: [Int]
        var attempts: Attempts
        /// Nothing is to be written any more, only to be looked up.
        var isLookUp = false
        /// It is not tried before that.
        var restsUntil: ContinuousClock.Instant
    }

    private let writer: Writer
    private let batch: [Submission<Writer.Row>]
    private let answer: (Int, Answer) -> Void
    private let holdUp: () -> Void
    private var parts: [Part] = []

    /// - Parameters:
    ///   - answer: is told the answer to each place of the batch, once.
    ///   - holdUp: is told that what is left may take its time.
    init(
        _ writer: Writer, _ batch: [Submission<Writer.Row>], answer: @escaping (Int, Answer) -> Void,
        holdUp: @escaping () -> Void
    ) {
        self.writer = writer
        self.batch = batch
        self.answer = answer
        self.holdUp = holdUp
        add(batch.indices.filter { !batch[$0].wasLocked }, isSuspect: false)
        let suspects = batch.indices.filter { batch[$0].wasLocked }
        if !suspects.isEmpty { add(suspects, isSuspect: true) }
    }

    private mutating func add(_ places: [Int], isSuspect: Bool) {
        let now = ContinuousClock.now
        let attempts = Attempts(
            until: now + writer.patience, meetsOnlyItself: Writer.meetsOnlyItself, isSuspect: isSuspect)
        let (written, lookedUp) = writer.arrange(places, of: batch)
        for places in writer.together(written, of: batch) where !places.isEmpty {
            parts.append(Part(places: places, attempts: attempts, restsUntil: now))
        }
        if !lookedUp.isEmpty {
            parts.append(Part(places: lookedUp, attempts: attempts, isLookUp: true, restsUntil: now))
        }
    }

    /// Writes until every row is answered.
    mutating func run() async {
        while !parts.isEmpty {
            let round = parts
            parts = []
            for part in round { await attempt(part) }
            // Who is to rest does so while others are tried.
            parts.sort { $0.restsUntil < $1.restsUntil }
        }
    }

    /// Tries one part once; what is left of it is for the next round.
    private mutating func attempt(_ part: Part) async {
        var part = part
        if part.attempts.isTroubled {
            holdUp()
            if part.restsUntil > .now { try? await Task.sleep(until: part.restsUntil, clock: .continuous) }
            if let error = part.attempts.overdue(at: .now) { return end(part, error) }
        }
        var step = Attempts.Step.lookUp
        do throws(PostgresError) {
            if !part.isLookUp {
                try await store(&part, &step)
                if part.places.isEmpty { return }
                step = .lookUp
                part.isLookUp = true
            }
            settle(&part, try await writer.lookUp(rows(of: part)))
            if !part.places.isEmpty { notFound(part) }
        } catch {
            failed(part, error, in: step)
        }
    }

    private func store(_ part: inout Part, _ step: inout Attempts.Step) async throws(PostgresError) {
        if part.attempts.looksForLocks {
            step = .findLocked
            settle(&part, try await writer.findLocked(rows(of: part)))
            if part.places.isEmpty { return }
        }
        if part.attempts.isInDoubt {
            step = .findStored
            settle(&part, try await writer.findStored(rows(of: part)))
            if part.places.isEmpty { return }
        }
        step = .store
        settle(&part, try await writer.store(rows(of: part)))
    }

    private func rows(of part: Part) -> [Writer.Row] { part.places.map { batch[$0].row } }

    /// Gives the answers there are, and leaves in the part what has none.
    private func settle(_ part: inout Part, _ answers: [Answer?]) {
        precondition(answers.count == part.places.count, "there is an answer for every row, if only nil")
        var left: [Int] = []
        for (place, result) in zip(part.places, answers) {
            if let result { answer(place, result) } else { left.append(place) }
        }
        part.places = left
    }

    private func end(_ part: Part, _ error: StoreError) {
        for place in part.places { answer(place, .failure(error)) }
    }

    /// Nothing is in the place of rows that were not written. Others of this batch may be about to be; if not, what was there
    /// is gone again.
    private mutating func notFound(_ part: Part) {
        let others = parts.lazy.filter { !$0.isLookUp }.map(\.restsUntil)
        guard let last = others.max() else { return end(part, .overloaded) }
        var part = part
        part.restsUntil = last + .milliseconds(1)
        parts.append(part)
    }

    private mutating func failed(_ part: Part, _ error: PostgresError, in step: Attempts.Step) {
        var part = part
        switch part.attempts.next(after: error, in: step, of: part.places.count) {
        case .again(let pause):
            part.restsUntil = .now + pause
            parts.append(part)
        case .split:
            let middle = part.places.count / 2
            for half in [part.places[..<middle], part.places[middle...]] {
                parts.append(Part(places: Array(half), attempts: part.attempts, restsUntil: part.restsUntil))
            }
        case .locked: end(part, .rowLocked)
        case .giveUp(let error): end(part, error)
        }
    }
}
