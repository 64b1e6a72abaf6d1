#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| turingos_testkit::fuzzing::sweep_file(bytes));
