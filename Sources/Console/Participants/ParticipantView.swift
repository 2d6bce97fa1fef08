package import Core

/// A participant as the API shows it to whoever reads: of a shared one somebody of a tenant sees its name, and whether it is paused.
package struct ParticipantView: Sendable {
    package let name: String
    /// Whose it is: a tenant's id, or `*`.
    package let tenant: String
    /// Nil where no more of it is shown.
    package let url: String?
    package let maxConcurrent: Int?
    /// `perSecond` as it is written, and `burst`.
    package let rate: (perSecond: String, burst: Int)?
    package let headerNames: [String]
    /// Nil where it is switched off.
    package let breaker: (failures: Int, successes: Int, openFor: String)?
    package let signWith: [String]
    package let tls: (certificate: String?, key: String?, ca: String?)
    package let client: Client?
    package let secretsKey: String?
    package let updatedAt: Instant?
    package let pause: NowView.Pause?
    /// By engine, worst first.
    package let engines: [AtEngine]

    package struct Client: Sendable {
        package let tokenURL: String
        package let clientID: String
        /// The engines' secret that it names; nil where it is another.
        package let secret: String?
        package let scope: String?
        package let audience: String?
    }

    /// What one engine tells of it.
    package struct AtEngine: Sendable {
        package let id: String
        package var host: String?
        package var breaker: String?
        package var failures = 0
        package var opensFor: Duration?
        package var lastError: String?
        package var lastErrorAge: Duration?
        package var waiting = 0
        package var queued = 0
        package var held = 0
        package var lacks: String?
        package var inFlight: Int?
        /// Numbers as the engine has written them.
        package var perSecond: String?
        package var p50: String?
        package var p99: String?
        /// When the engine was heard of.
        package var at: Instant?

        var isOpen: Bool { breaker == "open" }
        var badness: Int { lacks != nil ? 4 : isOpen ? 3 : breaker == "halfOpen" ? 2 : failures > 0 ? 1 : 0 }

        init(_ id: String) { self.id = id }

        mutating func take(_ json: JSON) {
            host = json["host"]?.string ?? host
            at = json["at"]?.string.flatMap { Instant($0) } ?? at
            breaker = json["breaker"]?.string ?? breaker
            failures = json["failures"]?.int ?? failures
            opensFor = json["openMs"]?.int.map { .milliseconds($0) } ?? opensFor
            lastError = json["lastError"]?.string ?? lastError
            lastErrorAge = json["lastErrorAgeMs"]?.int.map { .milliseconds($0) } ?? lastErrorAge
            waiting = json["waiting"]?.int ?? waiting
            queued = json["queued"]?.int ?? queued
            held = json["held"]?.int ?? held
            lacks = json["lacks"]?.string ?? lacks
            inFlight = json["inFlight"]?.int ?? inFlight
            perSecond = json["perSecond"]?.text ?? perSecond
            p50 = json["p50Ms"]?.text ?? p50
            p99 = json["p99Ms"]?.text ?? p99
        }
    }

    package init?(_ json: JSON?) {
        guard let json, let name = json["name"]?.string else { return nil }
        self.name = name
        tenant = json["tenant"]?.string ?? "*"
        url = json["url"]?.string
        maxConcurrent = json["maxConcurrent"]?.int
        rate = json["rate"]?["perSecond"].map { ($0.text, json["rate"]?["burst"]?.int ?? 1) }
        headerNames = json["headerNames"]?.array?.compactMap(\.string) ?? []
        breaker = json["breaker"]?["failureThreshold"]?.int.map {
            ($0, json["breaker"]?["successThreshold"]?.int ?? 0, json["breaker"]?["openFor"]?.string ?? "")
        }
        signWith = json["signWith"]?.array?.compactMap(\.string) ?? []
        tls = (json["tls"]?["certificate"]?.string, json["tls"]?["key"]?.string, json["tls"]?["ca"]?.string)
        let oauth2 = json["auth"]?["oauth2"]
        client = oauth2?["tokenUrl"]?.string.map {
            Client(
                tokenURL: $0, clientID: oauth2?["clientId"]?.string ?? "", secret: oauth2?["clientSecret"]?.string,
                scope: oauth2?["scope"]?.string, audience: oauth2?["audience"]?.string)
        }
        secretsKey = json["secretsKey"]?.string
        updatedAt = json["updatedAt"]?.string.flatMap { Instant($0) }
        pause = NowView.Pause(json)
        var engines: [AtEngine] = []
        for told in (json["engines"]?.array ?? []) + (json["traffic"]?.array ?? []) {
            guard let id = told["id"]?.string else { continue }
            let place = engines.firstIndex { $0.id == id } ?? engines.endIndex
            if place == engines.endIndex { engines.append(AtEngine(id)) }
            engines[place].take(told)
        }
        self.engines = engines.sorted { (-$0.badness, $0.host ?? $0.id) < (-$1.badness, $1.host ?? $1.id) }
    }

    package var isShared: Bool { tenant == "*" }
    var open: Int { engines.count(where: \.isOpen) }
    var inFlight: Int { engines.compactMap(\.inFlight).reduce(0, +) }
    /// Calls that engines hold back, for whatever reason.
    var waiting: Int { engines.reduce(0) { $0 + $1.waiting + $1.queued + $1.held } }
    var lacks: String? { engines.lazy.compactMap(\.lacks).first }
    var lastError: String? { engines.lazy.compactMap(\.lastError).first }
    /// Of the engine for which it takes longest.
    var slowest: AtEngine? {
        engines.filter { $0.p99 != nil }.max { Double($0.p99 ?? "") ?? 0 < Double($1.p99 ?? "") ?? 0 }
    }
    /// Calls of all engines in a second, with two decimals at most.
    var perSecond: String? {
        let all = engines.compactMap { $0.perSecond.flatMap { Double($0) } }
        guard !all.isEmpty else { return nil }
        let hundredths = Int((all.reduce(0, +) * 100).rounded())
        if hundredths % 100 == 0 { return String(hundredths / 100) }
        if hundredths % 10 == 0 { return "\(hundredths / 100).\(hundredths % 100 / 10)" }
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    /// How it stands: shape, colour and word.
    var state: HTML {
        let (icon, tone, word): (Icon, String, String) =
            if pause != nil {
                (.paused, "quiet", "Paused")
            } else if lacks != nil {
                (.warning, "bad", "Can't be called")
            } else if open > 0 {
                (.warning, "bad", "Breaker open")
            } else if engines.contains(where: { $0.breaker == "halfOpen" }) {
                (.waiting, "busy", "Being tried again")
            } else if engines.contains(where: { $0.failures > 0 }) {
                (.unknown, "undo", "Fails now and then")
            } else if engines.contains(where: { $0.p50 != nil || ($0.inFlight ?? 0) > 0 }) {
                (.done, "good", "Answers")
            } else {
                (.pending, "quiet", url == nil ? "Shared" : "Not called lately")
            }
        return #"<span class="state \#(tone)">\#(icon.svg)\#(word)</span>"#
    }
}
