// The steps of a run in `workflow_runs.snapshot`, as they are after the event `snapshot_seq`: an array with an object for each
// step of the definition and then for each element, with the members that differ from a step nobody has begun:
//
//   {"id", "status", "attempts", "ambiguous", "compensation", "undoneAtOnce", "awaitsPerson", "accepted", "kept", "compensationAttempts",
//    "compensationAmbiguous", "output" or "outputSeq", "answer": {"status", "headers"}, "error", "actionError", "startedAt", "undoingAt", "completedAt",
//    "nextAttemptAt", "attemptSeq", "child": {"runId", "workflow", "phase"}}
//
// Where there is more to be known of a run than its steps (`RunMarks`) it is an object instead, with that array as `steps`:
//
//   {"steps", "parent": {"runId", "stepId", "depth", "detached"}, "endCalls": [run], "startAt", "pause": {"since", "by", "reason", "holdDeadline"}, "deadlineHeld", "missedDeadline",
//    "signals": [{"seq", "name", "bytes", "payload"}], "signalKeys",
//    "lists": [{"step", "first", "count", "seq", "items" where they are short}],
//    "accepted": [{"step", "until", "heartbeat", "beatBy", "path", "look", "failures"}], "callbacks": [{"step", "action", "outcome", "output", "error", "digest"}],
//    "restartedFrom": {"run", "fromStep"}, "restartedAs": {"run", "steps"}, "kept": [{"step", "run"}]}
//
// Times are microseconds since 1970. What became so with the very commit that wrote the snapshot has no time yet when it is
// written: such a time ends in `In` instead of `At` and counts from `snapshot_at`.
//
// An output that is longer than `Snapshot.heldOutput` stays in its event alone, whose number is `outputSeq`; `snapshot_refs`
// lists them, so that a claim can read them along. `attemptSeq` is the event with which the last attempt began: its row tells
// when, and on which engine.

