import Postgres
@testable import Storage
import Synchronization
import Testing

@Suite("How a batch is written, whatever is in it", .timeLimit(.minutes(3)))
struct BatchWorkTests {
    /// What is wrong with a row.
    enum Fault: Sendable {
        /// Refused by the database.
        case bad
        /// Locked, and whoever looks sees it.
        case locked
        /// A lock keeps it from being written, and can't be seen.
        case hidden
        /// Something else is in its place.
        case taken
        /// In its place was something that is gone when it is looked up.
        case gone
    }

    /// A table in memory, of numbers, some of which are faulty. Each statement and answer goes into the log.
    final class Table: BatchWriter {
        typealias Answer = Result<String, StoreError>
        static let meetsOnlyItself = false

        let patience: Duration
        private let faults: [Int: Fault]
        /// What happens to the first stores: lost before or after they took effect, or refused as a whole.
        private let mishaps: Mutex<[PostgresError?]>
        private let stored = Mutex<Set<Int>>([])
        let log = Mutex<[String]>([])

        init(_ faults: [Int: Fault] = [:], mishaps: [PostgresError?] = [], patience: Duration = .seconds(60)) {
            self.faults = faults
            self.mishaps = Mutex(mishaps)
            self.patience = patience
        }

        func arrange(_ places: [Int], of batch: [Submission<Int>]) -> (written: [Int], lookedUp: [Int]) {
            let negative = places.filter { batch[$0].row < 0 }
            return (places.filter { batch[$0].row >= 0 }, negative)
        }

        private func note(_ what: String, _ rows: [Int]) {
            log.withLock { $0.append("\(what) \(rows.map(String.init).joined(separator: " "))") }
        }

        func store(_ rows: [Int]) async throws(PostgresError) -> [Answer?] {
            note("store", rows)
            let mishap = mishaps.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let mishap, !mishap.mayHaveCommitted { throw mishap }
            if rows.contains(where: { faults[$0] == .bad }) { throw server(.numericValueOutOfRange) }
            if rows.contains(where: { faults[$0] == .locked || faults[$0] == .hidden }) {
                throw server(.lockNotAvailable)
            }
            if stored.withLock({ stored in rows.contains { stored.contains($0) } }) { throw server(.uniqueViolation) }
            let written = rows.filter { faults[$0] == nil }
            stored.withLock { $0.formUnion(written) }
            if let mishap { throw mishap }
            return rows.map { written.contains($0) ? .success("stored") : nil }
        }

        func findStored(_ rows: [Int]) async throws(PostgresError) -> [Answer?] {
            note("find", rows)
            return stored.withLock { stored in rows.map { stored.contains($0) ? .success("found") : nil } }
        }

        func findLocked(_ rows: [Int]) async throws(PostgresError) -> [Answer?] {
            note("locks", rows)
            return rows.map { faults[$0] == .locked ? .failure(.rowLocked) : nil }
        }

        func lookUp(_ rows: [Int]) async throws(PostgresError) -> [Answer?] {
            note("look", rows)
            return rows.map { row in
                if faults[row] == .taken { return .success("taken") }
                return stored.withLock { $0.contains(-row) } ? .success("same as \(-row)") : nil
            }
        }

        private func server(_ state: SQLState) -> PostgresError {
            .server(ServerError(state: state, message: "no", constraint: "named", statement: "tests"))
        }

        /// Writes rows, and gives what was said of each and the log with the answers in it.
        func write(_ rows: [Int], suspects: Set<Int> = []) async -> Outcome {
            let answers = Mutex<[Int: String]>([:])
            let heldUp = Mutex(0)
            var work = BatchWork(
                self, rows.map { Submission(row: $0, wasLocked: suspects.contains($0)) },
                answer: { place, answer in
                    let text: String =
                        switch answer {
                        case .success(let text): text
                        case .failure(.refused): "refused"
                        case .failure(.overloaded): "overloaded"
                        case .failure(let error): error.isRowLocked ? "locked" : "unavailable"
                        }
                    answers.withLock { #expect($0.updateValue(text, forKey: rows[place]) == nil) }
                    self.log.withLock { $0.append("\(rows[place]): \(text)") }
                }, holdUp: { heldUp.withLock { $0 += 1 } })
            await work.run()
            let log = self.log.withLock { $0 }
            #expect(answers.withLock { $0.count } == rows.count, "\(log)")
            return Outcome(answers: answers.withLock { $0 }, log: log, isHeldUp: heldUp.withLock { $0 > 0 })
        }
    }

    struct Outcome {
        let answers: [Int: String]
        let log: [String]
        /// It was told that what is left may take its time.
        let isHeldUp: Bool
        /// The log without the answers.
        var statements: [String] { log.filter { !$0.contains(":") } }
    }

