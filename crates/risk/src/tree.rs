//! Probabilities over values that have a hierarchy: country, network, address; or kind of device,
//! system, browser. For everybody and for one person, each level backed off to the one above it.

use std::collections::HashMap;

/// Weight of the assumption that a value nobody has shown yet may come, by level.
const UNSEEN: [f64; 3] = [60.0, 40.0, 400.0];
/// Weight of what everybody does in what a person is expected to do, in sign-ins.
const PRIOR: f64 = 1.0;
/// How much of what follows a value comes from everybody still, however long a person is known:
/// systems are updated, and addresses change hands.
const NOVELTY: f64 = 0.08;
/// So much of what was seen of a person is not believed yet.
const DOUBT: f64 = 0.5;
/// The node above all others.
const ROOT: u32 = 0;

/// How a person leans on everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lean {
    /// By the number of the person's sign-ins alone, as in the literature: a value that a person
    /// shows for the first time after many sign-ins is nearly impossible.
    Total,
    /// Level by level, and never less than [`NOVELTY`].
    Level,
}

/// How much of a count is believed: once is never enough, and what was learned with little weight
/// has to come again and again.
pub(crate) fn believed(count: f64) -> f64 {
    (count - DOUBT).max(0.0)
}

/// Counts of one hierarchy.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    children: HashMap<u32, HashMap<Box<str>, u32>>,
    nodes: Vec<Node>,
    persons: HashMap<(u32, u32), f64>,
    totals: HashMap<u32, f64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    seen: f64,
    kinds: u32,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            children: HashMap::new(),
            nodes: vec![Node::default()],
            persons: HashMap::new(),
            totals: HashMap::new(),
        }
    }
}

impl Tree {
    /// How much more a path, from the root down, is anybody's than this person's: the logarithm of
    /// the ratio of the two probabilities. Above zero speaks against the person.
    pub(crate) fn surprise(&self, lean: Lean, person: u32, path: &[&str]) -> f64 {
        let total = self.totals.get(&person).copied().unwrap_or_default();
        let (mut anybody, mut own) = (1.0, 1.0);
        let mut above = Some(ROOT);
        let mut above_shown = total;
        for (level, value) in path.iter().enumerate() {
            let parent = above.map_or_else(Node::default, |id| self.node(id));
            let child = above.and_then(|id| self.child(id, value));
            let seen = child.map_or(0.0, |id| self.node(id).seen);
            let kinds = f64::from(parent.kinds);
            let open = 1.0 + kinds / 4.0;
            let unseen = UNSEEN[level.min(UNSEEN.len() - 1)];
            let step = (seen + open / (kinds + unseen)) / (parent.seen + open);
            anybody *= step;
            let shown = child.and_then(|id| self.persons.get(&(person, id)));
            let shown = shown.copied().unwrap_or_default();
            own = match lean {
                Lean::Total => (shown + PRIOR * own * step) / (total + PRIOR),
                Lean::Level => {
                    let everybody = PRIOR + NOVELTY * above_shown;
                    own * (believed(shown) + everybody * step) / (above_shown + everybody)
                }
            };
            above = child;
            above_shown = shown;
        }
        anybody.ln() - own.ln()
    }

    /// How often this person has shown what the path leads to, by weight.
    pub(crate) fn shown(&self, person: u32, path: &[&str]) -> f64 {
        let mut at = ROOT;
        for value in path {
            match self.child(at, value) {
                Some(child) => at = child,
                None => return 0.0,
            }
        }
        let shown = self.persons.get(&(person, at));
        shown.copied().unwrap_or_default()
    }

    /// Learns that a person showed a path, with a weight of at most one.
    pub(crate) fn learn(&mut self, person: u32, path: &[&str], weight: f64) {
        *self.totals.entry(person).or_default() += weight;
        let mut at = ROOT;
        self.add(at, weight);
        for value in path {
            at = match self.child(at, value) {
                Some(child) => child,
                None => self.grow(at, value),
            };
            self.add(at, weight);
            *self.persons.entry((person, at)).or_default() += weight;
        }
    }

    fn node(&self, id: u32) -> Node {
        self.nodes.get(id as usize).copied().unwrap_or_default()
    }

    fn child(&self, parent: u32, value: &str) -> Option<u32> {
        self.children.get(&parent)?.get(value).copied()
    }

    fn add(&mut self, id: u32, weight: f64) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.seen += weight;
        }
    }

    fn grow(&mut self, parent: u32, value: &str) -> u32 {
        // More than four thousand million values do not fit into memory before this saturates.
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node::default());
        let children = self.children.entry(parent).or_default();
        children.insert(value.into(), id);
        if let Some(node) = self.nodes.get_mut(parent as usize) {
            node.kinds += 1;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_always_shows_is_theirs_and_what_nobody_showed_is_not() {
        let mut tree = Tree::default();
        for _ in 0..20 {
            tree.learn(1, &["US", "64513", "241.0.0.1"], 1.0);
            tree.learn(2, &["US", "64514", "241.0.0.2"], 1.0);
        }
        for lean in [Lean::Total, Lean::Level] {
            let surprise = |path: &[&str]| tree.surprise(lean, 1, path);
            let own = surprise(&["US", "64513", "241.0.0.1"]);
            let network = surprise(&["US", "64513", "241.0.0.9"]);
            let others = surprise(&["US", "64514", "241.0.0.2"]);
            let strange = surprise(&["FR", "3215", "192.0.2.1"]);
            assert!(own < 0.0, "{own}");
            assert!(
                own < network && network < others,
                "{own} {network} {others}"
            );
            assert!(strange > own, "{strange}");
        }
        assert!(tree.shown(1, &["US", "64513"]) > 19.0);
        assert!(tree.shown(1, &["US", "64514"]) < 1e-9);
    }

    #[test]
    fn an_update_of_the_system_is_less_of_a_surprise_than_in_the_literature() {
        let mut tree = Tree::default();
        for _ in 0..200 {
            tree.learn(1, &["mobile", "iOS", "iOS 18.1"], 1.0);
        }
        let update = ["mobile", "iOS", "iOS 18.2"];
        let ours = tree.surprise(Lean::Level, 1, &update);
        assert!(ours + 2.0 < tree.surprise(Lean::Total, 1, &update));
    }

    #[test]
    fn an_empty_tree_says_nothing() {
        let tree = Tree::default();
        for lean in [Lean::Total, Lean::Level] {
            assert!(tree.surprise(lean, 1, &["US", "1", "a"]).abs() < 1e-9);
        }
    }
}
