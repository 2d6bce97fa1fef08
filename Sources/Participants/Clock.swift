#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The wall clock, needed only to turn the date of a `Retry-After` into a wait.
func secondsSince1970() -> Int64 {
    Int64(time(nil))
}