    private static let lostAfter = PostgresError.connectionLost("no", mayHaveCommitted: true)
    private static let lostBefore = PostgresError.connectionLost("no", mayHaveCommitted: false)

    @Test("Where nothing is wrong there is one statement, and nobody is told that it may take its time")
    func one() async {
        let outcome = await Table().write([1, 2, 3])
        #expect(outcome.log == ["store 1 2 3", "1: stored", "2: stored", "3: stored"])
        #expect(!outcome.isHeldUp)
    }

    @Test("A bad row is found by halves, and the others are answered on the way, not at the end")
    func split() async {
        let outcome = await Table([3: .bad]).write([1, 2, 3, 4, 5, 6, 7, 8])
        let (answers, log) = (outcome.answers, outcome.log)
        #expect(answers[3] == "refused" && answers.values.count { $0 == "stored" } == 7 && outcome.isHeldUp)
        #expect(
            outcome.statements == [
                "store 1 2 3 4 5 6 7 8", "store 1 2 3 4", "store 5 6 7 8", "store 1 2", "store 3 4", "store 3",
                "store 4",
            ])
        for (row, next) in [(5, "store 1 2"), (1, "store 3 4"), (2, "store 3 4")] {
            let (answered, sent) = (log.firstIndex(of: "\(row): stored"), log.firstIndex(of: next))
            #expect((answered ?? .max) < (sent ?? .min), "\(row) waited for \(next): \(log)")
        }
    }

    @Test("Rows that somebody has locked are seen and left out; the others are written")
    func locked() async {
        let outcome = await Table([2: .locked]).write([1, 2, 3])
        #expect(outcome.answers == [1: "stored", 2: "locked", 3: "stored"] && outcome.isHeldUp)
        #expect(
            outcome.log == [
                "store 1 2 3", "locks 1 2 3", "2: locked", "store 1 3", "1: stored", "3: stored",
            ])
    }

    @Test("A lock that nobody sees is found by halves; alone, a row gives its lane back")
    func hidden() async {
        let outcome = await Table([4: .hidden]).write([1, 2, 3, 4])
        #expect(outcome.answers == [1: "stored", 2: "stored", 3: "stored", 4: "locked"], "\(outcome.log)")
        let alone = await Table([4: .hidden]).write([4])
        #expect(alone.log == ["store 4", "locks 4", "store 4", "4: locked"])
    }

    @Test("Who was locked before is looked for first, apart from the others, who are written before")
    func suspects() async {
        let outcome = await Table([2: .locked]).write([1, 2, 3, 4], suspects: [2, 3])
        #expect(outcome.answers == [1: "stored", 2: "locked", 3: "stored", 4: "stored"] && outcome.isHeldUp)
        #expect(outcome.statements == ["store 1 4", "locks 2 3", "find 3", "store 3"])
    }

    @Test("After a lost answer, what is there is found, and the rest is sent again", arguments: [true, false])
    func lost(tookEffect: Bool) async {
        let table = Table(mishaps: [tookEffect ? Self.lostAfter : Self.lostBefore])
        let outcome = await table.write([1, 2])
        let kept = tookEffect ? "found" : "stored"
        #expect(outcome.answers == [1: kept, 2: kept])
        #expect(outcome.statements == ["store 1 2"] + (tookEffect ? ["find 1 2"] : ["store 1 2"]))
    }

    @Test("After a lost answer a bad row is not refused, for it may be stored")
    func lostBad() async {
        let outcome = await Table([2: .bad]).write([1, 2], suspects: [1, 2])
        #expect(outcome.answers == [1: "stored", 2: "unavailable"], "\(outcome.log)")
    }

    @Test("What is in the place of others is looked up, after those that are written have been answered")
    func taken() async {
        let outcome = await Table([2: .taken, 3: .gone]).write([1, 2, 3])
        #expect(!outcome.isHeldUp)
        #expect(outcome.log == ["store 1 2 3", "1: stored", "look 2 3", "2: taken", "3: overloaded"])
    }

    @Test("A repetition waits for the first of its kind, also when that has to be tried again")
    func repeated() async {
        let table = Table(mishaps: [Self.lostBefore])
        #expect(await table.write([1, -1]).answers == [1: "stored", -1: "same as 1"])
    }

    @Test("When the time is over, halves are not tried one by one any more, and a lock is still called a lock")
    func overdue() async {
        let bad = await Table([1: .bad], patience: .zero).write([1, 2])
        #expect(bad.answers == [1: "unavailable", 2: "unavailable"] && bad.statements == ["store 1 2"])
        let hidden = await Table([1: .hidden], patience: .zero).write([1, 2])
        #expect(hidden.answers == [1: "locked", 2: "locked"])
        #expect(hidden.statements == ["store 1 2", "locks 1 2", "store 1 2"])
    }
}
