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
        let owner = try ParticipantOwner(request, context)
        let rows = try await database.reads.participants(visibleTo: owner.owner)
        let engines = try await database.reads.execute(ListEngines())
        let shown = rows.map { JSON.object(Self.shown($0, engines, to: owner, context)) }
        return .json(.ok, ["participants": .array(shown)])
    }

    @Sendable private func get(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let (name, owner) = (try Self.name(context), try ParticipantOwner(request, context))
        let found = FindVisibleParticipants(to: owner.owner, name: name)
        guard let row = try await database.reads.execute(found).first else { throw Self.unknown }
        let engines = try await database.reads.execute(ListEngines())
        return .json(.ok, .object(Self.shown(row, engines, to: owner, context)))
    }

    @Sendable private func put(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let participant = try ParticipantOwner(request, context).participant(try Self.name(context))
        let json = try await body.json(request)
        let keeps = KeptSecrets.areWanted(by: json)
        // Where another has changed it just then it is read again: what stays is what stands there.
        for _ in 0..<3 {
            let before = keeps ? try await registered(participant) : nil
            let asked = try ParticipantRequest(json, of: participant, rules: rules, secrets: secrets, before: before)
            for (pointer, host) in asked.hosts { try await checkAddresses(of: host, at: pointer, context) }
            let written = try await database.writes.execute(
                PutParticipant(
                    participant, url: asked.url, maxConcurrent: asked.maxConcurrent, headers: .object(asked.headers),
                    breaker: asked.breaker, signWith: asked.signWith, tls: asked.tls, client: asked.client,
                    secretsKey: asked.secretsKey, updatedBy: context.principal.name,
                    origin: context.origin, rate: asked.rate, unchangedSince: before?.updatedAt))
            guard let isNew = written.first else {
                if keeps { continue }
                throw Problem(
                    .tenantLimit,
                    "There are \(StoredParticipant.mostOfTenant) participants of this tenant, or \(StoredParticipant.most) of all, "
                        + "and no more can be registered.")
            }
            context.logger.info("participant registered", metadata: Self.metadata(participant, context))
            let shown = Self.shown(
                participant, asked.url, asked.maxConcurrent, Array(asked.headers.keys), asked.breaker, asked.signWith,
                asked.tls, asked.client, asked.secretsKey, asked.rate)
            return .json(isNew ? .created : .ok, .object(shown))
        }
        throw Problem(.overloaded, "Others keep changing this participant. Try again.", headers: [.retryAfter: "1"])
    }

    /// As it stands now; nil when there is none of this very owner.
    private func registered(_ participant: ParticipantID) async throws(PostgresError) -> StoredParticipant? {
        let found = FindVisibleParticipants(to: participant.owner, name: participant.name)
        return try await database.writes.execute(found).first { $0.id == participant }
    }

    @Sendable private func delete(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let (name, owner) = (try Self.name(context), try ParticipantOwner(request, context))
        let participant = owner.participant(name)
        let gone = try await database.writes.execute(
            DeleteParticipant(participant, deletedBy: context.principal.name, origin: context.origin))
        guard !gone.isEmpty else { throw try await owner.absence(of: name, database) }
        context.logger.info("participant removed", metadata: Self.metadata(participant, context))
        return Response(status: .noContent)
    }

    /// What logs say of a change: whose participant it is, and who made it.
    static func metadata(_ participant: ParticipantID, _ context: APIContext) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["participant": "\(participant.name)", "by": "\(context.principal.name)"]
        if let tenantID = participant.owner.tenantID { metadata["tenant"] = "\(tenantID)" }
        return metadata
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
        _ id: ParticipantID, _ url: String, _ maxConcurrent: Int?, _ headerNames: [String], _ breaker: BreakerPolicy?,
        _ signWith: [String], _ tls: ParticipantTLS?, _ client: OAuth2Client?, _ secretsKey: String?,
        _ rate: CallRate?
    ) -> JSONObject {
        [
            "name": .string(id.name), "tenant": .string(id.owner.name), "url": .string(url),
            "maxConcurrent": maxConcurrent.map { JSON($0) } ?? .null,
            "rate": rate?.json ?? .null,
            "headerNames": .array(headerNames.map { .string($0) }), "breaker": breaker?.json ?? .bool(false),
            "signWith": .array(signWith.map { .string($0) }), "tls": tls?.json ?? .null,
            "auth": client?.shown ?? .null, "secretsKey": JSON(secretsKey),
        ]
    }

    /// With what each engine that lives told of it in its last heartbeat; engines for which all is well tell nothing. Of a shared one
    /// tenants see that it is there, and whether it is paused.
    private static func shown(
        _ row: StoredParticipant, _ engines: [ListEngines.Row], to owner: ParticipantOwner, _ context: APIContext
    ) -> JSONObject {
        guard owner.showsAll(of: row.id) else {
            return [
                "name": .string(row.name), "tenant": .string(row.id.owner.name), "paused": row.pause?.json ?? .null,
            ]
        }
        var object = shown(
            row.id, row.url, row.maxConcurrent, row.headers.map(\.name), row.breaker, row.signWith, row.tls,
            row.client, row.secretsKey, row.rate)
        object["updatedAt"] = RunJSON.time(row.updatedAt)
        object["paused"] = row.pause?.json ?? .null
        let seesHosts = context.principal.permissions.contains(.readCluster)
        func told(_ part: (ListEngines.Row) -> JSON?) -> JSON {
            .array(
                engines.compactMap { engine in
                    guard engine.isAlive, let told = part(engine)?.object else { return nil }
                    var shown: JSONObject = ["id": .string(engine.engineID.description)]
                    if seesHosts { shown["host"] = .string(engine.host) }
                    shown["at"] = RunJSON.time(engine.heartbeatAt)
                    for (key, value) in told.members { shown[key] = value }
                    return .object(shown)
                })
        }
        object["engines"] = told { $0.told(of: row.id) }
        object["traffic"] = told { $0.traffic(of: row.id) }
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

extension ListEngines.Row {
    /// What the engine told of a participant in its last heartbeat; nil where all is well.
    func told(of participant: ParticipantID) -> JSON? {
        switch participant.owner {
        case .shared: report["participants"]?[participant.name]
        case .tenant(let tenantID): report["tenantParticipants"]?[tenantID]?[participant.name]
        }
    }

    /// What the engine told of its calls to a participant; nil where there were none lately.
    func traffic(of participant: ParticipantID) -> JSON? {
        switch participant.owner {
        case .shared: report["traffic"]?[participant.name]
        case .tenant(let tenantID): report["tenantTraffic"]?[tenantID]?[participant.name]
        }
    }
}
