/// One step of one run.
package struct Step: Sendable, Hashable {
    /// Where the forward action stands.
    package var status: StepStatus = .pending
    /// Forward attempts begun so far.
    package var attempts: Int = 0
    /// Some forward attempt ended without a usable answer, so the effect may exist although nobody said yes.
    package var isAmbiguous: Bool = false
    /// Where the compensation stands.
    package var compensationStatus: CompensationStatus = .notRequired
    /// Compensation attempts begun since the compensation was last requested.
    package var compensationAttempts: Int = 0
    /// The same as `isAmbiguous`, of the compensation.
    package var isCompensationAmbiguous: Bool = false
    /// It gave up, the run went on, and it is undone, or was, while the run has not turned back.
    package var isUndoneAtOnce: Bool = false
    /// It has failed past the pivot, and a person has to say what becomes of it.
    package var awaitsPerson: Bool = false
    /// The participant has accepted the attempt that is open, and is to call back.
    package var isAccepted: Bool = false
    /// Another run did it, and its effect is this run's now.
    package var isKept: Bool = false
    /// What the participant answered to the forward action.
    package var output: JSON?
    /// What is kept of the answer that the output came from, beside it; nil for nothing.
    package var answer: StepAnswer?
    private var boxedError: Boxed<Failure>?
    private var boxedActionError: Boxed<Failure>?
    /// When the first forward attempt began.
    package var startedAt: Instant?
    /// When the first attempt of its compensation began; nil where no policy asks for it.
    package var undoingSince: Instant?
    /// When the forward action ended: succeeded, failed or skipped.
    package var completedAt: Instant?
    /// When the next attempt (of whichever action waits) is due; nil when none waits.
    package var nextAttemptAt: Instant?
    /// The number of the event with which the last attempt, of either action, began; 0 before the first. When that was, and
    /// on which engine, stands there.
    package var attemptSequence = 0
    /// The number of the event that holds the output; 0 when there is none, or nobody needs to know.
    package var outputSequence = 0
    /// The run it has started; nil where it has started none.
    package var child: ChildRun?

    package init() {}

    /// The last failure of either action.
    package var error: Failure? {
        get { boxedError?.value }
        set { boxedError = newValue.map { Boxed($0) } }
    }

    /// Why the action failed, when its compensation has failed since.
    package var actionError: Failure? {
        get { boxedActionError?.value }
        set { boxedActionError = newValue.map { Boxed($0) } }
    }

    /// Why the action failed; nil when it has not. Nothing that happens to the compensation changes it.
    package var forwardError: Failure? { status == .failed ? actionError ?? error : nil }

    /// It waits for a signal, for as long as its run lives.
    package var awaitsSignal: Bool { status == .waiting && nextAttemptAt == nil && !awaitsChild }

    /// The participant may hold an effect of this step, so undoing the run must undo it. A step that makes no call has none.
    package var mayHaveEffect: Bool {
        (status == .succeeded && attempts > 0) || isAmbiguous || (isKept && !isPlanted(.keptEffectForgotten))
            || (child != nil && hasChildEffect)
    }

    /// An operator may say that it was undone by hand, when its run is FAILED.
    ///
    /// - Parameter inQuarantine: the run was set aside. Then nobody else undoes its steps either, so whatever may have
    ///   had an effect counts, a call that was in flight included.
    package func isResolvable(inQuarantine: Bool) -> Bool {
        guard inQuarantine else { return compensationStatus == .failed }
        return compensationStatus != .compensated && (mayHaveEffect || (status == .executing && attempts > 0))
    }

    /// A call of this step is in flight, and which.
    package var callInFlight: (action: CallAction, attempt: Int)? { isAccepted ? nil : openAttempt }

    /// An attempt that has begun and not ended, and of which action: its call is in flight, or accepted.
    package var openAttempt: (action: CallAction, attempt: Int)? {
        if compensationStatus == .compensating {
            return child?.phase == .undoing ? nil : (.compensate, compensationAttempts)
        }
        // What is done for each entry of a list makes no call itself.
        if status == .executing, attempts > 0 { return (.execute, attempts) }
        return nil
    }

    /// How many attempts of the same action were lost before this one. Known from `error`, which is that of the attempt
    /// before; with its first attempt an action begins to count anew.
    package func lostAttempts(before attempt: Int) -> Int {
        attempt > 1 ? error?.lostAttempts ?? 0 : 0
    }

    /// The same of attempts that were not made because their engines were not allowed to.
    package func notAllowedAttempts(before attempt: Int) -> Int {
        attempt > 1 ? error?.notAllowedAttempts ?? 0 : 0
    }

    /// The same of attempts after which the participant said when to come back.
    package func patientAttempts(before attempt: Int) -> Int {
        attempt > 1 ? error?.patientAttempts ?? 0 : 0
    }

    /// The action that `nextAttemptAt` speaks of.
    package var waitingAction: CallAction {
        compensationStatus == .pending ? .compensate : .execute
    }
}

/// What something in the definition names of an answer, beside the output.
package struct StepAnswer: Sendable, Hashable {
    package var status: Int?
    /// Names in lower case.
    package var headers: [String: String] = [:]

    /// Nil when nothing is to be kept.
    init?(_ kept: KeptAnswer?, status: Int?, headers: [String: String]) {
        guard let kept else { return nil }
        self.status = kept.keepsStatus ? status : nil
        self.headers = headers.filter { kept.headers.contains($0.key) }
    }

    /// `{status?, headers?}`.
    var json: JSON {
        var object = JSONObject()
        if let status { object["status"] = JSON(status) }
        if !headers.isEmpty {
            object["headers"] = .object(
                JSONObject(headers.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSON.string($0.value)) }))
        }
        return .object(object)
    }

    /// Reads what `json` wrote; nil for nothing.
    package init?(_ json: JSON?) {
        guard let json else { return nil }
        status = json["status"]?.int
        for (name, value) in json["headers"]?.object?.members ?? [] { headers[name] = value.string }
    }
}
