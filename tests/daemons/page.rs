//! The files that docs/daemons.md shows, by their paths below `/etc/sv` or from the root on.
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../docs/daemons.md");

/// Where the section with the files begins that the others do without.
const ORDER: &str = "\n## Order\n";

/// Those of each daemon alone.
pub fn files() -> BTreeMap<String, String> {
    files_in(PAGE.split(ORDER).next().unwrap_or_default())
}

/// Those by which they need each other.
pub fn order() -> BTreeMap<String, String> {
    files_in(PAGE.split(ORDER).nth(1).expect("a section about order"))
}

/// An indented block after a line with a path between backquotes is that file.
fn files_in(text: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut file: Option<&str> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) {
            assert!(!files.contains_key(name), "{name} twice");
            file = Some(name);
        } else if let (Some(line), Some(name)) = (line.strip_prefix("    "), file) {
            let text = files.entry(name.to_owned()).or_default();
            text.push_str(line);
            text.push('\n');
        } else if !line.is_empty() {
            file = None;
        }
    }
    files
}

/// The services in the table, each with the cells of its row.
pub fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect()).collect()
}
