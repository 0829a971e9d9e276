//! Builds anew when the web app was.

fn main() {
    // The macro that embeds the app tracks files that were there, not those that come to be.
    println!("cargo:rerun-if-changed=../../web/dist");
}
