import Core
import HTTPTypes
import Hummingbird
import Logging
import Participants
import Postgres
import Storage

/// The participants definitions may name: where they are, and what every call to them carries.
struct ParticipantRoutes: Sendable {
    let database: Database
    let body: BodyReader
    let rules: AddressRules
    let lookup: HostLookup
    let secrets: SecretPolicy

    var routes: [Route] {
        [
            Route(.get, "/v1/admin/participants", needs: .readParticipants, counted: .call, list),
            Route(.get, "/v1/admin/participants/:name", needs: .readParticipants, counted: .call, get),
            Route(.put, "/v1/admin/participants/:name", needs: .writeParticipants, counted: .call, put),
            Route(.delete, "/v1/admin/participants/:name", needs: .writeParticipants, counted: .call, delete),
        ]
    }

    @Sendable private func list(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let rows = try await database.reads.execute(FindParticipants())
        let engines = try await database.reads.execute(ListEngines())
        return .json(.ok, ["participants": .array(rows.map { .object(Self.shown($0, engines)) })])
    }

    @Sendable private func get(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let name = try Self.name(context)
        guard let row = try await database.reads.execute(FindParticipants(name: name)).first else {
            throw Self.unknown
        }
        let engines = try await database.reads.execute(ListEngines())
        return .json(.ok, .object(Self.shown(row, engines)))
    }

    @Sendable private func put(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let name = try Self.name(context)
        let asked = try ParticipantRequest(try await body.json(request), of: name, rules: rules, secrets: secrets)
        for (pointer, host) in asked.hosts { try await checkAddresses(of: host, at: pointer, context) }
        let written = try await database.writes.execute(
            PutParticipant(
                name: name, url: asked.url, maxConcurrent: asked.maxConcurrent, headers: .object(asked.headers),
                breaker: asked.breaker, signWith: asked.signWith, tls: asked.tls, client: asked.client,
                secretsKey: asked.secretsKey, updatedBy: context.principal.name,
                origin: context.origin, rate: asked.rate))
        context.logger.info(
            "participant registered", metadata: ["participant": "\(name)", "by": "\(context.principal.name)"])
        let shown = Self.shown(
            name, asked.url, asked.maxConcurrent, Array(asked.headers.keys), asked.breaker, asked.signWith,
            asked.tls, asked.client, asked.secretsKey, asked.rate)
        return .json(written.first == true ? .created : .ok, .object(shown))
    }

    @Sendable private func delete(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let name = try Self.name(context)
        let gone = try await database.writes.execute(
            DeleteParticipant(name: name, deletedBy: context.principal.name, origin: context.origin))
        guard !gone.isEmpty else { throw Self.unknown }
        context.logger.info(
            "participant removed", metadata: ["participant": "\(name)", "by": "\(context.principal.name)"])
        return Response(status: .noContent)
    }

    /// Refuses a host none of whose addresses may be called. A name that can't be looked up is accepted: it may be
    /// known only where engines are, or later, and engines judge the addresses again at every connection.
    private func checkAddresses(
        of host: String, at pointer: JSONPointer, _ context: APIContext
    ) async throws(Problem) {
        do throws(ParticipantsError) {
            _ = try rules.permitted(try await lookup.addresses(of: host), of: host)
        } catch {
            guard case .refusedAddress(let sentence) = error else {
                context.logger.notice("a participant's address is not known here", metadata: ["reason": "\(error)"])
                return
            }
            throw .content(pointer, sentence)
        }
    }

    /// Values of headers are never shown.
    private static func shown(
        _ name: String, _ url: String, _ maxConcurrent: Int?, _ headerNames: [String], _ breaker: BreakerPolicy?,
        _ signWith: [String], _ tls: ParticipantTLS?, _ client: OAuth2Client?, _ secretsKey: String?,
        _ rate: CallRate?
    ) -> JSONObject {
        [
            "name": .string(name), "url": .string(url), "maxConcurrent": maxConcurrent.map { JSON($0) } ?? .null,
            "rate": rate?.json ?? .null,
            "headerNames": .array(headerNames.map { .string($0) }), "breaker": breaker?.json ?? .bool(false),
            "signWith": .array(signWith.map { .string($0) }), "tls": tls?.json ?? .null,
            "auth": client?.shown ?? .null, "secretsKey": JSON(secretsKey),
        ]
    }

    /// With what each engine that lives told of it in its last heartbeat; engines for which all is well tell nothing.
    private static func shown(_ row: StoredParticipant, _ engines: [ListEngines.Row]) -> JSONObject {
        var object = shown(
            row.name, row.url, row.maxConcurrent, row.headers.map(\.name), row.breaker, row.signWith, row.tls,
            row.client, row.secretsKey, row.rate)
        object["updatedAt"] = RunJSON.time(row.updatedAt)
        object["paused"] = row.pause?.json ?? .null
        object["engines"] = .array(
            engines.compactMap { engine in
                guard engine.isAlive, let told = engine.report["participants"]?[row.name]?.object else { return nil }
                var shown: JSONObject = [
                    "id": .string(engine.engineID.description), "host": .string(engine.host),
                    "at": RunJSON.time(engine.heartbeatAt),
                ]
                for (key, value) in told.members { shown[key] = value }
                return .object(shown)
            })
        return object
    }

    /// The participant in the path, by the rule definitions have for its name.
    static func name(_ context: APIContext) throws(Problem) -> String {
        let name = try context.pathText("name")
        guard Name.isValid(name) else { throw Problem(.invalidParameter, Name.rule()) }
        return name
    }

    static var unknown: Problem { Problem(.unknownParticipant, "No participant has this name.") }
}
