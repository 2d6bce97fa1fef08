import Core
import Storage

/// What `saga recover` found and did.
struct RecoveryReport {
    let quietFor: Duration
    let findings: [Recovery.Finding]
    let forsaken: [ForsakenRun]
    let freed: Set<RunID>
    /// Machines of engines whose clocks are off.
    let clocks: [Recovery.WrongClock]
    /// Whether `--free` was given.
    let mayFree: Bool
    /// There may be more than was looked at.
    let isCut: Bool

    /// FAILED runs that are told one by one for people; all of them are in the JSON.
    private static let shownFailed = 20

    /// A live run is left that will not move by itself.
    var isAnythingStuck: Bool { findings.contains { !$0.reason.isLegitimate && !freed.contains($0.run.runID) } }

    func text(_ paint: Paint) -> String {
        if findings.isEmpty && forsaken.isEmpty {
            return clockLines(paint)
                + "every run has moved in the last \(DurationText.format(quietFor)), or waits as it should; "
                + "none is FAILED"
        }
        var lines: [String] = []
        for finding in findings {
            let run = finding.run
            lines.append(
                "\(paint.bold("\(run.runID)"))  \(run.workflowName)  \(run.status.rawValue)  "
                    + "nothing for \((run.now - run.lastEventAt).readable)")
            lines.append("    " + ReasonText(finding).sentence)
            lines.append("    → " + ReasonText(finding).advice(isFreed: freed.contains(run.runID), mayFree: mayFree))
        }
        // What is stuck must not scroll away above what waits for a person.
        for run in forsaken.prefix(Self.shownFailed) {
            let since = run.failedAt.map { " for \((run.now - $0).readable)" } ?? ""
            lines.append("\(paint.bold("\(run.runID)"))  \(run.workflowName)  \(paint.red("FAILED"))\(since)")
            lines.append("    " + ReasonText.sentence(of: run))
            lines.append("    → " + ReasonText.advice(for: run))
        }
        if forsaken.count > Self.shownFailed {
            lines.append(
                "… and \(forsaken.count - Self.shownFailed) more FAILED runs: saga run failed, or -o json")
        }
        lines.append("")
        lines.append(
            "\(findings.count) not moving, \(freed.count) freed, \(forsaken.count) failed"
                + (isCut ? "; there may be more (--limit)" : ""))
        return clockLines(paint) + lines.joined(separator: "\n")
    }

    private func clockLines(_ paint: Paint) -> String {
        clocks.map { clock in
            let side = clock.offset < .zero ? "ahead of" : "behind"
            let distance = (clock.offset < .zero ? .zero - clock.offset : clock.offset).readable
            return paint.red("the clock of \(clock.host) is \(distance) \(side) the database's") + "\n"
        }.joined()
    }

    /// `{quietFor, runs: [{runId, workflowName, status, reason, detail, lastEventAt, stepId, participant, engine, until,
    /// lockedByPid, canBeFreed, freed}], failed: [{runId, workflowName, quarantined, error, failedAt}], freed, clocks: [{host, offsetMs}]}`.
    var json: JSON {
        [
            "quietFor": .string(DurationText.format(quietFor)), "runs": .array(findings.map(json)),
            "failed": .array(
                forsaken.map { run in
                    [
                        "runId": .string(run.runID.description), "workflowName": .string(run.workflowName),
                        "quarantined": .bool(run.isQuarantined), "error": run.error?.json ?? .null,
                        "failedAt": JSON(run.failedAt?.description),
                    ]
                }),
            "freed": JSON(freed.count),
            "clocks": .array(
                clocks.map { ["host": .string($0.host), "offsetMs": JSON(Int($0.offset.microseconds / 1000))] }),
        ]
    }

    private func json(_ finding: Recovery.Finding) -> JSON {
        let (run, reason) = (finding.run, ReasonText(finding))
        var object = JSONObject()
        object["runId"] = .string(run.runID.description)
        object["workflowName"] = .string(run.workflowName)
        object["status"] = .string(run.status.rawValue)
        object["reason"] = .string(finding.reason.name)
        object["detail"] = .string(reason.sentence)
        object["lastEventAt"] = .string(run.lastEventAt.description)
        object["stepId"] = JSON(reason.stepID)
        object["participant"] = JSON(reason.participant)
        object["engine"] = JSON(run.holder?.engine.description)
        object["until"] = JSON(reason.until?.description)
        object["lockedByPid"] = run.locker?.pid.map { JSON($0) } ?? .null
        object["canBeFreed"] = .bool(finding.reason.canBeFreed)
        object["freed"] = .bool(freed.contains(run.runID))
        return .object(object)
    }
}
