import Core
import NIOCore
import NIOPosix
import Postgres

/// Everything that is measured: Postgres, Redis, the participant, an API and engines. All on this machine, as in production
/// but for where they listen.
final class MeasuredSystem {
    let stack: Stack
    /// Milliseconds the participant holds every call, unless a phase wants it otherwise.
    let participantLatency: Int
    /// For requests that are made one by one.
    let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    private(set) var target: APITarget
    /// What starts are sent with, where the API asks for something.
    enum Credential { case key, token }

    /// Nil where it does not.
    let credential: Credential?
    private let issuer: BenchIssuer?
    let participant: ParticipantControl
    /// One line about what is measured on.
    let machine: String
    /// Of the database that API and engines use.
    private(set) var databaseURL = ""
    private let ports: Ports
    private let adminToken: String
    private var pids: [String: Int32]

    /// On 127.0.0.1, eight in a row; engines listen on the last four.
    private struct Ports {
        let postgres: Int
        var redis: Int { postgres + 1 }
        var api: Int { postgres + 2 }
        var participant: Int { postgres + 3 }
        var ops: Int { postgres + 4 }
    }

    /// Starts Postgres, Redis and the participant.
    init(participantLatency: Int = 0, credential: Credential? = nil) async throws {
        stack = try Stack()
        self.participantLatency = participantLatency
        self.credential = credential
        issuer = credential == .token ? try BenchIssuer(in: stack.folder) : nil
        ports = Ports(postgres: Int(try await stack.call("free_port", "8")) ?? 0)
        target = APITarget(port: ports.api)
        adminToken = (0..<32).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        try await stack.call("prepare_cluster")
        try await stack.call("start_postgres", "\(ports.postgres)")
        try await stack.call("start_redis", "\(ports.redis)")
        let port = "\(ports.participant)"
        let pid = try await stack.call(
            "start_ready", "participant", "http://127.0.0.1:\(port)/stats", "\(stack.programs)/sagaflow-bench",
            "participant", "--port", port)
        pids = ["participant": Int32(pid) ?? 0]
        pids["postgres"] = Int32(try await stack.call("pid_of", "postgres"))
        participant = try await ParticipantControl(port: ports.participant, on: loop)
        machine = try await stack.call("describe_machine")
    }

    /// Where a database of the measured Postgres is.
    func url(of database: String) -> String { "postgres://postgres@127.0.0.1:\(ports.postgres)/\(database)" }

    var participantPort: Int { ports.participant }

    /// Asks the server something, in another database than the measured one; the rows of the last statement.
    @discardableResult
    func query(_ sql: String, in database: String = "postgres") async throws -> [[String?]] {
        let connection = try await Connection.unlimited(url(of: database))
        let rows = try await connection.simpleQuery(sql)
        await connection.close()
        return rows
    }

    /// A process started here.
    func process(_ role: MeasuredProcess.Role, _ name: String? = nil) throws(BenchError) -> MeasuredProcess {
        let name = name ?? role.rawValue
        guard let pid = pids[name] else { throw .invalid("\(name) is not running") }
        return MeasuredProcess(role: role, pid: pid)
    }

    /// All whose CPU counts.
    func processes(engines: Int) throws(BenchError) -> [MeasuredProcess] {
        var all = [try process(.api), try process(.postgres), try process(.participant)]
        for number in 1...engines { all.append(try process(.engine, "engine-\(number)")) }
        return all
    }
}

extension MeasuredSystem {
    /// A new API on that database, which is made and migrated unless it is there, and no engine yet. The participant answers
    /// as it does without being told.
    ///
    /// - Parameter settings: of the API, besides.
    func up(_ database: String, _ settings: [String] = []) async throws {
        try await down()
        try await participant.setMode("hold=\(participantLatency)")
        try await make(database)
        databaseURL = url(of: database)
        try await start(
            "api", "http://127.0.0.1:\(ports.api)/ready", "sagaflow-api",
            [
                "REDIS_URL=redis://127.0.0.1:\(ports.redis)", "ADMIN_TOKENS=bench:\(adminToken)",
                // Half of the connections may come from one address, and all load does.
                "CONNECTIONS=16000", "HOST=127.0.0.1", "PORT=\(ports.api)",
                "AUTH=\(credential == nil ? "open" : "required")",
            ] + settings + (issuer.map { ["JWT_ISSUERS_FILE=\($0.file)"] } ?? []))
        let participant: JSON = ["url": .string("http://127.0.0.1:\(ports.participant)")]
        try await admin("PUT", "/v1/admin/participants/\(BenchWorkflow.participant)", participant)
        try await register(BenchWorkflow.definition)
        target.key = issuer?.token
        if credential == .key {
            let made = try await admin("POST", "/v1/admin/api-keys", ["name": "bench", "roles": ["starter"]])
            target.key = made["key"]?.string
        }
    }

    /// A definition, beside the one that everything else runs.
    func register(_ definition: JSON) async throws { try await admin("POST", "/v1/admin/workflows", definition) }

