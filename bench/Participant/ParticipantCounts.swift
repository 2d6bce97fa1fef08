import Core

/// What the participant has seen since it was started or reset, as `GET /stats` tells it.
struct ParticipantCounts: Sendable {
    /// Calls that came, answered or not.
    var calls = 0
    var answered = 0
    var inFlight = 0
    var inFlightPeak = 0
    /// All connections to its port, that of whoever asks included.
    var connections = 0
    var connectionsPeak = 0
    var callsPerSecondPeak = 0

    private static let members: [(String, any WritableKeyPath<ParticipantCounts, Int> & Sendable)] = [
        ("calls", \.calls), ("answered", \.answered), ("in_flight", \.inFlight), ("in_flight_peak", \.inFlightPeak),
        ("connections", \.connections), ("connections_peak", \.connectionsPeak),
        ("calls_per_second_peak", \.callsPerSecondPeak),
    ]

    init() {}

    var json: String { JSONText.object(Self.members.map { ($0.0, "\(self[keyPath: $0.1])") }) }

    init(parsing text: String) throws(BenchError) {
        guard let json = try? JSON(parsing: text) else { throw .argument("the participant answered: \(text)") }
        for (name, path) in Self.members {
            guard let value = json[name]?.int else { throw .argument("the participant tells no \(name)") }
            self[keyPath: path] = value
        }
    }
}
