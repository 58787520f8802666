//! Tells the linker which symbols Node supplies.

fn main() {
    napi_build::setup();
}
