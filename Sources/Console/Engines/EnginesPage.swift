package import Core

/// The engines there are, as `/health/cluster` tells of them.
package struct ClusterView: Sendable {
    package let engines: [Engine]
    package let liveEngines: Int
    package let settingsThatDiffer: [String]
    package let backlog: Int
    package let isEstimate: Bool
    package let lag: Duration
    /// How far the database's clock is ahead of the answering API's.
    package let clockOffset: Duration?

    package struct Engine: Sendable {
        package let id: String
        package let host: String
        package let version: String
        package let startedAt: Instant?
        package let heartbeatAt: Instant?
        package let heartbeatAge: Duration
        package let inFlight: Int
        package let isAlive: Bool
        package let clockOffset: Duration?
        package let hasPublicURL: Bool?
        /// A digest of each setting that all must have alike.
        package let settings: [String: String]
    }

    package init?(_ json: JSON) {
        guard let live = json["liveEngines"]?.int, let backlog = json["backlog"]?.int else { return nil }
        (liveEngines, self.backlog) = (live, backlog)
        isEstimate = json["backlogIsEstimate"]?.bool ?? false
        lag = .milliseconds(json["lagMs"]?.int ?? 0)
        settingsThatDiffer = json["settingsThatDiffer"]?.array?.compactMap(\.string) ?? []
        clockOffset = Self.offset(json["clockOffsetMs"])
        engines = (json["engines"]?.array ?? []).compactMap { engine in
            guard let id = engine["id"]?.string else { return nil }
            let settings = engine["settings"]?.object?.members ?? []
            return Engine(
                id: id, host: engine["host"]?.string ?? "", version: engine["version"]?.string ?? "",
                startedAt: engine["startedAt"]?.string.flatMap { Instant($0) },
                heartbeatAt: engine["heartbeatAt"]?.string.flatMap { Instant($0) },
                heartbeatAge: .milliseconds(engine["heartbeatAgeMs"]?.int ?? 0),
                inFlight: engine["inFlight"]?.int ?? 0, isAlive: engine["alive"]?.bool ?? false,
                clockOffset: Self.offset(engine["clockOffsetMs"]), hasPublicURL: engine["hasPublicUrl"]?.bool,
                settings: settings.reduce(into: [:]) { all, member in all[member.key] = member.value.string })
        }
    }

    private static func offset(_ json: JSON?) -> Duration? {
        guard let text = json?.text, let milliseconds = Double(text), abs(milliseconds) < 1e12 else { return nil }
        return .microseconds(Int64((milliseconds * 1000).rounded()))
    }
}

