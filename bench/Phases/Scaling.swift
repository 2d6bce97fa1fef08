/// One engine and four, by turns, so that neither has the better moments of the machine.
struct Scaling: Encodable, Sendable {
    let rounds: [Beside<ClosedLoop, Detail>]

    struct Detail: Encodable, Sendable {
        let engines: Int
        let claims: Claims
    }
}

/// What engines tell of their claims, added up; nil is what they do not tell.
struct Claims: Encodable, Sendable {
    @Nullable var claims: Int?
    /// Found nothing.
    @Nullable var empty: Int?
    /// Found nothing because another engine was there.
    @Nullable var collided: Int?

    /// - Parameter exposition: of one engine or several, one after the other.
    init(in exposition: String) {
        var sums: [Substring: Double] = [:]
        for line in exposition.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let name = words.first?.prefix(while: { $0 != "{" }), let value = words.last.flatMap({ Double($0) })
            else { continue }
            sums[name, default: 0] += value
        }
        func sum(_ name: Substring) -> Int? { sums["outbox_claims_\(name)total"[...]].map { Int($0) } }
        self.init(claims: sum(""), empty: sum("empty_"), collided: sum("collided_"))
    }

    private init(claims: Int?, empty: Int?, collided: Int?) {
        (self.claims, self.empty, self.collided) = (claims, empty, collided)
    }

    /// Those since then.
    func since(_ before: Claims) -> Claims {
        Claims(
            claims: claims.map { $0 - (before.claims ?? 0) }, empty: empty.map { $0 - (before.empty ?? 0) },
            collided: collided.map { $0 - (before.collided ?? 0) })
    }
}

extension Session {
    func scaling() async throws -> Scaling {
        try await mainSystemGone()
        try await system.up("scaling")
        var rounds: [Beside<ClosedLoop, Scaling.Detail>] = []
        for _ in 0..<sizes.repeats {
            for engines in [1, 4] {
                try await system.stopEngines()
                for number in 1...engines { try await system.startEngine(number) }
                try await system.warmUp()
                try await system.query("CHECKPOINT")
                let before = try await claims(engines)
                let loop = try await system.closedLoop(sizes.halfRuns, engines: engines)
                let claims = try await claims(engines).since(before)
                rounds.append(Beside(figures: loop, detail: Scaling.Detail(engines: engines, claims: claims)))
            }
        }
        try await system.gone("scaling")
        return Scaling(rounds: rounds)
    }

    private func claims(_ engines: Int) async throws -> Claims {
        var exposition = ""
        for number in 1...engines { exposition += try await system.metrics(ofEngine: number) + "\n" }
        return Claims(in: exposition)
    }
}
