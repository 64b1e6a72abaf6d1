//! Finds the rules that a second run of the same program needs.

use std::collections::BTreeMap;

use crate::form::Form;
use crate::matcher::{Matcher, Recorded, Taken};
use crate::miss::Miss;
use crate::propose::proposal;
use crate::request::Request;
use crate::rules::{DropRule, Rules};

/// A matcher that adds rules where a request would be a miss.
///
/// It is for proposals only: it makes a field volatile because two runs differ in it, which is what
/// a strict replay must not do.
#[derive(Clone, Debug)]
pub struct Learner {
    recorded: Vec<Recorded>,
    /// The requests that were sent so far, with the positions that they took.
    sent: Vec<(usize, Request)>,
    matcher: Matcher,
}

impl Learner {
    /// A learner that begins with the rules there are.
    #[must_use]
    pub fn new(recorded: Vec<Recorded>, rules: Rules) -> Self {
        Self {
            matcher: Matcher::new(recorded.clone(), rules),
            recorded,
            sent: Vec::new(),
        }
    }

    /// The matcher with the rules found so far.
    #[must_use]
    pub const fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The same, to translate answers.
    pub const fn matcher_mut(&mut self) -> &mut Matcher {
        &mut self.matcher
    }

    /// Takes the recorded request that equals this one, with further rules if they are needed.
    ///
    /// # Errors
    /// [`Miss`]: no rules make it equal to the nearest recorded request.
    pub fn take(&mut self, request: &Request) -> Result<Taken, Box<Miss>> {
        let taken = match self.matcher.take(request) {
            Ok(taken) => taken,
            Err(miss) => {
                let (matcher, taken) = self.with_more_rules(request).ok_or(miss)?;
                self.matcher = matcher;
                taken
            }
        };
        self.sent.push((taken.position, request.clone()));
        Ok(taken)
    }

    /// A matcher with rules for this request, which has taken everything that was sent before.
    fn with_more_rules(&self, request: &Request) -> Option<(Matcher, Taken)> {
        let rules = self.matcher.rules();
        let nearest = self
            .matcher
            .nearest_to(request, &Form::of(request, rules))?;
        let entry = self.matcher.entry(nearest.position);
        if entry.is_taken {
            return None;
        }
        let proposed = proposal(&entry.recorded.request, request, &nearest.changes, rules)?;
        let mut matcher = Matcher::new(self.recorded.clone(), proposed);
        for (position, sent) in &self.sent {
            let taken = matcher.take(sent).ok()?;
            if taken.position != *position {
                return None;
            }
        }
        let taken = matcher.take(request).ok()?;
        Some((matcher, taken))
    }

    /// The rules found. Pointers that differ in the indices of elements only are one, with `*`.
    ///
    /// # Panics
    /// Never: a rule with `*` in the place of an index is as good as the rule with the index.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let mut document = self.matcher.rules().document().clone();
        let mut groups = BTreeMap::<String, Vec<String>>::new();
        for rule in &document.drop {
            if let DropRule::Pointer(pointer) = rule {
                let group = groups.entry(starred(pointer)).or_default();
                group.push(pointer.clone());
            }
        }
        for (starred, pointers) in groups {
            if pointers.len() > 1 {
                document.drop.retain(|rule| match rule {
                    DropRule::Pointer(pointer) => !pointers.contains(pointer),
                    DropRule::Query(_) | DropRule::Header(_) => true,
                });
                document.drop.push(DropRule::Pointer(starred));
            }
        }
        Rules::of(document).expect("a pointer stays one with `*` as a token")
    }
}

/// A pointer with `*` in the place of every index.
fn starred(pointer: &str) -> String {
    let tokens = pointer.split('/').map(|token| {
        let is_index = !token.is_empty() && token.bytes().all(|it| it.is_ascii_digit());
        if is_index { "*" } else { token }
    });
    tokens.collect::<Vec<_>>().join("/")
}
