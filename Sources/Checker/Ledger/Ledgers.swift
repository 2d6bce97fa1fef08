internal import Audit
internal import Core

/// All ledgers, by run.
struct Ledgers: Sendable {
    /// In the order of each ledger; entries of different participants one after the other.
    private(set) var byRun: [RunID: [LedgerEntry]] = [:]
    private(set) var count = 0
    private(set) var countByKind: [LedgerEntry.Kind: Int] = [:]
    /// Entries whose run is no id of ours.
    private(set) var foreign = 0
    /// How many were asked.
    let participants: Int
    /// Those of them that keep no ledger.
    private(set) var without: Set<String> = []

    init(participants: Int) { self.participants = participants }

    /// Those that did not tell theirs, and why.
    private(set) var unread: [String: String] = [:]

    mutating func noteMissing(_ participant: String) { without.insert(participant) }

    mutating func noteUnread(_ participant: String, _ reason: String) { unread[participant] = reason }

    mutating func noteForeign() { foreign += 1 }

    mutating func add(_ entry: LedgerEntry, of runID: RunID) {
        byRun[runID, default: []].append(entry)
        count += 1
        countByKind[entry.kind, default: 0] += 1
    }
}
