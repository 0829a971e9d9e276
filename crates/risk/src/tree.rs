//! What everybody shows of a hierarchy (country, network, city; kind of device, system, browser), and
//! how surprising a value is of one person, each level backed off to the one above it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::mark::TOP;
use crate::table::Table;

/// Weight of the assumption that a value nobody has shown yet may come, by level.
const UNSEEN: [f64; 3] = [60.0, 40.0, 400.0];
/// Weight of what everybody does in what a person is expected to do, in sign-ins.
const PRIOR: f64 = 1.0;
/// How much of what follows a value comes from everybody still, however long a person is known:
/// systems are updated, and addresses change hands.
const NOVELTY: f64 = 0.08;
/// So much of what was seen of a person is not believed yet.
const DOUBT: f64 = 0.5;
/// More than this nobody counts.
const MOST: f64 = 1e12;
/// So many values are kept.
const LARGEST: usize = 8_192;
/// What counts for less is not kept.
const LEAST: f64 = 0.02;

/// How much of a count is believed: once is never enough, and what was learned with little weight
/// has to come again and again.
pub(crate) fn believed(count: f64) -> f64 {
    (count - DOUBT).max(0.0)
}

/// Whether it is what counting can come to.
pub(crate) fn is_count(count: f64) -> bool {
    (0.0..MOST).contains(&count)
}

/// Everybody's counts of one hierarchy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tree {
    nodes: HashMap<u64, Node>,
    top: Node,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Node {
    above: u64,
    seen: f64,
    /// How many values stand below.
    kinds: u32,
}

impl Tree {
    /// How much more a path, from the top down, is anybody's than this person's: the logarithm of
    /// the ratio of the two probabilities. Above zero speaks against the person. `total` is how often
    /// the person was seen; `left`, how much of what is known of them has not faded.
    pub(crate) fn surprise<const N: usize>(
        &self,
        own: &Table<N>,
        total: f64,
        left: f64,
        path: &[u64],
    ) -> f64 {
        let mut ratio = 0.0;
        let (mut parent, mut shown_above) = (self.top, total * left);
        for (level, mark) in path.iter().enumerate() {
            let child = self.nodes.get(mark).copied().unwrap_or_default();
            let kinds = f64::from(parent.kinds);
            let open = 1.0 + kinds / 4.0;
            let unseen = UNSEEN.get(level).or(UNSEEN.last()).copied().unwrap_or(1.0);
            // Not above one, even where some of what stands above was dropped.
            let step = ((child.seen + open / (kinds + unseen)) / (parent.seen + open)).min(1.0);
            let shown = own.shown(*mark) * left;
            let everybody = PRIOR + NOVELTY * shown_above;
            let mine = (believed(shown) + everybody * step) / (shown_above + everybody);
            ratio += step.ln() - mine.min(1.0).ln();
            (parent, shown_above) = (child, shown);
        }
        ratio
    }

    /// Learns that somebody showed a path, with a weight of at most one.
    pub(crate) fn learn(&mut self, path: &[u64], weight: f64) {
        if self.nodes.len() + path.len() > LARGEST {
            self.thin();
        }
        self.top.seen += weight;
        let mut above = TOP;
        for mark in path {
            let known = self.nodes.contains_key(mark);
            let node = self.nodes.entry(*mark).or_default();
            node.seen += weight;
            node.above = above;
            if !known && let Some(parent) = self.node(above) {
                parent.kinds = parent.kinds.saturating_add(1);
            }
            above = *mark;
        }
    }

    /// Takes back what was learned of a path.
    pub(crate) fn forget(&mut self, path: &[u64], weight: f64) {
        self.top.seen = (self.top.seen - weight).max(0.0);
        for mark in path {
            if let Some(node) = self.nodes.get_mut(mark) {
                node.seen = (node.seen - weight).max(0.0);
            }
        }
    }

    /// Adds what another one has learned. Only one that is [settled](Tree::settle) afterwards has its
    /// bound.
    pub(crate) fn add(&mut self, other: &Self) {
        self.top.seen += other.top.seen;
        for (mark, theirs) in &other.nodes {
            let node = self.nodes.entry(*mark).or_default();
            node.seen += theirs.seen;
            node.above = theirs.above;
        }
    }

    /// Counts anew what stands below what, and makes room where that is too much.
    pub(crate) fn settle(&mut self) {
        let mut kinds: HashMap<u64, u32> = HashMap::new();
        for node in self.nodes.values() {
            *kinds.entry(node.above).or_default() += 1;
        }
        let below = |mark: u64| kinds.get(&mark).copied().unwrap_or(0);
        self.top.kinds = below(TOP);
        for (mark, node) in &mut self.nodes {
            node.kinds = below(*mark);
        }
        while self.nodes.len() > LARGEST {
            self.thin();
        }
    }

