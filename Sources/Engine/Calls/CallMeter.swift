import Core
import Synchronization

/// How many calls a participant has from this engine, and how long it takes over them: for people, who see it in the engine's report.
///
/// A call costs it two short locks that are its participant's own. What was long ago fades: each report takes a part of the weight of
/// all that was counted before, so that a quiet participant is still told of for a while, and a change is seen within seconds.
final class CallMeter: Sendable {
    /// A participant's calls as a report tells of them.
    struct Reading: Sendable, Hashable {
        var inFlight: Int
        /// Answers of the last seconds, weighted; nil where there were none.
        var perSecond: Double?
        var p50: Duration?
        var p99: Duration?
    }

    /// Quarters of an octave of microseconds: from one to beyond an hour, and at most a quarter too much.
    private static let places = 128
    /// How much of what was counted is left with each reading.
    private static let fading: Float = 0.8
    /// What is so little is nothing any more.
    private static let least: Float = 0.05

    private struct State {
        var inFlight = 0
        var total: Float = 0
        var counts: [Float] = []
    }

    private let state = Mutex(State())

    /// A call is sent.
    func begin() { state.withLock { $0.inFlight += 1 } }

    /// It is over.
    ///
    /// - Parameter duration: until there was an answer, or none came; nil for a call that was not sent.
    func end(_ duration: Duration?) {
        let place = duration.map(Self.place)
        state.withLock { state in
            state.inFlight -= 1
            guard let place else { return }
            // Most participants of most engines are never called.
            if state.counts.isEmpty { state.counts = Array(repeating: 0, count: Self.places) }
            state.counts[place] += 1
            state.total += 1
        }
    }

    private static func place(of duration: Duration) -> Int {
        let microseconds = UInt64(max(1, duration.microseconds))
        let octave = 63 - microseconds.leadingZeroBitCount
        let quarter = octave >= 2 ? Int((microseconds >> (octave - 2)) & 3) : 0
        return min(octave * 4 + quarter, places - 1)
    }

    /// The end of a place: no call in it took longer.
    private static func end(of place: Int) -> Duration {
        let (octave, quarter) = (place / 4, place % 4)
        return .microseconds(Int64(Double(1 << octave) * (1 + Double(quarter + 1) / 4)))
    }

    /// What there is to tell, nil for nothing; and what was counted fades.
    ///
    /// - Parameter interval: from one reading to the next.
    func read(every interval: Duration) -> Reading? {
        state.withLock { state in
            var reading = Reading(inFlight: state.inFlight)
            guard state.total >= Self.least else {
                (state.total, state.counts) = (0, [])
                return state.inFlight > 0 ? reading : nil
            }
            reading.p50 = Self.quantile(0.5, state.counts, of: state.total)
            reading.p99 = Self.quantile(0.99, state.counts, of: state.total)
            // The weights of readings add up to 1 / (1 - fading).
            let seconds = Double(interval.microseconds) / 1_000_000
            reading.perSecond = Double(state.total * (1 - Self.fading)) / max(0.001, seconds)
            state.total = 0
            for place in state.counts.indices {
                state.counts[place] *= Self.fading
                state.total += state.counts[place]
            }
            return reading
        }
    }

    private static func quantile(_ share: Float, _ counts: [Float], of total: Float) -> Duration {
        var sum: Float = 0
        for (place, count) in counts.enumerated() where count > 0 {
            sum += count
            if sum >= share * total { return end(of: place) }
        }
        return end(of: (counts.lastIndex { $0 > 0 }) ?? 0)
    }
}

/// What an engine tells in its heartbeats of the calls that it makes, by participant: for people.
enum TrafficReport {
    /// Of shared participants `{NAME: {inFlight, perSecond?, p50Ms?, p99Ms?}}`, and of tenants' own `{TENANT: {NAME: the same}}`: as many
    /// as `ParticipantReport` tells of, the busiest first.
    static func json(_ readings: [ParticipantID: CallMeter.Reading]) -> (shared: JSON, own: JSON) {
        let busiestFirst = readings.sorted { first, second in
            let (one, other) = (first.value.perSecond ?? 0, second.value.perSecond ?? 0)
            return (-one, -first.value.inFlight, first.key) < (-other, -second.value.inFlight, second.key)
        }
        var (shared, own, count) = (JSONObject(), [String: JSONObject](), 0)
        for (participant, reading) in busiestFirst {
            guard let tenantID = participant.owner.tenantID else {
                if shared.count < ParticipantReport.maxParticipants { shared[participant.name] = object(reading) }
                continue
            }
            guard count < ParticipantReport.maxOwn, own[tenantID]?.count ?? 0 < ParticipantReport.maxOfTenant else {
                continue
            }
            own[tenantID, default: JSONObject()][participant.name] = object(reading)
            count += 1
        }
        let byTenant = own.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSON.object($0.value)) }
        return (.object(shared), .object(JSONObject(byTenant)))
    }

    private static func object(_ reading: CallMeter.Reading) -> JSON {
        var object: JSONObject = ["inFlight": JSON(reading.inFlight)]
        object["perSecond"] = reading.perSecond.flatMap { JSONNumber(decimal($0, 2)) }.map { .number($0) }
        for (name, duration) in [("p50Ms", reading.p50), ("p99Ms", reading.p99)] {
            guard let duration else { continue }
            let milliseconds = Double(duration.microseconds) / 1000
            object[name] = JSONNumber(decimal(milliseconds, milliseconds < 10 ? 2 : 0)).map { .number($0) }
        }
        return .object(object)
    }

    /// With so many decimals.
    private static func decimal(_ value: Double, _ places: Int) -> String {
        let scale = places == 2 ? 100.0 : 1
        let whole = Int64((value * scale).rounded())
        guard places == 2 else { return String(whole) }
        return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
    }
}
