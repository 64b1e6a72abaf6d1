//! Landlock: which files a process and its children can use, and a filter that keeps them from
//! every socket.
//!
//! The system's programs and settings can be read, the workspace and the scratch directory can be
//! changed, and nothing else can be opened: no home directory, no run directory, no process under
//! `/proc`. The filter refuses `socket`, which Landlock alone covers in part only, and `io_uring`,
//! which could make one. With the network, only local sockets are refused: behind them are services
//! that run commands outside. Landlock does not cover the metadata of files: modes, owners, times.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, Scope,
    path_beneath_rules,
};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};
use turingos_world::Sandbox;

use super::{RESOLVER, SYSTEM};

/// The newest version that is known here. An older kernel holds what it knows.
const NEWEST: ABI = ABI::V9;

/// The first version that covers the truncation of a file by its path.
const TRUNCATE_VERSION: u8 = 3;

/// What is said of the machine, not of a process.
const MACHINE: [&str; 8] = [
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/kernel",
    "/proc/uptime",
    "/proc/version",
];

/// Devices that hold nothing.
const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// What root may keep: to work on files of any owner. The others reach the kernel or the hardware.
const KEPT_CAPABILITIES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID);

/// Enters the domain for good; a command can change these directories. The version of Landlock that holds.
pub(super) fn enter(directories: [&Path; 2], network: bool) -> Result<u8, String> {
    drop_capabilities();
    let version = restrict(directories, network)?;
    refuse_calls(version, network)?;
    Ok(version)
}

/// Enters the domain and tests it.
pub(super) fn probe(scratch: &Path, network: bool) -> Result<Sandbox, String> {
    let abi = enter([scratch; 2], network)?;
    if File::open("/").is_ok() {
        return Err("the kernel does not enforce it".to_owned());
    }
    Ok(Sandbox::Landlock { abi, network })
}

fn restrict(directories: [&Path; 2], network: bool) -> Result<u8, String> {
    let text = |error: &dyn std::error::Error| format!("Landlock: {error}");
    // A device node would reach a disk past every file.
    let all: BitFlags<AccessFs> =
        AccessFs::from_all(NEWEST) & !(AccessFs::MakeBlock | AccessFs::MakeChar);
    let read = AccessFs::from_read(NEWEST);
    let use_device = AccessFs::ReadFile | AccessFs::WriteFile;
    let [workspace, scratch] =
        directories.map(|path| PathFd::new(path).map(|opened| PathBeneath::new(opened, all)));
    // What is not handled is not restricted.
    let net = match network {
        true => BitFlags::EMPTY,
        false => AccessNet::from_all(NEWEST),
    };
    let resolver = network.then_some(RESOLVER);
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|it| match net.is_empty() {
            true => Ok(it),
            false => it.handle_access(net),
        })
        .and_then(|it| it.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .and_then(|it| it.add_rules(path_beneath_rules(SYSTEM, read)))
        .and_then(|it| it.add_rules(path_beneath_rules(MACHINE, read)))
        .and_then(|it| it.add_rules(path_beneath_rules(resolver, read)))
        .and_then(|it| it.add_rules(path_beneath_rules(DEVICES, use_device)))
        .map_err(|error| text(&error))?
        .add_rule(workspace.map_err(|error| text(&error))?)
        .map_err(|error| text(&error))?
        .add_rule(scratch.map_err(|error| text(&error))?)
        .and_then(|it| it.restrict_self())
        .map_err(|error| text(&error))?;
    match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => Ok(effective_abi as u8),
        LandlockStatus::NotEnabled => Err("this kernel has Landlock switched off".to_owned()),
        LandlockStatus::NotImplemented => Err("this kernel has no Landlock".to_owned()),
    }
}

/// Refuses the system calls that Landlock does not cover, or not in this version.
fn refuse_calls(version: u8, network: bool) -> Result<(), String> {
    let text = |error: &dyn std::error::Error| format!("the system call filter: {error}");
    let sockets = match network {
        true => vec![local_only().map_err(|error| text(&error))?],
        false => Vec::new(),
    };
    // A call without conditions is refused whatever its arguments are.
    let mut refused = BTreeMap::from([
        (libc::SYS_socket, sockets),
        (libc::SYS_io_uring_setup, Vec::new()),
    ]);
    if version < TRUNCATE_VERSION {
        refused.insert(libc::SYS_truncate, Vec::new());
    }
    let filter = SeccompFilter::new(
        refused,
        SeccompAction::Allow,
        SeccompAction::Errno(Errno::ACCESS.raw_os_error().unsigned_abs()),
        std::env::consts::ARCH
            .try_into()
            .map_err(|error: BackendError| text(&error))?,
    )
    .map_err(|error| text(&error))?;
    let program = BpfProgram::try_from(filter).map_err(|error| text(&error))?;
    seccompiler::apply_filter(&program).map_err(|error| text(&error))
}

/// The condition that a socket is a local one: its first argument is the family.
fn local_only() -> Result<SeccompRule, BackendError> {
    let family = u64::from(libc::AF_UNIX.unsigned_abs());
    let is_local = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?;
    SeccompRule::new(vec![is_local])
}

/// Takes from root what it could use to leave the sandbox. Other users have nothing of it, and are
/// refused here.
fn drop_capabilities() {
    for capability in CapabilitySet::all().difference(KEPT_CAPABILITIES).iter() {
        let _ = remove_capability_from_bounding_set(capability);
    }
}
