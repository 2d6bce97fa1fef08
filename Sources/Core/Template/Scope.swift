/// What a run knows, as templates and conditions see it.
package protocol Scope {
    /// The value a reference leads to; nil when there is none.
    func value(_ reference: Reference) -> JSON?
}
