//! The gate `opcodes`: decoder, schemas, prompt and dictionary follow one table.

use serde_json::Value;
use turingos::isa::{OPCODE_KEY, Opcode, decode_canonical, decode_model};

use super::{Finding, Ledger};
use turingos_run::system_prompt::system_prompt;
use turingos_schema::Schema;
use turingos_testkit::fuzzing::dictionary;

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    for schema in ["syscall-canonical.v4", "syscall-model.v4"] {
        definitions(schema, &mut ledger);
    }
    let prompt = system_prompt();
    let dictionary = dictionary::instruction_set();
    for opcode in Opcode::ALL {
        let lines = prompt
            .lines()
            .filter(|line| line.split(' ').next() == Some(opcode.name()));
        ledger.expect(lines.count() == 1, || {
            format!("the prompt does not name {opcode} exactly once")
        });
        ledger.expect(dictionary.contains(opcode.name()), || {
            format!("the fuzzing dictionary lacks {opcode}")
        });
        let spellings = std::iter::once(opcode.name()).chain(opcode.aliases().iter().copied());
        for spelling in spellings {
            let text = document(opcode, spelling);
            let taken = decode_model(text.as_bytes()).map(|taken| taken.syscall.opcode());
            ledger.expect(taken == Ok(opcode), || {
                format!("the decoder does not accept {spelling} for {opcode}")
            });
        }
        let text = document(opcode, opcode.name());
        ledger.expect(decode_canonical(text.as_bytes()).is_ok(), || {
            format!("the canonical envelope refuses {opcode}")
        });
    }
    let checked = ledger.checked;
    ledger.finding(
        "opcodes",
        format!("{} opcodes, {checked} places agree", Opcode::ALL.len()),
    )
}

fn document(opcode: Opcode, spelling: &str) -> String {
    let mut text = format!(r#"{{"q_next":"q","a_t":{{"{OPCODE_KEY}":"{spelling}""#);
    for operand in opcode.operands().iter().filter(|operand| operand.required) {
        text += &format!(r#","{}":"x""#, operand.name);
    }
    text + "}}"
}

/// Compares a schema's definitions of syscalls with the table: exactly the same names.
fn definitions(name: &str, ledger: &mut Ledger) {
    let document = Schema::named(name).map(Schema::document);
    let defined: Vec<String> = document
        .as_ref()
        .and_then(|document| document.get("$defs"))
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|definitions| definitions.keys())
        .filter(|key| key.starts_with("SYS_"))
        .cloned()
        .collect();
    let mut expected: Vec<_> = Opcode::ALL.map(|opcode| opcode.name().to_owned()).to_vec();
    expected.sort();
    ledger.expect(defined == expected, || {
        format!("{name} defines {defined:?}, not {expected:?}")
    });
}
