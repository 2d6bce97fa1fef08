package import Core
package import Postgres
import Synchronization

/// A definition can't be used: it is not there, or what is stored is none.
package enum DefinitionProblem: Error, Sendable, CustomStringConvertible {
    /// No such workflow or version.
    case unknown
    /// Every release of the workflow is deprecated.
    case onlyDeprecated
    /// What is stored does not parse (any more).
    case unreadable(String)
    /// The database could not be asked.
    case store(StoreError)

    package var description: String {
        switch self {
        case .unknown: "no such workflow definition"
        case .onlyDeprecated: "every release of the workflow is deprecated"
        case .unreadable(let reason): "the stored workflow definition is unreadable: \(reason)"
        case .store(let error): "\(error)"
        }
    }
}

/// Workflow definitions, parsed once: a registered version never changes, so it is kept for good (the least recently
/// loaded half is dropped beyond 2,000). What can change, which versions there are, of which owners, and which are deprecated, is
/// kept for a second.
package final class DefinitionStore: Sendable {
    private struct Cache {
        var definitions: [DefinitionID: WorkflowDefinition] = [:]
        var order: [DefinitionID] = []
        var releases: [Workflow: Releases] = [:]
    }
    /// All versions of a name of one owner.
    private struct Workflow: Hashable {
        let owner: Owner
        let name: String
    }

    /// Nothing older is given out.
    private static let oldest: Duration = .seconds(1)
    /// From this age on they are read anew, by one reader; the others need not wait for it.
    private static let stale: Duration = .milliseconds(800)

    private static let capacity = 2000
    private let pool: Pool
    private let cache = Mutex(Cache())

    /// - Parameter pool: any pool that may write when `register` is used.
    package init(pool: Pool) { self.pool = pool }

    /// A registered version.
    package func definition(_ id: DefinitionID) async throws(DefinitionProblem) -> WorkflowDefinition {
        if let known = cache.withLock({ $0.definitions[id] }) { return known }
        guard let row = try await read(FindDefinition(id)).first else { throw .unknown }
        let definition: WorkflowDefinition
        do { definition = try WorkflowDefinition(row.spec, owner: id.owner) } catch { throw .unreadable("\(error)") }
        cache.withLock { cache in
            if cache.definitions.updateValue(definition, forKey: id) == nil { cache.order.append(id) }
            guard cache.order.count > Self.capacity else { return }
            for old in cache.order.prefix(Self.capacity / 2) { cache.definitions[old] = nil }
            cache.order.removeFirst(Self.capacity / 2)
        }
        return definition
    }

    /// The definition that a run was started with: a registered version, or the calls after the end of its runs.
    package func definition(ofRun id: DefinitionID) async throws(DefinitionProblem) -> WorkflowDefinition {
        guard let registered = WorkflowDefinition.registered(id.name) else { return try await definition(id) }
        let workflow = DefinitionID(owner: id.owner, name: registered, version: id.version)
        guard let calls = try await definition(workflow).onEnd else { throw .unknown }
        return calls
    }

    /// What a run of a tenant is started with.
    ///
    /// - Parameter version: nil for the highest release that is not deprecated, as of at most a second ago: what another API
    ///   registered is seen by then.
    package func definition(
        _ name: String, version: String?, for tenantID: String
    ) async throws(DefinitionProblem) -> WorkflowDefinition {
        let (owner, releases) = try await releases(of: name, for: tenantID)
        guard let version else {
            guard let highest = releases.highest else { throw releases.isDeprecated ? .onlyDeprecated : .unknown }
            return try await definition(DefinitionID(owner: owner, name: name, version: highest.description))
        }
        do throws(DefinitionProblem) {
            return try await definition(DefinitionID(owner: owner, name: name, version: version))
        } catch {
            guard case .unknown = error else { throw error }
            // The tenant's first version of its own may have come since: what is named is found at once.
            let other = try await read(name, .shared, at: .now).owner(for: tenantID)
            guard other != owner else { throw error }
            return try await definition(DefinitionID(owner: other, name: name, version: version))
        }
    }

    /// The deprecation of a version, as of at most a second ago; nil when there is none.
    package func deprecation(of definition: WorkflowDefinition) async throws(DefinitionProblem) -> Deprecation? {
        try await releases(of: definition.name, definition.owner).deprecations[definition.versionText]
    }

    /// The pause of a workflow, as of at most a second ago; nil when there is none.
    package func pause(of definition: WorkflowDefinition) async throws(DefinitionProblem) -> WorkflowPause? {
        // Calls after the end are no starts.
        if definition.isOnEnd { return nil }
        return try await releases(of: definition.name, definition.owner).pause
    }

    /// Whether somebody may start any version of the workflow for one of these tenants, as of at most a second ago.
    package func isKnown(_ name: String, to tenants: TenantScope) async throws(DefinitionProblem) -> Bool {
        let shared = try await releases(of: name, .shared)
        if !shared.isEmpty { return true }
        return tenants.tenantID.map { shared.owners.contains($0) } ?? !shared.owners.isEmpty
    }

    /// The versions that a tenant uses, and whose they are. Of a tenant that uses the shared ones nothing is asked for itself.
    private func releases(
        of name: String, for tenantID: String
    ) async throws(DefinitionProblem) -> (Owner, Releases) {
        let shared = try await releases(of: name, .shared)
        let owner = shared.owner(for: tenantID)
        return owner == .shared ? (owner, shared) : (owner, try await releases(of: name, owner))
    }

    private func releases(of name: String, _ owner: Owner) async throws(DefinitionProblem) -> Releases {
        let now = ContinuousClock.now
        let workflow = Workflow(owner: owner, name: name)
        let known = cache.withLock { cache -> Releases? in
            guard let known = cache.releases[workflow] else { return nil }
            let age = now - known.readAt
            if age < Self.stale || (age < Self.oldest && known.isBeingRead) { return known }
            cache.releases[workflow]?.isBeingRead = true
            return nil
        }
        if let known { return known }
        return try await read(name, owner, at: now)
    }

    private func read(
        _ name: String, _ owner: Owner, at now: ContinuousClock.Instant
    ) async throws(DefinitionProblem) -> Releases {
        let rows = try await read(FindReleases(name: name, owner: owner))
        let found = Releases(rows, readAt: now)
        // Names nobody registered are not kept: clients can make up any number of them.
        if !rows.isEmpty { cache.withLock { $0.releases[Workflow(owner: owner, name: name)] = found } }
        return found
    }

    private func forget(_ name: String, _ owner: Owner) {
        cache.withLock { cache in
            cache.releases[Workflow(owner: owner, name: name)] = nil
            cache.releases[Workflow(owner: .shared, name: name)] = nil
        }
    }

    /// Deprecates a version; nil when there is no such version.
    package func deprecate(
        _ id: DefinitionID, by: String, reason: String?, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> Deprecation? {
        defer { forget(id.name, id.owner) }
        return try await read(DeprecateDefinition(id, by: by, reason: reason, origin: origin)).first
    }

    /// Takes a deprecation back; false when there is no such version.
    package func restore(
        _ id: DefinitionID, by: String, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> Bool {
        defer { forget(id.name, id.owner) }
        return !(try await read(RestoreDefinition(id, by: by, origin: origin))).isEmpty
    }

    /// Pauses a workflow of one owner; nil when there is none of that name.
    package func pause(
        _ name: String, of owner: Owner, by: String, reason: String, starts: WorkflowPause.Starts,
        origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> WorkflowPause? {
        defer { forget(name, owner) }
        let pause = PauseWorkflow(name: name, of: owner, by: by, reason: reason, starts: starts, origin: origin)
        return try await read(pause).first
    }

    /// Takes a pause back, and resumes runs that waited for it, the first `maxWoken` of them at once; engines see to the
    /// others. Nil when there is no workflow of that name and owner.
    ///
    /// - Returns: how many were resumed.
    package func resume(
        _ name: String, of owner: Owner, by: String, reason: String?, origin: CallOrigin = .unknown,
        maxWoken: Int = 10_000
    ) async throws(DefinitionProblem) -> Int? {
        defer { forget(name, owner) }
        let resume = ResumeWorkflow(name: name, of: owner, by: by, reason: reason, origin: origin)
        guard !(try await read(resume)).isEmpty else { return nil }
        var woken = 0
        while woken < maxWoken, let more = try await read(WakeHeldStarts()).first, more > 0 { woken += more }
        return woken
    }

    /// What became of a registration.
    package enum Registration: Sendable, Hashable {
        /// It is new.
        case created
        /// The same content was registered before.
        case identical
        /// This version has other content, and versions don't change.
        case conflict
    }

    /// Registers a version for its owner. Immutable from then on.
    /// - Parameter specHash: SHA-256 of `definition.canonicalBytes`.
    package func register(
        _ definition: WorkflowDefinition, specHash: [UInt8], by: String, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> Registration {
        let written = try await read(
            RegisterDefinition(definition, specHash: specHash, createdBy: by, origin: origin))
        forget(definition.name, definition.owner)
        if !written.isEmpty { return .created }
        let known = try await read(FindDefinition(definition.id))
        guard let known = known.first else { throw .unknown }
        return known.specHash == specHash ? .identical : .conflict
    }

    private func read<S: Statement>(_ statement: S) async throws(DefinitionProblem) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement) } catch {
            throw .store(StoreError(error))
        }
    }
}
