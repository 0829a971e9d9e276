//! `wardline`: one binary for the server, the demo, the native client and audits.
//!
//! This crate is verbs only: it reads the command line and the configuration, and wires the rest.
//! Exit codes: 0 done, 2 usage, 3 refused, 4 verification failed, 5 unavailable. With `--json`, one
//! JSON document on stdout; logs go to stderr.

mod failure;
mod logs;
mod output;
mod verbs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

#[derive(Parser)]
#[command(
    name = "wardline",
    version,
    about = "Secure mobile clinical communication"
)]
struct Cli {
    /// Print one JSON document on stdout.
    #[arg(long, global = true)]
    json: bool,
    /// How much to log on stderr: error, warn, info, debug or trace. At every level logs hold no
    /// patient data and no secrets.
    #[arg(long, global = true, default_value = "warn")]
    log_level: tracing::Level,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start a synthetic hospital on the embedded database.
    Demo(verbs::demo::Demo),
    /// Serve a hospital.
    Serve(verbs::serve::Serve),
    /// Make a hospital: keys, database, and the first officer's one-time code.
    Init(verbs::serve::Init),
    /// Bring the database's schema up to date.
    Migrate(verbs::serve::Migrate),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(verbs::serve::ConfigVerb),
    /// Bring records in.
    #[command(subcommand)]
    Import(verbs::import::Import),
    /// Say what a device's attestation proves.
    #[command(subcommand)]
    Attest(verbs::attest::Attest),
    /// Say how well a device is patched.
    #[command(subcommand)]
    Patch(verbs::patch::Patch),
    /// Say how unusual sign-ins are.
    #[command(subcommand)]
    Risk(verbs::risk::Risk),
    /// Say why charts may be opened, and which accesses look like snooping.
    #[command(subcommand)]
    Access(verbs::access::Access),
    /// Bring on-call schedules in.
    #[command(subcommand)]
    Schedule(verbs::schedule::Schedule),
    /// Bring care teams in.
    #[command(subcommand)]
    CareTeams(verbs::care_teams::CareTeams),
    /// Read, check and try access policies.
    #[command(subcommand)]
    Policy(verbs::policy::Policy),
    /// Compare device programs, show them, and make them ready for a device manager.
    #[command(subcommand)]
    Programs(verbs::programs::Programs),
    /// Measure this workstation, and tell the hospital.
    Agent(verbs::agent::Agent),
    /// Verify the audit log.
    #[command(subcommand)]
    Audit(verbs::audit::Audit),
    /// Keep the conversations' history; a process of its own, with its own keys.
    Keeper(verbs::keeper::KeeperVerb),
    /// The hospital's record system: keys to register there, and whether it can be read.
    #[command(subcommand)]
    Ehr(verbs::ehr::EhrVerb),
    /// Let other systems write messages, through a bot's own client.
    Bot(verbs::bot::BotVerb),
    /// Bring numbers of pagers in.
    #[command(subcommand)]
    Pager(verbs::pager::PagerVerb),
    /// Verify what was destroyed and exported.
    #[command(subcommand)]
    Records(verbs::records::RecordsVerb),
    /// Use the hospital from this workstation.
    Client(verbs::client::ClientVerb),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logs(cli.log_level);
    let out = Output::new(cli.json);
    // The client core drives one device on one thread; the server spawns its own tasks onto it.
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Failure::unavailable(error.to_string()).report(out),
    };
    let result = runtime.block_on(async {
        match cli.verb {
            Verb::Demo(demo) => demo.run(out).await,
            Verb::Serve(serve) => serve.run(out).await,
            Verb::Init(init) => init.run(out).await,
            Verb::Migrate(migrate) => migrate.run(out).await,
            Verb::Config(config) => config.run(out),
            Verb::Import(import) => import.run(out).await,
            Verb::Attest(attest) => attest.run(out),
            Verb::Patch(patch) => patch.run(out),
            Verb::Risk(risk) => risk.run(out),
            Verb::Access(access) => access.run(out),
            Verb::Schedule(schedule) => schedule.run(out).await,
            Verb::CareTeams(care_teams) => care_teams.run(out).await,
            Verb::Policy(policy) => policy.run(out).await,
            Verb::Programs(programs) => programs.run(out),
            Verb::Agent(agent) => agent.run(out).await,
            Verb::Audit(audit) => audit.run(out).await,
            Verb::Keeper(keeper) => keeper.run(out).await,
            Verb::Ehr(ehr) => ehr.run(out).await,
            Verb::Bot(bot) => bot.run(out).await,
            Verb::Pager(pager) => pager.run(out).await,
            Verb::Records(records) => records.run(out),
            Verb::Client(client) => client.run(out).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(out),
    }
}

/// JSON lines on stderr; what is logged holds no patient data and no secrets.
fn start_logs(level: tracing::Level) {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .init();
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::Cli;

    /// One key or hash in 64 begins with a hyphen, and must not be taken for an option.
    #[test]
    fn whatever_is_given_in_base64url_may_begin_with_a_hyphen() {
        let mut seen = 0;
        look(&Cli::command(), &mut seen);
        assert!(seen >= 5, "{seen}");
    }

    fn look(command: &Command, seen: &mut u32) {
        for option in command.get_arguments() {
            let names = option.get_value_names().unwrap_or_default();
            if names.iter().any(|name| *name == "B64URL") {
                assert!(
                    option.is_allow_hyphen_values_set(),
                    "{} --{}",
                    command.get_name(),
                    option.get_id()
                );
                *seen += 1;
            }
        }
        for verb in command.get_subcommands() {
            look(verb, seen);
        }
    }
}
