//! Prints the fuzzers' dictionary, to be kept as `fuzz/dictionaries/instruction_set.dict`.

fn main() {
    print!(
        "{}",
        turingos_testkit::fuzzing::dictionary::instruction_set()
    );
}
