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
/// loaded half is dropped beyond 2,000). What can change, which versions there are and which are deprecated, is kept for a
/// second.
package final class DefinitionStore: Sendable {
    private struct VersionKey: Hashable {
        let name: String
        let version: String
    }
    private struct Cache {
        var definitions: [VersionKey: WorkflowDefinition] = [:]
        var order: [VersionKey] = []
        var releases: [String: Releases] = [:]
    }
    /// The versions of one workflow, as they were a moment ago.
    private struct Releases {
        /// What a start without a version takes; nil when there are only prereleases and deprecated versions.
        let highest: SemanticVersion?
        /// There are releases, but all of them are deprecated.
        let isDeprecated: Bool
        /// There is not a single version.
        let isEmpty: Bool
        let deprecations: [String: Deprecation]
        let pause: WorkflowPause?
        let readAt: ContinuousClock.Instant
        /// Somebody reads them anew.
        var isBeingRead = false
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
    package func definition(
        _ name: String, version: String
    ) async throws(DefinitionProblem) -> WorkflowDefinition {
        let key = VersionKey(name: name, version: version)
        if let known = cache.withLock({ $0.definitions[key] }) { return known }
        guard let row = try await read(FindDefinition(name: name, version: version)).first else { throw .unknown }
        let definition: WorkflowDefinition
        do { definition = try WorkflowDefinition(row.spec) } catch { throw .unreadable("\(error)") }
        cache.withLock { cache in
            if cache.definitions.updateValue(definition, forKey: key) == nil { cache.order.append(key) }
            guard cache.order.count > Self.capacity else { return }
            for old in cache.order.prefix(Self.capacity / 2) { cache.definitions[old] = nil }
            cache.order.removeFirst(Self.capacity / 2)
        }
        return definition
    }

    /// The definition of a run: a registered version, or the calls after the end of its runs.
    package func definition(
        ofRun name: String, version: String
    ) async throws(DefinitionProblem) -> WorkflowDefinition {
        guard let registered = WorkflowDefinition.registered(name) else {
            return try await definition(name, version: version)
        }
        guard let calls = try await definition(registered, version: version).onEnd else { throw .unknown }
        return calls
    }

    /// The highest release version of a workflow that is not deprecated, as of at most a second ago: what another API
    /// registered is seen by then.
    package func highestRelease(_ name: String) async throws(DefinitionProblem) -> WorkflowDefinition {
        let releases = try await releases(of: name)
        guard let highest = releases.highest else { throw releases.isDeprecated ? .onlyDeprecated : .unknown }
        return try await definition(name, version: highest.description)
    }

    /// The deprecation of a version, as of at most a second ago; nil when there is none.
    package func deprecation(_ name: String, version: String) async throws(DefinitionProblem) -> Deprecation? {
        try await releases(of: name).deprecations[version]
    }

    /// The pause of the workflow, as of at most a second ago; nil when there is none.
    package func pause(of name: String) async throws(DefinitionProblem) -> WorkflowPause? {
        try await releases(of: name).pause
    }

    /// Whether any version of the workflow is registered, as of at most a second ago.
    package func isKnown(_ name: String) async throws(DefinitionProblem) -> Bool {
        try await !releases(of: name).isEmpty
    }

    private func releases(of name: String) async throws(DefinitionProblem) -> Releases {
        let now = ContinuousClock.now
        let known = cache.withLock { cache -> Releases? in
            guard let known = cache.releases[name] else { return nil }
            let age = now - known.readAt
            if age < Self.stale || (age < Self.oldest && known.isBeingRead) { return known }
            cache.releases[name]?.isBeingRead = true
            return nil
        }
        if let known { return known }
        var (releases, usable): ([SemanticVersion], [SemanticVersion]) = ([], [])
        var deprecations: [String: Deprecation] = [:]
        let rows = try await read(ListVersions(name: name))
        for row in rows {
            deprecations[row.version] = row.deprecation
            guard let version = SemanticVersion(row.version), version.isRelease else { continue }
            releases.append(version)
            if row.deprecation == nil { usable.append(version) }
        }
        let found = Releases(
            highest: SemanticVersion.highestRelease(usable), isDeprecated: usable.isEmpty && !releases.isEmpty,
            isEmpty: rows.isEmpty, deprecations: deprecations, pause: rows.first?.pause, readAt: now)
        // Names nobody registered are not kept: clients can make up any number of them.
        if !rows.isEmpty { cache.withLock { $0.releases[name] = found } }
        return found
    }

    /// Deprecates a version; nil when there is no such version.
    package func deprecate(
        _ name: String, version: String, by: String, reason: String?, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> Deprecation? {
        defer { cache.withLock { $0.releases[name] = nil } }
        return try await read(DeprecateDefinition(name: name, version: version, by: by, reason: reason, origin: origin))
            .first
    }

    /// Takes a deprecation back; false when there is no such version.
    package func restore(
        _ name: String, version: String, by: String, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> Bool {
        defer { cache.withLock { $0.releases[name] = nil } }
        return !(try await read(RestoreDefinition(name: name, version: version, by: by, origin: origin))).isEmpty
    }

    /// Pauses a workflow; nil when there is none of that name.
    package func pause(
        _ name: String, by: String, reason: String, starts: WorkflowPause.Starts, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> WorkflowPause? {
        defer { cache.withLock { $0.releases[name] = nil } }
        return try await read(PauseWorkflow(name: name, by: by, reason: reason, starts: starts, origin: origin)).first
    }

    /// Takes a pause back, and resumes runs that waited for it, the first `maxWoken` of them at once; engines see to the
    /// others. Nil when there is no workflow of that name.
    ///
    /// - Returns: how many were resumed.
    package func resume(
        _ name: String, by: String, reason: String?, origin: CallOrigin = .unknown, maxWoken: Int = 10_000
    ) async throws(DefinitionProblem) -> Int? {
        defer { cache.withLock { $0.releases[name] = nil } }
        let resume = ResumeWorkflow(name: name, by: by, reason: reason, origin: origin)
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

    /// Registers a version. Immutable from then on.
    /// - Parameter specHash: SHA-256 of `definition.canonicalBytes`.
    package func register(
        _ definition: WorkflowDefinition, specHash: [UInt8], by: String, origin: CallOrigin = .unknown
    ) async throws(DefinitionProblem) -> Registration {
        let written = try await read(
            RegisterDefinition(definition, specHash: specHash, createdBy: by, origin: origin))
        cache.withLock { $0.releases[definition.name] = nil }
        if !written.isEmpty { return .created }
        let known = try await read(FindDefinition(name: definition.name, version: definition.version.description))
        guard let known = known.first else { throw .unknown }
        return known.specHash == specHash ? .identical : .conflict
    }

    private func read<S: Statement>(_ statement: S) async throws(DefinitionProblem) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement) } catch {
            throw .store(StoreError(error))
        }
    }
}