    /// An empty database, unless it is there.
    /// A tenant of its own weight.
    func putTenant(_ id: String, _ tenant: JSON) async throws {
        try await admin("PUT", "/v1/admin/tenants/\(id)", tenant)
    }

    func create(_ database: String) async throws {
        guard try await query("SELECT 1 FROM pg_database WHERE datname = '\(database)'").isEmpty else { return }
        try await query("CREATE DATABASE \"\(database)\"")
    }

    /// A migrated database.
    func make(_ database: String) async throws {
        try await create(database)
        try await stack.call("migrate", url(of: database))
    }

    /// Logs in to the console as an administrator; the cookie of the login.
    func logIn(_ connection: HTTPConnection) async throws -> String {
        let page = try await connection.get("/console/login", host: "localhost")
        guard let first = page.cookie, let token = page.body.firstMatch(of: #/name="token" value="([^"]+)"/#)?.output.1
        else {
            throw BenchError.invalid("there is no page to log in: \(page.status)")
        }
        let form = "token=\(token)&credential=\(adminToken)"
        let reply = try await connection.send(
            ByteBuffer(
                string:
                    "POST /console/login HTTP/1.1\r\nhost: localhost:\(ports.api)\r\ncookie: \(first)\r\nsec-fetch-site: same-origin\r\n"
                    + "content-type: application/x-www-form-urlencoded\r\ncontent-length: \(form.utf8.count)\r\n\r\n\(form)"
            ))
        guard reply.status == 303, let cookie = reply.cookie else {
            throw BenchError.refused(status: reply.status, body: reply.body)
        }
        return cookie
    }

    func startEngine(_ number: Int = 1, flags: [String] = []) async throws {
        let port = ports.ops + number - 1
        try await start(
            "engine-\(number)", "http://127.0.0.1:\(port)/ready", "sagaflow-engine",
            ["OPS_HOST=127.0.0.1", "OPS_PORT=\(port)"], flags)
    }

    func stopEngines() async throws {
        for name in pids.keys.sorted() where name.hasPrefix("engine") {
            try await stack.call("stop_process", name)
            pids[name] = nil
        }
    }

    /// Stops the engines and the API; what they leave in the database stays.
    func down() async throws {
        try await stopEngines()
        guard pids["api"] != nil else { return }
        try await stack.call("stop_process", "api")
        pids["api"] = nil
    }

    /// Stops them and drops their database, so that the next phase does not pay for it.
    func gone(_ database: String) async throws {
        try await down()
        try await drop(database)
        try await query("CHECKPOINT")
    }

    func drop(_ database: String) async throws {
        try await query("DROP DATABASE IF EXISTS \"\(database)\" WITH (FORCE)")
    }

    /// Postgres anew, with these settings besides the usual ones.
    func restartPostgres(_ settings: [String: String] = [:]) async throws {
        try await query("ALTER SYSTEM RESET ALL")
        for (name, value) in settings { try await query("ALTER SYSTEM SET \(name) = '\(value)'") }
        // All that is dirty is written here: a server that is told to stop has little time for it.
        try await query("CHECKPOINT")
        try await stack.call("stop_process", "postgres", with: "STOP_SECONDS=120")
        try await stack.call("start_postgres", "\(ports.postgres)")
        pids["postgres"] = Int32(try await stack.call("pid_of", "postgres"))
    }

    /// What an engine exposes.
    func metrics(ofEngine number: Int) async throws -> String {
        let connection = try await HTTPConnection(port: ports.ops + number - 1, on: loop)
        let reply = try await connection.get("/metrics")
        try await connection.close()
        guard reply.status == 200 else { throw BenchError.invalid("engine \(number) tells no metrics") }
        return reply.body
    }

    /// Measured as it runs in production: JSON logs at info, and one trace in a hundred exported (to the participant, which
    /// answers everything at once).
    private func start(
        _ name: String, _ ready: String, _ program: String, _ variables: [String], _ flags: [String] = []
    ) async throws {
        let common = [
            "DATABASE_URL=\(databaseURL)", "PARTICIPANT_ALLOW=127.0.0.0/8", "LOG_LEVEL=info", "LOG_FORMAT=json",
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:\(ports.participant)",
            "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.01",
        ]
        let command = ["env"] + common + variables + ["\(stack.programs)/\(program)"] + flags
        pids[name] = Int32(try await stack.call(["start_ready", name, ready] + command))
    }

    @discardableResult
    private func admin(_ method: String, _ path: String, _ body: JSON) async throws -> JSON {
        let connection = try await HTTPConnection(port: ports.api, on: loop)
        let reply = try await connection.send(
            HTTPConnection.request(
                method, path, headers: "X-Admin-Token: \(adminToken)\r\n", body: body, port: ports.api))
        try await connection.close()
        guard 200..<300 ~= reply.status else {
            throw BenchError.disobeyed("\(method) \(path) was refused with \(reply.status): \(reply.body)")
        }
        return try JSON(parsing: reply.body)
    }
}
