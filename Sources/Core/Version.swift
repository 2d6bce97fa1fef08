/// The release these programs are of.
package let sagaflowVersion = "0.1.0"
