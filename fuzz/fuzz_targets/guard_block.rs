#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| turingos_sim::fuzzing::guard_block(bytes));
