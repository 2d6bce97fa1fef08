/// How a call comes to its end that was answered 202.
package enum CompletionDefinition: Sendable {
    /// Its participant calls back.
    case callback(CallbackDefinition)
    /// The engine asks its participant, again and again.
    case poll(PollDefinition)

    /// For so long the end of accepted work is waited for; then the attempt is `unknown`.
    package var timeout: Duration {
        switch self {
        case .callback(let callback): callback.timeout
        case .poll(let poll): poll.timeout
        }
    }

    /// A sign of life is to come at least so often; nil for none.
    package var heartbeatTimeout: Duration? {
        switch self {
        case .callback(let callback): callback.heartbeatTimeout
        case .poll: nil
        }
    }

    /// How its participant is asked; nil where that calls back by itself.
    package var poll: PollDefinition? {
        switch self {
        case .callback: nil
        case .poll(let poll): poll
        }
    }
}

/// `{"poll": {"path", "every", "succeededWhen", "failedWhen"?, "timeout"?}}`: an answer of 202 says that the work is accepted,
/// and what became of it stands where `path` says.
package struct PollDefinition: Sendable {
    /// Rendered once, when the work is accepted; it may name the answer that accepted it.
    package let path: PathTemplate
    /// A look follows another after so long.
    package let every: Duration
    package let timeout: Duration
    /// Over the answer to a look: the work is done.
    package let succeededWhen: Condition
    /// The work has come to nothing; asked first. Nil: that is never told.
    package let failedWhen: Condition?

    /// What `every` may be.
    package static let intervals: ClosedRange<Duration> = .seconds(1) ... .seconds(3600)
    /// Looks of one attempt at most: each is a row of the journal.
    package static let mostLooks = 100_000
    /// Failed looks are at most so far apart, unless `every` is more.
    package static let longestBackoff = Duration.seconds(300)

    /// What it names, with their places in the call.
    var uses: [ReferenceUse] {
        let pointer = JSONPointer(["completion", "poll"])
        return path.uses.map { $0.below(pointer.appending("path")) }
            + succeededWhen.uses.map { $0.below(pointer.appending("succeededWhen")) }
            + (failedWhen?.uses.map { $0.below(pointer.appending("failedWhen")) } ?? [])
    }

    /// The wait after a look that has failed, the last of so many in a row.
    func backoff(after failures: Int, jitter: Double) -> Duration {
        RetryPolicy(
            maxAttempts: RetryPolicy.unlimited, initialInterval: every, maxInterval: max(every, Self.longestBackoff),
            jitter: 0.25
        ).delay(afterAttempt: failures, jitter: jitter)
    }
}

extension DefinitionReader {
    /// How a call comes to its end that is only accepted.
    mutating func completion(_ json: JSON, at pointer: JSONPointer) -> CompletionDefinition? {
        if json.string == "callback" { return .callback(CallbackDefinition()) }
        guard json.object != nil else {
            refuse(pointer, "This must be \"callback\", or an object with callback or poll.")
            return nil
        }
        guard let fields = object(json, at: pointer, members: ["callback", "poll"]) else { return nil }
        guard fields["poll"] != nil else {
            return required("callback", in: fields, at: pointer) { $0.callback($1, at: $2).map { .callback($0) } }
        }
        if fields["callback"] != nil {
            refuse(pointer.appending("callback"), "A call is either called back or polled.")
        }
        return required("poll", in: fields, at: pointer) { $0.poll($1, at: $2).map { .poll($0) } }
    }

    private mutating func poll(_ json: JSON, at pointer: JSONPointer) -> PollDefinition? {
        let members = ["path", "every", "succeededWhen", "failedWhen", "timeout"]
        guard let fields = object(json, at: pointer, members: members) else { return nil }
        let path = required("path", in: fields, at: pointer) { $0.path($1, at: $2) }
        let every = required("every", in: fields, at: pointer) { $0.duration($1, at: $2, in: PollDefinition.intervals) }
        let succeeded = required("succeededWhen", in: fields, at: pointer) { $0.condition($1, at: $2) }
        let failed = optional("failedWhen", in: fields, at: pointer) { $0.condition($1, at: $2) }
        let given = optional("timeout", in: fields, at: pointer) {
            $0.duration($1, at: $2, in: CallbackDefinition.timeouts)
        }
        let timeout = given ?? CallbackDefinition.defaultTimeout
        if let every, timeout > every * PollDefinition.mostLooks {
            let least = (timeout.microseconds / Int64(PollDefinition.mostLooks) + 999_999) / 1_000_000
            refuse(
                pointer.appending("every"),
                "An attempt is looked at \(PollDefinition.mostLooks) times at most: with a timeout of "
                    + "\(DurationText.format(timeout)) this is at least \(least)s.")
        }
        guard let path, let every, let succeeded else { return nil }
        return PollDefinition(path: path, every: every, timeout: timeout, succeededWhen: succeeded, failedWhen: failed)
    }
}
