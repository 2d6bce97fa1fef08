/// Where a run stands among those that are due, when engines can't keep up: with its tenant's, and among these by its priority.
///
/// Lanes of one tenant are next to each other, the highest priority first.
package struct Lane: Sendable, Hashable {
    /// 0 to 9: the larger is claimed first.
    package static let priorities = 0...9
    /// Of a run that was started without one.
    package static let usualPriority = 5
    /// Lanes of one tenant.
    package static let perTenant: Int32 = 16

    /// `tenants.tenant_number`; 0 for all tenants together that nobody has made.
    package let tenant: Int32
    package let priority: Int

    /// - Precondition: `priority` is one.
    package init(tenant: Int32, priority: Int) {
        precondition(Self.priorities.contains(priority), "a priority is 0 to 9")
        self.tenant = tenant
        self.priority = priority
    }

    /// - Parameter stored: what another version wrote beyond the lowest priority is the lowest.
    package init(stored: Int32) {
        tenant = stored / Self.perTenant
        priority = max(0, Self.priorities.upperBound - Int(stored % Self.perTenant))
    }

    /// As `outbox.lane` has it.
    package var stored: Int32 { tenant * Self.perTenant + Int32(Self.priorities.upperBound - priority) }
}