/// The form in which a run's steps are kept beside its journal.
package enum Snapshot {
    /// Bytes of an output that is held in the snapshot itself at the most.
    package static let heldOutput = 512

    /// The steps of a run.
    ///
    /// - Parameters:
    ///   - before: the run before the commit with which this is stored.
    ///   - at: the time with which that commit was decided.
    /// - Returns: the text, and the events that hold outputs it refers to.
    package static func encode(
        _ run: Run, since before: Run, at: Instant
    ) -> (bytes: [UInt8], references: [Int]) {
        var writer = JSONMemberWriter(capacity: 96 * run.steps.count)
        var references: [Int] = []
        if run.hasMarks {
            writer.begin("{")
            writer.begin("steps", "[")
        } else {
            writer.begin("[")
        }
        let (numbering, listed) = (run.numbering, Set(run.lists.map(\.step)))
        for (index, step) in run.steps.enumerated() {
            writer.begin("{")
            writer.member("id", numbering.stepID(index))
            let known = index < before.steps.count ? before.steps[index] : Step()
            write(
                step, since: known, at: at, withOutput: listed.isEmpty || !listed.contains(index), to: &writer,
                &references)
            writer.end("}")
        }
        writer.end("]")
        if run.hasMarks {
            write(run.marks, since: before.marks, at: at, to: &writer)
            write(run.lists, to: &writer, &references)
            writer.end("}")
        }
        return (writer.bytes, references)
    }

    private static func write(
        _ marks: RunMarks, since before: RunMarks, at: Instant, to writer: inout JSONMemberWriter
    ) {
        if let parent = marks.parent { writer.member("parent", parent.json) }
        if !marks.endCalls.isEmpty {
            writer.member("endCalls", .array(marks.endCalls.map { .string($0.description) }))
        }
        if let time = marks.startAt { writer.member("startAt", Int(time.microseconds)) }
        if let pause = marks.pause {
            var object: JSONObject = [:]
            if pause.since == before.pause?.since {
                object["since"] = JSON(Int(pause.since.microseconds))
            } else {
                object["sinceIn"] = JSON(Int((pause.since - at).microseconds))
            }
            object["by"] = .string(pause.by)
            if let reason = pause.reason { object["reason"] = .string(reason) }
            if pause.holdsDeadline { object["holdDeadline"] = true }
            writer.member("pause", .object(object))
        }
        if marks.deadlineHeld > .zero { writer.member("deadlineHeld", Int(marks.deadlineHeld.microseconds)) }
        if marks.hasMissedDeadline { writer.member("missedDeadline", true) }
        if !marks.signals.isEmpty {
            let signals = marks.signals.map { signal -> JSON in
                [
                    "seq": JSON(signal.sequence), "name": .string(signal.name), "bytes": JSON(signal.bytes),
                    "payload": signal.payload,
                ]
            }
            writer.member("signals", .array(signals))
        }
        writeCallbacks(marks, since: before, at: at, to: &writer)
        if !marks.signalKeys.isEmpty { writer.member("signalKeys", .array(marks.signalKeys.map { .string($0) })) }
        writeRestart(marks, to: &writer)
    }

    private static func write(
        _ lists: [ElementList], to writer: inout JSONMemberWriter, _ references: inout [Int]
    ) {
        if lists.isEmpty { return }
        let written = lists.map { list -> JSON in
            var object: JSONObject = [
                "step": JSON(list.step), "first": JSON(list.first), "count": JSON(list.count),
                "seq": JSON(list.sequence),
            ]
            if list.items.isLonger(than: heldOutput) {
                references.append(list.sequence)
            } else {
                object["items"] = list.items
            }
            return .object(object)
        }
        writer.member("lists", .array(written))
    }

    private static func writeCallbacks(
        _ marks: RunMarks, since before: RunMarks, at: Instant, to writer: inout JSONMemberWriter
    ) {
        if !marks.accepted.isEmpty {
            let accepted = marks.accepted.map { accepted -> JSON in
                let known = before.accepted.first { $0.step == accepted.step }
                var object: JSONObject = ["step": JSON(accepted.step)]
                func write(_ name: String, _ time: Instant, _ known: Instant?) {
                    if time == known {
                        object[name] = JSON(Int(time.microseconds))
                    } else {
                        object[name + "In"] = JSON(Int((time - at).microseconds))
                    }
                }
                write("until", accepted.until, known?.until)
                if let heartbeat = accepted.heartbeat { object["heartbeat"] = JSON(Int(heartbeat.microseconds)) }
                if let beatBy = accepted.beatBy { write("beatBy", beatBy, known?.beatBy) }
                if let poll = accepted.poll {
                    object["path"] = .string(poll.path)
                    write("look", poll.lookAt, known?.poll?.lookAt)
                    if poll.failures > 0 { object["failures"] = JSON(poll.failures) }
                }
                return .object(object)
            }
            writer.member("accepted", .array(accepted))
        }
        if !marks.callbacks.isEmpty {
            let callbacks = marks.callbacks.map { kept -> JSON in
                var object: JSONObject = [
                    "step": JSON(kept.step), "action": .string(kept.action.rawValue),
                    "outcome": .string(kept.callback.outcome.rawValue),
                    "digest": .string(kept.callback.digest),
                ]
                if let output = kept.callback.output { object["output"] = output }
                if let error = kept.callback.error { object["error"] = error }
                return .object(object)
            }
            writer.member("callbacks", .array(callbacks))
        }
    }

    /// The steps in a snapshot, and what else there is to be known.
    ///
    /// - Parameter at: when the snapshot was stored.
    package static func parts(_ json: JSON, at: Instant) -> (steps: [JSON], marks: RunMarks) {
        if let steps = json.array { return (steps, RunMarks()) }
        var marks = RunMarks()
        func time(_ json: JSON?, _ relative: JSON?) -> Instant? {
            json?.int.map { Instant(microseconds: Int64($0)) } ?? relative?.int.map { at + .microseconds($0) }
        }
        marks.parent = ParentLink(json["parent"])
        marks.endCalls = (json["endCalls"]?.array ?? []).compactMap { $0.string.flatMap { RunID($0) } }
        marks.startAt = time(json["startAt"], nil)
        if let pause = json["pause"], let since = time(pause["since"], pause["sinceIn"]) {
            marks.pause = .init(
                since: since, by: pause["by"]?.string ?? "", reason: pause["reason"]?.string,
                holdsDeadline: pause["holdDeadline"]?.bool ?? false)
        }
        marks.deadlineHeld = .microseconds(json["deadlineHeld"]?.int ?? 0)
        marks.hasMissedDeadline = json["missedDeadline"]?.bool ?? false
        for signal in json["signals"]?.array ?? [] {
            guard let sequence = signal["seq"]?.int, let name = signal["name"]?.string else { continue }
            marks.signals.append(
                KeptSignal(
                    sequence: sequence, name: name, payload: signal["payload"] ?? .null, bytes: signal["bytes"]?.int))
        }
        for accepted in json["accepted"]?.array ?? [] {
            guard let step = accepted["step"]?.int, let until = time(accepted["until"], accepted["untilIn"]) else {
                continue
            }
            var poll: AcceptedPoll?
            if let path = accepted["path"]?.string, let look = time(accepted["look"], accepted["lookIn"]) {
                poll = AcceptedPoll(path: path, lookAt: look, failures: accepted["failures"]?.int ?? 0)
            }
            marks.accepted.append(
                AcceptedAttempt(
                    step: step, until: until, heartbeat: accepted["heartbeat"]?.int.map { .microseconds($0) },
                    beatBy: time(accepted["beatBy"], accepted["beatByIn"]), poll: poll))
        }
        for kept in json["callbacks"]?.array ?? [] {
            guard let step = kept["step"]?.int,
                let action = kept["action"]?.string.flatMap({ CallAction(rawValue: $0) }),
                let digest = kept["digest"]?.string,
                let outcome = kept["outcome"]?.string.flatMap({ Callback.Outcome(rawValue: $0) })
            else { continue }
            let callback = Callback(outcome: outcome, output: kept["output"], error: kept["error"], digest: digest)
            marks.callbacks.append(KeptCallback(step: step, action: action, callback: callback))
        }
        for list in json["lists"]?.array ?? [] {
            guard let step = list["step"]?.int, let first = list["first"]?.int, let count = list["count"]?.int,
                let sequence = list["seq"]?.int
            else { continue }
            marks.lists.append(
                ElementList(step: step, first: first, count: count, items: list["items"] ?? .null, sequence: sequence))
        }
        marks.signalKeys = (json["signalKeys"]?.array ?? []).compactMap(\.string)
        readRestart(json, &marks)
        return (json["steps"]?.array ?? [], marks)
    }

    private static func write(
        _ step: Step, since before: Step, at: Instant, withOutput: Bool, to writer: inout JSONMemberWriter,
        _ references: inout [Int]
    ) {
        writer.member("status", step.status.rawValue)
        if step.attempts != 0 { writer.member("attempts", step.attempts) }
        if step.isAmbiguous { writer.member("ambiguous", true) }
        if step.compensationStatus != .notRequired { writer.member("compensation", step.compensationStatus.rawValue) }
        if step.isUndoneAtOnce { writer.member("undoneAtOnce", true) }
        if step.awaitsPerson { writer.member("awaitsPerson", true) }
        if step.isAccepted { writer.member("accepted", true) }
        if step.isKept { writer.member("kept", true) }
        if step.compensationAttempts != 0 { writer.member("compensationAttempts", step.compensationAttempts) }
        if step.isCompensationAmbiguous { writer.member("compensationAmbiguous", true) }
        if let output = step.output, withOutput {
            if step.outputSequence > 0, output.isLonger(than: heldOutput) {
                writer.member("outputSeq", step.outputSequence)
                references.append(step.outputSequence)
            } else {
                writer.member("output", output)
            }
        }
        if let answer = step.answer { writer.member("answer", answer.json) }
        if let error = step.error { writer.member("error", error.json) }
        if let error = step.actionError { writer.member("actionError", error.json) }
        if let time = step.startedAt {
            time == before.startedAt
                ? writer.member("startedAt", Int(time.microseconds))
                : writer.member("startedIn", Int((time - at).microseconds))
        }
        if let time = step.undoingSince {
            time == before.undoingSince
                ? writer.member("undoingAt", Int(time.microseconds))
                : writer.member("undoingIn", Int((time - at).microseconds))
        }
        if let time = step.completedAt {
            time == before.completedAt
                ? writer.member("completedAt", Int(time.microseconds))
                : writer.member("completedIn", Int((time - at).microseconds))
        }
        if let time = step.nextAttemptAt {
            // The end of a wait is told by its event, whenever that is committed.
            time == before.nextAttemptAt || step.status == .waiting
                ? writer.member("nextAttemptAt", Int(time.microseconds))
                : writer.member("nextAttemptIn", Int((time - at).microseconds))
        }
        if step.attemptSequence != 0 { writer.member("attemptSeq", step.attemptSequence) }
        if let child = step.child { writer.member("child", child.json) }
    }
}

