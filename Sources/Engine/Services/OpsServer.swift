import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Answers whether the engine lives (`/health`) and can work (`/ready`: the database answers and has the schema), and `/metrics`.
func opsServer(
    _ configuration: EngineConfiguration, database: Database, table: RunTable, metrics: MetricsRegistry, logger: Logger
) -> some Service {
    let router = Router()
    for path in ["/health", "/health/live"] {
        router.get("\(path)") { _, _ in json(.ok, #"{"status":"up"}"#) }
    }
    router.get("/metrics") { _, _ in
        Response(
            status: .ok, headers: [.contentType: MetricsRegistry.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: await metrics.exposition())))
    }
    let postgres = database.makeProbe()
    for path in ["/ready", "/health/ready"] {
        router.get("\(path)") { _, _ in
            switch await postgres.value(within: .seconds(2)) ?? .noAnswer {
            case .ready: json(.ok, #"{"status":"ready","runsInFlight":\#(table.count)}"#)
            case .noSchema: json(.serviceUnavailable, #"{"status":"not ready","missing":["schema"]}"#)
            case .noAnswer: json(.serviceUnavailable, #"{"status":"not ready","missing":["postgres"]}"#)
            }
        }
    }
    return Application(
        router: router,
        configuration: .init(
            address: .hostname(configuration.opsHost, port: configuration.opsPort), serverName: "sagaflow-engine"),
        logger: logger)
}

private func json(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(
        status: status, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
}
