import ArgumentParser
import Core

/// `saga simulate`: starts demo orders and waits for their ends.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts demo orders and tells what became of them.",
        discussion: """
            A share of the orders is declined, half for their amount and half for their goods, and is compensated. Progress \
            goes to standard error. Exit codes: 0 every order ended, 1 some could not be started, are lost, or had not \
            ended in time, 64 wrong usage, 69 the API can't be reached.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "How many orders.")
    var num = 100

    @Option(help: "How long each client pauses between two orders, as in 50ms.", transform: Durations.readOrZero)
    var delay = Duration.zero

    @Option(help: "How many clients start orders at once.")
    var concurrency = 10

    @Option(help: "The workflow; it gets an order as its input.")
    var workflow = "order-processing"

    @Option(help: "The share of orders that is declined: 0 to 1.")
    var failureShare = 0.3

    @Option(help: "How long to wait for the ends after the last start.", transform: Durations.read)
    var timeout = Duration.seconds(60)

    func validate() throws {
        guard (1...1_000_000).contains(num) else { throw ValidationError("--num lies within 1...1000000.") }
        guard (1...1000).contains(concurrency) else { throw ValidationError("--concurrency lies within 1...1000.") }
        guard (0...1).contains(failureShare) else { throw ValidationError("--failure-share lies within 0...1.") }
    }

    func run() async throws {
        let report = try await api.withClient(connections: concurrency + 2) { client in
            // One look before the load: an API that is not there should be told once, not a hundred times.
            _ = try await client.send(.get, "/v1/workflows/\(workflow.pathSegment)")
            let simulation = Simulation(
                client: client, workflow: workflow, orders: Orders(count: num, failureShare: failureShare),
                delay: delay, concurrency: concurrency, timeout: timeout)
            return try await simulation.run(Progress(total: num, isLive: Console.isWatched))
        }
        output.show(text: report.text(Paint(isOn: Console.isColoured)), json: report.json)
        if !report.isComplete { throw ExitCode.failure }
    }
}
