package import Core

extension SecretKeys {
    /// The setting of API and engines; nil when it is not set.
    package static func setting(_ settings: inout Settings) throws(SettingsError) -> SecretKeys? {
        let text = settings.optionalText(
            "secret.keys", secrecy: .secret,
            help:
                "keys with which participants' credentials are encrypted in the database, id: base64 of 32 bytes each, the newest first"
        )
        guard let text else { return nil }
        do throws(SecretKeysError) { return try SecretKeys(text) } catch {
            throw settings.error("secret.keys", "can't be used: \(error).")
        }
    }
}
