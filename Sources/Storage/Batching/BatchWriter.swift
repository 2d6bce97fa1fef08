import Postgres

/// The statements with which batches of one kind are written. How they are gone about is the same for all: see `BatchWork`.
///
/// Each answers for the rows it was given, in their order; nil where a row's fate is not known by that.
protocol BatchWriter: Sendable {
    associatedtype Row: Sendable
    associatedtype Output: Sendable

    /// For how long a batch is tried.
    var patience: Duration { get }
    /// Whether a row that is there already can only be the batch's own, because its id is new.
    static var meetsOnlyItself: Bool { get }

    /// Which rows of a batch go into one statement, and in which order; and which are looked up after that.
    func arrange(_ places: [Int], of batch: [Submission<Row>]) -> (written: [Int], lookedUp: [Int])

    /// Of the rows that are written, those that go together.
    func together(_ places: [Int], of batch: [Submission<Row>]) -> [[Int]]

    /// Stores rows that fit into one statement. Nil where something else is in a row's place, and nothing was written.
    func store(_ rows: [Row]) async throws(PostgresError) -> [Result<Output, StoreError>?]
    /// Looks for what is written already.
    func findStored(_ rows: [Row]) async throws(PostgresError) -> [Result<Output, StoreError>?]
    /// Looks for what somebody has locked.
    func findLocked(_ rows: [Row]) async throws(PostgresError) -> [Result<Output, StoreError>?]
    /// Looks for what is in the place of rows that were not written.
    func lookUp(_ rows: [Row]) async throws(PostgresError) -> [Result<Output, StoreError>?]
}

extension BatchWriter {
    func together(_ places: [Int], of batch: [Submission<Row>]) -> [[Int]] { [places] }

    /// Writes a batch until each of its rows is answered.
    func write(_ batch: GroupCommitter<Submission<Row>, Output>.Batch) async {
        var work = BatchWork(self, batch.items, answer: batch.answer, holdUp: batch.isHeldUp)
        await work.run()
    }
}

/// A row on its way into a batch.
struct Submission<Row: Sendable>: Sendable {
    let row: Row
    /// It was tried before, and somebody had something locked that it needs.
    var wasLocked = false
}

extension GroupCommitter {
    /// Hands a row over and waits until its own fate is known.
    ///
    /// Where somebody has something locked that it needs, it is tried again by itself, in later batches: no lane and no
    /// connection waits with it.
    ///
    /// - Parameter patience: for how long.
    ///   - longestPause: between two tries.
    func submit<Row>(
        _ row: Row, patience: Duration, longestPause: Duration = .milliseconds(250)
    ) async throws(StoreError) -> Output where Item == Submission<Row> {
        // Where others have their rows locked, nothing of this one was sent that could be written.
        var isSuspect = false
        do throws(StoreError) { return try await submit(Submission(row: row)) } catch {
            guard error.isRowLocked else { throw error }
            isSuspect = !error.areOthersLocked
        }
        try? await Task.sleep(for: .milliseconds(5))
        return try await whileLocked(for: patience, longestPause: longestPause) { () async throws(StoreError) in
            do throws(StoreError) { return try await submit(Submission(row: row, wasLocked: isSuspect)) } catch {
                isSuspect = isSuspect || !error.areOthersLocked
                // That there is no room says nothing of what was sent before.
                if case .overloaded = error { throw .rowLocked }
                throw error
            }
        }
    }
}

/// Does something again and again while somebody has a row locked that it needs; nothing is held meanwhile.
///
/// - Parameters:
///   - patience: for how long; then its last error is thrown.
///   - body: throws `StoreError.rowLocked` when it is so.
func whileLocked<Value>(
    for patience: Duration, longestPause: Duration = .milliseconds(250),
    _ body: () async throws(StoreError) -> Value
) async throws(StoreError) -> Value {
    // Mostly a commit or a renewal of leases has it, for some milliseconds.
    var backoff = Backoff(from: .milliseconds(5), to: longestPause)
    let giveUpAt = ContinuousClock.now + patience
    while true {
        do throws(StoreError) { return try await body() } catch {
            guard error.isRowLocked, ContinuousClock.now < giveUpAt else { throw error }
        }
        do { try await Task.sleep(for: backoff.wait()) } catch { throw .rowLocked }
    }
}
