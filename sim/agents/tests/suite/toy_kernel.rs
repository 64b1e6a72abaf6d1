//! A minimal kernel and world that refuse only the clerk's own mistakes.

use std::collections::BTreeMap;

use turingos::isa::Opcode;
use turingos_agents::{Agent as _, Clerk, Intent};

pub(crate) struct ToyKernel {
    clerk: Clerk,
    pub(crate) q: String,
    pub(crate) pointer: String,
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) queue: Vec<(u64, bool)>,
    pub(crate) halts: u64,
    issued: u64,
    pages: Option<(String, String)>,
}

impl ToyKernel {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            clerk: Clerk::new(seed),
            q: "BOOT".to_owned(),
            pointer: "README.md".to_owned(),
            files: BTreeMap::from([("README.md".to_owned(), "Rules.\n".to_owned())]),
            queue: Vec::new(),
            halts: 0,
            issued: 0,
            pages: None,
        }
    }

    pub(crate) fn mission(&self) -> u64 {
        let number = self.q.split_ascii_whitespace().nth(1);
        number.map_or(0, |number| number.parse().unwrap())
    }

    pub(crate) fn pointer_kind(&self) -> &'static str {
        let kinds = [
            ("$ ", "command"),
            ("sys://append/", "append"),
            ("sys://replace/", "replace"),
            ("sys://callstack", "callstack"),
            ("sys://trap/", "trap"),
            ("sys://page/", "page"),
            ("sys://cap/issue", "cap/issue"),
            ("sys://cap/list", "cap/list"),
            ("sys://cap/describe", "cap/describe"),
            ("vfd://", "handle"),
            ("sys://git/log", "git/log"),
            ("HALT", "halt"),
        ];
        kinds
            .into_iter()
            .find(|(prefix, _)| self.pointer.starts_with(prefix))
            .map_or("file", |(_, kind)| kind)
    }

    pub(crate) fn frame(&mut self) -> String {
        let slice = self.slice();
        let mut stack = format!("[CALL_STACK_DEPTH] {}\n", self.queue.len());
        let blocked = self.queue.iter().find(|(_, blocked)| *blocked);
        if let Some((id, _)) = self.queue.iter().rev().find(|(_, blocked)| !blocked) {
            stack.push_str(&format!("[RUNQUEUE_ACTIVE] task_{id:012x}: work\n"));
        }
        if let Some((id, _)) = blocked {
            stack.push_str(&format!("[RUNQUEUE_BLOCKED] task_{id:012x}: wait\n"));
        }
        format!(
            "[OS_CONTRACT]\n(none)\n\n[L1_TRACE_CACHE]\n(empty)\n\n[OS_CALL_STACK]\n{stack}\n\
             [OBSERVED_SLICE]\n{slice}"
        )
    }

    fn slice(&mut self) -> String {
        let pointer = self.pointer.clone();
        if let Some(rest) = pointer.strip_prefix("sys://page/") {
            let (token, page) = rest.split_once("?p=").unwrap();
            let (source, text) = self.pages.clone().unwrap();
            return page_of(token, &source, &text, page.parse().unwrap());
        }
        let whole = self.whole_slice(&pointer);
        if whole.chars().count() <= 3_000 {
            return whole;
        }
        self.pages = Some((pointer.clone(), whole.clone()));
        page_of("0123456789abcdef", &pointer, &whole, 1)
    }

    fn whole_slice(&mut self, pointer: &str) -> String {
        let channel = format!("[SYSTEM_CHANNEL] {pointer}\n");
        if let Some(command) = pointer.strip_prefix("$ ") {
            let (code, output) = self.run(command);
            return format!(
                "[COMMAND] {command}\n[EXIT_CODE] {code}\n[STDOUT]\n{output}\n[STDERR]\n"
            );
        }
        let edited = pointer.strip_prefix("sys://append/");
        if let Some(path) = edited.or_else(|| pointer.strip_prefix("sys://replace/")) {
            return format!("{channel}[CURRENT_CONTENT]\n{}", self.files[path]);
        }
        if let Some(query) = pointer.strip_prefix("sys://cap/issue?access=rw&path=") {
            self.issued += 1;
            return format!("{channel}[HANDLE] vfd://rw/{:016x}/{query}\n", self.issued);
        }
        if let Some(handle) = pointer.strip_prefix("vfd://rw/") {
            return self.files[handle.split_once('/').unwrap().1].clone();
        }
        if pointer.starts_with("sys://") {
            return channel;
        }
        match self.files.get(pointer) {
            Some(text) => text.clone(),
            None => format!(
                "[OS_TRAP: PAGE_FAULT] NOT_FOUND\nPointer: {pointer}\nDetails: none\nEntries: "
            ),
        }
    }

    fn run(&self, command: &str) -> (u8, String) {
        let words: Vec<&str> = command.split(' ').collect();
        let read = |path: &str| self.files.get(path).cloned();
        match words.as_slice() {
            ["pytest"] | ["cargo" | "npm", "test"] => {
                let expected = read("tests/mission.expect").unwrap();
                let (path, text) = expected.trim_end().split_once('\t').unwrap();
                (u8::from(!read(path).unwrap().contains(text)), String::new())
            }
            ["cat" | "wc", .., path] => (0, read(path).unwrap()),
            ["grep", marker, path] => (0, find_lines(&read(path).unwrap(), marker)),
            ["test", "-f", path] => (u8::from(read(path).is_none()), String::new()),
            ["ls", ..] => (0, "names\n".to_owned()),
            _ => panic!("unknown command {command}"),
        }
    }

    pub(crate) fn tick(&mut self) -> Intent {
        if self.pointer == "HALT" {
            self.q = Clerk::boot_q(&self.q);
            self.pointer = "README.md".to_owned();
            self.queue.clear();
        }
        let frame = self.frame();
        let mut intent = Intent::default();
        self.clerk.answer(&self.q, &frame, &mut intent);
        self.q.clone_from(&intent.q_next);
        let operand = |key| intent.value(key).unwrap().to_owned();
        match intent.opcode() {
            Opcode::Goto => self.pointer = operand("pointer"),
            Opcode::Exec => self.pointer = format!("$ {}", operand("cmd")),
            Opcode::GitLog => self.pointer = "sys://git/log?limit=5".to_owned(),
            Opcode::Write => {
                let target = match intent.value("semantic_cap") {
                    Some(handle) => handle.to_owned(),
                    None => self.pointer.clone(),
                };
                self.write(&target, &operand("payload"));
            }
            Opcode::Push => {
                assert!(operand("task").len() <= 200);
                self.issued += 1;
                self.queue.push((self.issued, false));
            }
            Opcode::Edit => assert!(operand("task").len() <= 200),
            Opcode::Pop => {
                let active = self.queue.iter().rposition(|(_, blocked)| !blocked);
                self.queue.remove(active.unwrap());
            }
            Opcode::Move => self.reorder(&intent),
            Opcode::Halt => {
                if self.pointer_kind() == "command" {
                    self.halts += 1;
                }
                self.pointer = "HALT".to_owned();
            }
        }
        intent
    }

    fn reorder(&mut self, intent: &Intent) {
        if intent.value("status") == Some("BLOCKED") {
            let active = self.queue.iter().rposition(|(_, blocked)| !blocked);
            self.queue[active.unwrap()].1 = true;
        } else if let Some(id) = intent.value("task_id") {
            let id = u64::from_str_radix(id.strip_prefix("task_").unwrap(), 16).unwrap();
            self.queue.retain(|(known, _)| *known != id);
            self.queue.push((id, false));
        }
    }

    fn write(&mut self, target: &str, payload: &str) {
        if let Some(path) = target.strip_prefix("sys://append/") {
            let file = self.files.get_mut(path).unwrap();
            assert_ne!(file.lines().last(), Some(payload), "a repeated line");
            file.push_str(payload);
            file.push('\n');
        } else if let Some(path) = target.strip_prefix("sys://replace/") {
            let edit: BTreeMap<String, String> = serde_json::from_str(payload).unwrap();
            let file = self.files.get_mut(path).unwrap();
            assert!(file.contains(&edit["search"]), "nothing to replace");
            *file = file.replacen(&edit["search"], &edit["replace"], 1);
        } else if let Some(handle) = target.strip_prefix("vfd://rw/") {
            let (_, path) = handle.split_once('/').unwrap();
            self.files.insert(path.to_owned(), payload.to_owned());
        } else {
            assert!(
                !target.contains("://") && !target.starts_with('$'),
                "{target}"
            );
            self.files.insert(target.to_owned(), payload.to_owned());
        }
    }
}

fn find_lines(text: &str, marker: &str) -> String {
    text.lines().filter(|line| line.contains(marker)).collect()
}

fn page_of(token: &str, source: &str, text: &str, page: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let pages = characters.len().div_ceil(3_000);
    let pointer = |page: usize| {
        if (1..=pages).contains(&page) {
            format!("sys://page/{token}?p={page}")
        } else {
            "(none)".to_owned()
        }
    };
    let shown: String = characters
        .chunks(3_000)
        .nth(page - 1)
        .unwrap()
        .iter()
        .collect();
    format!(
        "[PAGE_TABLE] token={token} page={page}/{pages} chars={}\n[SOURCE] {source}\n\
         [NEXT] {}\n[PREVIOUS] {}\n[PAGE]\n{shown}",
        characters.len(),
        pointer(page + 1),
        pointer(page - 1)
    )
}
