import ArgumentParser
import Core
import NIOCore
import NIOPosix

/// `latency`: an idle system gets a start now and then; how long until it is accepted, and until its run is terminal.
///
/// Terminal is when others can see it: another database session asks every half millisecond until it reads COMPLETED.
/// So the last commit with its fsync is part of the figure, and so is up to half a millisecond of asking.
struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency", abstract: "Starts runs at a low rate and measures each.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "Starts a second.")
    var rate = 10.0
    @Option(help: "Seconds to go on for, after one that is not counted.")
    var seconds = 20.0

    private struct Sample: Sendable {
        let accept: Double
        let finish: Double
    }

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let client = try await HTTPConnection(port: target.port, on: loop)
        let warmUps = Int(rate)
        let total = warmUps + Int((rate * seconds).rounded())
        var samples: [Sample] = []
        let clock = ContinuousClock()
        let begin = clock.now
        for number in 0..<total {
            try await clock.sleep(until: begin + .seconds(Double(number) / rate))
            let sample = try await measure(client, database)
            if number >= warmUps { samples.append(sample) }
        }
        try await client.close()
        print(
            JSONText.object([
                ("runs", "\(samples.count)"),
                ("accept_ms", Percentiles(samples.map(\.accept)).json),
                ("finish_ms", Percentiles(samples.map(\.finish)).json),
            ]))
    }

    private func measure(_ client: HTTPConnection, _ database: BenchDatabase) async throws -> Sample {
        let reply = try await client.send(target.startRequest)
        guard reply.status == 202, let id = try JSON(parsing: reply.body)["runId"]?.string.flatMap({ RunID($0) })
        else { throw BenchError.refused(status: reply.status, body: reply.body) }
        let finishedAt = try await database.connection.watch(id, until: reply.sentAt + .seconds(10))
        return Sample(
            accept: (reply.receivedAt - reply.sentAt).milliseconds,
            finish: (finishedAt - reply.sentAt).milliseconds)
    }
}