/// Engines: which there are, how they do, and how far behind they are together.
package struct EnginesPage: Sendable {
    let cluster: ClusterView
    let frame: Frame

    package init(_ cluster: ClusterView, _ frame: Frame) {
        self.cluster = cluster
        self.frame = frame
    }

    /// A clock that is so far off is worth a word.
    private static let farOff = Duration.seconds(1)
    /// What has been due for so long is late.
    private static let late = Duration.seconds(60)

    package var html: HTML {
        frame.page(
            "Engines", in: .engines, live: .every(5),
            #"""
            <div class="title"><h1>Engines</h1></div>
            <p>They take up what is due, call participants, and write down what became of it. Any of them may go at any time: another one goes on.</p>
            <div id="engines" data-live>\#(notices)\#(cards)\#(table)\#(dead)\#(differences)</div>
            """#)
    }

    private var alive: [ClusterView.Engine] { cluster.engines.filter(\.isAlive) }
    private var versions: [String] { Set(alive.map(\.version)).sorted() }

    private var notices: HTML {
        var notices: [HTML] = []
        if cluster.liveEngines == 0 {
            notices.append(
                #"""
                <div class="notice bad" role="alert">\#(Icon.warning.svg)<div><p><b>No engine is alive.</b> Starts are accepted and stored, and nothing happens until one runs. Start one with the same database:</p>
                \#(Part.copied("DATABASE_URL=postgres://… sagaflow-engine", id: "start-engine"))
                <p>Where one should run, look at its log: it says what it lacks. <code>saga doctor</code> tries the database.</p></div></div>
                """#)
        } else if cluster.backlog > 0, cluster.lag > Self.late {
            notices.append(
                Part.notice(
                    Notice(
                        "Engines don't keep up: what is due waits for \(Part.duration(cluster.lag)). Start another engine, or see which participant holds them up.",
                        isProblem: true)))
        }
        if versions.count > 1 {
            notices.append(
                Part.notice(
                    Notice(
                        "Engines of several versions are alive (\(versions.joined(separator: ", "))): an update is under way."
                    )))
        }
        return notices.joined()
    }

    private var cards: HTML {
        let backlog: HTML = "\(if: cluster.isEstimate, "about ")\(Part.number(cluster.backlog))"
        let clock: HTML? = cluster.clockOffset.map(offset)
        return #"""
            <dl class="cards"><div class="card"><dt>Engines alive</dt><dd>\#(Part.number(cluster.liveEngines))</dd></div>
            <div class="card"><dt>Due and not taken up</dt><dd>\#(backlog)</dd></div>
            <div class="card"><dt>Oldest due for</dt><dd>\#(cluster.backlog == 0 ? "–" : Part.duration(cluster.lag))</dd></div>
            <div class="card"><dt>Runs in hand</dt><dd>\#(Part.number(alive.reduce(0) { $0 + $1.inFlight }))</dd></div>
            <div class="card"><dt>The database's clock, seen from this API</dt><dd>\#(clock ?? "–")</dd></div></dl>
            """#
    }

    private func offset(_ offset: Duration) -> HTML {
        let far = offset > Self.farOff || offset < .zero - Self.farOff
        let (ahead, size) = (offset >= .zero, offset < .zero ? .zero - offset : offset)
        let text: HTML = size < .milliseconds(1) ? "the same" : "\(Part.duration(size)) \(ahead ? "ahead" : "behind")"
        return far ? #"<span class="state bad">\#(Icon.warning.svg)\#(text)</span>"# : text
    }

    private var table: HTML {
        let rows = alive.map { engine -> HTML in
            let clock: HTML = engine.clockOffset.map(offset) ?? "–"
            let url: HTML = engine.hasPublicURL.map { $0 ? "yes" : "no" } ?? "–"
            return #"""
                <tr><th scope="row">\#(engine.host)<span class="under">\#(Part.short(engine.id))</span></th><td data-name="State"><span class="state good">\#(Icon.done.svg)Alive</span></td><td data-name="In hand">\#(Part.number(engine.inFlight))</td><td data-name="Version">\#(engine.version)</td>
                <td data-name="Started">\#(Part.time(engine.startedAt, isRelative: true))</td><td data-name="Heard of">\#(Part.duration(engine.heartbeatAge)) ago</td><td data-name="Database's clock">\#(clock)</td><td data-name="Can be called back">\#(url)</td></tr>
                """#
        }
        guard !rows.isEmpty else { return .empty }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Engines"><table class="stacked"><thead><tr><th scope="col">Engine</th><th scope="col">State</th><th scope="col">Runs in hand</th><th scope="col">Version</th><th scope="col">Started</th><th scope="col">Heard of</th><th scope="col">Database’s clock</th><th scope="col">Can be called back</th></tr></thead><tbody>\#(rows)</tbody></table></div>
            """#
    }

    private var dead: HTML {
        let dead = cluster.engines.filter { !$0.isAlive }
        guard !dead.isEmpty else { return .empty }
        let rows = dead.map { engine -> HTML in
            #"""
            <li><b>\#(engine.host)</b>\#(Part.short(engine.id))<span class="state bad">\#(Icon.warning.svg)Gives no sign of life</span><span>last heard of \#(Part.time(engine.heartbeatAt, isRelative: true))</span><span class="quiet">version \#(engine.version)</span></li>
            """#
        }
        return #"""
            <section aria-labelledby="dead"><h2 id="dead">Gone without a word</h2><ul class="list">\#(rows)</ul>
            <p class="quiet">What they had in hand is taken over when their leases run out; attempts that were under way are made again, under the same key. A row goes by itself after a while. An engine that is stopped says so, and is not here.</p></section>
            """#
    }

    private var differences: HTML {
        guard !cluster.settingsThatDiffer.isEmpty else { return .empty }
        let rows = cluster.settingsThatDiffer.map { name -> HTML in
            var groups: [(digest: String, hosts: [String])] = []
            for engine in alive {
                guard let digest = engine.settings[name] else { continue }
                let place = groups.firstIndex { $0.digest == digest } ?? groups.endIndex
                if place == groups.endIndex { groups.append((digest, [])) }
                groups[place].hosts.append("\(engine.host) (\(engine.id.suffix(6)))")
            }
            let sides = groups.map { "<li>\($0.hosts.joined(separator: ", "))</li>" as HTML }
            return #"""
                <article class="group"><div><h3><code>\#(name)</code></h3><p>\#(Self.meaning(name))</p><p class="quiet">Those on one line have it alike:</p><ul>\#(sides)</ul></div></article>
                """#
        }
        return #"""
            <section aria-labelledby="differ"><h2 id="differ">Settings that differ and must not</h2>\#(rows)
            <p class="quiet">While a new configuration is rolled out that is so for a while. Nothing is refused because of it.</p></section>
            """#
    }

    /// What comes of engines that have it otherwise.
    private static func meaning(_ setting: String) -> String {
        switch setting {
        case "RETENTION": "How long runs are kept that are over. The shortest deletes for all."
        case "AUDIT_RETENTION": "How long the audit is kept. The shortest deletes for all."
        case "LEASE": "How long a run waits for an engine that died: now that depends on which one died."
        case "PARTICIPANT_ALLOW":
            "Where participants may be. A call is possible from one engine and refused by another."
        case "PARTICIPANT_CA_FILE":
            "Whose certificates participants may have. A call is possible from one engine and refused by another."
        case "LOG_SENSITIVE": "Whether logs hold payloads. What one engine hides another logs."
        default: "It decides what becomes of a run, whichever engine has it."
        }
    }
}
