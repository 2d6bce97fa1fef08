/// What API and engine may spend their memory on. All that is reckoned about memory stands here (docs/operations.md,
/// "Memory").
///
/// From the limit is taken what a process needs whatever it does, and what each of the things takes that are bounded by their
/// number. What remains is for payloads, and is shared out. A third of it is shared out to nobody: for what a payload is
/// beside its value (the text it came as and is written as, a batch on its way to the database), and for what the allocator
/// has not given back.
package struct MemoryBudget: Hashable, Sendable {
    package let limit: MemoryLimit
    /// Bytes for payloads; below zero when what is bounded by number alone does not fit.
    package let payloads: Int

    /// Code, connections to the database, caches.
    package static let base = 64 << 20
    /// A connected client.
    package static let perClient = 16 << 10
    /// A run that is held, with small payloads.
    package static let perRun = 32 << 10
    /// An answer of a participant on its way.
    package static let perAnswer = 256 << 10
    /// With less for payloads a process runs, but large ones wait for one another.
    package static let comfortable = 128 << 20
    /// With less than this one run might take all of it.
    package static let minimum = 64 << 20

    /// An engine's.
    package static func engine(_ limit: MemoryLimit, runs: Int, connections: Int) -> MemoryBudget {
        MemoryBudget(limit: limit, taken: base + runs * perRun + min(runs, connections) * perAnswer)
    }

    /// An API's.
    package static func api(_ limit: MemoryLimit, clients: Int) -> MemoryBudget {
        MemoryBudget(limit: limit, taken: base + clients * perClient)
    }

    private init(limit: MemoryLimit, taken: Int) {
        self.limit = limit
        payloads = limit.bytes - taken
    }

    private func share(_ part: Int) -> Int { max(payloads, Self.minimum) / part }

    // MARK: Of an engine

    /// The values of all payloads of runs that are held.
    package var runBytes: Int { share(3) }
    /// The same of the runs of one claim: their text is there as well, twice.
    package var claimBytes: Int { share(12) }
    /// The text of payloads in one batch of decisions; each committer has one, and Postgres's client a copy.
    package var commitBytes: Int { share(24) }

    /// Large requests that are built and not answered.
    package var requestBytes: Int { share(6) }

    // MARK: Of an API

    /// Bodies that are being read or worked on.
    package var bodyBytes: Int { share(4) }
    /// The values of starts that are being worked on, half of them lines of bulk starts.
    package var startBytes: Int { share(3) }
    /// The text of payloads in one batch of starts.
    package var startBatchBytes: Int { share(24) }

    /// A sentence for the log when it is little; nil when it is enough.
    package var warning: String? {
        guard payloads < Self.comfortable else { return nil }
        return "Of \(limit.bytes >> 20) MiB of memory (\(limit.source)) only \(max(0, payloads >> 20)) MiB are left "
            + "for payloads: large ones will wait for one another. See docs/operations.md, Memory."
    }

    /// A sentence for the operator when nothing is left; nil otherwise.
    package var refusal: String? {
        guard payloads < 0 else { return nil }
        return "does not fit into the \(limit.bytes >> 20) MiB of memory that \(limit.source) allows: "
            + "lower it, or raise the limit. See docs/operations.md, Memory."
    }
}
