import ArgumentParser
import Core

/// `saga cluster`.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Shows the engines, what they carry, and what waits for them.",
        discussion: """
            With -o json as GET /health/cluster answers, with -o jsonl an engine on each line. Exit codes: 0 an engine is \
            alive, 2 none is, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let cluster = try await api.withClient { try await $0.send(.get, "/health/cluster").json }
        let engines = cluster["engines"]?.array ?? []
        switch output.output {
        case .json: Console.tell(cluster.text)
        case .jsonl: for engine in engines { Console.tell(engine.text) }
        case .text, .wide:
            Console.tell(Self.summary(cluster))
            if !engines.isEmpty { Console.tell("\n" + output.text(of: Self.table(engines))) }
        }
        if (cluster["liveEngines"]?.int ?? 0) == 0 { throw ExitCode.unwell }
    }

    private static func table(_ engines: [JSON]) -> Table {
        var table = Table(columns: [
            .init(title: "ENGINE"), .init(title: "HOST", shrinks: true),
            .init(title: "ALIVE", paint: { $0 == "yes" ? $1.green($0) : $1.red($0) }), .init(title: "RUNS"),
            .init(title: "HEARD OF"), .init(title: "VERSION"), .init(title: "STARTED", isWide: true),
            .init(title: "CLOCK", isWide: true),
        ])
        table.rows = engines.map { engine in
            let age = engine["heartbeatAgeMs"]?.int.map { Duration.milliseconds($0).readable + " ago" }
            return [
                engine["id"]?.string ?? "?", engine["host"]?.string ?? "?", engine["alive"] == true ? "yes" : "no",
                "\(engine["inFlight"]?.int ?? 0)", age ?? "?", engine["version"]?.string ?? "?",
                RunTimes.short(engine["startedAt"]), engine["clockOffsetMs"]?.int.map { "\($0) ms" } ?? "",
            ]
        }
        return table
    }

    private static func summary(_ cluster: JSON) -> String {
        let about = cluster["backlogIsEstimate"] == true ? "about " : ""
        let lag = Duration.milliseconds(cluster["lagMs"]?.int ?? 0).readable
        var lines = [
            "\(cluster["liveEngines"]?.int ?? 0) engines alive, \(about)\(cluster["backlog"]?.int ?? 0) runs due and held by "
                + "nobody, the oldest for \(lag)"
        ]
        let differing = cluster["settingsThatDiffer"]?.array?.compactMap(\.string) ?? []
        if !differing.isEmpty {
            lines.append("engines have these settings otherwise than others: \(differing.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }
}
