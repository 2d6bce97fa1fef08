package import Core

/// What was seen to happen, so that it can be required that it did.
package struct Seen: Sendable {
    package var faults: [Fault: Int] = [:]
    package var ends: [RunStatus: Int] = [:]
    package var events = 0
    package var commits = 0
    package var claims = 0
    package var takeovers = 0
    package var calls = 0
    /// Of operators, accepted.
    package var requests = 0
    package var restarts = 0

    package init() {}

    package mutating func add(_ other: Seen) {
        faults.merge(other.faults, uniquingKeysWith: +)
        ends.merge(other.ends, uniquingKeysWith: +)
        events += other.events
        commits += other.commits
        claims += other.claims
        takeovers += other.takeovers
        calls += other.calls
        requests += other.requests
        restarts += other.restarts
    }
}

/// What one simulation came to.
package struct Report: Sendable {
    package let plan: Plan
    package let seen: Seen
    /// Sentences; empty when all is well.
    package let violations: [String]
    /// What happened, when somebody wanted to read it.
    package let log: [String]
}

extension Plan {
    /// The least that still fails: fewer faults, runs and engines. The plan itself when it does not fail.
    package func shrunk() throws -> Plan {
        guard try fails() else { return self }
        var least = self
        var shrinks = true
        while shrinks {
            shrinks = false
            for smaller in least.smaller where try smaller.fails() {
                least = smaller
                shrinks = true
                break
            }
        }
        return least
    }

    private func fails() throws -> Bool { !(try Simulation(self).run().violations.isEmpty) }

    private var smaller: [Plan] {
        var plans: [Plan] = []
        for runs in 1..<max(1, runs) { plans.append(changed { $0.runs = runs }) }
        for engines in 1..<max(1, engines) { plans.append(changed { $0.engines = engines }) }
        for fault in Fault.allCases where faults.contains(fault) { plans.append(changed { $0.faults.remove(fault) }) }
        return plans
    }

    private func changed(_ change: (inout Plan) -> Void) -> Plan {
        var plan = self
        change(&plan)
        return plan
    }
}
