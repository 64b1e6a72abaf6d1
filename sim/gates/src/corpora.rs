//! Gates over the committed corpus: `schema`, `mutex` and `bus`.

use serde_json::Value;
use turingos::bus::Provider;
use turingos::isa::{FaultCode, OPCODE_KEY, Opcode, decode_canonical, decode_model};

use super::{Finding, Ledger};
use turingos_run::strict_json::strict_value;
use turingos_schema::{Checker, Schema};
use turingos_testkit::corpus::contracts::ContractExpectation;
use turingos_testkit::corpus::documents::{Document, DocumentExpectation};
use turingos_testkit::corpus::providers::ProviderExpectation;
use turingos_testkit::corpus::replies::ReplyExpectation;
use turingos_testkit::corpus::scenarios::ScenarioExpectation;
use turingos_testkit::corpus::settings::SettingsExpectation;
use turingos_testkit::corpus::syscalls::SyscallExpectation;
use turingos_testkit::corpus::{Case, Corpus, Expectation, LoadError, load};

impl Ledger {
    pub(super) fn hold<E: Expectation>(&mut self, folder: &str, case: &Case<E>) {
        let outcome = case.check();
        self.expect(outcome.is_ok(), || {
            let disagreement = outcome.err().map(|it| it.to_string()).unwrap_or_default();
            format!("{folder}/{}: {disagreement}", case.name)
        });
    }
}

pub(super) fn schema(corpus: &Corpus) -> Result<Finding, LoadError> {
    let syscalls = load::<SyscallExpectation>(corpus)?;
    let replies = load::<ReplyExpectation>(corpus)?;
    let canonical = checker("syscall-canonical.v4");
    let mut ledger = Ledger::default();
    let mut accepted = 0;
    for case in &syscalls {
        ledger.hold(SyscallExpectation::FOLDER, case);
        if let Some(text) = case.expectation.accepted() {
            accepted += 1;
            let document: Option<Value> = serde_json::from_str(text).ok();
            let valid = document.is_some_and(|document| canonical.accepts(&document));
            ledger.expect(valid, || {
                format!("{}: its canonical form is not valid by schema", case.name)
            });
        }
    }
    let refused = syscalls.len() - accepted;
    for case in &replies {
        ledger.hold(ReplyExpectation::FOLDER, case);
    }
    let contracts = load::<ContractExpectation>(corpus)?;
    hold_files(&mut ledger, "contract.v1", &contracts);
    let scenarios = load::<ScenarioExpectation>(corpus)?;
    hold_files(&mut ledger, "scenario.v1", &scenarios);
    let detail = format!(
        "{} documents ({accepted} accepted, {refused} refused), {} replies, {} contracts and {} \
         scenario files",
        syscalls.len(),
        replies.len(),
        contracts.len(),
        scenarios.len()
    );
    Ok(ledger.finding("schema", detail))
}

/// Compares reader and schema with every case, and with each other where the file is JSON.
fn hold_files<D: Document>(
    ledger: &mut Ledger,
    schema: &str,
    cases: &[Case<DocumentExpectation<D>>],
) {
    let schema = checker(schema);
    for case in cases {
        ledger.hold(D::FOLDER, case);
        if let Ok(document) = strict_value(&case.input()) {
            let wanted = case.expectation.is_valid_by_schema();
            ledger.expect(schema.accepts(&document) == wanted, || {
                format!("{}/{}: its schema disagrees", D::FOLDER, case.name)
            });
        }
    }
}

fn checker(name: &str) -> Checker {
    Checker::of(Schema::named(name).expect("the schemas named here are embedded in the program"))
}

pub(super) fn mutex(corpus: &Corpus) -> Result<Finding, LoadError> {
    let syscalls = load::<SyscallExpectation>(corpus)?;
    let mut ledger = Ledger::default();
    let mut cases = 0;
    for case in &syscalls {
        if case.expectation.refusal() == Some(FaultCode::MutexViolation) {
            cases += 1;
            ledger.hold(SyscallExpectation::FOLDER, case);
        }
    }
    ledger.expect(cases >= 120, || format!("only {cases} mutex cases"));
    let pairs = superpositions(&mut ledger);
    let detail = format!("{cases} corpus cases and {pairs} generated pairs, all refused");
    Ok(ledger.finding("mutex", detail))
}

/// Every opcode with every operand key of every other opcode that it does not have itself.
fn superpositions(ledger: &mut Ledger) -> usize {
    let mut pairs = 0;
    for own in Opcode::ALL {
        for other in Opcode::ALL {
            for operand in other.operands() {
                let keys = std::iter::once(&operand.name).chain(operand.synonyms);
                for key in keys {
                    if own.operands().iter().any(|known| known.is_spelled(key)) {
                        continue;
                    }
                    pairs += 1;
                    let document = mixed(own, key);
                    for refusal in [
                        decode_model(document.as_bytes()).err(),
                        decode_canonical(document.as_bytes()).err(),
                    ] {
                        ledger.expect(refusal.is_some(), || {
                            format!("{own} with {key} was accepted: {document}")
                        });
                    }
                }
            }
        }
    }
    pairs
}

/// A document that is valid for `own` but for one key of another opcode.
fn mixed(own: Opcode, foreign: &str) -> String {
    let mut text = format!(r#"{{"q_next":"q","a_t":{{"{OPCODE_KEY}":"{own}""#);
    for operand in own.operands().iter().filter(|operand| operand.required) {
        text += &format!(r#","{}":"x""#, operand.name);
    }
    text + &format!(r#","{foreign}":"TOP"}}}}"#)
}

/// True if a case of `group` is judged as a response of `provider` too: its expectation judges what
/// one kind that speaks messages sends as the other's.
fn is_judged_as(group: Provider, provider: Provider) -> bool {
    group == provider || (group.speaks_messages() && provider.speaks_messages())
}

pub(super) fn bus(corpus: &Corpus) -> Result<Finding, LoadError> {
    let cases = load::<ProviderExpectation>(corpus)?;
    let mut ledger = Ledger::default();
    let mut metrics = Vec::new();
    for provider in Provider::ALL {
        let own: Vec<_> = cases
            .iter()
            .filter(|case| is_judged_as(case.expectation.provider, provider))
            .collect();
        let refused = own
            .iter()
            .filter(|case| case.expectation.refusal().is_some());
        let refused = refused.count();
        let accepted = own.len() - refused;
        ledger.expect(accepted > 0 && refused > 0, || {
            format!(
                "{}: {accepted} accepted and {refused} refused",
                provider.name()
            )
        });
        for case in own {
            ledger.hold(ProviderExpectation::FOLDER, case);
        }
        metrics.push(format!(
            "{} {accepted} accepted and {refused} refused",
            provider.name()
        ));
    }
    Ok(ledger.finding("bus", metrics.join(", ")))
}

pub(super) fn settings(corpus: &Corpus) -> Result<Finding, LoadError> {
    let cases = load::<SettingsExpectation>(corpus)?;
    let mut ledger = Ledger::default();
    let refused = (cases.iter()).filter(|case| case.expectation.refusal().is_some());
    let refused = refused.count();
    let taken = cases.len() - refused;
    ledger.expect(taken > 0 && refused > 0, || {
        format!("{taken} accepted and {refused} refused")
    });
    for case in &cases {
        ledger.hold(SettingsExpectation::FOLDER, case);
    }
    Ok(ledger.finding(
        "settings",
        format!("{taken} accepted and {refused} refused"),
    ))
}
