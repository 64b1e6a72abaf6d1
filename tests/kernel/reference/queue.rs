//! The run queue, as section 8 of the design states it.

/// The most tasks there may be.
pub(crate) const MOST_TASKS: usize = 64;

/// The most characters of an objective and of a scratchpad.
pub(crate) const MOST_CHARACTERS: usize = 200;

/// A task; `serial` counts every task ever pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) serial: usize,
    pub(crate) status: &'static str,
    pub(crate) objective: String,
    pub(crate) scratchpad: String,
}

/// The operation cannot be done, and was not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Impossible;

#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// Topmost first.
    pub(crate) tasks: Vec<Task>,
    pub(crate) pushed: usize,
}

impl Queue {
    pub(crate) fn push(&mut self, text: &str) -> Result<(), Impossible> {
        if self.tasks.len() == MOST_TASKS {
            return Err(Impossible);
        }
        self.suspend_all();
        let (objective, scratchpad) = parts(text);
        let task = Task {
            serial: self.pushed,
            status: "ACTIVE",
            objective,
            scratchpad,
        };
        self.tasks.insert(0, task);
        self.pushed += 1;
        Ok(())
    }

    pub(crate) fn edit(&mut self, text: &str) -> Result<(), Impossible> {
        let active = self.active().ok_or(Impossible)?;
        (self.tasks[active].objective, self.tasks[active].scratchpad) = parts(text);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Result<(), Impossible> {
        let active = self.active().ok_or(Impossible)?;
        self.tasks.remove(active);
        self.keep_one_running();
        Ok(())
    }

    /// `serial` is the named task; without a name it is the active one, else the topmost.
    pub(crate) fn shift(
        &mut self,
        serial: Option<Option<usize>>,
        to: Option<&str>,
        status: Option<&'static str>,
    ) -> Result<(), Impossible> {
        if self.tasks.is_empty() {
            return Err(Impossible);
        }
        let from = match serial {
            Some(serial) => self
                .tasks
                .iter()
                .position(|task| Some(task.serial) == serial)
                .ok_or(Impossible)?,
            None => self.active().unwrap_or(0),
        };
        let (target, status) = match (to, status) {
            (None, None) | (Some("BOTTOM"), None) => (self.tasks.len() - 1, "SUSPENDED"),
            (Some(_), None) => (0, "ACTIVE"),
            (None, Some(status)) => (from, status),
            (Some("BOTTOM"), Some(status)) => (self.tasks.len() - 1, status),
            (Some(_), Some(status)) => (0, status),
        };
        if status == "ACTIVE" {
            self.suspend_all();
        }
        let mut task = self.tasks.remove(from);
        task.status = status;
        self.tasks.insert(target, task);
        self.keep_one_running();
        Ok(())
    }

    /// There are tasks and none can run.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.tasks.is_empty() && self.tasks.iter().all(|task| task.status == "BLOCKED")
    }

    /// What a frame shows: tasks by status, and the scratchpad of the active one.
    pub(crate) fn shown(&self) -> Vec<(&'static str, usize, String, String)> {
        let mut shown = Vec::new();
        for status in ["ACTIVE", "SUSPENDED", "BLOCKED"] {
            for task in self.tasks.iter().filter(|task| task.status == status) {
                let notes = match status {
                    "ACTIVE" => task.scratchpad.clone(),
                    _ => String::new(),
                };
                shown.push((status, task.serial, task.objective.clone(), notes));
            }
        }
        shown
    }

    fn active(&self) -> Option<usize> {
        self.tasks.iter().position(|task| task.status == "ACTIVE")
    }

    fn suspend_all(&mut self) {
        for task in &mut self.tasks {
            if task.status == "ACTIVE" {
                task.status = "SUSPENDED";
            }
        }
    }

    fn keep_one_running(&mut self) {
        if self.active().is_none()
            && let Some(next) = self.tasks.iter_mut().find(|task| task.status != "BLOCKED")
        {
            next.status = "ACTIVE";
        }
    }
}

/// The first line is the objective, the others are the scratchpad; both are cut.
fn parts(text: &str) -> (String, String) {
    let mut lines = text.trim().splitn(2, '\n');
    let mut next = || {
        let part = lines.next().unwrap_or("").trim();
        part.chars().take(MOST_CHARACTERS).collect::<String>()
    };
    (next(), next())
}
