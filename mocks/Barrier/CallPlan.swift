internal import Core

/// What a call's body means for it before any table is asked.
struct CallPlan: Sendable {
    /// Why it is declined; never set for compensations, in whose way nothing may stand.
    let refusal: Refusal?
    /// The fault its body asks for.
    let fault: Fault?
    /// How long the work waits, after the call has been recorded: the member `delay`, as in `"200ms"`; at most a minute.
    let delay: Duration

    init(_ call: Call, _ body: JSON, _ route: Route) {
        var refusal = route.check(body)
        var fault: Fault?
        var delay = Duration.zero
        do throws(Refusal) {
            fault = try Fault(in: body, of: call)
            delay = try Self.delay(in: body)
        } catch {
            refusal = error
        }
        self.refusal = call.action == .execute ? refusal : nil
        self.fault = fault
        self.delay = delay
    }

    private static func delay(in body: JSON) throws(Refusal) -> Duration {
        guard let json = body["delay"], !json.isNull else { return .zero }
        guard let delay = json.string.flatMap({ Duration($0) }), delay <= .seconds(60) else {
            throw Refusal(422, "delay is a duration of at most 60s, as in 200ms.")
        }
        return delay
    }
}