/// A step as a snapshot keeps it: names as they are stored, those of a later version included.
package struct SnapshotStep: Sendable {
    package let stepID: String
    package let status: String
    package let compensationStatus: String
    /// Its output, if it is held here.
    package let output: JSON?
    /// The event that holds its output; nil when that is held here, or there is none.
    package let outputSequence: Int?
    package let error: JSON?
    /// Numbers and times; what stands above is not in it.
    package let counts: Step

    /// Reads one element of a snapshot; nil when it is none.
    ///
    /// - Parameter at: when the snapshot was stored.
    package init?(_ json: JSON, at: Instant) {
        guard let stepID = json["id"]?.string, let status = json["status"]?.string else { return nil }
        self.stepID = stepID
        self.status = status
        compensationStatus = json["compensation"]?.string ?? CompensationStatus.notRequired.rawValue
        output = json["output"]
        outputSequence = json["outputSeq"]?.int
        error = json["error"]
        errorBytes = json["errorBytes"]?.int
        var step = Step()
        step.attempts = json["attempts"]?.int ?? 0
        step.isAmbiguous = json["ambiguous"]?.bool ?? false
        step.isUndoneAtOnce = json["undoneAtOnce"]?.bool ?? false
        step.awaitsPerson = json["awaitsPerson"]?.bool ?? false
        step.isAccepted = json["accepted"]?.bool ?? false
        step.isKept = json["kept"]?.bool ?? false
        step.compensationAttempts = json["compensationAttempts"]?.int ?? 0
        step.isCompensationAmbiguous = json["compensationAmbiguous"]?.bool ?? false
        step.answer = StepAnswer(json["answer"])
        step.actionError = json["actionError"].flatMap { Failure($0) }
        step.startedAt = Self.time(json["startedAt"], json["startedIn"], at)
        step.undoingSince = Self.time(json["undoingAt"], json["undoingIn"], at)
        step.completedAt = Self.time(json["completedAt"], json["completedIn"], at)
        step.nextAttemptAt = Self.time(json["nextAttemptAt"], json["nextAttemptIn"], at)
        step.attemptSequence = json["attemptSeq"]?.int ?? 0
        step.child = ChildRun(json["child"])
        counts = step
    }

    /// How long its error is, where it was shortened to be read.
    package let errorBytes: Int?

    /// A step as it would be kept.
    ///
    /// - Parameters:
    ///   - outputSequence: the event that holds its output; nil when that is held here, or there is none.
    ///   - errorBytes: how long its error is, where it was shortened.
    package init(_ step: Step, id: String, outputSequence: Int? = nil, errorBytes: Int? = nil) {
        self.errorBytes = errorBytes
        self.outputSequence = outputSequence
        stepID = id
        status = step.status.rawValue
        compensationStatus = step.compensationStatus.rawValue
        output = step.output
        error = step.error?.json
        counts = step
    }

    private static func time(_ absolute: JSON?, _ relative: JSON?, _ at: Instant) -> Instant? {
        if let time = absolute?.int { return Instant(microseconds: Int64(time)) }
        return relative?.int.map { at + .microseconds($0) }
    }

    /// The step; nil when it is something that this version does not know.
    ///
    /// - Parameter referred: its output, when that is not held here.
    package func step(output referred: JSON? = nil) -> Step? {
        guard let status = StepStatus(rawValue: status),
            let compensationStatus = CompensationStatus(rawValue: compensationStatus)
        else { return nil }
        var step = counts
        step.status = status
        step.compensationStatus = compensationStatus
        step.output = output ?? referred
        step.outputSequence = outputSequence ?? 0
        step.error = error.flatMap { Failure($0) }
        return step
    }
}
