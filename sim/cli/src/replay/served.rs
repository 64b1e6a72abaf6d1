//! `sim serve --tape` of a recording of an agent's traffic: for an agent that is started elsewhere.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::tape::OpenTape;
use crate::agent::environment::secrets;
use crate::exit::Failure;
use crate::json::write_object;
use crate::serve::{ServeArgs, stop_signal};
use turingos_exchange::Redaction;
use turingos_replayer::{Beyond, ReplayReport, ReplaySession, ReplaySettings, Replayer};

/// Serves the recording until it is stopped. The first service that has an exchange gets the port.
///
/// # Errors
/// The recording is corrupt, a port cannot be had, or standard output cannot be written.
pub(crate) async fn serve(
    arguments: &ServeArgs,
    path: &Path,
    out: &mut impl Write,
) -> Result<ReplayReport, Failure> {
    let tape = OpenTape::open(path, arguments.matching.rules.as_ref())?;
    let is_used = |name: &str| tape.exchanges.iter().any(|it| it.request.target == name);
    let mut targets = tape.header.targets.clone();
    targets.sort_by_key(|target| !is_used(&target.name));
    let replayer = Replayer::bind(&targets, arguments.port).await?;
    let stop = stop_signal(arguments.seconds)?;
    let addresses = replayer.addresses().into_iter();
    let services: Vec<_> = addresses
        .map(|(target, address)| {
            let url = format!("http://{address}{}", target.base_path());
            (target.name.clone(), url)
        })
        .collect();
    let exchanges = tape.exchanges.len();
    if arguments.json {
        let first = services.first().map(|(_, url)| url.as_str());
        let named: serde_json::Map<_, _> = { services.iter() }
            .map(|(name, url)| (name.clone(), url.as_str().into()))
            .collect();
        let source = json!({
            "calls": exchanges,
            "services": named,
            "unfinished": !tape.is_finished,
        });
        let body = json!({"listening": first.unwrap_or_default(), "source": source});
        write_object("serve-start", &body, out)?;
    } else {
        for (name, url) in &services {
            writeln!(out, "listening on {url} for {name}")?;
        }
        let end = if tape.is_finished {
            ""
        } else {
            " of an unfinished recording"
        };
        writeln!(out, "{exchanges} recorded exchanges{end}")?;
    }
    out.flush()?;
    let settings = ReplaySettings {
        rules: tape.rules,
        chaos: arguments.chaos_args().plan(),
        pace: arguments.matching.pace(),
        beyond: Beyond::Miss,
    };
    let session = ReplaySession::new(tape.exchanges, settings);
    let running = replayer.start(
        &tape.header,
        session,
        Redaction::new(secrets()),
        arguments.allow_host.clone(),
        arguments.max_requests,
    );
    tokio::select! {
        biased;
        () = stop => {}
        () = running.exhausted() => {}
    }
    Ok(running.stop().await)
}