    pub(crate) fn fade(&mut self, left: f64) {
        self.top.seen *= left;
        for node in self.nodes.values_mut() {
            node.seen *= left;
        }
        self.drop_below(LEAST);
    }

    /// Whether it is one that this code can have written.
    pub(crate) fn is_sound(&self) -> bool {
        let counts = |node: &Node| is_count(node.seen);
        self.nodes.len() <= LARGEST && self.nodes.values().all(counts) && counts(&self.top)
    }

    /// How many values it has.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    fn node(&mut self, mark: u64) -> Option<&mut Node> {
        if mark == TOP {
            Some(&mut self.top)
        } else {
            self.nodes.get_mut(&mark)
        }
    }

    /// Makes room: a quarter of the values that have none below them go, the rarest first.
    fn thin(&mut self) {
        let ends = self.nodes.values().filter(|node| node.kinds == 0);
        let mut seen: Vec<f64> = ends.map(|node| node.seen).collect();
        let at = seen.len() / 4;
        if at < seen.len() {
            let (_, limit, _) = seen.select_nth_unstable_by(at, f64::total_cmp);
            // Equally rare ones go together, so that the outcome depends on no order.
            let limit = limit.next_up();
            self.drop_below(limit);
        }
    }

    fn drop_below(&mut self, limit: f64) {
        let mut widowed = Vec::new();
        self.nodes.retain(|_, node| {
            let kept = node.kinds > 0 || node.seen >= limit;
            if !kept {
                widowed.push(node.above);
            }
            kept
        });
        for above in widowed {
            if let Some(node) = self.node(above) {
                node.kinds = node.kinds.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::path;

    fn learned(rows: &[([&str; 3], u32)]) -> (Tree, Table<96>) {
        let (mut tree, mut own) = (Tree::default(), Table::default());
        for (values, times) in rows {
            for _ in 0..*times {
                tree.learn(&path(*values), 1.0);
                own.learn(&path(*values), 1.0, f32::INFINITY);
            }
        }
        (tree, own)
    }

    #[test]
    fn what_a_person_always_shows_is_theirs_and_what_nobody_showed_is_not() {
        let (mut tree, own) = learned(&[(["US", "64513", "Town"], 20)]);
        for _ in 0..20 {
            tree.learn(&path(["US", "64514", "Town"]), 1.0);
        }
        let surprise = |values| tree.surprise(&own, 20.0, 1.0, &path(values));
        let mine = surprise(["US", "64513", "Town"]);
        let next = surprise(["US", "64513", "Next"]);
        let others = surprise(["US", "64514", "Town"]);
        let strange = surprise(["FR", "3215", "Paris"]);
        assert!(mine < 0.0, "{mine}");
        assert!(mine < next && next < others, "{mine} {next} {others}");
        assert!(strange > mine, "{strange}");
    }

    #[test]
    fn two_trees_together_are_the_one_that_saw_everything() {
        let rows = [
            ["US", "64513", "Town"],
            ["US", "64513", "Next"],
            ["US", "64514", "Town"],
            ["FR", "3215", "Paris"],
        ];
        let tree = |rows: &[[&str; 3]]| {
            let mut tree = Tree::default();
            for row in rows {
                tree.learn(&path(*row), 1.0);
            }
            tree
        };
        let mut sum = tree(&rows[..2]);
        sum.add(&tree(&rows[1..]));
        sum.settle();
        let mut all = tree(&rows);
        all.learn(&path(rows[1]), 1.0);
        assert_eq!(sum, all);
    }

    #[test]
    fn an_empty_tree_says_nothing() {
        let surprise =
            Tree::default().surprise(&Table::<8>::default(), 0.0, 1.0, &path(["US", "1"]));
        assert!(surprise.abs() < 1e-9);
    }

    #[test]
    fn a_flood_of_values_has_a_bound_and_takes_nothing_that_is_usual() {
        let (mut tree, _) = learned(&[(["US", "64513", "Town"], 20)]);
        for number in 0..50_000 {
            tree.learn(&path(["US", "64513", &number.to_string()]), 1.0);
        }
        assert!(tree.len() <= LARGEST && tree.is_sound());
        let usual = path(["US", "64513", "Town"]);
        assert!(tree.nodes.contains_key(&usual[2]));
        let below = tree
            .nodes
            .values()
            .filter(|node| node.above == usual[1])
            .count();
        assert_eq!(tree.nodes[&usual[1]].kinds as usize, below);
        for _ in 0..40 {
            tree.fade(0.5);
        }
        // Those above go once those below have gone.
        assert_eq!(tree.len(), 0);
    }
}
