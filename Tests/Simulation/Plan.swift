/// What can go wrong in a simulation. Each can be left out, to find the least that makes a seed fail.
package enum Fault: String, Sendable, CaseIterable, Hashable {
    /// An engine dies; another is started in its place.
    case kill
    /// An engine stands still, for longer than its leases last, and goes on as if nothing had been.
    case stall
    /// A claim is made, and its answer lost.
    case claimLost
    /// A commit does not arrive, or arrives when nobody counts on it any more.
    case commitLost
    /// A commit is stored, and its acknowledgement lost.
    case acknowledgementLost
    /// The store refuses a commit for good.
    case commitRefused
    /// Somebody has a run's rows locked.
    case lock
    /// A renewal of leases does not arrive.
    case renewalLost
    /// No usable answer: the call had its effect, or had none.
    case unknown
    /// The call arrives after its time, perhaps long after it was undone.
    case late
    /// The call arrives twice.
    case duplicate
    /// Not now: 429, 503 with Retry-After, 408.
    case busy
    /// A definite no.
    case rejected
    /// No connection.
    case notSent
    /// The answer takes nearly as long as it may.
    case slow
    /// Somebody cancels a run.
    case cancel
    /// Somebody retries a step, or a FAILED run.
    case retry
    /// Somebody says that a step was undone by hand.
    case resolve
    /// Somebody pauses a run for a while.
    case pause
    /// Somebody ends a step that waits.
    case settle
    /// Somebody has a run undone that completed.
    case undo
    /// Somebody has a run done anew that is over.
    case restart
    /// Somebody sends signals, before and after somebody waits for them, and some twice.
    case signal
    /// What was accepted is never told to have ended.
    case callbackLost
    /// The end of what was accepted is told before the call is answered.
    case callbackEarly
    /// It is told twice.
    case callbackTwice
    /// What was accepted comes to nothing.
    case callbackBad
    /// A look at what was accepted fails.
    case lookFailed
    /// A child can't be started: its workflow is not known.
    case childRefused
    /// A run is to begin later.
    case delay
    /// A notification does not arrive.
    case notificationLost
}

/// What a simulation consists of. The same plan gives the same simulation.
package struct Plan: Sendable, Hashable {
    package var seed: UInt64
    package var runs: Int
    package var engines: Int
    package var faults: Set<Fault>

    /// Everything that may go wrong, on a few runs and engines.
    package init(seed: UInt64) {
        self.seed = seed
        var random = SeededGenerator(seed: seed ^ 0x5A6A_F10B)
        runs = Int.random(in: 1...4, using: &random)
        engines = Int.random(in: 1...3, using: &random)
        // Mostly a few kinds of faults meet: all of them at once hide what two of them do.
        let share = [15, 30, 60, 100].randomElement(using: &random) ?? 100
        faults = Set(Fault.allCases.filter { _ in random.chance(share) })
    }

    /// Nothing fails but participants, so that everything has its time.
    var isCalm: Bool {
        faults.isDisjoint(with: [
            .kill, .stall, .claimLost, .commitLost, .acknowledgementLost, .commitRefused, .lock, .renewalLost,
        ])
    }

    /// How to have it again.
    package var command: String {
        let without = Fault.allCases.filter { !faults.contains($0) }.map(\.rawValue).joined(separator: ",")
        return
            "scripts/simulate --seed \(seed) --runs \(runs) --engines \(engines) --without \(without.isEmpty ? "none" : without)"
    }
}
