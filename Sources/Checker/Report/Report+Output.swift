internal import Audit
package import Core

extension Report {
    /// For people.
    package var text: String {
        let runs = counts.runs.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
        var lines = [
            "runs       \(runs.isEmpty ? "none" : runs.joined(separator: ", ")); \(counts.acknowledged) acknowledged",
            "history    \(counts.events) events, \(counts.attempts) attempts, \(counts.retries) of them repetitions, "
                + "\(counts.takeovers) lost to a takeover, \(counts.compensations) compensations, "
                + "\(counts.skippedSteps) steps skipped",
            "ledgers    \(counts.ledgers) with \(counts.ledgerEntries) entries: \(counts.effects) effects, "
                + "\(counts.undos) undone, \(counts.replays) replays, \(counts.nullCompensations) null compensations, "
                + "\(counts.refusedLate) refused late, \(counts.injectedFaults) injected faults, "
                + "\(counts.foreignEntries) foreign, \(counts.expiredEntries) of runs past their time",
        ]
        if !withoutLedger.isEmpty {
            lines.append(
                "not judged the effects at \(withoutLedger.joined(separator: ", ")): no ledger there "
                    + "(docs/reliability.md tells its form)")
        }
        for (name, reason) in unreadLedgers.sorted(by: { $0.key < $1.key }) {
            lines.append("not read   the ledger of \(name), so the effects there are not judged: \(reason)")
        }
        if counts.notUnderstood > 0 {
            lines.append(
                "unjudged   \(counts.notUnderstood) runs have events of a newer version: let its saga check them")
        }
        if violationCount.isEmpty {
            lines.append("violations none")
        } else {
            for (invariant, count) in violationCount.sorted(by: { $0.key < $1.key }) {
                lines.append("violations \(count) of invariant \(invariant)")
                for violation in violations.lazy.filter({ $0.invariant == invariant }).prefix(20) {
                    lines.append("           \(violation.runID): \(violation.text)")
                }
            }
        }
        lines += shortfalls.map { "too little \($0)" }
        lines.append(isPassed ? "passed" : "FAILED")
        return lines.joined(separator: "\n")
    }

    /// For programs: `{passed, violations: [{invariant, runId, text}], violationCount, shortfalls, withoutLedger: [name],
    /// unreadLedgers: {name: reason}, counts}`.
    package var json: JSON {
        var runs = JSONObject()
        for (status, count) in counts.runs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            runs[status.rawValue] = JSON(count)
        }
        var unread = JSONObject()
        for (name, reason) in unreadLedgers.sorted(by: { $0.key < $1.key }) { unread[name] = JSON(reason) }
        var perInvariant = JSONObject()
        for (invariant, count) in violationCount.sorted(by: { $0.key < $1.key }) {
            perInvariant[String(invariant)] = JSON(count)
        }
        return [
            "passed": JSON(isPassed),
            "violations": .array(
                violations.map {
                    ["invariant": JSON($0.invariant), "runId": JSON($0.runID.description), "text": JSON($0.text)]
                }),
            "violationCount": .object(perInvariant), "shortfalls": .array(shortfalls.map { JSON($0) }),
            "withoutLedger": .array(withoutLedger.map { JSON($0) }), "unreadLedgers": .object(unread),
            "counts": [
                "runs": .object(runs), "notUnderstood": JSON(counts.notUnderstood),
                "acknowledged": JSON(counts.acknowledged), "events": JSON(counts.events),
                "attempts": JSON(counts.attempts), "retries": JSON(counts.retries),
                "takeovers": JSON(counts.takeovers), "compensations": JSON(counts.compensations),
                "skippedSteps": JSON(counts.skippedSteps), "ledgers": JSON(counts.ledgers),
                "ledgerEntries": JSON(counts.ledgerEntries), "effects": JSON(counts.effects),
                "undos": JSON(counts.undos), "replays": JSON(counts.replays),
                "nullCompensations": JSON(counts.nullCompensations), "refusedLate": JSON(counts.refusedLate),
                "injectedFaults": JSON(counts.injectedFaults), "foreignEntries": JSON(counts.foreignEntries),
                "expiredEntries": JSON(counts.expiredEntries),
            ],
        ]
    }
}
