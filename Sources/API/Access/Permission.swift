import Core

/// What a route asks of whoever calls it. The raw values are public: keys are given them, and refusals name them.
enum Permission: String, Sendable, Hashable, CaseIterable {
    case readRuns = "runs:read"
    case startRuns = "runs:start"
    /// Cancel, retry, resolve, undo, pause, complete, signal, restart.
    case operateRuns = "runs:operate"
    case readWorkflows = "workflows:read"
    /// Register, try out, deprecate.
    case writeWorkflows = "workflows:write"
    /// Pause and resume workflows and participants.
    case operateWorkflows = "workflows:operate"
    /// Which engines there are, and how far behind.
    case readCluster = "cluster:read"
    case readParticipants = "participants:read"
    case writeParticipants = "participants:write"
    /// What was changed, by whom, and who was refused.
    case readAudit = "audit:read"
    case manageKeys = "keys:manage"

    /// It can be had for one tenant alone. What the others are for belongs to all tenants together.
    var isOfTenants: Bool {
        switch self {
        case .readRuns, .startRuns, .operateRuns, .readWorkflows, .readAudit, .manageKeys: true
        case .writeWorkflows, .operateWorkflows, .readCluster, .readParticipants, .writeParticipants: false
        }
    }

    /// Whoever reaches an API that is open may do this without saying who they are.
    var isOpen: Bool {
        switch self {
        case .readRuns, .startRuns, .operateRuns, .readWorkflows, .readCluster: true
        case .writeWorkflows, .operateWorkflows, .readParticipants, .writeParticipants, .readAudit, .manageKeys: false
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
        case .operator: [.operateRuns, .operateWorkflows, .readRuns, .readWorkflows, .readCluster, .readParticipants]
        case .author: [.writeWorkflows, .readRuns, .readWorkflows, .readCluster, .readParticipants]
        case .admin: Set(Permission.allCases)
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
        return permissions
    }
}

/// Whoever calls.
struct Principal: Sendable {
    /// Goes into histories, audits and logs: `client` for nobody in particular, an admin token's name, or `key:NAME/ID`.
    let name: String
    let permissions: Set<Permission>
    /// Whose runs it sees, starts and changes.
    let tenants: TenantScope
    /// Whether its credential still counts; nil for one that always does.
    private var check: (@Sendable () async -> Bool)?

    /// Nobody in particular, at an API that is open.
    static let anonymous = Principal(
        name: AdminToken.anonymous, permissions: Set(Permission.allCases.filter(\.isOpen)), tenants: .all)

    /// Nobody in particular, at an API that asks.
    static let nobody = Principal(name: AdminToken.anonymous, permissions: [], tenants: .all)

    /// Who has an admin token may do everything.
    init(_ token: AdminToken) {
        name = token.name
        permissions = Role.admin.permissions
        tenants = .all
    }

    /// - Parameter permissions: of them those that can be had for so many tenants.
    init(
        name: String, permissions: Set<Permission>, tenants: TenantScope, check: (@Sendable () async -> Bool)? = nil
    ) {
        self.name = name
        self.permissions = tenants == .all ? permissions : permissions.filter(\.isOfTenants)
        self.tenants = tenants
        self.check = check
    }

    /// The same, as long as `check` says so.
    func asLong(as check: @escaping @Sendable () async -> Bool) -> Principal {
        Principal(name: name, permissions: permissions, tenants: tenants, check: check)
    }

    /// Whether it may go on with what it began a while ago.
    func counts() async -> Bool { await check?() ?? true }

    /// So often whoever goes on for long is to be asked about; nil for never.
    var lookInterval: Duration? { check == nil ? nil : .seconds(3) }
}
