import Core
import Storage

/// What a route asks of whoever calls it. The raw values are public: keys are given them, and refusals name them.
enum Permission: String, Sendable, Hashable, CaseIterable {
    case readRuns = "runs:read"
    case startRuns = "runs:start"
    /// Cancel, retry, resolve, undo, pause, complete, signal, restart.
    case operateRuns = "runs:operate"
    /// What clients and participants gave, wherever runs are shown. No role has it.
    case readPayloads = "payloads:read"
    /// The same, with what definitions call sensitive masked.
    case readMaskedPayloads = "payloads:read-masked"
    case readWorkflows = "workflows:read"
    /// Register, try out, deprecate; of one tenant: its own.
    case writeWorkflows = "workflows:write"
    /// Pause and resume workflows and participants; of one tenant: its own.
    case operateWorkflows = "workflows:operate"
    /// Which engines there are, and how far behind.
    case readCluster = "cluster:read"
    case readParticipants = "participants:read"
    case writeParticipants = "participants:write"
    /// What was changed, by whom, and who was refused.
    case readAudit = "audit:read"
    case manageKeys = "keys:manage"
    /// Their state, weight, limits, and how much they have.
    case readTenants = "tenants:read"
    case manageTenants = "tenants:manage"

    /// It can be had for one tenant alone. What the others are for belongs to all tenants together.
    var isOfTenants: Bool {
        switch self {
        case .readRuns, .startRuns, .operateRuns, .readPayloads, .readMaskedPayloads, .readWorkflows, .writeWorkflows,
            .operateWorkflows, .readParticipants, .writeParticipants, .manageKeys, .readTenants, .readAudit:
            true
        case .readCluster, .manageTenants:
            false
        }
    }

    /// It can be had for some workflows alone. What the others are for belongs to all workflows together.
    var isOfWorkflows: Bool {
        switch self {
        case .readRuns, .startRuns, .operateRuns, .readPayloads, .readMaskedPayloads, .readWorkflows, .writeWorkflows:
            true
        // To operate workflows is to pause participants, too.
        case .operateWorkflows, .readCluster, .readParticipants, .writeParticipants, .readAudit, .manageKeys,
            .readTenants,
            .manageTenants:
            false
        }
    }

    func canBeHad(for scope: RunScope) -> Bool {
        (scope.tenants == .all || isOfTenants) && (scope.workflows == .all || isOfWorkflows)
    }

    /// Whoever reaches an API that is open may do this without saying who they are.
    var isOpen: Bool {
        switch self {
        case .readRuns, .startRuns, .operateRuns, .readPayloads, .readMaskedPayloads, .readWorkflows, .readCluster: true
        case .writeWorkflows, .operateWorkflows, .readParticipants, .writeParticipants, .readAudit, .manageKeys,
            .readTenants, .manageTenants:
            false
        }
    }
}

/// What a key is given: permissions that go together. The raw values are public.
enum Role: String, Sendable, Hashable, CaseIterable {
    case viewer, starter, `operator`, author, admin

    var permissions: Set<Permission> {
        switch self {
        case .viewer: [.readRuns, .readWorkflows, .readCluster]
        case .starter: [.startRuns, .readRuns, .readWorkflows, .readCluster]
        case .operator:
            [
                .operateRuns, .operateWorkflows, .readRuns, .readWorkflows, .readCluster, .readParticipants,
                .readTenants,
            ]
        case .author: [.writeWorkflows, .readRuns, .readWorkflows, .readCluster, .readParticipants]
        // Who sees to keys and participants need not see what is in runs.
        case .admin: Set(Permission.allCases).subtracting([.readPayloads, .readMaskedPayloads])
        }
    }

    /// The permissions of roles, and of single permissions that stand among them; nil where one of them is neither.
    static func permissions(of names: [String]) -> Set<Permission>? {
        var permissions: Set<Permission> = []
        for name in names {
            if let role = Role(rawValue: name) {
                permissions.formUnion(role.permissions)
            } else if let permission = Permission(rawValue: name) {
                permissions.insert(permission)
            } else {
                return nil
            }
        }
        // Who sees all may let others see less.
        if permissions.contains(.readPayloads) { permissions.insert(.readMaskedPayloads) }
        return permissions
    }
}

/// Whoever calls.
struct Principal: Sendable {
    /// Goes into histories, audits and logs: `client` for nobody in particular, an admin token's name, `key:NAME/ID`,
    /// or `jwt:NAME/ISSUER`.
    let name: String
    let permissions: Set<Permission>
    /// Which runs it sees, starts and changes.
    let scope: RunScope
    var tenants: TenantScope { scope.tenants }
    /// Whether its credential still counts; nil for one that always does.
    private var check: (@Sendable () async -> Bool)?

    /// Nobody in particular, at an API that is open.
    static let anonymous = Principal(
        name: AdminToken.anonymous, permissions: Set(Permission.allCases.filter(\.isOpen)), scope: .all)

    /// Nobody in particular, at an API that asks.
    static let nobody = Principal(name: AdminToken.anonymous, permissions: [], scope: .all)

    /// Who has an admin token may do everything.
    init(_ token: AdminToken) {
        name = token.name
        permissions = Set(Permission.allCases)
        scope = .all
    }

    /// - Parameter permissions: of them those that can be had for so many tenants and workflows.
    init(
        name: String, permissions: Set<Permission>, scope: RunScope, check: (@Sendable () async -> Bool)? = nil
    ) {
        self.name = name
        self.permissions = permissions.filter { $0.canBeHad(for: scope) }
        self.scope = scope
        self.check = check
    }

    /// The same, as long as `check` says so.
    func asLong(as check: @escaping @Sendable () async -> Bool) -> Principal {
        var copy = self
        copy.check = check
        return copy
    }

    /// The same, as long as `check` says so, too.
    func asLong(asAlso check: @escaping @Sendable () async -> Bool) -> Principal {
        let before = self.check
        return asLong(as: { if await before?() ?? true { await check() } else { false } })
    }

    /// What it sees of payloads.
    var payloads: PayloadSight {
        if permissions.contains(.readPayloads) { return .everything }
        return permissions.contains(.readMaskedPayloads) ? .masked : .nothing
    }

    /// Whether it may go on with what it began a while ago.
    func counts() async -> Bool { await check?() ?? true }

    /// So often whoever goes on for long is to be asked about; nil for never.
    var lookInterval: Duration? { check == nil ? nil : .seconds(3) }
}
