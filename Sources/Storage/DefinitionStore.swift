package import Core
package import Postgres
import Synchronization

/// A definition can't be used: it is not there, or what is stored is none.
package enum DefinitionProblem: Error, Sendable, CustomStringConvertible {
    /// No such workflow or version.
    case unknown
    /// What is stored does not parse (any more).
    case unreadable(String)
    /// The database could not be asked.
    case store(StoreError)

    package var description: String {
        switch self {
        case .unknown: "no such workflow definition"
        case .unreadable(let reason): "the stored workflow definition is unreadable: \(reason)"
        case .store(let error): "\(error)"
        }
    }
}

/// Workflow definitions, parsed once: a registered version never changes, so it is kept for good (the least recently
/// loaded half is dropped beyond 2,000).
package final class DefinitionStore: Sendable {
    private struct VersionKey: Hashable {
        let name: String
        let version: String
    }
    private struct Cache {
        var definitions: [VersionKey: WorkflowDefinition] = [:]
        var order: [VersionKey] = []
        var highest: [String: (version: SemanticVersion, until: ContinuousClock.Instant)] = [:]
    }

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

    /// The highest release version of a workflow, no older than a second: what another API registered is seen by then.
    package func highestRelease(_ name: String) async throws(DefinitionProblem) -> WorkflowDefinition {
        let now = ContinuousClock.now
        if let known = cache.withLock({ $0.highest[name] }), known.until > now {
            return try await definition(name, version: known.version.description)
        }
        let versions = try await read(ListVersions(name: name)).compactMap { SemanticVersion($0.version) }
        guard let highest = SemanticVersion.highestRelease(versions) else { throw .unknown }
        cache.withLock { $0.highest[name] = (highest, now + .seconds(1)) }
        return try await definition(name, version: highest.description)
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
        _ definition: WorkflowDefinition, specHash: [UInt8], by: String
    ) async throws(DefinitionProblem) -> Registration {
        let written = try await read(RegisterDefinition(definition, specHash: specHash, createdBy: by))
        cache.withLock { $0.highest[definition.name] = nil }
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
