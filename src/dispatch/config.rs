//! The settings of a dispatcher: which lane each condition asks for, and when a lane is left.

use serde::{Deserialize, Serialize};

use super::{Context, Lane};
use crate::isa::OpcodeClass;
use crate::named_enum::named_enum;

/// Which lane is called, and when it is left for the other. Health is in ten-thousandths. Where a
/// member is not written it has its default; a header writes every one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteConfig {
    /// A preferred lane below this is weak.
    pub weak_below: u16,
    /// A weak lane is left only if the other is at least this much better.
    pub margin: u16,
    /// A lane that was left this many times in a row is tried again: without a try its health
    /// could never change. 0 never tries.
    pub probe_after: u32,
    /// What lets lane P answer in place of lane E.
    pub failover: Failover,
    /// The only lane that is ever called, if there is one. It has no failover.
    pub single_lane: Option<Lane>,
    /// Which lane each condition asks for.
    pub lanes: RouteTable,
}

impl RouteConfig {
    /// The highest threshold: all of a lane's health.
    pub const MAX_THRESHOLD: u16 = 10_000;
}

impl Default for RouteConfig {
    fn default() -> Self {
        Self {
            weak_below: 4_500,
            margin: 1_500,
            probe_after: 16,
            failover: Failover::Reply,
            single_lane: None,
            lanes: RouteTable::default(),
        }
    }
}

named_enum! {
    /// Which failure of lane E lets lane P answer in the same tick.
    #[derive(Deserialize)]
    pub enum Failover {
        /// A call that brings no text.
        Call = "call",
        /// The same, or a text that does not decode.
        Reply = "reply",
    }
}

/// The lane that each condition of a tick asks for. A condition that asks for E does not escalate:
/// the next one decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteTable {
    /// The pointer is a trap's, or the observation trapped.
    pub trap: Lane,
    /// There are tasks and none can run.
    pub blocked_queue: Lane,
    /// The plan's next step is BLOCKED.
    pub blocked_step: Lane,
    /// The model is expected to change the world.
    pub world_mutation: Lane,
    /// The model is expected to look elsewhere.
    pub world_navigation: Lane,
    /// The model is expected to change its run queue.
    pub mind_scheduling: Lane,
    /// The model is expected to halt.
    pub system_control: Lane,
}

impl Default for RouteTable {
    fn default() -> Self {
        Self {
            trap: Lane::P,
            blocked_queue: Lane::P,
            blocked_step: Lane::P,
            world_mutation: Lane::E,
            world_navigation: Lane::E,
            mind_scheduling: Lane::E,
            system_control: Lane::P,
        }
    }
}

impl RouteTable {
    /// The lane of a predicted class.
    #[must_use]
    pub const fn of_class(&self, class: OpcodeClass) -> Lane {
        match class {
            OpcodeClass::WorldMutation => self.world_mutation,
            OpcodeClass::WorldNavigation => self.world_navigation,
            OpcodeClass::MindScheduling => self.mind_scheduling,
            OpcodeClass::SystemControl => self.system_control,
        }
    }

    /// Why a tick goes to lane P; `None` if it goes to E.
    pub(super) fn escalation(&self, context: Context) -> Option<Escalation> {
        let conditions = [
            (context.trapped, self.trap, Escalation::Trap),
            (
                context.blocked_queue,
                self.blocked_queue,
                Escalation::Blocked,
            ),
            (context.blocked_step, self.blocked_step, Escalation::Blocked),
            (true, self.of_class(context.predicted), Escalation::Class),
        ];
        conditions
            .into_iter()
            .find(|(holds, lane, _)| *holds && *lane == Lane::P)
            .map(|(_, _, escalation)| escalation)
    }
}

/// What sends a tick to lane P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escalation {
    Trap,
    Blocked,
    Class,
}
