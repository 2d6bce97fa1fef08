/// Is told how long a statement took, from its first byte out to its last row in, and whether it failed.
///
/// `statement` is the name of the `Statement`'s type, or `transaction` for a pipeline. Called on the connection's thread:
/// it must be quick.
package typealias StatementObserver = @Sendable (_ statement: String, _ duration: Duration, _ hasFailed: Bool) -> Void
