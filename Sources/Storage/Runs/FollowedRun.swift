import Core

/// Where a run stands by its snapshot and the journal after it.
///
/// The events are applied by `evolve`, as the run's holder applied them, which takes the definition. Where that can't be read, or
/// something happened that only a newer version knows, the run is shown as of its snapshot.
struct FollowedRun {
    /// The steps, in the order of the definition. Of those whose outputs are large, `output` is nil.
    let steps: [SnapshotStep]
    /// The run itself, when events were applied.
    let run: Run?
    /// What is to be known of it beside its steps.
    let marks: RunMarks
    /// By step: how large its output is, where that is too large to be here.
    let outputBytes: [Int: Int]

    /// - Parameters:
    ///   - head: the run's row.
    ///   - journal: its rows, oldest first.
    init(
        _ head: RunHead, _ snapshot: SnapshotRow, _ journal: [JournalHead], _ definitions: DefinitionStore
    ) async throws(StoreError) {
        let later = journal.filter { $0.later != nil }
        let parts = (try? snapshot.parts()) ?? nil
        let (stored, marks) = (parts?.steps, parts?.marks ?? RunMarks())
        if let stored, later.isEmpty {
            self.init(stored, marks)
            return
        }
        let definition: WorkflowDefinition
        do throws(DefinitionProblem) {
            definition = try await definitions.definition(ofRun: head.definitionID)
        } catch {
            if case .store(let error) = error { throw error }
            self.init(stored ?? [], marks)
            return
        }
        do throws(UnreadableRun) {
            try self.init(head, definition, snapshot, later)
        } catch {
            self.init(stored ?? definition.steps.map { SnapshotStep(Step(), id: $0.id) }, marks)
        }
    }

    private init(_ steps: [SnapshotStep], _ marks: RunMarks) {
        (self.steps, self.marks, run, outputBytes) = (steps, marks, nil, [:])
    }

    private init(
        _ head: RunHead, _ definition: WorkflowDefinition, _ snapshot: SnapshotRow, _ later: [JournalHead]
    ) throws(UnreadableRun) {
        var run = Run(id: head.runID, definition: definition, input: .null, context: .null, createdAt: head.createdAt)
        guard let status = RunStatus(rawValue: head.storedStatusText) else {
            throw UnreadableRun("its status is not known", mayBeNewer: true)
        }
        run.status = status
        run.cause = head.causeText.flatMap { RunCause(rawValue: $0) }
        run.error = head.error.flatMap { Failure($0.json) }
        run.updatedAt = head.updatedAt
        var (bytes, errorBytes): ([Int: Int], [Int: Int?]) = ([:], [:])
        try snapshot.restore(&run) { _ throws(UnreadableRun) in JSON.null }
        let stored = try snapshot.steps() ?? []
        for row in later {
            let events = try parsed(row.later ?? [])
            for event in events.array ?? [] {
                guard let step = event["step"]?.int else { continue }
                if event["error"] != nil { errorBytes.updateValue(event["errorBytes"]?.int, forKey: step) }
                let names = EventNames(event)
                if names.action == CallAction.compensate.rawValue
                    || names.kind == RunEventKind.callbackReceived.rawValue
                    || names.kind == RunEventKind.elementsStarted.rawValue
                {
                    continue
                }
                if let size = event["data"]?["outputBytes"]?.int { bytes[step] = size }
            }
            try run.apply(events.withoutOutputSizes, at: row.at)
        }
        self.run = run
        marks = run.marks
        outputBytes = bytes
        let (numbering, listed) = (run.numbering, Set(run.lists.map(\.step)))
        steps = run.steps.enumerated().map { index, followed in
            var step = followed
            let known = stored.indices.contains(index) ? stored[index] : nil
            let reference = known?.outputSequence.flatMap { $0 == step.outputSequence ? $0 : nil }
            // What a step with a list has put out stands with its elements.
            if bytes[index] != nil || reference != nil || listed.contains(index) { step.output = nil }
            return SnapshotStep(
                step, id: numbering.stepID(index), outputSequence: reference,
                errorBytes: errorBytes[index, default: step.error == nil ? nil : known?.errorBytes])
        }
    }
}

extension FollowedRun {
    /// The output of a step.
    ///
    /// - Parameter referred: outputs to which the snapshot refers, by the numbers of their events.
    func output(of index: Int, _ referred: [Int: StoredText]) -> StoredText {
        if let bytes = outputBytes[index] { return .large(bytes) }
        if let sequence = steps[index].outputSequence { return referred[sequence] ?? .absent }
        return steps[index].output.map { .here($0.bytes) } ?? .absent
    }
}

extension ShownStep {
    init(index: Int, _ step: SnapshotStep, output: StoredText, engineID: EngineID?) {
        let error: StoredText =
            step.errorBytes.map { .large($0, short: step.error?.bytes) }
            ?? step.error.map { .here($0.bytes) } ?? .absent
        self.init(
            index: index, stepID: step.stepID, status: step.status, attempts: step.counts.attempts,
            compensationStatus: step.compensationStatus, compensationAttempts: step.counts.compensationAttempts,
            output: output, error: error, startedAt: step.counts.startedAt, completedAt: step.counts.completedAt,
            nextAttemptAt: step.counts.nextAttemptAt, engineID: engineID, child: step.counts.child,
            isAccepted: step.counts.isAccepted,
            isOutcomeUnknown: step.counts.isAmbiguous && step.status != StepStatus.succeeded.rawValue,
            isCompensationOutcomeUnknown: step.counts.isCompensationAmbiguous
                && step.compensationStatus != CompensationStatus.compensated.rawValue,
            isKept: step.counts.isKept, awaitsPerson: step.counts.awaitsPerson)
    }
}

extension JSON {
    /// Events with something in the place of outputs that were left out.
    fileprivate var withoutOutputSizes: JSON {
        guard let events = array else { return self }
        return .array(
            events.map { event in
                guard var data = event["data"]?.object, data["outputBytes"] != nil, var object = event.object else {
                    return event
                }
                data["outputBytes"] = nil
                data["output"] = .null
                object["data"] = .object(data)
                return .object(object)
            })
    }
}
